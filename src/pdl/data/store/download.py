"""Download one file with pooch: from the first mirror that has it right."""

from __future__ import annotations

import errno
import itertools
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pooch
import requests
from requests.exceptions import ChunkedEncodingError

from pdl.data.errors import DataError, problems_text
from pdl.data.store.cache import Say

Progress = Callable[[int, int | None], None]
RETRIES = 3  # of one mirror, with pauses of 1, 2 and 3 s
TIMEOUT = (10, 30)  # seconds until a server answers, and until it sends the next bytes
BLOCK = 2**16
WORTH_A_RETRY = {408, 425, 429, 500, 502, 503, 504}
HEADERS = {"User-Agent": "pdl (a textbook's data sets)", "Accept-Encoding": "identity"}

pooch.get_logger().setLevel("WARNING")  # what is worth saying, `say` is told


class _RefusedError(Exception):
    """The mirror does not have what is wanted: on to the next."""


def _no_progress(done: int, total: int | None) -> None:
    """Show nothing."""


def download(
    urls: Sequence[str],
    target: Path,
    check: Callable[[Path], None],
    *,
    size: int | None = None,
    limit: int = 2**40,
    say: Say = print,
    progress: Progress = _no_progress,
) -> str:
    """Download a file from the first mirror that has it right.

    A mirror that breaks off is tried again, from the start; one that lacks the file or sends
    another one is not.

    Parameters
    ----------
    urls : sequence of str
        The mirrors, in the order in which they are tried.
    target : Path
        The file to be made, in a folder where nobody else looks: it lies there before it is
        checked.
    check : callable
        Gets the path of the whole file; raises DataError if it is not the right one.
    size : int, optional
        The file's size in bytes: a server that announces another one is not read at all.
    limit : int
        Where the size is unknown: more bytes than that are refused.
    say : callable
        Told, in sentences, what goes wrong.
    progress : callable
        Told, again and again, the bytes that are there and the bytes in all (or None).

    Returns
    -------
    str
        The mirror that the file came from.

    Raises
    ------
    DataError
        If no mirror has it; the message says of each what went wrong.
    OSError
        If it cannot be written: with ``ENOSPC`` where there is no room for what is announced.
    """
    failures = []
    for url in urls:
        try:
            _fetch(url, target, size, limit, say, progress)
            _check(target, check)
        except _RefusedError as refusal:
            failures.append(f"{url}: {refusal}")
            say(failures[-1])
        else:
            return url
    raise DataError(
        f"{target.name} could not be downloaded from any mirror:\n{problems_text(failures)}\n"
        "try again later, or put a copy that you have into the folder that PDL_DATA_DIR names"
    )


def _fetch(
    url: str, target: Path, size: int | None, limit: int, say: Say, progress: Progress
) -> None:
    """Let pooch get the file, with more tries where one more may help."""
    tries = itertools.count(1)

    def downloader(url: str, output_file: Any, pup: Any) -> None:
        Path(output_file).unlink()  # as pooch made it, nobody else may read it
        watch = _Watch(Path(output_file), size, limit, progress)
        get = pooch.HTTPDownloader(watch, BLOCK, headers=HEADERS, timeout=TIMEOUT)
        try:
            get(url, output_file, pup)
        except requests.RequestException as error:
            if not _may_pass(error):
                raise _RefusedError(_reason(error)) from None
            if next(tries) <= RETRIES:
                say(f"{url}: {_reason(error)}; trying again")
            raise

    name = target.name
    pup = pooch.create(
        target.parent, "", registry={name: None}, urls={name: url}, retry_if_failed=RETRIES
    )
    try:
        pup.fetch(name, downloader=downloader)
    except requests.RequestException as error:
        raise _RefusedError(f"{_reason(error)} (tried {RETRIES + 1} times)") from None


def _check(target: Path, check: Callable[[Path], None]) -> None:
    """Remove a file that is not the right one."""
    try:
        check(target)
    except DataError as error:
        target.unlink()
        raise _RefusedError(f"sends something else: {error}") from None


class _Watch:
    """The progress bar that pooch is given: it refuses what is of another size than expected."""

    def __init__(self, path: Path, size: int | None, limit: int, progress: Progress) -> None:
        self.path = path
        self.size = size
        self.limit = limit if size is None else size
        self.progress = progress
        self._total = 0

    @property
    def total(self) -> int:
        """How many bytes the server announces, or 0; pooch sets it before the first block."""
        return self._total

    @total.setter
    def total(self, announced: int) -> None:
        self._total = announced
        self.update(0)

    def update(self, _: int) -> None:
        """Look how much has come: pooch counts its blocks, of which not each is full."""
        done = self.path.stat().st_size
        if self.size is not None and self.total not in {0, self.size}:
            raise _RefusedError(f"the server announces {self.total} bytes, expected {self.size}")
        if max(done, self.total) > self.limit:
            raise _RefusedError(f"the server sends more than the {self.limit} bytes expected")
        total = self.total or self.size
        if total is not None and total - done > shutil.disk_usage(self.path.parent).free:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.progress(done, total)

    def reset(self) -> None:
        """Do nothing: pooch fills a bar to its end, this one goes by the file."""

    def close(self) -> None:
        """Do nothing."""


def _refusing(error: requests.RequestException) -> requests.Response | None:
    """Return the answer with which a server refuses, if it did."""
    return error.response if isinstance(error, requests.HTTPError) else None


def _may_pass(error: requests.RequestException) -> bool:
    """Tell whether another try may help."""
    if (answer := _refusing(error)) is not None:
        return answer.status_code in WORTH_A_RETRY
    return isinstance(error, (requests.ConnectionError, requests.Timeout, ChunkedEncodingError))


def _reason(error: requests.RequestException) -> str:
    said = str(error)
    if (answer := _refusing(error)) is not None:
        return f"the server answers HTTP {answer.status_code} {answer.reason}"
    if "timed out" in said.lower():
        return "the server is silent"
    if isinstance(error, requests.ConnectionError) and error.args:
        return f"no connection ({getattr(error.args[0], 'reason', said)})"
    return f"the connection broke ({said})" if isinstance(error, ChunkedEncodingError) else said
