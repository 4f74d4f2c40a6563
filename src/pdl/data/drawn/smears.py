"""Drawn blood smears: whole fields with boxes, and crops of single white cells by type.

They look like stained blood under a microscope, and since they are drawn, the truth is known of
each pixel, box and cell. Smears differ from each other in stain, light, focus and magnification;
the cells of one smear share them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pdl._validation import check_choice, check_integer, check_number
from pdl.data.drawn.ranges import check_pair, check_range
from pdl.data.drawn.smear_fields import draw_field, place_cells
from pdl.data.drawn.smear_looks import SmearLook, draw_look, photograph
from pdl.data.drawn.white_cell_nuclei import WHITE_CELL_TYPES

SMEAR_CLASSES = ("RBC", "WBC", "Platelets")  # those of the real set BCCD, in its order
PROPORTIONS = (0.55, 0.30, 0.15)  # of the three types of white cells, in the mean of all smears
CELLS_PER_SMEAR = 8
CROP_WIDTH = 19.0  # micrometres
SPLIT_SEEDS = {"train": 1_000_000, "validation": 2_000_000, "test": 3_000_000}
SPLIT_SIZES = {"train": 240, "validation": 120, "test": 400}


class Smear(NamedTuple):
    """A field of a blood smear and its truth.

    Attributes
    ----------
    image : ndarray of uint8, shape (H, W, 3)
        Red, green and blue, 0…255.
    labels : ndarray of int32, shape (H, W)
        0 for the bare glass, 1…n for the n cells; where two overlap, the upper one has the pixel.
    boxes : ndarray of float64, shape (n, 4)
        x_min, y_min, x_max, y_max of each cell's pixels. Pixel centres lie at integers: a cell
        that covers the columns 3…5 reaches from 2.5 to 5.5.
    classes : ndarray of int64, shape (n,)
        Places in ``SMEAR_CLASSES``: 0 red cell, 1 white cell, 2 platelet.
    """

    image: NDArray[np.uint8]
    labels: NDArray[np.int32]
    boxes: NDArray[np.float64]
    classes: NDArray[np.int64]


class WhiteCells(NamedTuple):
    """Crops of single white cells.

    Attributes
    ----------
    images : ndarray of uint8, shape (N, size, size, 3)
        Red, green and blue, 0…255.
    labels : ndarray of int64, shape (N,)
        Places in ``WHITE_CELL_TYPES``: 0 neutrophil, 1 lymphocyte, 2 monocyte.
    smears : ndarray of int64, shape (N,)
        The number of the smear that each crop comes from.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    smears: NDArray[np.int64]


def blood_smear(
    seed: int | np.random.Generator = 0,
    shape: tuple[int, int] = (240, 320),
    *,
    red_cells: tuple[int, int] = (40, 75),
    white_cells: tuple[int, int] = (1, 3),
    platelets: tuple[int, int] = (3, 10),
    magnification: float = 3.4,
) -> Smear:
    """Draw a field of a blood smear.

    Red cells are pink discs with a paler middle, some of them deformed or overlapping; platelets
    are small purple specks; white cells are larger, gray-blue with a dark purple nucleus.

    Parameters
    ----------
    seed : int or numpy.random.Generator
        The source of everything random. An int gives the same image each time.
    shape : (int, int)
        Height and width in pixels, each at least 64.
    red_cells, white_cells, platelets : (int, int)
        The fewest and the most of each, both inclusive. Where no room is left, fewer are placed.
    magnification : float
        Pixels per micrometre, 2…10, before the smear's own variation by up to 15 %. A red cell
        measures about 7 micrometres across.

    Returns
    -------
    Smear
        ``image``, ``labels``, ``boxes`` and ``classes``.

    Raises
    ------
    TypeError, ValueError
        If a parameter is not as described.

    Examples
    --------
    >>> image, labels, boxes, classes = blood_smear(seed=3)
    >>> image.shape, len(boxes) == len(classes) == labels.max()
    ((240, 320, 3), np.True_)
    """
    height, width = check_pair(shape, "shape", check_integer, minimum=64)
    numbers = {"red_cells": red_cells, "white_cells": white_cells, "platelets": platelets}
    for name, values in numbers.items():
        check_range(values, name, check_integer, minimum=0)
    if not 2 <= check_number(magnification, "magnification") <= 10:
        raise ValueError(f"magnification must lie between 2 and 10, got {magnification!r}")

    rng = np.random.default_rng(seed)
    look = draw_look(rng, magnification, PROPORTIONS)
    red, white, specks = (int(rng.integers(few, many + 1)) for few, many in numbers.values())
    anywhere: list[tuple[str, complex | None]] = [
        (_draw_type(rng, look), None) for _ in range(white)
    ]
    cells = place_cells(rng, (height, width), look, anywhere, red, specks)
    field = draw_field(rng, (height, width), look, cells)
    image = photograph(rng, field.density, look, defocus=rng.uniform(0.0, 1.5))
    return Smear(image, field.labels, _boxes(field.labels), field.classes)


def white_cells(count: int, seed: int = 0, size: int = 64) -> WhiteCells:
    """Draw crops of single white cells of three types, told apart by the nucleus.

    A neutrophil's nucleus has 3–5 lobes, a lymphocyte's is round and nearly fills the cell, a
    monocyte's is bent like a kidney or a horseshoe. Red cells and platelets lie around. The types
    are not equally frequent: about 55, 30 and 15 %.

    Each smear gives 8 crops that share stain, light and magnification. As each patient's blood
    has proportions of its own, the look of a crop says something about its type, if other crops
    of the same smear are known: **split by smear**, not at random.

    Parameters
    ----------
    count : int
        How many crops, at least 1.
    seed : int
        The number of the first smear, 0 or greater; those after it count on. A smear's number
        fixes its crops: two calls whose smears meet have crops in common.
    size : int
        Height and width of a crop in pixels, at least 16. The cells grow with it.

    Returns
    -------
    WhiteCells
        ``images``, ``labels`` and ``smears``.

    Raises
    ------
    TypeError, ValueError
        If a parameter is not as described.

    Examples
    --------
    >>> images, labels, smears = white_cells(12, seed=5)
    >>> images.shape, smears.tolist()
    ((12, 64, 64, 3), [5, 5, 5, 5, 5, 5, 5, 5, 6, 6, 6, 6])
    """
    check_integer(count, "count", minimum=1)
    check_integer(seed, "seed", minimum=0)
    check_integer(size, "size", minimum=16)
    smears = seed + np.arange(count, dtype=np.int64) // CELLS_PER_SMEAR
    images = np.empty((count, size, size, 3), dtype=np.uint8)
    labels = np.empty(count, dtype=np.int64)
    for smear in np.unique(smears):
        rng = np.random.default_rng(int(smear))
        look = draw_look(rng, size / CROP_WIDTH, PROPORTIONS)
        for index in np.flatnonzero(smears == smear):
            kind = _draw_type(rng, look)
            images[index] = _draw_crop(rng, look, kind, size)
            labels[index] = WHITE_CELL_TYPES.index(kind)
    return WhiteCells(images, labels, smears)


def load_white_cells(split: str = "train") -> WhiteCells:
    """Return the book's own white cells: fixed crops to train, to choose and to test with.

    The three splits have no smear in common: they are drawn from the smears 1 000 000 onwards for
    training, 2 000 000 for validation, 3 000 000 for testing.

    Parameters
    ----------
    split : {"train", "validation", "test"}
        Which crops: 240, 120 or 400 of them.

    Returns
    -------
    WhiteCells
        ``images`` of shape (N, 64, 64, 3), uint8, ``labels`` and ``smears``, int64.

    Raises
    ------
    ValueError
        If the split is not one of the three.

    Examples
    --------
    >>> load_white_cells("validation").images.shape
    (120, 64, 64, 3)
    """
    check_choice(split, "split", tuple(SPLIT_SEEDS))
    return white_cells(SPLIT_SIZES[split], SPLIT_SEEDS[split])


def _draw_type(rng: np.random.Generator, look: SmearLook) -> str:
    """Draw a type of white cell in the smear's proportions."""
    return WHITE_CELL_TYPES[int(rng.choice(len(WHITE_CELL_TYPES), p=look.proportions))]


def _draw_crop(
    rng: np.random.Generator, look: SmearLook, kind: str, size: int
) -> NDArray[np.uint8]:
    """Draw a white cell near the middle of a crop, with other cells around it."""
    middle = complex(*(size * rng.uniform(0.44, 0.56, size=2) - 0.5))
    red, specks = int(rng.integers(2, 9)), int(rng.integers(0, 2))
    cells = place_cells(rng, (size, size), look, [(kind, middle)], red, specks)
    field = draw_field(rng, (size, size), look, cells)
    # One cell in three lies too high or too low to be sharp.
    defocus = size / 64 * rng.uniform(1.0, 2.5) if rng.random() < 0.33 else 0.0
    return photograph(rng, field.density, look, defocus)


def _boxes(labels: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return the smallest upright box around the pixels of each label."""
    boxes = [
        (columns.start - 0.5, rows.start - 0.5, columns.stop - 0.5, rows.stop - 0.5)
        for rows, columns in ndimage.find_objects(labels)
    ]
    return np.array(boxes, dtype=np.float64).reshape(-1, 4)
