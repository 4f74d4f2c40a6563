"""Kill a training at many moments and go on each time; run as a script by test_killed.py.

Every training is a process of its own, forked before PyTorch has computed anything, so that the
import is paid once. The tracer counts the lines of `pdl.training` that run, and those of the
writing of files: the same moment is the same line in the same step on each machine.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from safetensors.torch import load_file, save_file

import pdl._files
import pdl.training
from pdl.training import load_checkpoint

from . import digits

PACKAGE = (str(Path(pdl.training.__file__).parent), str(pdl._files.__file__))


def in_child(work: Callable[[], None]) -> int:
    """Run it in a forked process; return the status as `os.waitpid` gives it."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            sys.stderr.flush()
            os._exit(code)
    return os.waitpid(child, 0)[1]


def train_and_write(checkpoint: Path | None, result: Path) -> None:
    """The whole training, or the rest of it."""
    model, history = digits.train(checkpoint)
    facts = [digits.without_seconds(history), history.best_epoch, history.interrupted]
    save_file(model.state_dict(), result, {"history": json.dumps(facts)})


def count_lines(act: Callable[[int, str, str], None]) -> None:
    """From now on call ``act`` with number, function and place of each line of the package."""
    number = 0

    def line(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal number
        if event == "line":
            number += 1
            code = frame.f_code
            act(number, code.co_name, f"{Path(code.co_filename).name}:{frame.f_lineno}")
        return line

    def call(frame: FrameType, event: str, _: Any) -> Any:
        return line if frame.f_code.co_filename.startswith(PACKAGE) else None

    sys.settrace(call)


def killed_at(moment: int, checkpoint: Path, result: Path, where: Path) -> int:
    """Train until line number ``moment``, and die there as from ``kill -9``."""

    def act(number: int, function: str, place: str) -> None:
        if number == moment:
            where.write_text(f"{function} {place}")
            os.kill(os.getpid(), signal.SIGKILL)

    def work() -> None:
        count_lines(act)
        train_and_write(checkpoint, result)

    return in_child(work)


def stands(checkpoint: Path) -> list[int] | None:
    """Epoch and batch of a checkpoint, which must be whole."""
    if not checkpoint.exists():
        return None
    place = load_checkpoint(checkpoint)[1]["place"]
    return [place["epoch"], place["batch"]]


def compare(reference: Path, result: Path) -> dict[str, bool]:
    from safetensors import safe_open

    texts = []
    for path in (reference, result):
        with safe_open(path, "pt") as opened:
            texts.append(opened.metadata()["history"])
    weights = digits.same_weights(load_file(reference), load_file(result))
    return {"same_weights": weights, "same_history": texts[0] == texts[1]}


def main(folder: Path) -> None:
    import torch._dynamo  # noqa: F401 (the optimizers need it: imported once for all)

    reference, lines = folder / "reference", folder / "lines"

    def count() -> None:
        seen: list[tuple[str, str]] = []
        count_lines(lambda number, function, place: seen.append((function, place)))
        train_and_write(folder / "counted.safetensors", reference)
        lines.write_text(json.dumps(seen))

    assert in_child(count) == 0
    seen = json.loads(lines.read_text())
    draw = random.Random(0)
    # Any line; and each line of the writing of a checkpoint when it is run for the third time.
    occurrences: dict[str, list[int]] = {}
    for number, (function, place) in enumerate(seen, 1):
        if function in ("save_checkpoint", "write_together"):
            occurrences.setdefault(place, []).append(number)
    anywhere = sorted(draw.sample(range(1, len(seen) + 1), 8))
    reports = []
    for number, moment in enumerate(anywhere + [each[2] for each in occurrences.values()]):
        checkpoint, result = folder / f"{number}.safetensors", folder / f"{number}.result"
        where = folder / f"{number}.where"
        status = killed_at(moment, checkpoint, result, where)
        report: dict[str, Any] = {"killed": os.WIFSIGNALED(status), "at": where.read_text()}
        report["stood"] = stands(checkpoint)
        if moment in anywhere:  # and a second time, on the way
            killed_at(draw.randrange(1, len(seen) - moment + 2), checkpoint, result, where)
        assert in_child(lambda: train_and_write(checkpoint, result)) == 0  # noqa: B023
        report |= compare(reference, result)
        report["left"] = [each.name for each in folder.glob(f".{checkpoint.name}.*")]
        reports.append(report)

    # And from outside, by the clock.
    checkpoint, result, kills = folder / "outside.safetensors", folder / "outside.result", 0
    for _ in range(4):
        child = os.fork()
        if child == 0:
            train_and_write(checkpoint, result)
            os._exit(0)
        time.sleep(draw.uniform(0.05, 0.25))
        os.kill(child, signal.SIGKILL)
        kills += os.WIFSIGNALED(os.waitpid(child, 0)[1])
    assert in_child(lambda: train_and_write(checkpoint, result)) == 0
    reports.append({"killed": True, "at": f"{kills} times", "stood": None, "left": []})
    reports[-1] |= compare(reference, result)
    print(json.dumps(reports))


if __name__ == "__main__":
    # A killed process loses nothing that the system has taken; the disk is for a lost power.
    os.fsync = lambda _: None
    torch.set_num_threads(1)
    main(Path(sys.argv[1]))
