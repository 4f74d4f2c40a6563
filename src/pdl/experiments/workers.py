"""Where the trainings of an experiment run: processes of this machine, or a Dask cluster."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from joblib import Parallel, cpu_count, delayed
from joblib.externals.loky import get_reusable_executor

from pdl._validation import check_integer
from pdl.experiments.registry import Experiment

Result = TypeVar("Result")
PATIENCE = 10  # seconds for a scheduler to answer and for a worker to be there

# Where trainings run: in so many processes of this machine, or on the cluster of a Dask client.
_workers: ContextVar[int | Any] = ContextVar("workers", default=1)


class WorkersError(RuntimeError):
    """The trainings cannot run, or go on, where they were to."""


def run_tasks(
    function: Callable[..., Result], tasks: Sequence[tuple[Any, ...]]
) -> Iterator[Result]:
    """Call a function with each task's arguments where the context says; yield what comes first.

    A single one runs in this process, unless there is a cluster; so do all where no context says
    anything.
    """
    where = _workers.get()
    if isinstance(where, int):
        workers = max(1, min(where, len(tasks)))
        # Nothing waits in joblib's queue: a Ctrl-C then meets it at rest.
        parallel = Parallel(
            workers, return_as="generator_unordered", batch_size=1, pre_dispatch="n_jobs"
        )
        yield from parallel(delayed(function)(*each) for each in tasks)
        return
    from distributed import as_completed

    # Not by joblib, which would take a cluster of one thread for no cluster.
    futures = [where.submit(function, *each, pure=False) for each in tasks]
    try:
        with where.as_current():
            yield from (future.result() for future in as_completed(futures))
    finally:
        where.cancel(futures)


@contextmanager
def workers_for(
    experiment: Experiment, workers: int | None = None, dask: str | None = None
) -> Iterator[int]:
    """Run the trainings of an experiment as asked, or as it must be; give the number of workers.

    Raises
    ------
    WorkersError
        If the experiment is timed, and several workers or a cluster are asked for; and see
        :func:`on_dask`.
    """
    if experiment.timed and (dask is not None or workers not in (None, 1)):
        raise WorkersError(
            "its trainings are timed against each other, so they run one after the other on this "
            "machine: leave out --dask and --workers"
        )
    if dask is not None:
        with on_dask(dask) as count:
            yield count
    else:
        with on_this_machine(1 if experiment.timed else workers, experiment.threads) as count:
            yield count


@contextmanager
def on_this_machine(workers: int | None = None, threads: int = 1) -> Iterator[int]:
    """Run as many trainings at once as there are cores for.

    Parameters
    ----------
    workers : int, optional
        Another number of them.
    threads : int
        How many each has.

    Yields
    ------
    int
        The number of workers.

    Raises
    ------
    WorkersError
        If one of the processes was killed. What had been found by then is kept.
    """
    if workers is None:
        workers = max(1, cpu_count() // threads)
    check_integer(workers, "workers", minimum=1)
    token = _workers.set(workers)
    try:
        with warnings.catch_warnings():
            # One whose memory has grown is replaced between two trainings.
            warnings.filterwarnings("ignore", "A worker stopped while some jobs", UserWarning)
            yield workers
    except BrokenProcessPool as error:
        raise WorkersError(
            "a process that trained was killed, perhaps since memory ran out; run it again, and "
            "it goes on from there, or with fewer --workers"
        ) from error
    finally:
        _workers.reset(token)
        # They would wait for more, with the memory and the environment that they have.
        get_reusable_executor(reuse=True).shutdown()


@contextmanager
def on_dask(address: str) -> Iterator[int]:
    """Run the trainings on a Dask cluster, one at a time in each of its processes.

    A worker that dies is replaced: its training goes to another one, and goes on from the
    checkpoint if they share a disk. The workers need this package and the data.

    Parameters
    ----------
    address : str
        Of the scheduler, for instance "tcp://127.0.0.1:8786".

    Yields
    ------
    int
        The number of workers.

    Raises
    ------
    WorkersError
        If Dask is not installed, nothing answers there, there is no worker, or a training has
        killed one after the other.
    """
    try:
        from distributed import Client, KilledWorker
    except ImportError:
        raise WorkersError(
            "Dask is not installed: `pip install 'pdl[dask]'`, or leave out --dask"
        ) from None
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise WorkersError(
            f"no Dask scheduler answers at {address} ({error or 'timed out'}); start one with "
            "`dask scheduler`, which prints its address"
        ) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            raise WorkersError(
                f"the Dask scheduler at {address} has no worker: `dask worker {address}` starts one"
            ) from None
        token = _workers.set(client)
        try:
            yield len(client.scheduler_info(n_workers=-1)["workers"])
        except KilledWorker as error:
            raise WorkersError(
                f"a training has killed several workers, perhaps since memory ran out ({error}); "
                "run it again, and it goes on from there"
            ) from error
        finally:
            _workers.reset(token)
