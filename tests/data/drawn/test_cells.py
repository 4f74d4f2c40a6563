"""The drawn cells: what is promised of them, and how hard they are."""

from __future__ import annotations

import hashlib
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from pdl.data import cell_dataset, load_cells, touching_cells
from pdl.data.drawn.cell_light import draw_debris, emitted_light
from pdl.data.drawn.cell_outlines import Outline, draw_labels
from pdl.data.drawn.cells import HARD, MAX_SPLIT_SIZE, SPLIT_SEEDS
from pdl.metrics import count_error, iou, object_f1
from pdl.segmentation import connected_components, otsu, separate_touching

TEST_IMAGES = "e522b4a7d7bfb703020ec1a4244f4df6a297a8f37b8e852533f3ec2b89000c47"
TEST_LABELS = "a22dfb587a4bbf52319e58d0b881ae7c00dd9eea1410cf3c42640209de54ae4e"
HARD_IMAGES = "c9b3c486775c4e41928ff8bccf1c82f53cec05a6d199a83770b866a5101578b8"
HARD_LABELS = "be5511d85ebf64e5b626dad70a0b620799d96e88a150c6cc886d95eacac1c6f8"


@pytest.fixture(scope="module")
def book_images():
    return load_cells("test")


@pytest.fixture(scope="module")
def hard_images():
    return load_cells("test", hard=True)


@pytest.mark.parametrize(
    ("name", "images", "labels"),
    [("book_images", TEST_IMAGES, TEST_LABELS), ("hard_images", HARD_IMAGES, HARD_LABELS)],
)
def test_the_test_set_is_the_one_of_the_table(request, name, images, labels):
    """If this fails, every figure of the running table has to be computed anew."""
    drawn = request.getfixturevalue(name)
    assert drawn.images.shape == drawn.labels.shape == (40, 128, 128)
    assert (drawn.images.dtype, drawn.labels.dtype) == (np.uint8, np.int32)
    assert hashlib.sha256(drawn.images.tobytes()).hexdigest() == images
    assert hashlib.sha256(drawn.labels.astype("<i4").tobytes()).hexdigest() == labels


def touches(labels):
    """How many pairs of cells share a border."""
    pairs = set()
    for first, second in ((labels[1:], labels[:-1]), (labels[:, 1:], labels[:, :-1])):
        border = (first != second) & (first > 0) & (second > 0)
        pairs |= {tuple(sorted(pair)) for pair in zip(first[border], second[border], strict=True)}
    return len(pairs)


def test_the_hard_set_is_crowded_faint_and_whole(book_images, hard_images):
    """Each label is one connected cell, numbered without gaps, and none has been lost."""
    for labels in hard_images.labels:
        count = labels.max()
        assert np.array_equal(np.unique(labels), np.arange(count + 1))
        assert all(ndimage.label(labels == each)[1] == 1 for each in range(1, count + 1))
        assert count >= 0.8 * HARD["cells"][0]
    assert (hard_images.labels > 0).mean() > 1.5 * (book_images.labels > 0).mean()

    def contrast(cells):
        """The smallest difference of a cell to the background around it, in gray levels."""
        image, labels = cells
        near = (labels == 0) & (ndimage.distance_transform_edt(labels == 0) < 6)
        means = ndimage.mean(image, labels, np.arange(1, labels.max() + 1))
        return means.min() - image[near].mean()

    easy, hard = (
        np.mean([contrast(each) for each in zip(*cells, strict=True)])
        for cells in (book_images, hard_images)
    )
    assert hard < 0.7 * easy


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_options_of_the_hard_set_leave_the_cells_where_they_are(seed):
    """Debris, haze and defocus change the light alone: the truth knows nothing of them."""
    plain = touching_cells(seed)
    for option, value in (("debris", 20), ("haze", 0.4), ("defocus", 3.0)):
        changed = touching_cells(seed, **{option: value})
        assert np.array_equal(changed.labels, plain.labels)
        assert not np.array_equal(changed.image, plain.image)


def test_debris_is_small_and_bright():
    specks = draw_debris(np.random.default_rng(0), (128, 128), 15)
    components, number = ndimage.label(specks)
    assert 10 <= number <= 15
    assert np.bincount(components.ravel())[1:].max() < 3.5**2 * np.pi
    assert specks[specks > 0].min() >= 0.4


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_between_touching_cells_lies_a_line_that_is_darker_than_both(seed):
    """The emitted light falls to 0.55 at each border, and is whole 4 pixels further inside."""
    labels = touching_cells(seed, touching=1.0).labels
    light = emitted_light(np.random.default_rng(seed), labels, (0.45, 1.0))
    gaps = []
    for row, column in np.argwhere((labels[:, 6:-6] > 0) & (labels[:, 6:-6] != labels[:, 7:-5])):
        left, right = labels[row, column + 6], labels[row, column + 7]
        profile = np.s_[row, column + 1 : column + 13]
        if right and (labels[profile] == [left] * 6 + [right] * 6).all():
            gaps.append(light[profile])
    profiles = np.mean(gaps, axis=0)
    assert len(gaps) > 20
    assert profiles[5] < 0.75 * profiles[0] and profiles[6] < 0.75 * profiles[-1]


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    shape=st.tuples(st.integers(60, 150), st.integers(60, 150)),
    touching=st.floats(0, 1),
    radius=st.sampled_from([(5.0, 8.0), (7.0, 11.0), (10.0, 14.0)]),
)
def test_each_cell_is_one_smooth_component(seed, shape, touching, radius):
    image, labels = touching_cells(
        seed, shape=shape, cells=(1, 12), radius=radius, touching=touching
    )
    assert image.shape == labels.shape == shape
    assert image.dtype == np.uint8 and labels.dtype == np.int32
    count = labels.max()
    assert 1 <= count <= 12
    assert np.array_equal(np.unique(labels), np.arange(count + 1))
    for label in range(1, count + 1):
        cell = labels == label
        assert ndimage.label(cell)[1] == 1
        assert 0.4 * np.pi * radius[0] ** 2 <= cell.sum() <= 1.5 * np.pi * radius[1] ** 2


def test_a_piece_that_another_cell_cuts_off_is_left_out():
    wide = Outline(32.0, 28.0, 24.0, np.array([0.33, 0, 0, 0], dtype=complex))
    across = Outline(32.0, 52.0, 9.0, np.array([-0.33, 0, 0, 0], dtype=complex))
    alone = draw_labels([wide], (64, 64))
    labels = draw_labels([wide, across], (64, 64))
    assert alone[32, 59] == 1 and labels[32, 52] == 2
    assert labels[32, 59] == 0 and ndimage.label(labels == 1)[1] == 1


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_lone_cells_do_not_touch_and_pressed_ones_do(seed):
    alone = touching_cells(seed, cells=(10, 10), touching=0.0).labels
    assert touches(alone) == 0
    assert connected_components(alone > 0).number == alone.max() == 10
    pressed = touching_cells(seed, cells=(10, 10), touching=1.0).labels
    assert touches(pressed) >= pressed.max() - 1
    assert connected_components(pressed > 0).number < pressed.max() / 2


def test_a_seed_repeats_and_another_differs():
    first, again, other = touching_cells(5), touching_cells(5), touching_cells(6)
    assert np.array_equal(first.image, again.image)
    assert np.array_equal(first.labels, again.labels)
    assert not np.array_equal(first.image, other.image)
    generated = touching_cells(np.random.default_rng(5))
    assert np.array_equal(generated.image, first.image)


def test_data_sets_and_splits():
    images, labels = cell_dataset(3, seed=8, shape=(64, 96), cells=(2, 4))
    assert images.shape == labels.shape == (3, 64, 96)
    single = touching_cells(9, shape=(64, 96), cells=(2, 4))
    assert np.array_equal(images[1], single.image) and np.array_equal(labels[1], single.labels)
    firsts = sorted(SPLIT_SEEDS.values())
    assert all(b - a >= MAX_SPLIT_SIZE for a, b in itertools.pairwise(firsts))
    assert np.array_equal(load_cells("train", 2).images[0], touching_cells(firsts[0]).image)
    assert np.array_equal(load_cells("test", 2).labels, load_cells("test", 3).labels[:2])


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_brightness_differs_from_cell_to_cell_and_from_the_background(seed):
    image, labels = touching_cells(seed, cells=(14, 14), unevenness=0.0)
    means = ndimage.mean(image, labels, np.arange(1, labels.max() + 1))
    assert means.max() > 1.5 * means.min()
    assert means.min() > 1.3 * image[labels == 0].mean()


def test_settings_change_what_they_say():
    def noise(**options):
        image, labels = touching_cells(3, unevenness=0, **options)
        far = ndimage.distance_transform_edt(labels == 0) > 25
        return image[far].std() if far.any() else image[labels == 0].std()

    assert noise(photons=15.0) > 1.5 * noise(photons=240.0)
    assert noise(read_noise=8.0) > 1.5 * noise(read_noise=0.0)
    image, labels = touching_cells(3, unevenness=0.9)
    flat = touching_cells(3, unevenness=0.0).image
    corners = [np.s_[:40, :40], np.s_[:40, -40:], np.s_[-40:, :40], np.s_[-40:, -40:]]

    def spread(picture):
        dark = [picture[c][labels[c] == 0].mean() for c in corners]
        return max(dark) - min(dark)

    assert spread(image) > 1.5 * spread(flat)
    sharp, soft = (
        np.abs(np.diff(touching_cells(3, blur=b, photons=5000).image.astype(int))).mean()
        for b in (0.0, 3.0)
    )
    assert sharp > 1.2 * soft


def test_touching_cells_are_merged_by_a_threshold_and_mostly_cut_by_a_watershed(book_images):
    merged, cut, found, overlap = [], [], [], []
    for image, labels in zip(*book_images, strict=True):
        mask = image > otsu(image)
        components = connected_components(mask, min_size=20).labels
        separated = separate_touching(mask, min_size=20).labels
        merged.append(abs(count_error(components, labels)))
        cut.append(abs(count_error(separated, labels)))
        found.append((object_f1(components, labels), object_f1(separated, labels)))
        overlap.append(iou(mask, labels > 0))
    assert np.mean(merged) > 4 * np.mean(cut)
    assert 0.2 < np.mean(cut) < 3
    low, high = np.mean(found, axis=0)
    assert low < 0.6 < 0.75 < high < 0.95
    assert 0.75 < np.mean(overlap) < 0.9


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"shape": (16, 128)}, ValueError, "shape"),
        ({"shape": 128}, TypeError, "shape must be a pair"),
        ({"cells": (3, 5, 7)}, TypeError, "cells must be a pair"),
        ({"cells": (5, 3)}, ValueError, "cells"),
        ({"cells": (0, 3)}, ValueError, "cells"),
        ({"radius": (9.0, 7.0)}, ValueError, "radius"),
        ({"radius": (9.0, 60.0)}, ValueError, "radius"),
        ({"touching": 1.5}, ValueError, "touching"),
        ({"unevenness": -0.1}, ValueError, "unevenness"),
        ({"blur": -1.0}, ValueError, "blur"),
        ({"photons": 0.0}, ValueError, "photons"),
        ({"read_noise": -1.0}, ValueError, "read_noise"),
        ({"overlap": (0.3, 0.2)}, ValueError, "overlap"),
        ({"overlap": (0.3, 0.6)}, ValueError, "overlap"),
        ({"brightness": (0.0, 1.0)}, ValueError, "brightness"),
        ({"brightness": 1.0}, TypeError, "brightness must be a pair"),
        ({"defocus": -1.0}, ValueError, "defocus"),
        ({"debris": -1}, ValueError, "debris"),
        ({"haze": -0.1}, ValueError, "haze"),
    ],
)
def test_bad_settings_are_refused(options, error, match):
    with pytest.raises(error, match=match):
        touching_cells(0, **options)


def test_bad_splits_are_refused():
    with pytest.raises(ValueError, match="split must be one of 'train'"):
        load_cells("holdout")
    with pytest.raises(ValueError, match="count"):
        load_cells("test", 0)
    with pytest.raises(ValueError, match="seed"):
        cell_dataset(2, seed=-1)
