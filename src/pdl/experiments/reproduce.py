"""Run an experiment by its name and write what it found."""

from __future__ import annotations

import json
import os
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from threadpoolctl import threadpool_limits

from pdl._files import UnusableFileError, check_writable, write_together, write_whole
from pdl.experiments.registry import EXPERIMENTS, Outcome, find_experiment
from pdl.experiments.resume import (
    folder_of,
    forget,
    other_processes,
    start_counting,
    taken_over,
)
from pdl.experiments.workers import workers_for
from pdl.results import RESULTS, make_record, record_bytes

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


def reproduce(
    name: str,
    seed: int = 0,
    output: Path | None = None,
    workers: int | None = None,
    dask: str | None = None,
) -> dict[str, Any]:
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
    workers : int, optional
        How many trainings run at once; as many as there are cores for if left out. The result
        does not depend on it.
    dask : str, optional
        The address of a Dask scheduler, whose workers train instead of this machine.

    Returns
    -------
    dict
        The record.

    Raises
    ------
    ValueError
        If there is no such experiment, its data are damaged, ``output`` ends in .safetensors, or
        ``workers`` is less than 1.
    WorkersError
        If the trainings cannot run there, see :mod:`pdl.experiments.workers`.
    FileNotFoundError
        If its data are missing.
    OSError
        If the record or the weights could not be written, which is tried before anything is
        trained; or cannot any more, and then the message says where they are kept.
    KeyboardInterrupt
        If it is stopped; then no record has changed, and an experiment that keeps its parts goes
        on from there the next time (see :mod:`pdl.experiments.resume`).
    """
    experiment = find_experiment(name)
    if output is None:
        if not RESULTS.is_dir():
            raise FileNotFoundError(f"{RESULTS} is no folder: say where to write with --output")
        output = RESULTS / f"{name}.json"
        weights_path = RESULTS.parent / "weights" / f"{name}.safetensors"
    else:
        weights_path = output.with_suffix(".safetensors")
    if output == weights_path:
        raise UnusableFileError(f"output: {output} would be the weights; let it end in .json")
    for path in (output, weights_path):
        check_writable(path)
    module = import_module(experiment.module)

    start_counting()
    load = _load_average()
    started, processor_started = time.perf_counter(), time.process_time()
    with (
        threadpool_limits(limits=experiment.threads),
        workers_for(experiment, workers, dask) as count,
        _progress() as progress,
    ):
        outcome: Outcome = module.run(seed, progress, **experiment.options)
    earlier = taken_over()
    seconds = earlier.seconds + time.perf_counter() - started
    cost: dict[str, Any] = {}
    if earlier.processor_seconds is not None:
        processor = earlier.processor_seconds + time.process_time() - processor_started
        cost["processor_seconds"] = round(processor, 1)
    if other_processes():
        cost["workers"] = other_processes()
    ours = experiment.threads * (1 if dask else count)
    others = max(load, _load_average() - ours)
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
    weights = {} if outcome.weights is None else {weights_path: outcome.weights}
    try:
        write_together(weights | {output: record_bytes(record)})
    except (OSError, TypeError, ValueError) as error:
        where = _keep(name, record, outcome.weights)
        if isinstance(error, OSError):
            raise OSError(f"{output} cannot be written: {error}; {where}") from error
        error.add_note(where)
        raise
    forget(name)
    return record


def _keep(name: str, record: dict[str, Any], weights: bytes | None) -> str:
    """Write a result that has no other place where there is room; say where."""
    text = json.dumps(record, indent=1, ensure_ascii=False, default=str)
    for make in (lambda: folder_of(name), lambda: Path(tempfile.mkdtemp(prefix="pdl-"))):
        try:
            folder = make()
            write_whole(folder / f"{name}.json", text.encode())
            if weights is not None:
                write_whole(folder / f"{name}.safetensors", weights)
        except OSError:
            continue
        return f"the result is kept in {folder}"
    return f"it could be kept nowhere else either; this is the record:\n{text}"


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
