"""Regions: basins around markers, and objects that touch."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pdl import segmentation
from pdl.data import load_cells

from ..checking.compare import Mismatch, as_array, expect_close, expect_equal, expect_shape
from ..checking.engine import Exercise

flood = Exercise(
    "segmentation.flood", unlocks="You can now cut a landscape into basins, one for each marker."
)


def _check_flood(answer: Any, heights: list[float], markers: list[int], what: str = "") -> None:
    landscape, seeds = np.array(heights), np.array(markers)
    truth = segmentation.watershed(landscape, seeds)
    got = as_array(answer(landscape, seeds), f"an array of shape {truth.shape}")
    # The summit between two basins may go to either.
    places = np.flatnonzero(seeds)
    expected = truth.copy()
    for left, right in pairwise(places):
        between = np.arange(left + 1, right)
        if len(between):
            summit = between[np.argmax(landscape[between])]
            if got.shape == truth.shape and got[summit] in (seeds[left], seeds[right]):
                expected[summit] = got[summit]
    index = np.arange(len(landscape))
    nearest = seeds[places[np.argmin(np.abs(index[:, np.newaxis] - places), axis=1)]]
    nearest_right = seeds[
        places[::-1][np.argmin(np.abs(index[:, np.newaxis] - places[::-1]), axis=1)]
    ]
    by_distance = "Each pixel got the nearest marker; the heights have to decide."
    filled_from_left = seeds[places[np.maximum(np.searchsorted(places, index, "right") - 1, 0)]]
    mistakes = [
        (nearest, by_distance),
        (nearest_right, by_distance),
        (seeds, "Those are the markers alone: the water has not risen."),
        (filled_from_left, "Each label ran on to the next marker, over the summit between."),
    ]
    # Where a case is tried for another reason, a mistake would be named by chance.
    expect_close(got, expected, what=what, mistakes=() if what else mistakes)


@flood.group("shape")
def _(answer: Any) -> str:
    return expect_shape(answer(np.array([3, 1, 4, 0, 5]), np.array([0, 1, 0, 2, 0])), (5,))


def _random_landscape(rng: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
    """A permutation of 0…23 as heights, and markers at the bottoms of three valleys."""
    heights = rng.permutation(24)
    walled = np.pad(heights, 1, constant_values=24)
    bottoms = np.flatnonzero((heights < walled[:-2]) & (heights < walled[2:]))
    markers = np.zeros(24, dtype=int)
    markers[rng.choice(bottoms, size=3, replace=False)] = [4, 1, 7]
    return heights, markers


@flood.group("values")
def _(answer: Any) -> None:
    _check_flood(answer, [5, 1, 2, 3, 4, 6, 9, 0, 7], [0, 1, 0, 0, 0, 0, 0, 2, 0])
    _check_flood(answer, [2, 9, 3, 4, 5, 6, 1, 8, 0, 7], [1, 0, 0, 0, 0, 0, 2, 0, 3, 0])
    rng = np.random.default_rng(0)
    for _ in range(4):
        heights, markers = _random_landscape(rng)
        _check_flood(answer, heights.tolist(), markers.tolist())


@flood.group("edge cases")
def _(answer: Any) -> None:
    _check_flood(answer, [3, 1, 5, 2], [0, 0, 6, 0], "for one marker, on a summit")
    _check_flood(answer, [1, 5, 2], [1, 0, 2], "for markers at both ends")
    _check_flood(answer, [4], [3], "for one pixel")
    rng = np.random.default_rng(1)
    for what, step, lowest, label in (
        ("for heights below 1", 0.04, 0, 1),
        ("for heights below and above 0", 7, -80, 1),
        ("for heights below 0", 7, -300, 1),
        ("for heights up to 70 000", 3000, 1000, 1),
        ("for labels up to 700", 1, 0, 100),
    ):
        heights, markers = _random_landscape(rng)
        _check_flood(answer, (step * heights + lowest).tolist(), (label * markers).tolist(), what)


count_touching = Exercise(
    "segmentation.count_touching",
    unlocks="You can now count what touches, which no threshold can.",
)


def _discs(centres: list[tuple[int, int]], radius: int = 10) -> NDArray[np.bool_]:
    rows, columns = np.indices((60, 80))
    mask = np.zeros((60, 80), dtype=bool)
    for row, column in centres:
        mask |= (rows - row) ** 2 + (columns - column) ** 2 <= radius**2
    return mask


@cache
def _cell_masks() -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    labels = load_cells("train", count=10).labels
    return labels > 0, labels.max(axis=(1, 2)).astype(np.int64)


@count_touching.group("shape")
def _(answer: Any) -> str:
    got = as_array(answer(_discs([(30, 40)])), "a whole number")
    if got.shape != ():
        raise Mismatch(
            f"expected a whole number, got an array of shape {got.shape}",
            hint="Return how many objects there are, not their labels.",
        )
    expect_equal(_whole(got), 1, what="for one disc")
    return "one number"


def _whole(got: Any) -> int:
    value = float(as_array(got, "a whole number"))
    if not value.is_integer():
        raise Mismatch(f"expected a whole number, got {value:g}", "Count, do not estimate.")
    return int(value)


@count_touching.group("values")
def _(answer: Any) -> str:
    patches = "Those are the patches of the mask: touching objects were not cut apart."
    cases = {
        "two discs that touch": [(30, 25), (30, 43)],
        "one above the other": [(20, 40), (38, 40)],
        "three in a row": [(30, 20), (30, 38), (30, 56)],
        "a pair and a single one": [(18, 20), (18, 38), (46, 64)],
    }
    for what, centres in cases.items():
        mask = _discs(centres)
        found = segmentation.connected_components(mask).number
        got = _whole(answer(mask))
        expect_equal(got, len(centres), what=f"for {what}", hint=patches if got == found else "")
    masks, numbers = _cell_masks()
    counts = np.array([_whole(answer(mask)) for mask in masks])
    error = np.abs(counts - numbers).mean()
    if error > 1.5:
        hint = ""
        if (counts - numbers).mean() > 1:
            hint = "Too many: do ragged outlines raise small summits? Smooth the distance first."
        elif (counts - numbers).mean() < -1:
            hint = "Too few: are cells merged, by too much smoothing or too large a distance?"
        raise Mismatch(f"ten images of cells: wrong by {error:.1f} on average, allowed 1.5", hint)
    return f"ten images of cells: wrong by {error:.1f} on average"


@count_touching.group("edge cases")
def _(answer: Any) -> None:
    expect_equal(_whole(answer(np.zeros((30, 30), dtype=bool))), 0, what="for an empty mask")
    corner = _discs([(0, 0), (59, 79)])
    expect_equal(_whole(answer(corner)), 2, what="for two discs cut off by the image's edge")
    small = _discs([(30, 40)], radius=5)
    expect_equal(_whole(answer(small)), 1, what="for a small disc")
