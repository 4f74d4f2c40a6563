"""Overlap and outline scores against scikit-learn and against brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage import segmentation
from sklearn.metrics import f1_score, jaccard_score

from pdl.metrics import boundaries, boundary_f1, dice, iou


@st.composite
def pairs(draw, dtype=bool, elements=None):
    shape = draw(hnp.array_shapes(min_dims=2, max_dims=2, max_side=9))
    arrays = hnp.arrays(dtype, shape, elements=elements)
    return draw(arrays), draw(arrays)


@settings(deadline=None, max_examples=100)
@given(pairs())
def test_overlap_as_scikit_learn(masks):
    prediction, truth = masks
    jaccard = jaccard_score(truth.ravel(), prediction.ravel(), zero_division=1.0)
    f1 = f1_score(truth.ravel(), prediction.ravel(), zero_division=1.0)
    assert np.isclose(iou(prediction, truth), jaccard, rtol=1e-12)
    assert np.isclose(dice(prediction, truth), f1, rtol=1e-12)
    assert np.isclose(dice(prediction, truth), 2 * jaccard / (1 + jaccard), rtol=1e-12)


def test_overlap_by_hand():
    prediction = np.array([[1, 1, 0, 0]])
    truth = np.array([[0, 1, 1, 1]])
    assert iou(prediction, truth) == 0.25
    assert dice(prediction, truth) == 0.4
    assert iou(prediction, prediction) == dice(prediction, prediction) == 1.0


@pytest.mark.parametrize("score", [iou, dice, boundary_f1])
def test_empty_masks(score):
    empty, one = np.zeros((3, 3), dtype=bool), np.eye(3, dtype=bool)
    assert score(empty, empty) == 1.0
    assert score(empty, one) == score(one, empty) == 0.0
    assert isinstance(score(one, one), float)


@pytest.mark.parametrize("score", [iou, dice])
def test_bad_masks_are_refused(score):
    with pytest.raises(ValueError, match="prediction must be a mask"):
        score(np.array([[0.2, 0.9]]), np.array([[0, 1]]))
    with pytest.raises(ValueError, match="truth must be a mask"):
        score(np.array([[0, 1]]), np.array([[0, 255]]))
    with pytest.raises(ValueError, match="same shape"):
        score(np.zeros((2, 2)), np.zeros((2, 3)))


@settings(deadline=None, max_examples=80)
@given(pairs())
def test_outline_of_a_mask_is_what_erosion_takes_away(masks):
    mask = masks[0]
    cross = ndimage.generate_binary_structure(2, 1)
    eroded = ndimage.binary_erosion(mask, structure=cross, border_value=1)
    assert np.array_equal(boundaries(mask), mask & ~eroded)


@settings(deadline=None, max_examples=80)
@given(pairs(np.int32, st.integers(0, 3)))
def test_outlines_of_labels_as_scikit_image(images):
    labels = images[0]
    expected = segmentation.find_boundaries(labels, connectivity=1, mode="inner", background=0)
    assert np.array_equal(boundaries(labels), expected)


def outline_pixels(labels):
    rows, columns = labels.shape
    found = []
    for r in range(rows):
        for c in range(columns):
            near = [(r - 1, c), (r + 1, c), (r, c - 1), (r, c + 1)]
            inside = [labels[p] for p in near if 0 <= p[0] < rows and 0 <= p[1] < columns]
            if labels[r, c] and any(label != labels[r, c] for label in inside):
                found.append((r, c))
    return found


def hits(points, targets, tolerance):
    return sum(
        any((r - s) ** 2 + (c - d) ** 2 <= tolerance**2 for s, d in targets) for r, c in points
    )


@settings(deadline=None, max_examples=80)
@given(pairs() | pairs(np.int32, st.integers(0, 2)), st.sampled_from([0.0, 1.0, 1.5, 2.0, 3.0]))
def test_boundary_f1_against_brute_force(images, tolerance):
    prediction, truth = images
    predicted, true = outline_pixels(prediction), outline_pixels(truth)
    score = boundary_f1(prediction, truth, tolerance)
    if not predicted or not true:
        assert score == float(not predicted and not true)
        return
    precision = hits(predicted, true, tolerance) / len(predicted)
    recall = hits(true, predicted, tolerance) / len(true)
    expected = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    assert np.isclose(score, expected, rtol=1e-12)
    assert score == boundary_f1(truth, prediction, tolerance)


def test_shifted_square_within_and_beyond_the_tolerance():
    square = np.zeros((20, 20), dtype=bool)
    square[5:12, 5:12] = True
    shifted = np.roll(square, 2, axis=1)
    assert boundary_f1(shifted, square, tolerance=2) == 1.0
    assert boundary_f1(shifted, square, tolerance=1) < 0.8


def test_border_between_touching_objects_counts_in_label_images_only():
    truth = np.zeros((12, 20), dtype=int)
    truth[2:10, 2:10], truth[2:10, 10:18] = 1, 2
    merged = (truth > 0).astype(int)
    assert boundary_f1(merged > 0, truth > 0, 1) == 1.0
    assert boundary_f1(merged, truth, 1) < 1.0


def test_bad_labels_are_refused():
    labels = np.ones((3, 3), dtype=int)
    with pytest.raises(ValueError, match="labels must be 0 or greater"):
        boundaries(-labels)
    with pytest.raises(TypeError, match="labels must hold booleans or integers"):
        boundaries(labels / 2)
    with pytest.raises(ValueError, match=r"labels must have shape \(H, W\)"):
        boundaries(labels[0])
    with pytest.raises(ValueError, match="tolerance"):
        boundary_f1(labels, labels, -1)
    with pytest.raises(ValueError, match="same shape"):
        boundary_f1(labels, labels[:2])
