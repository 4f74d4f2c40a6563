"""Make a data set from the form in which it is distributed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pdl._files import as_path
from pdl.data.errors import DataError, problems_text
from pdl.data.store.archives import unpack
from pdl.data.store.cache import Say, cache_folder, exclusive, given_folder, staging
from pdl.data.store.converters import CONVERTERS, Notes
from pdl.data.store.hashes import RECORD, manifest_of, manifest_sha256
from pdl.data.store.registry import data_set


@dataclass(frozen=True)
class Record:
    """What ``prepared.json`` says of a prepared set.

    Attributes
    ----------
    name, source : str
        The set, and what it was made from.
    files : dict
        The SHA-256 of each file.
    left_out : list of str
        What of the source was left out, and why.
    """

    name: str
    source: str
    files: dict[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def prepare(
    name: str,
    source: str | Path,
    into: str | Path | None = None,
    *,
    replace: bool = False,
    skip_damaged: bool = False,
    say: Say = print,
) -> Path:
    """Make a data set from what its distributor gives.

    Parameters
    ----------
    name : str
        The name in the registry.
    source : str or Path
        The folder, or the .zip or .tar archive, as it was distributed: ``pdl data list NAME`` says
        which.
    into : str or Path, optional
        The folder that the set's folder is put into; by default the cache.
    replace : bool
        Whether a set that is there already is replaced.
    skip_damaged : bool
        Whether damaged images are left out, and listed, instead of refused.
    say : callable
        Told, in sentences, what is done and what is left out.

    Returns
    -------
    Path
        The set's folder. Beside the images it holds ``prepared.json``: what it was made from, what
        was left out, and the SHA-256 of each file.

    Raises
    ------
    DataError
        If the source is not what it has to be, or a file in it is damaged; the message names it.
        Then nothing is made.
    """
    wanted = data_set(name)
    if name not in CONVERTERS:
        raise DataError(f"{name} needs no preparing: run `pdl data fetch {name}`")
    source = as_path(source, "source")
    if not source.exists():
        raise DataError(f"{source} is missing: get {wanted.prepare_from}")
    folder = (cache_folder() if into is None else as_path(into, "into")) / name
    notes = Notes(say, skip_damaged)
    with exclusive(folder, say), staging(folder, replace=replace) as new:
        content = source
        if source.is_file():
            content = new.with_name("unpacked")
            content.mkdir()
            say(f"{name}: unpacking {source}")
            unpack(source, content)
        try:
            CONVERTERS[name](content, new, notes)
        except DataError as error:
            raise DataError(
                f"{name} could not be prepared: {error}\nexpected: {wanted.prepare_from}"
            ) from None
        write_record(new, name, str(source.resolve()), notes)
    if notes.left_out:
        say(f"{name}: left out:\n{problems_text(notes.left_out)}")
    say(f"{name}: prepared in {folder} from {source}")
    given = given_folder()
    if given is not None and given != folder.parent and (given / name).is_dir():
        say(f"{name}: PDL_DATA_DIR has another copy ({given / name}), which is used first")
    return folder


def write_record(folder: Path, name: str, source: str, notes: Notes) -> None:
    """Write ``prepared.json`` into a folder that has just been made."""
    files = manifest_of(folder)
    record = {
        "name": name,
        "source": source,
        "when": datetime.now(UTC).isoformat("T", "seconds"),
        "versions": {"pdl": version("pdl"), "pillow": version("pillow")},
        "left_out": notes.left_out,
        "sha256": manifest_sha256(files),
        "files": files,
    }
    text = json.dumps(record, indent=1, ensure_ascii=False)
    (folder / RECORD).write_text(text + "\n", "utf8")


def read_record(folder: Path) -> Record:
    """Read ``prepared.json``.

    Raises
    ------
    DataError
        If the file is damaged.
    """
    path = folder / RECORD
    try:
        found: Any = json.loads(path.read_text("utf8"))
        record = Record(found["name"], found["source"], dict(found["files"]), found["left_out"])
        said = found["sha256"]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: is damaged ({error!r}); prepare the set again") from None
    if said != manifest_sha256(record.files):
        raise DataError(f"{path}: its list of files was altered; prepare the set again")
    return record
