"""Touching cells under a fluorescence microscope: a generator with the truth at hand.

The book's running problem is to count and to outline these cells. As the generator draws them, it
knows each cell's pixels: every method, from a threshold to a network, is scored against the same
truth.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pdl._validation import (
    check_choice,
    check_fraction,
    check_integer,
    check_nonnegative,
    check_positive,
)
from pdl.data.drawn.cell_light import (
    add_background,
    defocus_cells,
    draw_debris,
    emitted_light,
    expose,
    illumination,
)
from pdl.data.drawn.cell_outlines import draw_labels, place_outlines
from pdl.data.drawn.ranges import check_pair, check_range

SPLIT_SEEDS = {"train": 1_000_000, "validation": 2_000_000, "test": 3_000_000}
SPLIT_SIZES = {"train": 200, "validation": 40, "test": 40}
MAX_SPLIT_SIZE = 1_000_000

HARD: Mapping[str, Any] = MappingProxyType(
    {
        "cells": (24, 40),  # crowded,
        "radius": (6.0, 11.0),
        "touching": 0.9,
        "overlap": (0.05, 0.25),  # with waists that are hardly there,
        "brightness": (0.3, 1.0),  # low in contrast,
        "defocus": 1.8,
        "debris": 12,
        "haze": 0.22,
        "photons": 70.0,
        "unevenness": 0.6,
    }
)
"""What :func:`load_cells` passes to :func:`touching_cells` for the hard set."""


class Cells(NamedTuple):
    """An image of cells and its truth.

    Attributes
    ----------
    image : ndarray of uint8, shape (H, W)
        The brightness, 0…255.
    labels : ndarray of int32, shape (H, W)
        0 for the background, 1…n for the n cells; each cell is one connected component.
    """

    image: NDArray[np.uint8]
    labels: NDArray[np.int32]


class CellDataset(NamedTuple):
    """Several images of cells.

    Attributes
    ----------
    images : ndarray of uint8, shape (N, H, W)
        The brightness, 0…255.
    labels : ndarray of int32, shape (N, H, W)
        0 for the background, 1…n for the cells of each image.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int32]


def touching_cells(
    seed: int | np.random.Generator = 0,
    *,
    shape: tuple[int, int] = (128, 128),
    cells: tuple[int, int] = (10, 22),
    radius: tuple[float, float] = (7.0, 11.0),
    touching: float = 0.6,
    overlap: tuple[float, float] = (0.05, 0.20),
    brightness: tuple[float, float] = (0.45, 1.0),
    defocus: float = 0.0,
    debris: int = 0,
    haze: float = 0.0,
    unevenness: float = 0.35,
    blur: float = 1.2,
    photons: float = 60.0,
    read_noise: float = 2.0,
) -> Cells:
    """Draw an image of touching cells as a fluorescence microscope would show them.

    The cells are smooth irregular blobs of different brightness, thinner and so darker towards
    their edge. Some stand alone, others press against a neighbour with no background in between.
    The lamp lights the field unevenly, out-of-focus light glows around the cells, the lens blurs,
    and the camera counts photons. Cells outside the plane in focus, specks of debris and haze make
    the image harder to read; by default there are none.

    Parameters
    ----------
    seed : int or numpy.random.Generator
        The source of everything random. An int gives the same image each time.
    shape : (int, int)
        Height and width in pixels, each at least 32.
    cells : (int, int)
        The fewest and the most cells, both inclusive. Where no room is left, fewer are placed.
    radius : (float, float)
        The smallest and the largest mean radius of a cell, in pixels, at least 3.
    touching : float
        The probability, 0…1, that a new cell is pressed against one that is there already.
    overlap : (float, float)
        By which part of the sum of their radii two cells that are pressed together have moved
        into each other, at least and at most, each 0…0.5.
    brightness : (float, float)
        The brightness of the faintest and of the brightest cell, above 0; 1 is that of the
        brightest cell of the easy set.
    defocus : float
        The standard deviation in pixels of the additional blur of the cells farthest from the
        plane in focus; cells lie at four depths.
    debris : int
        How many bright specks, smaller than any cell, lie about. They are background.
    haze : float
        The brightness of the thickest haze, in units of the brightest cell's; it changes slowly
        over the field.
    unevenness : float
        How much the illumination differs from its mean, 0…1, from one side of the field to the
        other.
    blur : float
        The standard deviation in pixels of the Gaussian point-spread function; 0 for none.
    photons : float
        How many photons a pixel of the brightest cell collects on average: fewer means more noise.
    read_noise : float
        The standard deviation of the camera's own noise, in photons.

    Returns
    -------
    Cells
        ``image`` and ``labels``.

    Raises
    ------
    TypeError, ValueError
        If a parameter is not as described.

    Notes
    -----
    The expected number of photons is rounded to 1/64 before the counts are drawn, so that
    machines whose last digits differ still draw the same image.

    Examples
    --------
    >>> image, labels = touching_cells(seed=7)
    >>> image.shape, image.dtype.name, labels.max() == len(np.unique(labels)) - 1
    ((128, 128), 'uint8', np.True_)
    """
    height, width = check_pair(shape, "shape", check_integer, minimum=32)
    fewest, most = check_range(cells, "cells", check_integer, minimum=1)
    radii = check_range(radius, "radius", check_positive)
    if radii[0] < 3 or radii[1] > min(height, width) / 4:
        raise ValueError(
            f"radius must be (smallest, largest), from 3 to a quarter of the image, got {radius}"
        )
    overlaps = check_range(overlap, "overlap", check_fraction)
    if overlaps[1] > 0.5:
        raise ValueError(f"overlap must be at most 0.5, got {overlap}")
    levels = check_range(brightness, "brightness", check_positive)
    check_fraction(touching, "touching")
    check_nonnegative(defocus, "defocus")
    check_integer(debris, "debris", minimum=0)
    check_nonnegative(haze, "haze")
    check_fraction(unevenness, "unevenness")
    check_nonnegative(blur, "blur")
    check_positive(photons, "photons")
    check_nonnegative(read_noise, "read_noise")

    rng = np.random.default_rng(seed)
    number = int(rng.integers(fewest, most + 1))
    outlines = place_outlines(rng, (height, width), number, radii, touching, overlaps)
    labels = draw_labels(outlines, (height, width))
    light = emitted_light(rng, labels, levels)
    # What is left out draws no random numbers: the easy images stay as they are.
    if defocus:
        light = defocus_cells(rng, light, labels, defocus)
    if debris:
        light = light + draw_debris(rng, (height, width), debris)
    light = add_background(rng, light, haze)
    light = illumination(rng, labels.shape, unevenness) * light
    light = ndimage.gaussian_filter(light, blur)
    return Cells(expose(rng, light, photons, read_noise), labels)


def cell_dataset(count: int, seed: int = 0, **options: Any) -> CellDataset:
    """Draw ``count`` images; image ``i`` is ``touching_cells(seed + i, **options)``.

    Parameters
    ----------
    count : int
        How many images, at least 1.
    seed : int
        The seed of the first image, 0 or greater.
    **options
        Passed on to :func:`touching_cells`.

    Returns
    -------
    CellDataset
        ``images`` of shape (count, H, W), uint8, and ``labels`` of the same shape, int32.

    Raises
    ------
    TypeError, ValueError
        If a parameter is not as described.
    """
    count = check_integer(count, "count", minimum=1)
    seed = check_integer(seed, "seed", minimum=0)
    drawn = [touching_cells(seed + index, **options) for index in range(count)]
    return CellDataset(
        np.stack([cells.image for cells in drawn]), np.stack([cells.labels for cells in drawn])
    )


def load_cells(split: str = "test", count: int | None = None, hard: bool = False) -> CellDataset:
    """Return the book's own cells: fixed images to train, to choose and to test with.

    The three splits are drawn from seeds that never meet: 1 000 000 onwards for training,
    2 000 000 for validation, 3 000 000 for testing. The first images of a split are the same
    however many are asked for. **The 40 test images, easy and hard, are those of the book's
    running table.**

    Parameters
    ----------
    split : {"train", "validation", "test"}
        Which images.
    count : int, optional
        How many; 200 for training, 40 for validation and 40 for testing if left out.
    hard : bool
        Whether to draw the hard set: crowded, unevenly lit, partly out of focus, low in contrast,
        with debris and haze. The easy one is drawn with the default options.

    Returns
    -------
    CellDataset
        ``images`` of shape (count, 128, 128), uint8, and ``labels`` of the same shape, int32.

    Raises
    ------
    TypeError, ValueError
        If the split is not one of the three or the count is not a positive integer.

    Examples
    --------
    >>> images, labels = load_cells("test", count=2, hard=True)
    >>> images.shape, labels.shape
    ((2, 128, 128), (2, 128, 128))
    """
    check_choice(split, "split", tuple(SPLIT_SEEDS))
    if count is None:
        count = SPLIT_SIZES[split]
    check_integer(count, "count", minimum=1, maximum=MAX_SPLIT_SIZE)
    return cell_dataset(count, SPLIT_SEEDS[split], **(HARD if hard else {}))
