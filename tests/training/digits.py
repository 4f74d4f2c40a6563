"""A small training on scikit-learn's digits, with all that must survive a crash."""

from __future__ import annotations

from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from pdl.training import ArrayDataset, History, accuracy, fit, one_cycle

EPOCHS, BATCH_SIZE, IMAGES = 6, 16, 72  # 5 batches an epoch, the last of 8 images
BEST, LAST = 3, 5  # with early stopping, which the wrong labels bring about


@cache
def _all() -> tuple[np.ndarray, np.ndarray]:
    # Read without importing scikit-learn, which takes as long as all the training.
    (package,) = find_spec("sklearn").submodule_search_locations  # type: ignore[union-attr]
    table = np.loadtxt(Path(package, "datasets", "data", "digits.csv.gz"), delimiter=",")
    images, labels = table[:, :-1], table[:, -1]
    return (images / 16).reshape(-1, 1, 8, 8).astype(np.float32), labels.astype(np.int64)


def digits(first: int = 0, last: int = IMAGES) -> ArrayDataset:
    """Some of the 8×8 images, 0…1, and their labels."""
    images, labels = _all()
    return ArrayDataset(images[first:last], labels[first:last])


def validation() -> ArrayDataset:
    """Every second label is wrong, so that the loss soon rises again."""
    data = digits(1000, 1040)
    data.targets = (data.targets + (torch.arange(40) % 2 == 0)) % 10
    return data


def net(seed: int = 1, *, plain: bool = False) -> nn.Sequential:
    """Convolution, batch normalization and dropout; a ``plain`` one has only the convolution."""
    torch.manual_seed(seed)
    extra: list[nn.Module] = [] if plain else [nn.BatchNorm2d(4)]
    late: list[nn.Module] = [] if plain else [nn.Dropout(0.3)]
    layers = [nn.Conv2d(1, 4, 3, padding=1), *extra, nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
    return nn.Sequential(*layers, *late, nn.Linear(64, 10))


def shift(images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Move the batch by chance, from PyTorch's generator, and add noise."""
    step = int(torch.randint(-1, 2, ()))
    return images.roll(step, dims=3) + 0.05 * torch.randn(images.shape), labels


def train(
    checkpoint: Path | None = None, model: nn.Module | None = None, **changes: Any
) -> tuple[nn.Module, History]:
    """Dropout, Adam, augmentation, schedule, early stopping; two steps between checkpoints."""
    model = net() if model is None else model
    options: dict[str, Any] = {
        "loss": cross_entropy,
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.05),
        "epochs": EPOCHS,
        "batch_size": BATCH_SIZE,
        "validation": validation(),
        "metrics": {"accuracy": accuracy},
        "schedule": partial(one_cycle, warm_up=0.4),
        "augment": shift,
        "patience": 2,
        "checkpoint": checkpoint,
        "checkpoint_every": 2,
        "progress": False,
        "device": "cpu",
    }
    history = fit(model, digits(), **(options | changes))
    return model, history


class Broken(Exception):
    """What ends a training between two epochs."""


def uneven(checkpoint: Path | None, *, broken: bool = False) -> tuple[nn.Module, History]:
    """65 images in batches of 64: the last image has a batch of its own, or none in two processes.

    A broken training ends in the first validation, after the checkpoint of the last batch.
    """

    def measure(logits: Tensor, labels: Tensor) -> Tensor:
        if broken:
            raise Broken
        return accuracy(logits, labels)

    model = net(plain=True)
    history = fit(
        model,
        digits(0, 65),
        loss=cross_entropy,
        optimizer=torch.optim.Adam(model.parameters(), lr=0.05),
        epochs=2,
        batch_size=64,
        validation=validation(),
        metrics={"accuracy": measure},
        checkpoint=checkpoint,
        checkpoint_every=1,
        progress=False,
        device="cpu",
    )
    return model, history


def same_weights(one: nn.Module | dict[str, Tensor], other: nn.Module | dict[str, Tensor]) -> bool:
    """Bit for bit, running means included."""
    first, second = (
        each.state_dict() if isinstance(each, nn.Module) else each for each in (one, other)
    )
    return first.keys() == second.keys() and all(
        torch.equal(first[name], second[name]) for name in first
    )


def without_seconds(history: History) -> list[dict[str, float]]:
    """The rows, but for the time taken."""
    return [{name: row[name] for name in row if name != "seconds"} for row in history.epochs]
