"""Writing files so that nobody ever meets half of one."""

from __future__ import annotations

import os
from pathlib import Path


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
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
