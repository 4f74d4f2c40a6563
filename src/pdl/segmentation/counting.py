"""From a mask to objects: connected components, and a cut where two objects touch."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from pdl._validation import check_array, check_integer, check_nonnegative
from pdl.segmentation.watershed import watershed


class Components(NamedTuple):
    """The objects of a mask.

    Attributes
    ----------
    labels : ndarray of int32, shape (H, W)
        0 for the background, 1…number for the objects.
    number : int
        How many objects there are.
    """

    labels: NDArray[np.int32]
    number: int


def connected_components(mask: ArrayLike, min_size: int = 1) -> Components:
    """Label each group of foreground pixels that hang together along rows and columns.

    Parameters
    ----------
    mask : array_like of bool, shape (H, W)
        The foreground.
    min_size : int
        Groups of fewer pixels are taken for noise and left out.

    Returns
    -------
    Components
        ``labels`` and ``number``.

    Raises
    ------
    TypeError, ValueError
        If the mask is not a two-dimensional mask or ``min_size`` is not a positive integer.

    Examples
    --------
    >>> labels, number = connected_components([[True, False], [True, False], [False, True]])
    >>> labels.tolist(), number
    ([[1, 0], [1, 0], [0, 2]], 2)
    """
    mask = _check_mask(mask)
    min_size = check_integer(min_size, "min_size", minimum=1)
    labels, _ = ndimage.label(mask)
    sizes = np.bincount(labels.ravel())
    kept = sizes >= min_size
    kept[0] = False
    renumbered = np.cumsum(kept) * kept
    return Components(renumbered[labels].astype(np.int32), int(kept.sum()))


def distance_to_background(mask: ArrayLike) -> NDArray[np.float64]:
    """Return each foreground pixel's distance, in pixels, to the nearest background pixel.

    Parameters
    ----------
    mask : array_like of bool, shape (H, W)
        The foreground. What lies outside the image is not background.

    Returns
    -------
    ndarray of float64, shape (H, W)
        Euclidean distances; 0 on the background. Infinity where there is no background at all.

    Raises
    ------
    TypeError, ValueError
        If the mask is not a two-dimensional mask.
    """
    mask = _check_mask(mask)
    if mask.all():
        return np.full(mask.shape, np.inf)
    return np.asarray(ndimage.distance_transform_edt(mask), dtype=np.float64)


def distance_markers(
    mask: ArrayLike, smoothing: float = 1.0, min_distance: int = 4
) -> NDArray[np.int32]:
    """Put a marker on each summit of the distance to the background.

    The middle of an object is farther from the background than the neck between two objects:
    each object has a summit of its own.

    Parameters
    ----------
    mask : array_like of bool, shape (H, W)
        The foreground.
    smoothing : float
        The standard deviation, in pixels, of the Gaussian that removes small summits that an
        uneven outline raises; 0 for none.
    min_distance : int
        A summit is the highest pixel of a square that reaches this many pixels to each side.

    Returns
    -------
    ndarray of int32, shape (H, W)
        1…n on the summits, 0 elsewhere. Each connected component of the mask has one or more.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> import numpy as np
    >>> mask = np.zeros((9, 20), dtype=bool)
    >>> mask[1:8, 1:8] = mask[1:8, 11:18] = mask[4, 8:11] = True
    >>> connected_components(mask).number, int(distance_markers(mask).max())
    (1, 2)
    """
    mask = _check_mask(mask)
    smoothing = check_nonnegative(smoothing, "smoothing")
    min_distance = check_integer(min_distance, "min_distance", minimum=1)
    distance = np.minimum(distance_to_background(mask), max(mask.shape))
    distance = np.where(mask, ndimage.gaussian_filter(distance, smoothing), 0.0)
    highest_near = ndimage.maximum_filter(distance, size=2 * min_distance + 1)
    summits = mask & (distance == highest_near)

    # A component in the shade of a higher neighbour still gets its own highest pixel.
    components, number = connected_components(mask)
    numbers = np.arange(1, number + 1)
    without = numbers[~ndimage.maximum(summits, components, numbers).astype(bool)]
    for pixel in ndimage.maximum_position(distance, components, without):
        summits[pixel] = True
    # Summits that touch, by a corner as well, are one plateau, if in one component.
    plateaus, _ = ndimage.label(summits, structure=np.ones((3, 3)))
    pairs = np.stack([plateaus[summits], components[summits]])
    markers = np.zeros(mask.shape, dtype=np.int32)
    markers[summits] = 1 + np.unique(pairs, axis=1, return_inverse=True)[1].ravel()
    return markers


def separate_touching(
    mask: ArrayLike, smoothing: float = 1.0, min_distance: int = 4, min_size: int = 1
) -> Components:
    """Cut a mask into objects: markers on the distance's summits, then a watershed.

    Parameters
    ----------
    mask : array_like of bool, shape (H, W)
        The foreground.
    smoothing, min_distance
        See :func:`distance_markers`.
    min_size : int
        Connected components of fewer pixels are taken for noise and left out.

    Returns
    -------
    Components
        ``labels`` and ``number``.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    """
    mask = connected_components(mask, min_size).labels > 0
    if not mask.any():
        return Components(np.zeros(mask.shape, dtype=np.int32), 0)
    distance = np.minimum(distance_to_background(mask), max(mask.shape))
    markers = distance_markers(mask, smoothing, min_distance)
    return Components(watershed(-distance, markers, mask), int(markers.max()))


def _check_mask(mask: ArrayLike) -> NDArray[np.bool_]:
    """Return the mask as booleans of shape (H, W)."""
    checked = check_array(mask, "mask")
    if checked.ndim != 2:
        raise ValueError(f"mask must have shape (H, W), got shape {checked.shape}")
    if checked.dtype.kind != "b" and not np.isin(checked, (0, 1)).all():
        raise ValueError("mask must hold booleans or only the values 0 and 1")
    return checked.astype(bool)
