"""The light of the drawn cells, on its way from the cells to the camera."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pdl.data.drawn.cell_outlines import draw_outline, paint_outlines

BACKGROUND = 0.14  # light of the empty field; 1 is the middle of the brightest cell
GLOW = 0.25  # part of the cells' light that is out of focus
GRAY_LEVEL = 170  # of the middle of the brightest cell, with room for what is brighter
EDGE_THICKNESS = 0.55  # of a cell at its edge; 1 is its thickness in the middle
EDGE_WIDTH = 4  # pixels from the edge to full thickness

FOCAL_PLANES = 4  # depths at which cells lie; the first is in focus
HAZE_SCALE = 20.0  # pixels: how slowly the haze changes over the field
DEBRIS_RADIUS = (1.0, 2.6)  # pixels
DEBRIS_BRIGHTNESS = (0.4, 1.3)

Light = NDArray[np.float64]


def emitted_light(
    rng: np.random.Generator, labels: NDArray[np.int32], brightness: tuple[float, float]
) -> Light:
    """Return the light of the cells; 1 is the brightest cell's middle."""
    levels = np.append(0.0, rng.uniform(*brightness, size=labels.max()))
    # A pixel on a border has a neighbour with another label.
    cross = ndimage.generate_binary_structure(2, 1)
    smallest = ndimage.minimum_filter(labels, footprint=cross, mode="nearest")
    border = labels != smallest
    if not border.any():
        border = labels == 0
    depth = ndimage.distance_transform_edt(~border)
    thickness = EDGE_THICKNESS + (1 - EDGE_THICKNESS) * np.minimum(depth / EDGE_WIDTH, 1)
    texture = ndimage.gaussian_filter(rng.normal(size=labels.shape), 2.0)
    texture = 1 + 0.10 * texture / texture.std()
    return np.asarray(levels[labels] * thickness * texture, dtype=np.float64)


def defocus_cells(
    rng: np.random.Generator, light: Light, labels: NDArray[np.int32], defocus: float
) -> Light:
    """Blur each cell by how far it lies from the plane in focus; the farthest by ``defocus``."""
    plane = rng.integers(FOCAL_PLANES, size=labels.max() + 1)
    return np.asarray(
        sum(
            ndimage.gaussian_filter(
                np.where(plane[labels] == each, light, 0), defocus * each / (FOCAL_PLANES - 1)
            )
            for each in range(FOCAL_PLANES)
        )
    )


def draw_debris(rng: np.random.Generator, shape: tuple[int, int], number: int) -> Light:
    """Return the light of specks that are no cells: fragments, dust, lumps of dye."""
    height, width = shape
    specks = [
        draw_outline(rng, rng.uniform(0, height - 1), rng.uniform(0, width - 1), radius)
        for radius in rng.uniform(*DEBRIS_RADIUS, size=number)
    ]
    levels = np.append(0.0, rng.uniform(*DEBRIS_BRIGHTNESS, size=number))
    return np.asarray(levels[paint_outlines(specks, shape)], dtype=np.float64)


def add_background(rng: np.random.Generator, cells: Light, haze: float) -> Light:
    """Add the glow around the cells, the light of the empty field, and clouds of haze over it."""
    glow = ndimage.gaussian_filter(cells, 8.0)
    light = cells + GLOW * glow + BACKGROUND
    if haze:
        clouds = ndimage.gaussian_filter(rng.normal(size=cells.shape), HAZE_SCALE, mode="wrap")
        light = light + haze * (clouds - clouds.min()) / (clouds.max() - clouds.min())
    return np.asarray(light, dtype=np.float64)


def illumination(rng: np.random.Generator, shape: tuple[int, ...], unevenness: float) -> Light:
    """Return the lamp's brightness over the field: a slope in a random direction, mean 1."""
    step = complex(rng.normal(), rng.normal())
    direction = step / np.sqrt(step.real**2 + step.imag**2)
    rows, columns = (np.linspace(-1, 1, length) for length in shape)
    slope = direction.imag * rows[:, np.newaxis] + direction.real * columns[np.newaxis, :]
    return np.asarray(1 + unevenness * slope / np.sqrt(2), dtype=np.float64)


def expose(
    rng: np.random.Generator, light: Light, photons: float, read_noise: float
) -> NDArray[np.uint8]:
    """Count photons, add the camera's noise, and scale to 0…255."""
    expected = np.round(64 * photons * np.maximum(light, 0)) / 64
    counted = rng.poisson(expected) + read_noise * rng.normal(size=light.shape)
    return np.clip(np.round(GRAY_LEVEL * counted / photons), 0, 255).astype(np.uint8)
