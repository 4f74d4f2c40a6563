"""Otsu's method: thresholds that set the means of the classes as far apart as they can."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pdl._validation import check_image, check_integer
from pdl.segmentation.histograms import histogram, plain_number
from pdl.segmentation.scaling import binary_exponent

MOST_SCORES = 2**15  # at a time: 256 KiB stay near the processor


def otsu(image: ArrayLike, bins: int = 256) -> int | float:
    r"""Find the threshold that separates the means of the two classes best.

    For a threshold :math:`t` the background is the pixels at or below it, the foreground those
    above. With :math:`\omega_0, \omega_1` the classes' probabilities and :math:`\mu_0, \mu_1`
    their means, the threshold maximises the between-class variance [1]_

    .. math:: \sigma_B^2(t) = \omega_0 \, \omega_1 \, (\mu_0 - \mu_1)^2 .

    A mean is a class sum divided by the class probability; two cumulative sums give the class
    sums and probabilities for all thresholds at once.

    Parameters
    ----------
    image : array_like, shape (H, W)
        A grayscale image, of any integer or floating-point dtype and range.
    bins : int
        The bins of a floating-point image; integer images use every level.

    Returns
    -------
    int or float
        The threshold, in the image's own units: ``image > threshold`` is the foreground. It is a
        level that occurs in the image (for floats, the centre of a bin). Of several equally good
        thresholds it is the lowest. A constant image has a single class: its value is returned,
        so that no pixel is foreground, as scikit-image does.

    Raises
    ------
    TypeError, ValueError
        If the image is not a grayscale image of finite numbers.

    References
    ----------
    .. [1] N. Otsu, "A threshold selection method from gray-level histograms", IEEE Transactions
       on Systems, Man, and Cybernetics 9 (1), 62-66, 1979. doi:10.1109/TSMC.1979.4310076

    Examples
    --------
    >>> import numpy as np
    >>> otsu(np.array([[10, 12, 11], [200, 201, 11]], dtype=np.uint8))
    12
    """
    image = check_image(image, allow_color=False)
    if image.min() == image.max():
        return plain_number(image.flat[0])
    levels, counts = histogram(image, bins)
    levels, counts = levels[counts > 0], counts[counts > 0]
    height = _above_lowest(levels)

    below = np.cumsum(counts)[:-1]
    above = counts.sum() - below
    sum_below = np.cumsum(counts * height)[:-1]
    sum_above = (counts * height).sum() - sum_below

    omega_0, omega_1 = below / counts.sum(), above / counts.sum()
    mu_0, mu_1 = sum_below / below, sum_above / above
    between_class_variance = omega_0 * omega_1 * (mu_0 - mu_1) ** 2
    return plain_number(levels[np.argmax(between_class_variance)])


def multi_otsu(image: ArrayLike, classes: int = 3, bins: int = 256) -> NDArray[Any]:
    r"""Find the thresholds that separate the means of several classes best.

    The thresholds maximise :math:`\sum_k \omega_k \mu_k^2`, which differs from the between-class
    variance by a constant, the squared mean of the image [1]_. As the sum has one term a class,
    the best split of the upper levels into :math:`k` classes follows from the best splits into
    :math:`k - 1`: dynamic programming [2]_ finds the optimum in :math:`O(K L^2)` steps for
    :math:`K` classes and :math:`L` levels.

    Parameters
    ----------
    image : array_like, shape (H, W)
        A grayscale image, of any integer or floating-point dtype and range.
    classes : int
        The number of classes, 2 or more.
    bins : int
        The bins of a floating-point image; integer images use every level.

    Returns
    -------
    ndarray, shape (classes - 1,)
        The thresholds in ascending order; ``numpy.digitize(image, thresholds, right=True)`` gives
        each pixel its class, 0 for the darkest. Each is a level that occurs in the image. Of
        several equally good sets it is the one that is lowest in the first threshold that
        differs.

    Raises
    ------
    TypeError, ValueError
        If the image is not a grayscale image of finite numbers, or has fewer levels than classes.

    References
    ----------
    .. [1] P.-S. Liao, T.-S. Chen and P.-C. Chung, "A fast algorithm for multilevel thresholding",
       Journal of Information Science and Engineering 17 (5), 713-727, 2001.
    .. [2] W. D. Fisher, "On grouping for maximum homogeneity", Journal of the American Statistical
       Association 53 (284), 789-798, 1958. doi:10.1080/01621459.1958.10501479

    Examples
    --------
    >>> import numpy as np
    >>> multi_otsu(np.array([[10, 12, 90], [91, 200, 201]], dtype=np.uint8), classes=3).tolist()
    [12, 91]
    """
    classes = check_integer(classes, "classes", minimum=2)
    levels, counts = histogram(image, bins)
    levels, counts = levels[counts > 0], counts[counts > 0]
    if len(levels) < classes:
        raise ValueError(f"image must have at least {classes} levels, it has {len(levels)}")

    height = _above_lowest(levels)
    # best[i]: the highest score of a split of levels i, i+1, … into the classes so far.
    best = np.concatenate([scores[:, -1].copy() for _, scores in _class_scores(height, counts)])
    choices = []
    for _ in range(classes - 1):
        above = np.append(best[1:], -np.inf)
        choice = np.empty(len(levels), dtype=np.intp)
        for rows, scores in _class_scores(height, counts):
            # totals[i, j]: levels i…j are one class, and what is above j is split as best it can.
            totals = scores + above[rows.start :]
            choice[rows] = rows.start + np.argmax(totals, axis=1)
            best[rows] = np.max(totals, axis=1)
        choices.append(choice)

    start, last_levels = 0, []
    for choice in reversed(choices):
        last_levels.append(choice[start])
        start = choice[start] + 1
    thresholds: NDArray[Any] = levels[last_levels]
    return thresholds


def _above_lowest(levels: NDArray[Any]) -> NDArray[np.float64]:
    """Return the levels less the lowest, so that no sum and no square overflows.

    A common shift or scale moves no threshold. Those of floats are scaled to about 1 as well.
    """
    if levels.dtype.kind == "f":
        levels = np.ldexp(levels, -binary_exponent(levels))
    return (levels - levels[0]).astype(np.float64)


def _class_scores(
    levels: NDArray[np.float64], counts: NDArray[np.int64]
) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Yield the table of ω μ² for the classes of levels i…j, some rows at a time.

    With the slice of the rows i come their columns j from the first of these rows on; where j < i
    stands minus infinity. All of the table would take 32 GiB for the 65 536 levels of 16 bits.
    """
    # Measured from the mean level, the squares stay small and lose fewer digits.
    centred = levels - np.average(levels, weights=counts)
    number = np.append(0, np.cumsum(counts)).astype(np.float64)
    total = np.append(0.0, np.cumsum(counts * centred))
    rows = max(1, MOST_SCORES // len(levels))
    for first in range(0, len(levels), rows):
        start, end = slice(first, min(first + rows, len(levels))), slice(first + 1, None)
        members = number[end] - number[start, np.newaxis]
        class_sum = total[end] - total[start, np.newaxis]
        scores = np.full(members.shape, -np.inf)
        np.divide(class_sum * class_sum, members * number[-1], out=scores, where=members > 0)
        yield start, scores
