"""Boxes around labelled objects: against scikit-image, and the convention of their edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage.measure import regionprops

from pdl.augmentation import box_areas, boxes_of_labels
from pdl.augmentation.boxes import check_boxes

QUICK = settings(deadline=None, max_examples=80)


@QUICK
@given(
    labels=hnp.arrays(
        st.sampled_from([np.int32, np.uint8, np.int64]),
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=9),
        elements=st.sampled_from([0, 0, 0, 1, 2, 5, 100]),
    )
)
def test_boxes_equal_scikit_image(labels) -> None:
    """There a box is half-open in pixel numbers; half a pixel less is our edge."""
    theirs = [region.bbox for region in regionprops(labels)]  # ascending labels
    expected = np.array(theirs, dtype=float).reshape(-1, 4)[:, [1, 0, 3, 2]] - 0.5
    ours = boxes_of_labels(labels)
    assert ours.dtype == np.float64 and ours.shape == (len(np.unique(labels[labels > 0])), 4)
    np.testing.assert_array_equal(ours, expected)


@QUICK
@given(
    top=st.integers(0, 9), left=st.integers(0, 9), height=st.integers(1, 9), width=st.integers(1, 9)
)
def test_the_area_of_a_filled_box_is_its_number_of_pixels(top, left, height, width) -> None:
    labels = np.zeros((20, 20), np.int32)
    labels[top : top + height, left : left + width] = 3
    boxes = boxes_of_labels(labels)
    np.testing.assert_array_equal(
        boxes, [[left - 0.5, top - 0.5, left + width - 0.5, top + height - 0.5]]
    )
    assert box_areas(boxes)[0] == np.count_nonzero(labels)


def test_the_whole_image_is_a_box_too() -> None:
    np.testing.assert_array_equal(boxes_of_labels(np.ones((3, 5), bool)), [[-0.5, -0.5, 4.5, 2.5]])


def test_an_image_of_background_has_no_box() -> None:
    boxes = boxes_of_labels(np.zeros((4, 4), int))
    assert boxes.shape == (0, 4) and box_areas(boxes).shape == (0,)


@pytest.mark.parametrize(
    ("labels", "error", "words"),
    [
        (np.zeros((2, 2)), TypeError, "labels must hold booleans or integers, got dtype float64"),
        ([[0, -1]], ValueError, "labels must be 0 or greater, got -1"),
        (np.zeros((2, 2, 3), int), ValueError, r"labels must have shape \(H, W\)"),
        (np.zeros((0, 2), int), ValueError, "labels must not be empty"),
    ],
)
def test_boxes_of_labels_refuses(labels, error, words) -> None:
    with pytest.raises(error, match=words):
        boxes_of_labels(labels)


@pytest.mark.parametrize(
    ("boxes", "error", "words"),
    [
        ([[0, 0, 2, 2], [5, 0, 4, 2]], ValueError, r"box 1 is \[5.0, 0.0, 4.0, 2.0\]"),
        ([[0, 3, 4, 2]], ValueError, "no maximum below its minimum"),
        ([0, 0, 4, 2], ValueError, r"boxes must have shape \(N, 4\), got shape \(4,\)"),
        (np.zeros((2, 5)), ValueError, r"boxes must have shape \(N, 4\), got shape \(2, 5\)"),
        ([[]], ValueError, r"boxes must have shape \(N, 4\), got shape \(1, 0\)"),
        ([[0, 0, 1, np.inf]], ValueError, "boxes must be finite"),
        ([[0, 0, 1, 1], [0, 0]], ValueError, "boxes must be a rectangular array"),
        ([["a", "b", "c", "d"]], TypeError, "boxes must hold real numbers"),
        (np.ones((1, 4), bool), TypeError, "boxes must hold real numbers"),
    ],
)
def test_boxes_are_checked(boxes, error, words) -> None:
    with pytest.raises(error, match=words):
        check_boxes(boxes)
    with pytest.raises(error, match=words):
        box_areas(boxes)


def test_a_box_without_area_and_no_box_at_all_pass() -> None:
    assert box_areas([[2, 3, 2, 9]]).tolist() == [0]
    for none in ([], (), np.zeros(0), np.zeros((0, 4), np.int32)):
        assert check_boxes(none).shape == (0, 4)
        assert check_boxes(none).dtype == np.float64
        assert box_areas(none).shape == (0,)
    assert check_boxes(np.array([[0, 1, 2, 3]], np.int32)).dtype == np.float64
