"""The log-loss of a classifier: as scikit-learn computes it, and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import entropy
from sklearn import metrics

from pdl.metrics import log_loss


def test_the_log_loss_by_hand():
    # Halves to the first image's class, 4/5 to the second's: (log 2 + log 5/4) / 2.
    answers = np.log([[0.5, 0.5], [0.2, 0.8]])
    assert log_loss(answers, np.array([0, 1])) == pytest.approx(math.log(2.5) / 2)
    # Were nine of ten images of the first class, its loss would count nine times.
    expected = 0.9 * math.log(2) + 0.1 * math.log(1.25)
    assert log_loss(answers, np.array([0, 1]), (9, 1)) == pytest.approx(expected)


@pytest.fixture
def drawn():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(90, 3)) * 3
    logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return logs, rng.choice(3, size=90, p=[0.7, 0.2, 0.1])


def test_it_is_scikit_learns(drawn):
    logs, labels = drawn
    assert log_loss(logs, labels) == pytest.approx(metrics.log_loss(labels, np.exp(logs)))


@pytest.mark.parametrize("shares", [(1, 1, 1), (0.2, 0.5, 0.3), (510, 46, 44)])
def test_log_loss_at_other_shares_is_that_of_weighted_images(drawn, shares):
    logs, labels = drawn
    weights = (np.array(shares) / np.bincount(labels))[labels]
    expected = metrics.log_loss(labels, np.exp(logs), sample_weight=weights)
    assert log_loss(logs, labels, shares) == pytest.approx(expected)


def test_at_their_own_shares_nothing_changes(drawn):
    logs, labels = drawn
    own = np.bincount(labels) / len(labels)
    assert log_loss(logs, labels, own) == pytest.approx(log_loss(logs, labels))


def test_shares_of_a_class_without_images_are_refused(drawn):
    logs, labels = drawn
    with pytest.raises(ValueError, match="shares has 3 classes, but the images are"):
        log_loss(logs, np.zeros_like(labels), (1, 1, 1))
    with pytest.raises(ValueError, match="shares has 2 classes"):
        log_loss(logs, labels, (1, 1))


def test_a_probability_too_small_for_a_number_still_counts():
    assert log_loss(np.array([[-2000.0, 0.0]]), np.array([0])) == 2000


def test_nobody_who_always_says_the_same_does_better_than_the_prior():
    labels = np.repeat([0, 1, 2], (252, 780, 449))
    for wrong in ((1, 1, 1), (0.2, 0.5, 0.3), (0.1, 0.6, 0.3)):
        answers = np.tile(np.log(np.array(wrong) / sum(wrong)), (len(labels), 1))
        assert log_loss(answers, labels) > entropy([252, 780, 449])
