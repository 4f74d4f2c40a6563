"""The drawn blood smears: what is promised of the fields, the crops and the splits."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.preprocessing import StandardScaler

from pdl.augmentation import boxes_of_labels
from pdl.data import (
    BCCD_CLASSES,
    SMEAR_CLASSES,
    WHITE_CELL_TYPES,
    blood_smear,
    load_white_cells,
    white_cells,
)
from pdl.data.drawn.smears import CELLS_PER_SMEAR, PROPORTIONS, SPLIT_SEEDS, SPLIT_SIZES

RED, WHITE, PLATELET = range(3)


@pytest.fixture(scope="module")
def splits():
    return {split: load_white_cells(split) for split in SPLIT_SEEDS}


@pytest.fixture(scope="module")
def fields():
    return [blood_smear(seed) for seed in range(12)]


@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 10**6),
    shape=st.tuples(st.integers(64, 200), st.integers(64, 200)),
    magnification=st.floats(2, 6),
)
def test_each_box_is_that_of_its_label(seed, shape, magnification):
    image, labels, boxes, classes = blood_smear(
        seed, shape, red_cells=(3, 20), magnification=magnification
    )
    assert image.shape == (*shape, 3) and labels.shape == shape
    assert image.dtype == np.uint8 and labels.dtype == np.int32
    assert boxes.dtype == np.float64 and classes.dtype == np.int64
    assert np.array_equal(np.unique(labels), np.arange(len(boxes) + 1))
    assert boxes.shape == (len(classes), 4)
    assert np.array_equal(boxes, boxes_of_labels(labels))


def test_boxes_by_hand(fields):
    _, labels, boxes, _ = fields[0]
    for label, (left, top, right, bottom) in enumerate(boxes, start=1):
        rows, columns = np.nonzero(labels == label)
        assert (left, right) == (columns.min() - 0.5, columns.max() + 0.5)
        assert (top, bottom) == (rows.min() - 0.5, rows.max() + 0.5)


def test_the_classes_are_those_of_the_cells(fields):
    assert SMEAR_CLASSES == BCCD_CLASSES == ("RBC", "WBC", "Platelets")
    seen = set()
    for image, labels, _, classes in fields:
        red_less_blue = image[:, :, 0].astype(int) - image[:, :, 2]
        inside = np.pad(np.ones(np.array(labels.shape) - 2, dtype=bool), 1)
        for label, cls in enumerate(classes, start=1):
            pixels = labels == label
            assert ndimage.label(pixels)[1] == 1
            cut = (pixels & ~inside).any()
            size, colour = pixels.sum(), red_less_blue[pixels].mean()
            seen.add(int(cls))
            if cls == RED:
                assert colour > 0 and size < 900
            elif cls == PLATELET:
                assert colour < 40 and size < 140
            else:
                assert colour < 0 and (cut or size > 550)
    assert seen == {RED, WHITE, PLATELET}


def test_as_many_cells_as_asked():
    wanted = {"red_cells": (12, 12), "white_cells": (2, 2), "platelets": (5, 5)}
    for seed in range(5):
        assert np.bincount(blood_smear(seed, **wanted).classes).tolist() == [12, 2, 5]
    numbers = [
        (blood_smear(seed, (64, 64), red_cells=(1, 3), white_cells=(0, 0)).classes == RED).sum()
        for seed in range(25)
    ]
    assert set(numbers) == {1, 2, 3}
    nothing = blood_smear(0, red_cells=(0, 0), white_cells=(0, 0), platelets=(0, 0))
    assert nothing.labels.max() == 0
    assert nothing.boxes.shape == (0, 4) and nothing.classes.shape == (0,)
    crowded = blood_smear(0, (64, 64), red_cells=(500, 500))
    assert 5 < len(crowded.boxes) < 60


def test_magnification_enlarges_the_cells():
    small, large = (
        np.bincount(blood_smear(4, magnification=m, red_cells=(20, 20)).labels.ravel())[1:].mean()
        for m in (2.0, 4.0)
    )
    assert 3 < large / small < 5


def test_a_seed_repeats_and_another_differs():
    first, again, other = blood_smear(5), blood_smear(5), blood_smear(6)
    for one, two in zip(first, again, strict=True):
        assert np.array_equal(one, two)
    assert not np.array_equal(first.image, other.image)
    assert np.array_equal(blood_smear(np.random.default_rng(5)).image, first.image)


def test_a_smear_number_fixes_its_crops():
    crops = white_cells(20, seed=5)
    assert crops.images.shape == (20, 64, 64, 3) and crops.images.dtype == np.uint8
    assert crops.labels.dtype == crops.smears.dtype == np.int64
    expected = np.repeat([5, 6, 7], CELLS_PER_SMEAR)[:20]
    assert np.array_equal(crops.smears, expected)
    for shorter in (white_cells(3, seed=5), white_cells(13, seed=5)):
        count = len(shorter.labels)
        assert np.array_equal(shorter.images, crops.images[:count])
        assert np.array_equal(shorter.labels, crops.labels[:count])
    later = white_cells(12, seed=6)
    assert np.array_equal(later.images, crops.images[8:])
    assert np.array_equal(later.labels, crops.labels[8:])
    assert len({image.tobytes() for image in crops.images}) == 20
    assert white_cells(2, size=32).images.shape == (2, 32, 32, 3)


def test_the_splits_share_no_smear(splits):
    assert SPLIT_SIZES == {"train": 240, "validation": 120, "test": 400}
    for split, (images, labels, smears) in splits.items():
        count = SPLIT_SIZES[split]
        assert images.shape == (count, 64, 64, 3) and labels.shape == smears.shape == (count,)
        assert len(np.unique(smears)) == -(-count // CELLS_PER_SMEAR)
        assert np.array_equal(images[:8], white_cells(8, SPLIT_SEEDS[split]).images)
    for one, two in itertools.combinations(splits.values(), 2):
        assert not set(one.smears) & set(two.smears)
        assert not {x.tobytes() for x in one.images} & {x.tobytes() for x in two.images}


@pytest.mark.parametrize(
    ("split", "types", "gray"),
    [
        ("train", [146, 55, 39], 162.729),
        ("validation", [76, 30, 14], 158.575),
        ("test", [224, 124, 52], 156.547),
    ],
)
def test_the_splits_are_those_of_the_book(splits, split, types, gray):
    """If this fails, the figures of the chapter on small data have to be looked at anew."""
    assert np.bincount(splits[split].labels).tolist() == types
    assert splits[split].images.mean() == pytest.approx(gray, abs=0.002)


def test_the_types_are_imbalanced_alike_in_each_split(splits):
    assert WHITE_CELL_TYPES == ("neutrophil", "lymphocyte", "monocyte")
    for _, labels, _ in splits.values():
        shares = np.bincount(labels, minlength=3) / len(labels)
        assert np.allclose(shares, PROPORTIONS, atol=0.11)
        assert shares[0] > shares[1] > shares[2] > 0.08


def test_crops_of_one_smear_are_alike(splits):
    """In colour, and in type: what a random split would give away."""
    images, labels, smears = splits["test"]
    colour = np.median(images, axis=(1, 2))
    same = (smears[:, np.newaxis] == smears) & ~np.eye(len(smears), dtype=bool)
    different = smears[:, np.newaxis] != smears
    distance = np.linalg.norm(colour[:, np.newaxis] - colour, axis=2)
    assert distance[same].mean() < 0.6 * distance[different].mean()
    alike = labels[:, np.newaxis] == labels
    assert alike[same].mean() > alike[different].mean() + 0.05


def test_light_and_focus_are_uneven_and_differ(fields):
    bare, sharpness, gradient = [], [], []
    for image, labels, _, _ in fields:
        glass = ndimage.binary_erosion(labels == 0, iterations=4, border_value=1)
        bare.append(image[glass].mean(axis=0))
        blocks = [np.s_[:120, :160], np.s_[:120, 160:], np.s_[120:, :160], np.s_[120:, 160:]]
        corners = [image[block][glass[block]].mean() for block in blocks]
        gradient.append(max(corners) - min(corners))
        sharpness.append(image[glass].std(axis=0).mean())
    assert np.std(bare, axis=0).min() > 5
    assert np.mean([(image == 255).mean() for image, *_ in fields]) < 0.02  # white is not clipped
    assert 5 < np.mean(gradient) < 40
    assert max(sharpness) > 1.5 * min(sharpness)


def test_neither_colours_nor_the_most_alike_picture_tell_the_type(splits):
    """What can be had without looking at the shape is far below what a network reaches."""

    def colours(images):
        green = images[:, :, :, 1].reshape(len(images), -1)
        dark = np.quantile(green, np.linspace(0.05, 0.5, 6), axis=1).T
        return np.hstack([images.mean(axis=(1, 2)), images.std(axis=(1, 2)), dark]) / 255

    def reduced(images):
        gray = images.mean(axis=3).reshape(len(images), 16, 4, 16, 4).mean(axis=(2, 4))
        gray = gray.reshape(len(images), -1)
        return (gray - gray.mean(axis=1, keepdims=True)) / gray.std(axis=1, keepdims=True)

    train, test = splits["train"], splits["test"]
    scaler = StandardScaler().fit(colours(train.images))
    model = LogisticRegression(max_iter=2000)
    model.fit(scaler.transform(colours(train.images)), train.labels)
    by_colour = model.predict(scaler.transform(colours(test.images)))
    nearest = (reduced(test.images) @ reduced(train.images).T).argmax(axis=1)
    for guess in (by_colour, train.labels[nearest]):
        assert balanced_accuracy_score(test.labels, guess) < 0.66


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"shape": (63, 128)}, ValueError, "shape must be 64 or greater"),
        ({"shape": 128}, TypeError, "shape must be a pair"),
        ({"red_cells": (5, 3)}, ValueError, "red_cells must be"),
        ({"white_cells": (-1, 3)}, ValueError, "white_cells must be 0 or greater"),
        ({"platelets": (1.0, 3)}, TypeError, "platelets must be an integer"),
        ({"platelets": 3}, TypeError, "platelets must be a pair"),
        ({"magnification": 1.9}, ValueError, "magnification"),
        ({"magnification": float("nan")}, ValueError, "magnification"),
    ],
)
def test_bad_settings_are_refused(options, error, match):
    with pytest.raises(error, match=match):
        blood_smear(0, **options)


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"count": 0}, ValueError, "count"),
        ({"count": 2.0}, TypeError, "count"),
        ({"count": 2, "seed": -1}, ValueError, "seed"),
        ({"count": 2, "size": 15}, ValueError, "size"),
    ],
)
def test_bad_crops_are_refused(options, error, match):
    with pytest.raises(error, match=match):
        white_cells(**options)


def test_a_bad_split_is_refused():
    with pytest.raises(ValueError, match="split must be one of 'train'"):
        load_white_cells("holdout")
