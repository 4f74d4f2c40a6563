"""Run the chapters, several at once, into the cache from which the site is made.

The cache of MyST-NB is keyed on a notebook's cells alone, so it is emptied here whenever anything
else that the outputs depend on has changed. What cannot be read in it counts as absent.
"""

from __future__ import annotations

import asyncio
import atexit
import copy
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn, JupyterCacheAbstract
from myst_nb.core.read import myst_nb_reader_plugin
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from paths import CACHE, DARK_FIGURES, EXECUTED, chapter_files, key
from rich.console import Console

TIMEOUT = 300

console = Console(highlight=False)


class ChapterFailed(Exception):
    """A cell of a chapter raised an error, warned or ran too long, or the kernel died."""


def ensure_home() -> None:
    """Take a temporary home where the reader's cannot be written, of which libraries would warn."""
    home = os.path.expanduser("~")
    if not os.access(home, os.W_OK):
        console.print(f"  {home} cannot be written: the chapters run with a temporary home")
        os.environ["HOME"] = tempfile.mkdtemp(prefix="pdl-home-")
        atexit.register(shutil.rmtree, os.environ["HOME"], ignore_errors=True)


def kernel_environment() -> dict[str, str]:
    """One thread a kernel, or they fight for the cores; nothing of the reader's own; pages."""
    home = tempfile.mkdtemp(prefix="pdl-build-")
    return {
        **os.environ,
        "PDL_BUILD": "site",
        "PDL_DARK_FIGURES": str(DARK_FIGURES),
        "PDL_HOME": home,
        "TMPDIR": home,
        "IPYTHONDIR": f"{home}/ipython",
        "PYTHONHASHSEED": "0",
        **{f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")},
        "TF_NUM_INTRAOP_THREADS": "1",
        "TF_NUM_INTEROP_THREADS": "1",
    }


def run_notebook(notebook: NotebookNode, path: Path, environment: dict[str, str]) -> float:
    """Run the cells of a chapter, which get their outputs; return the seconds that it took."""
    started = time.perf_counter()
    metadata = copy.deepcopy(notebook.metadata)
    client = NotebookClient(
        notebook,
        timeout=TIMEOUT,
        record_timing=False,
        # A temporary folder: what runs there runs wherever a reader has the notebook.
        resources={"metadata": {"path": environment["PDL_HOME"]}},
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
        # TensorFlow takes a second or two to go; what a cell leaves behind is in TMPDIR.
        shutdown_kernel="immediate",
    )
    at: dict[str, Any] = {}

    def remember(cell: NotebookNode, cell_index: int) -> None:
        """Keep the cell that runs, and its process: a dead kernel leaves neither."""
        at.update(cell=cell, process=getattr(client.km.provisioner, "process", None))

    client.on_cell_execute = remember
    try:
        # A loop of its own, which is closed: nbclient would leave it to the garbage collector. On
        # Windows the kernel's sockets want the selectors' loop.
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(client.async_execute(env=environment))
    except DeadKernelError as error:
        words = how_it_died(at["cell"].source, at["process"]) if at else str(error)
        raise ChapterFailed(f"{path.name}: {words}") from None
    except (CellExecutionError, CellTimeoutError) as error:
        raise ChapterFailed(f"{path.name}: {error or type(error).__name__}") from None
    except (OSError, RuntimeError) as error:
        raise ChapterFailed(f"{path.name}: its kernel did not start: {error}") from None
    _refuse_warnings(notebook, path)
    # The kernel adds its own description, by which the cache would not find the notebook again.
    notebook.metadata = metadata
    return time.perf_counter() - started


def how_it_died(source: str, process: subprocess.Popen[bytes] | None) -> str:
    """What to say of a kernel that died: in which cell, of what, and what helps."""
    status = process.poll() if process else None
    if status is None:
        cause = "for a reason that is not known"
    elif status < 0:
        cause = f"of the signal {signal.Signals(-status).name}"
    else:
        cause = f"with exit status {status}"
    return (
        f"the kernel died {cause} in the cell\n\n{source}\n\n"
        "SIGKILL: most often the memory was full. Close other programs and build again: chapters\n"
        "that have run are kept. Any other: a library crashed. Delete .venv and build again, for\n"
        "the versions of constraints.txt. Code of your own should import pdl before TensorFlow."
    )


def _refuse_warnings(notebook: NotebookNode, path: Path) -> None:
    """Raise an error if a cell wrote to stderr, before the outputs come into the cache."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                raise ChapterFailed(
                    f"{path.name}: a cell writes to stderr, which the page would show:\n\n"
                    f"{cell.source}\n\n{output.text}"
                )


def fresh_cache() -> None:
    """Empty the cache if what it was made from has changed, or its index cannot be read."""
    stamp = CACHE / "key"
    now = key()
    if stamp.exists() and stamp.read_bytes() == now.encode() and _index_is_sound():
        return
    shutil.rmtree(CACHE, ignore_errors=True)
    shutil.rmtree(EXECUTED, ignore_errors=True)
    CACHE.mkdir(parents=True)
    stamp.write_text(now)


@contextmanager
def _open_cache() -> Iterator[JupyterCacheAbstract]:
    """The cache, the database of which is closed again."""
    cache = get_cache(CACHE)
    try:
        yield cache
    finally:
        cache.db.dispose()


def _index_is_sound() -> bool:
    try:
        with _open_cache() as cache:
            cache.list_cache_records()
    except Exception:  # SQLAlchemy's, SQLite's, JSON's: whatever the damage leads to
        return False
    return True


def _from_cache(cache: JupyterCacheAbstract, notebook: NotebookNode) -> NotebookNode | None:
    """The notebook with the outputs that the cache has for it; None if there are none to read."""
    try:
        return cache.merge_match_into_notebook(notebook)[1]
    except Exception:  # KeyError if there are none, and whatever half a file leads to
        return None


def _write(notebook: NotebookNode, path: Path) -> None:
    """Write an executed chapter; the same cells and outputs make the same file."""
    for number, cell in enumerate(notebook.cells):
        if "id" in cell:
            cell.id = f"cell-{number}"
    nbformat.write(notebook, path)


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
    EXECUTED.mkdir(parents=True, exist_ok=True)
    with _open_cache() as cache:
        waiting = []
        for path in chapter_files(wanted):
            notebook = myst_nb_reader_plugin(str(path))
            merged = _from_cache(cache, notebook)
            if merged is None:
                waiting.append((path, notebook))
                continue
            _write(merged, EXECUTED / f"{path.stem}.ipynb")
            console.print(f"  {path.stem:<22} unchanged")
        return not waiting or _run_into(cache, waiting, workers)


def _run_into(
    cache: JupyterCacheAbstract,
    waiting: Sequence[tuple[Path, NotebookNode]],
    workers: int | None,
) -> bool:
    """Run chapters, several at once, and keep the outputs of those that ran without an error."""
    console.print(f"  running {len(waiting)} chapter(s); a first run takes a minute or two")
    ensure_home()
    environment = kernel_environment()
    succeeded = True
    with ThreadPoolExecutor(workers or min(8, os.cpu_count() or 1)) as pool:
        jobs = {
            # The last ones train most; begun first, they do not keep the others waiting.
            pool.submit(run_notebook, nb, path, environment): (path, nb)
            for path, nb in reversed(waiting)
        }
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
                _write(notebook, EXECUTED / f"{path.stem}.ipynb")
                console.print(f"  {path.stem:<22} {seconds:5.1f} s")
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            shutil.rmtree(environment["PDL_HOME"], ignore_errors=True)
    return succeeded


if __name__ == "__main__":
    sys.exit(not execute())
