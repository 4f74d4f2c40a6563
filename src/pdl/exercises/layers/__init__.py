"""Checks for the exercises of chapter 5, layers."""

from __future__ import annotations

from .counting import merge, parameters
from .fields import receptive_field
from .heads import cross_entropy, mended, one_unit
from .sizes import output_size, same_padding
from .sliding import conv2d, max_pool, mix_channels

EXERCISES = (
    output_size,
    same_padding,
    conv2d,
    mix_channels,
    max_pool,
    cross_entropy,
    one_unit,
    parameters,
    receptive_field,
    merge,
    mended,
)
"""In the order of the book."""
