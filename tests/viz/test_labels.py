"""Objects that touch have different colours."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage.morphology import dilation

from pdl.data import load_cells, touching_cells
from pdl.viz import CELL_COLORS, color_numbers


def touching_pairs(labels: np.ndarray) -> set[frozenset[int]]:
    """The pairs of objects that share an edge or a corner: one grown by a pixel meets the other."""
    pairs = set()
    for label in np.unique(labels[labels > 0]):
        grown = dilation(labels == label, np.ones((3, 3)))
        pairs |= {frozenset((label, other)) for other in np.unique(labels[grown]) if other > 0}
    return {pair for pair in pairs if len(pair) == 2}


def check(labels: np.ndarray) -> None:
    colors = color_numbers(labels)
    assert np.array_equal(colors == 0, labels == 0)
    color_of = {}
    for label in np.unique(labels[labels > 0]):
        (color_of[label],) = np.unique(colors[labels == label])
    for one, other in map(tuple, touching_pairs(labels)):
        shown = [CELL_COLORS(int(color_of[each])) for each in (one, other)]
        assert shown[0] != shown[1], (one, other)


def test_the_figure_of_chapter_1() -> None:
    labels = touching_cells(seed=7).labels
    assert len(touching_pairs(labels)) > 10
    check(labels)


@pytest.mark.parametrize("hard", [False, True])
def test_the_drawn_cells(hard: bool) -> None:
    for labels in load_cells("test", 6, hard=hard).labels:
        check(labels)


@settings(deadline=None, max_examples=40)
@given(hnp.arrays(np.int32, (4, 5), elements=st.sampled_from([0, 1, 2, 9, 10, 17, 400])))
def test_any_labels(labels: np.ndarray) -> None:
    check(labels)


def test_more_neighbours_than_colours_are_refused() -> None:
    """Nine bars of which each touches each cannot be told apart with eight colours."""
    size = 9
    rows = [[k + 1, j + 1] for k in range(size) for j in range(size) if k != j]
    with pytest.raises(ValueError, match="touches objects of all 8 colours"):
        color_numbers(np.array(rows))
