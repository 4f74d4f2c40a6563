"""Convolution against PyTorch, TensorFlow and its own loops, forward and backward."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch.nn import functional

from pdl.layers import Conv2d, conv2d, conv2d_backward, convolution

from .peers import (
    Answers,
    assert_close,
    assert_same,
    both_dtypes,
    channels_last,
    conv_layer,
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

METHODS = pytest.mark.parametrize("method", ["fast", "loops"])


@METHODS
def test_correlation_worked_by_hand(method) -> None:
    x = np.arange(9.0).reshape(1, 1, 3, 3)
    weight = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    # 0·1 + 1·2 + 3·3 + 4·4 = 27: the kernel is not turned round.
    expected = np.array([[[[27.0, 37.0], [57.0, 67.0]]]])
    np.testing.assert_array_equal(conv2d(x, weight, method=method), expected)
    found = conv2d(x, weight, np.array([0.5]), method=method)
    np.testing.assert_array_equal(found, expected + 0.5)


@METHODS
def test_backward_worked_by_hand(method) -> None:
    x = np.arange(9.0).reshape(1, 1, 3, 3)
    weight = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    grad = np.array([[[[1.0, 0.0], [0.0, 10.0]]]])
    grad_x, grad_weight, grad_bias = conv2d_backward(grad, x, weight, method=method)
    np.testing.assert_array_equal(grad_x[0, 0], [[1, 2, 0], [3, 14, 20], [0, 30, 40]])
    np.testing.assert_array_equal(grad_weight[0, 0], [[40, 51], [73, 84]])
    np.testing.assert_array_equal(grad_bias, [11])


def test_the_odd_pixel_of_same_comes_after_and_pytorch_pads_both_sides() -> None:
    # Six pixels, kernel 3, stride 2: SAME needs one zero, after; padding=1 puts one on each side.
    x = np.arange(1.0, 37.0).reshape(1, 1, 6, 6)
    first = np.zeros((1, 1, 3, 3))
    first[0, 0, 0, 0] = 1
    same = conv2d(x, first, stride=2, padding="same")
    np.testing.assert_array_equal(same[0, 0], x[0, 0, ::2, ::2])
    symmetric = conv2d(x, first, stride=2, padding=1)
    np.testing.assert_array_equal(symmetric[0, 0], [[0, 0, 0], [0, 8, 10], [0, 20, 22]])
    # Seven pixels: two zeros, one on each side: the two conventions agree.
    x = np.arange(1.0, 50.0).reshape(1, 1, 7, 7)
    np.testing.assert_array_equal(
        conv2d(x, first, stride=2, padding="same"), conv2d(x, first, stride=2, padding=1)
    )


def test_padding_pairs_are_rows_then_columns_before_then_after() -> None:
    x = np.ones((1, 1, 1, 1))
    weight = np.ones((1, 1, 1, 1))
    assert conv2d(x, weight, padding=(1, 2)).shape == (1, 1, 3, 5)
    y = conv2d(x, weight, padding=((1, 2), (3, 4)))
    assert y.shape == (1, 1, 4, 8)
    assert y[0, 0, 1, 3] == 1 == y.sum()


def test_kernel_stride_and_dilation_pairs_are_rows_then_columns() -> None:
    layer = Conv2d(1, 1, (2, 3), stride=(1, 2), dilation=(3, 1), rng=np.random.default_rng(0))
    assert layer.parameters["weight"].shape == (1, 1, 2, 3)
    assert layer.forward(np.zeros((1, 1, 6, 9))).shape == (1, 1, 3, 4)


ONE_OR_PAIR = st.integers(1, 3) | st.tuples(st.integers(1, 3), st.integers(1, 3))
SIDES = st.integers(0, 2)
PADDINGS = st.one_of(
    SIDES,
    st.sampled_from(["same", "valid"]),
    st.tuples(SIDES, SIDES),
    st.tuples(st.tuples(SIDES, SIDES), st.tuples(SIDES, SIDES)),
)


@st.composite
def cases(draw_from: st.DrawFn, paddings: st.SearchStrategy[Any] = PADDINGS) -> dict[str, Any]:
    """A convolution that fits: any leftover pixels, groups, dilation, odd and even sizes."""
    groups = draw_from(st.integers(1, 3))
    kernel, stride = draw_from(ONE_OR_PAIR), draw_from(ONE_OR_PAIR)
    dilation, padding = draw_from(ONE_OR_PAIR), draw_from(paddings)
    sides = []
    for axis in (0, 1):
        span = (two(kernel)[axis] - 1) * two(dilation)[axis] + 1
        added = 0
        if not isinstance(padding, str):
            added = sum(explicit_padding(padding, (1, 1), kernel)[axis])
        least = 1 if padding == "same" else max(span - added, 1)
        sides.append(least + draw_from(st.integers(0, 5)))
    return {
        "shape": (draw_from(st.integers(1, 2)), groups * draw_from(st.integers(1, 2)), *sides),
        "outputs": groups * draw_from(st.integers(1, 2)),
        "kernel": kernel,
        "bias": draw_from(st.booleans()),
        "options": {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups},
    }


def case(
    shape: tuple[int, ...], outputs: int, kernel: Any, bias: bool = True, **options: Any
) -> dict[str, Any]:
    """A case written by hand."""
    defaults = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}
    return {
        "shape": shape,
        "outputs": outputs,
        "kernel": kernel,
        "bias": bias,
        "options": {**defaults, **options},
    }


def layer_and_input(drawn: dict[str, Any], dtype: Any) -> tuple[Conv2d, np.ndarray]:
    layer = conv_layer(
        drawn["shape"][1],
        drawn["outputs"],
        drawn["kernel"],
        dtype,
        bias=drawn["bias"],
        **drawn["options"],
    )
    return layer, draw(drawn["shape"], dtype)


def in_torch_padded(layer: Conv2d, x: np.ndarray, options: dict[str, Any]) -> Answers:
    """`conv2d` of PyTorch, which pads fewer ways than we: the zeros are put there before it."""
    arguments = {name: options[name] for name in ("stride", "dilation", "groups")}
    kernel = layer.parameters["weight"].shape[2:]
    padding, stride, dilation = options["padding"], options["stride"], options["dilation"]
    pads = explicit_padding(padding, x.shape, kernel, stride, dilation)

    def convolve(x: torch.Tensor, **parameters: torch.Tensor) -> torch.Tensor:
        return functional.conv2d(pad_torch(x, pads), **parameters, **arguments)

    return in_torch(convolve, x=x, **layer.parameters)


@both_dtypes
@settings(deadline=None, max_examples=60)
@given(drawn=cases())
@example(drawn=case((1, 1, 1, 1), 1, 1))
@example(drawn=case((1, 2, 6, 6), 2, 3, stride=2, padding="same"))
@example(drawn=case((1, 2, 7, 7), 2, 3, stride=2, padding=1))
@example(drawn=case((2, 4, 5, 6), 6, 2, padding="same", groups=2))
def test_equal_to_pytorch(dtype, drawn) -> None:
    layer, x = layer_and_input(drawn, dtype)
    assert_same(ours(layer, x), in_torch_padded(layer, x, drawn["options"]))


@pytest.mark.parametrize("padding", [1, (2, 1), "same", "valid"], ids=str)
@pytest.mark.parametrize("dilation", [1, 2])
def test_paddings_are_those_of_pytorch(padding, dilation) -> None:
    layer = conv_layer(2, 3, (3, 5), np.float64, padding=padding, dilation=dilation)
    x = draw((2, 2, 9, 11))

    def convolve(x: torch.Tensor, **parameters: torch.Tensor) -> torch.Tensor:
        return functional.conv2d(x, **parameters, padding=padding, dilation=dilation)

    assert_same(ours(layer, x), in_torch(convolve, x=x, **layer.parameters))


TENSORFLOW_CASES = {
    "one pixel": case((1, 1, 1, 1), 1, 1),
    "valid": case((2, 3, 7, 6), 4, 3, padding="valid"),
    "same, odd kernel": case((2, 2, 5, 6), 3, 3, padding="same"),
    "same, even kernel": case((1, 2, 7, 7), 2, 2, padding="same"),
    "same, one zero after": case((1, 1, 6, 6), 1, 3, stride=2, padding="same"),
    "same, two zeros": case((1, 1, 7, 7), 1, 3, stride=2, padding="same"),
    "same, window of a pair": case((1, 2, 8, 5), 3, (2, 3), padding="same", stride=2),
    "same, unequal strides": case((1, 2, 8, 5), 3, (2, 3), padding="same", stride=(2, 3)),
    "numbers": case((2, 2, 6, 5), 3, (2, 3), False, padding=((1, 0), (2, 1))),
    "groups": case((2, 4, 7, 6), 6, 3, padding="same", stride=2, groups=2),
    "dilation": case((1, 2, 9, 8), 2, (3, 2), padding="same", stride=2, dilation=2),
    "depthwise": case(
        (1, 3, 8, 7), 3, 2, False, padding=((1, 0), (2, 1)), dilation=(1, 3), groups=3
    ),
}


@both_dtypes
@pytest.mark.parametrize("drawn", TENSORFLOW_CASES.values(), ids=list(TENSORFLOW_CASES))
def test_equal_to_tensorflow(dtype, drawn) -> None:
    layer, x = layer_and_input(drawn, dtype)
    tf, options = tensorflow(), drawn["options"]
    padding = options["padding"]
    pads = (
        padding.upper()
        if isinstance(padding, str)
        else [(0, 0), *explicit_padding(padding, x.shape, drawn["kernel"]), (0, 0)]
    )

    def convolve(x: Any, weight: Any, bias: Any = 0) -> Any:
        weight = tf.transpose(weight, (2, 3, 1, 0))
        y = tf.nn.conv2d(x, weight, options["stride"], pads, dilations=options["dilation"])
        return y + bias

    # Only XLA has a gradient for groups and for dilation, and one that is right in float32 for
    # strides of which rows and columns differ.
    expected = in_tensorflow(channels_last(convolve), compiled=True, x=x, **layer.parameters)
    assert_same(ours(layer, x), expected)


@settings(deadline=None, max_examples=60)
@given(drawn=cases())
def test_loops_equal_the_fast_form(drawn) -> None:
    layer, x = layer_and_input(drawn, np.float64)
    loops = conv_layer(
        x.shape[1],
        drawn["outputs"],
        drawn["kernel"],
        np.float64,
        bias=drawn["bias"],
        method="loops",
        **drawn["options"],
    )
    assert_same(ours(loops, x), ours(layer, x), tolerance=1e-12)


def test_loops_are_the_loops_and_fast_is_not(monkeypatch) -> None:
    x = draw((1, 2, 5, 5))
    grad_x, grad_weight = np.full(x.shape, 5.0), np.full((3, 2, 3, 3), 6.0)
    monkeypatch.setattr(convolution, "conv2d_loops", lambda *_: np.full((1, 3, 3, 3), 7.0))
    monkeypatch.setattr(convolution, "conv2d_loops_backward", lambda *_: (grad_x, grad_weight))
    for method in ("loops", "fast"):
        found = ours(conv_layer(2, 3, 3, np.float64, bias=False, method=method), x)
        used = [(found[n] == v).all() for n, v in (("y", 7), ("x", 5), ("weight", 6))]
        assert used == [method == "loops"] * 3


@both_dtypes
@METHODS
@settings(deadline=None, max_examples=15)
@given(drawn=cases())
def test_functions_are_the_layer(method, dtype, drawn) -> None:
    layer, x = layer_and_input(drawn, dtype)
    expected = ours(layer, x)
    weight, bias = layer.parameters["weight"], layer.parameters.get("bias")
    options = {**drawn["options"], "method": method}
    y = conv2d(x, weight, bias, **options)
    gradients = conv2d_backward(gradient_for(y), x, weight, **options)
    found = dict(zip(("x", "weight", "bias"), gradients, strict=True))
    assert_close(y, expected["y"], "y")
    for name, gradient in found.items():
        assert gradient.dtype == dtype, name
        if name in expected:
            assert_close(gradient, expected[name], name)


@METHODS
def test_whole_numbers_are_taken_as_floating_point_ones(method) -> None:
    x, weight = np.arange(18).reshape(1, 2, 3, 3), np.arange(24).reshape(3, 2, 2, 2)
    y = conv2d(x, weight, [1, 2, 3], method=method)
    np.testing.assert_array_equal(y, conv2d(x * 1.0, weight * 1.0, [1.0, 2, 3]))
    assert y.dtype == np.float64
    grad = draw(y.shape)
    found = conv2d_backward(grad, x, weight, method=method)
    for ours_, expected in zip(found, conv2d_backward(grad, x * 1.0, weight * 1.0), strict=True):
        np.testing.assert_allclose(ours_, expected, rtol=1e-12)


def test_views_and_reversed_inputs_give_what_their_copies_give() -> None:
    layer = conv_layer(3, 4, 3, np.float64, padding=1, stride=2)
    for x in (
        draw((2, 7, 6, 3)).transpose(0, 3, 1, 2),
        draw((2, 3, 7, 6))[:, :, ::-1, ::-1],
        draw((4, 3, 14, 6))[::2, :, ::2],
    ):
        assert_same(ours(layer, x), ours(layer, np.ascontiguousarray(x)), tolerance=1e-13)
    grad = gradient_for(layer.forward(x))
    turned = np.asfortranarray(grad)
    np.testing.assert_allclose(layer.backward(turned), layer.backward(grad), rtol=1e-13)


def test_the_last_forward_is_the_one_that_counts() -> None:
    layer = conv_layer(2, 3, 3, np.float64)
    x, other = draw((2, 2, 5, 5)), draw((1, 2, 6, 4), seed=1)
    expected = ours(layer, x)
    layer.forward(other)
    assert_same(ours(layer, x), expected, tolerance=1e-15)


def test_gradients_are_overwritten_and_not_summed() -> None:
    layer = conv_layer(2, 3, 3, np.float64)
    first = ours(layer, draw((2, 2, 5, 5)))
    again = ours(layer, draw((2, 2, 5, 5)))
    assert_same(again, first, tolerance=1e-15)


def test_initial_weights_come_from_the_generator() -> None:
    def weights(seed: int) -> np.ndarray:
        return Conv2d(4, 5, 3, rng=np.random.default_rng(seed)).parameters["weight"]

    np.testing.assert_array_equal(weights(1), weights(1))
    assert not np.array_equal(weights(1), weights(2))
    layer = Conv2d(4, 6, (3, 2), groups=2, dtype=np.float32)
    assert layer.parameters["weight"].shape == (6, 2, 3, 2)
    assert layer.parameters["bias"].shape == (6,)
    assert {p.dtype for p in layer.parameters.values()} == {np.dtype(np.float32)}
    assert list(Conv2d(1, 1, 1, bias=False).parameters) == ["weight"]
    assert Conv2d(1, 1, 1).parameters["weight"].dtype == np.float64


@pytest.mark.parametrize("groups", [1, 4])
def test_initial_weights_keep_the_variance_through_a_relu(groups) -> None:
    # He and others 2015: a standard deviation of sqrt(2 / fan in); fan in is that of one group.
    layer = Conv2d(16, 64, (5, 3), groups=groups, rng=np.random.default_rng(0))
    weight = layer.parameters["weight"]
    expected = np.sqrt(2 / (16 // groups * 5 * 3))
    assert weight.std() == pytest.approx(expected, rel=0.05)
    assert abs(weight.mean()) < 0.1 * expected
    np.testing.assert_array_equal(layer.parameters["bias"], np.zeros(64))


def test_calling_a_layer_is_forward() -> None:
    layer = conv_layer(2, 3, 3, np.float64)
    x = draw((1, 2, 4, 4))
    np.testing.assert_array_equal(layer(x), layer.forward(x))


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"in_channels": 0}, "in_channels"),
        ({"out_channels": -1}, "out_channels"),
        ({"kernel_size": 0}, "kernel_size"),
        ({"kernel_size": (3, 0)}, "kernel_size"),
        ({"kernel_size": (3, 3, 3)}, "kernel_size"),
        ({"kernel_size": 2.5}, "kernel_size"),
        ({"stride": 0}, "stride"),
        ({"stride": (1, -2)}, "stride"),
        ({"stride": 1.5}, "stride"),
        ({"dilation": 0}, "dilation"),
        ({"padding": -1}, "padding"),
        ({"padding": (1, -1)}, "padding"),
        ({"padding": ((0, 0), (0, -1))}, "padding"),
        ({"padding": "full"}, "padding"),
        ({"padding": 0.5}, "padding"),
        ({"padding": (1, 1, 1)}, "padding"),
        ({"groups": 0}, "groups"),
        ({"groups": 3}, "groups"),
        ({"in_channels": 6, "groups": 3}, "groups"),
        ({"method": "quick"}, "method"),
        ({"rng": 7}, "rng"),
        ({"dtype": np.int64}, "dtype"),
    ],
)
def test_bad_options_are_refused_by_name(options, name) -> None:
    arguments = {"in_channels": 4, "out_channels": 8, "kernel_size": 3, **options}
    with pytest.raises((ValueError, TypeError), match=name):
        Conv2d(**arguments)


@METHODS
@pytest.mark.parametrize("shape", [(1, 3, 6, 6), (1, 1, 6, 6), (2, 6, 6), (6, 6), (1, 1, 2, 6, 6)])
def test_a_wrong_number_of_channels_or_axes_is_refused(method, shape) -> None:
    layer = conv_layer(2, 3, 3, np.float64, method=method)
    with pytest.raises(ValueError, match=r"\bx\b"):
        layer.forward(np.zeros(shape))


@METHODS
@pytest.mark.parametrize("shape", [(1, 2, 2, 9), (1, 2, 9, 2)])
@pytest.mark.parametrize("options", [{}, {"dilation": 2, "padding": 1}], ids=["plain", "dilated"])
def test_a_kernel_that_does_not_fit_is_refused(method, shape, options) -> None:
    layer = conv_layer(2, 3, 3, np.float64, method=method, **options)
    with pytest.raises(ValueError, match="kernel"):
        layer.forward(np.zeros(shape))


def test_the_kernel_may_be_as_large_as_the_padded_input() -> None:
    layer = conv_layer(2, 3, 3, np.float64, padding=1)
    assert layer.forward(np.zeros((1, 2, 1, 1))).shape == (1, 3, 1, 1)


@METHODS
def test_backward_before_forward_is_refused(method) -> None:
    layer = conv_layer(2, 3, 3, np.float64, method=method)
    with pytest.raises((ValueError, RuntimeError), match="forward"):
        layer.backward(np.zeros((1, 3, 4, 4)))


@METHODS
@pytest.mark.parametrize("shape", [(1, 3, 4, 5), (1, 2, 4, 4), (3, 4, 4), (2, 3, 4, 4)])
def test_a_gradient_of_another_shape_is_refused(method, shape) -> None:
    layer = conv_layer(2, 3, 3, np.float64, method=method)
    layer.forward(np.zeros((1, 2, 6, 6)))
    with pytest.raises(ValueError, match="grad"):
        layer.backward(np.zeros(shape))


@METHODS
@pytest.mark.parametrize(
    ("weight", "options", "name"),
    [
        ((4, 2, 3), {}, "weight"),
        ((4, 3, 3, 3), {}, "weight|channels"),
        ((4, 2, 3, 3), {"groups": 2}, "groups|channels|weight"),
        ((3, 1, 3, 3), {"groups": 2}, "groups"),
    ],
)
def test_weights_that_do_not_belong_to_the_input_are_refused(method, weight, options, name) -> None:
    with pytest.raises(ValueError, match=name):
        conv2d(np.zeros((1, 2, 5, 5)), np.zeros(weight), method=method, **options)


@METHODS
@pytest.mark.parametrize("bias", [np.zeros(2), np.zeros((3, 1)), np.zeros(1)])
def test_a_bias_of_another_length_is_refused(method, bias) -> None:
    with pytest.raises(ValueError, match="bias"):
        conv2d(np.zeros((1, 2, 5, 5)), np.zeros((3, 2, 3, 3)), bias, method=method)


@pytest.mark.parametrize("method", ["fast", "loops"])
def test_whole_numbers_of_few_bits(method: str) -> None:
    """Neither inputs, weights nor gradients are cut to a narrower type: 200 · 200 + 9 · 60 000."""
    x = np.full((1, 1, 3, 3), 200, np.uint8)
    weight = np.full((1, 1, 3, 3), 200, np.uint8)
    assert conv2d(x, weight, [60_000], method=method).item() == 9 * 200 * 200 + 60_000
    heavy = conv2d(x.astype(np.float16) / 200, np.full((1, 1, 3, 3), 70_000), method=method)
    assert heavy.item() == 9 * 70_000
    grad = np.full((1, 1, 1, 1), 255, np.uint8)
    grad_x, grad_weight, _ = conv2d_backward(grad, x, weight, method=method)
    assert (grad_x == 255 * 200).all() and (grad_weight == 255 * 200).all()
