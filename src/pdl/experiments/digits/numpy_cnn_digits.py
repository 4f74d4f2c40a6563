"""A convolutional network, in NumPy, that reads scikit-learn's small handwritten digits.

Chapter 6 trains it once, on one split. How much of its accuracy is that split's luck, and how
much the seed's? Here it is trained on ten splits, and with five seeds on one of them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray
from rich.progress import Progress
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from pdl.experiments.numpy_trial import shuffled_batches
from pdl.experiments.registry import Outcome
from pdl.experiments.resume import Found
from pdl.experiments.trial import Report, Trial, run_trials
from pdl.layers import (
    Adam,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
    Sequential,
    SoftmaxCrossEntropy,
)
from pdl.results import pixels_sha256

Images = NDArray[np.float32]
Classes = NDArray[np.int64]

HELD_OUT = 450
SPLITS = 10
SEEDS = 5
EPOCHS = 20
BATCH = 64
LEARNING_RATE = 4e-3


class Digits(NamedTuple):
    """Digits to learn from, and digits held out.

    Attributes
    ----------
    train_x, test_x : ndarray of float32, shape (1347, 1, 8, 8) and (450, 1, 8, 8)
        Ink, 0…1.
    train_y, test_y : ndarray of int64, shape (1347,) and (450,)
        The classes, 0…9.
    """

    train_x: Images
    test_x: Images
    train_y: Classes
    test_y: Classes


def split_digits(seed: int) -> Digits:
    """Split the digits by chance, with the same share of each class in both parts."""
    digits = load_digits()
    images = (digits.images[:, np.newaxis] / 16).astype(np.float32)
    return Digits(
        *train_test_split(
            images, digits.target, test_size=HELD_OUT, stratify=digits.target, random_state=seed
        )
    )


def build_network(seed: int, drop: float = 0.3, dtype: DTypeLike = np.float32) -> Sequential:
    """Two convolutions with batch norm, one max pooling, dropout, one linear layer."""
    rng = np.random.default_rng(seed)
    return Sequential(
        Conv2d(1, 12, 3, padding=1, rng=rng, dtype=dtype),
        BatchNorm2d(12, dtype=dtype),
        ReLU(),
        Conv2d(12, 24, 3, padding=1, rng=rng, dtype=dtype),
        BatchNorm2d(24, dtype=dtype),
        ReLU(),
        MaxPool2d(2),
        Flatten(),
        Dropout(drop, rng),
        Linear(24 * 16, 10, rng=rng, dtype=dtype),
    )


def nudge(batch: Images, rng: np.random.Generator) -> Images:
    """Move each image by −1, 0 or 1 pixels each way, every second time."""
    padded = np.pad(batch, [(0, 0), (0, 0), (1, 1), (1, 1)])
    corner = np.where(rng.random((len(batch), 1)) < 0.5, 1, rng.integers(0, 3, (len(batch), 2)))
    return np.stack(
        [image[:, r : r + 8, c : c + 8] for image, (r, c) in zip(padded, corner, strict=True)]
    )


def train(
    seed: int,
    images: Images,
    labels: Classes,
    epochs: int = EPOCHS,
    after_epoch: Callable[[Sequential], Any] = lambda model: None,
) -> Sequential:
    """Train a network; its learning rate falls to zero along a line.

    Parameters
    ----------
    seed : int
        Of the weights, of the order and of what is nudged and dropped.
    images, labels : ndarray, shape (N, 1, 8, 8) and (N,)
        To learn from.
    epochs : int
        How often each image is seen.
    after_epoch : callable
        Called with the model before the first epoch and after each.

    Returns
    -------
    Sequential
        In evaluation mode.
    """
    model, rng = build_network(seed), np.random.default_rng(seed)
    optimizer, loss = Adam(model, LEARNING_RATE), SoftmaxCrossEntropy()
    after_epoch(model)
    for epoch in range(epochs):
        for seen, batch in shuffled_batches(rng, len(images), BATCH):
            optimizer.learning_rate = LEARNING_RATE * (1 - (epoch + seen / len(images)) / epochs)
            loss(model(nudge(images[batch], rng)), labels[batch])
            model.backward(loss.backward())
            optimizer.step()
        after_epoch(model)
    model.eval()
    return model


def count_right(model: Sequential, images: Images, labels: Classes) -> int:
    """How many images have their largest logit at the true class."""
    return int((model(images).argmax(axis=1) == labels).sum())


def train_and_count(
    checkpoint: Path, report: Report, *, split: int, seed: int, epochs: int
) -> Found:
    """Train on one split; ``right`` says how many of the held-out digits are read rightly."""
    digits = split_digits(split)
    model = train(seed, digits.train_x, digits.train_y, epochs)
    return {"right": count_right(model, digits.test_x, digits.test_y)}


def run(
    seed: int,
    progress: Progress,
    splits: int = SPLITS,
    seeds: int = SEEDS,
    epochs: int = EPOCHS,
) -> Outcome:
    """Train on ten splits with one seed, and with five seeds on the first split.

    Parameters
    ----------
    seed, progress
        The first seed; see :class:`pdl.experiments.registry.Experiment`.
    splits, seeds, epochs : int
        Fewer only to try it out.

    Returns
    -------
    Outcome
        The share of held-out digits that are read rightly: over the splits and over the seeds.
    """
    pairs = [(split, seed) for split in range(splits)]
    pairs += [(0, seed + each) for each in range(1, seeds)]
    trials = [
        Trial(
            f"split {split} seed {each}",
            {"split": split, "seed": each, "epochs": epochs},
            partial(train_and_count, split=split, seed=each, epochs=epochs),
        )
        for split, each in pairs
    ]
    right = [found["right"] for found in run_trials("numpy-cnn-digits", trials, progress)]
    by_split, by_seed = right[:splits], [right[0], *right[splits:]]
    data = split_digits(0)
    return Outcome(
        metrics={
            "accuracy_over_splits": round(float(np.mean(by_split)) / HELD_OUT, 6),
            "fewest_right_over_splits": min(by_split),
            "most_right_over_splits": max(by_split),
            "fewest_right_over_seeds": min(by_seed),
            "most_right_over_seeds": max(by_seed),
        },
        intervals={},
        data={
            "name": "scikit-learn's digits, split 0",
            "sha256": pixels_sha256(data),
            "sizes": {"train": len(data.train_y), "held_out": len(data.test_y)},
        },
        details={"right_by_split": by_split, "right_by_seed": by_seed},
        packages=("numpy", "scikit-learn"),
    )
