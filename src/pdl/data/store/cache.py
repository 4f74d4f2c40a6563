"""Where data sets live, and how a folder gets there whole or not at all."""

from __future__ import annotations

import glob
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from platformdirs import user_cache_path

from pdl._files import path_setting
from pdl.data.errors import DataError, MissingDataError, disk_full, is_disk_full

Say = Callable[[str], None]


def given_folder() -> Path | None:
    """Return the folder that ``PDL_DATA_DIR`` names, or None if it names none.

    Raises
    ------
    DataError
        If the name is not that of a folder.
    """
    folder = _setting("PDL_DATA_DIR")
    if folder is not None and not folder.is_dir():
        raise DataError(f"PDL_DATA_DIR: {folder} is no folder; name one, or unset PDL_DATA_DIR")
    return folder


def _setting(variable: str) -> Path | None:
    try:
        return path_setting(variable)
    except ValueError as error:
        raise DataError(str(error)) from None


def cache_folder() -> Path:
    """Return the folder that data are fetched to.

    It is ``data`` in the folder that ``PDL_HOME`` names, or else the system's folder for caches.
    ``PDL_DATA_DIR`` is only read from: nothing is written there.
    """
    home = _setting("PDL_HOME")
    return (home or user_cache_path("pdl")) / "data"


def locate(name: str) -> Path | None:
    """Return the folder of a data set, that of ``PDL_DATA_DIR`` first; None if there is none.

    A folder that holds hidden files alone does not count: a fetch that failed leaves such a one.
    """
    for folder in (given_folder(), cache_folder()):
        if folder is not None and (folder / name).is_dir():
            names = (path.name for path in (folder / name).iterdir())
            if any(not each.startswith(".") for each in names):
                return folder / name
    return None


def find_set(name: str, remedy: str = "") -> Path:
    """Return the folder of a data set.

    Parameters
    ----------
    name : str
        The name in the registry, for instance ``"bccd"``.
    remedy : str
        What to do if it is not there; by default, to look at ``pdl data list``.

    Raises
    ------
    MissingDataError
        If it is neither in ``PDL_DATA_DIR`` nor in the cache; the message names both.
    """
    found = locate(name)
    if found is not None:
        return found
    given = given_folder()
    looked = f"PDL_DATA_DIR ({given})" if given else "PDL_DATA_DIR (not set)"
    remedy = remedy or f"`pdl data list {name}` says how to get it"
    raise MissingDataError(f"{name} is neither in {looked} nor in {cache_folder()}: {remedy}")


@contextmanager
def exclusive(target: Path, say: Say, wait_seconds: float = 1800) -> Iterator[None]:
    """Let one process at a time work on ``target``; a second one says so and waits.

    What a process that was killed left of a :func:`workshop` for this target is removed first.

    Parameters
    ----------
    target : Path
        A file or folder; the lock is a hidden file beside it.
    say : callable
        Told, in a sentence, that another process is at work.
    wait_seconds : float
        How long the second process waits.

    Raises
    ------
    DataError
        If the other process is still at work after that time, or the folder cannot be written.
    """
    path = target.parent / f".{target.name}.lock"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            say(f"another process is at work on {target}: waiting for it")
            lock.acquire(timeout=wait_seconds)
    except Timeout:
        raise DataError(
            f"another process is still at work on {target} after {wait_seconds:g} s: wait for it,"
            " or end it, and try again"
        ) from None
    except OSError as error:
        if is_disk_full(error):
            raise disk_full(target.parent, "free some and try again") from error
        raise DataError(
            f"{target.parent} cannot be written ({error.strerror}): name another folder with"
            " --into, or set PDL_HOME"
        ) from error
    try:
        for left in target.parent.glob(f"{glob.escape(_workshop_prefix(target))}*"):
            if (left / "old").exists() and not target.exists():
                (left / "old").rename(target)  # it was killed between two renamings
            shutil.rmtree(left, ignore_errors=True)
        yield
    finally:
        lock.release()


def _workshop_prefix(target: Path) -> str:
    return f".{target.name}.new-"


@contextmanager
def workshop(target: Path) -> Iterator[Path]:
    """Give an empty hidden folder beside ``target``; it is removed in the end, whatever happens.

    Raises
    ------
    DiskFullError
        If the disk is full.
    """
    folder: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=_workshop_prefix(target), dir=target.parent))
        yield folder
    except OSError as error:
        if is_disk_full(error):
            remedy = "free some, or name a folder on another disk with --into, and try again"
            raise disk_full(target.parent, remedy) from error
        raise
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def staging(target: Path, *, replace: bool = False) -> Iterator[Path]:
    """Give an empty folder in a workshop that takes the place of ``target`` if the block succeeds.

    Parameters
    ----------
    target : Path
        The folder to be made.
    replace : bool
        Whether a folder that is there already is replaced.

    Yields
    ------
    Path
        The folder to fill. If the block fails, it is removed and ``target`` stays as it was.

    Raises
    ------
    DataError
        If ``target`` is there and must not be replaced.
    DiskFullError
        If the disk is full.
    """
    if target.exists() and not replace:
        raise DataError(f"{target} is there already: name another folder with --into, or --replace")
    with workshop(target) as folder:
        new, old = folder / "new", folder / "old"
        new.mkdir()
        yield new
        if target.exists():
            target.rename(old)
        try:
            new.rename(target)
        except OSError:
            if old.exists():
                old.rename(target)
            raise
