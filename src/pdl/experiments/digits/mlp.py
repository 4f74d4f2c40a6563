"""The baselines on MNIST: a multi-layer perceptron, and softmax regression without any layer."""

from __future__ import annotations

from functools import partial

import numpy as np
from rich.progress import Progress

from pdl.experiments.digits.training import (
    SEEDS,
    Scores,
    correct_answers,
    describe_mnist,
    load_sets,
    run_recipes,
)
from pdl.experiments.registry import Outcome
from pdl.experiments.torch_trial import Recipe
from pdl.models import mlp

PERCEPTRON = Recipe(mlp, learning_rate=1e-3, batch_size=128, epochs=5)
SOFTMAX = Recipe(partial(mlp, hidden=()), learning_rate=1e-3, batch_size=128, epochs=5)


def run(seed: int, progress: Progress, seeds: int = SEEDS) -> Outcome:
    """Train both on all 60 000 images, with each of the seeds.

    Parameters
    ----------
    seed, progress
        The first of the seeds; see :class:`pdl.experiments.registry.Experiment`.
    seeds : int
        How many; fewer only to try it out.

    Returns
    -------
    Outcome
        Accuracies on the test images, their paired difference, and the seconds of training.
    """
    sets = load_sets()
    recipes = {"perceptron": PERCEPTRON, "softmax": SOFTMAX}
    found = run_recipes("mnist-mlp", recipes, range(seed, seed + seeds), load_sets, progress)
    scores, tables = Scores(), {}
    rows: list[dict[str, float]] = [{"seed": seed + each} for each in range(seeds)]
    for (name, recipe), prefix in zip(recipes.items(), ("", "softmax_"), strict=True):
        tables[name] = correct_answers(found[name], sets)
        scores.add(f"{prefix}test_accuracy", tables[name])
        seconds = [sum(epoch["seconds"] for epoch in each["history"]) for each in found[name]]
        scores.metrics[f"{prefix}training_seconds"] = round(float(np.mean(seconds)), 1)
        scores.metrics[f"{prefix}parameters"] = recipe.count_parameters()
        for row, correct in zip(rows, tables[name], strict=True):
            row[f"{prefix}test_accuracy"] = float(correct.mean())
    scores.gain("minus_softmax_test_accuracy", tables["perceptron"], tables["softmax"])
    return Outcome(
        scores.metrics,
        scores.intervals,
        data=describe_mnist(sets),
        details={
            "settings": {"model": PERCEPTRON.settings(), "softmax_model": SOFTMAX.settings()},
            "seeds": rows,
            "clock": "training_seconds is time on the wall, with one thread",
        },
        packages=("torch", "numpy"),
    )
