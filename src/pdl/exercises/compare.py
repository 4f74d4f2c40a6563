"""What the checks use to compare an answer with the truth, shape first, then values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


class Mismatch(Exception):
    """An answer differs from what is expected.

    Parameters
    ----------
    message : str
        What came and what was expected.
    hint : str
        The mistake that this looks like, as a sentence, where it is a known one.
    picture : Picture, optional
        Arrays to draw for the reader.
    """

    def __init__(self, message: str, hint: str = "", picture: Picture | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.picture = picture


@dataclass(frozen=True)
class Picture:
    """Input, expected output and the reader's output, to be drawn side by side."""

    panels: dict[str, NDArray[Any]]

    def show(self) -> None:
        """Draw the panels, when there is a notebook to draw in."""
        try:
            from IPython import get_ipython
        except ImportError:
            return
        if get_ipython() is None:
            return
        from pdl import viz

        viz.show_images(list(self.panels.values()), titles=list(self.panels))


def as_array(answer: Any, what: str = "an array") -> NDArray[Any]:
    """Take an answer as an array of numbers, or say what it is instead."""
    if answer is None:
        raise Mismatch(
            f"expected {what}, got None", hint="Is there a `return` at the end of your function?"
        )
    try:
        array = np.asarray(answer)
    except ValueError:
        raise Mismatch(f"expected {what}, got a ragged {type(answer).__name__}") from None
    if array.dtype.kind not in "biufc":
        raise Mismatch(f"expected {what}, got {type(answer).__name__}")
    return array


def expect_shape(answer: Any, shape: tuple[int, ...], hint: str = "") -> str:
    """Demand an array of a shape; return the shape as a note.

    Raises
    ------
    Mismatch
        If the answer is no array of numbers, or of another shape.
    """
    array = as_array(answer, f"an array of shape {shape}")
    if array.shape != tuple(shape):
        raise Mismatch(f"expected {shape}, got {array.shape}", hint)
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
        Relative and absolute tolerance.
    image : ndarray, optional
        The input, drawn beside the expected and the reader's output where these are images.

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
    close = np.isclose(got, truth, rtol=rtol, atol=atol, equal_nan=True)
    if close.all():
        return
    at = tuple(int(i) for i in np.argwhere(~close)[0])
    hint = ""
    for values, words in mistakes:
        wrong = np.asarray(values)
        if wrong.shape == got.shape and np.allclose(got, wrong, rtol=1e-5, atol=1e-7):
            hint = words
            break
    index = f"at index {at[0] if len(at) == 1 else at}: " if at else ""
    picture = None
    if image is not None and got.ndim >= 2:
        picture = Picture({"input": image, "expected": truth, "yours": got})
    wanted, came = _apart(truth[at], got[at])
    raise Mismatch(f"{prefix}{index}expected {wanted}, got {came}", hint, picture)


def expect_equal(answer: Any, expected: Any, *, what: str = "", hint: str = "") -> None:
    """Demand equality, for words, truth values and whole numbers."""
    if answer is None and expected is not None:
        as_array(answer, repr(expected))
    if isinstance(answer, np.ndarray) and not isinstance(expected, np.ndarray):
        raise Mismatch(f"expected {expected!r}, got an array of shape {answer.shape}", hint)
    if isinstance(answer, np.generic):
        answer = answer.item()
    if (type(answer) is bool and type(expected) is not bool) or answer != expected:
        prefix = f"{what}: " if what else ""
        raise Mismatch(f"{prefix}expected {expected!r}, got {answer!r}", hint)


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
    shown = f"{float(value):.{digits}g}"
    return shown if any(c in shown for c in ".en") else shown + ".0"
