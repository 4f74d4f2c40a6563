"""MNIST and Fashion-MNIST: 70 000 images each, in IDX files of the same names."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pdl._files import as_path
from pdl._validation import check_choice
from pdl.data.errors import DataError, MissingDataError
from pdl.data.formats.idx import read_idx
from pdl.data.store.cache import find_set
from pdl.data.store.registry import data_set

FASHION_CLASSES = (
    "T-shirt/top",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)
BEGINNINGS = {"train": "train", "test": "t10k"}


class LabelledImages(NamedTuple):
    """Images and what each of them shows.

    Attributes
    ----------
    images : ndarray of uint8, shape (N, 28, 28)
        0 is the background (paper), 255 the brightest of what is shown (ink).
    labels : ndarray of uint8, shape (N,)
        0…9: the digit, or the place in ``FASHION_CLASSES``.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]


def load_mnist(split: str = "train", folder: str | Path | None = None) -> LabelledImages:
    """Read the handwritten digits of MNIST [1]_.

    Parameters
    ----------
    split : {"train", "test"}
        The 60 000 images to train with or the 10 000 to test with.
    folder : str or Path, optional
        The set's folder, if it is neither in ``PDL_DATA_DIR`` nor in the cache. It holds the four
        IDX files, compressed (``.gz``) or not.

    Returns
    -------
    LabelledImages
        ``images`` and ``labels``.

    Raises
    ------
    MissingDataError
        If the set or a file of it is not on this machine; the message says how to get it.
    DataError
        If a file is cut off, or another one than the registry means; the message names it.
    ValueError
        If the split is neither of the two.

    References
    ----------
    .. [1] Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to
       document recognition", Proceedings of the IEEE 86 (11), 2278-2324, 1998.
       doi:10.1109/5.726791
    """
    return _load("mnist", split, folder)


def load_fashion_mnist(split: str = "train", folder: str | Path | None = None) -> LabelledImages:
    """Read the pictures of clothes of Fashion-MNIST [1]_.

    Parameters
    ----------
    split : {"train", "test"}
        The 60 000 images to train with or the 10 000 to test with.
    folder : str or Path, optional
        The set's folder, if it is neither in ``PDL_DATA_DIR`` nor in the cache. It holds the four
        ``.gz`` files as Zalando Research gives them out.

    Returns
    -------
    LabelledImages
        ``images`` and ``labels``.

    Raises
    ------
    MissingDataError
        If the set or a file of it is not on this machine; the message says how to get it.
    DataError
        If a file is cut off, or another one than the registry means; the message names it.
    ValueError
        If the split is neither of the two.

    References
    ----------
    .. [1] H. Xiao, K. Rasul and R. Vollgraf, "Fashion-MNIST: a novel image dataset for
       benchmarking machine learning algorithms", arXiv:1708.07747, 2017.
    """
    return _load("fashion_mnist", split, folder)


def mnist_sha256() -> dict[str, str]:
    """Return the SHA-256 of each decompressed file of MNIST, as the registry has it."""
    return {
        name.removesuffix(".gz"): digest for name, digest in data_set("mnist").recorded().items()
    }


def _load(name: str, split: str, folder: str | Path | None) -> LabelledImages:
    check_choice(split, "split", tuple(BEGINNINGS))
    source = find_set(name) if folder is None else as_path(folder, "folder")
    images = _read(name, source, f"{BEGINNINGS[split]}-images-idx3-ubyte.gz", axes=3)
    labels = _read(name, source, f"{BEGINNINGS[split]}-labels-idx1-ubyte.gz", axes=1)
    if len(images) != len(labels):
        raise DataError(
            f"{source}: the split {split!r} has {len(images)} images, but {len(labels)} labels"
        )
    return LabelledImages(images, labels)


def _read(name: str, folder: Path, file_name: str, axes: int) -> NDArray[np.uint8]:
    """Read one file, compressed or not, once it is the one that the registry means."""
    (file,) = (each for each in data_set(name).files if each.path == file_name)
    packed = folder / file_name
    plain = packed.with_suffix("")
    if packed.is_file():
        file.check(packed)
        return read_idx(gzip.decompress(packed.read_bytes()), packed, axes)
    if plain.is_file():
        replace(file, sha256_of="bytes").check(plain)
        return read_idx(plain.read_bytes(), plain, axes)
    raise MissingDataError(
        f"{folder}: neither {packed.name} nor {plain.name} is there; `pdl data list {name}` says"
        f" how to get them, and PDL_DATA_DIR names the folder that holds the folder {name}"
    )
