"""One training of an experiment, and the trainings of an experiment as independent tasks.

Seeds × recipes: none needs what another one finds, so they may run at once, in other processes or
on other machines (see :mod:`pdl.experiments.workers`). What each finds is kept on disk as soon as
it is over, and does not depend on where it ran.
"""

from __future__ import annotations

import os
import platform
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import uuid4

from rich.progress import Progress
from threadpoolctl import threadpool_limits

from pdl.experiments import resume
from pdl.experiments.registry import find_experiment
from pdl.experiments.resume import Cost, Found, folder_of
from pdl.experiments.workers import run_tasks

Report = Callable[[float], object]
Model = TypeVar("Model")

# Who is told how far a trial is. In another process there is nobody.
_listeners: dict[str, Callable[[str, float], None]] = {}
# PyTorch has one generator a process: trials on threads of one process wait for each other.
_in_turn = threading.Lock()


class Trained(NamedTuple, Generic[Model]):
    """A trained network and how it came about.

    Attributes
    ----------
    model
        The network, in evaluation mode where there is one.
    losses : list of float
        Of each step; NaN from the first one on that was not finite, which ends a training.
    history : sequence of dict
        One row an epoch, see :class:`pdl.training.History`. Empty if the training ended so; and
        always for a network in NumPy.
    """

    model: Model
    losses: list[float]
    history: Sequence[dict[str, float]] = ()


@dataclass(frozen=True)
class Trial:
    """One training of an experiment, as a task that any process can do.

    Attributes
    ----------
    name : str
        Under which the result is kept, for instance "recipe 3".
    settings : mapping
        What JSON can say of what the result depends on; with other settings it is computed anew.
    compute : callable
        Takes the path of a checkpoint, which it may write and go on from, and a function to be
        told the part that is done, 0…1. Returns what JSON can say. It loads large data itself:
        what it holds is sent to the process that runs it.
    work : float
        How much there is to do, in any unit, for the progress bar.
    """

    name: str
    settings: Mapping[str, Any]
    compute: Callable[[Path, Report], Found]
    work: float = 1.0


class _Done(NamedTuple):
    """What a trial found, what earlier runs and this one spent on it, in which other process."""

    part: str
    found: Found
    before: Cost
    spent: Cost
    process: str | None


def run_trials(experiment: str, trials: Sequence[Trial], progress: Progress) -> list[Found]:
    """Run trials where :mod:`pdl.experiments.workers` says; by default here, one by one.

    Parameters
    ----------
    experiment : str
        Its name, under which results are kept until the record is written.
    trials : sequence of Trial
        Of different names.
    progress : Progress
        Gets a bar.

    Returns
    -------
    list of dict
        What the trials found, in their order: the same wherever they ran.
    """
    token, folder = uuid4().hex, folder_of(experiment)
    work = {trial.name: trial.work for trial in trials}
    bar = progress.add_task("training", total=sum(work.values()))
    done = dict.fromkeys(work, 0.0)

    def show(name: str, part: float) -> None:
        done[name] = part * work[name]
        progress.update(bar, completed=sum(done.values()), description=name)

    found: dict[str, Found] = {}
    for trial in trials:
        earlier = resume.recall(folder, trial.name, trial.settings)
        if earlier is not None:
            found[trial.name] = earlier
            show(trial.name, 1.0)
    threads = find_experiment(experiment).threads
    missing = {trial.name: trial for trial in trials if trial.name not in found}
    _listeners[token] = show
    try:
        tasks = [(token, experiment, trial, threads) for trial in missing.values()]
        for each in run_tasks(_run, tasks):
            found[each.part] = each.found
            if each.process is not None:
                settings = missing[each.part].settings
                resume.adopt(folder, settings=settings, **each._asdict())
            show(each.part, 1.0)
    finally:
        del _listeners[token]
    return [found[trial.name] for trial in trials]


def _run(token: str, experiment: str, trial: Trial, threads: int) -> _Done:
    """Run one trial, in whichever process this is; only the number of threads could matter."""
    listener = _listeners.get(token)

    def report(part: float) -> None:
        if listener is not None:
            listener(trial.name, part)

    with _in_turn, _limited_threads(threads):
        folder = folder_of(experiment)
        if listener is None:
            resume.start_counting()  # this process may have served another run
        started, processor_started = time.perf_counter(), time.process_time()
        found = resume.once(
            folder, trial.name, trial.settings, lambda path: trial.compute(path, report)
        )
        spent = Cost(time.perf_counter() - started, time.process_time() - processor_started)
        before = resume.cost_before(folder, trial.name)
    process = f"{platform.node()} {os.getpid()}" if listener is None else None
    return _Done(trial.name, found, before, spent, process)


@contextmanager
def _limited_threads(threads: int) -> Iterator[None]:
    """Compute with so many threads, whatever the environment of this process says."""
    torch = sys.modules.get("torch")
    if torch is None:
        with threadpool_limits(limits=threads):
            yield
        return
    # PyTorch may have MKL inside, which threadpoolctl does not see. It is asked first: within the
    # limit it would name the limit, and keep it for the threads that are begun later.
    before = torch.get_num_threads()
    with threadpool_limits(limits=threads):
        torch.set_num_threads(threads)
        try:
            yield
        finally:
            torch.set_num_threads(before)
