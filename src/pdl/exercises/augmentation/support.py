"""What the checks of this chapter share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..compare import Mismatch

Array = NDArray[Any]
Answer = Callable[..., Any]
Mistakes = list[tuple[Any, str]]


def boxes_at(seed: int, count: int, width: float = 40, height: float = 60) -> Array:
    """Boxes (x_min, y_min, x_max, y_max) in the left upper part of an image, the same each time."""
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, (width / 4, height / 2), size=(count, 2))
    return np.hstack([corner, corner + rng.uniform(2, 9, size=(count, 2))])


def attempt(answer: Answer, *arguments: Any, what: str, hint: str) -> Any:
    """Call a function that has worked before on a case that breaks it in a known way."""
    try:
        return answer(*arguments)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        words = str(error).splitlines()
        first = f": {words[0]}" if words else ""
        raise Mismatch(f"{what}: {type(error).__name__}{first}", hint) from None


def expect_refusal(answer: Answer, *arguments: Any, what: str, hint: str) -> None:
    """Demand a ValueError."""
    try:
        answer(*arguments)
    except ValueError:
        return
    except (ArithmeticError, AssertionError, LookupError, TypeError) as error:
        raise Mismatch(
            f"{what}: expected a ValueError, got {type(error).__name__}",
            "It is refused, and that is right; raise ValueError, which callers expect.",
        ) from None
    raise Mismatch(f"{what}: expected a ValueError, got an answer", hint)
