"""The nuclei by which the types of white blood cells are told apart, as unions of lobes.

Positions are complex numbers, x + iy in pixels from the middle of the cell, so that to turn a
shape is to multiply it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pdl.data.drawn.cell_outlines import Outline

WHITE_CELL_TYPES = ("neutrophil", "lymphocyte", "monocyte")
REACH = 0.95  # of the cell's radius: no lobe is meant to go beyond
CHAINS = 60  # of lobes, tried until one does not cross itself
LOBE_RADIUS = {3: 0.35, 4: 0.31, 5: 0.275}  # of the cell's radius, by the number of lobes
LOBE_BUMPS = (0.10, 0.05)  # how far a lobe departs from a circle, for 2 and 3 bumps around it


class Nucleus(NamedTuple):
    """A union of lobes, joined by bridges, less a dent.

    Attributes
    ----------
    lobes : list of Outline
        The lobes, around the middle of the cell.
    bridges : list of (complex, complex, float)
        Both ends and half the width of what joins two lobes.
    dent : (complex, float) or None
        Middle and radius of a disc that is missing.
    """

    lobes: list[Outline]
    bridges: list[tuple[complex, complex, float]]
    dent: tuple[complex, float] | None

    def depth(self, points: NDArray[np.complex128]) -> NDArray[np.float64]:
        """Return how many pixels inside the nucleus each point lies; below 0 outside."""
        depth = np.full(points.shape, -np.inf)
        for lobe in self.lobes:
            depth = np.maximum(depth, outline_depth(lobe, points))
        for start, end, half_width in self.bridges:
            along = end - start
            part = ((points - start) * along.conjugate()).real / abs(along) ** 2
            nearest = start + np.clip(part, 0, 1) * along
            depth = np.maximum(depth, half_width - np.abs(points - nearest))
        if self.dent is not None:
            middle, radius = self.dent
            depth = np.minimum(depth, np.abs(points - middle) - radius)
        return depth


def outline_depth(outline: Outline, points: NDArray[np.complex128]) -> NDArray[np.float64]:
    """Return how many pixels inside an outline each point lies; below 0 outside."""
    offset = points - complex(outline.column, outline.row)
    distance = np.abs(offset)
    direction = offset / np.maximum(distance, 1e-9)
    return np.asarray(outline.radius_towards(direction) - distance, dtype=np.float64)


def draw_nucleus(rng: np.random.Generator, kind: str, radius: float) -> Nucleus:
    """Draw the nucleus of a white cell.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of everything random.
    kind : str
        One of ``WHITE_CELL_TYPES``.
    radius : float
        The cell's radius in pixels.

    Returns
    -------
    Nucleus
        Inside the cell, or nearly so.
    """
    shapes = {"neutrophil": _segmented, "lymphocyte": _round, "monocyte": _bent}
    return shapes[kind](rng, radius)


def _segmented(rng: np.random.Generator, radius: float) -> Nucleus:
    """Draw 3–5 lobes in a winding chain, joined by thin bridges."""
    number = int(rng.choice([3, 4, 5], p=[0.45, 0.40, 0.15]))
    sizes = LOBE_RADIUS[number] * radius * rng.uniform(0.82, 1.15, size=number)
    spacing = rng.uniform(0.85, 1.15)  # below 1 neighbours overlap, above 1 a bridge shows
    for _ in range(CHAINS):
        turns = rng.uniform(0.5, 1.7, size=number - 1)
        turns *= rng.choice([1, 1, 1, 1, -1], size=number - 1)
        steps = spacing * (sizes[1:] + sizes[:-1]) * np.exp(1j * np.cumsum(turns))
        middles = np.append(0, np.cumsum(steps))
        gaps = np.abs(middles[:, np.newaxis] - middles) / (sizes[:, np.newaxis] + sizes)
        if gaps[np.triu_indices(number, k=2)].min() > 1.05:
            break
    middles = (middles - middles.mean()) * _direction(rng)
    middles, sizes = _shrink_to_fit(middles, sizes, radius)
    half_widths = radius * rng.uniform(0.04, 0.09, size=number - 1)
    lobes = [_lobe(rng, middle, size) for middle, size in zip(middles, sizes, strict=True)]
    return Nucleus(lobes, _bridges(middles, half_widths), None)


def _round(rng: np.random.Generator, radius: float) -> Nucleus:
    """Draw one round lobe that nearly fills the cell, often with a dent."""
    size = radius * rng.uniform(0.66, 0.90)
    middle = rng.uniform(0, REACH * radius - size) * _direction(rng)
    lobe = _lobe(rng, middle, size, irregularity=0.6)
    if rng.random() < 0.5:
        return Nucleus([lobe], [], None)
    width = size * rng.uniform(0.3, 0.6)
    inwards = size * rng.uniform(0.05, 0.28)
    towards = _direction(rng)
    rim = middle + lobe.radius_towards(towards) * towards
    return Nucleus([lobe], [], (rim + (width - inwards) * towards, width))


def _bent(rng: np.random.Generator, radius: float) -> Nucleus:
    """Draw a thick bent band: a kidney where it is short, a horseshoe where it is long."""
    bend = rng.uniform(0.8, 2.1)  # half the angle that the band goes round, in radians
    place = np.linspace(-1, 1, 9)
    middles = radius * rng.uniform(0.36, 0.48) * np.exp(1j * bend * place)
    sizes = radius * rng.uniform(0.30, 0.40) * (1.07 - 0.10 * bend) * np.ones(9)
    one_end_thicker, both_ends_thicker = rng.uniform(-0.15, 0.15, size=2)
    sizes *= 1 + one_end_thicker * place + both_ends_thicker * (2 * place**2 - 1)
    middles = (middles - 0.6 * middles.mean()) * _direction(rng)
    middles, sizes = _shrink_to_fit(middles, sizes, radius)
    lobes = [_lobe(rng, mid, size, 0.3) for mid, size in zip(middles, sizes, strict=True)]
    return Nucleus(lobes, _bridges(middles, 0.93 * np.minimum(sizes[1:], sizes[:-1])), None)


def _shrink_to_fit(
    middles: NDArray[np.complex128], sizes: NDArray[np.float64], radius: float
) -> tuple[NDArray[np.complex128], NDArray[np.float64]]:
    """Make a chain of lobes smaller where it would leave the cell."""
    shrink = min(1.0, REACH * radius / float((np.abs(middles) + sizes).max()))
    return shrink * middles, shrink * sizes


def _bridges(
    middles: NDArray[np.complex128], half_widths: NDArray[np.float64]
) -> list[tuple[complex, complex, float]]:
    """Join each lobe of a chain to the next one."""
    ends = zip(middles[:-1], middles[1:], half_widths, strict=True)
    return [(complex(start), complex(end), float(half)) for start, end, half in ends]


def _lobe(
    rng: np.random.Generator, middle: complex, radius: float, irregularity: float = 1.0
) -> Outline:
    """Draw a smooth blob that is a little out of round."""
    bumps = rng.uniform(-1, 1, size=2) + 1j * rng.uniform(-1, 1, size=2)
    return Outline(middle.imag, middle.real, radius, irregularity * bumps * np.array(LOBE_BUMPS))


def _direction(rng: np.random.Generator) -> complex:
    """Draw a direction: a complex number of modulus 1."""
    step = complex(rng.normal(), rng.normal())
    return step / abs(step)
