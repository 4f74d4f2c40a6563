"""Boxes in the form of Pascal VOC: an XML file for each image."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pdl._files import as_path
from pdl.data.errors import DataError, DataWarning, problems_text
from pdl.data.formats.images import SUFFIXES, read_image
from pdl.data.formats.names import decode, files_by_name, one_spelling
from pdl.data.formats.sequences import LazySequence
from pdl.data.formats.voc_xml import read_xml

CORNERS = ("xmin", "ymin", "xmax", "ymax")


class BoxedImage(NamedTuple):
    """An image and the boxes in it.

    Attributes
    ----------
    image : ndarray of uint8, shape (H, W, 3)
        The image, 0…255.
    boxes : ndarray of float64, shape (N, 4)
        x_min, y_min, x_max, y_max of each box, in pixels, as the file has them: VOC counts from 1
        and means both ends inclusive.
    labels : ndarray of int64, shape (N,)
        The class of each box, as a position in ``classes``.
    """

    image: NDArray[np.uint8]
    boxes: NDArray[np.float64]
    labels: NDArray[np.int64]


@dataclass(frozen=True)
class Annotation:
    """What one XML file says.

    Attributes
    ----------
    path, image_path : Path
        The XML file and its image.
    shape : (int, int)
        Height and width of the image, as the XML file has them.
    names : tuple of str
        The class of each box.
    boxes : ndarray of float64, shape (N, 4)
        The boxes, see :class:`BoxedImage`.
    """

    path: Path
    image_path: Path
    shape: tuple[int, int]
    names: tuple[str, ...]
    boxes: NDArray[np.float64]


class VocFolder(LazySequence[BoxedImage]):
    """Images with boxes; the images are read from their files on access.

    Attributes
    ----------
    classes : tuple of str
        The names of the classes.
    annotations : tuple of Annotation
        What the XML files say.
    problems : tuple of str
        The boxes that were left out (``strict=False``), with file and line.
    source : Path
        The folder that holds ``Annotations`` and ``JPEGImages``.
    """

    def __init__(
        self,
        source: Path,
        annotations: Sequence[Annotation],
        classes: Sequence[str],
        problems: Sequence[str],
    ) -> None:
        super().__init__(source, annotations)
        self.classes = tuple(classes)
        self.problems = tuple(problems)

    @property
    def annotations(self) -> tuple[Annotation, ...]:
        """What the XML files say."""
        return self._entries

    def _open(self, entry: Any) -> BoxedImage:
        labels = np.array([self.classes.index(name) for name in entry.names], dtype=np.int64)
        try:
            image = read_image(entry.image_path, "RGB", entry.shape)
        except DataError as error:
            raise DataError(f"{error} (by {entry.path})") from None
        return BoxedImage(image, entry.boxes.copy(), labels)

    def __repr__(self) -> str:
        boxes = sum(len(each.names) for each in self._entries)
        return f"VocFolder({len(self)} images, {boxes} boxes; in {self.source})"


def load_voc(
    path: str | Path,
    split: str | None = None,
    *,
    classes: Sequence[str] | None = None,
    strict: bool = True,
) -> VocFolder:
    """Load images with boxes in the form of Pascal VOC.

    Parameters
    ----------
    path : str or Path
        The folder with ``Annotations/*.xml``, ``JPEGImages/*.jpg`` (or another format) and, for
        splits, ``ImageSets/Main/*.txt``.
    split : str, optional
        The name of a file in ``ImageSets/Main`` without ``.txt``; all images if left out.
    classes : sequence of str, optional
        The classes in the order of their labels: another one in a file is refused. By default all
        that the whole folder names, in alphabetic order, so that every split has the same labels.
    strict : bool
        Whether a box without area or outside of its image is refused. With False such boxes are
        left out, and a :class:`~pdl.data.errors.DataWarning` names them.

    Returns
    -------
    VocFolder
        A sequence of ``(image, boxes, labels)``.

    Raises
    ------
    DataError
        If a folder, the split, an XML file or an image is missing, an XML file is damaged or lacks
        something, or a box is refused: the message names file and line. On access: if an image is
        damaged or not of the size that its XML file says.
    """
    folder = as_path(path)
    annotations = folder / "Annotations"
    if not annotations.is_dir():
        raise DataError(f"{folder}: has no folder Annotations; name the folder that holds it")
    every = files_by_name(annotations, {".xml"})
    if not every:
        raise DataError(f"{annotations}: holds no .xml files")
    images = files_by_name(folder / "JPEGImages", SUFFIXES)
    names = sorted(every) if split is None else _split_names(folder, split, every)
    problems: list[str] = []
    wanted = set(names)
    everything = {
        name: read_annotation(every[name], images.get(name), problems if name in wanted else [])
        for name in (sorted(every) if classes is None else names)
    }
    found = [everything[name] for name in names]
    named = {name for each in everything.values() for name in each.names}
    known = sorted(named) if classes is None else list(map(one_spelling, classes))
    for each in found:
        unknown = set(each.names) - set(known)
        if unknown:
            raise DataError(f"{each.path}: class {min(unknown)!r}, expected {', '.join(known)}")
    if problems:
        listed = f"{folder}: {len(problems)} boxes cannot be:\n{problems_text(problems)}"
        if strict:
            raise DataError(f"{listed}\nmend the files, or leave these out with strict=False")
        warnings.warn(f"{listed}\nthey were left out", DataWarning, stacklevel=2)
    return VocFolder(folder, found, known, problems)


def _split_names(folder: Path, split: str, known: Collection[str]) -> list[str]:
    """Return the names that a split's file lists."""
    path = folder / "ImageSets" / "Main" / f"{split}.txt"
    if not path.is_file():
        there = ", ".join(sorted(each.stem for each in path.parent.glob("*.txt"))) or "none"
        raise DataError(f"split: {path} is missing; there are: {there}")
    names: list[str] = []
    for number, line in enumerate(decode(path.read_bytes(), path).splitlines(), start=1):
        if not line.strip():
            continue
        name = one_spelling(line.strip())
        if name not in known:  # a second word says whether a class is in the image
            name = name.split()[0]
        if name not in known:
            raise DataError(f"{path}, line {number}: there is no Annotations/{name}.xml")
        if name in names:
            raise DataError(f"{path}, line {number}: {name} is listed twice")
        names.append(name)
    if not names:
        raise DataError(f"{path}: lists no images")
    return names


def read_annotation(path: Path, image_path: Path | None, problems: list[str]) -> Annotation:
    """Read one XML file; what is wrong with a box is added to ``problems``, and the box left out.

    Parameters
    ----------
    path : Path
        The XML file.
    image_path : Path or None
        Its image, which bears its name; None if there is none.
    problems : list of str
        Added to.

    Raises
    ------
    DataError
        If the file is damaged or lacks something, or its image is missing.
    """
    root = read_xml(path)
    if image_path is None:
        folder = path.parents[1] / "JPEGImages"
        raise DataError(f"{root.where}: its image {path.stem}.jpg is missing in {folder}")
    size = root.child("size")
    height, width = size.child("height").whole_number(), size.child("width").whole_number()
    names, boxes = [], []
    for thing in root.children("object"):
        name = one_spelling(thing.child("name").text.strip())
        if not name:
            raise DataError(f"{thing.child('name').where}: the name of the class is empty")
        box = thing.child("bndbox")
        corners = [box.child(corner).number() for corner in CORNERS]
        trouble = _trouble(corners, height, width)
        if trouble:
            problems.append(f"{box.where}: {name} {trouble}")
        else:
            names.append(name)
            boxes.append(corners)
    array = np.array(boxes, dtype=np.float64).reshape(-1, 4)
    return Annotation(path, image_path, (height, width), tuple(names), array)


def _trouble(corners: Sequence[float], height: int, width: int) -> str:
    """Say what is wrong with a box; nothing if all is well."""
    x_min, y_min, x_max, y_max = corners
    said = ", ".join(f"{name} {value:g}" for name, value in zip(CORNERS, corners, strict=True))
    if x_max <= x_min or y_max <= y_min:
        return f"has no area ({said})"
    if x_min < 0 or y_min < 0 or x_max > width or y_max > height:
        return f"reaches out of the image of width {width} and height {height} ({said})"
    return ""
