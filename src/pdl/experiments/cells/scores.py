"""The running table: how well a method counts and outlines the book's touching cells.

Every method, from a threshold to a network, is scored here in the same way on the same images.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pdl.metrics import (
    bootstrap_runs,
    boundary_f1,
    count_error,
    dice,
    iou,
    object_ap,
    object_f1,
)
from pdl.results import pixels_sha256
from pdl.segmentation import multi_otsu, otsu, separate_touching

Image = NDArray[np.uint8]
Labels = NDArray[np.int32]
Scores = dict[str, NDArray[np.float64]]


def score_cells(prediction: Labels, truth: Labels) -> dict[str, float]:
    """All scores of one image: overlap, outlines, objects, and by how many the count is off.

    A cell counts as found from an overlap (IoU) of 0.5 on, in ``object_f1_90`` of 0.9, and ``ap``
    is the mean over ten overlaps from 0.5 to 0.95; see :func:`pdl.metrics.object_ap`.
    """
    return {
        "iou": iou(prediction > 0, truth > 0),
        "dice": dice(prediction > 0, truth > 0),
        "boundary_f1": boundary_f1(prediction, truth),
        "object_f1": object_f1(prediction, truth),
        "object_f1_90": object_f1(prediction, truth, threshold=0.9),
        "ap": object_ap(prediction, truth),
        "count_error": float(abs(count_error(prediction, truth))),
    }


def score_images(predictions: Iterable[Labels], truths: Iterable[Labels]) -> Scores:
    """By score, one value an image."""
    found = [score_cells(*pair) for pair in zip(predictions, truths, strict=True)]
    return {name: np.array([each[name] for each in found]) for name in found[0]}


def describe_cells(name: str, images: Sequence[Image], truths: Sequence[Labels]) -> dict[str, Any]:
    """What was scored: name, hash of all pixels and labels, sizes."""
    pairs = zip(images, truths, strict=True)
    return {
        "name": name,
        "sha256": pixels_sha256(array for pair in pairs for array in pair),
        "sizes": {
            "images": len(images),
            "height": images[0].shape[0],
            "width": images[0].shape[1],
            "objects": int(sum(np.count_nonzero(np.unique(truth)) for truth in truths)),
        },
    }


DATA_NAMES = {
    "drawn": "touching cells",
    "hard": "touching cells, hard",
    "nuclei": "nuclei",
}
"""The three sets of the running table, and how records call them."""


class Classical(NamedTuple):
    """The settings of Otsu and watershed, with a Gaussian filter before them.

    Attributes
    ----------
    sigma : float
        The standard deviation of the filter in pixels; 0 for none.
    classes : int
        Of Otsu's method, 2 or 3; all but the darkest are cells.
    smoothing, min_distance
        Of the watershed's markers; see :func:`pdl.segmentation.distance_markers`.
    fill : bool
        Whether holes in the foreground are filled.
    """

    sigma: float = 0.0
    classes: int = 3
    smoothing: float = 1.0
    min_distance: int = 4
    fill: bool = False


CHAPTER_4 = Classical()
"""The last line of chapter 4's own table."""

# The best AP on the validation images of each set; `benchmarks/segmentation.py` looks for them.
TUNED: dict[str, dict[str, Classical]] = {
    "drawn": {
        "classical": CHAPTER_4,
        "filtered": Classical(sigma=0.5, classes=3, smoothing=1.0, min_distance=3),
    },
    "hard": {
        "classical": Classical(classes=2, smoothing=1.0, min_distance=4),
        "filtered": Classical(sigma=0.7, classes=2, smoothing=1.0, min_distance=3),
    },
    "nuclei": {
        "classical": Classical(classes=2, smoothing=2.0, min_distance=4),
        "filtered": Classical(sigma=0.5, classes=2, smoothing=2.0, min_distance=3),
    },
}


def classical_outline(image: Image, settings: Classical = CHAPTER_4) -> Labels:
    """Otsu's threshold, then the watershed of the distance; by default chapter 4's last line."""
    if settings.sigma:
        smooth = ndimage.gaussian_filter(image.astype(np.float64), settings.sigma)
        image = np.round(smooth).astype(np.uint8)
    threshold = otsu(image) if settings.classes == 2 else multi_otsu(image, settings.classes)[0]
    mask = image > threshold
    if settings.fill:
        mask = ndimage.binary_fill_holes(mask)
    return separate_touching(mask, settings.smoothing, settings.min_distance, min_size=20).labels


def summarise_runs(
    runs: Sequence[Scores], reference: Scores, reference_name: str
) -> tuple[dict[str, float], dict[str, list[float]]]:
    """Means and intervals of some training runs, of a reference, and of the gain over it.

    Parameters
    ----------
    runs : sequence of Scores
        For each run, by score, one value an image.
    reference : Scores
        Of the method to compare with, on the same images.
    reference_name : str
        It goes before the names of the reference's scores.

    Returns
    -------
    metrics : dict of str to float
    intervals : dict of str to [low, high]
        Under the same names: ``iou``, ``REFERENCE_iou``, ``minus_REFERENCE_iou``, …
    """
    tables: dict[str, NDArray[np.float64]] = {}
    for name in reference:
        table = np.stack([run[name] for run in runs])
        tables[name] = table
        tables[f"{reference_name}_{name}"] = reference[name]
        tables[f"minus_{reference_name}_{name}"] = table - reference[name]
    found = {name: bootstrap_runs(table) for name, table in tables.items()}
    metrics = {name: round(each.mean, 6) for name, each in found.items()}
    intervals = {name: [round(each.low, 6), round(each.high, 6)] for name, each in found.items()}
    return metrics, intervals


def outline_all(outline: Callable[[Image], Labels], images: Iterable[Image]) -> list[Labels]:
    """Outline the cells of each image."""
    return [outline(image) for image in images]


def rounded(scores: Mapping[str, NDArray[np.float64]]) -> dict[str, list[float]]:
    """Scores as they are stored: six digits, one value an image."""
    return {name: [round(float(each), 6) for each in values] for name, values in scores.items()}
