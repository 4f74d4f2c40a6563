"""Numbers so large or so small that their squares leave the range of floating point."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def binary_exponent(values: NDArray[Any]) -> int:
    """Return the e for which the largest magnitude lies between 2**(e − 1) and 2**e.

    ``np.ldexp(values, -e)`` then lies within −1…1, where no square and no difference overflows.
    Only the exponents change: nothing is rounded, unless one value is vastly smaller than another.

    Examples
    --------
    >>> binary_exponent(np.array([-5.0, 3.0])), np.ldexp(-5.0, -3)
    (3, np.float64(-0.625))
    """
    return int(np.frexp(np.abs(values).max())[1])
