"""The baselines on MNIST: a multi-layer perceptron, and softmax regression without any layer."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from rich.progress import Progress

from pdl.experiments.digits.training import (
    SEEDS,
    Recipe,
    Scores,
    describe_mnist,
    load_sets,
    right_of,
    train_once,
)
from pdl.experiments.registry import Outcome
from pdl.experiments.resume import folder_of
from pdl.models import mlp

PERCEPTRON = Recipe(mlp, learning_rate=1e-3, batch_size=128, epochs=5)
SOFTMAX = Recipe(partial(mlp, hidden=()), learning_rate=1e-3, batch_size=128, epochs=5)


def run(seed: int, progress: Progress, seeds: int = SEEDS) -> Outcome:
    """Train both on all 60 000 images, with each of the seeds.

    Parameters
    ----------
    seed : int
        The first of the seeds.
    progress : Progress
        Shows how far it is.
    seeds : int
        How many; fewer only to try it out.

    Returns
    -------
    Outcome
        Accuracies on the test images, their paired difference, and the seconds of training.
    """
    sets = load_sets()
    folder = folder_of("mnist-mlp")
    bar = progress.add_task("training", total=2 * seeds)
    recipes = {"": PERCEPTRON, "softmax_": SOFTMAX}
    scores, tables = Scores(), {}
    rows: list[dict[str, float]] = [{"seed": seed + each} for each in range(seeds)]
    for name, recipe in recipes.items():
        runs = [
            train_once(folder, f"{name}seed {each}", recipe, sets, each, progress, bar)
            for each in range(seed, seed + seeds)
        ]
        tables[name] = right_of(runs, sets)
        scores.add(f"{name}test_accuracy", tables[name])
        seconds = [sum(epoch["seconds"] for epoch in run["history"]) for run in runs]
        scores.metrics[f"{name}training_seconds"] = round(float(np.mean(seconds)), 1)
        scores.metrics[f"{name}parameters"] = count_parameters(recipe)
        for row, right in zip(rows, tables[name], strict=True):
            row[f"{name}test_accuracy"] = float(right.mean())
    scores.gain("minus_softmax_test_accuracy", tables[""], tables["softmax_"])
    return Outcome(
        scores.metrics,
        scores.intervals,
        data=describe_mnist(sets),
        details={
            "settings": {name + "model": each.settings() for name, each in recipes.items()},
            "seeds": rows,
            "clock": "training_seconds is time on the wall, with one thread",
        },
        packages=("torch", "numpy"),
    )


def count_parameters(recipe: Recipe) -> int:
    """The numbers that the recipe's network learns."""
    model: Any = recipe.build()
    return sum(each.numel() for each in model.parameters())
