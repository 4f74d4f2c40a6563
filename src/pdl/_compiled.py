"""Loops that Numba compiles: the loop that one reads is the loop that runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Have Numba compile a function to machine code when it is first called.

    Numba is imported no sooner, as that alone takes half a second. The machine code is kept
    beside the source or, where that folder cannot be written, in the user's cache, so that only
    the first call of the first process has to wait for the compiler. Where neither can be
    written, each process compiles for itself.

    Parameters
    ----------
    function : callable
        Of arrays and numbers, in the part of Python that Numba compiles.

    Returns
    -------
    callable
        The same function, compiled.

    Examples
    --------
    >>> @compiled
    ... def triangular(n):
    ...     total = 0
    ...     for i in range(n + 1):
    ...         total += i
    ...     return total
    >>> triangular(4)
    10
    """

    @cache
    def machine_code() -> Callable[P, R]:
        from numba import njit

        try:
            found = njit(cache=True)(function)
        except RuntimeError:  # no folder can be written
            found = njit()(function)
        return cast("Callable[P, R]", found)

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        return machine_code()(*args, **kwargs)

    return call
