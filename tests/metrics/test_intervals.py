"""The bootstrap intervals against SciPy, and how often they hold the true mean."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from pdl.metrics import bootstrap_interval, bootstrap_runs, intervals, mean_interval


@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_as_scipy(confidence):
    values = np.random.default_rng(0).beta(8, 2, size=40)
    ours = bootstrap_interval(values, confidence, resamples=20_000)
    theirs = stats.bootstrap(
        (values,),
        np.mean,
        confidence_level=confidence,
        n_resamples=20_000,
        method="percentile",
        rng=np.random.default_rng(1),
    ).confidence_interval
    width = theirs.high - theirs.low
    assert ours.mean == values.mean()
    assert abs(ours.low - theirs.low) < 0.03 * width
    assert abs(ours.high - theirs.high) < 0.03 * width


def test_holds_the_true_mean_in_95_of_100_cases():
    rng = np.random.default_rng(2)
    inside = 0
    for seed in range(400):
        low_high = bootstrap_interval(rng.normal(3.0, 1.0, size=40), resamples=500, seed=seed)
        inside += low_high.low <= 3.0 <= low_high.high
    assert 0.91 <= inside / 400 <= 0.98


def test_same_seed_same_interval_and_equal_values_no_width():
    values = [0.2, 0.4, 0.9]
    assert bootstrap_interval(values, seed=4) == bootstrap_interval(values, seed=4)
    assert bootstrap_interval([0.5] * 6) == (0.5, 0.5, 0.5)
    assert bootstrap_interval([1]) == (1.0, 1.0, 1.0)


def test_more_images_make_it_narrower():
    values = np.random.default_rng(3).normal(size=400)
    wide, narrow = bootstrap_interval(values[:25]), bootstrap_interval(values)
    assert (wide.high - wide.low) > 2.5 * (narrow.high - narrow.low)


def test_bad_arguments_are_refused():
    for values in ([], [[1.0, 2.0]], [np.nan]):
        with pytest.raises(ValueError, match="values"):
            bootstrap_interval(values)
    with pytest.raises(ValueError, match="confidence"):
        bootstrap_interval([1.0, 2.0], confidence=95)
    with pytest.raises(ValueError, match="resamples"):
        bootstrap_interval([1.0, 2.0], resamples=0)


def test_with_one_run_it_is_the_bootstrap_over_the_images():
    scores = np.random.default_rng(0).random(12)
    assert bootstrap_runs(scores) == pytest.approx(bootstrap_interval(scores))
    assert bootstrap_runs([scores]) == bootstrap_runs(scores)


@pytest.mark.parametrize("axis", [0, 1])
def test_both_runs_and_images_widen_the_interval(axis):
    """Differences between the runs count as much as differences between the images."""
    table = np.zeros((6, 6)) + np.expand_dims(np.arange(6.0), 1 - axis)
    mean, low, high = bootstrap_runs(table)
    assert mean == 2.5
    assert (low, high) == pytest.approx(bootstrap_interval(np.arange(6.0))[1:], abs=0.2)


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    hits = 0
    for trial in range(200):
        table = rng.normal(size=(8, 1)) + rng.normal(size=(1, 30)) + rng.normal(size=(8, 30))
        _, low, high = bootstrap_runs(table, resamples=400, seed=trial)
        hits += low <= 0 <= high
    assert 0.85 <= hits / 200 <= 0.98


def test_a_table_is_asked_for():
    with pytest.raises(ValueError, match=r"values must be a table .* \(2, 2, 2\)"):
        bootstrap_runs(np.zeros((2, 2, 2)))


def test_many_values_do_not_take_the_product_with_the_resamples(peak_mib):
    """3000 values drawn 3000 times: 69 MiB of indices, and as much of values."""
    values = np.random.default_rng(0).random(3000)
    found = []
    for bootstrap in (bootstrap_interval, bootstrap_runs):
        taken = peak_mib(lambda way=bootstrap: found.append(way(values, resamples=3000)))
        assert taken < 16
    assert found[0] == pytest.approx(found[1], abs=1e-12)  # one run: the same draws
    spread = values.std() / np.sqrt(3000)
    assert found[0].low == pytest.approx(values.mean() - 1.96 * spread, abs=0.2 * spread)
    assert found[0].high == pytest.approx(values.mean() + 1.96 * spread, abs=0.2 * spread)


@pytest.mark.parametrize("draws", [1, 50, 10**9])
def test_how_many_are_drawn_at_a_time_changes_nothing(draws, monkeypatch):
    """All at once, as one reads it in the definition."""
    monkeypatch.setattr(intervals, "MOST_DRAWS", draws)
    values = np.random.default_rng(0).random((3, 7))
    rng = np.random.default_rng(5)
    drawn = rng.integers(7, size=(1000, 7))
    expected = np.quantile(values[0][drawn].mean(axis=1), [0.05, 0.95])
    assert bootstrap_interval(values[0], 0.9, 1000, seed=5)[1:] == pytest.approx(expected)
    rng = np.random.default_rng(5)
    columns = rng.integers(7, size=(1000, 1, 7))
    rows = rng.integers(3, size=(1000, 3, 1))
    expected = np.quantile(values[rows, columns].mean(axis=(1, 2)), [0.05, 0.95])
    own = np.random.default_rng(5)
    assert bootstrap_runs(values, 0.9, 1000, seed=own)[1:] == pytest.approx(expected)
    assert own.random() == rng.random()


def test_the_interval_of_a_few_values_is_students():
    values = [0.9, 0.95, 0.92, 0.97, 0.91]
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    found = mean_interval(values)
    assert found.mean == pytest.approx(0.93)
    assert found[1:] == pytest.approx([expected.low, expected.high])
    assert mean_interval(values, 0.5).high < found.high
    with pytest.raises(ValueError, match="two or more"):
        mean_interval([0.9])
