"""The shared checks accept what they should, and name what they refuse."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from pdl import _validation as v
from pdl import augmentation, filters, layers, metrics, segmentation, signals


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int16, np.int64, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (2, 2, 3), (4, 1, 1)])
def test_images_pass_unchanged(dtype: type, shape: tuple[int, ...]) -> None:
    image = np.ones(shape, dtype=dtype)
    assert v.check_image(image) is image


def test_lists_become_arrays() -> None:
    checked = v.check_image([[1, 2], [3, 4]])
    assert checked.shape == (2, 2) and checked.dtype.kind == "i"


@pytest.mark.parametrize(
    ("image", "error", "words"),
    [
        (np.ones(3), ValueError, ["photo", "(H, W)", "(3,)"]),
        (np.ones((1, 2, 3, 4)), ValueError, ["photo", "(1, 2, 3, 4)"]),
        (7, ValueError, ["photo", "()"]),
        (np.ones((0, 4)), ValueError, ["photo", "empty", "(0, 4)"]),
        (np.ones((4, 4, 0)), ValueError, ["photo", "empty", "(4, 4, 0)"]),
        ([[1, 2], [3]], ValueError, ["photo", "rectangular"]),
        ([[1.0, np.nan]], ValueError, ["photo", "NaN"]),
        ([[1.0, np.inf]], ValueError, ["photo", "infinite"]),
        (np.ones((2, 2), dtype=complex), TypeError, ["photo", "complex128"]),
        ([["a", "b"]], TypeError, ["photo", "dtype"]),
        (None, TypeError, ["photo", "object"]),
    ],
)
def test_what_is_no_image_is_refused_by_name(
    image: object, error: type[Exception], words: list[str]
) -> None:
    with pytest.raises(error) as caught:
        v.check_image(image, "photo")  # type: ignore[arg-type]
    for word in words:
        assert word in str(caught.value)


def test_colour_is_refused_where_gray_is_needed() -> None:
    with pytest.raises(ValueError, match=r"photo must have shape \(H, W\), one channel"):
        v.check_image(np.ones((2, 2, 3)), "photo", allow_color=False)


def test_kernel_becomes_float64_and_must_be_two_dimensional() -> None:
    kernel = v.check_kernel(np.array([[1, 2]], dtype=np.uint8))
    assert kernel.dtype == np.float64
    with pytest.raises(ValueError, match=r"blur must have two dimensions.*\(3,\)"):
        v.check_kernel([1, 2, 3], "blur")
    with pytest.raises(ValueError, match="blur must be finite"):
        v.check_kernel([[np.nan]], "blur")
    with pytest.raises(ValueError, match="blur must not be empty"):
        v.check_kernel(np.ones((0, 3)), "blur")


def test_kernel_is_a_copy() -> None:
    original = np.ones((2, 2))
    v.check_kernel(original)[0, 0] = 5
    assert original[0, 0] == 1


def test_vector() -> None:
    assert v.check_vector([1, 2], "x").shape == (2,)
    with pytest.raises(ValueError, match=r"x must have one dimension, got shape \(1, 2\)"):
        v.check_vector([[1, 2]], "x")


@pytest.mark.parametrize("value", [1, 2.5, np.float32(0.5), np.int8(3)])
def test_numbers_become_floats(value: float) -> None:
    for check in (v.check_number, v.check_positive, v.check_nonnegative):
        assert check(value, "sigma") == float(value)
        assert type(check(value, "sigma")) is float


@pytest.mark.parametrize("value", [True, "1", None, [1], 1j])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="sigma must be a number, got"):
        v.check_number(value, "sigma")  # type: ignore[arg-type]


def test_bounds_of_numbers() -> None:
    with pytest.raises(ValueError, match="sigma must be greater than 0, got 0"):
        v.check_positive(0, "sigma")
    with pytest.raises(ValueError, match="sigma must be 0 or greater, got -1"):
        v.check_nonnegative(-1, "sigma")
    assert v.check_nonnegative(0, "sigma") == 0
    with pytest.raises(ValueError, match="sigma must be finite"):
        v.check_positive(float("nan"), "sigma")
    assert (v.check_fraction(0, "p"), v.check_fraction(1, "p")) == (0, 1)
    for outside in (-0.01, 1.01):
        with pytest.raises(ValueError, match="p must lie between 0 and 1"):
            v.check_fraction(outside, "p")


def test_integers() -> None:
    assert v.check_integer(np.int64(3), "size", minimum=3, maximum=3) == 3
    for wrong in (3.0, True, "3"):
        with pytest.raises(TypeError, match="size must be an integer"):
            v.check_integer(wrong, "size")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="size must be 3 or greater, got 2"):
        v.check_integer(2, "size", minimum=3)
    with pytest.raises(ValueError, match="size must be 3 or less, got 4"):
        v.check_integer(4, "size", maximum=3)


def test_odd() -> None:
    assert v.check_odd(5, "size") == 5
    for even in (2, 0):
        with pytest.raises(ValueError, match="size must be"):
            v.check_odd(even, "size")


def test_choice() -> None:
    assert v.check_choice("full", "mode", ("full", "same")) == "full"
    with pytest.raises(ValueError, match="mode must be one of 'full', 'same', got 'half'"):
        v.check_choice("half", "mode", ("full", "same"))


def test_same_shape() -> None:
    v.check_same_shape(np.ones((2, 3)), np.zeros((2, 3)), "a", "b")
    with pytest.raises(ValueError, match=r"a and b must have the same shape, got \(2, 3\) and"):
        v.check_same_shape(np.ones((2, 3)), np.zeros((3, 2)), "a", "b")


def test_generator() -> None:
    rng = np.random.default_rng(0)
    assert v.check_generator(rng) is rng
    with pytest.raises(TypeError, match=r"rng must be a numpy.random.Generator.*got int"):
        v.check_generator(0)  # type: ignore[arg-type]


# masked arrays

M = np.ma.masked_greater(np.arange(144).reshape(12, 12) % 7, 5)
BITS = np.ma.masked_array(np.eye(12, dtype=int), mask=np.eye(12)[::-1])
FLAT = M.astype(float)[0]
PLAIN = np.arange(144).reshape(12, 12) % 7
MASKED = {
    "otsu": lambda: segmentation.otsu(M),
    "multi_otsu": lambda: segmentation.multi_otsu(M),
    "threshold_peaks": lambda: segmentation.threshold_peaks(M),
    "histogram": lambda: segmentation.histogram(M),
    "kmeans": lambda: segmentation.kmeans(M, 2),
    "kmeans rows": lambda: segmentation.kmeans((PLAIN[0], M[0]), 1),
    "kmeans init": lambda: segmentation.kmeans(PLAIN, 2, init=M[:2]),
    "watershed": lambda: segmentation.watershed(M, PLAIN),
    "watershed markers": lambda: segmentation.watershed(PLAIN, M),
    "watershed mask": lambda: segmentation.watershed(PLAIN, PLAIN, BITS),
    "connected_components": lambda: segmentation.connected_components(BITS),
    "pixel_features": lambda: segmentation.pixel_features(M),
    "iou": lambda: metrics.iou(BITS, np.eye(12, dtype=int)),
    "object_f1": lambda: metrics.object_f1(PLAIN, M),
    "boundary_f1": lambda: metrics.boundary_f1(M, PLAIN),
    "bootstrap_interval": lambda: metrics.bootstrap_interval(FLAT),
    "bootstrap_runs": lambda: metrics.bootstrap_runs(M),
    "median_filter": lambda: filters.median_filter(M),
    "gaussian_filter": lambda: filters.gaussian_filter(M, 1),
    "psnr": lambda: filters.psnr(PLAIN, M, 7),
    "convolve1d": lambda: signals.convolve1d(FLAT, [1]),
    "convolve2d": lambda: signals.convolve2d(M, [[1]]),
    "convolve2d kernel": lambda: signals.convolve2d(PLAIN, M),
    "quantize": lambda: signals.quantize(M.astype(np.uint8), 2),
    "warp_labels": lambda: augmentation.warp_labels(M, np.eye(3)),
    "warp_points": lambda: augmentation.warp_points(M[:, :2], np.eye(3)),
    "boxes_of_labels": lambda: augmentation.boxes_of_labels(M),
    "batch": lambda: augmentation.Augmentation().augment_batch(np.random.default_rng(0), [M, M]),
    "softmax": lambda: layers.softmax(M),
    "loss": lambda: layers.SoftmaxCrossEntropy()(PLAIN, M[0]),
    "one_hot": lambda: layers.one_hot(M[0], 9),
    "ReLU": lambda: layers.ReLU()(M),
    "Dropout": lambda: layers.Dropout()(M),
    "Flatten": lambda: layers.Flatten()(M),
    "Linear": lambda: layers.Linear(12, 2)(M),
    "conv2d": lambda: layers.conv2d(PLAIN[None, None], M[None, None]),
    "MaxPool2d": lambda: layers.MaxPool2d(2)(M[None, None]),
}


@pytest.mark.parametrize("call", MASKED.values(), ids=MASKED)
def test_masked_values_are_not_taken_for_numbers(call: Callable[[], object]) -> None:
    """As an ndarray, a masked array shows the numbers that its mask says not to use."""
    with pytest.raises(
        ValueError, match=r"must not have masked values: .*\.compressed\(\), or .*\.fil"
    ):
        call()


def test_a_mask_that_masks_nothing_is_no_hindrance() -> None:
    image = np.ma.masked_array([[1, 2], [3, 4]], mask=False)
    assert v.check_array(image, "photo").tolist() == [[1, 2], [3, 4]]
    assert type(v.check_array(image, "photo")) is np.ndarray


# narrowing casts


@pytest.mark.skipif(np.finfo(np.longdouble).max == np.finfo(float).max, reason="no wider float")
def test_a_number_beyond_float64_is_refused() -> None:
    assert v.check_array(np.array([1e300], np.longdouble), "x") == 1e300
    with pytest.raises(ValueError, match="x must lie within the range of float64"):
        v.check_array(np.array([np.finfo(np.longdouble).max]), "x")
    with pytest.raises(ValueError, match="x must lie within the range of float64"):
        v.check_array(np.array([np.finfo(np.longdouble).min]), "x")


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [(bool, float), (np.uint8, float), (np.int64, float), (np.float32, np.float32)],
)
def test_floats_are_of_the_type_that_they_were(dtype: type, expected: type) -> None:
    found = v.as_floats(np.array([0, 1], dtype), "x")
    assert found.dtype == np.dtype(expected) and found.tolist() == [0, 1]


def test_labels() -> None:
    assert v.check_labels(np.array([[0, 2**63 - 1]], dtype=np.uint64)).dtype == np.uint64
    for wrong, error, message in (
        ([[0.5]], TypeError, "booleans or integers, got dtype float64"),
        ([[-1]], ValueError, "must be 0 or greater, got -1"),
        ([1], ValueError, r"must have shape \(H, W\)"),
        (np.array([[2**63 + 1]], np.uint64), ValueError, "got 9223372036854775809: number the obj"),
    ):
        with pytest.raises(error, match=message):
            v.check_labels(wrong)
