"""Checks for the exercises of chapter 1, images as arrays."""

from __future__ import annotations

from .regions import circular_mask, crop_box, paint
from .sampling import alias, shrink
from .values import brighten, dither, to_uint8
from .video import velocity, video_values

EXERCISES = (
    crop_box,
    video_values,
    brighten,
    to_uint8,
    circular_mask,
    paint,
    alias,
    shrink,
    dither,
    velocity,
)
"""In the order of the book."""
