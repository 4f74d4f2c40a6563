"""Train the NumPy network for touching cells five times, and compare it with the classical methods.

The same is done for each set of the running table: the drawn cells, the hard ones, real nuclei.
"""

from __future__ import annotations

import time
from base64 import b64decode, b64encode
from collections.abc import Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path

import numpy as np
from rich.progress import Progress

from pdl.experiments.cells.learned import (
    SETTINGS,
    Setting,
    network_settings,
    perfect_outline,
    restored_network,
    score_network,
    seconds_per_image,
    try_core_probabilities,
)
from pdl.experiments.cells.network import STEPS, outline, predict, train
from pdl.experiments.cells.scores import (
    DATA_NAMES,
    TUNED,
    Scores,
    classical_outline,
    describe_cells,
    outline_all,
    rounded,
    score_images,
    summarise_runs,
)
from pdl.experiments.numpy_trial import mean_losses
from pdl.experiments.registry import Outcome
from pdl.experiments.resume import Found
from pdl.experiments.trial import Report, Trial, run_trials
from pdl.layers import receptive_field
from pdl.results import weights_bytes

RUNS = 5
LOSSES_A_MEAN = 20


def train_and_score(
    checkpoint: Path, report: Report, *, seed: int, setting: Setting, steps: int
) -> Found:
    """Train with one seed; score the test images, and the settings on the validation images.

    Returns
    -------
    dict
        ``scores`` and ``validation``, ``losses`` (means), ``training_seconds`` (processor time),
        and ``weights``, a safetensors file in base 64.
    """
    training, validation, test = map(setting.load, ("train", "validation", "test"))
    prepared = np.stack([setting.prepare(image) for image in training.images])
    start = time.process_time()
    model, losses, _ = train(
        seed, prepared, training.labels, steps, lambda step, loss: report(step / steps)
    )
    seconds = round(time.process_time() - start, 1)
    return {
        "training_seconds": seconds,
        "losses": mean_losses(losses, LOSSES_A_MEAN),
        "scores": rounded(score_network(model, test, setting)),
        "validation": try_core_probabilities(model, validation, setting),
        "weights": b64encode(weights_bytes(model)).decode(),
    }


def run(
    seed: int,
    progress: Progress,
    data: str = "drawn",
    runs: int = RUNS,
    steps: int | None = None,
) -> Outcome:
    """Train with the seeds ``seed``, ``seed`` + 1, …; the first one's weights are kept.

    Parameters
    ----------
    seed, progress
        The first of the seeds; see :class:`pdl.experiments.registry.Experiment`.
    data : {"drawn", "hard", "nuclei"}
        Which set is learned and scored.
    runs, steps : int
        How many trainings, and how many steps each; fewer only to try it out.

    Returns
    -------
    Outcome
        Means over the seeds and the test images, with intervals over both, and the gains over the
        classical methods on the same images.
    """
    steps = STEPS if steps is None else steps
    setting = SETTINGS[data]
    test = setting.load("test")
    described = [
        describe_cells(f"{DATA_NAMES[data]}, {part}", list(split.images), list(split.labels))
        for part, split in (
            ("test", test),
            ("validation (settings)", setting.load("validation")),
            ("train", setting.load("train")),
        )
    ]
    settings = network_settings(setting, steps)
    made_with = {**settings, "data": [each["sha256"] for each in described]}
    compute = partial(train_and_score, setting=setting, steps=steps)
    trials = [
        Trial(f"seed {each}", made_with, partial(compute, seed=each))
        for each in range(seed, seed + runs)
    ]
    parts = run_trials(setting.name, trials, progress)

    found = [{name: np.array(row) for name, row in part["scores"].items()} for part in parts]
    metrics: dict[str, float] = {}
    intervals: dict[str, list[float]] = {}
    references: dict[str, Scores] = {}
    for name, method in TUNED[data].items():
        outlines = outline_all(partial(classical_outline, settings=method), test.images)
        references[name] = score_images(outlines, test.labels)
        new_metrics, new_intervals = summarise_runs(found, references[name], name)
        metrics |= new_metrics
        intervals |= new_intervals
    # The shipped weights by themselves: other images, but no other training.
    own_metrics, own_intervals = summarise_runs(found[:1], references["classical"], "classical")
    for name in found[0]:
        metrics[f"shipped_{name}"] = own_metrics[name]
        intervals[f"shipped_{name}"] = own_intervals[name]
    perfect = score_images(map(perfect_outline, test.labels), test.labels)
    for name, values in perfect.items():
        metrics[f"perfect_{name}"] = round(float(values.mean()), 6)
    weights = b64decode(parts[0]["weights"])
    model = restored_network(weights)
    metrics |= {
        "parameters": sum(array.size for array in model.parameters.values()),
        "receptive_field": receptive_field(model)[-1].size,
        "seconds_per_image": seconds_per_image(
            lambda image: outline(predict(model, setting.prepare(image)), setting.core_probability),
            test,
        ),
        "classical_seconds_per_image": seconds_per_image(
            partial(classical_outline, settings=TUNED[data]["classical"]), test
        ),
        "training_seconds_per_seed": round(
            float(np.mean([part["training_seconds"] for part in parts])), 1
        ),
    }
    by_seed = [
        {
            "seed": seed + number,
            "training_seconds": part["training_seconds"],
            "losses": part["losses"],
            **{name: round(float(np.mean(row)), 6) for name, row in part["scores"].items()},
        }
        for number, part in enumerate(parts)
    ]
    return Outcome(
        metrics,
        intervals,
        data=described,
        details={
            "seeds": by_seed,
            "losses_a_mean": LOSSES_A_MEAN,
            "clock": "training_seconds and seconds_per_image are processor time on one thread",
            "settings": settings,
            "validation": _mean_over_seeds([part["validation"] for part in parts]),
            "per_image": {
                "shipped": parts[0]["scores"],
                "classical": rounded(references["classical"]),
            },
            "weights_sha256": sha256(weights).hexdigest(),
        },
        packages=("numpy", "scipy", "safetensors"),
        weights=weights if setting.ships else None,
    )


def _mean_over_seeds(tables: Sequence[list[dict[str, float]]]) -> list[dict[str, float]]:
    return [
        {name: round(float(np.mean([row[name] for row in rows])), 6) for name in rows[0]}
        for rows in zip(*tables, strict=True)
    ]
