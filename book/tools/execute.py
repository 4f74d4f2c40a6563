"""Run the chapters, several at once, into the cache from which the site is made.

The cache of MyST-NB is keyed on a notebook's cells alone, so it is emptied here whenever the
package, the constraints, the data that ship or the profile have changed.
"""

from __future__ import annotations

import copy
import os
import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from myst_nb.core.read import myst_nb_reader_plugin
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from paths import CACHE, DARK_FIGURES, EXECUTED, chapter_files, key
from rich.console import Console

TIMEOUT = 300

console = Console(highlight=False)


class ChapterFailed(Exception):
    """A cell of a chapter raised an error or ran too long, or the kernel died."""


def _environment() -> dict[str, str]:
    """One thread a kernel, or they fight for the cores; no progress kept; pages, not stills."""
    return {
        **os.environ,
        "PDL_BUILD": "site",
        "PDL_DARK_FIGURES": str(DARK_FIGURES),
        "PDL_HOME": tempfile.mkdtemp(prefix="pdl-build-"),
        "PYTHONHASHSEED": "0",
        **{f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")},
    }


def _run(notebook: NotebookNode, path: Path, environment: dict[str, str]) -> float:
    started = time.perf_counter()
    metadata = copy.deepcopy(notebook.metadata)
    client = NotebookClient(
        notebook,
        timeout=TIMEOUT,
        record_timing=False,
        resources={"metadata": {"path": path.parent}},
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
    )
    try:
        client.execute(env=environment)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        raise ChapterFailed(f"{path.name}: {error or type(error).__name__}") from None
    # The kernel adds its own description, by which the cache would not find the notebook again.
    notebook.metadata = metadata
    return time.perf_counter() - started


def fresh_cache() -> None:
    """Empty the cache if what it was made from has changed."""
    stamp = CACHE / "key"
    now = key()
    if stamp.exists() and stamp.read_text() == now:
        return
    shutil.rmtree(CACHE, ignore_errors=True)
    shutil.rmtree(EXECUTED, ignore_errors=True)
    CACHE.mkdir(parents=True)
    stamp.write_text(now)


def execute(wanted: str = "", workers: int | None = None) -> bool:
    """Run the chapters that are not in the cache; say how long each took.

    Parameters
    ----------
    wanted : str
        Beginning of the names of the chapters to run; by default all.
    workers : int, optional
        Chapters run at once; by default the number of cores, at most 8.

    Returns
    -------
    bool
        Whether every chapter ran without an error.
    """
    fresh_cache()
    cache = get_cache(CACHE)
    EXECUTED.mkdir(parents=True, exist_ok=True)
    waiting = []
    for path in chapter_files(wanted):
        notebook = myst_nb_reader_plugin(str(path))
        try:
            _, merged = cache.merge_match_into_notebook(notebook)
        except KeyError:
            waiting.append((path, notebook))
            continue
        nbformat.write(merged, EXECUTED / f"{path.stem}.ipynb")
        console.print(f"  {path.stem:<22} unchanged")
    if not waiting:
        return True
    console.print(f"  running {len(waiting)} chapter(s); a first run takes a minute or two")
    environment = _environment()
    succeeded = True
    with ThreadPoolExecutor(workers or min(8, os.cpu_count() or 1)) as pool:
        jobs = {pool.submit(_run, nb, path, environment): (path, nb) for path, nb in waiting}
        try:
            for job in as_completed(jobs):
                path, notebook = jobs[job]
                try:
                    seconds = job.result()
                except ChapterFailed as failure:
                    console.print(f"  {path.stem:<22} FAILED", style="bold red")
                    console.print(str(failure), markup=False)
                    succeeded = False
                    continue
                cache.cache_notebook_bundle(
                    CacheBundleIn(notebook, str(path), data={"execution_seconds": seconds}),
                    check_validity=False,
                    overwrite=True,
                )
                nbformat.write(notebook, EXECUTED / f"{path.stem}.ipynb")
                console.print(f"  {path.stem:<22} {seconds:5.1f} s")
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            shutil.rmtree(environment["PDL_HOME"], ignore_errors=True)
    return succeeded
