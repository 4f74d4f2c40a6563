"""Label images in colours: objects that touch never share one."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pdl._validation import check_labels

from .style import OBJECT_COLORS


def color_numbers(labels: ArrayLike) -> NDArray[np.int64]:
    """Number the objects of a label image so that no two that touch look alike.

    One object after the other, those with most neighbours first, takes a colour of eight that no
    neighbour has, by an edge or a corner (greedy graph colouring [1]_). Its own label says which
    one it tries first.

    Parameters
    ----------
    labels : array_like of int, shape (H, W)
        0 for the background, another number for each object.

    Returns
    -------
    ndarray of int64, shape (H, W)
        0 for the background, else 1…8: places in ``CELL_COLORS``, for ``imshow`` with
        ``vmin=0, vmax=CELL_COLORS.N - 1``.

    Raises
    ------
    TypeError, ValueError
        If it is not a label image, or an object has neighbours of all eight colours.

    References
    ----------
    .. [1] D. J. A. Welsh and M. B. Powell, "An upper bound for the chromatic number of a graph and
       its application to timetabling problems", The Computer Journal 10 (1), 85-86, 1967.
       doi:10.1093/comjnl/10.1.85

    Examples
    --------
    >>> color_numbers([[1, 1, 9, 9, 0, 5], [1, 1, 9, 9, 0, 3]])
    array([[2, 2, 1, 1, 0, 5],
           [2, 2, 1, 1, 0, 3]])
    """
    labels = check_labels(labels, "labels").astype(np.int64)
    values, objects = np.unique(labels, return_inverse=True)
    objects = objects.reshape(labels.shape)
    neighbours: dict[int, set[int]] = {each: set() for each in range(len(values))}
    windows = [
        (objects[:, :-1], objects[:, 1:]),
        (objects[:-1], objects[1:]),
        (objects[:-1, :-1], objects[1:, 1:]),
        (objects[:-1, 1:], objects[1:, :-1]),
    ]
    for first, second in windows:
        for one, other in np.unique(np.stack([first.ravel(), second.ravel()]), axis=1).T.tolist():
            if one != other:
                neighbours[one].add(other)
                neighbours[other].add(one)
    colors = np.zeros(len(values), dtype=np.int64)
    order = np.flatnonzero(values > 0).tolist()
    for each in sorted(order, key=lambda one: -len(neighbours[one])):
        taken = {int(colors[other]) for other in neighbours[each]}
        wishes = 1 + (values[each] - 1 + np.arange(OBJECT_COLORS)) % OBJECT_COLORS
        free = [int(color) for color in wishes if int(color) not in taken]
        if not free:
            raise ValueError(
                f"labels: object {values[each]} touches objects of all {OBJECT_COLORS} colours"
            )
        colors[each] = free[0]
    return colors[objects]
