"""Answers of several parts, and the mistakes that any part may have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from numpy.typing import ArrayLike

from pdl._arrays import Array

from .compare import Mismatch, as_array, expect_close, expect_parts, expect_shape

Mistakes = Iterable[tuple[ArrayLike, str]]

SIGN = "The sign is reversed."
CUT = (
    "The result was cut to whole numbers: np.zeros_like(x) takes the type of x, "
    "np.zeros(x.shape) makes floats."
)


def cut_off(got: Any) -> list[tuple[Any, str]]:
    """Name the mistake of an answer in whole numbers that was right in floats before."""
    array = as_array(got)
    return [(array, CUT)] if array.dtype.kind in "iu" else []


def expect_part_shapes(
    answer: Any, shapes: dict[str, tuple[int, ...]], hints: dict[str, str] | None = None
) -> str:
    """Demand results of given shapes; return the names and shapes as a note."""
    for part, (name, shape) in zip(expect_parts(answer, list(shapes)), shapes.items(), strict=True):
        try:
            expect_shape(part, shape, (hints or {}).get(name, ""))
        except Mismatch as mismatch:
            raise Mismatch(f"{name}: {mismatch.message}", mismatch.hint) from None
    return ", ".join(str(shape) for shape in shapes.values())


def expect_part_values(
    answer: Any,
    truths: dict[str, Array],
    mistakes: dict[str, list[tuple[Any, str]]],
    what: str,
) -> None:
    """Demand results equal to the truths, each with its known mistakes; the sign is always one."""
    for part, (name, truth) in zip(expect_parts(answer, list(truths)), truths.items(), strict=True):
        known = [*cut_off(part), *mistakes.get(name, []), (-truth, SIGN)]
        expect_close(part, truth, what=f"{name}, {what}", mistakes=known)
