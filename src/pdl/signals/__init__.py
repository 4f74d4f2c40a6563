"""Signals and linear shift-invariant systems: sampling, impulses and convolution.

Chapters 1 and 2 build these functions; later chapters import them from here.
"""

from __future__ import annotations

from pdl.signals.convolution import (
    BOUNDARIES,
    METHODS,
    MODES,
    convolve2d,
    convolve_fft,
    convolve_loops,
    convolve_windows,
    correlate2d,
    pad,
)
from pdl.signals.impulses import impulse
from pdl.signals.one_dimension import convolve1d, correlate1d
from pdl.signals.sampling import quantize, sample
from pdl.signals.separability import separable

__all__ = [
    "BOUNDARIES",
    "METHODS",
    "MODES",
    "convolve1d",
    "convolve2d",
    "convolve_fft",
    "convolve_loops",
    "convolve_windows",
    "correlate1d",
    "correlate2d",
    "impulse",
    "pad",
    "quantize",
    "sample",
    "separable",
]
