"""Download one file: several mirrors, retries, resumption, and a check before it counts."""

from __future__ import annotations

import hashlib
import re
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import requests
import urllib3

from pdl.data.errors import DataError, DiskFullError, disk_full, is_disk_full, problems_text
from pdl.data.store.cache import Say

Progress = Callable[[int, int | None], None]
BLOCK = 2**16
WORTH_A_RETRY = {408, 425, 429, 500, 502, 503, 504}
CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)$")
HEADERS = {"User-Agent": "pdl (a textbook's data sets)", "Accept-Encoding": "identity"}


@dataclass(frozen=True)
class Patience:
    """How long to wait and how often to try again.

    Attributes
    ----------
    tries : int
        How often one mirror is tried in a row without getting on.
    connect_seconds, silent_seconds : float
        How long a server may take to answer, and to send the next bytes.
    slow_seconds, slow_bytes : float and int
        A server that sends fewer bytes than that in this time counts as stalled.
    pause_seconds : float
        The pause before the second try; it doubles from one try to the next, up to 30 s.
    """

    tries: int = 4
    connect_seconds: float = 10
    silent_seconds: float = 30
    slow_seconds: float = 60
    slow_bytes: int = 4096
    pause_seconds: float = 1


class _InterruptedError(Exception):
    """The transfer broke off: worth another try at the same mirror."""


class _RefusedError(Exception):
    """The mirror does not have what is wanted: on to the next."""


def _no_progress(done: int, total: int | None) -> None:
    """Show nothing."""


@dataclass
class _Download:
    """What all tries of one download share."""

    partial: Path
    size: int | None
    limit: int
    patience: Patience
    say: Say
    progress: Progress


def download(
    urls: Sequence[str],
    target: Path,
    check: Callable[[Path], None],
    *,
    size: int | None = None,
    limit: int = 2**40,
    resume: bool = True,
    patience: Patience | None = None,
    say: Say = print,
    progress: Progress = _no_progress,
) -> str:
    """Download a file from the first mirror that has it right.

    What arrives is written to a hidden file beside the target, one for each mirror, as two mirrors
    may compress the same data in two ways. After a break the next try asks for the rest alone;
    where a server cannot send a rest, it starts anew. The target appears by renaming, once
    ``check`` has passed: it is never there half.

    Parameters
    ----------
    urls : sequence of str
        The mirrors, in the order in which they are tried.
    target : Path
        The file to be made.
    check : callable
        Gets the path of the whole file; raises DataError if it is not the right one.
    size : int, optional
        The file's size in bytes: a server that announces another one is not read at all.
    limit : int
        Where the size is unknown: more bytes than that are refused.
    resume : bool
        Whether a part that an earlier call left may be completed. Say False where ``check``
        cannot tell a file that was put together of two versions.
    patience : Patience, optional
        Time limits and numbers of tries.
    say : callable
        Told, in sentences, what goes wrong and what is done about it.
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
    DiskFullError
        If there is no room for it.
    """
    patience = patience or Patience()
    failures = []
    for url in urls:
        mark = hashlib.sha256(url.encode()).hexdigest()[:8]
        partial = target.with_name(f".{target.name}.{mark}.part")
        if not resume:
            partial.unlink(missing_ok=True)
        state = _Download(partial, size, limit if size is None else size, patience, say, progress)
        try:
            _try_mirror(url, state, check)
        except _RefusedError as refusal:
            if _size(partial) == 0:
                partial.unlink(missing_ok=True)
            failures.append(f"{url}: {refusal}")
            say(failures[-1])
            continue
        partial.replace(target)
        return url
    raise DataError(
        f"{target.name} could not be downloaded from any mirror:\n{problems_text(failures)}\n"
        "try again later (what has arrived is kept), or put a copy that you have into the folder"
        " that PDL_DATA_DIR names"
    )


def _try_mirror(url: str, state: _Download, check: Callable[[Path], None]) -> None:
    """Get the whole file from one mirror into the partial file, and check it."""
    tries = 0
    anew = False
    while True:
        before = _size(state.partial)
        try:
            if state.size is None or before < state.size:
                _transfer(url, state)
        except _InterruptedError as error:
            gained = _size(state.partial) - before
            tries = 1 if gained >= 2**20 else tries + 1
            if tries >= state.patience.tries:
                raise _RefusedError(f"{error} (tried {tries} times)") from None
            pause = min(state.patience.pause_seconds * 2 ** (tries - 1), 30)
            state.say(f"{url}: {error}; trying again in {pause:g} s")
            time.sleep(pause)
            continue
        try:
            check(state.partial)
        except DiskFullError:
            raise
        except DataError as error:
            state.partial.unlink(missing_ok=True)
            if before == 0 or anew:
                raise _RefusedError(f"sends something else: {error}") from None
            state.say(f"{url}: the completed file is wrong; starting anew")
            anew = True
            continue
        return


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _transfer(url: str, state: _Download) -> None:
    """Ask for the file, or for the rest of it, and write down what comes."""
    start = _size(state.partial)
    headers = {**HEADERS, "Range": f"bytes={start}-"} if start else HEADERS
    timeout = (state.patience.connect_seconds, state.patience.silent_seconds)
    try:
        with requests.get(url, headers=headers, stream=True, timeout=timeout) as response:
            start, total = _understand(response, start, state)
            if total is not None:
                _check_room(state.partial, total - start)
            with _open_partial(state.partial, append=start > 0) as file:
                _receive(response, file, start, total, state)
    except (requests.ConnectionError, requests.Timeout, urllib3.exceptions.HTTPError) as error:
        raise _InterruptedError(_reason(error)) from None
    except requests.RequestException as error:
        raise _RefusedError(_reason(error)) from None


def _reason(error: Exception) -> str:
    said = str(error)
    if "timed out" in said.lower():
        return "the server is silent"
    if isinstance(error, requests.ConnectionError) and error.args:
        return f"no connection ({getattr(error.args[0], 'reason', said)})"
    return f"the connection broke ({said})"


def _understand(
    response: requests.Response, start: int, state: _Download
) -> tuple[int, int | None]:
    """Return where the answer's bytes begin and how many the file has in all."""
    status = response.status_code
    if status in WORTH_A_RETRY:
        raise _InterruptedError(f"the server answers HTTP {status} {response.reason}")
    declared = response.headers.get("Content-Length", "")
    length = int(declared) if declared.isdecimal() else None
    total = None
    if status == 200:
        start, total = 0, length
    elif status == 206 and start > 0:
        said = CONTENT_RANGE.match(response.headers.get("Content-Range", ""))
        if said is None or int(said[1]) != start:
            state.partial.unlink()
            raise _InterruptedError("the server sends another part than the one asked for")
        rest = None if length is None else start + length
        total = int(said[2]) if said[2] != "*" else rest
    elif status == 416:
        # Nothing follows the bytes that are there: either they are all, or they are too many.
        if response.headers.get("Content-Range", "") == f"bytes */{start}":
            return start, start
        state.partial.unlink()
        raise _InterruptedError("the server has no bytes after the ones that are here")
    else:
        raise _RefusedError(f"the server answers HTTP {status} {response.reason}")
    if total is not None and (total > state.limit or state.size not in (None, total)):
        expected = f"{state.size}" if state.size is not None else f"at most {state.limit}"
        raise _RefusedError(f"the server announces {total} bytes, expected {expected}")
    return start, total if total is not None else state.size


def _check_room(partial: Path, needed: int) -> None:
    free = shutil.disk_usage(partial.parent).free
    if needed > free:
        raise DiskFullError(
            f"the disk of {partial.parent} has {free} bytes free, and the download needs {needed}:"
            " free some, or name a folder on another disk with --into"
        )


def _open_partial(path: Path, append: bool) -> IO[bytes]:
    return path.open("ab" if append else "wb")


def _receive(
    response: requests.Response,
    file: IO[bytes],
    start: int,
    total: int | None,
    state: _Download,
) -> None:
    """Write the answer's bytes to the partial file, and refuse too many, too few or too slow."""
    if response.status_code == 416:
        return
    done = start
    since, counted = time.monotonic(), start
    while block := response.raw.read1(BLOCK, decode_content=False):
        done += len(block)
        if done > state.limit:
            raise _RefusedError(f"the server sends more than the {state.limit} bytes expected")
        try:
            file.write(block)
            file.flush()
        except OSError as error:
            if is_disk_full(error):
                remedy = f"free some and try again; what has arrived is kept in {state.partial}"
                raise disk_full(state.partial.parent, remedy) from error
            raise
        state.progress(done, total)
        elapsed = time.monotonic() - since
        if elapsed > state.patience.slow_seconds:
            if done - counted < state.patience.slow_bytes:
                raise _InterruptedError(f"only {done - counted} bytes came in {elapsed:.0f} s")
            since, counted = time.monotonic(), done
    if total is not None and done != total:
        raise _InterruptedError(f"{done} of {total} bytes came")
