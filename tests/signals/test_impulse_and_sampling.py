"""Impulses, sampling and quantization."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage import data

from pdl.signals import convolve2d, impulse, quantize, sample

QUICK = settings(deadline=None, max_examples=40)


def test_impulse_is_one_at_its_index_and_zero_elsewhere() -> None:
    delta = impulse((3, 4), (2, 1))
    assert delta[2, 1] == 1 and delta.sum() == 1 and np.count_nonzero(delta) == 1
    np.testing.assert_array_equal(impulse(4, 0), [1, 0, 0, 0])
    np.testing.assert_array_equal(impulse((2, 2), index=(0, 0)), [[1, 0], [0, 0]])


@QUICK
@given(
    image=hnp.arrays(float, hnp.array_shapes(min_dims=2, max_dims=2, max_side=6),
                     elements=st.integers(-9, 9)),
    shape=st.tuples(st.integers(1, 5), st.integers(1, 5)),
)  # fmt: skip
def test_centred_impulse_is_the_identity(image: np.ndarray, shape: tuple[int, int]) -> None:
    np.testing.assert_array_equal(convolve2d(image, impulse(shape)), image)


def test_a_signal_is_a_weighted_sum_of_shifted_impulses() -> None:
    # 1·δ(n1, n2) + 2·δ(n1, n2 − 1) + 3·δ(n1 − 1, n2 − 1)
    shape = (2, 2)
    total = 1 * impulse(shape, (0, 0)) + 2 * impulse(shape, (0, 1)) + 3 * impulse(shape, (1, 1))
    np.testing.assert_array_equal(total, [[1, 2], [0, 3]])


@pytest.mark.parametrize(
    ("shape", "index", "error", "words"),
    [
        (0, None, ValueError, "shape must be 1 or greater"),
        ((3, 2.0), None, TypeError, "shape must be an integer"),
        ((3, 3), 1, ValueError, "index must have one number per axis"),
        ((3, 3), (0, 3), ValueError, "index must be 2 or less"),
        ((3, 3), (-1, 0), ValueError, "index must be 0 or greater"),
    ],
)
def test_impulse_refuses(shape: object, index: object, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        impulse(shape, index)  # type: ignore[arg-type]


def test_sample_takes_times_below_the_duration() -> None:
    times, values = sample(lambda t: np.sin(2 * np.pi * t), duration=1, rate=4)
    np.testing.assert_array_equal(times, [0, 0.25, 0.5, 0.75])
    np.testing.assert_allclose(values, [0, 1, 0, -1], atol=1e-15)
    assert len(sample(np.sin, 0.25, 10)[0]) == 3


@QUICK
@given(count=st.integers(1, 2000), rate=st.integers(1, 999))
def test_rounding_adds_no_sample(count: int, rate: int) -> None:
    times, values = sample(np.cos, count / rate, rate)
    assert times.shape == values.shape == (count,)


def test_a_frequency_above_half_the_rate_is_aliased() -> None:
    low = sample(lambda t: np.cos(2 * np.pi * 1 * t), duration=2, rate=8)[1]
    high = sample(lambda t: np.cos(2 * np.pi * 7 * t), duration=2, rate=8)[1]
    np.testing.assert_allclose(low, high, atol=1e-12)


def test_sample_refuses() -> None:
    with pytest.raises(ValueError, match="duration must be greater than 0"):
        sample(np.sin, 0, 8)
    with pytest.raises(ValueError, match="rate must be greater than 0"):
        sample(np.sin, 1, -8)
    with pytest.raises(ValueError, match="one value per time"):
        sample(lambda t: 1.0, 1, 8)
    with pytest.raises(ValueError, match="the function's result must be finite"):
        sample(lambda t: np.full(t.shape, np.nan), 1, 8)


@pytest.mark.parametrize("bits", range(1, 9))
def test_quantized_bytes_keep_the_error_bound_and_the_ends(bits: int) -> None:
    every = np.arange(256, dtype=np.uint8)
    quantized = quantize(every, bits)
    error = np.abs(quantized.astype(int) - every)
    rounding = 0 if bits in (1, 2, 4, 8) else 0.5
    assert error.max() <= 0.5 * 255 / (2**bits - 1) + rounding
    assert quantized.dtype == np.uint8
    assert len(np.unique(quantized)) == 2**bits
    assert quantized[0] == 0 and quantized[255] == 255
    np.testing.assert_array_equal(quantize(quantized, bits), quantized)


def test_eight_bits_change_no_byte() -> None:
    photo = data.astronaut()
    np.testing.assert_array_equal(quantize(photo, 8), photo)


@QUICK
@given(
    values=hnp.arrays(float, hnp.array_shapes(max_dims=3, max_side=5),
                      elements=st.floats(0, 1)),
    bits=st.integers(1, 16),
)  # fmt: skip
def test_quantized_floats_keep_the_error_bound(values: np.ndarray, bits: int) -> None:
    quantized = quantize(values, bits)
    step = 1 / (2**bits - 1)
    assert np.abs(quantized - values).max() <= step / 2 + 1e-15
    np.testing.assert_allclose(quantized / step, np.rint(quantized / step), atol=1e-9)
    assert quantized.dtype == np.float64


def test_the_bound_is_reached() -> None:
    assert abs(quantize([0.5], 1)[0] - 0.5) == 0.5
    assert (
        max(np.abs(quantize(np.arange(256, dtype=np.uint8), 1).astype(int) - np.arange(256))) == 127
    )


@pytest.mark.parametrize("bits", [2, 4, 6])
def test_error_of_an_even_spread_is_step_over_root_twelve(bits: int) -> None:
    values = np.linspace(0, 1, 100_001)
    error = np.sqrt(np.mean((quantize(values, bits) - values) ** 2))
    assert error == pytest.approx(1 / (2**bits - 1) / np.sqrt(12), rel=1e-3)


@pytest.mark.parametrize(
    ("image", "bits", "error", "words"),
    [
        (np.array([300]), 2, TypeError, "uint8 or float"),
        (np.array([1.5]), 2, ValueError, r"lie in \[0, 1\]"),
        (np.array([-0.1]), 2, ValueError, r"lie in \[0, 1\]"),
        (np.zeros(2, np.uint8), 9, ValueError, "bits must be 8 or less"),
        (np.zeros(2), 0, ValueError, "bits must be 1 or greater"),
        (np.zeros(2), 2.0, TypeError, "bits must be an integer"),
    ],
)
def test_quantize_refuses(image: np.ndarray, bits: int, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        quantize(image, bits)
