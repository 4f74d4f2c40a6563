"""The unit impulse, of which every discrete signal is a weighted sum."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pdl._validation import check_integer


def impulse(
    shape: int | tuple[int, ...], index: int | tuple[int, ...] | None = None
) -> NDArray[np.float64]:
    """Return the unit impulse (Kronecker delta): 1 at ``index``, 0 elsewhere.

    Older texts call it the unit *step*; the step is its running sum.

    Parameters
    ----------
    shape : int or tuple of int
        The size along each axis, each 1 or greater.
    index : int or tuple of int, optional
        Where the 1 stands, counted from 0. By default the centre, (n − 1) // 2 along each axis:
        there :func:`convolve2d` anchors its kernel, so that convolving an image with
        ``impulse((K, L))`` in mode ``"same"`` returns the image, for odd and even sizes.

    Returns
    -------
    ndarray of float64, shape ``shape``

    Raises
    ------
    ValueError
        If a size is below 1, or the index lies outside or has another number of axes.
    TypeError
        If a size or an index is not an integer.

    Examples
    --------
    >>> impulse(5)
    array([0., 0., 1., 0., 0.])
    >>> impulse((2, 3), (0, 1))
    array([[0., 1., 0.],
           [0., 0., 0.]])
    """
    sizes = shape if isinstance(shape, tuple) else (shape,)
    sizes = tuple(check_integer(size, "shape", minimum=1) for size in sizes)
    if index is None:
        position = tuple((size - 1) // 2 for size in sizes)
    else:
        position = index if isinstance(index, tuple) else (index,)
    if len(position) != len(sizes):
        raise ValueError(f"index must have one number per axis of shape {sizes}, got {index!r}")
    for number, size in zip(position, sizes, strict=True):
        check_integer(number, "index", minimum=0, maximum=size - 1)
    delta = np.zeros(sizes)
    delta[position] = 1.0
    return delta
