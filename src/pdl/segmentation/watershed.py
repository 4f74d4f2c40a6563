"""Watershed: flood a landscape from markers, and see where the waters meet."""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pdl._compiled import compiled
from pdl._validation import check_array, check_same_shape

LARGEST_MARKER = np.iinfo(np.int32).max  # the labels of the result are int32


def watershed(
    landscape: ArrayLike, markers: ArrayLike, mask: ArrayLike | None = None
) -> NDArray[np.int32]:
    """Grow the markers into basins, the lowest pixels first.

    Water of each marker's colour rises and spreads to the neighbours (one step along one axis).
    A priority queue holds the shore: the water goes on from the pixel that it covers at the lowest
    level, and among equals from the one that it reached first, so that a plateau is shared between
    the basins beside it [1]_. A pixel below the pass over which the water comes is covered at the
    level of the pass.

    Parameters
    ----------
    landscape : array_like, any shape
        The height of each pixel: a profile of shape (N,), an image of shape (H, W), or a volume.
    markers : array_like of int, same shape
        A positive label below 2³¹ where a basin begins, 0 elsewhere.
    mask : array_like of bool, same shape, optional
        Where the water may go. Everywhere, if left out.

    Returns
    -------
    ndarray of int32, same shape
        The label of the basin that each pixel belongs to; 0 outside the mask and where no water
        arrives.

    Raises
    ------
    TypeError
        If the markers are not integers or the landscape not numbers.
    ValueError
        If the shapes differ, a marker is out of range, or a landscape value is not finite.

    Notes
    -----
    The rules are those of ``skimage.segmentation.watershed`` with its default 4-neighbourhood.
    Marker pixels of equal height start in raster order; scikit-image leaves their order to its
    heap, so that some pixels halfway between two markers can differ.

    References
    ----------
    .. [1] F. Meyer, "Un algorithme optimal de ligne de partage des eaux", Actes du 8e congrès
       AFCET, vol. 2, 847-859, 1991.

    Examples
    --------
    >>> watershed([1, 2, 3, 2, 0], markers=[1, 0, 0, 0, 2]).tolist()
    [1, 1, 2, 2, 2]
    """
    heights, seeds, allowed = _check_arguments(landscape, markers, mask)
    # A frame of forbidden pixels saves a test of the borders at every step.
    height = np.pad(_in_float64(heights), 1).ravel()
    dry = np.pad(allowed & (seeds == 0), 1).ravel()
    labels = np.pad(seeds, 1)
    _flood(height, dry, labels.ravel(), _neighbour_steps(labels))
    return labels[(slice(1, -1),) * labels.ndim].copy()


@compiled
def _flood(
    height: NDArray[np.float64],
    dry: NDArray[np.bool_],
    labels: NDArray[np.int32],
    steps: NDArray[np.int64],
) -> None:
    """Let the water rise; ``dry`` and ``labels`` are changed. All arrays are flat and framed."""
    queue = [(height[pixel], age, pixel) for age, pixel in enumerate(np.flatnonzero(labels))]
    heapq.heapify(queue)
    age = len(queue)
    while queue:
        level, _, pixel = heapq.heappop(queue)
        for step in steps:
            neighbour = pixel + step
            if dry[neighbour]:
                dry[neighbour] = False
                labels[neighbour] = labels[pixel]
                heapq.heappush(queue, (max(level, height[neighbour]), age, neighbour))
                age += 1


def _neighbour_steps(framed: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the distances to the neighbours in the flat array.

    Their order does not count: what one pixel floods has one label.
    """
    strides = np.array(framed.strides) // framed.itemsize
    return np.concatenate([-strides, strides])


def _in_float64(heights: NDArray[Any]) -> NDArray[np.float64]:
    """Return heights in the same order; where float64 would round them, their ranks."""
    if heights.dtype.kind == "f":
        exact = heights.itemsize <= 8
    else:
        exact = max(-int(heights.min()), int(heights.max())) <= 2**53
    if not exact:
        heights = np.unique(heights, return_inverse=True)[1].reshape(heights.shape)
    return heights.astype(np.float64)


def _check_arguments(
    landscape: ArrayLike, markers: ArrayLike, mask: ArrayLike | None
) -> tuple[NDArray[Any], NDArray[np.int32], NDArray[np.bool_]]:
    """Return the three arrays in one shape, with no marker outside the mask."""
    heights = check_array(landscape, "landscape")  # in its dtype: float64 rounds large integers
    seeds = check_array(markers, "markers")
    if seeds.dtype.kind not in "iu":
        raise TypeError(f"markers must hold integers, got dtype {seeds.dtype}")
    check_same_shape(seeds, heights, "markers", "landscape")
    if seeds.min() < 0:
        raise ValueError(f"markers must be 0 or greater, got {seeds.min()}")
    if seeds.max() > LARGEST_MARKER:
        raise ValueError(
            f"markers must be {LARGEST_MARKER} or less, got {seeds.max()}: number them anew, "
            "for instance by skimage.segmentation.relabel_sequential"
        )
    allowed = np.ones(heights.shape, dtype=bool)
    if mask is not None:
        allowed = check_array(mask, "mask").astype(bool)
        check_same_shape(allowed, heights, "mask", "landscape")
    return heights, np.where(allowed, seeds, 0).astype(np.int32), allowed
