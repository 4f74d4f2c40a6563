"""The NumPy network for scikit-learn's digits: its split, its nudges, and what is recorded."""

from __future__ import annotations

import numpy as np
from rich.progress import Progress

from pdl.experiments.digits.numpy_cnn_digits import (
    HELD_OUT,
    SEEDS,
    SPLITS,
    count_right,
    nudge,
    run,
    split_digits,
    train,
)
from pdl.results import recorded_result


def test_a_split_keeps_the_classes_shares_and_every_digit_once():
    digits = split_digits(3)
    assert digits.train_x.shape == (1347, 1, 8, 8)
    assert digits.test_x.shape == (HELD_OUT, 1, 8, 8)
    shares = np.bincount(digits.test_y) / np.bincount(digits.train_y)
    np.testing.assert_allclose(shares, HELD_OUT / 1347, rtol=0.02)
    assert not np.array_equal(digits.test_y, split_digits(4).test_y)
    assert np.array_equal(digits.test_y, split_digits(3).test_y)


def test_a_nudge_moves_by_a_pixel_at_most_and_about_half_of_the_images():
    middle = np.zeros((400, 1, 8, 8), np.float32)
    middle[:, 0, 4, 4] = 1
    moved = nudge(middle, np.random.default_rng(0))
    rows, columns = np.nonzero(moved[:, 0])[1:]
    assert len(rows) == 400
    assert set(rows) == set(columns) == {3, 4, 5}
    stayed = ((rows == 4) & (columns == 4)).mean()
    # Half of them are not moved at all, and a ninth of the others by nothing.
    assert abs(stayed - (1 / 2 + 1 / 18)) < 0.08


def test_it_learns_and_a_seed_is_a_seed():
    digits = split_digits(0)
    images, labels = digits.train_x[:400], digits.train_y[:400]
    seen = []
    model = train(0, images, labels, epochs=3, after_epoch=seen.append)
    assert len(seen) == 4
    assert not model.training
    right = count_right(model, digits.test_x, digits.test_y)
    assert right > 0.7 * HELD_OUT
    assert count_right(train(0, images, labels, epochs=3), digits.test_x, digits.test_y) == right


def test_the_whole_experiment_in_small(tmp_path, monkeypatch):
    monkeypatch.setenv("PDL_HOME", str(tmp_path))
    with Progress(disable=True) as progress:
        outcome = run(0, progress, splits=2, seeds=2, epochs=1)
    assert len(outcome.details["right_by_split"]) == len(outcome.details["right_by_seed"]) == 2
    assert outcome.details["right_by_split"][0] == outcome.details["right_by_seed"][0]
    mean = np.mean(outcome.details["right_by_split"]) / HELD_OUT
    assert outcome.metrics["accuracy_over_splits"] == round(mean, 6)


def test_the_record_says_what_it_holds():
    record = recorded_result("numpy-cnn-digits")
    by_split, metrics = record["right_by_split"], record["metrics"]
    assert len(by_split) == SPLITS
    assert len(record["right_by_seed"]) == SEEDS
    assert metrics["fewest_right_over_splits"] == min(by_split) >= 0.98 * HELD_OUT
    assert metrics["most_right_over_splits"] == max(by_split)
