"""Checks for the exercises of chapter 2, convolution."""

from __future__ import annotations

from .fast import convolve_fft, split
from .restoration import restore
from .sequences import by_hand, convolve1d, output_size, second_forward
from .systems import predict, shift_invariant
from .two_dimensions import convolve2d, convolve_with, repaired

EXERCISES = (
    by_hand,
    shift_invariant,
    convolve1d,
    predict,
    second_forward,
    convolve2d,
    repaired,
    convolve_with,
    output_size,
    split,
    convolve_fft,
    restore,
)
"""In the order of the book."""
