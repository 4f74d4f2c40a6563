"""Convolution and correlation in one dimension, against NumPy, SciPy and PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import signal

from pdl.signals import convolve1d, correlate1d

vectors = hnp.arrays(float, st.integers(1, 9), elements=st.integers(-9, 9))
modes = st.sampled_from(["full", "same", "valid"])
QUICK = settings(deadline=None, max_examples=80)


def test_worked_example() -> None:
    np.testing.assert_array_equal(convolve1d([1, 2, 2], [3, 2, 1])[:3], [3, 8, 11])


@QUICK
@given(x=vectors, h=vectors, mode=modes)
def test_equal_to_scipy(x: np.ndarray, h: np.ndarray, mode: str) -> None:
    if mode == "valid" and len(h) > len(x):
        with pytest.raises(ValueError, match="h must not be longer than x"):
            convolve1d(x, h, mode)
        return
    np.testing.assert_array_equal(
        convolve1d(x, h, mode), signal.convolve(x, h, mode, method="direct")
    )
    np.testing.assert_array_equal(
        correlate1d(x, h, mode), signal.correlate(x, h, mode, method="direct")
    )


@QUICK
@given(x=vectors, h=vectors, mode=modes)
def test_equal_to_numpy_where_the_kernel_is_not_the_longer(
    x: np.ndarray, h: np.ndarray, mode: str
) -> None:
    if len(h) <= len(x):
        np.testing.assert_array_equal(convolve1d(x, h, mode), np.convolve(x, h, mode))


@QUICK
@given(x=vectors, h=vectors)
def test_convolution_commutes_and_correlation_reverses(x: np.ndarray, h: np.ndarray) -> None:
    np.testing.assert_array_equal(convolve1d(x, h), convolve1d(h, x))
    np.testing.assert_array_equal(correlate1d(x, h), correlate1d(h, x)[::-1])


def test_correlation_is_what_pytorch_calls_convolution() -> None:
    x, h = np.array([3.0, 1, 4, 1, 5]), np.array([0.0, 0, 1])
    theirs = torch.nn.functional.conv1d(torch.tensor(x)[None, None], torch.tensor(h)[None, None])
    np.testing.assert_array_equal(correlate1d(x, h, "valid"), theirs[0, 0].numpy())
    assert not np.array_equal(convolve1d(x, h, "valid"), theirs[0, 0].numpy())


def test_bytes_do_not_wrap_round() -> None:
    y = convolve1d(np.full(3, 255, np.uint8), np.full(2, 255, np.uint8))
    assert y.dtype == np.float64 and y[1] == 2 * 255 * 255


@pytest.mark.parametrize(
    ("x", "h", "mode", "words"),
    [
        ([[1, 2]], [1], "full", "x must have one dimension"),
        ([1, 2], [[1]], "full", "h must have one dimension"),
        ([], [1], "full", "x must not be empty"),
        ([1], [1], "center", "mode must be one of"),
        ([1, np.nan], [1], "full", "x must be finite"),
    ],
)
def test_refuses(x: list[float], h: list[float], mode: str, words: str) -> None:
    for function in (convolve1d, correlate1d):
        with pytest.raises(ValueError, match=words):
            function(x, h, mode)
