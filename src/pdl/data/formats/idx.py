"""The IDX format, in which MNIST and sets like it are distributed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pdl.data.errors import DataError

UNSIGNED_BYTES = 8  # the format's number for this type


def read_idx(content: bytes, path: Path, axes: int) -> NDArray[np.uint8]:
    """Take an array of bytes out of the IDX format.

    The format: two zeros, the number 8 (unsigned bytes), the number of axes, the length of each
    axis in four bytes, the highest first, and then the values.

    Parameters
    ----------
    content : bytes
        The decompressed file.
    path : Path
        The file, for the message.
    axes : int
        How many the array must have.

    Returns
    -------
    ndarray of uint8
        It cannot be written to.

    Raises
    ------
    DataError
        If the first bytes are not those of such an array, or the values are too few or too many.

    Examples
    --------
    >>> read_idx(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9]), Path("labels"), axes=1)
    array([7, 8, 9], dtype=uint8)
    """
    start = 4 + 4 * axes
    magic = bytes([0, 0, UNSIGNED_BYTES, axes])
    if content[:4] != magic or len(content) < start:
        raise DataError(
            f"{path}: is no IDX file of bytes with {axes} axes: it begins with"
            f" {content[:4].hex(' ')!r}, expected {magic.hex(' ')!r} and {axes} lengths"
        )
    shape = [int(each) for each in np.frombuffer(content, ">u4", axes, offset=4)]
    expected = int(np.prod(shape, dtype=object))
    if len(content) - start != expected:
        raise DataError(
            f"{path}: announces {' × '.join(map(str, shape))} = {expected} values, but holds"
            f" {len(content) - start}"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)
