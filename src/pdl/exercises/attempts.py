"""Calls of a reader's function that may fail in a known way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .mismatch import Mismatch


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
