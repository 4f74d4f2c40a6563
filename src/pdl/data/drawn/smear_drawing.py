"""The cells of a blood smear, laid on the glass one after the other.

A canvas holds how much of each stain lies on each pixel, and whose pixel it is. A pixel that an
outline covers in part counts by that part, so that no edge is jagged.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pdl.data.drawn.cell_outlines import MAX_DEPARTURE, Outline
from pdl.data.drawn.smear_looks import BLUE, EOSIN, PURPLE
from pdl.data.drawn.white_cell_nuclei import draw_nucleus, outline_depth


class Canvas(NamedTuple):
    """What has been drawn so far.

    Attributes
    ----------
    density : ndarray of float64, shape (H, W, 3)
        How much of each stain lies on each pixel.
    labels : ndarray of int32, shape (H, W)
        0 for the bare glass, otherwise the number of the uppermost cell.
    """

    density: NDArray[np.float64]
    labels: NDArray[np.int32]


def empty_canvas(shape: tuple[int, int]) -> Canvas:
    """Return a canvas of bare glass."""
    return Canvas(np.zeros((*shape, 3)), np.zeros(shape, dtype=np.int32))


def add_red_cell(
    rng: np.random.Generator, canvas: Canvas, outline: Outline, label: int, pallor: float
) -> None:
    """Add a red cell: a disc that is thinner, and so paler, in its middle.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of everything random.
    canvas : Canvas
        Where to draw; changed in place.
    outline : Outline
        The cell's outline, in pixels of the canvas.
    label : int
        The cell's number.
    pallor : float
        How pale its middle may be, 0…1.
    """
    window, points = _window(canvas, outline)
    depth = outline_depth(outline, points)
    height = depth / outline.radius  # 0 at the rim, 1 in the middle
    hollow = pallor * rng.uniform(0.4, 1.0) * _smooth_step((height - 0.25) / 0.55)
    thickness = rng.uniform(0.8, 1.15) * (1 - hollow) * (0.8 + 0.2 * _smooth_step(height / 0.25))
    _lay(canvas, window, EOSIN, thickness * _cover(depth))
    canvas.labels[window][depth > 0] = label


def add_platelet(rng: np.random.Generator, canvas: Canvas, outline: Outline, label: int) -> None:
    """Add a platelet: a small purple speck, paler towards its edge; see :func:`add_red_cell`."""
    window, points = _window(canvas, outline)
    depth = outline_depth(outline, points)
    dense = rng.uniform(0.25, 0.55) * _smooth_step(0.25 + depth / (0.8 * outline.radius))
    granules = _grains(rng, depth.shape, size=0.8, contrast=0.35)
    _lay(canvas, window, PURPLE, dense * granules * _cover(depth))
    _lay(canvas, window, BLUE, 0.25 * _cover(depth))
    canvas.labels[window][depth > 0] = label


def add_white_cell(
    rng: np.random.Generator, canvas: Canvas, outline: Outline, label: int, kind: str
) -> NDArray[np.bool_]:
    """Add a white cell of one of the three types and return the pixels of its nucleus.

    Parameters
    ----------
    rng, canvas, outline, label
        As in :func:`add_red_cell`.
    kind : str
        One of ``WHITE_CELL_TYPES``.

    Returns
    -------
    ndarray of bool, shape (H, W)
        Where the nucleus is.
    """
    window, points = _window(canvas, outline)
    depth = outline_depth(outline, points)
    middle = complex(outline.column, outline.row)
    nucleus = draw_nucleus(rng, kind, outline.radius).depth(points - middle)
    # However the cell is deformed, its nucleus stays inside.
    nucleus = np.minimum(nucleus, depth - 1.0)
    cytoplasm = _grains(rng, depth.shape, size=0.9, contrast=0.16) * _cover(depth)
    chromatin = _grains(rng, depth.shape, size=1.6, contrast=rng.uniform(0.05, 0.22))
    _lay(canvas, window, BLUE, rng.uniform(0.5, 1.1) * cytoplasm)
    _lay(canvas, window, EOSIN, rng.uniform(0.0, 0.35) * cytoplasm)
    _lay(canvas, window, PURPLE, rng.uniform(0.65, 1.2) * chromatin * _cover(nucleus))
    canvas.labels[window][depth > 0] = label
    pixels = np.zeros(canvas.labels.shape, dtype=np.bool_)
    pixels[window] = nucleus > 0
    return pixels


def _window(canvas: Canvas, outline: Outline) -> tuple[Any, NDArray[np.complex128]]:
    """Return the part of the canvas that an outline can reach, and its pixels as x + iy."""
    reach = (1 + MAX_DEPARTURE) * outline.radius + 1
    top, left = (max(0, int(middle - reach)) for middle in (outline.row, outline.column))
    window = np.s_[top : int(outline.row + reach) + 2, left : int(outline.column + reach) + 2]
    rows, columns = np.indices(canvas.labels[window].shape)
    return window, np.asarray((columns + left) + 1j * (rows + top))


def _lay(canvas: Canvas, window: Any, stain: int, density: NDArray[np.float64]) -> None:
    """Lay a stain on a part of the canvas, on top of what is there."""
    canvas.density[window][:, :, stain] += density


def _cover(depth: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the part of each pixel that is covered, from how deep inside its centre lies."""
    return np.clip(depth + 0.5, 0, 1)


def _smooth_step(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Go smoothly from 0 at 0 and below to 1 at 1 and above."""
    clipped = np.clip(values, 0, 1)
    return np.asarray(clipped**2 * (3 - 2 * clipped), dtype=np.float64)


def _grains(
    rng: np.random.Generator, shape: tuple[int, ...], size: float, contrast: float
) -> NDArray[np.float64]:
    """Return smooth random grains of a size in pixels: mean 1, standard deviation contrast."""
    # A Gaussian filter leaves white noise a standard deviation of 1 / (2 √π size).
    smooth = ndimage.gaussian_filter(rng.normal(size=shape), size) * 2 * np.sqrt(np.pi) * size
    return np.asarray(np.maximum(1 + contrast * smooth, 0), dtype=np.float64)
