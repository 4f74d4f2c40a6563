"""Wilson's interval against the equation that defines it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, norm

from pdl.metrics import wilson_interval


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 20_000), st.floats(0, 1), st.sampled_from([0.8, 0.95, 0.99]))
def test_equal_to_scipy(trials, part, confidence):
    successes = round(part * trials)
    share, low, high = wilson_interval(successes, trials, confidence)
    expected = binomtest(successes, trials).proportion_ci(confidence, method="wilson")
    assert share == successes / trials
    np.testing.assert_allclose((low, high), expected, atol=1e-12)
    assert 0 <= low <= share <= high <= 1


def test_the_ends_are_the_shares_whose_own_error_just_reaches():
    share, *ends = wilson_interval(9766, 10_000)
    for end in ends:
        distance = abs(share - end) / np.sqrt(end * (1 - end) / 10_000)
        assert distance == pytest.approx(norm.ppf(0.975))


@pytest.mark.parametrize(
    ("arguments", "error"),
    [((3, 2), ValueError), ((-1, 2), ValueError), ((0, 0), ValueError), ((1.0, 2), TypeError)],
)
def test_what_is_no_share_is_refused(arguments, error):
    with pytest.raises(error):
        wilson_interval(*arguments)


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_a_confidence_must_lie_between(confidence):
    with pytest.raises(ValueError, match="confidence"):
        wilson_interval(1, 2, confidence)
