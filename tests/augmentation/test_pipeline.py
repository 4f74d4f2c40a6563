"""The pipeline: it draws what it promises, and moves image, labels and boxes together."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage import data

from pdl.augmentation import (
    Augmentation,
    box_areas,
    boxes_of_labels,
    flip_horizontal,
    flip_vertical,
    image_centre,
    warp_boxes,
    warp_image,
    warp_labels,
)

QUICK = settings(deadline=None, max_examples=30)
ALL = Augmentation(
    rotation=180, shift=0.1, scale=0.2, flip_horizontal=True, flip_vertical=True, crop=(40, 48),
    noise=0.05, blur=1.0, brightness=0.1, contrast=0.2, saturation=0.3,
)  # fmt: skip


def drawn(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def matrices(pipeline: Augmentation, shape: tuple[int, ...], number: int = 400) -> np.ndarray:
    rng = drawn()
    return np.stack([pipeline.draw_matrix(rng, shape) for _ in range(number)])


# --- what is drawn


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3), (1, 1), (4, 4, 1)])
def test_the_default_does_nothing(dtype, shape) -> None:
    image = drawn().integers(0, 200, shape).astype(dtype)
    labels, boxes = np.ones(shape[:2], int), [[-0.5, -0.5, 0.5, 0.5]]
    result = Augmentation()(drawn(), image, labels, boxes)
    assert result.image.dtype == dtype
    np.testing.assert_array_equal(result.image, image)
    np.testing.assert_array_equal(result.labels, labels)
    np.testing.assert_array_equal(result.boxes, boxes)
    np.testing.assert_array_equal(result.kept, [0])


def test_angles_fill_their_range() -> None:
    turns = matrices(Augmentation(rotation=30), (21, 31))
    angles = np.degrees(np.arctan2(turns[:, 0, 1], turns[:, 0, 0]))
    assert -30 <= angles.min() < -28 and 28 < angles.max() <= 30
    assert abs(angles.mean()) < 5 * 30 / math.sqrt(3 * len(angles))
    np.testing.assert_allclose(np.linalg.det(turns), 1)
    centre = np.array([*image_centre((21, 31)), 1])
    np.testing.assert_allclose(turns @ centre, np.tile(centre, (len(turns), 1)), atol=1e-9)


def test_shifts_are_parts_of_their_own_side() -> None:
    moved = matrices(Augmentation(shift=0.1), (20, 200))
    np.testing.assert_array_equal(moved[:, :2, :2], np.tile(np.eye(2), (len(moved), 1, 1)))
    dx, dy = moved[:, 0, 2], moved[:, 1, 2]
    assert 19 < dx.max() <= 20 and -20 <= dx.min() < -19
    assert 1.9 < dy.max() <= 2 and -2 <= dy.min() < -1.9
    assert abs(np.corrcoef(dx, dy)[0, 1]) < 5 / math.sqrt(len(moved))


def test_scales_fill_their_range_about_the_centre() -> None:
    moved = matrices(Augmentation(scale=0.25), (21, 31))
    factors = moved[:, 0, 0]
    np.testing.assert_array_equal(factors, moved[:, 1, 1])
    assert 0.75 <= factors.min() < 0.76 and 1.24 < factors.max() <= 1.25
    np.testing.assert_allclose(moved @ [15, 10, 1], np.tile([15, 10, 1], (len(moved), 1)))


@pytest.mark.parametrize("name", ["flip_horizontal", "flip_vertical"])
def test_half_of_the_images_are_flipped(name) -> None:
    moved = matrices(Augmentation(**{name: True}), (20, 30))
    flip = flip_horizontal(30) if name == "flip_horizontal" else flip_vertical(20)
    flipped = (moved == flip).all(axis=(1, 2))
    assert (flipped | (moved == np.eye(3)).all(axis=(1, 2))).all()
    assert abs(flipped.mean() - 0.5) < 5 * 0.5 / math.sqrt(len(moved))


def test_flips_are_independent() -> None:
    moved = matrices(Augmentation(flip_horizontal=True, flip_vertical=True), (20, 30))
    assert len({(m[0, 0], m[1, 1]) for m in moved}) == 4


def test_crops_are_windows_at_every_place() -> None:
    image = np.arange(6 * 8).reshape(6, 8)
    places = set()
    rng = drawn()
    for _ in range(300):
        window = Augmentation(crop=(4, 5))(rng, image).image
        top, left = divmod(int(window[0, 0]), 8)
        np.testing.assert_array_equal(window, image[top : top + 4, left : left + 5])
        places.add((top, left))
    assert places == {(top, left) for top in range(3) for left in range(4)}


def test_geometry_in_the_order_that_is_promised() -> None:
    """Flip, scale and turn keep the centre; then come the shift and the crop."""
    shape = (40, 60)
    strong = Augmentation(
        rotation=90, shift=0.2, scale=0.5, flip_horizontal=True, flip_vertical=True, crop=(20, 30)
    )
    centre = np.array([*image_centre(shape), 1])
    only_shift, only_crop = Augmentation(shift=0.2), Augmentation(crop=(20, 30))
    for seed in range(20):
        shift = only_shift.draw_matrix(drawn(seed), shape)
        crop = only_crop.draw_matrix(drawn(seed), shape)
        moved = strong.draw_matrix(drawn(seed), shape) @ centre
        np.testing.assert_allclose(moved, crop @ shift @ centre, atol=1e-9)


def test_one_change_more_leaves_the_others_as_they_were() -> None:
    photo = data.astronaut()[:64, :64]
    turned = Augmentation(rotation=20, shift=0.1)
    with_flips = dataclasses.replace(turned, flip_horizontal=True)
    same = [
        np.array_equal(
            turned.draw_matrix(drawn(s), (64, 64)), with_flips.draw_matrix(drawn(s), (64, 64))
        )
        for s in range(40)
    ]
    assert 5 < sum(same) < 35
    bright = dataclasses.replace(turned, brightness=0.1)
    noisy = dataclasses.replace(bright, noise=1e-9)
    for seed in range(5):
        np.testing.assert_array_equal(
            noisy(drawn(seed), photo).image, bright(drawn(seed), photo).image
        )


@pytest.mark.parametrize(
    "more",
    [
        dict(rotation=20), dict(shift=0.1), dict(scale=0.1), dict(flip_horizontal=True),
        dict(flip_vertical=True), dict(crop=(3, 4)), dict(blur=1), dict(noise=1e-9),
        dict(contrast=0.3), dict(saturation=0.3), dict(boundary="nearest"), dict(min_visible=0.5),
    ],
)  # fmt: skip
def test_the_brightness_drawn_does_not_depend_on_what_else_is_on(more) -> None:
    gray = np.full((6, 7, 3), 0.5)
    alone, with_more = Augmentation(brightness=0.2), Augmentation(brightness=0.2, **more)
    for seed in range(5):
        expected = alone(drawn(seed), gray).image[0, 0, 0]
        np.testing.assert_allclose(with_more(drawn(seed), gray).image, expected, atol=1e-7)


def levels(pipeline: Augmentation, image: np.ndarray, number: int = 200) -> np.ndarray:
    rng = drawn()
    return np.stack([pipeline(rng, image).image for _ in range(number)])


def test_brightness_contrast_and_saturation_fill_their_ranges() -> None:
    gray = np.full((2, 2), 0.5)
    bright = levels(Augmentation(brightness=0.2), gray)[:, 0, 0]
    assert 0.3 <= bright.min() < 0.32 and 0.68 < bright.max() <= 0.7
    step = np.array([[0.4, 0.6]])
    contrast = levels(Augmentation(contrast=0.5), step) @ [[-5], [5]]
    assert 0.5 - 1e-6 <= contrast.min() < 0.52 and 1.48 < contrast.max() <= 1.5 + 1e-6
    pink = np.array([[[0.6, 0.4, 0.5]]])
    saturation = np.ptp(levels(Augmentation(saturation=0.5), pink), axis=-1) * 5
    assert 0.5 - 1e-6 <= saturation.min() < 0.52 and 1.48 < saturation.max() <= 1.5 + 1e-6


def test_noise_and_blur_fill_their_ranges() -> None:
    gray = np.full((60, 60), 0.5)
    deviation = levels(Augmentation(noise=0.1), gray, 150).std(axis=(1, 2))
    assert deviation.min() < 0.005 and 0.095 < deviation.max() < 0.105
    spot = np.zeros((31, 31))
    spot[15, 15] = 1.0
    heights = levels(Augmentation(blur=2.0), spot, 150).max(axis=(1, 2))
    assert heights.max() == pytest.approx(1)
    assert heights.min() == pytest.approx(1 / (2 * np.pi * 2.0**2), rel=0.1)


def test_noise_comes_last() -> None:
    """Neighbouring pixels are independent: neither blur nor interpolation smooths the noise."""
    gray = np.full((80, 80), 0.5)
    pipeline = Augmentation(rotation=180, blur=3.0, noise=0.2)
    for seed in range(5):
        noise = pipeline(drawn(seed), gray).image - 0.5
        together = np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())[0, 1]
        assert abs(together) < 5 / 80


def test_colour_comes_before_the_border_is_made_up() -> None:
    """Black beyond the border stays black, and does not darken the mean that contrast keeps."""
    gray = np.full((40, 40), 0.4)
    pipeline = Augmentation(shift=0.5, brightness=0.3, contrast=1, boundary="zero")
    values = np.unique(pipeline(drawn(1), gray).image.round(6))
    bright = np.unique(dataclasses.replace(pipeline, shift=0)(drawn(1), gray).image.round(6))
    assert values[0] == 0 and values[-1] == bright[0] != 0.4


# --- image, labels and boxes together


def test_image_labels_and_boxes_move_by_the_matrix_that_is_drawn() -> None:
    photo = data.astronaut()[:64, :80]
    labels = np.zeros((64, 80), np.int32)
    labels[10:20, 30:45], labels[40:60, 5:15] = 1, 2
    boxes = boxes_of_labels(labels)
    for boundary in ("zero", "nearest", "reflect", "wrap"):
        pipeline = Augmentation(
            rotation=180, shift=0.4, scale=0.3, flip_vertical=True, crop=(50, 60),
            boundary=boundary, min_visible=0.3,
        )  # fmt: skip
        counts = set()
        for seed in range(12):
            matrix = pipeline.draw_matrix(drawn(seed), photo.shape)
            result = pipeline(drawn(seed), photo, labels, boxes)
            expected = warp_image(photo, matrix, (50, 60), boundary)
            np.testing.assert_array_equal(result.image, expected)
            np.testing.assert_array_equal(
                result.labels, warp_labels(labels, matrix, (50, 60), boundary)
            )
            moved = warp_boxes(boxes, matrix, (50, 60), 0.3)
            np.testing.assert_array_equal(result.boxes, moved.boxes)
            np.testing.assert_array_equal(result.kept, moved.kept)
            counts.add(len(moved.kept))
        assert len(counts) > 1


@QUICK
@given(
    seed=st.integers(0, 10_000), boundary=st.sampled_from(["zero", "nearest", "reflect", "wrap"])
)
def test_each_label_still_names_the_pixels_it_named(seed, boundary) -> None:
    """Away from the borders between labels, the image shows the colour of the label there."""
    colours = np.array([[0, 0, 0], [200, 30, 90], [20, 250, 130], [90, 60, 240]], np.uint8)
    labels = np.kron(drawn(seed).integers(0, 4, (5, 6)), np.ones((12, 12), int))
    pipeline = Augmentation(
        rotation=180, shift=0.3, scale=0.2, flip_horizontal=True, boundary=boundary
    )
    result = pipeline(drawn(seed), colours[labels], labels)
    lowest = ndimage.minimum_filter(result.labels, 5, mode="constant", cval=-1)
    uniform = lowest == ndimage.maximum_filter(result.labels, 5)
    assert uniform.mean() > 0.1
    np.testing.assert_array_equal(result.image[uniform], colours[result.labels[uniform]])


@QUICK
@given(seed=st.integers(0, 10_000))
def test_moved_objects_lie_in_their_moved_boxes(seed) -> None:
    labels = np.zeros((60, 60), np.int32)
    labels[8:20, 30:41], labels[35:50, 12:30] = 1, 2
    pipeline = Augmentation(rotation=180, shift=0.2, scale=0.3, flip_vertical=True, boundary="zero")
    result = pipeline(drawn(seed), labels.astype(np.uint8), labels, boxes_of_labels(labels))
    for (x_min, y_min, x_max, y_max), which in zip(result.boxes, result.kept, strict=True):
        rows, columns = np.nonzero(result.labels == which + 1)
        assert ((columns >= x_min) & (columns <= x_max)).all()
        assert ((rows >= y_min) & (rows <= y_max)).all()
        assert (result.image[rows, columns] > 0).mean() > 0.8 if len(rows) > 30 else True
    assert set(np.unique(result.labels)) - {0} <= {which + 1 for which in result.kept}
    assert (box_areas(result.boxes) > 0).all()


def test_what_is_not_given_does_not_come_back() -> None:
    result = ALL(drawn(), data.astronaut()[:64, :64])
    assert result.labels is None and result.boxes is None and result.kept is None
    assert result.image.shape == (40, 48, 3) and result.image.dtype == np.uint8
    no_boxes = ALL(drawn(), data.astronaut()[:64, :64], boxes=[])
    assert no_boxes.boxes.shape == (0, 4) and no_boxes.kept.shape == (0,)


def test_labels_and_boxes_do_not_change_what_is_drawn() -> None:
    photo = data.astronaut()[:64, :64]
    labels = np.ones((64, 64), int)
    alone = ALL(drawn(4), photo).image
    np.testing.assert_array_equal(ALL(drawn(4), photo, labels, [[0, 0, 9, 9]]).image, alone)


def test_one_seed_one_result_and_nothing_put_in_is_altered() -> None:
    photo, labels = data.astronaut()[:64, :64], np.ones((64, 64), int)
    boxes = np.array([[0.0, 0, 9, 9]])
    before = photo.copy(), labels.copy(), boxes.copy()
    first, again = ALL(drawn(7), photo, labels, boxes), ALL(drawn(7), photo, labels, boxes)
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(first.image, ALL(drawn(8), photo).image)
    for one, other in zip(before, (photo, labels, boxes), strict=True):
        np.testing.assert_array_equal(one, other)


# --- batches


@pytest.mark.parametrize("shape", [(3, 50, 60, 3), (3, 50, 60), (1, 50, 60, 1)])
def test_a_batch_is_one_call_after_the_other(shape) -> None:
    pipeline = ALL if shape[-1] == 3 else dataclasses.replace(ALL, saturation=0)
    images = drawn().integers(0, 256, shape).astype(np.uint8)
    rng = drawn(5)
    expected = np.stack([pipeline(rng, image).image for image in images])
    batch = pipeline.augment_batch(drawn(5), images)
    np.testing.assert_array_equal(batch, expected)
    assert batch.shape == (shape[0], 40, 48, *shape[3:]) and batch.dtype == np.uint8


def test_each_image_of_a_batch_is_changed_differently() -> None:
    images = np.tile(data.astronaut()[:32, :32], (6, 1, 1, 1))
    batch = Augmentation(rotation=180).augment_batch(drawn(), images)
    assert len({image.tobytes() for image in batch}) == 6


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_stay_in_range(dtype) -> None:
    images = drawn().random((8, 40, 48, 3)).astype(dtype)
    batch = ALL.augment_batch(drawn(), images)
    assert batch.dtype == dtype and batch.min() >= 0 and batch.max() <= 1


# --- what is refused


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (dict(rotation=-10), ValueError, "rotation must be 0 or greater"),
        (dict(shift=-0.1), ValueError, "shift must be 0 or greater"),
        (dict(noise=-0.1), ValueError, "noise must be 0 or greater"),
        (dict(blur=-1), ValueError, "blur must be 0 or greater"),
        (dict(brightness=-0.1), ValueError, "brightness must be 0 or greater"),
        (dict(scale=1.0), ValueError, "scale must be below 1"),
        (dict(scale=1.5), ValueError, "scale must lie between 0 and 1"),
        (dict(contrast=1.5), ValueError, "contrast must lie between 0 and 1"),
        (dict(saturation=-0.5), ValueError, "saturation must lie between 0 and 1"),
        (dict(min_visible=1), ValueError, "min_visible must be below 1"),
        (dict(boundary="mirror"), ValueError, "boundary must be one of"),
        (dict(crop=(0, 3)), ValueError, "crop must be 1 or greater"),
        (dict(crop=(4, 4, 3)), ValueError, r"crop must be \(height, width\)"),
        (dict(crop=4), ValueError, "crop must be"),
        (dict(crop=(0.5, 0.5)), TypeError, "crop must be an integer"),
        (dict(rotation="10"), TypeError, "rotation must be a number"),
        (dict(flip_horizontal=1), TypeError, "flip_horizontal must be True or False"),
        (dict(flip_vertical=0.5), TypeError, "flip_vertical must be True or False"),
    ],
)
def test_a_pipeline_is_checked_when_it_is_written(arguments, error, words) -> None:
    with pytest.raises(error, match=words):
        Augmentation(**arguments)


def test_calls_refuse() -> None:
    image = np.zeros((6, 6), np.uint8)
    with pytest.raises(TypeError, match="rng must be a numpy"):
        Augmentation()(0, image)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"image of shape \(6, 6\) is smaller than the crop"):
        Augmentation(crop=(4, 7))(drawn(), image)
    with pytest.raises(ValueError, match=r"labels and image.*\(5, 6\) and \(6, 6\)"):
        Augmentation()(drawn(), image, np.zeros((5, 6), int))
    with pytest.raises(TypeError, match="labels must hold booleans or integers"):
        Augmentation()(drawn(), image, np.zeros((6, 6)))
    with pytest.raises(ValueError, match="three channels"):
        Augmentation(saturation=0.5)(drawn(), image)
    with pytest.raises(TypeError, match="image must be uint8"):
        Augmentation(brightness=0.5)(drawn(), image.astype(int))
    with pytest.raises(ValueError, match=r"images must have shape \(N, H, W, C\)"):
        Augmentation().augment_batch(drawn(), image)
    with pytest.raises(ValueError, match=r"\(6, 6, 3\) look like one colour image, not a batch"):
        Augmentation().augment_batch(drawn(), np.zeros((6, 6, 3), np.uint8))
    with pytest.raises(ValueError, match="images must not be empty"):
        Augmentation().augment_batch(drawn(), np.zeros((0, 6, 6, 3)))
    with pytest.raises(dataclasses.FrozenInstanceError):
        Augmentation().rotation = 3  # type: ignore[misc]
