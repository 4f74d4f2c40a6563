"""How the NumPy network meets each set of the running table, and what it is worth there."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from safetensors.numpy import load

from pdl.data import CellDataset, load_cells
from pdl.experiments.cells import network as numpy_cnn_cells
from pdl.experiments.cells.network import CORE_PROBABILITY, build_network, outline, predict
from pdl.experiments.cells.nuclei import nuclei_split, stretch
from pdl.experiments.cells.scores import Image, Labels, Scores, score_images
from pdl.layers import Sequential

CORE_PROBABILITIES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
NUCLEI_PERCENTILES, NUCLEI_LEVELS = (1, 99.8), (20, 255)  # chosen on the validation images


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


def perfect_outline(truth: Labels) -> Labels:
    """The cells that are left of the truth if every pixel is classified without an error."""
    classes = numpy_cnn_cells.pixel_classes(truth)
    answers = np.eye(len(numpy_cnn_cells.CLASSES), dtype=np.float32)[classes]
    return outline(answers.transpose(2, 0, 1))


def restored_network(weights: bytes) -> Sequential:
    """The network with the weights of a safetensors file."""
    model = build_network(np.random.default_rng(0))
    for name, array in load(weights).items():
        model.parameters[name][...] = array
    return model


def score_network(model: Sequential, cells: CellDataset, setting: Setting) -> Scores:
    """By score, one value an image."""
    answers = (predict(model, setting.prepare(image)) for image in cells.images)
    outlines = (outline(answer, setting.core_probability) for answer in answers)
    return score_images(outlines, cells.labels)


def try_core_probabilities(
    model: Sequential, validation: CellDataset, setting: Setting
) -> list[dict[str, float]]:
    """How the mean scores on the validation images depend on where a core begins."""
    maps = [predict(model, setting.prepare(image)) for image in validation.images]
    rows = []
    for threshold in CORE_PROBABILITIES:
        scores = score_images((outline(each, threshold) for each in maps), validation.labels)
        means = {name: float(values.mean()) for name, values in scores.items()}
        rows.append({"core_probability": threshold, **means})
    return rows


def network_settings(setting: Setting, steps: int) -> dict[str, Any]:
    """What was set, as in the record."""
    network = ("DILATIONS", "CHANNELS", "BATCH", "ANSWERS", "LEARNING_RATE")
    outlining = ("RIM_WIDTH", "CORE_PROBABILITY", "MIN_CORE", "MIN_SIZE")
    found = {name.lower(): getattr(numpy_cnn_cells, name) for name in network + outlining}
    return {**found, "steps": steps, "core_probability": setting.core_probability}


def seconds_per_image(method: Callable[[Image], Labels], cells: CellDataset) -> float:
    """Processor time: the quickest of three turns of each image, averaged over ten images."""
    best = np.full(10, np.inf)
    for _ in range(3):
        for index, image in enumerate(cells.images[:10]):
            start = time.process_time()
            method(image)
            best[index] = min(best[index], time.process_time() - start)
    return float(f"{best.mean():.3g}")
