"""k-means against scikit-learn, and the loss that must never rise."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage import data
from sklearn.cluster import KMeans

from pdl.segmentation import (
    assignment,
    initial_centroids,
    kmeans,
    pixel_features,
    squared_distances,
)

POINTS = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 25), st.integers(1, 3)),
    elements=st.floats(-100, 100, width=32) | st.sampled_from([0.0, 1.0, 2.0]),
)


def sklearn_from(points, centroids):
    model = KMeans(len(centroids), init=centroids, n_init=1, tol=0, max_iter=300)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(points)


@pytest.mark.parametrize(
    ("clusters", "dimensions", "seed"), [(2, 1, 0), (3, 2, 1), (5, 3, 2), (8, 4, 3)]
)
def test_as_scikit_learn_from_the_same_centroids(clusters, dimensions, seed):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(300, dimensions)) + 4 * rng.integers(3, size=(300, dimensions))
    first = initial_centroids(points, clusters, seed)
    ours, theirs = kmeans(points, clusters, init=first), sklearn_from(points, first)
    assert np.array_equal(ours.labels, theirs.labels_)
    assert np.allclose(ours.centroids, theirs.cluster_centers_, rtol=0, atol=1e-10)
    assert np.isclose(ours.loss, theirs.inertia_, rtol=1e-12)
    # scikit-learn also counts the last assignment, which changes nothing.
    assert ours.iterations + 1 == theirs.n_iter_


def test_colours_of_a_photograph_as_scikit_learn():
    points = pixel_features(data.astronaut()[::8, ::8])
    first = initial_centroids(points, 5, 0)
    ours, theirs = kmeans(points, 5, init=first), sklearn_from(points, first)
    assert np.array_equal(ours.labels, theirs.labels_)
    assert np.isclose(ours.loss, theirs.inertia_, rtol=1e-12)


@settings(deadline=None, max_examples=150)
@given(POINTS, st.integers(1, 6), st.sampled_from(["k-means++", "random"]), st.integers(0, 99))
def test_loss_never_rises_and_is_that_of_the_result(points, clusters, init, seed):
    clusters = min(clusters, len(points))
    result = kmeans(points, clusters, starts=1, seed=seed, init=init)
    scale = max(1.0, result.losses[0])
    assert np.all(np.diff(result.losses) <= 1e-12 * scale)
    residuals = points - result.centroids[result.labels]
    assert np.isclose(result.loss, (residuals**2).sum(), rtol=1e-9, atol=1e-9)
    assert len(result.losses) == result.iterations + 1
    for label in np.unique(result.labels):
        mean = points[result.labels == label].mean(axis=0)
        assert np.allclose(result.centroids[label], mean, atol=1e-9)


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.lists(st.integers(0, 9), min_size=2, max_size=2), min_size=3, max_size=30),
    st.sampled_from([0.0, 0.7, 3e5]),
    st.sampled_from([1.0, 1e-9, 1e-13]),
    st.integers(0, 2),
)
def test_no_digit_is_lost_where_points_lie_close_together_and_far_from_zero(
    steps, place, step, iterations
):
    """Squares of 0.7 hide differences of 1e-9: the labels are still those of the distances."""
    points = np.array([[-1.0, 0.0], *(place + step * np.array(steps))])
    result = kmeans(points, 3, init=points[-3:], max_iterations=iterations + 1)
    distances = ((points[:, np.newaxis] - result.centroids) ** 2).sum(axis=2)
    assert result.labels.tolist() == distances.argmin(axis=1).tolist()
    assert result.loss == pytest.approx(distances.min(axis=1).sum(), rel=1e-12, abs=0)


@settings(deadline=None, max_examples=50)
@given(POINTS)
def test_as_many_clusters_as_different_points_leave_no_loss(points):
    distinct = np.unique(points, axis=0)
    result = kmeans(distinct, len(distinct), starts=1)
    assert result.loss == 0
    assert len(np.unique(result.labels)) == len(distinct)


def test_empty_cluster_takes_over_the_farthest_point():
    points = np.array([[0.0], [1.0], [2.0], [30.0]])
    result = kmeans(points, 2, init=[[1.0], [1000.0]])
    assert result.labels.tolist() == [0, 0, 0, 1]
    assert result.loss == 2.0


def test_more_starts_are_no_worse_and_seeds_repeat():
    points = np.random.default_rng(5).normal(size=(200, 2))
    losses = [kmeans(points, 8, starts=starts, seed=3).loss for starts in (1, 5, 20)]
    assert losses[0] >= losses[1] >= losses[2] and losses[0] > losses[2]
    assert kmeans(points, 8, seed=3).loss == kmeans(points, 8, seed=3).loss


def test_the_best_of_the_starts_is_returned_with_its_own_history():
    points = np.random.default_rng(5).normal(size=(200, 2))
    result = kmeans(points, 8, starts=10, seed=3)
    rng = np.random.default_rng(3)
    singles = [kmeans(points, 8, init=initial_centroids(points, 8, rng)) for _ in range(10)]
    best = min(singles, key=lambda single: single.loss)
    assert result.loss == best.loss == result.losses[-1]
    assert np.array_equal(result.losses, best.losses)


def test_stops_after_max_iterations():
    points = np.random.default_rng(0).normal(size=(500, 2))
    result = kmeans(points, 6, starts=1, max_iterations=2)
    assert result.iterations == 2


def test_plus_plus_prefers_far_points():
    """Two tight groups: the second centroid lands in the other group almost always."""
    groups = np.repeat([0.0, 10.0], 50) + np.linspace(0, 1e-3, 100)
    points = groups[:, np.newaxis]
    pairs = [initial_centroids(points, 2, seed).ravel() for seed in range(40)]
    assert all(abs(first - second) > 5 for first, second in pairs)
    uniform = [initial_centroids(points, 2, seed, "random").ravel() for seed in range(40)]
    assert not all(abs(first - second) > 5 for first, second in uniform)


@settings(deadline=None, max_examples=50)
@given(POINTS, st.integers(1, 4))
def test_squared_distances_against_loops(points, clusters):
    centroids = points[:clusters] + 1.0
    expected = [[sum((p - c) ** 2) for c in centroids] for p in points]
    assert np.allclose(squared_distances(points, centroids), expected)


def test_pixel_features():
    image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    features = pixel_features(image, position_weight=10)
    assert features.shape == (8, 5) and features.dtype == np.float64
    assert features[6].tolist() == [18, 19, 20, 10, 20]
    assert pixel_features(image[..., 0]).shape == (8, 1)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"clusters": 5}, "at least as many"),
        ({"clusters": 0}, "clusters"),
        ({"clusters": 2, "starts": 0}, "starts"),
        ({"clusters": 2, "init": "far"}, "init"),
        ({"clusters": 2, "init": [[1.0, 2.0]]}, "init must have shape"),
    ],
)
def test_bad_arguments_are_refused(arguments, match):
    with pytest.raises(ValueError, match=match):
        kmeans([[0.0], [1.0], [2.0]], **arguments)


def test_bad_points_are_refused():
    with pytest.raises(ValueError, match="points must have shape"):
        kmeans(np.zeros((2, 2, 2)), 1)
    with pytest.raises(ValueError, match="finite"):
        kmeans([np.inf, 0.0], 1)


# memory, and numbers at the ends of their range


def test_distances_are_not_kept_for_every_pair(peak_mib):
    """20 000 points and 300 clusters: a table of all distances takes 46 MiB."""
    points = np.random.default_rng(0).random((20_000, 1))
    assert peak_mib(lambda: kmeans(points, 300, starts=1, init="random", max_iterations=1)) < 8


@pytest.mark.parametrize("at_a_time", [1, 7, 10**6])
def test_points_may_come_in_any_number_at_a_time(at_a_time, monkeypatch):
    points = pixel_features(data.astronaut()[::16, ::16])  # integers: each sum is exact
    expected = kmeans(points, 5, starts=2)
    monkeypatch.setattr(assignment, "MOST_SCORES", 5 * at_a_time)
    found = kmeans(points, 5, starts=2)
    assert found.labels.tolist() == expected.labels.tolist() and found.loss == expected.loss


@pytest.mark.parametrize("scale", [2.0**-1060, 2.0**-600, 2.0**531, 2.0**1020])
@pytest.mark.parametrize("init", ["k-means++", "given"])
def test_the_scale_of_the_points_does_not_count(scale, init):
    """2**531 is about 1e160, whose square is beyond floating point."""
    points = np.array([[1.0, 1.0], [1.5, 1.0], [-5.0, 2.0], [-5.5, 2.0], [7.0, -3.0]])
    first = points[[0, 2, 4]]
    at_one = kmeans(points, 3, init=first if init == "given" else init)
    scaled = kmeans(points * scale, 3, init=first * scale if init == "given" else init)
    assert scaled.labels.tolist() == at_one.labels.tolist()
    assert (scaled.centroids == at_one.centroids * scale).all()
    assert at_one.loss == 0.25
    assert scaled.loss == (0.0 if scale < 1 else np.inf)
    assert (
        initial_centroids(points * scale, 3, 1).tolist()
        == (initial_centroids(points, 3, 1) * scale).tolist()
    )


def test_of_two_centroids_at_the_same_distance_a_point_takes_the_first():
    assert kmeans([0.0, 1.0, 2.0], 2, init=[[0.0], [2.0]]).labels.tolist() == [0, 0, 1]
    assert kmeans([0.0, 1.0, 2.0], 2, init=[[2.0], [0.0]]).labels.tolist() == [1, 0, 0]
