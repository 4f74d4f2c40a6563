"""Run an experiment by its name and write what it found."""

from __future__ import annotations

import os
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from threadpoolctl import threadpool_limits

from pdl._files import write_whole
from pdl.data.results import RESULTS
from pdl.experiments.record import make_record, write_record
from pdl.experiments.registry import EXPERIMENTS, Outcome, find_experiment
from pdl.experiments.unfinished import forget

BUSY = 0.5  # processes that want a core besides ours


def list_experiments(console: Console) -> None:
    """Print the experiments, and which of them have a record."""
    table = Table(box=None)
    for heading in ("name", "what it does", "needs", "recorded"):
        table.add_column(heading)
    for name, experiment in sorted(EXPERIMENTS.items()):
        needs = "real data" if experiment.profile == "full" else "–"
        recorded = "✓" if (RESULTS / f"{name}.json").is_file() else "–"
        table.add_row(name, experiment.description, needs, recorded)
    console.print(table)


def reproduce(name: str, seed: int = 0, output: Path | None = None) -> dict[str, Any]:
    """Run an experiment and write its record, and its weights if it ships any.

    Parameters
    ----------
    name : str
        One of the experiments in the registry.
    seed : int
        Of everything random, 0 or greater.
    output : Path, optional
        The record; weights go beside it. ``data/results/NAME.json`` if left out, and the weights
        to ``data/weights/NAME.safetensors``.

    Returns
    -------
    dict
        The record.

    Raises
    ------
    ValueError
        If there is no such experiment, or its data are damaged.
    FileNotFoundError
        If its data are missing.
    KeyboardInterrupt
        If it is stopped; then no record has changed, and an experiment that keeps its parts goes
        on from there the next time (see :mod:`pdl.experiments.unfinished`).
    """
    experiment = find_experiment(name)
    if output is None:
        if not RESULTS.is_dir():
            raise FileNotFoundError(f"{RESULTS} is no folder: say where to write with --output")
        output = RESULTS / f"{name}.json"
        weights_path = RESULTS.parent / "weights" / f"{name}.safetensors"
    else:
        weights_path = output.with_suffix(".safetensors")
    module = import_module(experiment.module)

    load = _load_average()
    started, processor_started = time.perf_counter(), time.process_time()
    with threadpool_limits(limits=experiment.threads), _progress() as progress:
        outcome: Outcome = module.run(seed, progress)
    seconds = time.perf_counter() - started
    cost: dict[str, Any] = {"processor_seconds": round(time.process_time() - processor_started, 1)}
    others = max(load, _load_average() - experiment.threads)
    if others > BUSY:
        cost["note"] = f"The machine was shared: up to {others:.1f} other processes wanted a core."

    record = make_record(
        name,
        outcome.metrics,
        intervals=outcome.intervals,
        data=outcome.data,
        details={**outcome.details, **cost},
        seed=seed,
        profile=experiment.profile,
        packages=outcome.packages,
        seconds=seconds,
        threads=experiment.threads,
        command=f"pdl reproduce {name} --seed {seed}",
    )
    if outcome.weights is not None:
        write_whole(weights_path, outcome.weights)
    write_record(record, output)
    forget(name)
    return record


def show(record: dict[str, Any], console: Console) -> None:
    """Print the metrics with their intervals."""
    table = Table(title=record["name"], box=None)
    for heading in ("metric", "value", "95 % interval"):
        table.add_column(heading, justify="left" if heading == "metric" else "right")
    for metric, value in record["metrics"].items():
        ends = record["intervals"].get(metric)
        table.add_row(metric, f"{value:.4g}", f"{ends[0]:.4g} … {ends[1]:.4g}" if ends else "")
    console.print(table)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )


def _load_average() -> float:
    """How many processes wanted a core in the last minute; 0 where the system does not say."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
