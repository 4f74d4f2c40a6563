"""Calls of a reader's function that may fail in a known way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .mismatch import Mismatch

NARROW_LOGITS = (
    "Differences and sums of whole numbers of 8 bits wrap around, and np.exp makes float16 of "
    "them: take logits.astype(float) first."
)


def attempt(answer: Callable[..., Any], *arguments: Any, what: str, hint: str) -> Any:
    """Call a function that has worked before on a case that breaks it in a known way.

    Raises
    ------
    Mismatch
        With the hint, if the function raises.
    """
    try:
        return answer(*arguments)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        words = str(error).splitlines()
        first = f": {words[0]}" if words else ""
        raise Mismatch(f"{what}: {type(error).__name__}{first}", hint) from None


def expect_refusal(answer: Callable[..., Any], *arguments: Any, what: str, hint: str) -> None:
    """Demand a ValueError.

    Raises
    ------
    Mismatch
        If the function returns, or raises another error.
    """
    try:
        got = answer(*arguments)
    except ValueError:
        return
    except (ArithmeticError, AssertionError, LookupError, TypeError) as error:
        raise Mismatch(
            f"{what}: expected a ValueError, got {type(error).__name__}",
            "It is refused, and that is right; raise ValueError, which callers expect.",
        ) from None
    came = f"{got}" if isinstance(got, (int, float)) else "an answer"
    raise Mismatch(f"{what}: expected a ValueError, got {came}", hint)


@contextmanager
def explain(words: str, *, keep: str = "") -> Iterator[None]:
    """Give a hint for whatever differs inside: the one thing that this case has and others had not.

    Parameters
    ----------
    words : str
        The hint.
    keep : str
        A hint in which these words stand stays.
    """
    try:
        yield
    except Mismatch as mismatch:
        if keep and keep in mismatch.hint:
            raise
        raise Mismatch(mismatch.message, words, mismatch.picture) from None
