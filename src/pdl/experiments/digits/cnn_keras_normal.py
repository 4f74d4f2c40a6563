"""The TensorFlow recipe of chapter 7 with its N(0, 1) weights, at its rate and at a tenth of it.

Its source says that a lower rate would not have reached such an accuracy in 20 epochs. Network,
batches and images are those of :mod:`pdl.experiments.digits.cnn_keras`, the values from 0 to 1 as
in the recipe. The two trainings differ in Adam's rate alone.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress

from pdl.experiments.digits import cnn_keras as mnist_cnn_keras
from pdl.experiments.digits.cnn_keras import (
    CLOCK,
    RECIPE_EPOCHS,
    describe,
    load_parts,
    train_keras,
)
from pdl.experiments.registry import Outcome
from pdl.experiments.trial import Trial, run_trials
from pdl.metrics import wilson_interval
from pdl.models.keras._tensorflow import keras

SETTINGS: dict[str, Any] = {
    **mnist_cnn_keras.SETTINGS,
    "first_weights": "N(0, 1), biases too",
    "values": "0 to 1",
}
PARTS: dict[str, dict[str, Any]] = {
    "recipe": {"learning_rate": 0.01, "epochs": 3},
    "low_rate": {"learning_rate": 0.001, "epochs": 4},
}


def run(seed: int, progress: Progress) -> Outcome:
    """Train with each of the rates, from the same weights, and read the 10 000 test images.

    Parameters
    ----------
    seed, progress
        See :class:`pdl.experiments.registry.Experiment`.

    Returns
    -------
    Outcome
        Accuracies with Wilson's intervals: other test images, but no other training.
    """
    trials = []
    for name, changes in PARTS.items():
        settings = {**SETTINGS, **changes, "seed": seed}
        compute = partial(
            train_keras, settings=settings, prepare=zero_to_one, first_weights=draw_normal
        )
        trials.append(Trial(f"{name} {seed}", settings, compute, work=settings["epochs"]))
    outcomes = run_trials("mnist-cnn-keras-normal", trials, progress)
    found, parts = dict(zip(PARTS, outcomes, strict=True)), load_parts()
    metrics: dict[str, float] = {}
    intervals = {}
    for name, part in found.items():
        metrics[f"{name}_epochs"] = len(part["history"])
        right = np.array(part["answers"]) == parts["test"].labels
        for key, count in (("test_accuracy", len(right)), ("first_256_accuracy", 256)):
            share, low, high = wilson_interval(int(right[:count].sum()), count)
            metrics[f"{name}_{key}"] = round(share, 6)
            intervals[f"{name}_{key}"] = [round(low, 6), round(high, 6)]
    rows = [row for part in found.values() for row in part["history"]]
    metrics["first_loss"] = round(found["recipe"]["first_loss"], 2)
    metrics["training_seconds_per_epoch"] = round(float(np.mean([r["seconds"] for r in rows])), 1)
    return Outcome(
        metrics,
        intervals,
        data=describe(parts),
        details={
            "settings": {**SETTINGS, "parts": PARTS, "seed": seed},
            "smaller_form": f"epochs: those of the parts; the recipe has {RECIPE_EPOCHS}",
            "tensorflow": sys.modules["tensorflow"].__version__,
            "history": {name: part["history"] for name, part in found.items()},
            "clock": CLOCK,
        },
        packages=("keras", "numpy"),
    )


def draw_normal(model: keras.Sequential) -> None:
    """Draw all weights and biases anew from N(0, 1)."""
    for variable in model.trainable_variables:
        variable.assign(keras.random.normal(variable.shape))


def zero_to_one(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Images as N×28×28×1, white being 1."""
    return (images[..., np.newaxis] / 255).astype(np.float32)
