"""Images sorted into folders, one folder for each class."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pdl._files import as_path
from pdl.data.errors import DataError, problems_text
from pdl.data.formats.images import is_image_name, read_image
from pdl.data.formats.names import one_spelling
from pdl.data.formats.sequences import LazySequence

CLUTTER = {"thumbs.db", "desktop.ini"}


class LabelledImage(NamedTuple):
    """An image and its class.

    Attributes
    ----------
    image : ndarray of uint8, shape (H, W, 3) or (H, W)
        The image, 0…255.
    label : int
        The position of its class in ``classes``.
    """

    image: NDArray[np.uint8]
    label: int


class ImageFolder(LazySequence[LabelledImage]):
    """Images of several classes, read from their files on access.

    Attributes
    ----------
    classes : tuple of str
        The names of the classes, which are those of the folders.
    paths : tuple of Path
        The files.
    labels : ndarray of int64, shape (N,)
        The class of each file, as a position in ``classes``.
    source : Path
        The folder that the folders of the classes lie in.
    """

    def __init__(
        self,
        source: Path,
        entries: Sequence[tuple[Path, int]],
        classes: Sequence[str],
        mode: str,
        shape: tuple[int, int] | None,
    ) -> None:
        super().__init__(source, entries)
        self.classes = tuple(classes)
        self._mode = mode
        self._shape = shape

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files."""
        return tuple(path for path, _ in self._entries)

    @property
    def labels(self) -> NDArray[np.int64]:
        """The class of each file, shape (N,)."""
        return np.array([label for _, label in self._entries], dtype=np.int64)

    def _open(self, entry: Any) -> LabelledImage:
        path, label = entry
        return LabelledImage(read_image(path, self._mode, self._shape), label)

    def arrays(self) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Return all images as one array, and their labels.

        Returns
        -------
        images : ndarray of uint8, shape (N, H, W, 3) or (N, H, W)
            All images: mind the memory.
        labels : ndarray of int64, shape (N,)
            Their classes.

        Raises
        ------
        DataError
            If a file cannot be read, or the images are not all of one size.
        """
        first = self[0].image
        images = np.empty((len(self), *first.shape), dtype=np.uint8)
        for row, (path, _) in enumerate(self._entries):
            images[row] = read_image(path, self._mode, first.shape[:2])
        return images, self.labels

    def check(self) -> None:
        """Read every image, and look for files that lie in two classes.

        Raises
        ------
        DataError
            If a file cannot be read, or two classes hold the same file: then one of the two labels
            is wrong. The message names the files.
        """
        super().check()
        seen: dict[str, tuple[Path, int]] = {}
        problems = []
        for path, label in self._entries:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            other, other_label = seen.setdefault(digest, (path, label))
            if label != other_label:
                problems.append(f"{path}: is the same file as {other}, under another class")
        if problems:
            raise DataError(f"{self.source}: mislabelled files:\n{problems_text(problems)}")

    def __repr__(self) -> str:
        counts = Counter(self.classes[label] for _, label in self._entries)
        listed = ", ".join(f"{name} {counts[name]}" for name in self.classes)
        return f"ImageFolder({len(self)} images: {listed}; in {self.source})"


def load_image_folder(
    path: str | Path,
    *,
    gray: bool = False,
    shape: tuple[int, int] | None = None,
    classes: Sequence[str] | None = None,
) -> ImageFolder:
    """Load images of your own: one folder for each class, with the images of that class in it.

    Parameters
    ----------
    path : str or Path
        The folder that holds the folders of the classes. Hidden files are passed over.
    gray : bool
        Whether images are read as gray (H, W) instead of colour (H, W, 3).
    shape : (int, int), optional
        The height and the width that every image must have, where they have to be of one size.
    classes : sequence of str, optional
        The classes that must be there, in the order of their labels; by default all folders, in
        alphabetic order.

    Returns
    -------
    ImageFolder
        A sequence of ``(image, label)``; ``classes`` says which label means what.

    Raises
    ------
    DataError
        If there is no such folder, it holds no or other classes, a class holds no image, or a file
        in it is no image by its name. The message says which and where. The images themselves are
        read on access; ``check()`` reads them all.
    """
    folder = as_path(path)
    if not folder.is_dir():
        raise DataError(f"{folder}: is no folder; name the one that holds a folder for each class")
    found = sorted(each for each in folder.iterdir() if each.is_dir() and _visible(each))
    loose = [each for each in sorted(folder.iterdir()) if each.is_file() and is_image_name(each)]
    if loose:
        raise DataError(
            f"{loose[0]}: lies beside the folders of the classes ({len(loose)} such files): move"
            " each image into the folder of its class"
        )
    if not found:
        raise DataError(f"{folder}: holds no folders; make one for each class")
    by_name = {one_spelling(each.name): each for each in found}
    if len(by_name) < len(found):
        raise DataError(f"{folder}: two folders have one name, differently encoded: join them")
    names = sorted(by_name) if classes is None else list(map(one_spelling, classes))
    if set(names) != set(by_name):
        raise DataError(
            f"{folder}: expected the classes {', '.join(names)}, found {', '.join(by_name)}"
        )
    entries = [
        (image, label) for label, name in enumerate(names) for image in _images(by_name[name])
    ]
    return ImageFolder(folder, entries, names, "L" if gray else "RGB", shape)


def _visible(path: Path) -> bool:
    return not path.name.startswith(".") and path.name.lower() not in CLUTTER


def _images(folder: Path) -> list[Path]:
    """Return the images of a class; anything else in its folder is an error."""
    found = sorted(filter(_visible, folder.iterdir()))
    for path in found:
        if not path.is_file() or not is_image_name(path):
            raise DataError(f"{path}: is no image by its name; move it out of the class's folder")
    if not found:
        raise DataError(f"{folder}: holds no images; fill or remove it")
    return found
