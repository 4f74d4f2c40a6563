"""Otsu's thresholds against scikit-image, OpenCV and exact fractions."""

from __future__ import annotations

import importlib
from fractions import Fraction
from itertools import combinations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage import data, filters

from pdl.segmentation import histogram, multi_otsu, otsu

PHOTOGRAPHS = ["coins", "camera", "moon", "cell", "page", "text", "clock", "brick", "grass"]
FAULTY = {"coins": (89, 107), "camera": (148, 102), "moon": (113, 87), "cell": (67, 122)}


def images(dtype=np.uint8, elements=None):
    shapes = hnp.array_shapes(min_dims=2, max_dims=2, max_side=9)
    return hnp.arrays(dtype, shapes, elements=elements)


def between_class_score(image, thresholds):
    """Sum over the classes of (class sum)² / (class size), in exact arithmetic."""
    classes = np.searchsorted(np.asarray(thresholds), image.ravel(), side="left")
    score = Fraction(0)
    for number in range(len(thresholds) + 1):
        members = [int(value) for value in image.ravel()[classes == number]]
        if members:
            score += Fraction(sum(members) ** 2, len(members))
    return score


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_photographs_as_scikit_image_and_opencv(name):
    image = getattr(data, name)()
    assert otsu(image) == filters.threshold_otsu(image)
    assert otsu(image) == cv2.threshold(image, 0, 255, cv2.THRESH_OTSU)[0]
    assert otsu(image / 255) == filters.threshold_otsu(image / 255)
    assert otsu(image.astype(np.uint16) * 257) == 257 * otsu(image)


@pytest.mark.parametrize("name", FAULTY)
def test_class_sums_that_are_not_divided_give_other_thresholds(name):
    image = getattr(data, name)()
    probability = np.bincount(image.ravel(), minlength=256) / image.size
    omega_0 = np.cumsum(probability)
    sum_0 = np.cumsum(probability * np.arange(256))
    mean = sum_0[-1]
    faulty = omega_0 * (sum_0 - mean) ** 2 + (1 - omega_0) * (mean - sum_0 - mean) ** 2
    assert (np.argmax(faulty), otsu(image)) == FAULTY[name]


@settings(deadline=None, max_examples=150)
@given(images())
def test_threshold_is_the_best_and_the_lowest_of_the_best(image):
    threshold = otsu(image)
    scores = {level: between_class_score(image, [level]) for level in np.unique(image).tolist()}
    best = max(scores.values())
    assert scores[threshold] >= best * (1 - Fraction(1, 10**12))
    if image.min() < image.max():
        assert threshold < image.max()
        first_best = min(level for level in scores if scores[level] == best)
        others = [score for score in scores.values() if score != best]
        if sum(score == best for score in scores.values()) == 1 and (
            not others or max(others) < best * (1 - Fraction(1, 10**9))
        ):
            assert threshold == first_best


@settings(deadline=None, max_examples=150)
@given(images(elements=st.integers(0, 255)) | images(elements=st.sampled_from([0, 1, 5, 200, 255])))
def test_drawn_images_as_scikit_image_and_opencv(image):
    """Where another threshold is chosen, it is as good up to the peer's rounding."""
    ours = otsu(image)
    peers = [(float(filters.threshold_otsu(image)), 1e-5)]
    if image.min() < image.max():
        peers.append((cv2.threshold(image, 0, 255, cv2.THRESH_OTSU)[0], 1e-7))
    for theirs, tolerance in peers:
        if not np.array_equal(image > ours, image > theirs):
            difference = between_class_score(image, [ours]) - between_class_score(image, [theirs])
            assert abs(float(difference)) <= tolerance * float(between_class_score(image, [ours]))


def test_tie_takes_the_lowest_level():
    assert otsu(np.array([[0, 10, 20]])) == 0
    assert otsu(np.array([[10, 10, 200, 200]], dtype=np.uint8)) == 10


@pytest.mark.parametrize("value", [0, 7, 255, 0.25])
def test_constant_image_has_no_foreground(value):
    image = np.full((3, 4), value)
    assert otsu(image) == value == filters.threshold_otsu(image)
    assert not (image > otsu(image)).any()


def test_signed_float_and_one_pixel_images():
    assert otsu(np.array([[-128, -128, 127]], dtype=np.int8)) == -128
    image = np.array([[-3.0, -2.9, 4.0]])
    assert otsu(image) == filters.threshold_otsu(image)
    assert otsu([[5]]) == 5
    assert isinstance(otsu(data.coins()), int)


@pytest.mark.parametrize(
    "image", [np.zeros((2, 2, 3)), np.zeros(4), np.array([[np.nan, 1]]), np.zeros((0, 3))]
)
def test_bad_images_are_refused(image):
    with pytest.raises(ValueError, match="image"):
        otsu(image)
    with pytest.raises(ValueError, match="image"):
        multi_otsu(image)


@pytest.mark.parametrize("name", PHOTOGRAPHS)
@pytest.mark.parametrize("classes", [2, 3, 4])
def test_several_thresholds_as_scikit_image(name, classes):
    image = getattr(data, name)()
    assert np.array_equal(
        multi_otsu(image, classes), filters.threshold_multiotsu(image, classes=classes)
    )


def test_two_classes_are_otsu():
    assert multi_otsu(data.coins(), 2).tolist() == [otsu(data.coins())]
    assert np.array_equal(
        multi_otsu(data.moon() / 255, 3), filters.threshold_multiotsu(data.moon() / 255, 3)
    )


@settings(deadline=None, max_examples=60)
@given(images(elements=st.integers(0, 12)), st.integers(2, 4))
def test_several_thresholds_against_every_choice(image, classes):
    levels = np.unique(image).tolist()
    if len(levels) < classes:
        with pytest.raises(ValueError, match="levels"):
            multi_otsu(image, classes)
        return
    thresholds = multi_otsu(image, classes).tolist()
    assert sorted(set(thresholds)) == thresholds and len(thresholds) == classes - 1
    best = max(between_class_score(image, c) for c in combinations(levels[:-1], classes - 1))
    assert between_class_score(image, thresholds) >= best * (1 - Fraction(1, 10**12))


def test_fewer_than_two_classes_are_refused():
    with pytest.raises(ValueError, match="classes"):
        multi_otsu(data.coins(), 1)


@settings(deadline=None, max_examples=60)
@given(images(np.int16, st.integers(-500, 500)))
def test_histogram_counts_every_pixel(image):
    levels, counts = histogram(image)
    assert np.array_equal(np.repeat(levels, counts), np.sort(image.ravel()))
    assert levels[0] == image.min() and levels[-1] == image.max()


def test_histogram_of_a_float_image_and_of_too_many_levels():
    image = data.coins() / 255
    levels, counts = histogram(image, bins=16)
    assert np.array_equal(counts, np.histogram(image, bins=16)[0])
    assert np.allclose(np.diff(levels), (image.max() - image.min()) / 16)
    with pytest.raises(ValueError, match="65536"):
        histogram(np.array([[0, 2**20]]))
    assert len(histogram(np.array([[-1, 2**16 - 2]])).levels) == 2**16
    with pytest.raises(ValueError, match="at most 65536 integer levels, got -1 to 65535"):
        histogram(np.array([[-1, 2**16 - 1]]))


# memory, and numbers at the ends of their range


def test_many_levels_do_not_take_the_square_of_their_number(peak_mib):
    """4000 levels: a table of all pairs takes 122 MiB."""
    rng = np.random.default_rng(0)
    image = np.concatenate(
        [np.arange(4000), rng.normal(1000, 300, 4000), rng.normal(3000, 300, 4000)]
    )
    image = np.clip(image, 0, 3999).astype(np.uint16).reshape(100, -1)
    thresholds = []
    assert peak_mib(lambda: thresholds.extend(multi_otsu(image, 3).tolist())) < 8
    best = between_class_score(image, thresholds)
    for step in (-1, 1):
        assert best >= between_class_score(image, [thresholds[0] + step, thresholds[1]])
        assert best >= between_class_score(image, [thresholds[0], thresholds[1] + step])


@pytest.mark.parametrize("rows", [1, 7, 10_000])
def test_the_table_may_come_in_any_number_of_rows(rows, monkeypatch):
    image = data.coins()
    module = importlib.import_module("pdl.segmentation.otsu")  # the name is the function's too
    monkeypatch.setattr(module, "MOST_SCORES", rows * len(np.unique(image)))
    expected = filters.threshold_multiotsu(image, 4)
    assert multi_otsu(image, 4).tolist() == expected.tolist()


CLOSE = np.nextafter(0.1, 1)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.1, 0.1, CLOSE], 0.1),
        ([0.1, CLOSE, CLOSE], 0.1),
        ([-CLOSE, -0.1], -CLOSE),
        (np.array([0.1, CLOSE, np.nextafter(CLOSE, 1)]), 0.1),
        (np.float32([1, np.nextafter(np.float32(1), np.float32(2))]), 1.0),
        ([0.0, 5e-324], 0.0),
    ],
)
def test_floats_that_differ_in_their_last_digit(values, expected):
    """Bins narrower than the step from one number to the next cannot be made."""
    image = np.asarray([values])
    assert otsu(image) == expected
    assert multi_otsu(image, 2).tolist() == [expected]
    assert 0 < np.count_nonzero(image > otsu(image)) < image.size


@pytest.mark.parametrize("scale", [2.0**-1000, 2.0**-600, 2.0**600, 2.0**1020])
def test_the_scale_of_an_image_of_floats_does_not_count(scale):
    """No square of a level leaves the range of floating point, no difference of two does."""
    image = np.random.default_rng(0).normal([-1, 2], 0.3, (200, 2))
    assert otsu(image * scale) == otsu(image) * scale
    assert (multi_otsu(image * scale, 3) == multi_otsu(image, 3) * scale).all()


@pytest.mark.parametrize("lowest", [0, -(2**63), 2**62, 2**63 - 100, 2**64 - 300])
def test_the_place_of_an_image_of_integers_does_not_count(lowest):
    coins = data.coins()[:50, :50].astype(object)
    image = (coins + lowest).astype(np.int64 if lowest + 255 < 2**63 else np.uint64)
    assert otsu(image) == otsu(coins.astype(np.uint8)) + lowest
    levels, counts = histogram(image)
    assert int(levels[0]) == min(coins.ravel()) + lowest
    assert counts.sum() == coins.size
