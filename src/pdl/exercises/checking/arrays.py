"""Answers of every kind as NumPy arrays: lists, tensors of any framework, fractions."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .mismatch import Mismatch

PLAIN = (bool, int, float, complex, str, bytes, np.generic)


def plain(answer: Any) -> Any:
    """Take tensors for arrays, exact numbers for int or float, also inside lists and tuples.

    Parameters
    ----------
    answer : object
        What a reader's function returned.

    Returns
    -------
    object
        An ndarray for a tensor of PyTorch, TensorFlow or another library that NumPy can read,
        with or without a gradient; a NumPy scalar for an array without axes; an int or a float
        for a `Fraction` or a `Decimal`; lists, tuples and dicts of such. All else as it came.
    """
    if answer is None or isinstance(answer, PLAIN):
        return answer
    if isinstance(answer, (list, tuple)):
        parts = [plain(each) for each in answer]
        if all(new is old for new, old in zip(parts, answer, strict=True)):
            return answer
        if hasattr(answer, "_make"):  # a named tuple
            return answer._make(parts)
        return tuple(parts) if isinstance(answer, tuple) else parts
    if isinstance(answer, dict):
        return {key: plain(value) for key, value in answer.items()}
    if isinstance(answer, (Decimal, numbers.Number)):
        return _number(answer)
    return _array(answer)


def _number(value: Any) -> Any:
    """An exact number, or one of another library, as int, float or complex."""
    if isinstance(value, numbers.Complex) and not isinstance(value, numbers.Real):
        return complex(value)
    as_float = float(value)
    return int(value) if as_float.is_integer() else as_float


def _array(answer: Any) -> Any:
    """An array-like object as an ndarray, or as it came if NumPy cannot read it."""
    try:
        if hasattr(answer, "detach"):  # PyTorch: NumPy reads no gradient, no GPU, no bfloat16
            answer = answer.detach().cpu().to_dense().resolve_conj().resolve_neg()
            answer = answer.float() if "bfloat16" in str(answer.dtype) else answer
        if not isinstance(answer, np.ndarray) and not hasattr(answer, "__array__"):
            return answer
        array = np.asarray(answer)
    except Exception:
        return answer
    if array.dtype.kind == "V" and "float" in array.dtype.name:  # bfloat16 and float8
        array = array.astype(np.float32)
    return array[()] if array.ndim == 0 else array


def as_array(answer: Any, what: str = "an array") -> NDArray[Any]:
    """Take an answer as an array of numbers, or say what it is instead.

    Parameters
    ----------
    answer : array_like
        Numbers, lists, arrays or tensors.
    what : str
        What is expected, for the message.

    Returns
    -------
    ndarray
        Of booleans, integers, floats or complex numbers.

    Raises
    ------
    Mismatch
        If the answer is nothing of the kind.
    """
    if answer is None:
        raise Mismatch(
            f"expected {what}, got None", hint="Is there a `return` at the end of your function?"
        )
    try:
        array = np.asarray(plain(answer))
    except (ValueError, TypeError):
        raise Mismatch(f"expected {what}, got a ragged {type(answer).__name__}") from None
    if array.dtype.kind == "O":
        array = _numeric(array)
    if array.dtype.kind not in "biufc":
        of = f" of dtype {array.dtype}" if isinstance(answer, np.ndarray) else ""
        raise Mismatch(f"expected {what}, got {type(answer).__name__}{of}", _hint_for(answer))
    return array


def _numeric(array: NDArray[Any]) -> NDArray[Any]:
    """An array of Python's own numbers as one of NumPy's; any other as it came."""
    exact = (numbers.Number, Decimal)
    if not all(isinstance(each, exact) for each in array.flat):
        return array
    converted = np.array([_number(each) for each in array.flat]).reshape(array.shape)
    return converted.astype(float) if converted.dtype.kind == "O" else converted


def _hint_for(answer: Any) -> str:
    if callable(answer):
        return "The value is asked for, not the function: call it."
    if isinstance(answer, str):
        return "Numbers stand without quotation marks."
    if isinstance(answer, (set, frozenset)):
        return "A set has no order, and holds equal numbers once: use a list."
    if isinstance(answer, Iterator):
        return "It can be read only once, and has no shape: put `list(…)` around it."
    return ""


def expect_parts(answer: Any, names: Sequence[str], what: str = "") -> list[Any]:
    """Demand as many results as there are names, in a tuple, a list or an array.

    Parameters
    ----------
    answer : object
        What came.
    names : sequence of str
        What the results are called, in their order.
    what : str
        The case, in a few words, to stand before the message.

    Returns
    -------
    list
        The results, one for each name.

    Raises
    ------
    Mismatch
        If something else came.
    """
    prefix = f"{what}: " if what else ""
    words = ", ".join(names)
    if answer is None:
        as_array(answer, f"{len(names)} results ({words})")
    parts = plain(answer)
    if isinstance(parts, (str, bytes, dict, set, frozenset)) or not isinstance(parts, Iterable):
        came: Any = type(answer).__name__
    else:
        parts = list(parts)
        came = len(parts)
        if came == len(names):
            return parts
    hint = (
        f"Return all of them: `return {words}`." if words.replace(", ", "").isidentifier() else ""
    )
    raise Mismatch(f"{prefix}expected {len(names)} results ({words}), got {came}", hint)
