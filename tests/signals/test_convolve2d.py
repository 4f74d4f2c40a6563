"""Convolution and correlation of images: three methods, against SciPy, OpenCV and PyTorch."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage, signal
from skimage import data

from pdl.signals import BOUNDARIES, METHODS, MODES, convolve2d, correlate2d, pad, separable

QUICK = settings(deadline=None, max_examples=80)
BOTH = [
    pytest.param(convolve2d, signal.convolve2d, id="convolve2d"),
    pytest.param(correlate2d, signal.correlate2d, id="correlate2d"),
]


def arrays(side: int) -> st.SearchStrategy[np.ndarray]:
    # Whole numbers: sums are exact, so that equal means equal.
    shapes = hnp.array_shapes(min_dims=2, max_dims=2, max_side=side)
    return hnp.arrays(float, shapes, elements=st.integers(-99, 99))


def assert_same(ours: np.ndarray, theirs: np.ndarray, method: str = "loops") -> None:
    assert ours.shape == theirs.shape
    assert ours.dtype == np.float64
    if method == "fft":
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-8)
    else:
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("method", METHODS)
def test_seven_by_seven_example(method: str) -> None:
    image = np.arange(1, 50).reshape(7, 7)
    kernel = [[-1, 1, -1], [-2, 3, 1], [2, -4, 0]]
    result = convolve2d(image, kernel, method=method)
    np.testing.assert_allclose(result[0], [-2, -8, -7, -6, -5, -4, 28], atol=1e-10)
    np.testing.assert_allclose(result[-1], [-29, 13, 13, 13, 13, 13, 27], atol=1e-10)
    assert_same(result, signal.convolve2d(image, kernel, "same"), method)


def test_two_pixels_example() -> None:
    np.testing.assert_array_equal(convolve2d([[4, 5]], [[1, 2]], mode="full"), [[4, 13, 10]])
    np.testing.assert_array_equal(
        convolve2d([[4], [5]], [[1], [2]], mode="full"), [[4], [13], [10]]
    )


@pytest.mark.parametrize(("ours", "theirs"), BOTH)
@pytest.mark.parametrize("method", METHODS)
@QUICK
@given(image=arrays(7), kernel=arrays(5), mode=st.sampled_from(MODES))
def test_equal_to_scipy_signal(ours, theirs, method, image, kernel, mode) -> None:
    if mode == "valid" and (kernel.shape[0] > image.shape[0] or kernel.shape[1] > image.shape[1]):
        with pytest.raises(ValueError, match="does not fit into the image"):
            ours(image, kernel, mode, method=method)
        return
    assert_same(ours(image, kernel, mode, method=method), theirs(image, kernel, mode), method)


@pytest.mark.parametrize(("ours", "theirs"), BOTH)
@pytest.mark.parametrize(("boundary", "scipy_name"), [("reflect", "symm"), ("wrap", "wrap")])
@QUICK
@given(image=arrays(6), kernel=arrays(5))
def test_boundaries_equal_scipy_signal(ours, theirs, boundary, scipy_name, image, kernel) -> None:
    expected = theirs(image, kernel, "same", boundary=scipy_name)
    for method in METHODS:
        assert_same(ours(image, kernel, "same", boundary, method), expected, method)


@pytest.mark.parametrize(
    ("boundary", "scipy_mode"),
    [("zero", "constant"), ("reflect", "reflect"), ("nearest", "nearest"), ("wrap", "grid-wrap")],
)
@QUICK
@given(image=arrays(6), kernel=arrays(5))
def test_boundaries_equal_scipy_ndimage(boundary, scipy_mode, image, kernel) -> None:
    # ndimage anchors an even kernel one pixel later; its `origin` undoes that.
    origin = tuple(-1 if size % 2 == 0 else 0 for size in kernel.shape)
    theirs = ndimage.convolve(image, kernel, mode=scipy_mode, origin=origin)
    assert_same(convolve2d(image, kernel, boundary=boundary), theirs)


@pytest.mark.parametrize(
    ("boundary", "border"),
    [
        ("zero", cv2.BORDER_CONSTANT),
        ("reflect", cv2.BORDER_REFLECT),
        ("nearest", cv2.BORDER_REPLICATE),
    ],
)
@pytest.mark.parametrize("photo", [data.camera(), data.astronaut()], ids=["camera", "astronaut"])
def test_equal_to_opencv_on_photographs(photo, boundary, border) -> None:
    image = photo[100:200, 150:290].astype(float)
    kernel = np.random.default_rng(0).integers(-9, 10, (5, 3)).astype(float)
    theirs = cv2.filter2D(image, cv2.CV_64F, kernel, borderType=border)
    np.testing.assert_allclose(correlate2d(image, kernel, boundary=boundary), theirs, atol=1e-9)
    theirs = cv2.filter2D(image, cv2.CV_64F, kernel[::-1, ::-1].copy(), borderType=border)
    np.testing.assert_allclose(convolve2d(image, kernel, boundary=boundary), theirs, atol=1e-9)


@QUICK
@given(image=arrays(8), kernel=arrays(4))
def test_valid_correlation_equals_pytorch(image, kernel) -> None:
    if kernel.shape[0] > image.shape[0] or kernel.shape[1] > image.shape[1]:
        return
    theirs = torch.nn.functional.conv2d(
        torch.tensor(image)[None, None], torch.tensor(kernel)[None, None]
    )
    assert_same(correlate2d(image, kernel, mode="valid"), theirs[0, 0].numpy())


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_colour_is_convolved_channel_by_channel(method, boundary, channels) -> None:
    rng = np.random.default_rng(1)
    image, kernel = rng.integers(0, 256, (6, 7, channels), dtype=np.uint8), rng.random((3, 2))
    result = convolve2d(image, kernel, boundary=boundary, method=method)
    assert result.shape == image.shape
    for channel in range(channels):
        expected = convolve2d(image[..., channel], kernel, boundary=boundary, method=method)
        np.testing.assert_array_equal(result[..., channel], expected)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int32, np.float32])
def test_every_dtype_is_computed_in_float64(method, dtype) -> None:
    image = np.ones((4, 4), dtype=dtype) * dtype(1)
    result = convolve2d(image, np.full((3, 3), 200, dtype=np.uint8), mode="valid", method=method)
    assert result.dtype == np.float64
    np.testing.assert_allclose(result, 1800, rtol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_a_method_called_by_itself_is_the_valid_convolution(method) -> None:
    rng = np.random.default_rng(4)
    image, kernel = (rng.integers(0, 256, shape, dtype=np.uint8) for shape in ((5, 6), (3, 2)))
    result = METHODS[method](image, kernel)
    assert_same(result, signal.convolve2d(image.astype(float), kernel, "valid"), method)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("boundary", ["reflect", "nearest", "wrap"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (6, 4)])
def test_a_constant_image_is_scaled_by_the_kernels_sum(method, boundary, shape) -> None:
    kernel = np.random.default_rng(2).random((5, 4))
    result = convolve2d(np.full(shape, 7.0), kernel, boundary=boundary, method=method)
    np.testing.assert_allclose(result, 7 * kernel.sum(), rtol=1e-12)


@QUICK
@given(image=arrays(6), first=arrays(4), second=arrays(4))
def test_linear_and_associative(image, first, second) -> None:
    full = [convolve2d(convolve2d(image, first, "full"), second, "full"),
            convolve2d(image, convolve2d(first, second, "full"), "full")]  # fmt: skip
    np.testing.assert_array_equal(*full)
    np.testing.assert_array_equal(convolve2d(3 * image, first), 3 * convolve2d(image, first))


@QUICK
@given(image=arrays(6), kernel=arrays(4))
def test_convolution_commutes(image, kernel) -> None:
    np.testing.assert_array_equal(
        convolve2d(image, kernel, "full"), convolve2d(kernel, image, "full")
    )


def test_arguments_are_left_alone() -> None:
    image, kernel = np.ones((4, 4)), np.ones((3, 3))
    for method in METHODS:
        convolve2d(image, kernel, "valid", method=method)[:] = 5
    assert (image == 1).all() and (kernel == 1).all()


@pytest.mark.parametrize("function", [convolve2d, correlate2d])
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"mode": "center"}, "mode must be one of 'full', 'same', 'valid', got 'center'"),
        ({"boundary": "mirror"}, "boundary must be one of 'zero', 'reflect', 'nearest', 'wrap'"),
        ({"method": "gpu"}, "method must be one of 'loops', 'windows', 'fft', got 'gpu'"),
        ({"mode": "full", "boundary": "wrap"}, "boundary must be 'zero' in mode 'full'"),
        ({"mode": "valid", "boundary": "reflect"}, "boundary must be 'zero' in mode 'valid'"),
        ({"kernel": [1, 2]}, "kernel must have two dimensions"),
        ({"image": [1, 2]}, "image must have shape"),
        ({"kernel": np.ones((9, 1)), "mode": "valid"}, "kernel of shape .* does not fit"),
        ({"image": [[np.nan]]}, "image must be finite"),
    ],
)
def test_refuses(function, arguments, words) -> None:
    with pytest.raises(ValueError, match=words):
        function(**{"image": np.ones((4, 4)), "kernel": np.ones((3, 3)), **arguments})


@pytest.mark.parametrize("boundary", BOUNDARIES)
@QUICK
@given(image=arrays(4), widths=st.tuples(*[st.integers(0, 6)] * 4))
def test_pad_equals_opencv(boundary, image, widths) -> None:
    top, bottom, left, right = widths
    border = {"zero": cv2.BORDER_CONSTANT, "reflect": cv2.BORDER_REFLECT,
              "nearest": cv2.BORDER_REPLICATE, "wrap": cv2.BORDER_WRAP}[boundary]  # fmt: skip
    theirs = cv2.copyMakeBorder(image, top, bottom, left, right, border)
    np.testing.assert_array_equal(pad(image, (top, left), (bottom, right), boundary), theirs)


def test_pad_keeps_dtype_and_channels_and_refuses_negative_widths() -> None:
    padded = pad(np.ones((2, 2, 3), np.uint8), (1, 0), (0, 2))
    assert padded.shape == (3, 4, 3) and padded.dtype == np.uint8
    with pytest.raises(ValueError, match="before and after must be 0 or greater"):
        pad(np.ones((2, 2)), (-1, 0), (0, 0))


vectors = hnp.arrays(float, st.integers(1, 6), elements=st.integers(-9, 9)).filter(np.any)


@QUICK
@given(column=vectors, row=vectors)
def test_separable_recovers_every_outer_product(column, row) -> None:
    kernel = np.outer(column, row)
    ours = separable(kernel)
    assert ours[0].shape == (len(column), 1) and ours[1].shape == (1, len(row))
    np.testing.assert_allclose(ours[0] @ ours[1], kernel, atol=1e-10)
    assert ours[0][np.argmax(np.abs(ours[0]))] > 0


def test_two_passes_equal_one() -> None:
    image = data.camera()[:40, :50]
    kernel = np.outer([1, 2, 1], [1, 0, -1])
    column, row = separable(kernel)
    for boundary in BOUNDARIES:
        two = convolve2d(convolve2d(image, column, boundary=boundary), row, boundary=boundary)
        np.testing.assert_allclose(two, convolve2d(image, kernel, boundary=boundary), atol=1e-9)


def test_separable_refuses() -> None:
    with pytest.raises(ValueError, match="not separable: it has rank 2"):
        separable([[0, 1, 0], [1, -4, 1], [0, 1, 0]])
    with pytest.raises(ValueError, match="rank 3"):
        separable(np.eye(3))
    with pytest.raises(ValueError, match="zero everywhere"):
        separable(np.zeros((3, 3)))


@pytest.mark.parametrize("method", METHODS)
def test_every_method_computes_single_precision_in_double(method: str) -> None:
    rng = np.random.default_rng(0)
    image, kernel = rng.random((9, 9)).astype(np.float32), rng.random((3, 3)).astype(np.float32)
    expected = signal.convolve2d(image.astype(np.float64), kernel.astype(np.float64), mode="same")
    np.testing.assert_allclose(convolve2d(image, kernel, method=method), expected, rtol=1e-13)


def test_a_long_kernel_does_not_take_the_square_of_its_length(peak_mib) -> None:
    """The whole singular value decomposition of 1×3000 numbers takes 69 MiB."""
    row = np.random.default_rng(0).random((1, 3000))
    found = []
    assert peak_mib(lambda: found.append(separable(row))) < 2
    column, factor = found[0]
    np.testing.assert_allclose(column @ factor, row)
