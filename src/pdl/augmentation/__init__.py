"""Augmentation: changed copies of the training images, and of what is known about them.

Chapter 8 builds these functions; later chapters import them from here.
"""

from __future__ import annotations

from pdl.augmentation.boxes import box_areas, boxes_of_labels
from pdl.augmentation.geometry import (
    flip_horizontal,
    flip_vertical,
    image_centre,
    rotation,
    scaling,
    translation,
)
from pdl.augmentation.interpolation import interpolate
from pdl.augmentation.pipeline import Augmentation, Augmented
from pdl.augmentation.pixels import add_noise, adjust_colour, blur
from pdl.augmentation.warp import MovedBoxes, warp_boxes, warp_image, warp_labels, warp_points

__all__ = [
    "Augmentation",
    "Augmented",
    "MovedBoxes",
    "add_noise",
    "adjust_colour",
    "blur",
    "box_areas",
    "boxes_of_labels",
    "flip_horizontal",
    "flip_vertical",
    "image_centre",
    "interpolate",
    "rotation",
    "scaling",
    "translation",
    "warp_boxes",
    "warp_image",
    "warp_labels",
    "warp_points",
]
