"""Output sizes, TensorFlow's SAME, windows with their adjoint, and receptive fields."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pdl.layers import (
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
    Sequential,
    Tanh,
    add_windows,
    output_size,
    receptive_field,
    same_padding,
    windows,
)

from .peers import draw, tensorflow


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((5, 3), 3),
        ((12, 3, 2), 5),  # (12 - 3) / 2 + 1 = 5.5: the last pixel is not read
        ((572, 3), 570),
        ((224, 11, 4, 2), 55),
        ((227, 11, 4), 55),
        ((4, 2, 1, (0, 1)), 4),
        ((4, 2, 1, (3, 0)), 6),
        ((1, 1), 1),
        ((7, 3, 1, 0, 3), 1),
    ],
)
def test_output_sizes_known_from_elsewhere(arguments, expected) -> None:
    found = output_size(*arguments)
    assert found == expected
    assert type(found) is int


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((6, 3, 2), (0, 1)),
        ((7, 3, 2), (1, 1)),
        ((5, 2), (0, 1)),
        ((5, 4), (1, 2)),
        ((5, 3, 1, 2), (2, 2)),
        ((4, 1, 3), (0, 0)),
    ],
)
def test_the_odd_zero_comes_after(arguments, expected) -> None:
    assert tuple(same_padding(*arguments)) == expected


SMALL = st.integers(1, 4)


@settings(deadline=None, max_examples=150)
@given(st.integers(1, 20), SMALL, SMALL, st.integers(0, 3), SMALL)
def test_output_size_equals_pytorch(length, kernel, stride, padding, dilation) -> None:
    if dilation * (kernel - 1) + 1 > length + 2 * padding:
        with pytest.raises(ValueError, match="kernel"):
            output_size(length, kernel, stride, padding, dilation)
        return
    y = torch.nn.functional.conv1d(
        torch.zeros(1, 1, length), torch.zeros(1, 1, kernel), None, stride, padding, dilation
    )
    assert output_size(length, kernel, stride, padding, dilation) == y.shape[2]
    assert output_size(length, kernel, stride, (padding, padding), dilation) == y.shape[2]


@settings(deadline=None, max_examples=150)
@given(st.integers(1, 20), SMALL, SMALL, SMALL)
def test_same_padding_equals_tensorflow(length, kernel, stride, dilation) -> None:
    assume(stride == 1 or dilation == 1)
    before, after = same_padding(length, kernel, stride, dilation)
    assert type(before) is type(after) is int
    assert 0 <= before <= after <= before + 1
    size = output_size(length, kernel, stride, (before, after), dilation)
    assert size == -(-length // stride)
    # Where the zeros went TensorFlow tells by its numbers: the taps are numbered, each pixel is
    # a one, so that every output says which taps fell on the image.
    tf = tensorflow()
    taps = 2.0 ** np.arange(kernel)
    theirs = tf.nn.conv1d(
        np.ones((1, length, 1)), taps[:, None, None], stride, "SAME", dilations=dilation
    )
    padded = np.pad(np.ones(length), (before, after))
    starts = np.arange(size) * stride
    expected = [padded[s + dilation * np.arange(kernel)] @ taps for s in starts]
    np.testing.assert_array_equal(theirs[0, :, 0], expected)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"length": 0}, "length"),
        ({"length": 5.0}, "length"),
        ({"kernel": 0}, "kernel"),
        ({"kernel": True}, "kernel"),
        ({"stride": 0}, "stride"),
        ({"stride": "1"}, "stride"),
        ({"dilation": 0}, "dilation"),
    ],
)
@pytest.mark.parametrize("function", [output_size, same_padding])
def test_bad_sizes_are_refused_by_name(function, options, name) -> None:
    with pytest.raises((ValueError, TypeError), match=name):
        function(**{"length": 8, "kernel": 3, **options})


@pytest.mark.parametrize("padding", [-1, (1, -1), 0.5, (1, 2, 3), "same?"])
def test_bad_padding_is_refused_by_name(padding) -> None:
    with pytest.raises((ValueError, TypeError), match="padding"):
        output_size(8, 3, padding=padding)


def test_a_kernel_that_does_not_fit_says_how_long_it_is() -> None:
    with pytest.raises(ValueError, match=r"kernel.*7"):
        output_size(5, 3, dilation=3)


PAIRS = st.tuples(st.integers(1, 3), st.integers(1, 3))


@settings(deadline=None, max_examples=80)
@given(PAIRS, PAIRS, PAIRS, PAIRS, st.tuples(st.integers(0, 4), st.integers(0, 4)))
def test_windows_are_what_the_formula_says_and_their_sum_is_the_adjoint(
    batch, kernel, stride, dilation, more
) -> None:
    spans = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    shape = (*batch, spans[0] + more[0], spans[1] + more[1])
    x = draw(shape)
    found = windows(x, kernel, stride, dilation)
    assert np.shares_memory(found, x)
    rows, columns = (m // s + 1 for m, s in zip(more, stride, strict=True))
    assert found.shape == (*batch, rows, columns, *kernel)
    for i, j, a, b in np.ndindex(rows, columns, *kernel):
        row, column = i * stride[0] + a * dilation[0], j * stride[1] + b * dilation[1]
        np.testing.assert_array_equal(found[:, :, i, j, a, b], x[:, :, row, column])
    # <windows(x), p> = <x, add_windows(p)> for every p is what "adjoint" means.
    parts = draw(found.shape, seed=1)
    added = add_windows(parts, shape, stride, dilation)
    assert added.shape == shape
    np.testing.assert_allclose((found * parts).sum(), (x * added).sum(), atol=1e-9)


def test_the_sum_of_ones_counts_the_windows_over_each_pixel() -> None:
    ones = np.ones((1, 1, 2, 3, 2, 1))
    added = add_windows(ones, (1, 1, 4, 6), (1, 2), (2, 1))
    np.testing.assert_array_equal(added[0, 0], np.tile([1, 0], (4, 3)))
    added = add_windows(np.ones((1, 1, 2, 2, 2, 2)), (1, 1, 3, 3))
    np.testing.assert_array_equal(added[0, 0], [[1, 2, 1], [2, 4, 2], [1, 2, 1]])
    assert add_windows(ones.astype(np.float32), (1, 1, 4, 6), (1, 2), (2, 1)).dtype == np.float32


def test_windows_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="kernel"):
        windows(np.zeros((1, 1, 3, 3)), (2, 4))


# --- Receptive fields ---


@st.composite
def pyramids(draw_from: st.DrawFn) -> Sequential:
    """Up to four convolutions and poolings, with what changes nothing between them."""
    layers = []
    for _ in range(draw_from(st.integers(1, 4))):
        kernel = draw_from(PAIRS)
        stride = draw_from(st.tuples(st.integers(1, 2), st.integers(1, 2)))
        kind = draw_from(st.sampled_from(["conv", "average"]))
        if kind == "conv":
            dilation = draw_from(PAIRS)
            layers.append(Conv2d(1, 1, kernel, stride=stride, dilation=dilation))
            layers[-1].parameters["weight"][...] = 1
        else:
            layers.append(AvgPool2d(kernel, stride=draw_from(st.none() | st.just(stride))))
        layers.append(draw_from(st.sampled_from([ReLU, Dropout, lambda: BatchNorm2d(1)]))())
    return Sequential(*layers)


@settings(deadline=None, max_examples=40)
@given(model=pyramids(), axis=st.integers(0, 1))
def test_receptive_field_is_where_the_gradient_arrives(model, axis) -> None:
    model.eval()
    fields = receptive_field(model, axis)
    assert len(fields) == len(model.layers)
    jump = 1
    for number in range(len(model.layers)):
        part = Sequential(*model.layers[: number + 1])
        # As long as two outputs need along this axis, and one along the other.
        other = receptive_field(part, 1 - axis)[-1].size
        sides = [other, other]
        sides[axis] = fields[number].size + fields[number].jump
        y = part.forward(np.ones((1, 1, *sides)))
        assert y.shape[2 + axis] == 2, "the field is too long or too short for two outputs"
        reached = []
        for output in (0, 1):
            grad = np.zeros_like(y)
            index = [0, 0, 0, 0]
            index[2 + axis] = output
            grad[tuple(index)] = 1
            # Strides leave gaps: the field counts from the first pixel to the last.
            reached.append(np.nonzero(part.backward(grad).any(axis=(0, 1, 3 - axis)))[0])
        first, second = reached
        assert first[-1] - first[0] + 1 == fields[number].size
        assert second[0] - first[0] == fields[number].jump
        assert fields[number].jump % jump == 0
        jump = fields[number].jump


def test_known_receptive_fields() -> None:
    three = Sequential(Conv2d(1, 1, 3), ReLU(), Conv2d(1, 1, 3), ReLU(), Conv2d(1, 1, 3))
    assert [field.size for field in receptive_field(three)] == [3, 3, 5, 5, 7]
    lenet = Sequential(
        Conv2d(1, 6, 5), Tanh(), AvgPool2d(2), Conv2d(6, 16, 5), AvgPool2d(2), Flatten(),
        Linear(400, 120),
    )  # fmt: skip
    found = receptive_field(lenet)
    assert [field.size for field in found] == [5, 5, 6, 14, 16]
    assert [field.jump for field in found] == [1, 1, 2, 2, 4]
    assert [field.name for field in found[::2]] == ["Conv2d", "AvgPool2d", "AvgPool2d"]
    dilated = Sequential(*(Conv2d(1, 1, 3, dilation=2**n, padding=2**n) for n in range(4)))
    assert receptive_field(dilated)[-1].size == 31
    overlapping = Sequential(MaxPool2d(3, stride=2), MaxPool2d((3, 1), stride=(2, 1)))
    assert [field.size for field in receptive_field(overlapping)] == [3, 7]
    assert [field.size for field in receptive_field(overlapping, axis=1)] == [3, 3]


def test_a_model_in_a_model_counts() -> None:
    inner = Sequential(Conv2d(1, 1, 3), MaxPool2d(2))
    outer = Sequential(inner, Conv2d(1, 1, 3))
    assert [field.size for field in receptive_field(outer)] == [3, 4, 8]


@pytest.mark.parametrize(("model", "axis"), [(Conv2d(1, 1, 3), 0), (None, 0), (Sequential(), 2)])
def test_what_is_no_model_and_no_axis_is_refused(model, axis) -> None:
    with pytest.raises((TypeError, ValueError), match=r"model|axis"):
        receptive_field(model, axis)
