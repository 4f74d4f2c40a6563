"""Numbers on which the checks try an answer, the same each time."""

from __future__ import annotations

import numpy as np

from pdl._arrays import Array


def random(seed: int, *shape: int) -> Array:
    """Normally distributed numbers of a shape."""
    return np.random.default_rng(seed).normal(size=shape)
