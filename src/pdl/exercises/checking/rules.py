"""Whole numbers by a rule: a wrong rule is named only if it explains every answer.

One whole number is reached by many rules: (2, 2) may be half of the kernel on each side, or all
the zeros twice. So the reader's function is tried on all cases of the exercise before one is named.
For arrays and numbers within a tolerance see `cases`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from .arrays import as_array, expect_parts, plain
from .compare import Mismatch, expect_equal, shown

Case = tuple[Any, ...]
Rule = Callable[..., Any]
Whole = Callable[[Any, str], Any]

NOT_WHOLE = "A size is an int: use // instead of /."


def count_of(hint: str = "") -> Whole:
    """Take an answer as a whole number, an int or a float; the hint is for one that is not."""

    def count(got: Any, what: str) -> int:
        value = plain(got)
        if isinstance(value, (float, np.floating)):
            if not float(value).is_integer():
                raise Mismatch(f"{what}: expected a whole number, got {float(value):g}", hint)
            return int(value)
        return integer(value, what)

    return count


def integer(got: Any, what: str) -> int:
    """Take an answer as an int, or say what it is instead."""
    value = plain(got)
    if value is None:
        as_array(value, "a whole number")
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        hint = NOT_WHOLE if isinstance(value, (float, np.floating)) else ""
        raise Mismatch(f"{what}: expected an int, got {shown(got)}", hint)
    return int(value)


def pair_of(*names: str) -> Whole:
    """Take an answer as a pair of ints, in a tuple, a list or an array."""

    def pair(got: Any, what: str) -> tuple[int, ...]:
        return tuple(integer(part, what) for part in expect_parts(got, names, what))

    return pair


def expect_rule(
    answer: Rule,
    cases: Sequence[Case],
    truth: Rule,
    mistakes: Sequence[tuple[Rule, str]],
    *,
    say: Callable[..., str],
    whole: Whole = integer,
    evidence: Sequence[Case] = (),
) -> None:
    """Demand what a rule gives in each case; name the wrong rule that the answer follows.

    Parameters
    ----------
    answer : callable
        The reader's function.
    cases : sequence of tuple
        The arguments of each call.
    truth : callable
        The right rule.
    mistakes : sequence of (callable, str)
        Wrong rules, each with a hint.
    say : callable
        Arguments to words, to stand before the message.
    whole : callable
        Takes an answer and the case's words, returns an int or a tuple of ints.
    evidence : sequence of tuple
        Further cases on which a wrong rule has to agree with the answer to be named.

    Raises
    ------
    Mismatch
        At the first case that differs.
    """
    for case in cases:
        what = say(*case)
        got = whole(answer(*case), what)
        expected = truth(*case)
        if got != expected:
            hint = _likely_rule(answer, [case, *cases, *evidence], mistakes, whole)
            expect_equal(got, expected, what=what, hint=hint)


def _likely_rule(
    answer: Rule, cases: Sequence[Case], mistakes: Sequence[tuple[Rule, str]], whole: Whole
) -> str:
    came = []
    for case in cases:
        with suppress(Exception):  # where it fails, it tells nothing
            came.append((case, whole(answer(*case), "")))
    for rule, words in mistakes:
        if all(rule(*case) == got for case, got in came):
            return words
    return ""
