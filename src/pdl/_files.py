"""Paths as a reader writes them, and files of which nobody ever meets half."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

PROBE = 2**20  # bytes: room for a record and for weights that ship


class UnusableFileError(ValueError):
    """A file of ours is damaged or belongs to something else; the message names it."""


def as_path(path: str | os.PathLike[str], name: str = "path") -> Path:
    """Return a path that a reader gave, with a leading ``~`` written out.

    A shell writes it out only where it begins a word: not in ``--into=~/data``, not in a setting
    that a program reads from a file.

    Parameters
    ----------
    path : str or path-like
        For instance ``"~/data"``.
    name : str
        What the path is given for, for the message.

    Raises
    ------
    TypeError
        If it is neither text nor a path.
    ValueError
        If it begins with a user who is not known here.
    """
    if not isinstance(path, (str, os.PathLike)) or isinstance(os.fspath(path), bytes):
        raise TypeError(f"{name} must be a str or a Path, got {path!r} of {type(path).__name__}")
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise ValueError(
            f"{name}: the home of {Path(path).parts[0]} is not known: write {path} out in full"
        ) from None


def path_setting(variable: str) -> Path | None:
    """Return the path that an environment variable holds; None if it is not set, or empty."""
    held = os.environ.get(variable)
    return as_path(held, variable) if held else None


def write_whole(path: Path, content: bytes) -> None:
    """Write beside the file, then rename: a crash leaves the old file or the new one whole.

    Parameters
    ----------
    path : Path
        The file; its folder is made.
    content : bytes
        All of it.

    Raises
    ------
    OSError
        If it cannot be written; an old file stays as it was, and nothing lies beside it.
    """
    write_together({path: content})


def write_together(files: Mapping[Path, bytes]) -> None:
    """Write files that belong together: none is renamed before all lie beside; see `write_whole`.

    Parameters
    ----------
    files : mapping of Path to bytes
        Each file and all of its content.

    Raises
    ------
    OSError
        If one cannot be written; where the disk is full, all old files stay as they were.
    """
    beside = {path: path.with_name(f".{path.name}.{os.getpid()}.part") for path in files}
    for path in files:
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        for path, content in files.items():
            with beside[path].open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        for path in files:
            beside[path].replace(path)
    finally:
        for each in beside.values():
            each.unlink(missing_ok=True)


def check_writable(path: Path) -> None:
    """Try whether a file can be written, before the work whose result it is to hold.

    Parameters
    ----------
    path : Path
        The file, which stays as it is; its folder is made.

    Raises
    ------
    OSError
        If it is a folder, its own folder cannot be written, or the disk has no room for 1 MiB.
    """
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; name a file")
    probe = path.with_name(f".{path.name}.probe")
    try:
        write_whole(probe, bytes(PROBE))
    except OSError as error:
        reason = error.strerror or error
        raise OSError(f"{path} cannot be written ({reason}): name another place") from error
    probe.unlink()
