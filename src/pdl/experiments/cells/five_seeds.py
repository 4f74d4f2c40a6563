"""Train the NumPy network for touching cells five times, and compare it with the classical methods.

The same is done for each set of the running table: the drawn cells, the hard ones, real nuclei.
"""

from __future__ import annotations

import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from rich.progress import Progress
from safetensors.numpy import load

from pdl.data import CellDataset, load_cells
from pdl.experiments.cells import network as numpy_cnn_cells
from pdl.experiments.cells.network import (
    CORE_PROBABILITY,
    build_network,
    outline,
    predict,
    train,
)
from pdl.experiments.cells.nuclei import nuclei_split, stretch
from pdl.experiments.cells.scores import (
    DATA_NAMES,
    TUNED,
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
from pdl.experiments.numpy_trial import mean_losses
from pdl.experiments.registry import Outcome
from pdl.experiments.resume import Found
from pdl.experiments.trial import Report, Trial, run_trials
from pdl.layers import Sequential, receptive_field
from pdl.results import weights_bytes

RUNS = 5
LOSSES_A_MEAN = 20
NUCLEI_PERCENTILES, NUCLEI_LEVELS = (1, 99.8), (20, 255)  # chosen on the validation images
CORE_PROBABILITIES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


class Setting(NamedTuple):
    """How the network meets one set.

    Attributes
    ----------
    name : str
        Of the record.
    load : callable
        Takes the split and returns its images and labels.
    core_probability : float
        Chosen on the validation images; see :func:`pdl.experiments.cells.network.outline`.
    ships : bool
        Whether the first seed's weights ship with the book.
    prepare : callable
        What is done to each image before the network sees it; by default nothing.
    """

    name: str
    load: Callable[[str], CellDataset]
    core_probability: float
    ships: bool
    prepare: Callable[[Image], Image] = np.asarray


def stretched(image: Image) -> Image:
    """Bring a real image to nearly all gray levels."""
    return stretch(image, NUCLEI_PERCENTILES, NUCLEI_LEVELS)


SETTINGS = {
    "drawn": Setting("numpy-cnn-cells", load_cells, CORE_PROBABILITY, ships=True),
    "hard": Setting("numpy-cnn-cells-hard", partial(load_cells, hard=True), 0.4, ships=True),
    "nuclei": Setting(
        "numpy-cnn-nuclei-trained", nuclei_split, 0.3, ships=False, prepare=stretched
    ),
}


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
        "scores": rounded(_score(model, test, setting)),
        "validation": _try_core_probabilities(model, validation, setting.prepare),
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
    steps = numpy_cnn_cells.STEPS if steps is None else steps
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
    made_with = {
        **_settings(steps),
        "core_probability": setting.core_probability,
        "data": [each["sha256"] for each in described],
    }
    trials = [
        Trial(
            f"seed {each}",
            made_with,
            partial(train_and_score, seed=each, setting=setting, steps=steps),
        )
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
    model = _restored(weights)
    metrics |= {
        "parameters": sum(array.size for array in model.parameters.values()),
        "receptive_field": receptive_field(model)[-1].size,
        "seconds_per_image": _seconds(
            lambda image: outline(predict(model, setting.prepare(image)), setting.core_probability),
            test,
        ),
        "classical_seconds_per_image": _seconds(
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
            "settings": {**_settings(steps), "core_probability": setting.core_probability},
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


def perfect_outline(truth: Labels) -> Labels:
    """The cells that are left of the truth if every pixel is classified without an error."""
    classes = numpy_cnn_cells.pixel_classes(truth)
    answers = np.eye(len(numpy_cnn_cells.CLASSES), dtype=np.float32)[classes]
    return outline(answers.transpose(2, 0, 1))


def _restored(weights: bytes) -> Sequential:
    model = build_network(np.random.default_rng(0))
    for name, array in load(weights).items():
        model.parameters[name][...] = array
    return model


def _score(model: Sequential, cells: CellDataset, setting: Setting) -> Scores:
    answers = (predict(model, setting.prepare(image)) for image in cells.images)
    outlines = (outline(answer, setting.core_probability) for answer in answers)
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


def _settings(steps: int) -> dict[str, Any]:
    network = ("DILATIONS", "CHANNELS", "BATCH", "ANSWERS", "LEARNING_RATE")
    outlining = ("RIM_WIDTH", "CORE_PROBABILITY", "MIN_CORE", "MIN_SIZE")
    found = {name.lower(): getattr(numpy_cnn_cells, name) for name in network + outlining}
    return {**found, "steps": steps}


def _try_core_probabilities(
    model: Sequential, validation: CellDataset, prepare: Callable[[Image], Image]
) -> list[dict[str, float]]:
    """How the mean scores on the validation images depend on where a core begins."""
    maps = [predict(model, prepare(image)) for image in validation.images]
    rows = []
    for threshold in CORE_PROBABILITIES:
        scores = score_images((outline(each, threshold) for each in maps), validation.labels)
        means = {name: float(values.mean()) for name, values in scores.items()}
        rows.append({"core_probability": threshold, **means})
    return rows


def _mean_over_seeds(tables: Sequence[list[dict[str, float]]]) -> list[dict[str, float]]:
    return [
        {name: round(float(np.mean([row[name] for row in rows])), 6) for name in rows[0]}
        for rows in zip(*tables, strict=True)
    ]
