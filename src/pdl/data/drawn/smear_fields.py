"""Fields of a blood smear: where the cells lie, and which of them are to be seen."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pdl.data.drawn.cell_outlines import OUTLINE_AMPLITUDES, Outline
from pdl.data.drawn.smear_drawing import (
    Canvas,
    add_platelet,
    add_red_cell,
    add_white_cell,
    empty_canvas,
)
from pdl.data.drawn.smear_looks import SmearLook

RED_CELL, WHITE_CELL, PLATELET = range(3)

# The smallest and the largest radius in micrometres.
RED_RADIUS = (3.2, 4.1)
PLATELET_RADIUS = (1.0, 1.6)
WHITE_RADIUS = {"neutrophil": (5.6, 7.2), "lymphocyte": (4.8, 7.2), "monocyte": (5.8, 7.8)}

PLACES = 40  # tried for a cell before it is left out
RED_OVERLAP = 0.25  # of the sum of both radii, for red cells that may lie on another
MIN_VISIBLE = 0.25  # of the area of a circle of the cell's radius


class PlacedCell(NamedTuple):
    """A cell and its place: class, outline in pixels, and the type if it is a white cell."""

    cls: int
    outline: Outline
    kind: str = ""


class Field(NamedTuple):
    """A drawn field: the stains and the cells that are to be seen.

    Attributes
    ----------
    density : ndarray of float64, shape (H, W, 3)
        How much of each stain lies on each pixel.
    labels : ndarray of int32, shape (H, W)
        0 for the bare glass, 1…n for the cells.
    classes : ndarray of int64, shape (n,)
        0 red cell, 1 white cell, 2 platelet.
    nuclei : ndarray of bool, shape (H, W)
        The pixels of the white cells' nuclei.
    """

    density: NDArray[np.float64]
    labels: NDArray[np.int32]
    classes: NDArray[np.int64]
    nuclei: NDArray[np.bool_]


def place_cells(
    rng: np.random.Generator,
    shape: tuple[int, int],
    look: SmearLook,
    white_cells: list[tuple[str, complex | None]],
    red_cells: int,
    platelets: int,
) -> list[PlacedCell]:
    """Place white cells, then red ones, then platelets, wherever there is room.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of everything random.
    shape : (int, int)
        Height and width of the field in pixels. The middle of each cell lies inside.
    look : SmearLook
        Gives the magnification.
    white_cells : list of (str, complex or None)
        The type of each, and its place x + iy; None for any.
    red_cells, platelets : int
        How many of them. Where no room is left, fewer are placed.

    Returns
    -------
    list of PlacedCell
        From the undermost to the uppermost: red cells, platelets, white cells.
    """
    cells: list[PlacedCell] = []

    def place(
        cls: int, radii: tuple[float, float], overlap: float, middle: complex | None, kind: str = ""
    ) -> None:
        radius = look.magnification * rng.uniform(*radii)
        if middle is None:
            middle = find_place(rng, shape, radius, [cell.outline for cell in cells], overlap)
        if middle is not None:
            cells.append(PlacedCell(cls, _draw_outline(rng, middle, radius), kind))

    for kind, middle in white_cells:
        place(WHITE_CELL, WHITE_RADIUS[kind], 0.0, middle, kind)
    for _ in range(red_cells):
        place(RED_CELL, RED_RADIUS, RED_OVERLAP if rng.random() < 0.5 else 0.0, None)
    for _ in range(platelets):
        place(PLATELET, PLATELET_RADIUS, 0.1, None)
    order = (RED_CELL, PLATELET, WHITE_CELL)
    return sorted(cells, key=lambda cell: order.index(cell.cls))


def find_place(
    rng: np.random.Generator,
    shape: tuple[int, int],
    radius: float,
    others: list[Outline],
    overlap: float,
) -> complex | None:
    """Find a place x + iy for a round cell that lies on no other by more than the overlap.

    With an overlap of 0 two circles may just touch, with 0.3 their middles may be 30 % nearer.
    None if no place was found.
    """
    taken = np.array([complex(other.column, other.row) for other in others])
    reach = radius + np.array([other.radius for other in others])
    x, y = (rng.uniform(0, length - 1, size=PLACES) for length in reversed(shape))
    places = x + 1j * y
    free = (np.abs(places[:, np.newaxis] - taken) >= (1 - overlap) * reach).all(axis=1)
    return complex(places[free.argmax()]) if free.any() else None


def draw_field(
    rng: np.random.Generator, shape: tuple[int, int], look: SmearLook, cells: list[PlacedCell]
) -> Field:
    """Draw the cells in their order and number those of which enough is to be seen.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of everything random.
    shape : (int, int)
        Height and width in pixels.
    look : SmearLook
        Gives the pallor of the red cells.
    cells : list of PlacedCell
        From the undermost to the uppermost.

    Returns
    -------
    Field
        The stains, the labels, the classes and the nuclei.
    """
    canvas = empty_canvas(shape)
    nuclei = np.zeros(shape, dtype=np.bool_)
    for label, (cls, outline, kind) in enumerate(cells, start=1):
        if cls == RED_CELL:
            add_red_cell(rng, canvas, outline, label, look.pallor)
        elif cls == PLATELET:
            add_platelet(rng, canvas, outline, label)
        else:
            nuclei |= add_white_cell(rng, canvas, outline, label, kind)
    labels, classes = _visible(canvas, cells)
    return Field(canvas.density, labels, classes, nuclei)


def _visible(
    canvas: Canvas, cells: list[PlacedCell]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Number the cells of which enough is to be seen from 1; the others get no label."""
    sizes = np.bincount(canvas.labels.ravel(), minlength=len(cells) + 1)[1:]
    needed = [MIN_VISIBLE * np.pi * cell.outline.radius**2 for cell in cells]
    kept = np.flatnonzero(sizes >= needed)
    number = np.zeros(len(cells) + 1, dtype=np.int32)
    number[kept + 1] = np.arange(1, len(kept) + 1)
    classes = np.array([cell.cls for cell in cells], dtype=np.int64)
    return number[canvas.labels], classes[kept]


def _draw_outline(rng: np.random.Generator, middle: complex, radius: float) -> Outline:
    """Draw a smooth closed curve: some are nearly round, some are deformed."""
    bumps = rng.uniform(-1, 1, size=4) + 1j * rng.uniform(-1, 1, size=4)
    bumps *= rng.uniform(0.2, 1.0) * np.array(OUTLINE_AMPLITUDES)
    return Outline(middle.imag, middle.real, radius, bumps)
