"""A bar that says how far a training is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from pdl.training.state import Place


@contextmanager
def progress_bar(show: bool, batches: int, epochs: int) -> Iterator[Callable[[Place], None]]:
    """Give a function that moves the bar to a place; nothing is drawn where nobody looks.

    Parameters
    ----------
    show : bool
        Whether to draw, in a terminal or a notebook; a file or a pipe gets nothing either way.
    batches, epochs : int
        In an epoch, and in all.
    """
    columns = (
        TextColumn("epoch {task.fields[epoch]}/" + str(epochs)),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("loss {task.fields[loss]}"),
        TimeRemainingColumn(),
    )
    console = Console()
    shown = show and (console.is_terminal or console.is_jupyter)
    with Progress(*columns, console=console, transient=True, disable=not shown) as bar:
        task = bar.add_task("", total=batches * epochs, epoch=1, loss="–")

        def move(place: Place) -> None:
            loss = f"{place.loss_sum / place.images:.4f}" if place.images else "–"
            done = place.epoch * batches + place.batch
            bar.update(task, completed=done, epoch=place.epoch + 1, loss=loss)

        yield move
