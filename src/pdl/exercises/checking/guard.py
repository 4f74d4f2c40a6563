"""A reader's function under watch: stubs, arguments changed in place, errors put into words."""

from __future__ import annotations

import copy
import dis
import inspect
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np

from .arrays import plain
from .compare import shown
from .mismatch import Mismatch
from .traces import put_back, taken


class NotAttempted(Exception):
    """The answer is still the stub that the chapter gives."""


def is_stub(answer: Any) -> bool:
    """Whether an answer is still empty: nothing, an ellipsis, or a function without a body."""
    if isinstance(answer, type):
        methods = [each for name, each in vars(answer).items() if not name.startswith("_")]
        return bool(methods) and all(map(is_stub, methods))
    code = getattr(answer, "__code__", None)
    if code is None:
        return answer is None or answer is ...
    # A body of nothing but `...`, `pass` or a docstring compiles to a bare `return None`.
    return all(
        step.opname in {"RESUME", "NOP", "RETURN_VALUE"}
        or (step.opname in {"LOAD_CONST", "RETURN_CONST"} and step.argval in (None, ...))
        for step in dis.get_instructions(code)
    )


def guarded(answer: Any) -> Any:
    """Wrap a function, and take a value in the form that the checks read.

    Parameters
    ----------
    answer : object
        The reader's function, class or value.

    Returns
    -------
    object
        A class as it came; a value through `plain`; for a function one that returns what `plain`
        makes of its result, raises `NotAttempted` where that is an ellipsis, and `Mismatch` where
        an argument was changed in place. What it does to NumPy ends with the call.
    """
    if isinstance(answer, type):
        return answer
    if not callable(answer) or hasattr(answer, "__array__"):  # a polynomial of NumPy is both
        return plain(answer)
    own = taken()

    def call(*args: Any, **kwargs: Any) -> Any:
        given = _by_name(answer, args, kwargs)
        kept = copy.deepcopy(given)
        try:
            with np.errstate():
                value = answer(*args, **kwargs)
        except NotImplementedError as error:
            if _is_unwritten(error, answer):
                raise NotAttempted from error
            raise
        finally:
            put_back(own)
        if value is ...:
            raise NotAttempted
        for name, before in kept.items():
            if not _same(before, given[name]):
                raise _changed(name, before)
        return plain(value)

    return call


def _is_unwritten(error: NotImplementedError, answer: Callable[..., Any]) -> bool:
    """Whether the function itself raised the error: so does a stub, and no library."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return last in _own_frames(error, answer) and last.name == getattr(answer, "__name__", "")


def _by_name(answer: Callable[..., Any], args: Any, kwargs: Any) -> dict[str, Any]:
    """The arguments of a call under the names that the function gives them."""
    try:
        return dict(inspect.signature(answer).bind(*args, **kwargs).arguments)
    except (TypeError, ValueError):
        return {**{f"argument {at + 1}": value for at, value in enumerate(args)}, **kwargs}


def _same(before: Any, after: Any) -> bool:
    if isinstance(before, np.ndarray):
        return np.array_equal(before, after, equal_nan=before.dtype.kind in "fc")
    if isinstance(before, (list, tuple)):
        return len(before) == len(after) and all(map(_same, before, after))
    if isinstance(before, dict):
        return before.keys() == after.keys() and all(
            _same(before[key], after[key]) for key in before
        )
    return bool(before == after) if isinstance(before, (bool, int, float, str)) else True


def _changed(name: str, before: Any) -> Mismatch:
    kind = "array" if isinstance(before, np.ndarray) else type(before).__name__
    copying = f": `{name} = {name}.copy()`" if name.isidentifier() and kind != "tuple" else ""
    return Mismatch(
        f"your function changed the {kind} that it was given",
        hint=f"Work on a copy{copying}, or build a new {kind}.",
    )


def _own_frames(error: BaseException, answer: Any) -> list[traceback.FrameSummary]:
    """The frames of an error that lie in the file, or notebook cell, of the reader's answer."""
    function = getattr(answer, "func", answer)
    if isinstance(function, type):
        methods = vars(function).values()
        files = {each.__code__.co_filename for each in methods if hasattr(each, "__code__")}
    else:
        code = getattr(function, "__code__", None)
        files = {code.co_filename} if code is not None else set()
    frames = traceback.extract_tb(error.__traceback__)
    return [frame for frame in frames if frame.filename in files]


def _where(error: BaseException, answer: Any) -> str:
    """The line of the reader's own code in which an error arose, as a phrase."""
    own = _own_frames(error, answer)
    return f" (in the line `{own[-1].line[:120]}`)" if own and own[-1].line else ""


def in_words(error: BaseException, answer: Any, name: str) -> Mismatch:
    """Put an error that came out of an answer into words.

    Parameters
    ----------
    error : BaseException
        What was raised.
    answer : object
        The reader's function, class or value.
    name : str
        The exercise.
    """
    if isinstance(error, RecursionError):
        return Mismatch(
            f"RecursionError: your function calls itself too many times{_where(error, answer)}",
            hint="Does it ever stop? If it calls itself once for each pixel, use a loop.",
        )
    if isinstance(error, SystemExit):
        return Mismatch("your function ends the program: `exit()` is not needed, `return` is")
    try:
        lines = str(error).splitlines()
    except Exception:
        lines = []
    if isinstance(error, TypeError) and not callable(answer) and "not callable" in "".join(lines):
        return Mismatch(
            f"expected a function, got {shown(answer)}",
            hint=f'Hand over the function itself, without calling it: `check("{name}", f)`.',
        )
    first = f": {lines[0]}" if lines else ""
    return Mismatch(f"{type(error).__name__}{first[:300]}{_where(error, answer)}")
