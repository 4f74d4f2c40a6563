"""What the checks of this chapter share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pdl._arrays import Array

Answer = Callable[..., Any]
Mistakes = list[tuple[Any, str]]


def boxes_at(seed: int, count: int, width: float = 40, height: float = 60) -> Array:
    """Boxes (x_min, y_min, x_max, y_max) in the left upper part of an image, the same each time."""
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, (width / 4, height / 2), size=(count, 2))
    return np.hstack([corner, corner + rng.uniform(2, 9, size=(count, 2))])
