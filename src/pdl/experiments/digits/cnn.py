"""The two-convolution network of many texts on MNIST, and two ways to spoil it.

5×5 convolutions to 32 and 64 maps, 1000 hidden units with ReLU and dropout ½, Adam at 0.001,
batches of 100, five epochs. That is the PyTorch recipe of chapter 7 but for the network's end: the
one that its source prints is :mod:`pdl.experiments.digits.cnn_slides`. Each spoiled one is trained
for one epoch with the same seeds.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress
from sklearn.metrics import confusion_matrix
from torch import nn

from pdl.experiments.digits.training import (
    SEEDS,
    WATCHED,
    Correct,
    Scores,
    by_seed,
    correct_answers,
    describe_mnist,
    load_sets,
    run_recipes,
)
from pdl.experiments.registry import Outcome
from pdl.experiments.resume import Found
from pdl.experiments.torch_trial import Recipe
from pdl.models import small_cnn

EPOCHS = 5
WORST = 16


def normal_weights() -> nn.Sequential:
    """The network with all weights and biases drawn from the normal distribution N(0, 1)."""
    model = small_cnn()
    for parameter in model.parameters():
        nn.init.normal_(parameter)
    return model


RECIPE = Recipe(small_cnn, learning_rate=1e-3, batch_size=100, epochs=EPOCHS, watch=True)
SPOILED = {
    "normal_weights": Recipe(normal_weights, learning_rate=1e-2, batch_size=100, epochs=1),
    "high_rate": Recipe(small_cnn, learning_rate=1e-2, batch_size=100, epochs=1),
}


def run(seed: int, progress: Progress, seeds: int = SEEDS) -> Outcome:
    """Train the network on all 60 000 images, and the spoiled ones, with each of the seeds.

    Parameters
    ----------
    seed, progress
        The first of the seeds; see :class:`pdl.experiments.registry.Experiment`.
    seeds : int
        How many; fewer only to try it out.

    Returns
    -------
    Outcome
        Accuracies, paired differences, and what an accuracy on 256 or 32 images would have said.
    """
    sets = load_sets()
    recipes = {"recipe": RECIPE, **SPOILED}
    found = run_recipes("mnist-cnn", recipes, range(seed, seed + seeds), load_sets, progress)
    scores = Scores()
    runs = found["recipe"]
    correct = correct_answers(runs, sets)
    scores.add("test_accuracy", correct)
    tables = {name: correct_answers(found[name], sets) for name in SPOILED}
    for name, table in tables.items():
        scores.add(f"{name}_test_accuracy", table)
    scores.gain("high_rate_minus_normal_weights", tables["high_rate"], tables["normal_weights"])
    # After its first epoch the recipe's network is known by its accuracy alone, one number a seed.
    first = np.array([[run["history"][0]["validation_accuracy"]] for run in runs])
    scores.add("epoch_1_test_accuracy", first)
    high_rate = tables["high_rate"].mean(axis=1, keepdims=True)
    scores.add("epoch_1_minus_high_rate", first - high_rate)
    scores.metrics |= {
        "normal_weights_first_loss": _mean(found["normal_weights"], "first_loss"),
        "sound_weights_first_loss": _mean(runs, "first_loss"),
        "know_nothing_loss": round(math.log(10), 4),
        **blocks_all_right(correct),
        "first_256_right": int(correct[0][:256].sum()),
        "training_seconds_per_epoch": round(
            float(np.mean([epoch["seconds"] for run in runs for epoch in run["history"]])), 1
        ),
    }
    return Outcome(
        scores.metrics,
        scores.intervals,
        data=describe_mnist(sets),
        details={
            "settings": RECIPE.settings(),
            "seeds": [
                each | {f"{name}_test_accuracy": float(t[n].mean()) for name, t in tables.items()}
                for n, each in enumerate(by_seed(seed, runs, correct))
            ],
            "confusion": {
                "rows": "truth",
                "columns": "answer",
                "counts": confusion(sets.test.targets.numpy(), np.array(runs[0]["answers"])),
            },
            "worst": worst(sets.test.targets.numpy(), runs[0]),
            "clock": "training_seconds_per_epoch is time on the wall, with one thread",
            "watched": WATCHED,
        },
        packages=("torch", "numpy"),
    )


def blocks_all_right(correct: Correct) -> dict[str, float]:
    """What someone would have reported who tested on 256 or 32 images in a row only."""
    found: dict[str, float] = {}
    for size in (256, 32):
        blocks = correct.shape[1] // size
        whole = correct[:, : blocks * size].reshape(len(correct), blocks, size).all(axis=2)
        found[f"blocks_of_{size}"] = blocks
        found[f"blocks_of_{size}_all_right"] = round(float(whole.sum(axis=1).mean()), 2)
        found[f"share_of_{size}_all_right"] = round(float(whole.mean()), 4)
    return found


def confusion(truth: NDArray[np.int64], answers: NDArray[np.int64]) -> list[list[int]]:
    """How often each digit (row) was taken for each digit (column)."""
    counts: list[list[int]] = confusion_matrix(truth, answers, labels=range(10)).tolist()
    return counts


def worst(truth: NDArray[np.int64], found: Found) -> list[dict[str, Any]]:
    """The mistakes that the network was surest of."""
    answers, confidence = np.array(found["answers"]), np.array(found["confidence"])
    order = np.argsort(np.where(answers == truth, -1.0, confidence))[::-1]
    return [
        {
            "index": int(each),
            "truth": int(truth[each]),
            "answer": int(answers[each]),
            "probability": float(confidence[each]),
        }
        for each in order[:WORST]
        if answers[each] != truth[each]
    ]


def _mean(runs: list[Found], key: str) -> float:
    return round(float(np.mean([run[key] for run in runs])), 4)
