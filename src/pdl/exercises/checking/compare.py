"""What the checks use to compare an answer with the truth, shape first, then values.

The rule of precision: an answer in double precision has to meet the tolerance of its check, and one
in single or half precision three quarters of the digits that its data type holds (five of float32's
seven, two of float16's three), counted from the largest number of the truth. A known mistake is
named only if it explains the answer far better than the truth does, so that rounding is never
taken for a mistake; an answer whose first digits agree with the truth is told how many do.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .arrays import as_array, expect_parts, plain
from .mismatch import Mismatch, Picture

__all__ = [
    "Mismatch",
    "Picture",
    "as_array",
    "expect_close",
    "expect_dtype",
    "expect_equal",
    "expect_parts",
    "expect_rounded",
    "expect_shape",
    "is_close",
    "shown",
]


def shown(value: Any, length: int = 80) -> str:
    """An answer as Python would print it, cut to a length; never an error."""
    try:
        text = repr(value)
    except Exception:
        return f"a {type(value).__name__} that cannot be printed"
    return text if len(text) <= length else f"{text[:length]}…"


def expect_shape(answer: Any, shape: tuple[int, ...], hint: str = "") -> str:
    """Demand an array of a shape; return the shape as a note.

    Raises
    ------
    Mismatch
        If the answer is no array of numbers, or of another shape.
    """
    array = as_array(answer, f"an array of shape {shape}")
    if array.shape != tuple(shape):
        single = "" if shape else "A single number is asked for, whose shape is ()."
        raise Mismatch(f"expected {shape}, got {array.shape}", hint or single)
    return str(tuple(shape))


def expect_dtype(answer: Any, dtype: Any, hint: str = "") -> str:
    """Demand an array of a data type; return its name as a note."""
    array = as_array(answer)
    if array.dtype != np.dtype(dtype):
        raise Mismatch(f"expected dtype {np.dtype(dtype)}, got {array.dtype}", hint)
    return str(np.dtype(dtype))


def expect_close(
    answer: Any,
    expected: ArrayLike,
    *,
    what: str = "",
    mistakes: Iterable[tuple[ArrayLike, str]] = (),
    rtol: float = 1e-7,
    atol: float = 1e-9,
    image: NDArray[Any] | None = None,
    secret: bool = False,
) -> None:
    """Demand values equal to the expected ones within a tolerance, shape first.

    Parameters
    ----------
    answer, expected : array_like
        What came and what was expected: scalars or arrays.
    what : str
        The case, in a few words, to stand before the message ("for an even kernel").
    mistakes : iterable of (array_like, str)
        For each known mistake the values it gives, and a hint that names it.
    rtol, atol : float
        Relative and absolute tolerance, for an answer in double precision; one in single or half
        precision gets what its type can hold (see the module's text).
    image : ndarray, optional
        The input, drawn beside the expected and the reader's output where these are images.
    secret : bool, default False
        Do not print what was expected: for exercises whose answer is a value found by hand.

    Raises
    ------
    Mismatch
        At the first index that differs.
    """
    truth = np.asarray(expected)
    got = as_array(answer, f"an array of shape {truth.shape}" if truth.ndim else "a number")
    prefix = f"{what}: " if what else ""
    if got.shape != truth.shape:
        raise Mismatch(f"{prefix}expected shape {truth.shape}, got {got.shape}")
    close = _close(got, truth, rtol, atol)
    if close.all():
        return
    at = tuple(int(i) for i in np.argwhere(~close)[0])
    hint = _likely_mistake(got, truth, mistakes) or _rounding(got, truth)
    index = f"at index {at[0] if len(at) == 1 else at}: " if at else ""
    picture = None
    if image is not None and got.ndim >= 2 and not secret:
        picture = Picture({"input": image, "expected": truth, "yours": got})
    wanted, came = _apart(truth[at], got[at])
    if secret:
        raise Mismatch(f"{prefix}{index}{came} is {_verdict(truth[at], got[at])}", hint)
    raise Mismatch(f"{prefix}{index}expected {wanted}, got {came}", hint, picture)


def is_close(answer: Any, expected: ArrayLike, *, rtol: float = 1e-7, atol: float = 1e-9) -> bool:
    """Whether an answer has the expected shape and values, by the same rule as `expect_close`."""
    got, truth = as_array(answer), np.asarray(expected)
    return got.shape == truth.shape and bool(_close(got, truth, rtol, atol).all())


def expect_rounded(
    answer: Any,
    exact: ArrayLike,
    *,
    what: str = "",
    mistakes: Iterable[tuple[ArrayLike, str]] = (),
    image: NDArray[Any] | None = None,
) -> None:
    """Demand numbers rounded to whole ones; where two are equally near, either is right.

    Parameters
    ----------
    answer, exact : array_like
        What came, and the numbers before they are rounded.
    what, mistakes, image
        As for `expect_close`.

    Raises
    ------
    Mismatch
        At the first index that differs.
    """
    truth = np.asarray(exact, dtype=float)
    rounded = np.rint(truth)
    got = as_array(answer)
    if got.shape == truth.shape and got.dtype.kind in "iuf":
        up, down = np.ceil(truth), np.floor(truth)
        tie = np.abs(truth - down - 0.5) <= 1e-6 * np.maximum(1, np.abs(truth))
        rounded = np.where(tie & ((got == up) | (got == down)), got, rounded)
    expect_close(answer, rounded, what=what, mistakes=mistakes, image=image)


def expect_equal(
    answer: Any, expected: Any, *, what: str = "", hint: str = "", secret: bool = False
) -> None:
    """Demand equality, for words, truth values and whole numbers, and for tuples of these.

    Parameters
    ----------
    answer, expected : object
        What came and what was expected; a list serves where a tuple is expected.
    what, hint : str
        The case, to stand before the message, and the mistake that it looks like.
    secret : bool, default False
        Do not print what was expected: for exercises whose answer is a value found by hand.

    Raises
    ------
    Mismatch
        If they differ.
    """
    prefix = f"{what}: " if what else ""
    wanted = "another answer" if secret else f"{expected!r}"
    if answer is None and expected is not None:
        as_array(answer, wanted)
    answer = plain(answer)
    if isinstance(answer, np.ndarray) and not isinstance(expected, (np.ndarray, list, tuple)):
        raise Mismatch(f"{prefix}expected {wanted}, got an array of shape {answer.shape}", hint)
    if isinstance(answer, np.generic):
        answer = answer.item()
    if _equal(answer, expected):
        return
    if callable(answer):
        call = "The value is asked for, not the function: call it."
        raise Mismatch(f"{prefix}expected {wanted}, got a function", call)
    if secret and isinstance(expected, (int, float)):
        as_array(answer, "a number")
        expect_shape(answer, ())
    if secret:
        raise Mismatch(f"{prefix}{shown(answer)} is {_verdict(expected, answer)}", hint)
    raise Mismatch(f"{prefix}expected {wanted}, got {shown(answer)}", hint)


def _equal(answer: Any, expected: Any) -> bool:
    rows = (list, tuple, np.ndarray)
    if isinstance(answer, rows) and isinstance(expected, rows):
        return len(answer) == len(expected) and all(map(_equal, answer, expected))
    if isinstance(answer, (bool, np.bool_)) and not isinstance(expected, (bool, np.bool_)):
        return False
    try:
        return bool(answer == expected)
    except Exception:
        return False


def _verdict(expected: Any, got: Any) -> str:
    """Too large or too small, for two numbers; else no more than that it is wrong."""
    numbers = (int, float, np.integer, np.floating)
    if all(isinstance(each, numbers) and not isinstance(each, bool) for each in (expected, got)):
        if got > expected:
            return "too large"
        if got < expected:
            return "too small"
    return "not right"


def _precision(array: NDArray[Any]) -> float:
    """What an answer in single or half precision may be wrong by, relatively; else 0."""
    if array.dtype.kind not in "fc" or np.finfo(array.dtype).eps <= np.finfo(float).eps:
        return 0.0
    return float(np.finfo(array.dtype).eps) ** 0.75


def _largest(array: NDArray[Any]) -> float:
    size = np.abs(_wide(array))
    return float(size[np.isfinite(size)].max(initial=0.0))


def _wide(array: NDArray[Any]) -> NDArray[Any]:
    return array.astype(complex if array.dtype.kind == "c" else float)


def _close(got: NDArray[Any], truth: NDArray[Any], rtol: float, atol: float) -> NDArray[np.bool_]:
    """Where an answer meets the tolerances, or is as near as its own data type allows."""
    wide = _wide(got)
    close = np.isclose(wide, truth, rtol=rtol, atol=atol, equal_nan=True)
    with np.errstate(invalid="ignore"):  # of infinities, which are compared above
        return np.asarray(close | (np.abs(wide - truth) <= _precision(got) * _largest(truth)))


def _distance(one: NDArray[Any], other: NDArray[Any]) -> float:
    """The largest difference of two arrays of one shape; equal infinities differ by 0."""
    one, other = _wide(one), _wide(other)
    with np.errstate(invalid="ignore"):
        apart = np.where(one == other, 0.0, np.abs(one - other))
    return float(np.where(np.isnan(apart), np.inf, apart).max(initial=0.0))


def _likely_mistake(
    got: NDArray[Any], truth: NDArray[Any], mistakes: Iterable[tuple[ArrayLike, str]]
) -> str:
    """The hint of the first mistake that explains the values, and far better than the truth."""
    from_truth = _distance(got, truth)
    for values, words in mistakes:
        wrong = np.asarray(values)
        if wrong.shape != got.shape or wrong.dtype.kind not in "biufc":
            continue
        fits = _close(got, wrong, 1e-5, 1e-7).all()
        if fits and _distance(got, wrong) < from_truth / 10:
            return words
    return ""


def _rounding(got: NDArray[Any], truth: NDArray[Any]) -> str:
    """How many digits agree, where that is more than chance, and what may have cost the others."""
    narrow = _precision(got) > 0
    largest, distance = _largest(truth), _distance(got, truth)
    if got.dtype.kind not in "fc" or not 0 < distance < largest / 10:
        return ""
    digits = int(-np.log10(distance / largest))
    if narrow:
        cause = "If your method is right, single precision is too coarse here: use float64."
    elif digits >= 4:
        cause = "Was it computed in single precision (float32), or with a rounded constant?"
    else:
        return ""
    return f"Right to {digits} digit{'s' * (digits > 1)}. {cause}"


def _apart(expected: Any, got: Any) -> tuple[str, str]:
    """Two numbers in words, with as many digits as it takes to see that they differ."""
    words = ("", "")
    for digits in (6, 9, 12, 17):
        words = (_number(expected, digits), _number(got, digits))
        if words[0] != words[1]:
            break
    return words


def _number(value: Any, digits: int) -> str:
    if isinstance(value, (np.bool_, bool)):
        return str(bool(value))
    if isinstance(value, np.integer):
        return str(int(value))
    if isinstance(value, np.complexfloating):
        return f"{value:.{digits}g}"
    text = f"{float(value):.{digits}g}"
    return text if any(c in text for c in ".en") else text + ".0"
