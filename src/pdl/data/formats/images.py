"""Open one image file, and say what is wrong with it and where.

Every image file that the package reads comes through :func:`read_image`: what is read, what is
converted and what is refused is decided here alone.
"""

from __future__ import annotations

import struct
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

from pdl._files import as_path
from pdl.data.errors import DataError

SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}
# The formats of these suffixes: what a file is follows from its first bytes, and among the others
# that Pillow knows are programs (PostScript), which opening would run.
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")
MOST_PIXELS = 100_000_000
# What Pillow's decoders raise when a file is damaged: not only OSError.
DECODER_ERRORS = (
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    RuntimeError,
    struct.error,
)
# Pillow's names of what it converts to 8 bits of RGB or gray in one way only.
CONVERTED = {"1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr"}
BITS_PER_SAMPLE = 258  # a tag of TIFF
LARGEST_MASK_VALUE = np.iinfo(np.int32).max


def is_image_name(path: Path) -> bool:
    """Tell whether the name of a file ends as that of an image."""
    return path.suffix.lower() in SUFFIXES


def read_image(
    path: str | Path, mode: str | None = "RGB", shape: tuple[int, int] | None = None
) -> NDArray[Any]:
    """Read an image file whole.

    A photo is turned as its EXIF orientation says, as every viewer does. CMYK is converted by
    R = (1 − C)(1 − K) and so on, without a colour profile. What has no one reading in 8 bits is
    refused: transparent pixels, whose colour depends on what lies behind them; more than 8 bits a
    channel; Lab and other colour spaces; several pages or frames.

    Parameters
    ----------
    path : str or Path
        The file: BMP, GIF, JPEG, PNG, TIFF or WebP, whatever its name says.
    mode : {"RGB", "L", None}
        Colour (H, W, 3) or gray (H, W), both uint8; None for the values as they are stored, of a
        palette image the indices, of one bit booleans.
    shape : (int, int), optional
        The height and the width that the image must have, after it was turned.

    Returns
    -------
    ndarray
        The image, row first.

    Raises
    ------
    DataError
        If the file is missing, empty, cut off, damaged, no image, of a wrong size, or cannot be
        read in one way only. The message names it and the remedy.
    """
    path = as_path(path)
    with _opened(path, shape) as image:
        if mode is None:
            return np.array(image)
        if image.mode.startswith(("I", "F")):
            raise DataError(
                f"{path}: has {image.mode} pixels, which do not fit into 0…255: convert it to"
                " 8 bits yourself, so that you choose the scale"
            )
        if image.mode not in CONVERTED:
            raise DataError(f"{path}: is in the colour space {image.mode}: convert it to RGB")
        if image.has_transparency_data and np.array(image.convert("RGBA"))[..., 3].min() < 255:
            raise DataError(
                f"{path}: has transparent pixels, which look different on white and on black: lay"
                " it on a background of your choice and save it without transparency"
            )
        return np.array(image.convert(mode))


def read_mask(path: str | Path, shape: tuple[int, int] | None = None) -> NDArray[np.int32]:
    """Read a mask: one number a pixel, that of its class or of its object.

    Parameters
    ----------
    path : str or Path
        An image file of one channel; of a palette image the indices count.
    shape : (int, int), optional
        The height and the width that it must have.

    Returns
    -------
    ndarray of int32, shape (H, W)
        0 or greater.

    Raises
    ------
    DataError
        As :func:`read_image`, and if there are several channels, or a value is no whole number
        from 0 to 2³¹ − 1. The message says where.
    """
    mask = read_image(path, None, shape)
    if mask.ndim != 2:
        raise DataError(
            f"{path}: has {mask.shape[2]} channels; a mask has one, with the number of the class"
            " at each pixel: turn colours into numbers first"
        )
    bad = (mask < 0) | (mask > LARGEST_MASK_VALUE)
    if mask.dtype.kind == "f":
        bad |= ~np.isfinite(mask) | (mask != np.floor(mask))
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise DataError(
            f"{path}: row {row}, column {column} holds {mask[row, column]}, expected a whole"
            f" number from 0 to {LARGEST_MASK_VALUE}"
        )
    return mask.astype(np.int32)


def _opened(path: Path, shape: tuple[int, int] | None) -> Image.Image:
    """Open and decode an image, so that damage shows here and not later, and turn it upright."""
    try:
        if path.stat().st_size == 0:
            raise DataError(f"{path}: is empty (0 bytes): get it anew, or remove it")
        with warnings.catch_warnings():
            # What Pillow only warns of is in the notes beside the pixels, or an error follows.
            warnings.simplefilter("ignore")
            # Opened by its name, a TIFF that is turned by a quarter would be mapped into memory,
            # which Pillow 13 does with height and width exchanged.
            with path.open("rb") as file, Image.open(file, formats=FORMATS) as image:
                _check_header(path, image)
                claimed = image.size
                upright = ImageOps.exif_transpose(image)  # decodes the whole file
                width, height = upright.size
                if shape is not None and (height, width) != tuple(shape):
                    turned = ", turned as its EXIF orientation says"
                    raise DataError(
                        f"{path}: is {height}×{width} pixels (height×width"
                        f"{turned if upright.size != claimed else ''}), expected"
                        f" {shape[0]}×{shape[1]}"
                    )
                return upright
    except FileNotFoundError:
        raise DataError(f"{path}: is missing") from None
    except (PermissionError, IsADirectoryError) as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    except UnidentifiedImageError:
        with path.open("rb") as file:
            start = file.read(12)
        raise DataError(
            f"{path}: is no image that can be read (it begins with {start!r}): get it anew, save"
            " it as PNG, or remove it"
        ) from None
    except DataError:
        raise
    except Image.DecompressionBombError as error:
        raise DataError(f"{path}: claims too many pixels ({error})") from None
    except DECODER_ERRORS as error:
        raise DataError(f"{path}: is damaged ({error}): get it anew, or remove it") from None


def _check_header(path: Path, image: Image.Image) -> None:
    """Refuse what the header says already: too many pixels, several pages, 16 bits of colour."""
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise DataError(f"{path}: claims {height}×{width} pixels, which is too many")
    pages = getattr(image, "n_frames", 1)
    # Behind the photo of a camera stands its preview, in the format MPO.
    if pages > 1 and image.format != "MPO":
        raise DataError(
            f"{path}: holds {pages} images (pages or frames): save the one that you mean, or each"
            " of them, as a file of its own"
        )
    if _bits(image) > 8 and not image.mode.startswith(("I", "F")):
        raise DataError(
            f"{path}: has more than 8 bits a channel, of which only 8 would be read: convert it to"
            " 8 bits yourself, so that you choose the scale"
        )


def _bits(image: Image.Image) -> int:
    """Return how many bits a channel has in the file; Pillow itself cuts 16 bits of colour to 8."""
    if isinstance(image, TiffImageFile):
        return max(image.tag_v2.get(BITS_PER_SAMPLE, (1,)))
    if isinstance(image, PngImageFile):
        return 16 if any(str(tile[3]).endswith(";16B") for tile in image.tile) else 8
    return 8
