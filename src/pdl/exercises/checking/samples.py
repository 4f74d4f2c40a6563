"""Numbers on which the checks try an answer, the same each time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def random(seed: int, *shape: int) -> Array:
    """Normally distributed numbers of a shape."""
    return np.random.default_rng(seed).normal(size=shape)
