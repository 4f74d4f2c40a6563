"""Open one image file, and say what is wrong with it and where."""

from __future__ import annotations

import struct
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from pdl.data.errors import DataError

SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}
MOST_PIXELS = 100_000_000
# What Pillow's decoders raise when a file is damaged: not only OSError.
DECODER_ERRORS = (
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    struct.error,
)


def is_image_name(path: Path) -> bool:
    """Tell whether the name of a file ends as that of an image."""
    return path.suffix.lower() in SUFFIXES


def read_image(
    path: Path, mode: str | None = "RGB", shape: tuple[int, int] | None = None
) -> NDArray[Any]:
    """Read an image file whole.

    Parameters
    ----------
    path : Path
        The file: PNG, JPEG or another format that Pillow reads.
    mode : {"RGB", "L", None}
        Colour (H, W, 3) or gray (H, W), both uint8; None for the values as they are stored, of a
        palette image the indices.
    shape : (int, int), optional
        The height and the width that the image must have.

    Returns
    -------
    ndarray
        The image, row first.

    Raises
    ------
    DataError
        If the file is missing, empty, cut off, damaged, no image, or of a wrong size. The message
        names it.
    """
    with _opened(path, shape) as image:
        if mode is not None and image.mode != mode:
            if image.mode.startswith(("I", "F")):
                raise DataError(
                    f"{path}: has {image.mode} pixels, which do not fit into 0…255: convert it to"
                    " 8 bits yourself, so that you choose the scale"
                )
            return np.array(image.convert(mode))
        return np.array(image)


def _opened(path: Path, shape: tuple[int, int] | None) -> Image.Image:
    """Open and decode an image, so that damage shows here and not later."""
    try:
        if path.stat().st_size == 0:
            raise DataError(f"{path}: is empty (0 bytes): get it anew, or remove it")
        with warnings.catch_warnings():
            # What Pillow only warns of is in the notes beside the pixels, or an error follows.
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                width, height = image.size
                if width * height > MOST_PIXELS:
                    raise DataError(f"{path}: claims {height}×{width} pixels, which is too many")
                if shape is not None and (height, width) != tuple(shape):
                    raise DataError(
                        f"{path}: is {height}×{width} pixels (height×width), expected"
                        f" {shape[0]}×{shape[1]}"
                    )
                return image.copy()  # decodes the whole file
    except FileNotFoundError:
        raise DataError(f"{path}: is missing") from None
    except (PermissionError, IsADirectoryError) as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    except UnidentifiedImageError:
        start = path.open("rb").read(12)
        raise DataError(
            f"{path}: is no image that can be read (it begins with {start!r}): get it anew, or"
            " remove it"
        ) from None
    except DataError:
        raise
    except Image.DecompressionBombError as error:
        raise DataError(f"{path}: claims too many pixels ({error})") from None
    except DECODER_ERRORS as error:
        raise DataError(f"{path}: is damaged ({error}): get it anew, or remove it") from None
