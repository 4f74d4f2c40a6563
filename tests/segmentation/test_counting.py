"""From masks to counted objects."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage import measure, morphology

from pdl.segmentation import (
    connected_components,
    distance_markers,
    distance_to_background,
    separate_touching,
)

MASKS = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=16))


def disks(*centres, radius=9, shape=(40, 60)):
    rows, columns = np.indices(shape)
    return np.any([(rows - r) ** 2 + (columns - c) ** 2 <= radius**2 for r, c in centres], axis=0)


@settings(deadline=None, max_examples=60)
@given(MASKS)
def test_components_as_scikit_image(mask):
    labels, number = connected_components(mask)
    expected, count = measure.label(mask, connectivity=1, return_num=True)
    assert number == count
    assert np.array_equal(labels, expected)


@settings(deadline=None, max_examples=60)
@given(MASKS)
def test_small_components_are_left_out(mask):
    labels, number = connected_components(mask, min_size=4)
    kept = morphology.remove_small_objects(mask, max_size=3)
    assert np.array_equal(labels > 0, kept)
    assert np.array_equal(np.unique(labels[labels > 0]), np.arange(1, number + 1))


def test_what_is_left_is_numbered_without_gaps():
    mask = np.array([[1, 0, 1, 1, 1, 0, 1, 0, 1, 1]])
    labels, number = connected_components(mask, min_size=2)
    assert labels.tolist() == [[0, 0, 1, 1, 1, 0, 0, 0, 2, 2]]
    assert number == 2


@settings(deadline=None, max_examples=60)
@given(MASKS)
def test_every_component_has_a_marker_and_is_filled(mask):
    labels, number = connected_components(mask)
    markers = distance_markers(mask)
    assert not markers[~mask].any()
    assert all((markers[labels == label] > 0).any() for label in range(1, number + 1))
    separated, objects = separate_touching(mask)
    assert np.array_equal(separated > 0, mask)
    assert objects == markers.max() >= number
    assert np.array_equal(np.unique(separated[mask]), np.arange(1, objects + 1))


@pytest.mark.parametrize(("centres", "number"), [([(20, 15)], 1), ([(20, 15), (20, 30)], 2)])
def test_touching_disks(centres, number):
    mask = disks(*centres)
    assert connected_components(mask).number == 1
    labels, found = separate_touching(mask)
    assert found == number
    if number == 2:
        assert np.all(labels[:, :22][mask[:, :22]] == labels[20, 15])
        assert np.all(labels[:, 24:][mask[:, 24:]] == labels[20, 30])


def test_row_of_overlapping_disks():
    mask = disks(*[(20, 10 + 14 * number) for number in range(7)], shape=(40, 110))
    assert connected_components(mask).number == 1
    assert separate_touching(mask).number == 7


def test_cut_lies_at_the_neck_of_two_unequal_disks():
    large, small = disks((20, 17), radius=13), disks((20, 34), radius=6)
    labels, number = separate_touching(large | small)
    assert number == 2
    assert (labels == labels[20, 17])[large & ~small].mean() > 0.99
    assert (labels == labels[20, 36])[small & ~large].mean() > 0.9


def test_smoothing_removes_the_summits_of_an_uneven_outline():
    rng = np.random.default_rng(3)
    rough = disks((20, 20), radius=16) & (rng.random((40, 60)) > 0.02)
    counts = [distance_markers(rough, smoothing, 3).max() for smoothing in (0, 1, 3)]
    assert counts[0] > counts[1] > counts[2]


def test_distance():
    mask = disks((20, 15))
    assert np.array_equal(distance_to_background(mask), ndimage.distance_transform_edt(mask))
    assert np.isinf(distance_to_background(np.ones((2, 3)))).all()
    assert separate_touching(np.ones((5, 5))).number == 1


def test_empty_mask_has_no_objects():
    empty = np.zeros((4, 5), dtype=bool)
    assert connected_components(empty).number == separate_touching(empty).number == 0
    assert not distance_markers(empty).any()


@pytest.mark.parametrize("function", [connected_components, distance_markers, separate_touching])
def test_bad_masks_are_refused(function):
    with pytest.raises(ValueError, match="mask must have shape"):
        function(np.zeros(5, dtype=bool))
    with pytest.raises(ValueError, match="0 and 1"):
        function(np.array([[0, 255]]))
