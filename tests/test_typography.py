"""Which hyphens are minus signs."""

from __future__ import annotations

import pytest

from pdl._typography import with_minus_signs


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-0.5 (from -1 to 2)", "−0.5 (from −1 to 2)"),
        ("-.5, [-1, -2]", "−.5, [−1, −2]"),
        ("a well-known 3-1, x[3]-1, f(3)-1, 3.-1", "a well-known 3-1, x[3]-1, f(3)-1, 3.-1"),
        ("--7 and -x", "--7 and -x"),
    ],
)
def test_a_minus_stands_before_a_negative_number_alone(text: str, expected: str) -> None:
    assert with_minus_signs(text) == expected
