"""What each setting of a training does, over five seeds, on a tenth of MNIST.

The network has 8 and 16 maps and 64 hidden units, and sees 6 000 images five times. It is read on
10 000 other images of the training set, so that the test images choose nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress, TaskID
from torch import nn

from pdl.data.store.mnist import load_mnist, mnist_sha256
from pdl.experiments.digits.training import (
    SEEDS,
    Recipe,
    Right,
    Scores,
    Sets,
    Trained,
    as_dataset,
    right_of,
    train_once,
)
from pdl.experiments.registry import Outcome
from pdl.experiments.resume import Found, folder_of
from pdl.layers import softmax
from pdl.models import small_cnn

IMAGES, VALIDATION = 6_000, 10_000
CURVE_POINTS = 60
RATES = (3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1)
BATCH_SIZES = (10, 32, 100, 320, 1000)
CHANNELS = ((1, 2), (2, 4), (4, 8), (8, 16), (16, 32))
DROPOUTS = (0.0, 0.25, 0.5)
NORMALISED_RATES = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
FIRST_WEIGHTS = ("N(0, 1)", "N(0, 0.01²)", "zeros", "Glorot", "He", "PyTorch's own")


def network(
    channels: Sequence[int] = (8, 16),
    hidden: int = 64,
    dropout: float = 0.0,
    batch_norm: bool = False,
    first_weights: str = FIRST_WEIGHTS[-1],
) -> nn.Sequential:
    """The small network, with batch normalization after each convolution if wished."""
    model = small_cnn(channels, hidden, dropout)
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            set_first_weights(layer, first_weights)
    if not batch_norm:
        return model
    layers: list[nn.Module] = []
    for layer in model:
        layers.append(layer)
        if isinstance(layer, nn.Conv2d):
            layers.append(nn.BatchNorm2d(layer.out_channels))
    return nn.Sequential(*layers)


def set_first_weights(layer: nn.Conv2d | nn.Linear, kind: str) -> None:
    """Draw the weights anew in one of the ways; biases become 0, except for PyTorch's own."""
    draw: dict[str, Callable[[Any], Any]] = {
        "N(0, 1)": nn.init.normal_,
        "N(0, 0.01²)": partial(nn.init.normal_, std=0.01),
        "zeros": nn.init.zeros_,
        "Glorot": nn.init.xavier_normal_,
        "He": partial(nn.init.kaiming_normal_, nonlinearity="relu"),
    }
    if kind in draw:
        draw[kind](layer.weight)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


BASE = Recipe(network, learning_rate=1e-3, batch_size=100, epochs=5)


class Sweep:
    """Trains each recipe with each seed, once."""

    def __init__(self, seeds: Sequence[int], sets: Sets, progress: Progress, bar: TaskID) -> None:
        self.seeds = seeds
        self.sets = sets
        self.shown = progress, bar
        self.folder = folder_of("mnist-settings")

    def train(self, part: str, recipe: Recipe) -> list[Found]:
        """One training a seed, with its loss curve and its logits."""
        steps = -(-len(self.sets.train) // recipe.batch_size) * recipe.epochs
        keep = partial(curve_and_logits, steps=steps)
        return [
            train_once(self.folder, f"{part} {each}", recipe, self.sets, each, *self.shown, keep)
            for each in self.seeds
        ]

    def table(self, runs: Sequence[Found]) -> Right:
        """Which validation images (columns) each run (row) reads rightly."""
        return right_of(runs, self.sets)

    def summary(self, values: Sequence[Any], runs: Sequence[list[Found]]) -> dict[str, Any]:
        """Accuracy and last loss of each run, by the value of the setting."""
        return {
            "values": list(values),
            "accuracy": [[float(row.mean()) for row in self.table(each)] for each in runs],
            "train_loss": [[run["curve"][-1] for run in each] for each in runs],
            "diverged": [sum(not run["history"] for run in each) for each in runs],
        }


def curve_and_logits(trained: Trained, steps: int) -> Found:
    """The loss in equal parts of the training, None where it was over, and the logits."""
    losses = np.full(steps, np.nan)
    losses[: len(trained.losses)] = trained.losses
    if not trained.history:
        losses[len(trained.losses) - 1 :] = np.nan  # the last one was not finite
    points = min(CURVE_POINTS, steps)
    means = [part.mean() for part in np.array_split(losses, points)]
    return {
        "curve": [None if np.isnan(each) else round(float(each), 4) for each in means],
        "logits": [[round(float(each), 3) for each in row] for row in trained.logits],
    }


def run(seed: int, progress: Progress, seeds: int = SEEDS, base: Recipe = BASE) -> Outcome:
    """Sweep the learning rate; then, at the best one, batch size, kernels, first weights, and more.

    Parameters
    ----------
    seed : int
        The first of the seeds.
    progress : Progress
        Shows how far it is.
    seeds : int
        How many; fewer only to try it out.
    base : Recipe
        What is varied; another only to try it out.

    Returns
    -------
    Outcome
        Accuracy on the validation images for each value of each setting, the paired gains of
        dropout and of batch normalization, and what an ensemble of the seeds is worth.
    """
    train = load_mnist("train")
    sets = Sets(
        as_dataset(train.images[:IMAGES], train.labels[:IMAGES]),
        as_dataset(train.images[-VALIDATION:], train.labels[-VALIDATION:]),
    )
    counts = (RATES, BATCH_SIZES, CHANNELS, DROPOUTS, NORMALISED_RATES, FIRST_WEIGHTS)
    bar = progress.add_task("training", total=sum(map(len, counts)) * seeds)
    sweep = Sweep(range(seed, seed + seeds), sets, progress, bar)
    scores = Scores()

    by_rate = [sweep.train(f"rate {each}", replace(base, learning_rate=each)) for each in RATES]
    best = int(np.argmax([sweep.table(each).mean() for each in by_rate]))
    scores.metrics["best_learning_rate"] = RATES[best]
    scores.add("best_accuracy", sweep.table(by_rate[best]))
    base = replace(base, learning_rate=RATES[best])

    def vary(setting: str, values: Sequence[Any], **more: Any) -> list[list[Found]]:
        return [
            sweep.train(
                f"{setting} {number}",
                replace(base, build=partial(network, **{setting: value}, **more)),
            )
            for number, value in enumerate(values)
        ]

    by_batch = [
        sweep.train(f"batch {each}", replace(base, batch_size=each)) for each in BATCH_SIZES
    ]
    by_channels = vary("channels", CHANNELS)
    by_weights = vary("first_weights", FIRST_WEIGHTS)
    longer, base = base, replace(base, epochs=2 * base.epochs)
    by_dropout = vary("dropout", DROPOUTS, hidden=256)
    base = longer
    normalised = [
        sweep.train(
            f"normalised {each}",
            replace(base, learning_rate=each, build=partial(network, batch_norm=True)),
        )
        for each in NORMALISED_RATES
    ]
    scores.gain("dropout_gain", sweep.table(by_dropout[-1]), sweep.table(by_dropout[0]))
    best_normalised = max((sweep.table(each) for each in normalised), key=np.mean)
    scores.gain("batch_norm_gain", best_normalised, sweep.table(by_rate[best]))
    add_ensemble(scores, by_rate[best], sets.test.targets.numpy())

    plain = [by_rate[RATES.index(each)] for each in NORMALISED_RATES]
    steps = -(-IMAGES // base.batch_size) * base.epochs
    points = min(CURVE_POINTS, steps)
    return Outcome(
        scores.metrics,
        scores.intervals,
        data={
            "name": "MNIST, the training images",
            "sha256": mnist_sha256(),
            "sizes": {"train": IMAGES, "validation": VALIDATION},
        },
        details={
            "settings": {**base.settings(), "seeds": seeds},
            "learning_rate": {
                **sweep.summary(RATES, by_rate),
                "steps": [round((p + 0.5) * steps / points) for p in range(points)],
                "curves": [mean_curve(each) for each in by_rate],
                "epochs": base.epochs,
            },
            "batch_size": sweep.summary(BATCH_SIZES, by_batch),
            "kernels": sweep.summary([list(each) for each in CHANNELS], by_channels),
            "dropout": {
                **sweep.summary(DROPOUTS, by_dropout),
                "epochs": 2 * base.epochs,
                "hidden": 256,
            },
            "batch_norm": {
                "rates": NORMALISED_RATES,
                "off": sweep.summary(NORMALISED_RATES, plain)["accuracy"],
                "on": sweep.summary(NORMALISED_RATES, normalised)["accuracy"],
            },
            "initialization": sweep.summary(FIRST_WEIGHTS, by_weights),
        },
        packages=("torch", "numpy"),
    )


def mean_curve(runs: Sequence[Found]) -> list[float | None]:
    """The loss over the training, a mean over the seeds; None where one of them was over."""
    return [
        None if None in values else round(float(np.mean(values)), 4)
        for values in zip(*(run["curve"] for run in runs), strict=True)
    ]


def add_ensemble(scores: Scores, runs: Sequence[Found], truth: NDArray[np.int64]) -> None:
    """What the mean of the networks' probabilities is worth, beside that of a single network.

    For the gain each network is left out in turn: the ensemble of the others against those others.
    """
    logits = np.array([run["logits"] for run in runs])
    members = np.array([softmax(each) for each in logits])
    right = members.argmax(axis=2) == truth
    arithmetic = _mean_right(members, truth)
    # The mean of the logits is the logarithm of the geometric mean, but for its normalization.
    geometric = _mean_right(logits, truth)
    scores.add("ensemble_accuracy", arithmetic[np.newaxis])
    scores.gain("geometric_minus_arithmetic", geometric[np.newaxis], arithmetic[np.newaxis])
    gains = [
        _mean_right(np.delete(members, out, axis=0), truth) - np.delete(right, out, axis=0).mean(0)
        for out in range(len(members))
    ]
    scores.add("ensemble_minus_mean_member", np.array(gains))


def _mean_right(members: NDArray[np.float64], truth: NDArray[np.int64]) -> Right:
    """Whether the largest mean over the members stands at the true digit."""
    return np.asarray(members.mean(axis=0).argmax(axis=1) == truth)
