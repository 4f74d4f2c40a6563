"""Get a data set of the registry onto this machine."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from pdl._files import as_path
from pdl.data.errors import DataError, problems_text
from pdl.data.store.archives import unpack
from pdl.data.store.cache import (
    Say,
    cache_folder,
    exclusive,
    given_folder,
    locate,
    staging,
    workshop,
)
from pdl.data.store.converters import CONVERTERS, Notes
from pdl.data.store.download import Progress, download
from pdl.data.store.hashes import compare, sha256
from pdl.data.store.prepare import write_record
from pdl.data.store.registry import Archive, DataSet, data_set
from pdl.data.store.verify import verify

NewProgress = Callable[[str], Progress]


def _nothing_shown(_: str) -> Progress:
    return lambda done, total: None


def fetch(
    name: str,
    into: str | Path | None = None,
    *,
    replace: bool = False,
    say: Say = print,
    progress: NewProgress = _nothing_shown,
) -> Path:
    """Download a data set, check it, and put it into place.

    A set that ``PDL_DATA_DIR`` holds already is checked and used. One process at a time works on a
    set: a second one waits and then finds it done.

    Parameters
    ----------
    name : str
        The name in the registry.
    into : str or Path, optional
        The folder that the set's folder is put into; by default the cache.
    replace : bool
        Whether files that are there but differ from the registry are replaced.
    say : callable
        Told, in sentences, what is done and what goes wrong.
    progress : callable
        Gets the name of a file; returns what is told the bytes that have come.

    Returns
    -------
    Path
        The set's folder.

    Raises
    ------
    DataError
        If the set cannot be fetched; the message says why and what to do.
    """
    wanted = data_set(name)
    given = given_folder()
    if into is None and given is not None and (given / name).is_dir():
        _check_given(wanted, given / name)
        say(f"{name}: PDL_DATA_DIR has it, and it is whole: {given / name}; nothing was downloaded")
        return given / name
    if wanted.way != "fetch":
        raise DataError(
            f"{name} cannot be fetched ({wanted.licence}): get {wanted.prepare_from}, then run"
            f" `pdl data prepare {name} SOURCE`"
        )
    folder = (cache_folder() if into is None else as_path(into, "into")) / name
    with exclusive(folder, say):
        if wanted.archive is not None:
            _fetch_archive(wanted, wanted.archive, folder, replace, say, progress)
        else:
            _fetch_files(wanted, folder, replace, say, progress)
    return folder


def checked_file(name: str, number: int = 0) -> Path:
    """Find a file of a set on this machine, or fetch the set; check the file in either case.

    Parameters
    ----------
    name : str
        The name in the registry, of a set of few files.
    number : int
        Which of the files, from 0.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    DataError
        If it cannot be fetched, or is not the one that the registry describes.
    """
    file = data_set(name).files[number]
    folder = locate(name)
    if folder is None or not (folder / file.path).is_file():
        size = f", {file.size / 1e6:.0f} MB" if file.size else ""
        print(f"{name}: fetching {file.path}{size}")
        folder = fetch(name)
    file.check(folder / file.path)
    return folder / file.path


def _check_given(wanted: DataSet, folder: Path) -> None:
    """Raise DataError if the reader's own copy is not the registry's set."""
    report = verify(wanted.name, folder)
    if report.lines:
        raise DataError(
            f"the copy that PDL_DATA_DIR has is not whole: {report}\n"
            "put it right, or unset PDL_DATA_DIR"
        )


def _fetch_files(
    wanted: DataSet, folder: Path, replace: bool, say: Say, progress: NewProgress
) -> None:
    for file in wanted.files:
        target = folder / file.path
        if target.exists():
            try:
                file.check(target)
                say(f"{wanted.name}: {file.path} is here already, and whole")
                continue
            except DataError as error:
                if not replace:
                    raise DataError(f"{error}\nto download it anew, give --replace") from None
        if not file.hashed:
            say(f"{wanted.name}: of {file.path} no SHA-256 is recorded: its content is unchecked")
        with workshop(folder) as shop:
            arrived = shop / target.name
            url = download(
                file.urls,
                arrived,
                file.check,
                size=file.size if file.sha256_of == "bytes" else None,
                # Compressed data are hardly ever larger than what is inside.
                limit=2**40 if file.size is None else file.size + 2**20,
                say=say,
                progress=progress(file.path),
            )
            target.parent.mkdir(parents=True, exist_ok=True)
            arrived.replace(target)
        say(f"{wanted.name}: {file.path} from {url}")


def _fetch_archive(
    wanted: DataSet, archive: Archive, folder: Path, replace: bool, say: Say, progress: NewProgress
) -> None:
    recorded = wanted.recorded()
    if folder.exists():
        lines = compare(folder, recorded, wanted.sha256_of).lines()
        if not lines:
            say(f"{wanted.name}: is here already, and whole: {folder}")
            return
        if not replace:
            raise DataError(
                f"{folder} is there and differs from the registry:\n{problems_text(lines)}\n"
                "to replace the whole folder, give --replace"
            )
    if archive.sha256 is None:
        say(
            f"{wanted.name}: its archive is packed on demand and has no SHA-256 of its own: each of"
            f" the {len(recorded)} files in it is checked"
        )
    notes = Notes(say)
    with staging(folder, replace=replace) as new:

        def check(path: Path) -> None:
            if archive.sha256 is not None and sha256(path) != archive.sha256:
                raise DataError(f"{path}: has another SHA-256 than the one recorded")
            _unpack_and_pick(path, wanted, archive, new, notes)
            lines = compare(new, recorded, wanted.sha256_of).lines()
            if lines:
                raise DataError(f"the files in the archive differ:\n{problems_text(lines)}")

        url = download(
            archive.urls,
            new.with_name(f"{wanted.name}.archive"),
            check,
            size=archive.size,
            limit=archive.largest,
            say=say,
            progress=progress(wanted.name),
        )
        if wanted.name in CONVERTERS:
            write_record(new, wanted.name, url, notes)
    say(f"{wanted.name}: {len(recorded)} files from {url}")


def _unpack_and_pick(
    path: Path, wanted: DataSet, archive: Archive, new: Path, notes: Notes
) -> None:
    """Unpack an archive beside ``new`` and move what belongs to the set into ``new``."""
    unpacked = new.with_name("unpacked")
    for folder in (unpacked, new):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    unpack(path, unpacked, largest=archive.largest)
    if wanted.name in CONVERTERS:
        notes.left_out.clear()
        CONVERTERS[wanted.name](unpacked / archive.root, new, notes)
        return
    for name in wanted.recorded():
        member = unpacked / archive.members.get(name, f"{archive.root}/{name}")
        if member.is_file():
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            member.rename(new / name)
