"""Trainings in two processes; started by test_processes.py through torchrun and accelerate.

Each process writes what it saw to FOLDER/RANK.json.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from pdl.training import accuracy, fit
from pdl.training.devices import make_accelerator

from . import digits

RANK = int(os.environ.get("RANK", "0"))


def plain(**changes: Any) -> dict[str, Any]:
    """No batch normalization, no dropout, no augmentation: the parts are the whole."""
    model, history = digits.train(
        None,
        digits.net(seed=1 + RANK, plain=True),  # the first process's weights count
        augment=None,
        **({"patience": None} | changes),
    )
    weights = {name: each.tolist() for name, each in model.state_dict().items()}
    return {"history": digits.without_seconds(history), "weights": weights}


def with_running_means() -> dict[str, Any]:
    """Batch normalization and early stopping: the processes must agree when to stop.

    They would measure different things, each its own number; the first one's counts.
    """
    model, history = digits.train(metrics={"rank": lambda *_: torch.tensor(float(RANK))})
    buffers = {name: each.tolist() for name, each in model.named_buffers()}
    first = next(model.parameters()).tolist()
    return {
        "history": digits.without_seconds(history),
        "best_epoch": history.best_epoch,
        "buffers": buffers,
        "first": first,
    }


def unequal_last_batch() -> dict[str, Any]:
    """Seven images in batches of four: the last three cannot be shared, one is left out."""
    seen: list[int] = []
    drawn: list[float] = []

    def note(images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        seen.append(len(images))
        drawn.append(float(torch.rand(())))
        return images, labels

    model = digits.net(plain=True)
    rate = torch.optim.SGD(model.parameters(), lr=0.1)
    options: dict[str, Any] = {"batch_size": 4, "epochs": 1, "augment": note, "progress": False}
    loss = nn.functional.cross_entropy
    fit(model, digits.digits(0, 7), loss=loss, optimizer=rate, **options)
    return {"seen": seen, "drawn": drawn}


def more_processes(folder: Path) -> list[dict[str, float]]:
    """Go on where one process has taken a last batch that two cannot share."""
    return digits.without_seconds(digits.uneven(folder / "by-one.safetensors")[1])


def fewer_processes(folder: Path) -> None:
    """Leave a checkpoint from which one process is to go on, with a batch that two did not have."""
    with contextlib.suppress(digits.Broken):
        digits.uneven(folder / "by-two.safetensors", broken=True)


def stopped_in_one(folder: Path, where: str) -> dict[str, Any]:
    """Only the second process gets Ctrl-C, in a step or in the validation; all stop together."""
    calls = {"step": 0, "validation": 0}

    def maybe(place: str, number: int) -> None:
        calls[place] += 1
        if where == place and RANK == 1 and calls[place] == number:
            os.kill(os.getpid(), signal.SIGINT)

    def shift(images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        maybe("step", 8)
        return digits.shift(images, labels)

    def measure(logits: Tensor, labels: Tensor) -> Tensor:
        maybe("validation", 2)
        return accuracy(logits, labels)

    checkpoint = folder / f"{where}.safetensors"
    _, stopped = digits.train(checkpoint, augment=shift, metrics={"accuracy": measure})
    resumed, history = digits.train(checkpoint)
    return {
        "interrupted": stopped.interrupted,
        "epochs": len(stopped.epochs),
        "steps": calls["step"],
        "history": digits.without_seconds(history),
        "first": next(resumed.parameters()).tolist(),
    }


def main(folder: Path, what: str) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    accelerator = make_accelerator()
    report: dict[str, Any] = {"processes": accelerator.num_processes, "plain": plain()}
    if what == "all":
        report["bf16"] = plain(precision="bf16")["history"]
        report["means"] = with_running_means()
        report["last"] = unequal_last_batch()
        report["more"] = more_processes(folder)
        fewer_processes(folder)
        report["step"] = stopped_in_one(folder, "step")
        report["validation"] = stopped_in_one(folder, "validation")
    (folder / f"{RANK}.json").write_text(json.dumps(report))


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(Path(sys.argv[1]), sys.argv[2])
