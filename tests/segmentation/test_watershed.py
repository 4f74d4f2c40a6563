"""The watershed against scikit-image and against paths of the lowest pass."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage import data, filters, segmentation

from pdl.segmentation import distance_markers, otsu, watershed

SHAPES = hnp.array_shapes(min_dims=1, max_dims=3, max_side=9)


@st.composite
def floods(draw, ties):
    """A landscape, markers and a mask; the marker pixels always differ in height."""
    shape = draw(SHAPES)
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    size = int(np.prod(shape))
    order = rng.permutation(size).reshape(shape)
    markers = np.where(rng.random(shape) < draw(st.sampled_from([0.05, 0.2, 0.5])), 1, 0)
    markers *= rng.integers(1, 5, shape)
    heights = rng.integers(0, 4, shape) + (order / (2 * size)) * (markers > 0) if ties else order
    return heights, markers, rng.random(shape) < draw(st.sampled_from([0.7, 1.1]))


@pytest.mark.parametrize("ties", [False, True])
def test_drawn_landscapes_as_scikit_image(ties):
    @settings(deadline=None, max_examples=150)
    @given(floods(ties))
    def compare(flood):
        landscape, markers, mask = flood
        ours = watershed(landscape, markers, mask)
        assert np.array_equal(ours, segmentation.watershed(landscape, markers, mask=mask))
        without = segmentation.watershed(landscape, markers)
        assert np.array_equal(watershed(landscape, markers), without)

    compare()


def test_edges_of_the_coins_as_scikit_image():
    coins = data.coins()[:150, :200]
    edges = filters.sobel(coins)
    markers = np.where(coins < 30, 1, np.where(coins > 150, 2, 0))
    assert np.array_equal(watershed(edges, markers), segmentation.watershed(edges, markers))
    assert np.array_equal(watershed(coins, markers), segmentation.watershed(coins, markers))


def test_distances_of_the_coins_as_scikit_image():
    """Distances are full of ties: the springs are lowered to different depths to fix the order."""
    coins = data.coins()
    mask = coins > otsu(coins)
    markers = distance_markers(mask)
    landscape = -ndimage.distance_transform_edt(mask)
    springs = np.flatnonzero(markers)
    landscape.ravel()[springs] = -1000.0 - np.arange(len(springs))
    theirs = segmentation.watershed(landscape, markers, mask=mask)
    assert np.array_equal(watershed(landscape, markers, mask), theirs)


def pass_heights(landscape, source):
    """The lowest height at which each pixel is reached from a source, by relaxation."""
    heights = np.where(source, landscape, np.inf)
    cross = ndimage.generate_binary_structure(landscape.ndim, 1)
    while True:
        reached = ndimage.minimum_filter(heights, footprint=cross, mode="constant", cval=np.inf)
        lower = np.minimum(heights, np.maximum(reached, landscape))
        if np.array_equal(lower, heights):
            return heights
        heights = lower


@settings(deadline=None, max_examples=60)
@given(floods(ties=True))
def test_each_pixel_belongs_to_a_marker_that_reaches_it_over_the_lowest_pass(flood):
    landscape, markers, _ = flood
    landscape = landscape.astype(float)
    labels = watershed(landscape, markers)
    if not markers.any():
        assert not labels.any()
        return
    springs = np.unique(markers[markers > 0])
    passes = {label: pass_heights(landscape, markers == label) for label in springs}
    lowest = np.min(list(passes.values()), axis=0)
    own = np.select([labels == label for label in springs], list(passes.values()), np.nan)
    free = markers == 0
    assert np.array_equal(own[free], lowest[free])
    assert np.array_equal(labels[~free], markers[~free])


def test_profile_with_two_valleys_meets_on_the_ridge():
    profile = [3, 1, 0, 1, 4, 2, 1, 2]
    markers = [0, 0, 1, 0, 0, 0, 2, 0]
    labels = watershed(profile, markers)
    assert labels.tolist() == [1, 1, 1, 1, 1, 2, 2, 2]
    assert labels.dtype == np.int32
    assert watershed([profile], [markers]).tolist() == [labels.tolist()]


def test_plateau_is_shared_in_the_middle():
    assert watershed(np.zeros(6), [1, 0, 0, 0, 0, 2]).tolist() == [1, 1, 1, 2, 2, 2]


def test_mask_stops_the_water():
    labels = watershed(np.zeros(5), [1, 0, 0, 0, 0], mask=[True, True, False, True, True])
    assert labels.tolist() == [1, 1, 0, 0, 0]
    assert not watershed(np.zeros(3), [0, 1, 0], mask=[True, False, True]).any()


def test_arguments_are_left_alone():
    landscape, markers = np.arange(4.0), np.array([1, 0, 0, 2])
    watershed(landscape, markers)
    assert landscape.tolist() == [0, 1, 2, 3] and markers.tolist() == [1, 0, 0, 2]


@pytest.mark.parametrize(
    ("markers", "mask", "error", "match"),
    [
        ([1, 0], None, ValueError, "markers and landscape"),
        ([1, 0, -1], None, ValueError, "markers must be 0 or greater"),
        ([0.5, 0.0, 1.0], None, TypeError, "markers must hold integers"),
        ([1, 0, 2], [True, False], ValueError, "mask and landscape"),
    ],
)
def test_bad_arguments_are_refused(markers, mask, error, match):
    with pytest.raises(error, match=match):
        watershed([1, 2, 3], markers, mask)


@pytest.mark.parametrize("label", [2**31, 2**32 + 1])
def test_a_marker_that_the_result_cannot_hold_is_refused(label):
    """Cut to 32 bits, 2**32 + 1 was the marker 1."""
    with pytest.raises(ValueError, match=f"markers must be 2147483647 or less, got {label}"):
        watershed([1, 2, 3, 2, 0], np.array([label, 0, 0, 0, 2]))
    assert watershed([1, 2], np.array([0, 2**31 - 1])).tolist() == [2**31 - 1] * 2


@pytest.mark.parametrize(
    ("deep", "lower_pass", "higher_pass"),
    [
        (0, 2**53, 2**53 + 1),
        (-(2**60), -(2**53) - 1, -(2**53)),
        (np.uint64(0), np.uint64(2**64 - 2), np.uint64(2**64 - 1)),
        (np.longdouble(0), np.longdouble(1), 1 + np.finfo(np.longdouble).eps),
    ],
    ids=["int64", "below zero", "uint64", "longdouble"],
)
def test_heights_that_float64_does_not_tell_apart(deep, lower_pass, higher_pass):
    """Water comes first over the lower of two passes, which float64 rounds to one number."""
    heights = np.array([deep, lower_pass, deep, higher_pass, deep])
    assert watershed(heights, [1, 0, 0, 0, 2]).tolist() == [1, 1, 1, 2, 2]
    assert watershed(heights[::-1], [1, 0, 0, 0, 2]).tolist() == [1, 1, 2, 2, 2]
