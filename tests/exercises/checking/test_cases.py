"""A hint is given only where the mistake that it names explains every case."""

from __future__ import annotations

from typing import Any

import pytest

from pdl.exercises.checking.cases import Case, expect_cases
from pdl.exercises.checking.compare import Mismatch


def _case(x: float) -> Case:
    mistakes = [(x, "not squared"), (2 * x, "doubled"), (abs(x), "not squared")]
    return Case(f"x = {x:g}", (x,), x * x, mistakes)


CASES = [_case(1.0), _case(2.0), _case(-3.0)]


def _hint_for(answer: Any) -> str:
    with pytest.raises(Mismatch) as caught:
        expect_cases(answer, CASES)
    return caught.value.hint


def test_the_truth_passes() -> None:
    expect_cases(lambda x: x**2, CASES)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda x: x, "not squared"),
        (abs, "not squared"),
        (lambda x: 2 * x, "doubled"),
        (lambda x: 2 * x if x < 2 else x + 1, ""),
        (lambda x: 2 * abs(x), ""),
        (lambda x: 2 * x if x > 0 else 1 / 0, ""),
    ],
)
def test_a_hint_explains_all_cases(answer: Any, hint: str) -> None:
    assert _hint_for(answer) == hint


def test_the_first_case_that_differs_is_named() -> None:
    with pytest.raises(Mismatch, match=r"x = -3: expected 9.0, got -9.0"):
        expect_cases(lambda x: x * abs(x), CASES)
