"""What the checks of this chapter share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def photograph(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Random levels from 0 to 255 as uint8, in place of a photograph."""
    return rng.integers(0, 256, size=shape, dtype=np.uint8)
