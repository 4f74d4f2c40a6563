"""Images with a mask each: the mask says of every pixel what it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pdl._files import as_path
from pdl.data.errors import DataError, problems_text
from pdl.data.formats.images import SUFFIXES, read_image, read_mask
from pdl.data.formats.names import files_by_name
from pdl.data.formats.sequences import LazySequence

MASK_ENDINGS = ("_mask", "-mask", "_label", "_labels")
LOSSY = {".jpg", ".jpeg", ".webp"}


class MaskedImage(NamedTuple):
    """An image and its mask.

    Attributes
    ----------
    image : ndarray of uint8, shape (H, W, 3) or (H, W)
        The image, 0…255.
    mask : ndarray of int32, shape (H, W)
        What each pixel belongs to: the number of a class, or of an object.
    """

    image: NDArray[np.uint8]
    mask: NDArray[np.int32]


class MaskFolder(LazySequence[MaskedImage]):
    """Images and masks, read from their files on access.

    Attributes
    ----------
    image_paths, mask_paths : tuple of Path
        The files, in the order of their names.
    classes : tuple of str or None
        What the values of the masks mean; None where they number objects.
    source : Path
        The folder of the images.
    """

    def __init__(
        self,
        source: Path,
        entries: Sequence[tuple[Path, Path]],
        classes: Sequence[str] | None,
        mode: str,
        shape: tuple[int, int] | None,
    ) -> None:
        super().__init__(source, entries)
        self.classes = None if classes is None else tuple(classes)
        self._mode = mode
        self._shape = shape

    @property
    def image_paths(self) -> tuple[Path, ...]:
        """The files of the images."""
        return tuple(image for image, _ in self._entries)

    @property
    def mask_paths(self) -> tuple[Path, ...]:
        """The files of the masks."""
        return tuple(mask for _, mask in self._entries)

    def with_entries(self, pairs: Sequence[tuple[Path, Path]]) -> MaskFolder:
        """Return the same with other pairs of image and mask."""
        return MaskFolder(self.source, pairs, self.classes, self._mode, self._shape)

    def _open(self, entry: Any) -> MaskedImage:
        image_path, mask_path = entry
        image = read_image(image_path, self._mode, self._shape)
        mask = read_mask(mask_path)
        if mask.shape != image.shape[:2]:
            raise DataError(
                f"{mask_path}: is {mask.shape[0]}×{mask.shape[1]} pixels (height×width), its image"
                f" {image_path.name} is {image.shape[0]}×{image.shape[1]}"
            )
        if self.classes is not None and mask.max() >= len(self.classes):
            row, column = np.argwhere(mask >= len(self.classes))[0]
            raise DataError(
                f"{mask_path}: row {row}, column {column} holds {mask[row, column]}, expected"
                f" 0…{len(self.classes) - 1} for {len(self.classes)} classes"
            )
        return MaskedImage(image, mask)

    def __repr__(self) -> str:
        return f"MaskFolder({len(self)} images with masks; in {self.source})"


def load_mask_folder(
    images: str | Path,
    masks: str | Path,
    *,
    classes: Sequence[str] | None = None,
    gray: bool = False,
    shape: tuple[int, int] | None = None,
) -> MaskFolder:
    """Load images of your own that have masks: a folder of images and a folder of masks.

    A mask belongs to the image of the same name; ``cat_mask.png`` belongs to ``cat.jpg`` too.

    Parameters
    ----------
    images, masks : str or Path
        The two folders. A mask is an image of one channel, of the same size as its image, in a
        format that loses nothing (PNG, GIF, TIFF, BMP); of a palette image the indices count.
    classes : sequence of str, optional
        The meaning of the values 0, 1, 2, …: a larger value is refused. Leave it out where the
        values number objects.
    gray : bool
        Whether images are read as gray (H, W) instead of colour (H, W, 3).
    shape : (int, int), optional
        The height and the width that every image must have.

    Returns
    -------
    MaskFolder
        A sequence of ``(image, mask)``, in the order of the names.

    Raises
    ------
    DataError
        If a folder is missing or empty, an image has no mask or a mask no image, or a mask is in a
        format that alters values. On access: if a file is damaged, the two differ in size, or a
        value is out of range. The message says which file, and which pixel.
    """
    folders = as_path(images, "images"), as_path(masks, "masks")
    found_images, found_masks = (
        files_by_name(folder, SUFFIXES, MASK_ENDINGS) for folder in folders
    )
    for folder, found in zip(folders, (found_images, found_masks), strict=True):
        if not found:
            raise DataError(f"{folder}: holds no images")
    lossy = [path for path in found_masks.values() if path.suffix.lower() in LOSSY]
    if lossy:
        raise DataError(
            f"{lossy[0]}: a mask in a format that alters pixel values ({len(lossy)} such files):"
            " make the masks anew as PNG"
        )
    problems = [
        f"{found_images[name]}: has no mask in {folders[1]}"
        for name in sorted(set(found_images) - set(found_masks))
    ]
    problems += [
        f"{found_masks[name]}: has no image in {folders[0]}"
        for name in sorted(set(found_masks) - set(found_images))
    ]
    if problems:
        raise DataError(f"images and masks do not pair:\n{problems_text(problems)}")
    entries = [(found_images[name], found_masks[name]) for name in sorted(found_images)]
    return MaskFolder(folders[0], entries, classes, "L" if gray else "RGB", shape)
