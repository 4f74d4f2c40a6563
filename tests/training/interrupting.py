"""Trainings that wait for Ctrl-C at a named moment; run as a script by test_killed.py.

It says "ready", is sent the signal and then a line, and goes on: so the signal is there before
the next instruction, however slow the machine is.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pdl.training import accuracy, load_checkpoint

from . import digits


def wait() -> None:
    print("ready", flush=True)
    sys.stdin.readline()


class WaitingShift:
    """The augmentation, which waits in one step, once or twice; it counts the steps."""

    def __init__(self, step: int, times: int = 1) -> None:
        self.step, self.times, self.steps = step, times, 0

    def __call__(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        self.steps += 1
        if self.steps == self.step:
            for _ in range(self.times):
                wait()
                time.sleep(0.6)  # until a second signal is a second Ctrl-C
        return digits.shift(images, labels)


class WaitingAccuracy:
    """The metric, which waits when it is asked for the second time."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, logits: Tensor, labels: Tensor) -> Tensor:
        self.times += 1
        if self.times == 2:
            wait()
        return accuracy(logits, labels)


def run(folder: Path, name: str, whole: Any, **changes: Any) -> dict[str, Any]:
    """Train until Ctrl-C, then go on to the end."""
    checkpoint = folder / f"{name}.safetensors"
    model = digits.net()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    report: dict[str, Any] = {"raised": False}
    try:
        _, history = digits.train(checkpoint, model, optimizer=optimizer, **changes)
        report |= {"interrupted": history.interrupted, "epochs": len(history.epochs)}
    except KeyboardInterrupt:
        report["raised"] = True
    report["rate"] = optimizer.param_groups[0]["lr"]
    report["training_mode"] = model.training
    report["handler_restored"] = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    tensors, facts = load_checkpoint(checkpoint)
    report["stands"] = [facts["place"]["epoch"], facts["place"]["batch"]]
    report["saved_what_it_has"] = all(
        torch.equal(tensors[f"model.{name}"], each) for name, each in model.state_dict().items()
    )
    report["steps"] = getattr(changes.get("augment"), "steps", None)
    resumed, history = digits.train(checkpoint)
    report["same_weights"] = digits.same_weights(resumed, whole[0])
    report["same_history"] = digits.without_seconds(history) == digits.without_seconds(whole[1])
    return report


def main(folder: Path) -> None:
    # A job in the background begins with Ctrl-C ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    whole = digits.train()
    reports = {
        "in_a_step": run(folder, "step", whole, augment=WaitingShift(8)),
        "in_the_validation": run(
            folder, "validation", whole, metrics={"accuracy": WaitingAccuracy()}
        ),
        "twice": run(folder, "twice", whole, augment=WaitingShift(8, times=2)),
        "in_the_last_step": run(folder, "last", whole, augment=WaitingShift(digits.LAST * 5)),
    }
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    reports["ignored"] = run(folder, "ignored", whole, augment=WaitingShift(7))
    print(json.dumps(reports))


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(Path(sys.argv[1]))
