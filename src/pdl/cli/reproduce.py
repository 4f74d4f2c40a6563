"""The command ``pdl reproduce``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pdl._files import as_path


def reproduce(
    name: Annotated[str, typer.Argument(help="For instance numpy-cnn-mnist.")] = "",
    seed: Annotated[int, typer.Option(min=0, help="Of everything random.")] = 0,
    output: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="The record; data/results/NAME.json if left out."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Trainings at once; as many as there are cores for if left out."),
    ] = None,
    dask: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Of a Dask scheduler whose workers train instead."),
    ] = None,
    list_all: Annotated[bool, typer.Option("--list", help="Name the experiments.")] = False,
) -> None:
    """Run one of the book's experiments again, and write its record."""
    from rich.console import Console

    from pdl._files import UnusableFileError
    from pdl.data.errors import DataError
    from pdl.experiments import reproduce as experiments
    from pdl.experiments.registry import find_experiment
    from pdl.experiments.workers import WorkersError

    console = Console(highlight=False)
    if list_all or not name:
        experiments.list_experiments(console)
        raise typer.Exit(0 if list_all else 2)
    try:
        find_experiment(name)
        output = None if output is None else as_path(output, "--output")
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    try:
        experiments.show(experiments.reproduce(name, seed, output, workers, dask), console)
    except KeyboardInterrupt:
        console.print("Stopped; no file has changed.")
        raise typer.Exit(130) from None
    except (DataError, OSError, UnusableFileError, WorkersError) as error:
        console.print(f"{name}: {error}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
