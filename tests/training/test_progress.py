"""The bar: something in a terminal, nothing anywhere else."""

from __future__ import annotations

import io
import os
import pty
import threading
from typing import Any

import pytest
from rich.console import Console
from rich.progress import Progress

from pdl.training import progress
from pdl.training.state import Place

from . import digits


@pytest.fixture(autouse=True)
def _no_forced_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)


def test_a_pipe_gets_nothing_not_even_an_empty_line(capfd: pytest.CaptureFixture[str]) -> None:
    digits.train(epochs=2, progress=True)
    assert capfd.readouterr() == ("", "")


def draw(monkeypatch: pytest.MonkeyPatch, show: bool) -> str:
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=80)
    monkeypatch.setattr(progress, "Console", lambda: console)
    with progress.progress_bar(show, batches=5, epochs=3) as move:
        move(Place(epoch=1, batch=2, loss_sum=3.0, images=4))
    return written.getvalue()


def test_a_terminal_sees_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    text = draw(monkeypatch, show=True)
    assert "epoch 2/3" in text and "7/15" in text and "loss 0.7500" in text


def test_nothing_is_drawn_where_it_is_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert draw(monkeypatch, show=False) == ""
    monkeypatch.undo()


def test_a_real_terminal_is_left_clean() -> None:
    """In a pseudo-terminal: the bar is there while it trains and wiped away in the end."""
    if not hasattr(os, "openpty"):
        pytest.skip("this system has no pseudo-terminals")
    parent, child = pty.openpty()
    seen: list[bytes] = []

    def read() -> None:
        while chunk := os.read(parent, 65536):
            seen.append(chunk)
            if b"THE END" in chunk:
                return

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    with open(child, "w", closefd=False) as terminal:
        console = Console(file=terminal, width=80)
        assert console.is_terminal
        original: Any = progress.Console
        progress.Console = lambda: console  # type: ignore[misc,assignment]
        try:
            digits.train(epochs=1, progress=True)
        finally:
            progress.Console = original  # type: ignore[misc]
        terminal.write("THE END")
    reader.join(timeout=20)
    os.close(child)
    os.close(parent)
    text = b"".join(seen).decode()
    assert "epoch 1/1" in text and "0/5" in text
    assert text.rstrip().endswith("\x1b[2KTHE END")  # the line was erased


@pytest.mark.parametrize(
    ("place", "drawn"), [("terminal", True), ("notebook", True), ("file", False)]
)
def test_where_it_is_drawn(monkeypatch: pytest.MonkeyPatch, place: str, drawn: bool) -> None:
    console = Console(
        file=io.StringIO(), force_terminal=place == "terminal", force_jupyter=place == "notebook"
    )
    monkeypatch.setattr(progress, "Console", lambda: console)
    asked: list[bool] = []

    class Bar(Progress):
        def __init__(self, *columns: Any, disable: bool, **options: Any) -> None:
            asked.append(disable)
            super().__init__(*columns, disable=True, **options)

    monkeypatch.setattr(progress, "Progress", Bar)
    with progress.progress_bar(True, batches=5, epochs=3):
        pass
    assert asked == [not drawn]
