"""Ctrl-C as a wish; whole trainings are interrupted in test_killed.py."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from pdl.training.interrupts import stop_between_steps

from . import digits


@pytest.fixture(autouse=True)
def _python_handles_ctrl_c() -> Iterator[None]:
    """Also where the tests are a job in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_the_first_is_a_wish_and_the_second_interrupts(monkeypatch: pytest.MonkeyPatch) -> None:
    with stop_between_steps() as stop:
        assert not stop.asked
        signal.raise_signal(signal.SIGINT)
        assert stop.asked
        later = time.monotonic() + 1
        monkeypatch.setattr(time, "monotonic", lambda: later)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_same_ctrl_c_passed_on_by_a_launcher_is_no_second_one() -> None:
    """Under torchrun a process gets it from the terminal and from torchrun."""
    with stop_between_steps() as stop:
        signal.raise_signal(signal.SIGINT)
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            pytest.fail("it was taken for a second one")
        assert stop.asked


def test_afterwards_ctrl_c_is_what_it_was() -> None:
    with stop_between_steps():
        pass
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_where_it_is_ignored_it_stays_so() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with stop_between_steps() as stop:
        signal.raise_signal(signal.SIGINT)
        assert not stop.asked


def test_it_runs_outside_the_main_thread() -> None:
    """There signals cannot be caught."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(digits.train()))
    thread.start()
    thread.join()
    expected, _ = digits.train()
    assert digits.same_weights(found[0][0], expected)
