"""What the measurements of speed share: who takes turns, which turn counts, and the record."""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pdl.results import ROOT, make_record, write_record

Key = TypeVar("Key", bound=Hashable)

SECONDS_A_TURN = 0.01  # a quick call is repeated for so long, as a clock has its steps


def best_times(
    calls: Mapping[Key, Callable[[], object]],
    rounds: int,
    most_rounds: Callable[[Key], int | None] = lambda _: None,
) -> dict[Key, float]:
    """Time calls against each other: all take turns, and the best turn of each counts.

    Processor time is taken, not the time on the wall, and the turns alternate, so that whatever
    else the machine does disturbs little, and all alike.

    Parameters
    ----------
    calls : mapping of key to callable
        Without arguments. Each is called once beforehand, untimed, which also warms it up.
    rounds : int
        How many turns each gets.
    most_rounds : callable
        Of a key: fewer rounds, for a call that takes long enough to be timed well in a few.

    Returns
    -------
    dict of key to float
        Seconds of one call, in the best turn.
    """
    repeats = {}
    for key, call in calls.items():
        call()
        repeats[key] = max(1, round(SECONDS_A_TURN / max(_seconds(call, 1), 1e-9)))
    best = dict.fromkeys(calls, float("inf"))
    for turn in range(rounds):
        for key, call in calls.items():
            if turn < (most_rounds(key) or rounds):
                best[key] = min(best[key], _seconds(call, repeats[key]))
    return best


def _seconds(call: Callable[[], object], repeats: int) -> float:
    """Processor time of one call, the mean of some."""
    start = time.process_time()
    for _ in range(repeats):
        call()
    return (time.process_time() - start) / repeats


def rounded(number: float) -> float:
    """Three digits: no time is measured better."""
    return float(f"{number:.3g}")


def speed_parser(description: str, name: str, rounds: int) -> argparse.ArgumentParser:
    """The options that all have: how many rounds, the seed, and where the record goes."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument(
        "--rounds", type=positive, default=rounds, help=f"best of so many (default {rounds})"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=ROOT / "data" / "results" / f"{name}.json")
    return parser


def positive(text: str) -> int:
    """An option that counts something."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or greater")
    return number


def write_speeds(
    name: str,
    metrics: Mapping[str, float],
    rows: Sequence[Mapping[str, Any]],
    arguments: argparse.Namespace,
    packages: Sequence[str],
    start: float,
) -> None:
    """Write the record of a measurement that began at ``start`` of ``time.perf_counter``."""
    record = make_record(
        name,
        metrics,
        details={"measurements": rows, "rounds": arguments.rounds},
        seed=arguments.seed,
        packages=packages,
        seconds=time.perf_counter() - start,
        command=shlex.join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *sys.argv[1:]]),
    )
    write_record(record, arguments.output)
