"""Measure how far the numbers that a chapter's trainings yield spread over seeds.

The chapter is run as it stands, once for each seed, all its assertions included. What it hands
over with ``viz.glue_range`` is written to ``data/results/trainings-WORD.json``, from which the text
of the chapter quotes the ranges.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from execute import ChapterFailed, console, kernel_environment, run_notebook
from myst_nb.core.read import myst_nb_reader_plugin
from nbformat import NotebookNode
from paths import chapter_files

from pdl.results import RESULTS, make_record, write_record

SEEDS = range(0, 1000, 100)
"""A hundred apart, since a chapter trains with several seeds in a row, counted from this one."""
TENSORFLOW = "tensorflow" if sys.platform == "darwin" else "tensorflow-cpu"
PACKAGES = ("numpy", "scikit-learn", "torch", "keras", TENSORFLOW)


def yielded(notebook: NotebookNode) -> dict[str, float]:
    """What the trainings of an executed chapter handed over, by its keys."""
    found = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            handed = output.get("metadata", {}).get("scrapbook", {})
            if "value" in handed:
                found[handed["name"]] = float(handed["value"])
    return found


def measure(path: Path, seeds: range = SEEDS, workers: int = 1) -> None:
    """Run a chapter with each seed and write its record.

    Parameters
    ----------
    path : Path
        The chapter.
    seeds : range
        Each becomes ``PDL_SEED`` of one run.
    workers : int
        Runs at once.

    Raises
    ------
    ChapterFailed
        If a cell raises with one of the seeds: then what it asserts is luck. Nothing is written.
    """
    word = path.stem.partition("_")[2]
    record = RESULTS / f"trainings-{word}.json"
    if not record.exists():  # the chapter reads it, and checks nothing against it in these runs
        record.write_text('{"values": {}}', "utf8")
    environment = {**kernel_environment(), "PDL_BUILD": "spreads"}

    failures = []

    def run(seed: int) -> dict[str, float]:
        notebook = myst_nb_reader_plugin(str(path))
        try:
            seconds = run_notebook(notebook, path, {**environment, "PDL_SEED": str(seed)})
        except ChapterFailed as failure:
            console.print(f"  {path.stem:<22} seed {seed:<4} FAILED", style="bold red")
            failures.append(f"PDL_SEED={seed}: {failure}")
            return {}
        console.print(f"  {path.stem:<22} seed {seed:<4} {seconds:5.1f} s")
        return yielded(notebook)

    started = time.perf_counter()
    try:
        with ThreadPoolExecutor(workers) as pool:
            runs = list(pool.map(run, seeds))
    finally:
        shutil.rmtree(environment["PDL_HOME"], ignore_errors=True)
    if failures:
        raise ChapterFailed("\n".join(failures))
    values = {key: [float(f"{each[key]:.6g}") for each in runs] for key in runs[0]}
    write_record(
        make_record(
            record.stem,
            {key.replace("-", "_"): float(np.mean(of_key)) for key, of_key in values.items()},
            details={"seeds": list(seeds), "values": values},
            seed=seeds[0],
            profile="quick",
            packages=PACKAGES,
            seconds=time.perf_counter() - started,
            command=f"python book/tools/spreads.py {path.stem[:2]}",
        ),
        record,
    )


def main() -> int:
    """Measure the chapters asked for; the exit status is 0 only if every run went well."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("chapters", nargs="+", help="for instance 07 08")
    parser.add_argument("--workers", type=int, default=1, help="runs at once")
    arguments = parser.parse_args()
    for wanted in arguments.chapters:
        for path in chapter_files(wanted):
            try:
                measure(path, workers=arguments.workers)
            except ChapterFailed as failure:
                console.print(str(failure), markup=False)
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
