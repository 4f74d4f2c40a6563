"""MNIST: 70 000 handwritten digits, in the files in which the set is distributed."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pdl._files import as_path
from pdl._validation import check_choice
from pdl.data.errors import DataError, MissingDataError
from pdl.data.store.cache import find_set

FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
# Of the decompressed bytes, which stay the same when a mirror compresses anew.
SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
UNSIGNED_BYTES = 8  # the idx format's number for this type
MOST_BYTES = 2**26  # the largest file has 47 million


class Digits(NamedTuple):
    """Images of digits and which digits they are.

    Attributes
    ----------
    images : ndarray of uint8, shape (N, 28, 28)
        0 is the paper, 255 the ink.
    labels : ndarray of uint8, shape (N,)
        0…9.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]


def load_mnist(
    split: str = "train", folder: str | Path | None = None, sha256: Mapping[str, str] = SHA256
) -> Digits:
    """Read the handwritten digits of MNIST [1]_.

    Parameters
    ----------
    split : {"train", "test"}
        The 60 000 images to train with or the 10 000 to test with.
    folder : str or Path, optional
        Holds the idx files, compressed (``.gz``) or not. Where `find_set` finds
        the set, if left out: in ``PDL_DATA_DIR/mnist``, or where `pdl data` has put it.
    sha256 : mapping of str to str
        By file name the hash that the decompressed bytes must have.

    Returns
    -------
    Digits
        ``images`` and ``labels``.

    Raises
    ------
    MissingDataError
        If a file is not there.
    DataError
        If a file is cut off, is not of the idx format, or is another one; the message names it.
    ValueError
        If the split is neither of the two.

    References
    ----------
    .. [1] Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to
       document recognition", Proceedings of the IEEE 86 (11), 2278-2324, 1998.
       doi:10.1109/5.726791
    """
    check_choice(split, "split", tuple(FILES))
    source = find_set("mnist") if folder is None else as_path(folder, "folder")
    images, labels = (
        _read(source, name, axes, sha256) for name, axes in zip(FILES[split], (3, 1), strict=True)
    )
    if len(images) != len(labels):
        raise DataError(
            f"{source}: {FILES[split][0]} has {len(images)} images, but {FILES[split][1]} has "
            f"{len(labels)} labels"
        )
    return Digits(images, labels)


def read_idx(content: bytes, axes: int) -> NDArray[np.uint8]:
    """Take an array of bytes out of the idx format.

    The format: two zeros, the number 8 (unsigned bytes), the number of axes, the length of each
    axis in four bytes, the highest first, and then the values.

    Parameters
    ----------
    content : bytes
        The decompressed file.
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
    >>> read_idx(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9]), axes=1)
    array([7, 8, 9], dtype=uint8)
    """
    start = 4 + 4 * axes
    magic = bytes([0, 0, UNSIGNED_BYTES, axes])
    if content[:4] != magic or len(content) < start:
        raise DataError(
            f"is no idx file of bytes with {axes} axes: it begins with {content[:4].hex(' ')!r}, "
            f"expected {magic.hex(' ')!r} and {axes} lengths"
        )
    shape = [int(each) for each in np.frombuffer(content, ">u4", axes, offset=4)]
    expected = int(np.prod(shape, dtype=object))
    if len(content) - start != expected:
        raise DataError(
            f"announces {' × '.join(map(str, shape))} = {expected} values, but holds "
            f"{len(content) - start}"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _read(folder: Path, name: str, axes: int, sha256: Mapping[str, str]) -> NDArray[np.uint8]:
    """Read one file, compressed or not, and check it."""
    path = next((each for each in (folder / f"{name}.gz", folder / name) if each.is_file()), None)
    if path is None:
        raise MissingDataError(
            f"{folder}: neither {name}.gz nor {name} is there; `pdl data list mnist` says how to "
            "get them, and PDL_DATA_DIR names the folder that holds the folder mnist"
        )
    opened = gzip.open if path.suffix == ".gz" else Path.open
    try:
        with opened(path, "rb") as file:
            content = file.read(MOST_BYTES)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{path}: is not a whole gzip file ({error}): fetch it anew") from None
    try:
        array = read_idx(content, axes)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    found = hashlib.sha256(content).hexdigest()
    if found != sha256[name]:
        raise DataError(
            f"{path}: is another file than MNIST's: the SHA-256 of its decompressed bytes is "
            f"{found}, expected {sha256[name]}"
        )
    return array
