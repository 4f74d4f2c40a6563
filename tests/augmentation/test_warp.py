"""Moved images: against scikit-image, OpenCV and NumPy, and the moves that are exact."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage import data, transform

from pdl.augmentation import (
    flip_horizontal,
    flip_vertical,
    image_centre,
    rotation,
    scaling,
    translation,
    warp_image,
    warp_labels,
    warp_points,
)

QUICK = settings(deadline=None, max_examples=50)
SKIMAGE = {"zero": "constant", "nearest": "edge", "reflect": "symmetric", "wrap": "wrap"}
boundaries = st.sampled_from(sorted(SKIMAGE))
dtypes = st.sampled_from([np.uint8, np.int32, np.float32, np.float64])


def images(square: bool = False, max_side: int = 8):
    side = st.integers(1, max_side)
    channels = st.sampled_from([(), (1,), (3,)])
    shape = st.tuples(side, side, channels).map(lambda s: (s[0], s[0 if square else 1], *s[2]))
    return hnp.arrays(dtypes, shape, elements=st.integers(0, 255))


@st.composite
def moves(draw):
    """Any invertible matrix, slanting ones among them."""
    a, b, c, d = (draw(st.floats(-2, 2)) for _ in range(4))
    matrix = np.array([[a, b, draw(st.floats(-9, 9))], [c, d, draw(st.floats(-9, 9))], [0, 0, 1]])
    if abs(a * d - b * c) < 0.1:
        matrix[:2, :2] += 3 * np.eye(2) * (1 if a + d >= 0 else -1)
    if abs(np.linalg.det(matrix)) < 0.1:
        matrix[:2, :2] = [[1, 0.5], [-0.25, 1]]
    return matrix


# --- against scikit-image and OpenCV


@QUICK
@given(
    image=hnp.arrays(np.float64, (5, 7), elements=st.floats(0, 1)),
    matrix=moves(),
    boundary=boundaries,
)
def test_bilinear_equals_scikit_image(image, matrix, boundary) -> None:
    theirs = transform.warp(
        image, np.linalg.inv(matrix), order=1, mode=SKIMAGE[boundary], clip=False
    )
    np.testing.assert_allclose(warp_image(image, matrix, boundary=boundary), theirs, atol=1e-9)


@pytest.mark.parametrize("boundary", sorted(SKIMAGE))
@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("degrees", [17.3, -121.9, 45.1])
def test_photograph_equals_scikit_image(boundary, order, degrees) -> None:
    photo = data.astronaut()[100:180, 150:270].astype(np.float64)
    matrix = translation(3.3, -7.7) @ scaling(1.31, (20, 30)) @ rotation(degrees, (40, 60))
    theirs = transform.warp(
        photo, np.linalg.inv(matrix), order=order, mode=SKIMAGE[boundary], clip=False,
        preserve_range=True, output_shape=(90, 70),
    )  # fmt: skip
    ours = warp_image(photo, matrix, (90, 70), boundary, order)
    np.testing.assert_allclose(ours, theirs, atol=1e-8)
    rounded = warp_image(photo.astype(np.uint8), matrix, (90, 70), boundary, order)
    assert np.abs(rounded - theirs).max() <= 0.5 + 1e-3


@pytest.mark.parametrize("degrees", [0, 30, -30, 90, 180, 213.7])
def test_turning_equals_scikit_images_rotate(degrees) -> None:
    photo = data.camera()[:100, :141] / 255
    ours = warp_image(photo, rotation(degrees, image_centre(photo.shape)))
    np.testing.assert_allclose(ours, transform.rotate(photo, degrees), atol=1e-9)


def test_scikit_images_warp_moves_the_other_way() -> None:
    """With the same matrix it moves by (−25, −25): it asks for the way back."""
    photo = data.camera() / 255
    forward = translation(25, 25)
    content = photo[200:300, 200:300]
    np.testing.assert_array_equal(warp_image(photo, forward)[225:325, 225:325], content)
    np.testing.assert_array_equal(transform.warp(photo, forward)[175:275, 175:275], content)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("boundary", ["zero", "nearest", "reflect"])
def test_equal_to_opencv_up_to_its_fixed_point(dtype, boundary) -> None:
    """OpenCV may round each position to 1/32 of a pixel.

    A position that is wrong by up to 1/64 in x and in y changes the value by no more than 1/64 of
    the differences between the pixels around it; rounding to uint8 adds up to one level.
    """
    border = {
        "zero": cv2.BORDER_CONSTANT,
        "nearest": cv2.BORDER_REPLICATE,
        "reflect": cv2.BORDER_REFLECT,
    }
    photo = data.astronaut()[100:228, 150:310].astype(dtype)
    matrix = translation(8.2, -5.9) @ scaling(0.9, (80, 64)) @ rotation(33, (80, 64))
    theirs = cv2.warpAffine(
        photo, matrix[:2], (160, 128), flags=cv2.INTER_LINEAR, borderMode=border[boundary]
    )
    ours = warp_image(photo, matrix, boundary=boundary)
    spread = ndimage.maximum_filter(photo, (3, 3, 1)) - ndimage.minimum_filter(photo, (3, 3, 1))
    around = warp_image(ndimage.maximum_filter(spread, (3, 3, 1)), matrix, boundary=boundary)
    allowed = 2 / 64 * around.astype(float) + 1
    inner = np.pad(np.ones((124, 156), np.uint8), 2)
    inside = warp_image(inner, matrix, order=0) == 1
    error = np.abs(ours.astype(float) - theirs.astype(float))
    assert (error[inside] <= allowed[inside]).all()
    assert error[inside].mean() < 0.3 and inside.mean() > 0.5


# --- moves that are exact


@QUICK
@given(image=images(), dx=st.integers(-20, 20), dy=st.integers(-20, 20), order=st.integers(0, 1))
def test_whole_pixels_with_wrap_are_numpys_roll(image, dx, dy, order) -> None:
    ours = warp_image(image, translation(dx, dy), boundary="wrap", order=order)
    assert ours.dtype == image.dtype
    np.testing.assert_array_equal(ours, np.roll(image, (dy, dx), axis=(0, 1)))


@QUICK
@given(image=images(), dx=st.integers(-9, 9), dy=st.integers(-9, 9), order=st.integers(0, 1))
def test_whole_pixels_shift_zeros_in(image, dx, dy, order) -> None:
    height, width = image.shape[:2]
    expected = np.zeros_like(image)
    for row in range(height):
        for column in range(width):
            if 0 <= row + dy < height and 0 <= column + dx < width:
                expected[row + dy, column + dx] = image[row, column]
    np.testing.assert_array_equal(warp_image(image, translation(dx, dy), order=order), expected)


@QUICK
@given(image=images(), boundary=boundaries, order=st.integers(0, 1))
def test_flips_are_numpys_and_undo_themselves(image, boundary, order) -> None:
    height, width = image.shape[:2]
    for matrix, axis in ((flip_horizontal(width), 1), (flip_vertical(height), 0)):
        flipped = warp_image(image, matrix, boundary=boundary, order=order)
        np.testing.assert_array_equal(flipped, np.flip(image, axis))
        np.testing.assert_array_equal(
            warp_image(flipped, matrix, boundary=boundary, order=order), image
        )


@QUICK
@given(image=images(square=True), boundary=boundaries, order=st.integers(0, 1))
def test_quarter_turns_are_numpys_and_four_are_the_identity(image, boundary, order) -> None:
    quarter = rotation(90, image_centre(image.shape))
    turned = image
    for count in range(1, 5):
        turned = warp_image(turned, quarter, boundary=boundary, order=order)
        np.testing.assert_array_equal(turned, np.rot90(image, count))
    np.testing.assert_array_equal(turned, image)


@QUICK
@given(image=images(), order=st.integers(0, 1))
def test_a_quarter_turn_into_an_upright_image(image, order) -> None:
    """About the upper left pixel, then down again; the shape is turned as well."""
    height, width = image.shape[:2]
    matrix = translation(0, width - 1) @ rotation(90, (0, 0))
    turned = warp_image(image, matrix, shape=(width, height), order=order)
    np.testing.assert_array_equal(turned, np.rot90(image))


@QUICK
@given(
    image=images(square=True),
    names=st.lists(st.sampled_from(["turn", "left-right", "top-bottom"]), max_size=5),
)
def test_a_product_of_matrices_is_one_move_after_the_other(image, names) -> None:
    side = image.shape[0]
    matrices = {
        "turn": rotation(90, image_centre(image.shape)),
        "left-right": flip_horizontal(side),
        "top-bottom": flip_vertical(side),
    }
    product, moved = np.eye(3), image
    for name in names:
        product = matrices[name] @ product
        moved = warp_image(moved, matrices[name])
    np.testing.assert_array_equal(warp_image(image, product), moved)


@QUICK
@given(
    image=images(max_side=6),
    shifts=st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), max_size=3),
    turns=st.integers(0, 3),
)
def test_a_product_with_shifts_on_a_canvas_with_room(image, shifts, turns) -> None:
    canvas = np.zeros((41, 41, *image.shape[2:]), image.dtype)
    canvas[17 : 17 + image.shape[0], 17 : 17 + image.shape[1]] = image
    product, moved = np.eye(3), canvas
    for matrix in [translation(*shift) for shift in shifts] + [rotation(90, (20, 20))] * turns:
        product, moved = matrix @ product, warp_image(moved, matrix)
    np.testing.assert_array_equal(warp_image(canvas, product), moved)


def test_two_interpolations_are_not_one() -> None:
    """Why the matrices are multiplied: each interpolation smooths."""
    photo = data.camera()[200:264, 200:264].astype(np.float64)
    there, back = rotation(20, (31.5, 31.5)), rotation(-20, (31.5, 31.5))
    np.testing.assert_allclose(warp_image(photo, back @ there), photo, atol=1e-9)
    twice = warp_image(warp_image(photo, there), back)
    assert np.abs(twice - photo)[20:44, 20:44].mean() > 0.5


# --- where things go


@QUICK
@given(
    degrees=st.floats(-180, 180),
    factor=st.floats(0.8, 1.6),
    shift=st.tuples(st.floats(-6, 6), st.floats(-6, 6)),
    mirror=st.booleans(),
)
def test_a_spot_goes_where_the_point_goes(degrees, factor, shift, mirror) -> None:
    """Image and points agree, whatever the conventions are."""
    rows, columns = np.mgrid[:64, :64]
    x, y = 38.0, 27.0
    spot = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 2.0**2))
    matrix = translation(*shift) @ rotation(degrees, (31.5, 31.5)) @ scaling(factor, (31.5, 31.5))
    if mirror:
        matrix = flip_horizontal(64) @ matrix
    moved = warp_image(spot, matrix)
    found = np.array([(moved * columns).sum(), (moved * rows).sum()]) / moved.sum()
    np.testing.assert_allclose(found, warp_points([[x, y]], matrix)[0], atol=0.1)


@QUICK
@given(points=hnp.arrays(np.float64, (4, 2), elements=st.floats(-50, 50)), matrix=moves())
def test_points_equal_scikit_image(points, matrix) -> None:
    theirs = transform.AffineTransform(matrix)(points)
    np.testing.assert_allclose(warp_points(points, matrix), theirs, atol=1e-9)
    back = warp_points(warp_points(points, matrix), np.linalg.inv(matrix))
    np.testing.assert_allclose(back, points, atol=1e-7)


def test_points_by_hand_and_none() -> None:
    np.testing.assert_array_equal(warp_points([[1, 2]], translation(10, 20)), [[11, 22]])
    np.testing.assert_array_equal(
        warp_points([[1, 2]], [[2, 1, 0], [0, 3, 0], [0, 0, 1]]), [[4, 6]]
    )
    for none in ([], np.zeros((0, 2))):
        assert warp_points(none, np.eye(3)).shape == (0, 2)


def test_enlarging_keeps_the_pixels_edges() -> None:
    """About the image's corner (−0.5, −0.5) each pixel becomes a square of four."""
    image = np.array([[1, 2], [3, 4]])
    doubled = warp_image(image, scaling(2, (-0.5, -0.5)), shape=(4, 4), order=0)
    np.testing.assert_array_equal(doubled, np.kron(image, np.ones((2, 2), int)))


@pytest.mark.parametrize("boundary", sorted(SKIMAGE))
def test_a_constant_image_stays_constant_but_for_zeros(boundary) -> None:
    gray = np.full((20, 30, 3), 77, np.uint8)
    moved = warp_image(gray, rotation(31, (3, 4)), boundary=boundary)
    assert (moved == 77).all() == (boundary != "zero")


def test_the_image_put_in_is_left_alone() -> None:
    image = np.arange(12.0).reshape(3, 4)
    kept = image.copy()
    moved = warp_image(image, np.eye(3))
    moved += 1
    np.testing.assert_array_equal(image, kept)


# --- labels


@QUICK
@given(
    labels=hnp.arrays(
        st.sampled_from([np.uint8, np.int32, np.int64, np.bool_]),
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=9),
        elements=st.sampled_from([0, 1]),
    ),
    names=st.lists(st.integers(1, 127), min_size=1, max_size=1),
    matrix=moves(),
    boundary=boundaries,
)
def test_no_label_occurs_that_was_not_there(labels, names, matrix, boundary) -> None:
    labels = labels if labels.dtype == np.bool_ else labels * labels.dtype.type(names[0])
    moved = warp_labels(labels, matrix, boundary=boundary)
    assert moved.dtype == labels.dtype and moved.shape == labels.shape
    outside = [0] if boundary == "zero" else []
    assert set(np.unique(moved)) <= {*np.unique(labels), *outside}


def test_labels_are_not_interpolated() -> None:
    labels = np.repeat([[1, 1, 1, 3, 3, 3]], 6, axis=0).astype(np.int32)
    for dx in np.linspace(-2, 2, 17):
        assert set(np.unique(warp_labels(labels, translation(dx, 0)))) <= {0, 1, 3}
    assert 2 in warp_image(labels, translation(0.5, 0))


def test_large_labels_are_kept_to_the_last_digit() -> None:
    labels = np.array([[2**62 + 1, 0], [0, 7]])
    np.testing.assert_array_equal(warp_labels(labels, np.eye(3)), labels)


def test_outside_is_background() -> None:
    labels = np.full((5, 5), 4)
    np.testing.assert_array_equal(warp_labels(labels, translation(3, 0))[0], [0, 0, 0, 4, 4])
    edge = warp_labels(labels, translation(3, 0), boundary="nearest")
    assert (edge == 4).all()
    assert warp_labels(labels, np.eye(3), shape=(7, 6)).shape == (7, 6)


@pytest.mark.parametrize("degrees", [12.3, -77.7])
def test_labels_equal_scikit_image(degrees) -> None:
    labels = (np.indices((40, 50)).sum(axis=0) // 7).astype(np.int32)
    matrix = rotation(degrees, (20.1, 17.2)) @ scaling(1.23, (11, 5))
    theirs = transform.warp(labels, np.linalg.inv(matrix), order=0, preserve_range=True, clip=False)
    np.testing.assert_array_equal(warp_labels(labels, matrix), theirs)


# --- what is refused


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (dict(matrix=np.eye(4)), r"matrix must have shape \(3, 3\)"),
        (dict(matrix=np.diag([1, 0, 1])), "matrix must have an inverse"),
        (dict(matrix=[[1, 0, 0], [0, 1, 0], [0.01, 0, 1]]), "last row of matrix"),
        (dict(boundary="constant"), "boundary must be one of"),
        (dict(order=2), "order must be 0"),
        (dict(shape=(0, 4)), "shape must be 1 or greater"),
        (dict(shape=(4,)), r"shape must be \(H, W\)"),
        (dict(shape=4), r"shape must be \(H, W\)"),
        (dict(image=np.zeros(4)), "image must have shape"),
        (dict(image=np.full((2, 2), np.nan)), "image must be finite"),
        (dict(matrix=scaling(1e-12, (0, 0))), "pixels of the image"),
    ],
)
def test_warp_image_refuses(arguments, words) -> None:
    good = dict(image=np.zeros((4, 4)), matrix=np.eye(3))
    with pytest.raises(ValueError, match=words):
        warp_image(**{**good, **arguments})


def test_labels_and_points_refuse() -> None:
    with pytest.raises(TypeError, match="labels must hold booleans or integers, got dtype float64"):
        warp_labels(np.zeros((3, 3)), np.eye(3))
    with pytest.raises(ValueError, match=r"labels must have shape \(H, W\)"):
        warp_labels(np.zeros((3, 3, 3), int), np.eye(3))
    with pytest.raises(ValueError, match="boundary must be one of"):
        warp_labels(np.zeros((3, 3), int), np.eye(3), boundary="edge")
    with pytest.raises(ValueError, match=r"points must have shape \(N, 2\), got shape \(2,\)"):
        warp_points([1, 2], np.eye(3))
    with pytest.raises(ValueError, match=r"matrix must have shape"):
        warp_points([[1, 2]], np.eye(2))
