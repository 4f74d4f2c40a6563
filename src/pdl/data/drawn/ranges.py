"""Checks of the pairs that the generators are given: two sizes, or a least and a most."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def check_pair(
    values: Any, name: str, check: Callable[..., Any], **options: Any
) -> tuple[Any, Any]:
    """Return two values, each checked by ``check(value, name, **options)``.

    Raises
    ------
    TypeError
        If they are not two, or one is of a wrong type.
    ValueError
        If ``check`` refuses one.
    """
    if not isinstance(values, (tuple, list)) or len(values) != 2:
        raise TypeError(f"{name} must be a pair of numbers, got {values!r}")
    first, second = (check(each, name, **options) for each in values)
    return first, second


def check_range(
    values: Any, name: str, check: Callable[..., Any], **options: Any
) -> tuple[Any, Any]:
    """Return a pair as :func:`check_pair` does; raise ValueError if the second is the smaller."""
    least, most = check_pair(values, name, check, **options)
    if most < least:
        raise ValueError(f"{name} must be a pair (least, most), got {(least, most)}")
    return least, most
