"""Pooling against PyTorch and TensorFlow: overlapping, padded, SAME, and who gets the gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch.nn import functional

from pdl.layers import AvgPool2d, MaxPool2d

from .peers import (
    assert_same,
    both_dtypes,
    channels_last,
    draw,
    explicit_padding,
    gradient_for,
    in_tensorflow,
    in_torch,
    ours,
    pad_torch,
    tensorflow,
    two,
)

POOLS = pytest.mark.parametrize("pool", [MaxPool2d, AvgPool2d])


@POOLS
def test_worked_by_hand(pool) -> None:
    x = np.array([[[[1.0, 5, 2, 0], [3, 4, 8, 6], [0, 1, 9, 9], [2, 3, 1, 7]]]])
    layer = pool(2)
    y = layer.forward(x)
    grad = layer.backward(np.array([[[[1.0, 10], [100, 1000]]]]))
    if pool is MaxPool2d:
        np.testing.assert_array_equal(y[0, 0], [[5, 8], [3, 9]])
        np.testing.assert_array_equal(
            grad[0, 0], [[0, 1, 0, 0], [0, 0, 10, 0], [0, 0, 1000, 0], [0, 100, 0, 0]]
        )
    else:
        np.testing.assert_array_equal(y[0, 0], [[3.25, 4], [1.5, 6.5]])
        np.testing.assert_array_equal(
            grad[0, 0], np.kron([[0.25, 2.5], [25, 250]], np.ones((2, 2)))
        )


def test_overlapping_windows_add_their_gradients_up() -> None:
    x = np.zeros((1, 1, 3, 3))
    x[0, 0, 1, 1] = 1
    layer = MaxPool2d(2, stride=1)
    np.testing.assert_array_equal(layer.forward(x), np.ones((1, 1, 2, 2)))
    grad = layer.backward(np.array([[[[1.0, 2], [4, 8]]]]))
    np.testing.assert_array_equal(grad[0, 0], [[0, 0, 0], [0, 15, 0], [0, 0, 0]])


def test_padding_counts_in_the_average_by_default() -> None:
    x = np.ones((1, 1, 2, 2))
    np.testing.assert_allclose(AvgPool2d(2, padding=1).forward(x), np.full((1, 1, 2, 2), 0.25))
    left_out = AvgPool2d(2, padding=1, count_include_pad=False)
    np.testing.assert_allclose(left_out.forward(x), np.ones((1, 1, 2, 2)))


ONE_OR_PAIR = st.integers(1, 3) | st.tuples(st.integers(1, 3), st.integers(1, 3))


@st.composite
def cases(draw_from: st.DrawFn, padding: str = "numbers") -> dict[str, Any]:
    """A pooling that fits, any leftover pixels; PyTorch pads at most half a window."""
    kernel = draw_from(ONE_OR_PAIR)
    stride = draw_from(st.none() | ONE_OR_PAIR)
    options: dict[str, Any] = {"stride": stride, "padding": padding}
    if padding == "numbers":
        pads = tuple(draw_from(st.integers(0, side // 2)) for side in two(kernel))
        options["padding"] = pads[0] if pads[0] == pads[1] else pads
    sides = [draw_from(st.integers(1 if padding == "same" else k, 9)) for k in two(kernel)]
    shape = (draw_from(st.integers(1, 2)), draw_from(st.integers(1, 3)), *sides)
    return {"shape": shape, "kernel": kernel, "options": options}


def case(shape: tuple[int, ...], kernel: Any, stride: Any = None, padding: Any = 0) -> Any:
    return {"shape": shape, "kernel": kernel, "options": {"stride": stride, "padding": padding}}


@both_dtypes
@settings(deadline=None, max_examples=50)
@given(drawn=cases())
@example(drawn=case((1, 2, 7, 7), 3, 2))
@example(drawn=case((1, 2, 6, 6), 3, 1, 1))
@example(drawn=case((1, 1, 5, 5), 2, 3))
def test_maximum_equal_to_pytorch(dtype, drawn) -> None:
    # All below zero: a maximum that took the zeros of the padding would show.
    x = draw(drawn["shape"], dtype) - 10
    kernel, options = drawn["kernel"], drawn["options"]
    expected = in_torch(lambda x: functional.max_pool2d(x, kernel, **options), x=x)
    assert_same(ours(MaxPool2d(kernel, **options), x), expected)


@both_dtypes
@pytest.mark.parametrize("include", [True, False], ids=["padding counts", "padding left out"])
@settings(deadline=None, max_examples=50)
@given(drawn=cases())
@example(drawn=case((1, 2, 6, 6), 3, 1, 1))
@example(drawn=case((1, 1, 5, 5), 2, 3))
def test_average_equal_to_pytorch(dtype, include, drawn) -> None:
    x = draw(drawn["shape"], dtype)
    kernel, options = drawn["kernel"], drawn["options"]
    expected = in_torch(
        lambda x: functional.avg_pool2d(x, kernel, **options, count_include_pad=include), x=x
    )
    assert_same(ours(AvgPool2d(kernel, **options, count_include_pad=include), x), expected)


@both_dtypes
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("which", ["maximum", "average"])
@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_equal_to_tensorflow(dtype, padding, which, data) -> None:
    drawn = data.draw(cases(padding))
    kernel, stride = drawn["kernel"], drawn["options"]["stride"]
    x = draw(drawn["shape"], dtype) - 3
    tf = tensorflow()
    theirs = tf.nn.max_pool2d if which == "maximum" else tf.nn.avg_pool2d
    expected = in_tensorflow(
        channels_last(lambda x: theirs(x, kernel, stride or kernel, padding.upper())), x=x
    )
    if which == "maximum":
        layer: Any = MaxPool2d(kernel, **drawn["options"])
    else:
        layer = AvgPool2d(kernel, **drawn["options"], count_include_pad=False)
    assert_same(ours(layer, x), expected)


@POOLS
@settings(deadline=None, max_examples=30)
@given(drawn=cases("same"), sides=st.tuples(*[st.integers(0, 1)] * 4))
def test_explicit_padding_and_same_equal_padded_pytorch(pool, drawn, sides) -> None:
    x, kernel = draw(drawn["shape"]) - 3, drawn["kernel"]
    stride = drawn["options"]["stride"]
    same = explicit_padding("same", x.shape, kernel, stride or kernel)
    written = ((sides[0], sides[1]), (sides[2], sides[3]))
    written = tuple(
        (min(before, side - 1), max(min(after, side - 1), side - length))
        for (before, after), side, length in zip(written, two(kernel), x.shape[2:], strict=True)
    )
    for padding, pads in (("same", same), (written, written)):
        if pool is MaxPool2d:

            def pooled(x: torch.Tensor, pads: Any = pads) -> torch.Tensor:
                return functional.max_pool2d(pad_torch(x, pads, -torch.inf), kernel, stride)

        else:

            def pooled(x: torch.Tensor, pads: Any = pads) -> torch.Tensor:
                return functional.avg_pool2d(pad_torch(x, pads), kernel, stride)

        if any(after >= side for (_, after), side in zip(pads, two(kernel), strict=True)):
            continue
        assert_same(ours(pool(kernel, stride=stride, padding=padding), x), in_torch(pooled, x=x))


@both_dtypes
@settings(deadline=None, max_examples=40)
@given(drawn=cases(), seed=st.integers(0, 99))
@example(drawn=case((1, 1, 4, 4), 3, 1, 1), seed=0)
def test_of_equal_values_one_gets_the_gradient_as_in_pytorch(dtype, drawn, seed) -> None:
    # Zeros and ones, like what a ReLU leaves: ties in nearly every window.
    x = np.random.default_rng(seed).integers(0, 2, drawn["shape"]).astype(dtype)
    kernel, options = drawn["kernel"], drawn["options"]
    expected = in_torch(lambda x: functional.max_pool2d(x, kernel, **options), x=x)
    assert_same(ours(MaxPool2d(kernel, **options), x), expected)


@POOLS
def test_the_stride_is_the_window_unless_it_is_given(pool) -> None:
    x = draw((1, 1, 7, 8))
    assert pool((2, 3)).forward(x).shape == (1, 1, 3, 2)
    assert pool((2, 3), stride=1).forward(x).shape == (1, 1, 6, 6)
    assert pool((2, 3), stride=(3, 1)).forward(x).shape == (1, 1, 2, 6)


@POOLS
def test_views_give_what_their_copies_give(pool) -> None:
    x = draw((2, 8, 7, 3)).transpose(0, 3, 1, 2)[:, :, ::-1]
    layer = pool(3, stride=2, padding=1)
    assert_same(ours(layer, x), ours(layer, np.ascontiguousarray(x)), tolerance=1e-14)


@POOLS
@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"kernel_size": 0}, "kernel_size"),
        ({"kernel_size": 1.5}, "kernel_size"),
        ({"kernel_size": (2, 2, 2)}, "kernel_size"),
        ({"stride": 0}, "stride"),
        ({"stride": "2"}, "stride"),
        ({"padding": -1}, "padding"),
        ({"padding": "SAME?"}, "padding"),
    ],
)
def test_bad_options_are_refused_by_name(pool, options, name) -> None:
    with pytest.raises((ValueError, TypeError), match=name):
        pool(**{"kernel_size": 2, **options})


@POOLS
def test_padding_that_makes_an_empty_window_is_refused(pool) -> None:
    # A window of nothing but padding has no maximum and no average of its own.
    with pytest.raises(ValueError, match="padding"):
        pool(2, padding=2).forward(np.zeros((1, 1, 4, 4)))


@POOLS
@pytest.mark.parametrize("shape", [(4, 4), (1, 4, 4), (1, 1, 1, 4, 4)])
def test_a_wrong_number_of_axes_is_refused(pool, shape) -> None:
    with pytest.raises(ValueError, match=r"\bx\b"):
        pool(2).forward(np.zeros(shape))


@POOLS
def test_a_window_that_does_not_fit_is_refused(pool) -> None:
    with pytest.raises(ValueError, match="kernel"):
        pool(3).forward(np.zeros((1, 1, 2, 5)))


@POOLS
def test_backward_before_forward_and_wrong_gradients_are_refused(pool) -> None:
    layer = pool(2)
    with pytest.raises((ValueError, RuntimeError), match="forward"):
        layer.backward(np.zeros((1, 1, 2, 2)))
    y = layer.forward(np.zeros((1, 1, 4, 4)))
    with pytest.raises(ValueError, match="grad"):
        layer.backward(gradient_for(y)[:, :, :1])


@POOLS
def test_pooling_has_nothing_to_learn(pool) -> None:
    layer = pool(2)
    ours(layer, draw((1, 1, 4, 4)))
    assert layer.parameters == {} == layer.gradients


def test_a_gradient_of_whole_numbers_does_not_overflow() -> None:
    """Four windows meet in the middle pixel, which wins them all: 4 · 100 in uint8 is 144."""
    x = np.zeros((1, 1, 3, 3))
    x[0, 0, 1, 1] = 1
    grad = np.full((1, 1, 2, 2), 100, dtype=np.uint8)
    pool = MaxPool2d(2, stride=1)
    pool(x)
    assert pool.backward(grad)[0, 0].tolist() == [[0, 0, 0], [0, 400, 0], [0, 0, 0]]
    mean = AvgPool2d(2, stride=1)
    mean(x)
    assert mean.backward(grad)[0, 0].tolist() == [[25, 50, 25], [50, 100, 50], [25, 50, 25]]
