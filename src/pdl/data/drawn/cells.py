"""Touching cells under a fluorescence microscope: a generator with the truth at hand.

The book's running problem is to count and to outline these cells. As the generator draws them, it
knows each cell's pixels: every method, from a threshold to a network, is scored against the same
truth.
"""

from __future__ import annotations

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
from pdl.data.drawn.cell_outlines import draw_labels, place_outlines

SPLIT_SEEDS = {"train": 1_000_000, "validation": 2_000_000, "test": 3_000_000}
SPLIT_SIZES = {"train": 200, "validation": 40, "test": 40}
MAX_SPLIT_SIZE = 1_000_000

BACKGROUND = 0.14  # light of the empty field; 1 is the middle of the brightest cell
GLOW = 0.25  # part of the cells' light that is out of focus
GRAY_LEVEL = 170  # of the middle of the brightest cell, with room for what is brighter


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
    blur: float = 1.2,
    photons: float = 60.0,
    read_noise: float = 2.0,
    unevenness: float = 0.35,
) -> Cells:
    """Draw an image of touching cells as a fluorescence microscope would show them.

    The cells are smooth irregular blobs of different brightness, thinner and so darker towards
    their edge. Some stand alone, others press against a neighbour with no background in between.
    The lamp lights the field unevenly, out-of-focus light glows around the cells, the lens blurs,
    and the camera counts photons.

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
    blur : float
        The standard deviation in pixels of the Gaussian point-spread function; 0 for none.
    photons : float
        How many photons a pixel of the brightest cell collects on average: fewer means more noise.
    read_noise : float
        The standard deviation of the camera's own noise, in photons.
    unevenness : float
        How much the illumination differs from its mean, 0…1, from one side of the field to the
        other.

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
    height, width = (check_integer(size, "shape", minimum=32) for size in _pair(shape, "shape"))
    fewest, most = (check_integer(number, "cells", minimum=1) for number in _pair(cells, "cells"))
    smallest, largest = (check_positive(size, "radius") for size in _pair(radius, "radius"))
    if most < fewest:
        raise ValueError(f"cells must be (fewest, most), got {cells}")
    if smallest < 3 or largest < smallest or largest > min(height, width) / 4:
        raise ValueError(
            f"radius must be (smallest, largest), from 3 to a quarter of the image, got {radius}"
        )
    check_fraction(touching, "touching")
    check_fraction(unevenness, "unevenness")

    rng = np.random.default_rng(seed)
    number = int(rng.integers(fewest, most + 1))
    outlines = place_outlines(rng, (height, width), number, (smallest, largest), touching)
    labels = draw_labels(outlines, (height, width))
    light = _emitted_light(rng, labels)
    light = _illumination(rng, labels.shape, unevenness) * light
    light = ndimage.gaussian_filter(light, check_nonnegative(blur, "blur"))
    return Cells(_expose(rng, light, photons, read_noise), labels)


def _pair(values: Any, name: str) -> Any:
    """Return the two values; raise TypeError if they are not two."""
    if not isinstance(values, (tuple, list)) or len(values) != 2:
        raise TypeError(f"{name} must be a pair of numbers, got {values!r}")
    return values


def _emitted_light(rng: np.random.Generator, labels: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return the light of the cells and the background; 1 is the brightest cell's middle."""
    brightness = np.append(0.0, rng.uniform(0.45, 1.0, size=labels.max()))
    # A pixel on a border has a neighbour with another label.
    cross = ndimage.generate_binary_structure(2, 1)
    smallest = ndimage.minimum_filter(labels, footprint=cross, mode="nearest")
    border = labels != smallest
    if not border.any():
        border = labels == 0
    depth = ndimage.distance_transform_edt(~border)
    thickness = 0.55 + 0.45 * np.minimum(depth / 4, 1)
    texture = ndimage.gaussian_filter(rng.normal(size=labels.shape), 2.0)
    texture = 1 + 0.10 * texture / texture.std()
    cells = brightness[labels] * thickness * texture
    glow = ndimage.gaussian_filter(cells, 8.0)
    return np.asarray(cells + GLOW * glow + BACKGROUND, dtype=np.float64)


def _illumination(
    rng: np.random.Generator, shape: tuple[int, ...], unevenness: float
) -> NDArray[np.float64]:
    """Return the lamp's brightness over the field: a slope in a random direction, mean 1."""
    step = complex(rng.normal(), rng.normal())
    direction = step / np.sqrt(step.real**2 + step.imag**2)
    rows, columns = (np.linspace(-1, 1, length) for length in shape)
    slope = direction.imag * rows[:, np.newaxis] + direction.real * columns[np.newaxis, :]
    return np.asarray(1 + unevenness * slope / np.sqrt(2), dtype=np.float64)


def _expose(
    rng: np.random.Generator, light: NDArray[np.float64], photons: float, read_noise: float
) -> NDArray[np.uint8]:
    """Count photons, add the camera's noise, and scale to 0…255."""
    photons = check_positive(photons, "photons")
    read_noise = check_nonnegative(read_noise, "read_noise")
    expected = np.round(64 * photons * np.maximum(light, 0)) / 64
    counted = rng.poisson(expected) + read_noise * rng.normal(size=light.shape)
    return np.clip(np.round(GRAY_LEVEL * counted / photons), 0, 255).astype(np.uint8)


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


def load_cells(split: str = "test", count: int | None = None) -> CellDataset:
    """Return the book's own cells: fixed images to train, to choose and to test with.

    The three splits are drawn with the default options from seeds that never meet: 1 000 000
    onwards for training, 2 000 000 for validation, 3 000 000 for testing. The first images of a
    split are the same however many are asked for. **The 40 test images are those of the book's
    running table.**

    Parameters
    ----------
    split : {"train", "validation", "test"}
        Which images.
    count : int, optional
        How many; 200 for training, 40 for validation and 40 for testing if left out.

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
    >>> images, labels = load_cells("test", count=2)
    >>> images.shape, labels.shape
    ((2, 128, 128), (2, 128, 128))
    """
    check_choice(split, "split", tuple(SPLIT_SEEDS))
    if count is None:
        count = SPLIT_SIZES[split]
    check_integer(count, "count", minimum=1, maximum=MAX_SPLIT_SIZE)
    return cell_dataset(count, SPLIT_SEEDS[split])
