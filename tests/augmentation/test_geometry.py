"""The matrices: against OpenCV and scikit-image, and what is exact about them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.transform import AffineTransform

from pdl.augmentation import (
    flip_horizontal,
    flip_vertical,
    image_centre,
    rotation,
    scaling,
    translation,
)
from pdl.augmentation.geometry import check_matrix

QUICK = settings(deadline=None, max_examples=60)
angles = st.floats(-720, 720)
coordinates = st.floats(-200, 200)
centres = st.tuples(coordinates, coordinates)


@QUICK
@given(degrees=angles, eighths=st.tuples(*[st.integers(-999, 999)] * 2), factor=st.floats(0.1, 5))
def test_rotation_and_scaling_equal_opencv(degrees, eighths, factor) -> None:
    centre = (eighths[0] / 8, eighths[1] / 8)  # OpenCV rounds the centre to float32
    ours = scaling(factor, centre) @ rotation(degrees, centre)
    theirs = cv2.getRotationMatrix2D(centre, degrees, factor)
    np.testing.assert_allclose(ours[:2], theirs, atol=1e-10)
    np.testing.assert_array_equal(ours[2], [0, 0, 1])


@QUICK
@given(dx=coordinates, dy=coordinates, degrees=angles, factor=st.floats(0.1, 5))
def test_matrices_equal_scikit_image(dx, dy, degrees, factor) -> None:
    """There a positive angle turns clockwise on the screen, about the point (0, 0)."""
    theirs = AffineTransform(
        scale=factor, rotation=-np.radians(degrees), translation=(dx, dy)
    ).params
    ours = translation(dx, dy) @ rotation(degrees, (0, 0)) @ scaling(factor, (0, 0))
    np.testing.assert_allclose(ours, theirs, atol=1e-12)


@pytest.mark.parametrize(
    ("degrees", "expected"),
    [
        (0, (3, 0)),  # to the right of the centre
        (90, (0, -3)),  # above it: y points down
        (180, (-3, 0)),
        (270, (0, 3)),
        (-90, (0, 3)),
        (450, (0, -3)),
        (-270, (0, -3)),
    ],
)
def test_quarter_turns_are_exact_and_counter_clockwise(degrees, expected) -> None:
    moved = rotation(degrees, (0, 0)) @ [3, 0, 1]
    assert tuple(moved[:2]) == expected


@pytest.mark.parametrize("degrees", [90, -90, 180, 270, 90.0, 450])
@pytest.mark.parametrize("shape", [(8, 8), (7, 7), (1, 1), (64, 64, 3), (5, 12)])
def test_four_quarter_turns_are_the_identity(degrees, shape) -> None:
    turn = rotation(degrees, image_centre(shape))
    np.testing.assert_array_equal(turn @ turn @ turn @ turn, np.eye(3))


@QUICK
@given(degrees=angles, centre=centres, factor=st.floats(0.1, 5))
def test_the_centre_stays_and_the_opposite_undoes(degrees, centre, factor) -> None:
    here = np.array([*centre, 1])
    for matrix in (rotation(degrees, centre), scaling(factor, centre)):
        np.testing.assert_allclose(matrix @ here, here, atol=1e-9)
    back = rotation(-degrees, centre) @ rotation(degrees, centre)
    np.testing.assert_allclose(back, np.eye(3), atol=1e-9)
    back = scaling(1 / factor, centre) @ scaling(factor, centre)
    np.testing.assert_allclose(back, np.eye(3), atol=1e-9)


@QUICK
@given(first=angles, second=angles, centre=centres)
def test_angles_add_up(first, second, centre) -> None:
    one_after_the_other = rotation(second, centre) @ rotation(first, centre)
    np.testing.assert_allclose(one_after_the_other, rotation(first + second, centre), atol=1e-9)


def test_the_product_moves_by_the_right_matrix_first() -> None:
    turn, shift = rotation(90, (0, 0)), translation(10, 0)
    np.testing.assert_array_equal(shift @ turn @ [1, 0, 1], [10, -1, 1])
    np.testing.assert_array_equal(turn @ shift @ [1, 0, 1], [0, -11, 1])


@QUICK
@given(height=st.integers(1, 40), width=st.integers(1, 40))
def test_flips(height, width) -> None:
    left_right, top_bottom = flip_horizontal(width), flip_vertical(height)
    np.testing.assert_array_equal(left_right @ [0, 3, 1], [width - 1, 3, 1])
    np.testing.assert_array_equal(top_bottom @ [3, 0, 1], [3, height - 1, 1])
    for flip in (left_right, top_bottom):
        np.testing.assert_array_equal(flip @ flip, np.eye(3))
    centre = image_centre((height, width))
    np.testing.assert_array_equal(left_right @ top_bottom, rotation(180, centre))


def test_image_centre_is_the_mean_of_the_pixel_centres() -> None:
    for shape in ((3, 4), (1, 1), (10, 7, 3)):
        rows, columns = np.indices(shape[:2])
        assert image_centre(shape) == (columns.mean(), rows.mean())


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: translation(np.nan, 0), "dx must be finite"),
        (lambda: translation(0, np.inf), "dy must be finite"),
        (lambda: rotation(np.inf, (0, 0)), "degrees must be finite"),
        (lambda: rotation(10, (0, 0, 0)), r"centre must be two numbers \(x, y\).*\(3,\)"),
        (lambda: rotation(10, 3), r"centre must be two numbers"),
        (lambda: rotation(10, (0, np.nan)), "centre must be finite"),
        (lambda: scaling(0, (0, 0)), "factor must be greater than 0"),
        (lambda: scaling(-1, (0, 0)), "factor must be greater than 0"),
        (lambda: scaling(2, (0,)), "centre must be two numbers"),
        (lambda: flip_horizontal(0), "width must be 1 or greater"),
        (lambda: flip_vertical(0), "height must be 1 or greater"),
        (lambda: image_centre((3,)), r"shape must be \(H, W\) or \(H, W, C\)"),
        (lambda: image_centre((0, 3)), "shape must be 1 or greater"),
    ],
)
def test_moves_refuse(call, words) -> None:
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize(
    "call",
    [
        lambda: translation("1", 0),
        lambda: rotation(True, (0, 0)),
        lambda: scaling([2, 2], (0, 0)),
        lambda: rotation(10, ("a", "b")),
        lambda: flip_horizontal(10.0),
        lambda: image_centre((3.0, 4.0)),
    ],
)
def test_moves_refuse_other_types(call) -> None:
    with pytest.raises(TypeError, match="must"):
        call()


@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        (np.eye(2), r"matrix must have shape \(3, 3\), got shape \(2, 2\)"),
        (np.eye(3)[:2], r"matrix must have shape \(3, 3\), got shape \(2, 3\)"),
        (np.zeros((3, 3)), "last row of matrix must be 0, 0, 1"),
        ([[1, 0, 0], [0, 1, 0], [0, 1e-9, 1]], "last row of matrix must be 0, 0, 1"),
        (np.diag([1, 0, 1]), "matrix must have an inverse"),
        (np.diag([0, 0, 1]), "matrix must have an inverse"),
        ([[1, 2, 0], [2, 4, 5], [0, 0, 1]], "matrix must have an inverse"),
        ([[0.1, 0.3, 0], [0.3, 0.9, 5], [0, 0, 1]], "matrix must have an inverse"),
        (np.full((3, 3), np.nan), "matrix must be finite"),
    ],
)
def test_check_matrix_refuses(matrix, words) -> None:
    with pytest.raises(ValueError, match=words):
        check_matrix(matrix)


def test_check_matrix_takes_small_and_large_scales() -> None:
    for factor in (1e-6, 1e6):
        matrix = scaling(factor, (0, 0))
        np.testing.assert_array_equal(check_matrix(matrix), matrix)
    assert check_matrix([[0, 1, 2], [1, 0, 3], [0, 0, 1]]).dtype == np.float64
