"""Try an answer on several cases, and name a mistake only where it explains all of them.

Two different mistakes often agree on one symmetric kernel or one round number. A hint that rests on
a single case is then wrong for one of the two readers. For whole numbers, which are compared
exactly, and whose mistakes are rules of their own, see `rules`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import ArrayLike

from .compare import expect_close, is_close


@dataclass(frozen=True)
class Case:
    """Arguments for an answer, and what belongs to them.

    Parameters
    ----------
    what : str
        The case, in a few words, to stand before the message.
    arguments : tuple
        What the answer is called with.
    truth : array_like
        What it should return.
    mistakes : sequence of (array_like, str)
        For each known mistake the values that it gives here, and the hint that names it. Hints
        that read the same belong together: one of their values has to fit.
    """

    what: str
    arguments: tuple[Any, ...]
    truth: ArrayLike
    mistakes: Sequence[tuple[ArrayLike, str]] = ()

    def fits(self, got: Any, hint: str) -> bool:
        """Whether a mistake gives what came."""
        values = [value for value, words in self.mistakes if words == hint]
        return any(is_close(got, each, rtol=1e-5, atol=1e-7) for each in values)


def expect_cases(
    answer: Callable[..., Any], cases: Sequence[Case], *, rtol: float = 1e-7, atol: float = 1e-9
) -> None:
    """Demand the truth of each case.

    Parameters
    ----------
    answer : callable
        The reader's function.
    cases : sequence of Case
        In the order in which they are tried.
    rtol, atol : float
        Relative and absolute tolerance.

    Raises
    ------
    Mismatch
        For the first case that differs. It has a hint where one mistake gives what came in every
        case that lists it.
    """
    for case in cases:
        got = answer(*case.arguments)
        if is_close(got, case.truth, rtol=rtol, atol=atol):
            continue
        hints = dict.fromkeys(words for _, words in case.mistakes)
        explains = {hint for hint in hints if _explains(answer, cases, hint)}
        mistakes = [(value, words) for value, words in case.mistakes if words in explains]
        expect_close(got, case.truth, what=case.what, mistakes=mistakes, rtol=rtol, atol=atol)


def _explains(answer: Callable[..., Any], cases: Sequence[Case], hint: str) -> bool:
    listed = [case for case in cases if any(words == hint for _, words in case.mistakes)]
    try:
        return all(case.fits(answer(*case.arguments), hint) for case in listed)
    except Exception:  # of an answer that fails on a later case nothing can be said
        return False
