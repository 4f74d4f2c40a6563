"""Score and time the classical ways to segment cells, on one thread.

Every method sees the same images, and its settings were chosen on the validation images alone.
The quality of each is a mean over the test images with a bootstrap interval over them; the gains
of one method over another are paired, image by image. Chapter 4 quotes the file that this writes.
With ``PDL_PROFILE=full`` and ``PDL_DATA_DIR`` the real nuclei are scored as well. All methods
but three keep the settings of the drawn cells there and on the hard set; ``classical``,
``filtered`` and ``filled`` are Otsu and watershed tuned for each set on its validation images.
"""

from __future__ import annotations

import argparse
import itertools
import shlex
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from scipy import ndimage
from skimage.segmentation import random_walker
from threadpoolctl import threadpool_limits

from pdl.data import load_cells
from pdl.experiments.cells.nuclei import nuclei_split
from pdl.experiments.cells.scores import (
    DATA_NAMES,
    TUNED,
    Classical,
    classical_outline,
    describe_cells,
    outline_all,
    score_cells,
)
from pdl.metrics import bootstrap_interval, object_ap
from pdl.results import current_profile, make_record, write_record
from pdl.segmentation import (
    connected_components,
    distance_markers,
    kmeans,
    multi_otsu,
    otsu,
    pixel_features,
    separate_touching,
    threshold_peaks,
    threshold_valley,
)

Image = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Labels = NDArray[np.int32]

# The best on the validation cells: mean IoU for the threshold, mean object F1 for the markers.
FIXED_THRESHOLD = 66
OTSU_MARKERS = {"smoothing": 2.0, "min_distance": 4}
MULTI_OTSU_MARKERS: dict[str, Any] = {"smoothing": 1.0, "min_distance": 4}
MIN_SIZE = 20  # pixels; smaller components are noise


def where_bimodal(threshold: Callable[[Image], float]) -> Callable[[Image], Mask]:
    """Use a threshold that needs two peaks; where the histogram has none, nothing is found."""

    def foreground(image: Image) -> Mask:
        try:
            return image > threshold(image)
        except ValueError:
            return np.zeros(image.shape, dtype=bool)

    return foreground


def above_lowest_of_three(image: Image) -> Mask:
    """The two brighter classes of three-class Otsu."""
    lowest, _ = multi_otsu(image, classes=3)
    return np.asarray(image > lowest)


def not_the_darkest_cluster(image: Image) -> Mask:
    """The two brighter of three clusters of gray levels."""
    clustering = kmeans(pixel_features(image), clusters=3, starts=1, seed=0)
    darkest = np.argmin(clustering.centroids[:, 0])
    return np.asarray(clustering.labels != darkest).reshape(image.shape)


def walk_between_markers(image: Image) -> Labels:
    """The watershed's markers and mask, but a random walker makes the cut."""
    mask = connected_components(above_lowest_of_three(image), MIN_SIZE).labels > 0
    seeds = np.where(mask, distance_markers(mask, **MULTI_OTSU_MARKERS), -1)
    if seeds.max() < 2:
        return mask.astype(np.int32)
    smooth = ndimage.gaussian_filter(image / 255, 1)
    walked = random_walker(smooth, seeds, beta=10, mode="cg_j", tol=1e-5)
    return np.asarray(np.maximum(walked, 0), dtype=np.int32)


def components_of(foreground: Callable[[Image], Mask]) -> Callable[[Image], Labels]:
    """Take each connected component of the foreground for an object."""
    return lambda image: connected_components(foreground(image), MIN_SIZE).labels


def cut_apart(
    foreground: Callable[[Image], Mask], settings: dict[str, Any]
) -> Callable[[Image], Labels]:
    """Cut the foreground with a watershed of its distance to the background."""
    return lambda image: separate_touching(foreground(image), min_size=MIN_SIZE, **settings).labels


METHODS: dict[str, Callable[[Image], Labels]] = {
    "fixed": components_of(lambda image: image > FIXED_THRESHOLD),
    "valley": components_of(where_bimodal(threshold_valley)),
    "peaks": components_of(where_bimodal(threshold_peaks)),
    "otsu": components_of(lambda image: image > otsu(image)),
    "multi_otsu": components_of(above_lowest_of_three),
    "kmeans": components_of(not_the_darkest_cluster),
    "otsu_watershed": cut_apart(lambda image: image > otsu(image), OTSU_MARKERS),
    "multi_otsu_watershed": cut_apart(above_lowest_of_three, MULTI_OTSU_MARKERS),
    "random_walker": walk_between_markers,
}
GAINS = [
    ("multi_otsu", "otsu"),
    ("multi_otsu", "fixed"),
    ("multi_otsu", "kmeans"),
    ("otsu_watershed", "otsu"),
    ("multi_otsu_watershed", "multi_otsu"),
    ("multi_otsu_watershed", "otsu_watershed"),
    ("random_walker", "multi_otsu_watershed"),
    ("filtered", "classical"),
    ("filled", "filtered"),
]
# What is tried on the validation images of each set; see `Classical`.
SIGMAS = (0.5, 0.7, 1.0, 1.5)
CLASSES = (2, 3)
SMOOTHINGS = (1.0, 2.0)
MIN_DISTANCES = (3, 4, 6)


def tune(
    images: Sequence[Image], truths: Sequence[Labels], sigmas: Sequence[float]
) -> tuple[Classical, float]:
    """The settings of Otsu and watershed with the highest mean AP, and that AP."""
    found: dict[Classical, float] = {}
    for values in itertools.product(sigmas, CLASSES, SMOOTHINGS, MIN_DISTANCES):
        settings = Classical(*values)
        outlined = outline_all(partial(classical_outline, settings=settings), images)
        found[settings] = float(np.mean(list(map(object_ap, outlined, truths))))
    best = max(found, key=lambda each: found[each])
    return best, found[best]


def tuned_methods(settings: dict[str, Classical]) -> dict[str, Callable[[Image], Labels]]:
    """Otsu and watershed as tuned, with a filter before, and with holes filled as well."""
    every = {**settings, "filled": settings["filtered"]._replace(fill=True)}
    return {name: partial(classical_outline, settings=each) for name, each in every.items()}


def evaluate(
    methods: dict[str, Callable[[Image], Labels]],
    images: Sequence[Image],
    truths: Sequence[Labels],
    repeats: int,
) -> tuple[dict[str, dict[str, NDArray[np.float64]]], dict[str, float]]:
    """Score and time every method.

    Parameters
    ----------
    methods : dict
        By name, what makes a label image of an image.
    images, truths : sequences of ndarray, (H, W)
        Gray images and their label images.
    repeats : int
        How many turns each method gets on each image; the quickest counts.

    Returns
    -------
    scores : dict
        By method and metric, one value an image.
    seconds : dict
        By method, the mean over the images of the quickest turn.
    """
    found: list[dict[str, dict[str, float]]] = []
    seconds: list[dict[str, float]] = []
    for image, truth in zip(images, truths, strict=True):
        best = dict.fromkeys(methods, float("inf"))
        predictions: dict[str, Labels] = {}
        for _ in range(repeats):
            for name, method in methods.items():
                start = time.perf_counter()
                predictions[name] = method(image)
                best[name] = min(best[name], time.perf_counter() - start)
        found.append({name: score_cells(each, truth) for name, each in predictions.items()})
        seconds.append(best)
    scores = {
        name: {
            metric: np.array([image_scores[name][metric] for image_scores in found])
            for metric in found[0][name]
        }
        for name in methods
    }
    return scores, {name: float(np.mean([each[name] for each in seconds])) for name in methods}


def summarise(
    scores: dict[str, dict[str, NDArray[np.float64]]], seconds: dict[str, float], prefix: str
) -> tuple[dict[str, float], dict[str, list[float]]]:
    """Means and 95 % intervals of all scores and gains, with the times, under plain names."""
    values = {
        f"{prefix}{name}_{metric}": array
        for name, each in scores.items()
        for metric, array in each.items()
    }
    for better, worse in GAINS:
        if not {better, worse} <= scores.keys():
            continue
        for metric, array in scores[better].items():
            values[f"{prefix}{better}_minus_{worse}_{metric}"] = array - scores[worse][metric]
    found = {name: bootstrap_interval(array) for name, array in values.items()}
    metrics = {name: round(interval.mean, 6) for name, interval in found.items()}
    for name, each in seconds.items():
        metrics[f"{prefix}{name}_seconds_per_image"] = float(f"{each:.3g}")
    intervals = {
        name: [round(interval.low, 6), round(interval.high, 6)] for name, interval in found.items()
    }
    return metrics, intervals


def show(metrics: dict[str, float], names: Iterable[str], prefix: str, title: str) -> None:
    """Print a line for each method."""
    table = Table(title=title)
    columns = ["iou", "dice", "boundary_f1", "object_f1", "ap", "count_error", "seconds_per_image"]
    for heading in ("method", *columns):
        table.add_column(heading, justify="left" if heading == "method" else "right")
    for name in names:
        shown = [f"{metrics[f'{prefix}{name}_{column}']:.4f}" for column in columns]
        table.add_row(name, *shown)
    Console().print(table)


def main() -> None:
    """Score, time, print a table and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3, help="turns a method (default 3)")
    parser.add_argument("--output", type=Path, help="the file to write; none if left out")
    arguments = parser.parse_args()
    if arguments.repeats < 1:
        parser.error("--repeats must be 1 or greater")
    profile = current_profile()

    # By the prefix of its scores: which images, and with which methods beside the tuned ones.
    sets: dict[str, tuple[str, Callable[[str], tuple[Any, Any]], dict[str, Any]]] = {
        "": ("drawn", load_cells, METHODS),
        "hard_": ("hard", lambda split: load_cells(split, hard=True), {}),
    }
    if profile == "full":
        sets["nuclei_"] = ("nuclei", nuclei_split, METHODS)

    start = time.perf_counter()
    metrics: dict[str, float] = {}
    intervals: dict[str, list[float]] = {}
    described = []
    tuned: dict[str, dict[str, Any]] = {}
    with threadpool_limits(limits=1):
        for prefix, (name, load, methods) in sets.items():
            best = {
                "classical": tune(*load("validation"), (0.0,)),
                "filtered": tune(*load("validation"), SIGMAS),
            }
            tuned[name] = {
                key: {**settings._asdict(), "validation_ap": round(ap, 6)}
                for key, (settings, ap) in best.items()
            }
            settings = {key: each for key, (each, _) in best.items()}
            if settings != TUNED[name]:
                print(f"TUNED[{name!r}] is out of date: {settings}", file=sys.stderr)
            images, truths = map(list, load("test"))
            methods = methods | tuned_methods(settings)
            scores, seconds = evaluate(methods, images, truths, arguments.repeats)
            new_metrics, new_intervals = summarise(scores, seconds, prefix)
            metrics |= new_metrics
            intervals |= new_intervals
            title = DATA_NAMES[name]
            described.append(describe_cells(f"{title}, test", images, truths))
            show(new_metrics, methods, prefix, f"{title}: {len(images)} images")
    record = make_record(
        "cells-classical",
        metrics,
        intervals=intervals,
        data=described,
        details={"tuned": tuned},
        seed=0,
        packages=("numpy", "scipy", "scikit-image"),
        seconds=time.perf_counter() - start,
        command=shlex.join(
            [f"PDL_PROFILE={profile}", "python", "benchmarks/segmentation.py", *sys.argv[1:]]
        ),
    )
    if arguments.output:
        write_record(record, arguments.output)


if __name__ == "__main__":
    main()
