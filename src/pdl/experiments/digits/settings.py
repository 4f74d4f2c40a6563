"""What each setting of a training does, over five seeds, on a tenth of MNIST.

The network has 8 and 16 maps and 64 hidden units, and sees 6 000 images five times. It is read on
10 000 other images of the training set, so that the test images choose nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from rich.progress import Progress
from torch import nn

from pdl.data.store.mnist import load_mnist, mnist_sha256
from pdl.experiments.digits.ensemble import add_ensemble
from pdl.experiments.digits.training import (
    SEEDS,
    Correct,
    Logits,
    Scores,
    Sets,
    as_dataset,
    correct_answers,
    run_recipes,
)
from pdl.experiments.digits.varied_cnn import FIRST_WEIGHTS, network
from pdl.experiments.registry import Outcome
from pdl.experiments.resume import Found
from pdl.experiments.torch_trial import Recipe
from pdl.experiments.trial import Trained

IMAGES, VALIDATION = 6_000, 10_000
CURVE_POINTS = 60
RATES = (3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1)
BATCH_SIZES = (10, 32, 100, 320, 1000)
CHANNELS = ((1, 2), (2, 4), (4, 8), (8, 16), (16, 32))
DROPOUTS = (0.0, 0.25, 0.5)
NORMALISED_RATES = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
BASE = Recipe(network, learning_rate=1e-3, batch_size=100, epochs=5)


def load_subsets() -> Sets:
    """A part of the training images to learn from, and another one that is read."""
    train = load_mnist("train")
    return Sets(
        as_dataset(train.images[:IMAGES], train.labels[:IMAGES]),
        as_dataset(train.images[-VALIDATION:], train.labels[-VALIDATION:]),
    )


def curve_and_logits(trained: Trained[nn.Module], logits: Logits) -> Found:
    """The loss in equal parts of the training, None where it was over, and the logits."""
    points = min(CURVE_POINTS, len(trained.losses))
    means = [part.mean() for part in np.array_split(trained.losses, points)]
    return {
        "curve": [None if np.isnan(each) else round(float(each), 4) for each in means],
        "logits": [[round(float(each), 3) for each in row] for row in logits],
    }


def with_network(recipe: Recipe, **settings: Any) -> Recipe:
    """The recipe for a network with other settings, see :func:`network`."""
    return replace(recipe, build=partial(network, **settings))


def variations(base: Recipe) -> dict[str, list[Recipe]]:
    """The recipes that differ from one in a single setting; those with dropout train longer."""
    longer = replace(base, epochs=2 * base.epochs)
    at_rates = [replace(base, learning_rate=each) for each in NORMALISED_RATES]
    return {
        "batch_size": [replace(base, batch_size=each) for each in BATCH_SIZES],
        "channels": [with_network(base, channels=each) for each in CHANNELS],
        "first_weights": [with_network(base, first_weights=each) for each in FIRST_WEIGHTS],
        "dropout": [with_network(longer, dropout=each, hidden=256) for each in DROPOUTS],
        "batch_norm": [with_network(each, batch_norm=True) for each in at_rates],
    }


def run(seed: int, progress: Progress, seeds: int = SEEDS, base: Recipe = BASE) -> Outcome:
    """Sweep the learning rate; then, at the best one, batch size, kernels, first weights, and more.

    Parameters
    ----------
    seed, progress
        The first of the seeds; see :class:`pdl.experiments.registry.Experiment`.
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
    sets = load_subsets()

    def train(groups: Mapping[str, Sequence[Recipe]]) -> dict[str, list[list[Found]]]:
        """By group, for each recipe, one training a seed."""
        recipes = {
            f"{name} {number}": each
            for name, group in groups.items()
            for number, each in enumerate(group)
        }
        found = run_recipes(
            "mnist-settings",
            recipes,
            range(seed, seed + seeds),
            load_subsets,
            progress,
            keep=curve_and_logits,
            resumable=False,
        )
        return {
            name: [found[f"{name} {number}"] for number in range(len(group))]
            for name, group in groups.items()
        }

    def correct(runs: Sequence[Found]) -> Correct:
        return correct_answers(runs, sets)

    def summary(values: Sequence[Any], runs: Sequence[list[Found]]) -> dict[str, Any]:
        """Accuracy and last loss of each run, by the value of the setting."""
        return {
            "values": list(values),
            "accuracy": [[float(row.mean()) for row in correct(each)] for each in runs],
            "train_loss": [[run["curve"][-1] for run in each] for each in runs],
            "diverged": [sum(not run["history"] for run in each) for each in runs],
        }

    by_rate = train({"rate": [replace(base, learning_rate=each) for each in RATES]})["rate"]
    best = int(np.argmax([correct(each).mean() for each in by_rate]))
    at_best = replace(base, learning_rate=RATES[best])
    found = train(variations(at_best))

    scores = Scores()
    scores.metrics["best_learning_rate"] = RATES[best]
    scores.add("best_accuracy", correct(by_rate[best]))
    scores.gain("dropout_gain", correct(found["dropout"][-1]), correct(found["dropout"][0]))
    best_normalised = max(map(correct, found["batch_norm"]), key=np.mean)
    scores.gain("batch_norm_gain", best_normalised, correct(by_rate[best]))
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
            "settings": {**at_best.settings(), "seeds": seeds},
            "learning_rate": {
                **summary(RATES, by_rate),
                "steps": [round((p + 0.5) * steps / points) for p in range(points)],
                "curves": [mean_curve(each) for each in by_rate],
                "epochs": base.epochs,
            },
            "batch_size": summary(BATCH_SIZES, found["batch_size"]),
            "kernels": summary([list(each) for each in CHANNELS], found["channels"]),
            "dropout": {
                **summary(DROPOUTS, found["dropout"]),
                "epochs": 2 * base.epochs,
                "hidden": 256,
            },
            "batch_norm": {
                "rates": NORMALISED_RATES,
                "off": summary(NORMALISED_RATES, plain)["accuracy"],
                "on": summary(NORMALISED_RATES, found["batch_norm"])["accuracy"],
            },
            "initialization": summary(FIRST_WEIGHTS, found["first_weights"]),
        },
        packages=("torch", "numpy"),
    )


def mean_curve(runs: Sequence[Found]) -> list[float | None]:
    """The loss over the training, a mean over the seeds; None where one of them was over."""
    return [
        None if None in values else round(float(np.mean(values)), 4)
        for values in zip(*(run["curve"] for run in runs), strict=True)
    ]
