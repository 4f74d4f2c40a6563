"""Ctrl-C between two steps, not within one."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SAME = 0.5  # seconds in which a second signal is the same Ctrl-C, passed on by a launcher


class Stop:
    """Whether the reader has asked to stop."""

    def __init__(self) -> None:
        self.asked = False
        self.since = 0.0


@contextmanager
def stop_between_steps() -> Iterator[Stop]:
    """Turn the first Ctrl-C into a wish that the loop can grant; the second one interrupts.

    An interrupt in the middle of a step would leave some weights changed and others not. Outside
    the main thread signals cannot be caught, and Ctrl-C stays what it is; so it does where it is
    ignored, as in a job in the background.
    """
    stop = Stop()
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    if ignored or threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def ask(number: int, frame: FrameType | None) -> None:
        if not stop.asked:
            stop.asked, stop.since = True, time.monotonic()
        elif time.monotonic() - stop.since > SAME:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
