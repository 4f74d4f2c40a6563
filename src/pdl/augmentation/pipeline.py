"""A pipeline of random changes: what may be done to a training image, and how strongly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pdl._validation import (
    check_array,
    check_choice,
    check_fraction,
    check_generator,
    check_image,
    check_labels,
    check_nonnegative,
    check_same_shape,
)
from pdl.augmentation.geometry import (
    check_shape,
    flip_horizontal,
    flip_vertical,
    image_centre,
    rotation,
    scaling,
    translation,
)
from pdl.augmentation.pixels import add_noise, adjust_colour, blur
from pdl.augmentation.warp import warp_boxes, warp_image, warp_labels
from pdl.signals.convolution import BOUNDARIES


class Augmented(NamedTuple):
    """A changed image and what is known about it.

    Attributes
    ----------
    image : ndarray
        In the dtype of the image put in.
    labels : ndarray or None
        The moved label mask; None if none was given.
    boxes : ndarray of float64, shape (K, 4), or None
        The moved boxes that are still to be seen, clipped; None if none were given.
    kept : ndarray of int64, shape (K,), or None
        Which of the boxes put in they are: ``classes[kept]`` are their classes.
    """

    image: NDArray[Any]
    labels: NDArray[Any] | None
    boxes: NDArray[np.float64] | None
    kept: NDArray[np.int64] | None


@dataclass(frozen=True)
class Augmentation:
    """What may happen to a training image; every call draws anew.

    With its defaults it does nothing. Turning one change on or off leaves what is drawn for the
    others as it was, so that pipelines can be compared with one seed.

    Parameters
    ----------
    rotation : float
        Turned about the image's centre by −rotation … rotation degrees.
    shift : float
        Moved by up to this part of the width to either side and of the height up or down.
    scale : float
        Enlarged by a factor of 1 − scale … 1 + scale; below 1.
    flip_horizontal, flip_vertical : bool
        Whether it is mirrored left to right, or top to bottom, in half of the calls.
    crop : tuple of two int, optional
        Height and width of a window cut out at a random place of the moved image; no larger
        than the image.
    noise : float
        Gaussian noise of standard deviation 0 … noise, as a part of white.
    blur : float
        Gaussian blur of standard deviation 0 … blur, in pixels.
    brightness : float
        Brighter by −brightness … brightness, as a part of white.
    contrast, saturation : float
        Multiplied by 1 − contrast … 1 + contrast; at most 1. See
        :func:`~pdl.augmentation.pixels.adjust_colour`.
    boundary : {"zero", "nearest", "reflect", "wrap"}
        What lies outside the image, see :func:`pdl.signals.pad`. Labels are continued likewise;
        boxes are not: ``"reflect"`` shows mirrored objects near the border for which there is no
        box. To train a detector choose ``"zero"`` or ``"nearest"``.
    min_visible : float
        In [0, 1): boxes of which no more than this part is inside are dropped.

    Raises
    ------
    TypeError, ValueError
        If a value is not as above, e.g. negative.

    Notes
    -----
    The order is that of taking a picture: the light and the stain (colour), where things lie
    (geometry), the lens (blur), the sensor (noise). Noise that was added before the geometry would
    be smoothed by the interpolation.

    Examples
    --------
    >>> pipeline = Augmentation(rotation=180, flip_horizontal=True, brightness=0.1)
    >>> pipeline(np.random.default_rng(0), np.zeros((64, 64, 3), np.uint8)).image.shape
    (64, 64, 3)
    """

    rotation: float = 0.0
    shift: float = 0.0
    scale: float = 0.0
    flip_horizontal: bool = False
    flip_vertical: bool = False
    crop: tuple[int, int] | None = None
    noise: float = 0.0
    blur: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    boundary: str = "reflect"
    min_visible: float = 0.0

    def __post_init__(self) -> None:
        for name in ("rotation", "shift", "noise", "blur", "brightness"):
            check_nonnegative(getattr(self, name), name)
        for name in ("scale", "contrast", "saturation", "min_visible"):
            check_fraction(getattr(self, name), name)
        for name in ("scale", "min_visible"):
            if getattr(self, name) == 1:
                raise ValueError(f"{name} must be below 1, got {getattr(self, name)!r}")
        for name in ("flip_horizontal", "flip_vertical"):
            if not isinstance(getattr(self, name), (bool, np.bool_)):
                raise TypeError(f"{name} must be True or False, got {getattr(self, name)!r}")
        if self.crop is not None and check_shape(self.crop, "crop") != self.crop:
            raise ValueError(f"crop must be (height, width), got {self.crop!r}")
        check_choice(self.boundary, "boundary", BOUNDARIES)

    def draw_matrix(self, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
        """Draw the geometry of one change: flip, scale, turn, shift, then crop.

        Parameters
        ----------
        rng : numpy.random.Generator
            Eight numbers are drawn, whatever is turned on.
        shape : tuple of int
            Shape of the source image, (H, W) or (H, W, C).

        Returns
        -------
        ndarray of float64, shape (3, 3)
            From source to target, for a target of shape :attr:`crop` or else ``shape``. A call of
            the pipeline with a generator in the same state moves by this matrix.

        Raises
        ------
        TypeError, ValueError
            If ``rng`` is no Generator, or the image is smaller than the crop.
        """
        height, width = check_shape(shape, "shape")
        turn, factor, dx, dy = check_generator(rng).uniform(-1, 1, 4)
        mirror, invert, left, top = rng.uniform(0, 1, 4)
        crop_height, crop_width = self.crop or (height, width)
        if crop_height > height or crop_width > width:
            raise ValueError(f"an image of shape {shape} is smaller than the crop {self.crop}")

        matrix = np.eye(3)
        if self.flip_horizontal and mirror < 0.5:
            matrix = flip_horizontal(width) @ matrix
        if self.flip_vertical and invert < 0.5:
            matrix = flip_vertical(height) @ matrix
        centre = image_centre(shape)
        matrix = scaling(1 + factor * self.scale, centre) @ matrix
        matrix = rotation(turn * self.rotation, centre) @ matrix
        matrix = translation(dx * self.shift * width, dy * self.shift * height) @ matrix
        # ⌊u · n⌋ is each of 0 … n − 1 equally often: whole pixels, so that a crop is exact.
        crop_x = np.floor(left * (width - crop_width + 1))
        crop_y = np.floor(top * (height - crop_height + 1))
        return translation(-crop_x, -crop_y) @ matrix

    def __call__(
        self,
        rng: np.random.Generator,
        image: ArrayLike,
        labels: ArrayLike | None = None,
        boxes: ArrayLike | None = None,
    ) -> Augmented:
        """Change an image at random, and its labels and boxes with it.

        Parameters
        ----------
        rng : numpy.random.Generator
        image : array_like, shape (H, W) or (H, W, C)
            uint8, 0…255, or float in [0, 1]; for geometry alone any real dtype.
        labels : array_like of int, shape (H, W), optional
        boxes : array_like, shape (N, 4), optional
            x_min, y_min, x_max, y_max, pixel edges.

        Returns
        -------
        Augmented
            image, labels, boxes, kept; nothing put in is altered.

        Raises
        ------
        TypeError, ValueError
            If an argument is not as above.
        """
        changed = check_image(image)
        source = changed.shape[:2]
        matrix = self.draw_matrix(rng, source)
        brightness, contrast, saturation = rng.uniform(-1, 1, 3)
        sigma, deviation = 1 - rng.uniform(0, 1, 2)  # above 0: a blur of 0 does not exist

        if self.brightness or self.contrast or self.saturation:
            changed = adjust_colour(
                changed,
                brightness * self.brightness,
                1 + contrast * self.contrast,
                1 + saturation * self.saturation,
            )
        changed = warp_image(changed, matrix, self.crop, self.boundary)
        if self.blur:
            changed = blur(changed, sigma * self.blur)
        if self.noise:
            changed = add_noise(changed, deviation * self.noise, rng)

        moved_labels = moved_boxes = kept = None
        if labels is not None:
            mask = check_labels(labels)
            check_same_shape(mask, np.empty(source), "labels", "image (H, W)")
            moved_labels = warp_labels(mask, matrix, self.crop, self.boundary)
        if boxes is not None:
            moved_boxes, kept = warp_boxes(boxes, matrix, self.crop or source, self.min_visible)
        return Augmented(changed, moved_labels, moved_boxes, kept)

    def augment_batch(self, rng: np.random.Generator, images: ArrayLike) -> NDArray[Any]:
        """Change each image of a batch by a draw of its own.

        Parameters
        ----------
        rng : numpy.random.Generator
        images : array_like, shape (N, H, W, C) or (N, H, W)
            As for a call. Of three axes, a last one of 3 or 4 is taken for an image's channels,
            and refused.

        Returns
        -------
        ndarray, shape (N, H', W', C) or (N, H', W'), dtype of ``images``
            H' and W' are those of the crop, else H and W. The same as one call after the other.

        Raises
        ------
        TypeError, ValueError
            If an argument is not as above.
        """
        batch = check_array(images, "images")
        if batch.ndim not in (3, 4):
            raise ValueError(
                f"images must have shape (N, H, W, C) or (N, H, W), got shape {batch.shape}"
            )
        if batch.ndim == 3 and batch.shape[2] in (3, 4):
            raise ValueError(
                f"images of shape {batch.shape} look like one colour image, not a batch (N, H, W): "
                "call the pipeline itself, or give image[np.newaxis]"
            )
        return np.stack([self(rng, image).image for image in batch])
