"""A time limit for code that may never return."""

from __future__ import annotations

import _thread
import contextlib
import itertools
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class TookTooLong(BaseException):
    """The code inside a `time_limit` ran past its limit.

    Not an `Exception`, so that an ``except Exception:`` in a reader's loop does not swallow it.
    """


def default_seconds() -> float:
    """The limit for one group of checks, in seconds: ``PDL_EXERCISE_SECONDS``, or 10.

    Raises
    ------
    ValueError
        If the variable holds no positive number.
    """
    text = os.environ.get("PDL_EXERCISE_SECONDS", "10")
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not seconds > 0:
        raise ValueError(f"PDL_EXERCISE_SECONDS: expected a number above 0, got {text!r}")
    return seconds


def _interrupt_main_thread() -> None:
    if hasattr(signal, "pthread_kill"):
        # Unlike interrupt_main, a real signal also wakes a call that waits, such as time.sleep.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        _thread.interrupt_main()


class _Countdown:
    """Raise `TookTooLong` when a number of further lines of the interrupted code have begun."""

    def __init__(self, lines: int, frame: FrameType | None) -> None:
        self._left, self._last = lines, time.monotonic()
        sys.settrace(self._trace)
        while frame is not None and frame.f_code.co_filename != __file__:
            frame.f_trace = self._trace
            frame = frame.f_back

    @property
    def runs(self) -> bool:
        """Not after it has raised: Python drops a trace function that does."""
        return sys.gettrace() == self._trace

    @property
    def waits(self) -> bool:
        """Whether one line goes on for long, such as one that sleeps."""
        return time.monotonic() - self._last > 0.1

    def _trace(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if __file__ in {each.f_code.co_filename for each in (frame, frame.f_back) if each}:
            return None  # lines of the signal handler, and of what it calls, do not count
        if event == "line":
            self._left, self._last = self._left - 1, time.monotonic()
            if self._left < 0:
                raise TookTooLong
        return self._trace


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Interrupt the block after a number of seconds.

    The main thread gets the signal that Ctrl-C sends, which works on every system and in
    notebooks. It comes again each few milliseconds, since a bare ``except:`` in a reader's loop
    swallows what is raised inside its ``try``: later signals raise one line further on, then two,
    until they meet a line outside. A loop inside C code, which runs no line of Python, cannot be
    ended so (see `forked_copy`). Outside the main thread there is no limit.

    Parameters
    ----------
    seconds : float
        How long the block may run.

    Raises
    ------
    TookTooLong
        If the limit was reached. A Ctrl-C of the reader's own stays a `KeyboardInterrupt`.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    finished, late = threading.Event(), threading.Event()
    own_files = {__file__, contextlib.__file__}
    attempts = itertools.count()
    countdown: _Countdown | None = None

    def interrupted(_signal: int, frame: FrameType | None) -> None:
        nonlocal countdown
        if not late.is_set():
            raise KeyboardInterrupt
        # On the way out, in this file, a further signal must not break the clean-up.
        if finished.is_set() or frame is None or frame.f_code.co_filename in own_files:
            return
        if countdown is not None and countdown.runs:
            if countdown.waits:
                raise TookTooLong
            return
        lines = next(attempts)
        if lines == 0:
            raise TookTooLong
        countdown = _Countdown(lines, frame)

    def watch() -> None:
        wait = seconds
        while not finished.wait(wait):
            late.set()
            _interrupt_main_thread()
            wait = 0.002

    previous_trace = sys.gettrace()
    previous = signal.signal(signal.SIGINT, interrupted)
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        finished.set()
        watcher.join()
        sys.settrace(previous_trace)
        signal.signal(signal.SIGINT, previous or signal.default_int_handler)
