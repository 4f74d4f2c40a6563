"""Softmax and its cross-entropy against PyTorch, TensorFlow and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special
from torch.nn import functional

from pdl.layers import SoftmaxCrossEntropy, log_softmax, one_hot, softmax

from .differences import finite_differences
from .peers import CLOSE, assert_close, both_dtypes, draw, tensorflow


def test_worked_by_hand() -> None:
    value, grad = answers(np.log([[1.0, 3.0], [2.0, 2.0]]), np.array([0, 1]))
    assert value == pytest.approx((np.log(4) + np.log(2)) / 2)
    np.testing.assert_allclose(grad, [[-0.375, 0.375], [0.25, -0.25]])
    # Nothing known: log K.
    assert answers(np.zeros((7, 10)), np.arange(7))[0] == pytest.approx(np.log(10))


ROWS = st.integers(1, 6)
CLASSES = st.integers(1, 5)


def answers(logits, labels):
    """Ours: the loss and its gradient."""
    kept_logits, kept_labels = logits.copy(), labels.copy()
    loss = SoftmaxCrossEntropy()
    value = loss.forward(logits, labels)
    assert isinstance(value, float | np.floating)
    grad = loss.backward()
    assert grad.dtype == logits.dtype
    np.testing.assert_array_equal(logits, kept_logits)
    np.testing.assert_array_equal(labels, kept_labels)
    return value, grad


def assert_equal_to_peers(logits, labels) -> None:
    value, grad = answers(logits, labels)
    leaf = torch.tensor(logits, requires_grad=True)
    theirs = functional.cross_entropy(leaf, torch.tensor(labels).long())
    theirs.backward()
    tolerance = CLOSE[logits.dtype]
    assert value == pytest.approx(theirs.item(), rel=tolerance, abs=tolerance)
    # p - 1 is a small rest where p is nearly 1: the rounding is that of the 1.
    least = 1 / len(labels)
    assert_close(grad, leaf.grad.numpy(), "gradient", least=least)
    tf = tensorflow()
    constant = tf.constant(logits)
    with tf.GradientTape() as tape:
        tape.watch(constant)
        each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, constant)
        theirs = tf.reduce_mean(each)
    assert value == pytest.approx(float(theirs), rel=tolerance, abs=tolerance)
    assert_close(grad, tape.gradient(theirs, constant).numpy(), "gradient", least=least)


@both_dtypes
@settings(deadline=None, max_examples=60)
@given(
    rows=ROWS, classes=CLASSES, scale=st.sampled_from([1e-3, 1.0, 30.0, 1e3, 1e6]), data=st.data()
)
def test_loss_and_gradient_equal_both_peers(dtype, rows, classes, scale, data) -> None:
    labels = data.draw(st.lists(st.integers(0, classes - 1), min_size=rows, max_size=rows))
    assert_equal_to_peers((draw((rows, classes)) * scale).astype(dtype), np.array(labels))


@both_dtypes
@pytest.mark.parametrize("huge", [1e3, 1e5, 1e30])
def test_huge_logits(dtype, huge) -> None:
    logits = np.array([[huge, -huge, 0], [-huge, -huge, -huge], [huge, huge, huge]], dtype=dtype)
    for label in range(3):
        assert_equal_to_peers(logits, np.full(3, label))
    value, grad = answers(logits[:1], np.array([1]))
    assert value == pytest.approx(2 * huge, rel=1e-6)
    np.testing.assert_allclose(grad, [[1, -1, 0]], atol=1e-12)


def test_gradient_by_finite_differences() -> None:
    logits, labels = draw((4, 3)) * 2, np.array([2, 0, 0, 1])
    _, grad = answers(logits, labels)
    expected = list(finite_differences(lambda: answers(logits, labels)[0], logits))
    assert_close(grad, np.reshape(expected, logits.shape), "gradient", 1e-9)
    np.testing.assert_allclose(grad.sum(axis=1), 0, atol=1e-15)


@both_dtypes
@settings(deadline=None, max_examples=50)
@given(rows=ROWS, classes=CLASSES, scale=st.sampled_from([1.0, 30.0, 1e4]))
def test_softmax_and_its_logarithm(dtype, rows, classes, scale) -> None:
    logits = (draw((rows, classes)) * scale).astype(dtype)
    tensor = torch.from_numpy(logits)
    assert_close(softmax(logits), functional.softmax(tensor, 1).numpy(), "softmax")
    assert_close(log_softmax(logits), functional.log_softmax(tensor, 1).numpy(), "log_softmax")
    assert_close(softmax(logits), tensorflow().nn.softmax(logits).numpy(), "softmax")
    assert_close(log_softmax(logits), special.log_softmax(logits, axis=1), "log_softmax")
    assert softmax(logits).dtype == log_softmax(logits).dtype == dtype


def test_one_hot() -> None:
    labels = np.array([2, 0, 1, 2])
    found = one_hot(labels, 4)
    np.testing.assert_array_equal(found, [[0, 0, 1, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]])
    np.testing.assert_array_equal(found, functional.one_hot(torch.tensor(labels), 4).numpy())


@pytest.mark.parametrize(
    "labels",
    [
        pytest.param([0, 1, 3], id="a label too large"),
        pytest.param([0, -1, 1], id="a negative label"),
        pytest.param([0, 1], id="too few"),
        pytest.param([0, 1, 2, 0], id="too many"),
        pytest.param([[0], [1], [2]], id="a column"),
        pytest.param([0.0, 1.0, 2.0], id="floats"),
        pytest.param([[1, 0, 0], [0, 1, 0], [0, 0, 1]], id="one-hot"),
    ],
)
def test_labels_that_do_not_belong_are_refused(labels) -> None:
    with pytest.raises((ValueError, TypeError), match="labels"):
        SoftmaxCrossEntropy().forward(np.zeros((3, 3)), np.array(labels))


@pytest.mark.parametrize("labels", [[4], [-1], [0.5]])
def test_one_hot_refuses_what_is_no_label(labels) -> None:
    with pytest.raises((ValueError, TypeError), match="labels"):
        one_hot(np.array(labels), 4)


@pytest.mark.parametrize("shape", [(3,), (3, 2, 2), (0, 3), (3, 0)])
def test_logits_of_another_shape_are_refused(shape) -> None:
    with pytest.raises(ValueError, match="logits"):
        SoftmaxCrossEntropy().forward(np.zeros(shape), np.zeros(3, dtype=int))


def test_backward_before_forward_is_refused() -> None:
    with pytest.raises((ValueError, RuntimeError), match="forward"):
        SoftmaxCrossEntropy().backward()


def test_labels_of_every_integer_dtype() -> None:
    logits = draw((3, 4))
    expected = answers(logits, np.array([3, 0, 1]))
    for dtype in (np.uint8, np.int8, np.int32, np.uint64):
        value, grad = answers(logits, np.array([3, 0, 1], dtype=dtype))
        assert value == expected[0]
        np.testing.assert_array_equal(grad, expected[1])


# whole numbers, and classes that cannot be


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64, bool])
def test_whole_number_logits(dtype):
    """In uint8 the difference 1 − 5 is 252, and its exponential beyond float16."""
    logits = np.array([[1, 5], [0, 1]]).astype(dtype)
    expected = special.softmax(logits.astype(float), axis=1)
    assert_close(softmax(logits), expected)
    assert softmax(logits).dtype == np.float64
    assert_close(log_softmax(logits), np.log(expected))
    loss = SoftmaxCrossEntropy()
    assert loss(logits, [1, 1]) == pytest.approx(-np.log(expected[:, 1]).mean())
    assert_close(loss.backward(), (expected - [[0, 1], [0, 1]]) / 2)


def test_a_class_that_cannot_be_costs_nothing_elsewhere():
    """0 · −∞ is not a number: log(e + e²) − 2 = log(1 + e⁻¹) is."""
    loss = SoftmaxCrossEntropy()
    logits = np.array([[1, 2, -np.inf]])
    assert loss(logits, [1]) == pytest.approx(np.log1p(np.exp(-1)))
    assert round(loss(logits, [1]), 4) == 0.3133
    p = 1 / (1 + np.e)
    assert_close(loss.backward(), np.array([[p, -p, 0]]))
    assert loss(logits, [2]) == np.inf
    theirs = functional.cross_entropy(torch.tensor(logits), torch.tensor([1]))
    assert loss(logits, [1]) == pytest.approx(float(theirs))


def test_many_classes_do_not_take_the_square_of_their_number(peak_mib):
    """An identity matrix of 4000 classes takes 122 MiB."""
    assert peak_mib(lambda: one_hot([3999, 0], 4000)) < 1
    assert one_hot(np.array([3, 0], np.uint8), 4).tolist() == [[0, 0, 0, 1], [1, 0, 0, 0]]
    assert peak_mib(lambda: SoftmaxCrossEntropy()(np.zeros((2, 4000)), [3999, 0])) < 1
