"""What the experiments on MNIST share: the images as tensors, one training, the scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from rich.progress import Progress, TaskID
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from pdl.data.store.mnist import load_mnist, mnist_sha256
from pdl.experiments.digits.numpy_cnn_mnist import normalise
from pdl.experiments.resume import Found, once
from pdl.layers import softmax
from pdl.metrics import bootstrap_runs
from pdl.training import ArrayDataset, History, accuracy, fit, predict

SEEDS = 5
RESAMPLES = 2000

Right = NDArray[np.bool_]


class Sets(NamedTuple):
    """Images to train with and images to test with, as N×1×28×28 of mean 0 and deviation 1."""

    train: ArrayDataset
    test: ArrayDataset


@dataclass(frozen=True)
class Recipe:
    """How a network is made and trained.

    Attributes
    ----------
    build : callable
        Makes the network; its weights come from PyTorch's generator.
    learning_rate : float
        Of Adam.
    batch_size, epochs : int
    schedule : callable, optional
        See :func:`pdl.training.fit`.
    watch : bool
        Whether the test images are read after each epoch too; nothing is chosen by that.
    """

    build: Callable[[], nn.Module]
    learning_rate: float
    batch_size: int
    epochs: int
    schedule: Callable[[float], float] | None = None
    watch: bool = False

    def settings(self) -> dict[str, Any]:
        """What JSON can say of it."""
        model = str(self.build())
        names = ("learning_rate", "batch_size", "epochs", "watch")
        found = {name: getattr(self, name) for name in names}
        schedule = self.schedule
        function = schedule.func if isinstance(schedule, partial) else schedule
        return {"model": model, **found, "schedule": getattr(function, "__name__", None)}


class Trained(NamedTuple):
    """A trained network.

    Attributes
    ----------
    logits : ndarray of float32, shape (N, 10)
        Of the test images.
    history : list of dict
        See :class:`pdl.training.History`; empty if the loss became infinite or NaN, which ended
        the training.
    losses : list of float
        Of each batch; without those from before a kill.
    first_loss : float
        That of the first 1000 training images before the first step.
    model : torch.nn.Module
        In evaluation mode.
    """

    logits: NDArray[np.float32]
    history: list[dict[str, float]]
    losses: list[float]
    first_loss: float
    model: nn.Module


def load_sets() -> Sets:
    """MNIST as it is: 60 000 images to train with, 10 000 to test with."""
    return Sets(*(as_dataset(*load_mnist(split)) for split in ("train", "test")))


def as_dataset(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> ArrayDataset:
    """Normalised images and their labels."""
    return ArrayDataset(normalise(images), labels.astype(np.int64))


def training(
    recipe: Recipe,
    sets: Sets,
    seed: int,
    checkpoint: Path | None = None,
    shown: Callable[[float], Any] = lambda done: None,
) -> Trained:
    """Train a network and let it read the test images.

    Parameters
    ----------
    recipe, sets
        What and on what.
    seed : int
        Of the weights, the order and dropout.
    checkpoint : Path, optional
        See :func:`pdl.training.fit`.
    shown : callable
        Told the part that is done, 0…1, before each step.
    """
    torch.manual_seed(seed)
    # Channels last is only another order in memory, and quicker on a CPU.
    model = recipe.build().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    begin = ArrayDataset(sets.train.images[:1000], sets.train.targets[:1000])
    first_loss = float(cross_entropy(*predict(model, begin)))

    losses: list[float] = []

    def loss(logits: Tensor, labels: Tensor) -> Tensor:
        mean = cross_entropy(logits, labels)
        if mean.requires_grad:
            losses.append(float(mean.detach()))
        return mean

    def schedule(done: float) -> float:
        shown(done)
        return 1.0 if recipe.schedule is None else recipe.schedule(done)

    try:
        history = fit(
            model,
            sets.train,
            loss=loss,
            optimizer=torch.optim.Adam(model.parameters(), recipe.learning_rate, fused=True),
            epochs=recipe.epochs,
            batch_size=recipe.batch_size,
            validation=sets.test if recipe.watch else None,
            metrics={"accuracy": accuracy},
            schedule=schedule,
            checkpoint=checkpoint,
            seed=seed,
            progress=False,
        )
    except FloatingPointError:
        history = History([], interrupted=False, best_epoch=None)
    if history.interrupted:
        raise KeyboardInterrupt
    return Trained(predict(model, sets.test)[0].numpy(), history.epochs, losses, first_loss, model)


def train_once(
    folder: Path,
    part: str,
    recipe: Recipe,
    sets: Sets,
    seed: int,
    progress: Progress,
    bar: TaskID,
    more: Callable[[Trained], Mapping[str, Any]] = lambda trained: {},
) -> Found:
    """Train unless an earlier run has; see :func:`pdl.experiments.resume.once`.

    Parameters
    ----------
    folder, part
        Where it is kept, and under which name.
    recipe, sets, seed
        As for :func:`training`.
    progress, bar
        The bar goes on by one.
    more : callable
        What else is to be kept of the trained network.

    Returns
    -------
    dict
        ``answers`` to the test images, ``confidence`` (the probability that the network gives to
        its answer), ``history``, ``first_loss`` and what ``more`` gives.
    """
    already = progress.tasks[bar].completed
    progress.update(bar, description=part)

    def compute(checkpoint: Path) -> Found:
        trained = training(
            recipe,
            sets,
            seed,
            checkpoint,
            shown=lambda done: progress.update(bar, completed=already + done),
        )
        confidence = softmax(trained.logits).max(axis=1)
        return {
            "answers": trained.logits.argmax(axis=1).tolist(),
            "confidence": [round(float(each), 4) for each in confidence],
            "first_loss": trained.first_loss,
            "history": trained.history,
            **more(trained),
        }

    settings = {**recipe.settings(), "seed": seed, "images": [len(each) for each in sets]}
    found = once(folder, part, settings, compute)
    progress.update(bar, completed=already + 1)
    return found


def right_of(runs: Sequence[Found], sets: Sets) -> Right:
    """Which test images (columns) each run (row) reads rightly."""
    answers = np.array([run["answers"] for run in runs])
    return np.asarray(answers == sets.test.targets.numpy())


def by_seed(seed: int, runs: Sequence[Found], right: Right) -> list[dict[str, Any]]:
    """The record's entry for each run, of which the first has the seed given."""
    return [
        {"seed": seed + number, "test_accuracy": float(row.mean()), "history": run["history"]}
        for number, (run, row) in enumerate(zip(runs, right, strict=True))
    ]


def share_with_interval(table: ArrayLike) -> tuple[float, list[float]]:
    """Mean of a table (seeds × images) and its 95 % interval, rounded to six digits."""
    found = bootstrap_runs(table, resamples=RESAMPLES)
    return round(found.mean, 6), [round(found.low, 6), round(found.high, 6)]


class Scores:
    """Collects shares with their intervals under the names that the record has."""

    def __init__(self) -> None:
        self.metrics: dict[str, float] = {}
        self.intervals: dict[str, list[float]] = {}

    def add(self, name: str, table: ArrayLike) -> None:
        """Add a mean over a table (seeds × images, or one row of seeds) with its interval."""
        self.metrics[name], self.intervals[name] = share_with_interval(table)

    def gain(self, name: str, better: Right, worse: Right) -> None:
        """Add the paired difference of two tables of right answers."""
        self.add(name, better.astype(float) - worse)


WATCHED = (
    "validation_… in the histories are the test images, read after each epoch; nothing was chosen "
    "by them"
)
"""The record's word on a recipe that watches."""


def describe_mnist(sets: Sets) -> dict[str, Any]:
    """The record's entry for the data."""
    sizes = {name: len(each) for name, each in sets._asdict().items()}
    return {"name": "MNIST", "sha256": mnist_sha256(), "sizes": sizes}
