"""Single blood cells, cut out of the smears of BCCD by their boxes, all of one size."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from pdl._validation import check_image, check_integer, check_positive, check_vector
from pdl.data import load_bccd
from pdl.data.errors import DataWarning
from pdl.data.formats.voc import BoxedImage

Pixels = NDArray[np.uint8]
Numbers = NDArray[np.int64]

SIZE = 64
MARGIN = 1.25
SPLITS = ("trainval", "test")


class CellCrops(NamedTuple):
    """Crops of single cells.

    Attributes
    ----------
    images : ndarray of uint8, shape (N, 64, 64, 3)
        One cell each, 0…255.
    labels : ndarray of int64, shape (N,)
        0 red cell, 1 white cell, 2 platelets.
    smears : ndarray of int64, shape (N,)
        The number of the image that a crop was cut from: crops of one image share its stain, its
        light and its focus, and belong on one side of a split.
    """

    images: Pixels
    labels: Numbers
    smears: Numbers

    def part(self, chosen: NDArray[np.bool_] | Numbers) -> CellCrops:
        """The crops that a mask or some indices choose."""
        return CellCrops(self.images[chosen], self.labels[chosen], self.smears[chosen])


def square_around(box: ArrayLike, margin: float = MARGIN) -> tuple[int, int, int]:
    """Return the square to cut out for a box: the first row, the first column, the side.

    Parameters
    ----------
    box : array_like, shape (4,)
        x_min, y_min, x_max, y_max as VOC counts: from 1, both ends inclusive. Its pixels are the
        columns x_min − 1 … x_max − 1 and the rows y_min − 1 … y_max − 1.
    margin : float
        The square's side as a multiple of the longer side of the box, rounded up.

    Returns
    -------
    (int, int, int)
        Row and column count from 0; they are below 0 where the square reaches out of the image.

    Raises
    ------
    ValueError
        If the box has no area by VOC's own rule, x_max > x_min and y_max > y_min.

    Examples
    --------
    >>> square_around([11, 21, 20, 28], margin=1.2)
    (18, 9, 12)
    """
    x_min, y_min, x_max, y_max = check_vector(box, "box").tolist()
    check_positive(margin, "margin")
    if x_max <= x_min or y_max <= y_min:
        raise ValueError(f"box must have an area, got {[x_min, y_min, x_max, y_max]}")
    # As edges between pixels that count from 0, the box reaches from x_min − 1 to x_max.
    side = math.ceil(margin * max(x_max - x_min + 1, y_max - y_min + 1) - 1e-9)
    column = math.floor((x_min - 1 + x_max - side) / 2)
    row = math.floor((y_min - 1 + y_max - side) / 2)
    return row, column, side


def cut_out(image: Pixels, row: int, column: int, side: int) -> Pixels:
    """Cut a square out of an image; beyond the border the image is mirrored.

    The border's own pixel is repeated, ``b a [a b c d] d c``, as by ``boundary="reflect"`` of
    :func:`pdl.signals.convolve2d`.

    Parameters
    ----------
    image : ndarray, shape (H, W) or (H, W, C)
    row, column, side : int
        As :func:`square_around` returns them.

    Returns
    -------
    ndarray, shape (side, side) or (side, side, C)
    """
    image = check_image(image)
    height, width = image.shape[:2]
    rows = _mirrored(np.arange(row, row + side), height)
    columns = _mirrored(np.arange(column, column + side), width)
    return image[rows[:, np.newaxis], columns]


def _mirrored(positions: Numbers, length: int) -> Numbers:
    """−1 becomes 0, length becomes length − 1, and so on to and fro."""
    there = positions % (2 * length)
    return np.minimum(there, 2 * length - 1 - there)


def resize(image: Pixels, size: int = SIZE) -> Pixels:
    """Resize a colour image to a square.

    Each new pixel is a mean, weighted by a triangle as wide as two new pixels (two old ones where
    the image grows): small enough details disappear instead of turning into false ones.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3)
    size : int
        The new height and width.

    Returns
    -------
    ndarray of uint8, shape (size, size, 3)
    """
    resized = Image.fromarray(image).resize((size, size), Image.Resampling.BILINEAR)
    return np.asarray(resized)


def crop_cells(
    smears: Iterable[BoxedImage], margin: float = MARGIN, size: int = SIZE
) -> tuple[CellCrops, int]:
    """Cut all boxes out of some images.

    Parameters
    ----------
    smears : iterable of BoxedImage
        As :func:`pdl.data.load_bccd` gives them.
    margin, size
        See :func:`square_around` and :func:`resize`.

    Returns
    -------
    CellCrops
        In the order of the images and of their boxes.
    int
        How many boxes have no area, and were left out.
    """
    images, labels, numbers, left_out = [], [], [], 0
    for number, smear in enumerate(smears):
        for box, label in zip(smear.boxes, smear.labels, strict=True):
            if box[2] <= box[0] or box[3] <= box[1]:
                left_out += 1
                continue
            images.append(resize(cut_out(smear.image, *square_around(box, margin)), size))
            labels.append(label)
            numbers.append(number)
    whole = np.array(images, dtype=np.uint8).reshape(-1, size, size, 3)
    return CellCrops(whole, np.array(labels, np.int64), np.array(numbers, np.int64)), left_out


def load_cell_crops() -> tuple[CellCrops, int]:
    """Cut all boxes out of all 364 images of BCCD.

    Returns
    -------
    CellCrops
    int
        How many boxes have no area, and were left out: by the loader or by :func:`crop_cells`.

    Raises
    ------
    MissingDataError
        If the set is not on this machine; the message says how to get it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # they are counted here
        splits = [load_bccd(split) for split in SPLITS]
    crops, left_out = crop_cells(smear for split in splits for smear in split)
    return crops, left_out + sum(len(split.problems) for split in splits)


def choose(labels: Numbers, counts: Sequence[int], rng: np.random.Generator) -> Numbers:
    """Draw some crops of each class.

    Parameters
    ----------
    labels : ndarray of int64, shape (N,)
        The class of each crop.
    counts : sequence of int
        How many of class 0, 1, …
    rng : numpy.random.Generator
        Draws, each crop once at most.

    Returns
    -------
    ndarray of int64, shape (sum of counts,)
        Indices in ascending order.

    Raises
    ------
    ValueError
        If a class has fewer crops than are asked for.
    """
    chosen = []
    for label, count in enumerate(counts):
        there = np.flatnonzero(labels == label)
        check_integer(count, f"counts[{label}]", minimum=0, maximum=len(there))
        chosen.append(rng.permutation(there)[:count])
    return np.sort(np.concatenate(chosen))


def folds_by_image(smears: Numbers, folds: int, seed: int) -> Numbers:
    """Deal the images, and with each all of its crops, to some folds.

    Parameters
    ----------
    smears : ndarray of int64, shape (N,)
        The image of each crop.
    folds : int
        How many folds, 2 or more.
    seed : int
        Of the order in which the images are dealt.

    Returns
    -------
    ndarray of int64, shape (N,)
        The fold of each crop, 0 … folds − 1. The folds' numbers of images differ by one at most.

    Raises
    ------
    ValueError
        If there are fewer images than folds.

    Examples
    --------
    >>> folds = folds_by_image(np.array([0, 0, 1, 1, 2, 2]), folds=3, seed=0)
    >>> bool((folds[::2] == folds[1::2]).all())
    True
    """
    numbers, image = np.unique(smears, return_inverse=True)
    check_integer(folds, "folds", minimum=2, maximum=len(numbers))
    dealt = np.random.default_rng(seed).permutation(len(numbers)) % folds
    return dealt[image]
