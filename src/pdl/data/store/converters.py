"""How each set is made from the form in which it is distributed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from pdl.data.errors import DataError, problems_text
from pdl.data.formats.images import is_image_name, read_image, read_mask
from pdl.data.formats.names import files_by_name, one_spelling

Result = TypeVar("Result")
CAMVID_SPLITS = ("train", "val", "test")
CAMVID_SHAPE = (180, 240)
CATS_DOGS_RANGES = {"training_set": range(1, 1001), "test_set": range(4001, 5001)}
CATS_DOGS_SHAPE = (160, 160)
CARVANA_SHAPE = (320, 480)
CERVIX_CLASSES = ("Type_1", "Type_2", "Type_3")
CERVIX_SHAPE = (256, 256)


@dataclass
class Notes:
    """What a converter says and leaves out.

    Attributes
    ----------
    say : callable
        Told what is done.
    skip_damaged : bool
        Whether a damaged file is left out; otherwise it ends the work.
    left_out : list of str
        What was left out, and why.
    """

    say: Callable[[str], None] = print
    skip_damaged: bool = False
    left_out: list[str] = field(default_factory=list)

    def attempt(self, work: Callable[[], Result]) -> Result | None:
        """Return what ``work`` returns, or None if a damaged file is to be left out."""
        try:
            return work()
        except DataError as error:
            if not self.skip_damaged:
                raise DataError(
                    f"{error}\nto leave out what is damaged, give --skip-damaged"
                ) from None
            self.left_out.append(str(error))
            return None


def _visible_files(source: Path) -> Iterator[Path]:
    """Yield a folder's files in order, without what systems add to folders and archives."""
    for path in sorted(source.rglob("*")):
        parts = path.relative_to(source).parts
        if path.is_file() and not any(part.startswith((".", "__MACOSX")) for part in parts):
            yield path


def _write(image: NDArray[Any], path: Path, shape: tuple[int, int] | None = None) -> None:
    """Write an image, made smaller by averaging if a shape is given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(image)
    if shape is not None:
        picture = picture.resize((shape[1], shape[0]), Image.Resampling.BOX)
    picture.save(path, quality=95) if path.suffix == ".jpg" else picture.save(path)


def _write_mask(mask: NDArray[Any], path: Path, shape: tuple[int, int] | None = None) -> None:
    """Write a mask, made smaller by picking pixels: an average of two classes is no class."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(mask)
    if shape is not None:
        picture = picture.resize((shape[1], shape[0]), Image.Resampling.NEAREST)
    picture.save(path)


def nuclei(source: Path, target: Path, notes: Notes) -> None:
    """One label image for each image, of a folder for each image with a mask for each nucleus.

    Kept are the gray images of 256×256, those of one kind of microscope. Nuclei are numbered in
    the order of the names of their masks.
    """
    items = sorted(path.parent for path in source.rglob("images") if path.is_dir())
    if not items:
        raise DataError(f"{source}: holds no folders ID/images with ID/masks beside them")
    for item in items:
        made = notes.attempt(partial(_nuclei_item, item, notes))
        if made is not None:
            image, labels = made
            _write(image, target / "images" / f"{item.name}.png")
            _write_mask(labels, target / "labels" / f"{item.name}.png")
    if not (target / "images").is_dir():
        raise DataError(f"{source}: holds no gray images of 256×256")


def _nuclei_item(item: Path, notes: Notes) -> tuple[NDArray[np.uint8], NDArray[np.uint16]] | None:
    image_path = files_by_name(item / "images", {".png"}).get(one_spelling(item.name))
    if image_path is None:
        raise DataError(f"{item / 'images' / item.name}.png: is missing")
    colour = read_image(image_path, "RGB")
    height, width = colour.shape[:2]
    if (height, width) != (256, 256):
        notes.left_out.append(f"{item.name}: is {height}×{width} pixels, not 256×256")
        return None
    if (colour != colour[..., :1]).any():
        notes.left_out.append(f"{item.name}: is a colour image")
        return None
    masks = list(files_by_name(item / "masks", {".png"}).values())
    if not 0 < len(masks) <= np.iinfo(np.uint16).max:
        raise DataError(f"{item / 'masks'}: holds {len(masks)} masks, expected 1 to 65535")
    labels = np.zeros((height, width), dtype=np.uint16)
    for number, path in enumerate(masks, start=1):
        mask = read_image(path, "L", (height, width)) > 0
        if not mask.any():
            raise DataError(f"{path}: the mask is empty")
        shared = int(np.count_nonzero(labels[mask]))
        if shared:
            notes.left_out.append(f"{path}: {shared} pixels of an earlier mask, now of this one")
        labels[mask] = number
    covered = set(range(1, len(masks) + 1)) - set(np.unique(labels).tolist())
    if covered:
        raise DataError(f"{masks[min(covered) - 1]}: is wholly covered by the masks after it")
    return colour[..., 0], labels


def camvid(source: Path, target: Path, notes: Notes) -> None:
    """Images and class masks at 240×180, of the folder CamVid of the SegNet tutorial."""
    folders = [path for path in source.rglob("trainannot") if path.is_dir()]
    if len(folders) != 1:
        raise DataError(f"{source}: holds {len(folders)} folders trainannot, expected one")
    content = folders[0].parent
    for split in CAMVID_SPLITS:
        images = [path for path in _visible_files(content / split) if is_image_name(path)]
        if not images:
            raise DataError(f"{content / split}: holds no images")
        for path in images:
            made = notes.attempt(partial(_camvid_item, path))
            if made is not None:
                image, mask = made
                _write(image, target / split / f"{path.stem}.png", CAMVID_SHAPE)
                _write_mask(mask, target / f"{split}annot" / f"{path.stem}.png", CAMVID_SHAPE)


def _camvid_item(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    folder = path.parent.with_name(f"{path.parent.name}annot")
    masks, name = files_by_name(folder, {".png"}), one_spelling(path.stem)
    other = name.replace("_", "annot_", 1)  # train_1, trainannot_1
    mask_path = masks.get(name) or masks.get(other) or folder / f"{name}.png"
    image = read_image(path, "RGB")
    mask = read_mask(mask_path, image.shape[:2])
    if mask.max() > 11:
        raise DataError(f"{mask_path}: holds {mask.max()}, expected the classes 0…11")
    return image, mask.astype(np.uint8)


def cats_and_dogs(source: Path, target: Path, notes: Notes) -> None:
    """1000 + 1000 photos to train and as many to test, 160×160, chosen by their numbers."""
    found: dict[tuple[str, int], Path] = {}
    for path in _visible_files(source):
        name = path.stem if "." in path.stem else f"{path.parent.name}.{path.stem}"
        match = re.fullmatch(r"(cat|dog)\.(\d+)", name.lower())
        if match and is_image_name(path):
            key = match[1], int(match[2])
            if key in found:
                raise DataError(f"{path}: has the number of {found[key]} too")
            found[key] = path
    numbers = [number for wanted in CATS_DOGS_RANGES.values() for number in wanted]
    absent = [
        f"{kind}.{number}.jpg: is missing"
        for kind in ("cat", "dog")
        for number in numbers
        if (kind, number) not in found
    ]
    if absent:
        raise DataError(
            f"{source}: holds {len(found)} photos, and not those that are needed:\n"
            f"{problems_text(absent)}"
        )
    for split, wanted in CATS_DOGS_RANGES.items():
        for kind in ("cat", "dog"):
            for number in wanted:
                path = found[kind, number]
                image = notes.attempt(partial(read_image, path))
                if image is not None:
                    name = f"{kind}.{number}.jpg"
                    _write(image, target / split / f"{kind}s" / name, CATS_DOGS_SHAPE)


def carvana(source: Path, target: Path, notes: Notes) -> None:
    """Photos of cars and masks (0 background, 1 car) at 480×320."""
    files = [(path.suffix.lower(), path) for path in _visible_files(source)]
    images = {path.stem: path for suffix, path in files if suffix in {".jpg", ".jpeg"}}
    masks = {path.stem: path for suffix, path in files if suffix == ".gif"}
    pairs = {stem: f"{stem}_mask" for stem in images}
    absent = [f"{each}.gif: is missing" for each in sorted(set(pairs.values()) - set(masks))]
    unpaired = sorted(set(masks) - set(pairs.values()))
    absent += [f"{each.removesuffix('_mask')}.jpg: is missing" for each in unpaired]
    if absent or not pairs:
        raise DataError(
            f"{source}: holds {len(images)} photos (.jpg) and {len(masks)} masks (.gif), which do"
            f" not pair:\n{problems_text(absent)}"
        )
    for stem, mask_stem in pairs.items():
        made = notes.attempt(partial(_carvana_item, images[stem], masks[mask_stem]))
        if made is not None:
            _write(made[0], target / "images" / f"{stem}.jpg", CARVANA_SHAPE)
            _write_mask(made[1], target / "masks" / f"{stem}.png", CARVANA_SHAPE)


def _carvana_item(path: Path, mask_path: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    image = read_image(path, "RGB")
    mask = read_image(mask_path, "L", image.shape[:2])
    return image, (mask > mask.max() / 2).astype(np.uint8)


def cervix(source: Path, target: Path, notes: Notes) -> None:
    """The middle square of each photo at 256×256; of each type, every fifth is for testing."""
    for name in CERVIX_CLASSES:
        folders = [path for path in source.rglob(name) if path.is_dir()]
        if len(folders) != 1:
            raise DataError(f"{source}: holds {len(folders)} folders {name}, expected one")
        paths = [path for path in _visible_files(folders[0]) if is_image_name(path)]
        if not paths:
            raise DataError(f"{folders[0]}: holds no images")
        paths.sort(key=lambda path: (int(path.stem) if path.stem.isdecimal() else -1, path.stem))
        for index, path in enumerate(paths):
            image = notes.attempt(partial(read_image, path))
            if image is not None:
                split = "test_set" if index % 5 == 4 else "training_set"
                square = ImageOps.fit(Image.fromarray(image), CERVIX_SHAPE, Image.Resampling.BOX)
                _write(np.asarray(square), target / split / name / f"{path.stem}.jpg")


CONVERTERS: dict[str, Callable[[Path, Path, Notes], None]] = {
    "nuclei": nuclei,
    "camvid": camvid,
    "catsdogs": cats_and_dogs,
    "carvana": carvana,
    "cervix": cervix,
}
