"""Object scores against every possible matching."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pdl.metrics import (
    count_error,
    count_objects,
    iou,
    iou_table,
    matched_objects,
    object_ap,
    object_f1,
)

LABELS = st.sampled_from([0, 0, 2, 3, 7])


@st.composite
def label_pairs(draw):
    shape = draw(hnp.array_shapes(min_dims=2, max_dims=2, max_side=5))
    arrays = hnp.arrays(np.int32, shape, elements=LABELS)
    return draw(arrays), draw(arrays)


@settings(deadline=None, max_examples=80)
@given(label_pairs())
def test_table_holds_the_iou_of_each_pair(images):
    prediction, truth = images
    predicted = [label for label in np.unique(prediction) if label]
    true = [label for label in np.unique(truth) if label]
    expected = [[iou(prediction == p, truth == t) for t in true] for p in predicted]
    table = iou_table(prediction, truth)
    assert table.shape == (len(predicted), len(true))
    assert np.allclose(table, np.array(expected).reshape(table.shape), rtol=1e-12)


def best_matching(table, threshold):
    """Most pairs, then the highest sum: by trying all assignments."""
    rows, columns = table.shape
    if rows > columns:
        return best_matching(table.T, threshold)
    best = (0, 0.0)
    for assigned in permutations(range(columns), rows):
        found = [table[r, c] for r, c in enumerate(assigned) if table[r, c] >= threshold]
        best = max(best, (len(found), sum(found)))
    return best


@settings(deadline=None, max_examples=120)
@given(label_pairs(), st.sampled_from([0.1, 0.3, 0.5, 0.75, 1.0]))
def test_matching_against_all_assignments(images, threshold):
    prediction, truth = images
    matching = matched_objects(prediction, truth, threshold)
    number, total = best_matching(iou_table(prediction, truth), threshold)
    assert matching.true_positives == number
    assert np.isclose(matching.ious.sum(), total)
    assert len(np.unique(matching.pairs[:, 0])) == len(np.unique(matching.pairs[:, 1])) == number
    for (predicted, true), overlap in zip(matching.pairs, matching.ious, strict=True):
        assert np.isclose(overlap, iou(prediction == predicted, truth == true))
        assert overlap >= threshold
    predicted, true = count_objects(prediction), count_objects(truth)
    assert matching.false_positives == predicted - number
    assert matching.false_negatives == true - number
    f1 = 2 * number / (predicted + true) if predicted + true else 1.0
    assert np.isclose(object_f1(prediction, truth, threshold), f1)


def test_average_precision_by_hand():
    """IoUs of 9/10 and 3/4 with one miss and one false alarm: 6 × 2/4 + 3 × 1/5 + 1 × 0."""
    truth = np.array([[1] * 10 + [0] + [2] * 4 + [0] + [3]])
    prediction = np.array([[1] * 9 + [0] * 2 + [2] * 3 + [0, 4, 0]])
    assert object_ap(prediction, truth) == pytest.approx((6 * 2 / 4 + 3 * 1 / 5) / 10)
    assert object_ap(prediction, truth, thresholds=[0.9]) == 1 / 5
    assert object_ap(truth, truth) == 1


@settings(deadline=None, max_examples=60)
@given(label_pairs())
def test_average_precision_against_all_assignments_in_fractions(images):
    """Thresholds that an IoU meets exactly (1/2, 3/5, 3/4, 4/5) count as met."""
    prediction, truth = images
    predicted, true = ([each for each in np.unique(a) if each] for a in images)
    table = np.array(
        [
            [
                Fraction(
                    int(((prediction == p) & (truth == t)).sum()),
                    int(((prediction == p) | (truth == t)).sum()),
                )
                for t in true
            ]
            for p in predicted
        ]
    ).reshape(len(predicted), len(true))
    expected = Fraction(0)
    for twentieths in range(10, 20):
        hits = best_matching(table, Fraction(twentieths, 20))[0]
        objects = len(predicted) + len(true) - hits
        expected += Fraction(hits, objects) if objects else 1
    assert object_ap(prediction, truth) == pytest.approx(float(expected / 10))


def test_merged_pair_is_one_hit_at_most():
    truth = np.array([[1, 1, 1, 1, 1, 2, 2, 2, 2, 2]])
    merged = np.ones((1, 10), dtype=int)
    matching = matched_objects(merged, truth)
    assert matching.true_positives == 1 and matching.false_negatives == 1
    assert object_f1(merged, truth) == pytest.approx(2 / 3)
    assert matched_objects(merged, truth, threshold=0.51).true_positives == 0
    assert count_error(merged, truth) == -1
    assert count_error(truth, merged) == 1


def test_two_weak_pairs_go_before_one_strong_pair():
    """1-1 overlaps most, but then 2 and 2 are left over: 1-2 and 2-1 are two pairs."""
    prediction = np.array([[1, 1, 1, 1, 1, 1, 2]])
    truth = np.array([[2, 1, 1, 1, 1, 1, 1]])
    assert iou_table(prediction, truth)[0].tolist() == [5 / 7, 1 / 6]
    pairs = matched_objects(prediction, truth, threshold=0.1).pairs
    assert pairs.tolist() == [[1, 2], [2, 1]]
    assert matched_objects(prediction, truth).pairs.tolist() == [[1, 1]]


def test_labels_need_not_be_consecutive_and_may_be_a_mask():
    assert count_objects([[0, 5, 900]]) == 2
    assert count_objects([[False, True]]) == 1
    relabelled = np.array([[0, 40, 40, 3, 3]])
    assert object_f1(relabelled, np.array([[0, 1, 1, 2, 2]])) == 1.0


def test_empty_images():
    empty, one = np.zeros((2, 2), dtype=int), np.ones((2, 2), dtype=int)
    assert object_f1(empty, empty) == object_ap(empty, empty) == 1.0
    assert object_ap(empty, one) == object_ap(one, empty) == 0.0
    assert object_f1(empty, one) == object_f1(one, empty) == 0.0
    assert count_error(empty, one) == -1
    assert matched_objects(empty, one).pairs.shape == (0, 2)


def test_bad_arguments_are_refused():
    labels = np.ones((2, 2), dtype=int)
    for function in (count_error, iou_table, matched_objects, object_ap, object_f1):
        with pytest.raises(ValueError, match="same shape"):
            function(labels, labels[:1])
        with pytest.raises(TypeError, match="truth must hold booleans or integers"):
            function(labels, labels / 3)
    with pytest.raises(ValueError, match="threshold"):
        matched_objects(labels, labels, threshold=0)
    with pytest.raises(ValueError, match="threshold"):
        matched_objects(labels, labels, threshold=1.5)
    for bad in ([], [0.5, 1.5], [0.0]):
        with pytest.raises(ValueError, match="thresholds"):
            object_ap(labels, labels, bad)


@pytest.mark.parametrize("threshold", [0.4, 0.5])
def test_many_objects_do_not_take_the_product_of_their_numbers(threshold, peak_mib):
    """3600 objects on either side: a table of all pairs takes 99 MiB, some of them."""
    truth = np.arange(1, 3601).reshape(60, 60)
    prediction = np.roll(truth, 1)
    found = []
    assert peak_mib(lambda: found.append(matched_objects(prediction, truth, threshold))) < 8
    assert found[0].pairs.tolist() == [[n, n % 3600 + 1] for n in range(1, 3601)]
    assert (found[0].ious == 1).all()


@pytest.mark.parametrize("score", [count_objects, lambda labels: object_f1(labels, labels)])
def test_a_label_beyond_int64_is_refused(score):
    """As an int64 it is negative, and the object was left out."""
    labels = np.array([[0, 2**63 + 1, 3]], dtype=np.uint64)
    with pytest.raises(
        ValueError, match="must be 9223372036854775807 or less, got 922337203685477"
    ):
        score(labels)
    assert score(np.array([[0, 2**63 - 1, 3]], dtype=np.uint64)) in (1.0, 2)


def test_three_poor_pairs_are_more_than_two_good_ones() -> None:
    """In a chain of five overlaps; the IoUs of the two are 0.8, those of the three below 0.12."""
    overlaps = [(1, 1, 1), (2, 1, 8), (2, 2, 1), (3, 2, 8), (3, 3, 1)]
    predicted, true = np.concatenate([np.full((n, 2), (p, t)) for p, t, n in overlaps]).T
    matching = matched_objects(predicted[None], true[None], threshold=0.05)
    assert matching.pairs.tolist() == [[1, 1], [2, 2], [3, 3]]
    assert matching.ious.tolist() == [1 / 9, 1 / 17, 1 / 9]
