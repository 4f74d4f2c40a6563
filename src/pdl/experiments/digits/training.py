"""What the experiments on MNIST share: the images as tensors, their trainings, the scores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from rich.progress import Progress
from torch import nn
from torch.nn.functional import cross_entropy

from pdl.data.store.mnist import load_mnist, mnist_sha256
from pdl.experiments.digits.numpy_cnn_mnist import normalise
from pdl.experiments.resume import Found
from pdl.experiments.torch_trial import Recipe, train
from pdl.experiments.trial import Report, Trained, Trial, run_trials
from pdl.layers import softmax
from pdl.metrics import bootstrap_runs
from pdl.training import ArrayDataset, predict

SEEDS = 5
RESAMPLES = 2000
FIRST = 1000  # training images whose loss is read before the first step

Correct = NDArray[np.bool_]
"""For seeds (rows) and images (columns), whether the image was read rightly."""
Logits = NDArray[np.float32]
Keep = Callable[[Trained[nn.Module], Logits], Mapping[str, Any]]


class Sets(NamedTuple):
    """Images to train with and images to test with, as N×1×28×28 of mean 0 and deviation 1."""

    train: ArrayDataset
    test: ArrayDataset


@cache
def load_sets() -> Sets:
    """MNIST as it is: 60 000 images to train with, 10 000 to test with."""
    return Sets(*(as_dataset(*load_mnist(split)) for split in ("train", "test")))


def as_dataset(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> ArrayDataset:
    """Normalised images and their labels."""
    return ArrayDataset(normalise(images), labels.astype(np.int64))


def train_and_test(
    checkpoint: Path | None,
    report: Report = lambda part: None,
    *,
    recipe: Recipe,
    load: Callable[[], Sets],
    seed: int,
    keep: Keep = lambda trained, logits: {},
    resumable: bool = True,
) -> Found:
    """Train a network and let it read the test images.

    Parameters
    ----------
    checkpoint, report
        See :func:`pdl.experiments.torch_trial.train`.
    recipe : Recipe
    load : callable
        Gives the images, in the process that trains.
    seed : int
        Of the weights, the order and dropout.
    keep : callable
        Takes what was trained and the logits of the test images, float32 of shape (N, 10), and
        says what else is to be kept.
    resumable : bool
        Whether a killed training goes on from its checkpoint. It holds no losses: a training whose
        ``keep`` reads them begins anew.

    Returns
    -------
    dict
        ``answers`` to the test images, ``confidence`` (the probability that the network gives to
        its answer), ``history``, ``first_loss`` (before the first step) and what ``keep`` gives.
    """
    sets = load()
    model = recipe.first_model(seed)
    first = ArrayDataset(sets.train.images[:FIRST], sets.train.targets[:FIRST])
    first_loss = float(cross_entropy(*predict(model, first)))
    trained = train(
        recipe,
        model,
        sets.train,
        seed,
        test=sets.test,
        checkpoint=checkpoint if resumable else None,
        report=report,
    )
    logits = predict(trained.model, sets.test)[0].numpy()
    return {
        "answers": logits.argmax(axis=1).tolist(),
        "confidence": [round(float(each), 4) for each in softmax(logits).max(axis=1)],
        "first_loss": first_loss,
        "history": list(trained.history),
        **keep(trained, logits),
    }


def run_recipes(
    experiment: str,
    recipes: Mapping[str, Recipe],
    seeds: Iterable[int],
    load: Callable[[], Sets],
    progress: Progress,
    **options: Any,
) -> dict[str, list[Found]]:
    """Train by each recipe with each seed; one seed after the other, by all recipes.

    Parameters
    ----------
    experiment : str
        Its name.
    recipes : mapping of str to Recipe
    seeds : iterable of int
    load : callable
        As for :func:`train_and_test`.
    progress : Progress
        Gets a bar.
    options
        Passed on to :func:`train_and_test`.

    Returns
    -------
    dict of str to list
        By recipe, what was found with each seed.
    """
    images = [len(each) for each in load()]
    pairs = [(seed, name) for seed in seeds for name in recipes]
    trials = [
        Trial(
            f"{name} {seed}",
            {**recipes[name].settings(), "seed": seed, "images": images},
            partial(train_and_test, recipe=recipes[name], load=load, seed=seed, **options),
            work=recipes[name].epochs,
        )
        for seed, name in pairs
    ]
    found = dict(zip(pairs, run_trials(experiment, trials, progress), strict=True))
    return {name: [found[pair] for pair in pairs if pair[1] == name] for name in recipes}


def correct_answers(runs: Sequence[Found], sets: Sets) -> Correct:
    """Which test images (columns) each run (row) reads rightly."""
    answers = np.array([run["answers"] for run in runs])
    return np.asarray(answers == sets.test.targets.numpy())


def by_seed(seed: int, runs: Sequence[Found], correct: Correct) -> list[dict[str, Any]]:
    """The record's entry for each run, of which the first has the seed given."""
    return [
        {"seed": seed + number, "test_accuracy": float(row.mean()), "history": run["history"]}
        for number, (run, row) in enumerate(zip(runs, correct, strict=True))
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

    def gain(self, name: str, better: Correct, worse: Correct) -> None:
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
