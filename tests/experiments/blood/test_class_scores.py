"""Scores of a classifier: as scikit-learn computes them, and by formula."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_1samp
from sklearn import metrics

from pdl.experiments.blood.class_scores import (
    balanced_accuracy,
    chance_all_right,
    class_shares,
    count_answers,
    log_loss,
    mean_interval,
    prior_log_loss,
)


@pytest.fixture
def drawn():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(90, 3)) * 3
    logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return logs, rng.choice(3, size=90, p=[0.7, 0.2, 0.1])


def test_scores_equal_scikit_learns(drawn):
    logs, labels = drawn
    answers = logs.argmax(axis=1)
    assert log_loss(logs, labels) == pytest.approx(metrics.log_loss(labels, np.exp(logs)))
    confusion = count_answers(labels, answers, 3)
    np.testing.assert_array_equal(confusion, metrics.confusion_matrix(labels, answers))
    expected = metrics.balanced_accuracy_score(labels, answers)
    assert balanced_accuracy(confusion) == pytest.approx(expected)


@pytest.mark.parametrize("shares", [(1, 1, 1), (0.2, 0.5, 0.3), (510, 46, 44)])
def test_log_loss_at_other_shares_is_that_of_weighted_images(drawn, shares):
    logs, labels = drawn
    weights = (np.array(shares) / np.bincount(labels))[labels]
    expected = metrics.log_loss(labels, np.exp(logs), sample_weight=weights)
    assert log_loss(logs, labels, shares) == pytest.approx(expected)


def test_at_their_own_shares_nothing_changes(drawn):
    logs, labels = drawn
    own = class_shares(labels, 3)
    assert own.sum() == pytest.approx(1)
    assert log_loss(logs, labels, own) == pytest.approx(log_loss(logs, labels))


def test_shares_of_a_class_without_images_are_refused(drawn):
    logs, labels = drawn
    with pytest.raises(ValueError, match="shares has 3 classes, but the images are"):
        log_loss(logs, np.zeros_like(labels), (1, 1, 1))
    with pytest.raises(ValueError, match="shares has 2 classes"):
        log_loss(logs, labels, (1, 1))


def test_a_probability_too_small_for_a_number_still_counts():
    assert log_loss(np.array([[-2000.0, 0.0]]), np.array([0])) == 2000


# the prior


@given(st.lists(st.integers(1, 300), min_size=2, max_size=5))
@settings(deadline=None, max_examples=50)
def test_the_priors_log_loss_is_that_of_answering_it(counts):
    labels = np.repeat(np.arange(len(counts)), counts)
    answers = np.tile(np.log(class_shares(labels, len(counts))), (len(labels), 1))
    assert prior_log_loss(counts) == pytest.approx(log_loss(answers, labels))


def test_the_priors_log_loss_by_formula():
    assert prior_log_loss([5, 5, 5]) == pytest.approx(math.log(3))
    expected = -sum(n / 1481 * math.log(n / 1481) for n in (252, 780, 449))
    assert prior_log_loss([252, 780, 449]) == pytest.approx(expected)
    assert round(expected, 3) == 1.001


def test_nobody_who_always_says_the_same_does_better_than_the_prior():
    labels = np.repeat([0, 1, 2], (252, 780, 449))
    for wrong in ((1, 1, 1), (0.2, 0.5, 0.3), (0.1, 0.6, 0.3)):
        answers = np.tile(np.log(np.array(wrong) / sum(wrong)), (len(labels), 1))
        assert log_loss(answers, labels) > prior_log_loss([252, 780, 449])


# confusion


def test_rows_are_the_truth():
    counts = count_answers(np.array([0, 0, 1]), np.array([1, 1, 1]), 3)
    assert counts.tolist() == [[0, 2, 0], [0, 1, 0], [0, 0, 0]]


def test_one_answer_for_all_has_the_balanced_accuracy_of_guessing():
    assert balanced_accuracy(np.array([[90, 0, 0], [9, 0, 0], [1, 0, 0]])) == pytest.approx(1 / 3)


# intervals and sets


def test_the_interval_is_students():
    values = [0.9, 0.95, 0.92, 0.97, 0.91]
    expected = ttest_1samp(values, 0).confidence_interval(0.95)
    found = mean_interval(values)
    assert found.mean == pytest.approx(0.93)
    assert found[1:] == pytest.approx([expected.low, expected.high])
    assert mean_interval(values, 0.5).high < found.high
    with pytest.raises(ValueError, match="two or more"):
        mean_interval([0.9])


@pytest.mark.parametrize(("right", "total", "drawn"), [(5, 7, 3), (7, 7, 4), (2, 7, 3), (6, 7, 0)])
def test_the_chance_that_all_are_right_by_counting_every_set(right, total, drawn):
    answers = [True] * right + [False] * (total - right)
    sets = list(combinations(answers, drawn))
    assert chance_all_right(right, total, drawn) == sum(map(all, sets)) / len(sets)


def test_that_chance_for_many_answers():
    draws = np.random.default_rng(0).hypergeometric(1420, 13, 256, size=20_000)
    assert chance_all_right(1420, 1433, 256) == pytest.approx((draws == 256).mean(), abs=0.01)
    with pytest.raises(ValueError, match="drawn must be"):
        chance_all_right(3, 4, 5)
