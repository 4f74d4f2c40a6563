"""Reading an image between its pixels: against SciPy, and what is exact about it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from pdl.augmentation import interpolate
from pdl.augmentation.interpolation import inside
from pdl.signals import pad

QUICK = settings(deadline=None, max_examples=60)
SCIPY = {
    "zero": "grid-constant",
    "nearest": "nearest",
    "reflect": "reflect",
    "wrap": "grid-wrap",
}
boundaries = st.sampled_from(sorted(SCIPY))
small_images = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=6),
    elements=st.floats(-100, 100),
)


@st.composite
def points(draw, span: float = 30.0):
    number = draw(st.integers(1, 12))
    position = st.floats(-span, span)
    return tuple(np.array(draw(st.lists(position, min_size=number, max_size=number))) for _ in "xy")


def by_scipy(image, x, y, boundary, order):
    channels = image[..., np.newaxis] if image.ndim == 2 else image
    found = [
        ndimage.map_coordinates(channels[..., c], [y, x], order=order, mode=SCIPY[boundary])
        for c in range(channels.shape[2])
    ]
    return found[0] if image.ndim == 2 else np.stack(found, axis=-1)


@QUICK
@given(image=small_images, where=points(), boundary=boundaries)
def test_bilinear_equals_scipy(image, where, boundary) -> None:
    x, y = where
    ours = interpolate(image, x, y, boundary)
    np.testing.assert_allclose(ours, by_scipy(image, x, y, boundary, 1), atol=1e-9)


@QUICK
@given(image=small_images, where=points(), boundary=boundaries)
def test_nearest_equals_scipy(image, where, boundary) -> None:
    """At a tenth beside the pixel centres and more, so that no point lies halfway."""
    x, y = (np.round(part) + np.clip(part - np.round(part), -0.4, 0.4) for part in where)
    ours = interpolate(image, x, y, boundary, order=0)
    np.testing.assert_array_equal(ours, by_scipy(image, x, y, boundary, 0))


@st.composite
def images_of_any_dtype(draw):
    dtype = np.dtype(draw(st.sampled_from(["?", "u1", "i2", "u2", "i4", "f2", "f4", "f8"])))
    limits = dict(min_value=-(2**15), max_value=2**15) if dtype.kind == "f" else {}
    shape = hnp.array_shapes(min_dims=2, max_dims=3, max_side=6)
    return draw(hnp.arrays(dtype, shape, elements=hnp.from_dtype(dtype, **limits)))


@QUICK
@given(image=images_of_any_dtype(), boundary=boundaries, order=st.sampled_from([0, 1]))
def test_at_pixel_centres_it_is_the_image_exactly(image, boundary, order) -> None:
    """Beyond the border too, where it is what numpy.pad makes of it; any dtype is kept."""
    height, width = image.shape[:2]
    y, x = np.mgrid[-4 : height + 4, -4 : width + 4]
    ours = interpolate(image, x, y, boundary, order)
    assert ours.dtype == image.dtype
    np.testing.assert_array_equal(ours, pad(image, (4, 4), (4, 4), boundary))


@QUICK
@given(
    where=points(8.9),
    slopes=st.tuples(st.floats(-5, 5), st.floats(-5, 5)),
    channels=st.sampled_from([None, 1, 3]),
)
def test_a_slanted_plane_is_read_exactly(where, slopes, channels) -> None:
    """Bilinear interpolation is right between the pixels wherever the image is a plane."""
    x, y = (np.abs(part) for part in where)
    rows, columns = np.mgrid[:10, :10]
    plane = slopes[0] * columns + slopes[1] * rows + 7
    expected = slopes[0] * x + slopes[1] * y + 7
    if channels:
        plane = np.stack([plane + c for c in range(channels)], axis=-1)
        expected = np.stack([expected + c for c in range(channels)], axis=-1)
    np.testing.assert_allclose(interpolate(plane, x, y), expected, atol=1e-9)


def test_a_value_by_hand() -> None:
    image = np.array([[0.0, 100.0], [1000.0, 2000.0]])
    # 3/4 · (3/4 · 0 + 1/4 · 100) + 1/4 · (3/4 · 1000 + 1/4 · 2000)
    assert interpolate(image, [0.25], [0.25])[0] == 331.25
    assert interpolate(image, [-0.25], [0.0], "zero")[0] == 0
    assert interpolate(image, [1.25], [0.0], "zero")[0] == 75
    assert interpolate(image, [1.25], [0.0], "nearest")[0] == 100
    assert interpolate(image, [1.25], [0.0], "wrap")[0] == 75
    assert interpolate(image, [2.0], [0.0], "reflect")[0] == 100
    assert interpolate(image, [0.5], [1.49], order=0)[0] == 2000


@QUICK
@given(
    image=hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=3, max_side=6)),
    where=points(10),
    boundary=boundaries,
)
def test_uint8_is_rounded_not_cut_off(image, where, boundary) -> None:
    exact = interpolate(image.astype(np.float64), *where, boundary)
    ours = interpolate(image, *where, boundary)
    assert ours.dtype == np.uint8
    assert np.abs(ours - exact).max() <= 0.5 + 1e-4  # computed in float32
    assert (ours >= min(0, image.min())).all() and (ours <= image.max()).all()


def test_positions_of_any_shape() -> None:
    image = np.arange(12).reshape(3, 4)
    grid = interpolate(image, np.ones((2, 5, 3)), np.zeros((2, 5, 3)))
    assert grid.shape == (2, 5, 3) and (grid == 1).all()
    assert interpolate(np.dstack([image] * 2), [1, 2], [0, 0]).shape == (2, 2)


@pytest.mark.parametrize("boundary", ["nearest", "reflect", "wrap"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_inside_equals_numpys_padding(boundary, size) -> None:
    far = 5 * size + 3
    index = np.arange(-far, size + far)
    expected = pad(np.arange(size)[np.newaxis], (0, far), (0, far), boundary)[0]
    np.testing.assert_array_equal(inside(index, size, boundary), expected)
    if boundary == "wrap":  # exact a billion pixels away
        np.testing.assert_array_equal(
            inside(index + 2.0**30, size, boundary), (index + 2**30) % size
        )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (dict(boundary="mirror"), "boundary must be one of 'zero', 'reflect', 'nearest', 'wrap'"),
        (dict(order=3), r"order must be 0 \(nearest\) or 1 \(bilinear\), got 3"),
        (dict(x=[0.0]), r"x and y must have the same shape, got \(1,\) and \(2,\)"),
        (dict(y=[0.0, np.nan]), "y must be finite"),
        (dict(x=[0.0, 1e12]), r"x must lie within 2\*\*31 pixels"),
        (dict(y=[0.0, -1e300]), r"y must lie within 2\*\*31 pixels"),
        (dict(image=np.zeros(3)), r"image must have shape \(H, W\)"),
        (dict(image=np.zeros((0, 3))), "image must not be empty"),
    ],
)
def test_interpolate_refuses(arguments, words) -> None:
    good = dict(image=np.zeros((3, 3)), x=[0.0, 1.0], y=[0.0, 1.0])
    with pytest.raises(ValueError, match=words):
        interpolate(**{**good, **arguments})


def test_points_in_a_narrow_dtype():
    """In uint8 the neighbour of column 255 is column 0."""
    image = np.arange(600.0)[np.newaxis]
    for dtype in (np.uint8, np.float16, np.int64):
        x = np.array([[255, 128]]).astype(dtype)
        assert interpolate(image, x, np.zeros_like(x)).tolist() == [[255, 128]]


@pytest.mark.parametrize("value", [2**53 + 2, -(2**60), 2**63 - 1])
def test_integers_that_cannot_be_averaged_are_refused(value):
    """The nearest float64 to 2**63 − 1 is 2**63, which was cast to −2**63."""
    image = np.full((2, 2), value)
    points = np.array([[0.5]])
    with pytest.raises(ValueError, match=r"from -2\*\*53 to 2\*\*53 to be interpolated bilinearly"):
        interpolate(image, points, points)
    assert interpolate(image, points, points, order=0).item() == value
    assert interpolate(np.full((2, 2), 2**53), points, points).item() == 2**53
