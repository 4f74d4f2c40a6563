"""Train the NumPy network for touching cells five times, and compare it with chapter 4's best."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

import numpy as np
from rich.progress import Progress

from pdl.data import CellDataset, load_cells
from pdl.experiments.cells import network as numpy_cnn_cells
from pdl.experiments.cells.network import outline, predict, train
from pdl.experiments.cells.scores import (
    Image,
    Labels,
    Scores,
    classical_outline,
    describe_cells,
    outline_all,
    rounded,
    score_images,
    summarise_runs,
)
from pdl.experiments.registry import Outcome
from pdl.layers import Sequential, receptive_field
from pdl.results import weights_bytes

RUNS = 5
LOSSES_A_MEAN = 20
CORE_PROBABILITIES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def run(seed: int, progress: Progress, runs: int = RUNS, steps: int | None = None) -> Outcome:
    """Train with the seeds ``seed``, ``seed`` + 1, …; the first one's weights are kept.

    Parameters
    ----------
    seed : int
        The first of the seeds.
    progress : Progress
        Shows how far it is.
    runs, steps : int
        How many trainings, and how many steps each; fewer only to try it out.

    Returns
    -------
    Outcome
        Means over the seeds and the test images, with intervals over both, and the gain over the
        classical method on the same images.
    """
    steps = numpy_cnn_cells.STEPS if steps is None else steps
    training, validation, test = (load_cells(split) for split in ("train", "validation", "test"))
    bar = progress.add_task("training", total=runs * steps)
    models: list[Sequential] = []
    by_seed: list[dict[str, Any]] = []
    for each in range(seed, seed + runs):
        progress.update(bar, description=f"training with seed {each}")
        start = time.process_time()
        trained = train(each, *training, steps=steps, after_step=lambda: progress.advance(bar))
        models.append(trained.model)
        by_seed.append(
            {
                "seed": each,
                "training_seconds": round(time.process_time() - start, 1),
                "losses": _means(trained.losses, LOSSES_A_MEAN),
            }
        )
    progress.update(bar, description="scoring")
    found = [_score(model, test) for model in models]
    for row, scores in zip(by_seed, found, strict=True):
        row |= {name: round(float(values.mean()), 6) for name, values in scores.items()}

    classical = score_images(outline_all(classical_outline, test.images), test.labels)
    metrics, intervals = summarise_runs(found, classical, "classical")
    # The shipped weights by themselves: other images, but no other training.
    own_metrics, own_intervals = summarise_runs(found[:1], classical, "classical")
    for name in found[0]:
        metrics[f"shipped_{name}"] = own_metrics[name]
        intervals[f"shipped_{name}"] = own_intervals[name]
    seconds = [row["training_seconds"] for row in by_seed]
    metrics |= {
        "parameters": sum(array.size for array in models[0].parameters.values()),
        "receptive_field": receptive_field(models[0])[-1].size,
        "seconds_per_image": _seconds(lambda image: outline(predict(models[0], image)), test),
        "classical_seconds_per_image": _seconds(classical_outline, test),
        "training_seconds_per_seed": round(float(np.mean(seconds)), 1),
    }
    weights = weights_bytes(models[0])
    return Outcome(
        metrics,
        intervals,
        data=[
            describe_cells(f"touching cells, {name}", list(split.images), list(split.labels))
            for name, split in (
                ("test", test),
                ("validation (settings)", validation),
                ("train", training),
            )
        ],
        details={
            "seeds": by_seed,
            "losses_a_mean": LOSSES_A_MEAN,
            "clock": "training_seconds and seconds_per_image are processor time on one thread",
            "settings": _settings(steps),
            "validation": _try_core_probabilities(models, validation),
            "per_image": {"shipped": rounded(found[0]), "classical": rounded(classical)},
            "weights_sha256": sha256(weights).hexdigest(),
        },
        packages=("numpy", "scipy", "safetensors"),
        weights=weights,
    )


def _score(model: Sequential, cells: CellDataset, **options: float) -> Scores:
    outlines = (outline(predict(model, image), **options) for image in cells.images)
    return score_images(outlines, cells.labels)


def _seconds(method: Callable[[Image], Labels], cells: CellDataset) -> float:
    """Processor time: the quickest of three turns of each image, averaged over ten images."""
    best = np.full(10, np.inf)
    for _ in range(3):
        for index, image in enumerate(cells.images[:10]):
            start = time.process_time()
            method(image)
            best[index] = min(best[index], time.process_time() - start)
    return float(f"{best.mean():.3g}")


def _means(losses: Sequence[float], count: int) -> list[float]:
    """The mean of each ``count`` losses in a row; what is left at the end is left out."""
    whole = len(losses) // count * count
    return [round(float(each), 4) for each in np.reshape(losses[:whole], (-1, count)).mean(axis=1)]


def _settings(steps: int) -> dict[str, Any]:
    network = ("DILATIONS", "CHANNELS", "BATCH", "ANSWERS", "LEARNING_RATE")
    outlining = ("RIM_WIDTH", "CORE_PROBABILITY", "MIN_CORE", "MIN_SIZE")
    found = {name.lower(): getattr(numpy_cnn_cells, name) for name in network + outlining}
    return {**found, "steps": steps}


def _try_core_probabilities(
    models: Sequence[Sequential], validation: CellDataset
) -> list[dict[str, float]]:
    """How the mean scores on the validation images depend on where a core begins."""
    probabilities = [[predict(model, image) for image in validation.images] for model in models]
    rows = []
    for threshold in CORE_PROBABILITIES:
        runs = [
            score_images((outline(each, threshold) for each in maps), validation.labels)
            for maps in probabilities
        ]
        means = {
            name: round(float(np.mean([scores[name] for scores in runs])), 6) for name in runs[0]
        }
        rows.append({"core_probability": threshold, **means})
    return rows
