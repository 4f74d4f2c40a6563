"""How a blood smear comes to look: its stains, its lamp, its lens and its camera.

Each stain takes away a part of the light of each colour; what is stained twice lets through the
product of the two (the Beer–Lambert law). A look belongs to a whole smear: all its cells share it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

# Rows: the pink of red cells, the blue of cytoplasm, the purple of nuclei and platelets.
# Columns: how much red, green and blue light a layer of density 1 absorbs.
EOSIN, BLUE, PURPLE = range(3)
ABSORPTION = np.array([[0.10, 0.48, 0.40], [0.42, 0.34, 0.16], [0.85, 1.45, 0.50]])
LAMP = np.array([0.87, 0.86, 0.84])  # what the camera makes of the empty glass; 1 is white
CONCENTRATION = 6.0  # the greater, the nearer each patient's proportions are to the usual ones


class SmearLook(NamedTuple):
    """What the cells of one smear have in common.

    Attributes
    ----------
    magnification : float
        Pixels per micrometre.
    absorption : ndarray of float64, shape (3, 3)
        Stains × colours, as prepared, aged and washed on this glass.
    pallor : float
        How pale the middle of the red cells is, 0…1.
    lamp : ndarray of float64, shape (3,)
        The colour of the empty glass: brightness and white balance.
    slope : complex
        How much brighter the field is at its right edge (real) and at its lower edge (imaginary).
    vignetting : float
        How much darker the corners are than the middle, 0…1.
    blur : float
        Standard deviation in pixels of the lens's point-spread function.
    tilt : complex
        Where the glass leaves the focus: to the right (real), downwards (imaginary).
    noise : float
        Standard deviation of the camera's noise; 1 is white.
    proportions : ndarray of float64, shape (3,)
        How frequent each type of white cell is in this patient's blood.
    """

    magnification: float
    absorption: NDArray[np.float64]
    pallor: float
    lamp: NDArray[np.float64]
    slope: complex
    vignetting: float
    blur: float
    tilt: complex
    noise: float
    proportions: NDArray[np.float64]


def draw_look(
    rng: np.random.Generator, magnification: float, proportions: tuple[float, ...]
) -> SmearLook:
    """Draw the look of a smear around a magnification and around the usual proportions.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of everything random.
    magnification : float
        Pixels per micrometre, before the smear's own variation.
    proportions : tuple of float
        How frequent each type of white cell is on average; their sum is 1.

    Returns
    -------
    SmearLook
        The smear's own look.
    """
    strengths = rng.uniform(0.65, 1.35, size=(3, 1))
    hues = rng.uniform(0.85, 1.15, size=(3, 3))
    white_balance = 1 + rng.uniform(-0.06, 0.06, size=3)
    return SmearLook(
        magnification=magnification * rng.uniform(0.85, 1.12),
        absorption=ABSORPTION * strengths * hues,
        pallor=rng.uniform(0.3, 0.9),
        lamp=LAMP * white_balance * rng.uniform(0.85, 1.06),
        slope=complex(*rng.uniform(-0.12, 0.12, size=2)),
        vignetting=rng.uniform(0.0, 0.15),
        blur=rng.uniform(0.5, 1.5),
        tilt=complex(*rng.uniform(-1, 1, size=2)),
        noise=rng.uniform(0.008, 0.03),
        proportions=rng.dirichlet(CONCENTRATION * np.array(proportions)),
    )


def photograph(
    rng: np.random.Generator, density: NDArray[np.float64], look: SmearLook, defocus: float
) -> NDArray[np.uint8]:
    """Shine light through the stained cells and take their picture.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of the camera's noise.
    density : ndarray of float64, shape (H, W, 3)
        How much of each stain lies on each pixel.
    look : SmearLook
        The smear's look.
    defocus : float
        Standard deviation in pixels of the further blur where the glass is out of focus; 0 for
        none. It grows along the look's tilt, from nothing to its full amount.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
        The image: red, green and blue.
    """
    height, width = density.shape[:2]
    rows, columns = np.linspace(-1, 1, height)[:, np.newaxis], np.linspace(-1, 1, width)
    light = look.lamp * np.exp(-density @ look.absorption)
    light *= _illumination(look, rows, columns)[:, :, np.newaxis]
    light = ndimage.gaussian_filter(light, (look.blur, look.blur, 0))
    if defocus > 0:
        soft = ndimage.gaussian_filter(light, (defocus, defocus, 0))
        share = np.clip(0.5 + look.tilt.real * columns + look.tilt.imag * rows, 0, 1)
        light += share[:, :, np.newaxis] * (soft - light)
    light += look.noise * rng.normal(size=light.shape)
    return np.clip(np.round(255 * light), 0, 255).astype(np.uint8)


def _illumination(
    look: SmearLook, rows: NDArray[np.float64], columns: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the lamp's brightness over the field, 1 in its middle."""
    slope = look.slope.real * columns + look.slope.imag * rows
    return np.asarray(1 + slope - look.vignetting * (rows**2 + columns**2) / 2, dtype=np.float64)
