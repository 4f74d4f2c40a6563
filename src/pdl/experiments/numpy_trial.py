"""What the trainings of NumPy networks share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

AfterStep = Callable[[int, float], object]
"""Told the number of steps that are done, and the loss of the last one."""


def shuffled_batches(
    rng: np.random.Generator, count: int, size: int
) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Yield for each batch of an epoch how many images came before it, and its images' indices.

    Each image comes once; the last batch may be smaller.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> [(before, len(indices)) for before, indices in shuffled_batches(rng, count=5, size=2)]
    [(0, 2), (2, 2), (4, 1)]
    """
    order = rng.permutation(count)
    for start in range(0, count, size):
        yield start, order[start : start + size]


def mean_losses(losses: Sequence[float], count: int) -> list[float]:
    """The mean of each ``count`` losses in a row; what is left at the end is left out.

    Examples
    --------
    >>> mean_losses([1.0, 2.0, 3.0, 5.0, 9.0], count=2)
    [1.5, 4.0]
    """
    whole = len(losses) // count * count
    return [round(float(each), 4) for each in np.reshape(losses[:whole], (-1, count)).mean(axis=1)]
