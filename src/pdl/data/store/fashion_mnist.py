"""Fashion-MNIST: 70 000 pictures of clothes, in the same form as MNIST."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pdl._files import as_path
from pdl._validation import check_choice
from pdl.data.errors import DataError
from pdl.data.store.cache import find_set
from pdl.data.store.mnist import read_idx
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


class Clothes(NamedTuple):
    """Images of clothes and which kind they are.

    Attributes
    ----------
    images : ndarray of uint8, shape (N, 28, 28)
        0 is the background, 255 the brightest cloth.
    labels : ndarray of uint8, shape (N,)
        0…9, positions in ``FASHION_CLASSES``.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]


def load_fashion_mnist(split: str = "train", folder: str | Path | None = None) -> Clothes:
    """Read the pictures of Fashion-MNIST [1]_.

    Parameters
    ----------
    split : {"train", "test"}
        The 60 000 images to train with or the 10 000 to test with.
    folder : str or Path, optional
        The set's folder, if it is neither in ``PDL_DATA_DIR`` nor in the cache. It holds the four
        ``.gz`` files as Zalando Research gives them out.

    Returns
    -------
    Clothes
        ``images`` and ``labels``.

    Raises
    ------
    MissingDataError
        If the set is not on this machine; the message says how to get it.
    DataError
        If a file is missing, cut off, or another one than the registry means; the message names
        it.

    References
    ----------
    .. [1] H. Xiao, K. Rasul and R. Vollgraf, "Fashion-MNIST: a novel image dataset for
       benchmarking machine learning algorithms", arXiv:1708.07747, 2017.
    """
    check_choice(split, "split", tuple(BEGINNINGS))
    source = find_set("fashion_mnist") if folder is None else as_path(folder, "folder")
    arrays = {}
    for file in data_set("fashion_mnist").files:
        if file.path.startswith(BEGINNINGS[split]):
            path = source / file.path
            if not path.is_file():
                raise DataError(f"{path}: is missing; run `pdl data fetch fashion_mnist`")
            file.check(path)
            axes = 3 if "images" in file.path else 1
            try:
                arrays[axes] = read_idx(gzip.decompress(path.read_bytes()), axes)
            except (DataError, OSError, EOFError) as error:
                raise DataError(f"{path}: {error}") from None
    images, labels = arrays[3], arrays[1]
    if images.shape != (len(labels), 28, 28) or labels.max() >= len(FASHION_CLASSES):
        raise DataError(
            f"{source}: {images.shape} images and {len(labels)} labels up to {labels.max()} do not"
            " belong together"
        )
    return Clothes(images, labels)
