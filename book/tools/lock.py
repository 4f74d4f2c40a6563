"""One build at a time: two at once would write the same pages and the same index."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from execute import console
from filelock import FileLock, Timeout


@contextmanager
def only_build(folder: Path) -> Iterator[None]:
    """Hold a build folder; whoever comes while another holds it is told, and waits.

    Parameters
    ----------
    folder : Path
        It is made if it is absent. The system lets go of it for a process that is killed.

    Raises
    ------
    SystemExit
        With words for the reader, if the folder cannot be written.
    """
    lock = FileLock(folder / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        console.print("Another build is at work in this folder: waiting for it (Ctrl-C gives up)")
        lock.acquire()
    except OSError as error:
        raise SystemExit(
            f"The book is built in {folder}, which cannot be written: {error}"
        ) from None
    try:
        yield
    finally:
        lock.release()
