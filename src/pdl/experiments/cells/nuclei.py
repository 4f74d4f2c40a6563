"""Ask the network that learned from drawn cells about real nuclei, which it has never seen."""

from __future__ import annotations

from typing import Any

import numpy as np
from rich.progress import Progress

from pdl.data import CellDataset, load_nuclei
from pdl.experiments.cells.network import load_network, outline, predict
from pdl.experiments.cells.scores import (
    Image,
    Labels,
    classical_outline,
    describe_cells,
    score_images,
    summarise_runs,
)
from pdl.experiments.registry import Outcome

DRAWN_LEVELS = (20, 170)  # the gray levels of the empty field and of a bright cell, as drawn


def stretch(
    image: Image,
    percentiles: tuple[float, float] = (1, 99),
    levels: tuple[int, int] = DRAWN_LEVELS,
) -> Image:
    """Bring a dark and a bright percentile of the pixels to given levels.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W)
    percentiles : (float, float)
        By default the darkest and the brightest hundredth.
    levels : (int, int)
        Where they go; by default the levels of the field and of a bright cell, as drawn.

    Returns
    -------
    ndarray of uint8, shape (H, W)
    """
    low, high = np.percentile(image, percentiles)
    if low == high:
        return image
    between = (image - low) / (high - low)
    darkest, brightest = levels
    return np.clip(darkest + (brightest - darkest) * between, 0, 255).astype(np.uint8)


def nuclei_split(split: str) -> CellDataset:
    """The real nuclei in three splits: of those for training every fifth is for validation.

    Parameters
    ----------
    split : {"train", "validation", "test"}
        Which images: 215, 53 or 66.

    Returns
    -------
    CellDataset
        ``images`` of shape (N, 256, 256), uint8, and ``labels`` of the same shape, int32.
    """
    nuclei = load_nuclei("test" if split == "test" else "train")
    pairs = [nuclei[index] for index in range(len(nuclei))]
    if split != "test":
        pairs = [pair for k, pair in enumerate(pairs) if (k % 5 == 4) == (split == "validation")]
    images, labels = zip(*pairs, strict=True)
    return CellDataset(np.stack(images), np.stack(labels))


def run(seed: int, progress: Progress, images: int | None = None) -> Outcome:
    """Outline the test nuclei with the weights that ship, as they are and stretched.

    Parameters
    ----------
    seed, progress
        Nothing here is random; see :class:`pdl.experiments.registry.Experiment`.
    images : int, optional
        Only so many, to try it out.

    Returns
    -------
    Outcome
        Scores of the network ("plain", "stretched") and of the classical method, and the gains of
        the former over the latter on the same images.
    """
    nuclei = load_nuclei("test")
    pairs = [nuclei[index] for index in range(min(len(nuclei), images or len(nuclei)))]
    pictures, truths = (list(each) for each in zip(*pairs, strict=True))
    model = load_network()
    bar = progress.add_task("outlining", total=3 * len(pictures))

    def counted(labels: Labels) -> Labels:
        progress.advance(bar)
        return labels

    methods = {
        "plain": lambda image: outline(predict(model, image)),
        "stretched": lambda image: outline(predict(model, stretch(image))),
    }
    classical = score_images((counted(classical_outline(each)) for each in pictures), truths)
    metrics: dict[str, float] = {}
    intervals: dict[str, Any] = {}
    for name, method in methods.items():
        scores = score_images((counted(method(each)) for each in pictures), truths)
        means, ends = summarise_runs([scores], classical, "classical")
        for key in means:
            known = key if key.startswith("classical_") else f"{name}_{key}"
            metrics[known], intervals[known] = means[key], ends[key]
    return Outcome(
        metrics,
        intervals,
        data=describe_cells("nuclei, test", pictures, truths),
        packages=("numpy", "scipy", "safetensors"),
    )
