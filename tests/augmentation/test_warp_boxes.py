"""Moved boxes: they hold the moved objects, exactly where the move allows it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdl.augmentation import (
    box_areas,
    boxes_of_labels,
    flip_horizontal,
    flip_vertical,
    image_centre,
    rotation,
    scaling,
    translation,
    warp_boxes,
    warp_labels,
    warp_points,
)

QUICK = settings(deadline=None, max_examples=80)
SIDE = 40
WIDE = (10_000, 10_000)  # an image in which nothing is clipped, once moved to its middle


@st.composite
def objects(draw, margin: int = 0):
    """A mask with one irregular object: a rectangle of which pixels are missing."""
    seed, filled = draw(st.integers(0, 9999)), draw(st.sampled_from([0.1, 0.5, 1.0]))
    top, left = (draw(st.integers(margin, SIDE - 10 - margin)) for _ in range(2))
    height, width = (draw(st.integers(1, 9)) for _ in range(2))
    mask = np.zeros((SIDE, SIDE), np.int32)
    mask[top : top + height, left : left + width] = (
        np.random.default_rng(seed).random((height, width)) < filled
    )
    mask[top, left] = 1
    return mask


@st.composite
def rectangles(draw):
    mask = np.zeros((SIDE, SIDE), np.int32)
    top, left = (draw(st.integers(0, SIDE - 1)) for _ in range(2))
    mask[top : top + draw(st.integers(1, 15)), left : left + draw(st.integers(1, 15))] = 1
    return mask


@st.composite
def axis_parallel_moves(draw):
    """Whole pixels, flips and quarter turns, in any order."""
    choices = {
        "turn": lambda: rotation(90 * draw(st.integers(-3, 3)), image_centre((SIDE, SIDE))),
        "left-right": lambda: flip_horizontal(SIDE),
        "top-bottom": lambda: flip_vertical(SIDE),
        "shift": lambda: translation(draw(st.integers(-25, 25)), draw(st.integers(-25, 25))),
    }
    matrix = np.eye(3)
    for name in draw(st.lists(st.sampled_from(sorted(choices)), max_size=4)):
        matrix = choices[name]() @ matrix
    return matrix


@st.composite
def oblique_moves(draw, smallest: float = 0.5):
    centre = image_centre((SIDE, SIDE))
    turn = rotation(draw(st.floats(-180, 180)), centre)
    shift = translation(draw(st.floats(-10, 10)), draw(st.floats(-10, 10)))
    matrix = shift @ turn @ scaling(draw(st.floats(smallest, 2)), centre)
    return matrix @ flip_horizontal(SIDE) if draw(st.booleans()) else matrix


def unclipped(boxes, matrix):
    """The moved boxes as they are, by way of an image so large that nothing is cut off."""
    moved = warp_boxes(boxes, translation(5000, 5000) @ matrix, WIDE).boxes
    return moved - 5000


@QUICK
@given(mask=rectangles(), matrix=axis_parallel_moves())
def test_axis_parallel_moves_are_exact(mask, matrix) -> None:
    """The box of the moved rectangle is the moved box, clipped; and it goes when that goes."""
    moved_mask = warp_labels(mask, matrix)
    moved = warp_boxes(boxes_of_labels(mask), matrix, mask.shape)
    np.testing.assert_array_equal(moved.boxes, boxes_of_labels(moved_mask))
    assert moved.kept.tolist() == ([0] if moved_mask.any() else [])
    assert box_areas(moved.boxes).sum() == np.count_nonzero(moved_mask)


@QUICK
@given(mask=objects(), matrix=axis_parallel_moves())
def test_axis_parallel_moves_of_irregular_objects(mask, matrix) -> None:
    """What the border cuts off can only make the object's own box smaller."""
    boxes = boxes_of_labels(mask)
    room, wide = translation(3 * SIDE, 3 * SIDE) @ matrix, (7 * SIDE, 7 * SIDE)
    full = boxes_of_labels(warp_labels(mask, room, shape=wide))
    np.testing.assert_array_equal(warp_boxes(boxes, room, wide).boxes, full)
    cut = boxes_of_labels(warp_labels(mask, matrix))
    moved = warp_boxes(boxes, matrix, mask.shape).boxes
    if len(cut):
        assert (moved[:, :2] <= cut[:, :2]).all() and (cut[:, 2:] <= moved[:, 2:]).all()


@QUICK
@given(mask=objects(margin=5), matrix=oblique_moves())
def test_the_moved_object_lies_inside_the_moved_box(mask, matrix) -> None:
    """Each pixel centre of it does; its own box reaches half a pixel farther at most."""
    moved_mask = warp_labels(mask, translation(40, 40) @ matrix, shape=(120, 120))
    (x_min, y_min, x_max, y_max), rounding = unclipped(boxes_of_labels(mask), matrix)[0], 1e-9
    rows, columns = np.nonzero(moved_mask)
    x, y = columns - 40, rows - 40
    assert ((x_min - rounding <= x) & (x <= x_max + rounding)).all()
    assert ((y_min - rounding <= y) & (y <= y_max + rounding)).all()
    for own in boxes_of_labels(moved_mask) - 40:
        assert (own[:2] >= np.array([x_min, y_min]) - 0.5 - rounding).all()
        assert (own[2:] <= np.array([x_max, y_max]) + 0.5 + rounding).all()


@QUICK
@given(matrix=oblique_moves(smallest=1.0), height=st.integers(4, 15), width=st.integers(4, 15))
def test_the_moved_box_is_tight_around_a_rectangle(matrix, height, width) -> None:
    """No more than a pixel on each side is air: a corner may fall between the pixel centres."""
    mask = np.zeros((SIDE, SIDE), np.int32)
    mask[12 : 12 + height, 9 : 9 + width] = 1
    moved_mask = warp_labels(mask, translation(40, 40) @ matrix, shape=(140, 140))
    own = boxes_of_labels(moved_mask) - 40
    assert np.abs(own - unclipped(boxes_of_labels(mask), matrix)).max() <= 1 + 1e-9


@QUICK
@given(matrix=oblique_moves(), x=st.floats(0, 30), y=st.floats(0, 30))
def test_the_box_is_the_smallest_around_its_corners(matrix, x, y) -> None:
    box = np.array([[x, y, x + 5, y + 3]])
    corners = warp_points([[x, y], [x + 5, y], [x + 5, y + 3], [x, y + 3]], matrix)
    expected = [*corners.min(axis=0), *corners.max(axis=0)]
    np.testing.assert_allclose(unclipped(box, matrix)[0], expected, atol=1e-8)


def test_by_hand() -> None:
    # Columns 2…5 and rows 1…2 of an image of 8 columns and 6 rows.
    box = [[1.5, 0.5, 5.5, 2.5]]
    for matrix, expected in (
        (np.eye(3), [1.5, 0.5, 5.5, 2.5]),
        (translation(1, 2), [2.5, 2.5, 6.5, 4.5]),
        (translation(-3, -1), [-0.5, -0.5, 2.5, 1.5]),
        (flip_horizontal(8), [1.5, 0.5, 5.5, 2.5]),
        (flip_vertical(6), [1.5, 2.5, 5.5, 4.5]),
        (translation(0, 7) @ rotation(90, (0, 0)), [0.5, 1.5, 2.5, 5.5]),
        (scaling(0.5, (-0.5, -0.5)), [0.5, 0, 2.5, 1]),
    ):
        np.testing.assert_array_equal(warp_boxes(box, matrix, (6, 8)).boxes, [expected])


def test_a_square_at_45_degrees_needs_twice_the_area_and_more_on_the_way_back() -> None:
    square = [[20.0, 20.0, 30.0, 30.0]]
    there = warp_boxes(square, rotation(45, (25, 25)), (50, 50)).boxes
    assert box_areas(there)[0] == pytest.approx(200)
    back = warp_boxes(there, rotation(-45, (25, 25)), (50, 50)).boxes
    assert box_areas(back)[0] == pytest.approx(400)


def test_min_visible_compares_with_the_moved_area() -> None:
    # 10 pixels wide, moved so that 5 and then 2 columns stay inside.
    box = [[-0.5, -0.5, 9.5, 9.5]]
    for dx, visible in ((15, 0.5), (18, 0.2), (-5, 0.5), (-8, 0.2)):
        for least, kept in ((visible - 0.01, [0]), (visible, []), (visible + 0.01, [])):
            moved = warp_boxes(box, translation(dx, 0), (20, 20), min_visible=least)
            assert moved.kept.tolist() == kept, (dx, least)
    # A quarter of it stays in the corner; twice as large, its area counts as it is then.
    corner = translation(-5, -5)
    assert warp_boxes(box, corner, (20, 20), 0.24).kept.tolist() == [0]
    assert warp_boxes(box, corner, (20, 20), 0.26).kept.tolist() == []
    enlarged = scaling(2, (-0.5, -0.5))
    assert warp_boxes(box, enlarged, (10, 10), 0.24).kept.tolist() == [0]
    assert warp_boxes(box, enlarged, (10, 10), 0.26).kept.tolist() == []


def test_only_what_is_kept_comes_back_and_classes_follow() -> None:
    boxes = np.array([[0, 0, 4, 4], [30, 0, 34, 4], [10, 10, 14, 14], [0, 30, 4, 34.0]])
    classes = np.array(["a", "b", "c", "d"])
    moved = warp_boxes(boxes, translation(8, 0), (40, 40))
    assert classes[moved.kept].tolist() == ["a", "b", "c", "d"]
    moved = warp_boxes(boxes, translation(-8, 0), (40, 40))
    assert classes[moved.kept].tolist() == ["b", "c"]
    np.testing.assert_array_equal(moved.boxes, [[22, 0, 26, 4], [2, 10, 6, 14]])
    assert moved.kept.dtype == np.int64 and moved.boxes.dtype == np.float64


def test_touching_the_border_from_outside_is_not_inside() -> None:
    box = [[0, 0, 4, 4]]
    assert len(warp_boxes(box, translation(-4.5, 0), (9, 9)).kept) == 0
    assert len(warp_boxes(box, translation(-4.4, 0), (9, 9)).kept) == 1
    assert len(warp_boxes(box, translation(8.5, 0), (9, 9)).kept) == 0
    assert len(warp_boxes(box, translation(0, 8.4), (9, 9, 3)).kept) == 1


def test_no_boxes_and_boxes_of_no_area() -> None:
    none = warp_boxes([], rotation(10, (0, 0)), (9, 9))
    assert none.boxes.shape == (0, 4) and none.kept.shape == (0,)
    assert warp_boxes([[3, 3, 3, 5]], np.eye(3), (9, 9)).kept.tolist() == []


def test_the_boxes_put_in_are_left_alone() -> None:
    boxes = np.array([[-5.0, 0, 4, 4]])
    warp_boxes(boxes, np.eye(3), (9, 9)).boxes[:] = 0
    np.testing.assert_array_equal(boxes, [[-5, 0, 4, 4]])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (dict(boxes=[[4, 0, 0, 4]]), "box 0 is .* no maximum|no maximum below its minimum"),
        (dict(boxes=[0, 0, 4, 4]), r"boxes must have shape \(N, 4\)"),
        (dict(matrix=np.eye(2)), r"matrix must have shape \(3, 3\)"),
        (dict(matrix=np.diag([0, 1, 1])), "matrix must have an inverse"),
        (dict(shape=(9,)), r"shape must be \(H, W\)"),
        (dict(min_visible=1), "min_visible must be below 1"),
        (dict(min_visible=-0.1), "min_visible must lie between 0 and 1"),
    ],
)
def test_warp_boxes_refuses(arguments, words) -> None:
    good = dict(boxes=[[0, 0, 4, 4]], matrix=np.eye(3), shape=(9, 9))
    with pytest.raises(ValueError, match=words):
        warp_boxes(**{**good, **arguments})
