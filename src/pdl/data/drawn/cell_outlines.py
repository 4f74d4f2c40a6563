"""The geometry of the drawn cells: smooth outlines, how they touch, and whose each pixel is."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

# How strongly an outline departs from a circle, for 2, 3, 4 and 5 bumps around it. A curve
# 1 + a cos 2θ is convex up to a = 1/5: below that no cell has a waist and looks like two.
OUTLINE_AMPLITUDES = (0.14, 0.05, 0.03, 0.02)
MAX_DEPARTURE = float(np.sqrt(2) * sum(OUTLINE_AMPLITUDES))
ATTEMPTS = 60
MIN_GAP = 3.0  # pixels between cells that are not meant to touch
MIN_VISIBLE = 0.4  # of the area of a circle of the cell's radius


class Outline(NamedTuple):
    """A closed curve around a centre: its radius is a Fourier series in the direction."""

    row: float
    column: float
    radius: float
    coefficients: NDArray[np.complex128]

    def radius_towards(self, direction: Any) -> Any:
        """Return the radius in a direction, given as a complex number of modulus 1."""
        departure = 0.0
        harmonic = direction
        for coefficient in self.coefficients:
            harmonic = harmonic * direction
            departure = departure + (coefficient * harmonic).real
        return self.radius * (1 + departure)


def draw_outline(rng: np.random.Generator, row: float, column: float, radius: float) -> Outline:
    """Draw a smooth convex blob around a centre."""
    bumps = rng.uniform(-1, 1, size=4) + 1j * rng.uniform(-1, 1, size=4)
    return Outline(row, column, radius, np.array(OUTLINE_AMPLITUDES) * bumps)


def place_outlines(
    rng: np.random.Generator,
    shape: tuple[int, int],
    number: int,
    radius: tuple[float, float],
    touching: float,
    overlap: tuple[float, float],
) -> list[Outline]:
    """Place cells one after the other, alone or pressed against one that is there."""
    outlines: list[Outline] = []
    for _ in range(number):
        pressed = len(outlines) > 0 and rng.random() < touching
        for _ in range(ATTEMPTS):
            size = rng.uniform(*radius)
            # The part of a cell beyond the image's edge stays the smaller one.
            row, column = (rng.uniform(size / 2, length - 1 - size / 2) for length in shape)
            outline = draw_outline(rng, row, column, size)
            anchor = None
            if pressed:
                anchor = outlines[int(rng.integers(len(outlines)))]
                outline = _pressed_against(rng, outline, anchor, overlap)
            if _fits(outline, outlines, anchor, shape):
                outlines.append(outline)
                break
    return outlines


def _pressed_against(
    rng: np.random.Generator, outline: Outline, anchor: Outline, overlap: tuple[float, float]
) -> Outline:
    """Move an outline next to another one, so that the two would overlap a little."""
    step = complex(rng.normal(), rng.normal())
    direction = step / np.sqrt(step.real**2 + step.imag**2)
    reach = anchor.radius_towards(direction) + outline.radius_towards(-direction)
    least, most = overlap
    distance = rng.uniform(1 - most, 1 - least) * reach
    return outline._replace(
        row=anchor.row + distance * direction.imag, column=anchor.column + distance * direction.real
    )


def _fits(
    outline: Outline, others: list[Outline], anchor: Outline | None, shape: tuple[int, int]
) -> bool:
    """Tell whether an outline lies in the image and keeps its distance from the others."""
    margin = outline.radius / 2
    if not margin <= outline.row <= shape[0] - 1 - margin:
        return False
    if not margin <= outline.column <= shape[1] - 1 - margin:
        return False
    for other in others:
        if other is anchor:
            continue
        step = complex(outline.column - other.column, outline.row - other.row)
        distance = np.sqrt(step.real**2 + step.imag**2)
        direction = step / max(distance, 1e-9)
        reach = other.radius_towards(direction) + outline.radius_towards(-direction)
        # A cell in a clump may press a third one as well, a single cell none.
        if distance < (reach + MIN_GAP if anchor is None else 0.85 * reach):
            return False
    return True


def draw_labels(outlines: list[Outline], shape: tuple[int, int]) -> NDArray[np.int32]:
    """Give each pixel to its outline, less what other cells cut off, and number from 1."""
    return _keep_whole_cells(paint_outlines(outlines, shape), outlines)


def paint_outlines(outlines: list[Outline], shape: tuple[int, int]) -> NDArray[np.int32]:
    """Give each pixel to the outline that it lies deepest in, measured in radii."""
    labels = np.zeros(shape, dtype=np.int32)
    nearest = np.ones(shape)
    for label, outline in enumerate(outlines, start=1):
        reach = (1 + MAX_DEPARTURE) * outline.radius
        top, left = (max(0, int(centre - reach)) for centre in (outline.row, outline.column))
        window = np.s_[top : int(outline.row + reach) + 2, left : int(outline.column + reach) + 2]
        rows, columns = np.indices(labels[window].shape)
        offset = (columns + left - outline.column) + 1j * (rows + top - outline.row)
        distance = np.sqrt(offset.real**2 + offset.imag**2)
        direction = offset / np.maximum(distance, 1e-9)
        depth = distance / outline.radius_towards(direction)
        inside = depth < nearest[window]
        nearest[window][inside] = depth[inside]
        labels[window][inside] = label
    return labels


def _keep_whole_cells(labels: NDArray[np.int32], outlines: list[Outline]) -> NDArray[np.int32]:
    """Keep each cell's largest component, drop slivers, and number what is left from 1."""
    kept = np.zeros_like(labels)
    count = 0
    for label, outline in enumerate(outlines, start=1):
        components, _ = ndimage.label(labels == label)
        sizes = np.bincount(components.ravel())
        sizes[0] = 0
        if sizes.max() >= MIN_VISIBLE * np.pi * outline.radius**2:
            count += 1
            kept[components == sizes.argmax()] = count
    return kept
