"""Checks for the exercises of chapter 3, image filters."""

from __future__ import annotations

from .edges import edge_angle, link
from .frequencies import pseudo_inverse, response
from .kernels import diagnose, noise_gain, sharpening_kernel, upward_difference
from .repair import despeckle, restore

EXERCISES = (
    noise_gain,
    upward_difference,
    diagnose,
    despeckle,
    edge_angle,
    sharpening_kernel,
    response,
    link,
    pseudo_inverse,
    restore,
)
"""In the order of the book."""
