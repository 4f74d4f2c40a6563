"""What can be wrong with data: each message names what, where and the remedy."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Sequence
from pathlib import Path

SHOWN = 10


class DataError(ValueError):
    """A file or folder of data is not what it has to be."""


class MissingDataError(FileNotFoundError, DataError):
    """A data set is not on this machine."""


class DiskFullError(DataError):
    """There is no room left for the data."""


class DataWarning(UserWarning):
    """Data were used although a part of them was left out."""


def problems_text(problems: Sequence[str]) -> str:
    """Return the problems, one on a line, no more than ten of them.

    Examples
    --------
    >>> print(problems_text(["a.jpg: cut off", "b.jpg: empty"]))
      a.jpg: cut off
      b.jpg: empty
    """
    lines = [f"  {problem}" for problem in problems[:SHOWN]]
    if len(problems) > SHOWN:
        lines.append(f"  … and {len(problems) - SHOWN} more")
    return "\n".join(lines)


def is_disk_full(error: OSError) -> bool:
    """Tell whether an error of the system says that no room is left."""
    return error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def disk_full(folder: Path, remedy: str) -> DiskFullError:
    """Return the error that says how much room the folder's disk has."""
    try:
        room = f"{shutil.disk_usage(folder).free / 2**20:.0f} MiB free"
    except OSError:
        room = "an unknown amount free"
    return DiskFullError(f"the disk of {folder} is full ({room}): {remedy}")
