"""Crops of cells: what is cut out for a box, what is left out, and folds that do not leak."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdl.data.formats.voc import BoxedImage
from pdl.experiments.blood.crops import (
    MARGIN,
    choose,
    crop_cells,
    cut_out,
    folds_by_image,
    load_cell_crops,
    resize,
    square_around,
)

# square_around: VOC counts from 1, both ends inclusive


@pytest.mark.parametrize(
    ("box", "margin", "expected"),
    [
        ([1, 1, 10, 10], 1.0, (0, 0, 10)),  # the ten first rows and columns
        ([5, 3, 14, 12], 1.0, (2, 4, 10)),
        ([1, 1, 10, 4], 1.0, (-3, 0, 10)),  # flat: rows 0…3 in the middle of the ten
        ([1, 1, 4, 10], 1.0, (0, -3, 10)),  # high
        ([21, 21, 40, 40], 1.25, (17, 17, 25)),
        ([631, 471, 640, 480], 1.2, (469, 629, 12)),
    ],
)
def test_the_square_around_a_box(box, margin, expected):
    assert square_around(box, margin) == expected


@given(
    st.tuples(*[st.integers(1, 600)] * 4).filter(lambda box: box[0] < box[2] and box[1] < box[3]),
    st.floats(1, 2),
)
@settings(deadline=None, max_examples=100)
def test_the_square_holds_the_box_in_its_middle(box, margin):
    x_min, y_min, x_max, y_max = box
    row, column, side = square_around(box, margin)
    longer = max(x_max - x_min, y_max - y_min) + 1
    assert margin * longer - 1e-6 <= side < margin * longer + 1
    for first, low, high in ((column, x_min - 1, x_max), (row, y_min - 1, y_max)):
        before, after = low - first, first + side - high
        assert min(before, after) >= 0
        assert before - after in (0, 1)


@pytest.mark.parametrize("box", [[5, 5, 5, 9], [5, 5, 9, 5], [9, 5, 5, 9]])
def test_a_box_without_area_is_refused(box):
    with pytest.raises(ValueError, match="box must have an area"):
        square_around(box)


# cut_out


def test_inside_the_image_a_crop_is_a_slice():
    image = np.random.default_rng(0).integers(256, size=(20, 30, 3)).astype(np.uint8)
    np.testing.assert_array_equal(cut_out(image, 3, 5, 7), image[3:10, 5:12])


@given(st.integers(-25, 25), st.integers(-25, 25), st.integers(1, 10))
@settings(deadline=None, max_examples=60)
def test_beyond_the_border_the_image_is_mirrored(row, column, side):
    image = np.random.default_rng(1).integers(256, size=(11, 14, 3)).astype(np.uint8)
    padded = np.pad(image, [(40, 40), (40, 40), (0, 0)], mode="symmetric")
    found = cut_out(image, row, column, side)
    expected = padded[row + 40 : row + 40 + side, column + 40 : column + 40 + side]
    np.testing.assert_array_equal(found, expected)


# resize


def test_shrinking_does_not_alias():
    stripes = np.zeros((256, 256, 3), np.uint8)
    stripes[:, ::2] = 255
    inner = resize(stripes, 64)[:, 2:-2].astype(int)
    assert abs(inner - 127.5).max() <= 2  # every second column would be all black or all white
    assert np.unique(stripes[::4, ::4]).tolist() == [255]  # as every fourth is


def test_resizing_keeps_rows_columns_and_channels_in_place():
    image = np.zeros((40, 40, 3), np.uint8)
    image[:20, 20:, 1] = 200  # upper right, green
    small = resize(image, 10)
    assert small.shape == (10, 10, 3) and small.dtype == np.uint8
    assert small[2, 7].tolist() == [0, 200, 0]
    assert not small[7].any() and not small[:, 2].any() and not small[..., [0, 2]].any()


# crop_cells


def smear(boxes, labels, value=0):
    image = np.full((60, 80, 3), value, np.uint8)
    for (x_min, y_min, x_max, y_max), label in zip(boxes, labels, strict=True):
        image[y_min - 1 : y_max, x_min - 1 : x_max] = 50 + 100 * label
    return BoxedImage(image, np.array(boxes, np.float64).reshape(-1, 4), np.array(labels, np.int64))


def test_crops_know_their_class_and_their_image():
    smears = [
        smear([(11, 11, 30, 30), (50, 40, 61, 51)], [1, 0]),
        smear([], []),
        smear([(1, 1, 12, 12)], [2]),  # at the border
    ]
    crops, left_out = crop_cells(smears, margin=1.0, size=16)
    assert left_out == 0
    assert crops.labels.tolist() == [1, 0, 2]
    assert crops.smears.tolist() == [0, 0, 2]
    assert crops.images.shape == (3, 16, 16, 3)
    # Cut to the pixel: nothing but the cell's own value in any of them.
    for image, value in zip(crops.images, (150, 50, 250), strict=True):
        assert np.unique(image).tolist() == [value]


def test_a_box_one_pixel_off_would_show_the_background():
    crops, _ = crop_cells([smear([(11, 11, 26, 26)], [1])], margin=20 / 16, size=20)
    expected = np.zeros((20, 20), bool)
    expected[2:18, 2:18] = True
    np.testing.assert_array_equal(crops.images[0, ..., 0] == 150, expected)


def test_boxes_without_area_are_left_out_and_counted():
    smears = [smear([(11, 11, 30, 30), (7, 7, 7, 7), (5, 9, 9, 9)], [1, 0, 0])]
    crops, left_out = crop_cells(smears)
    assert left_out == 2
    assert crops.labels.tolist() == [1]


def test_no_crops_have_a_shape_too():
    crops, left_out = crop_cells([smear([(7, 7, 7, 7)], [0])], size=8)
    assert left_out == 1
    assert crops.images.shape == (0, 8, 8, 3)
    assert crops.labels.shape == crops.smears.shape == (0,)


# choose and folds


def test_choose_draws_so_many_of_each_class_once():
    labels = np.random.default_rng(0).integers(3, size=100)
    chosen = choose(labels, (5, 0, 7), np.random.default_rng(1))
    assert np.bincount(labels[chosen], minlength=3).tolist() == [5, 0, 7]
    assert len(np.unique(chosen)) == 12 and (np.diff(chosen) > 0).all()
    np.testing.assert_array_equal(chosen, choose(labels, (5, 0, 7), np.random.default_rng(1)))
    assert not np.array_equal(chosen, choose(labels, (5, 0, 7), np.random.default_rng(2)))
    everything = choose(labels, np.bincount(labels).tolist(), np.random.default_rng(0))
    np.testing.assert_array_equal(everything, np.arange(100))
    with pytest.raises(ValueError, match=r"counts\[1\] must be"):
        choose(labels, (1, 90, 1), np.random.default_rng(0))


@given(st.lists(st.integers(0, 30), min_size=1, max_size=200), st.integers(2, 6), st.integers(0, 9))
@settings(deadline=None, max_examples=60)
def test_an_image_lies_in_one_fold_and_folds_are_equally_large(smears, folds, seed):
    images = np.unique(smears)
    if len(images) < folds:
        with pytest.raises(ValueError, match="folds must be"):
            folds_by_image(np.array(smears), folds, seed)
        return
    dealt = folds_by_image(np.array(smears), folds, seed)
    of_image = {}
    for image, fold in zip(smears, dealt.tolist(), strict=True):
        assert of_image.setdefault(image, fold) == fold
    sizes = np.bincount(list(of_image.values()), minlength=folds)
    assert len(sizes) == folds and np.ptp(sizes) <= 1


def test_folds_come_from_the_seed():
    smears = np.repeat(np.arange(40), 3)
    first, again, other = (folds_by_image(smears, 5, seed) for seed in (0, 0, 1))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


# the set at hand


def test_the_crops_of_bccd():
    folder = os.environ.get("PDL_DATA_DIR", "")
    if not folder or not (Path(folder) / "bccd").is_dir():
        pytest.skip(f"the data set bccd is not in PDL_DATA_DIR ({folder or 'not set'})")
    crops, left_out = load_cell_crops()
    assert left_out == 2
    assert np.bincount(crops.labels).tolist() == [4153, 372, 361]
    assert crops.images.shape == (4886, 64, 64, 3)
    assert len(np.unique(crops.smears)) == 364
    assert MARGIN == 1.25
    # White cells and platelets are stained violet: less green than red and blue.
    _, green, blue = crops.images[:, 24:40, 24:40].mean(axis=(1, 2)).T
    violet = [float((blue - green)[crops.labels == each].mean()) for each in range(3)]
    assert violet[0] < 20 < 40 < min(violet[1:])
