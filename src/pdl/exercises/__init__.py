"""Exercises that check themselves.

A chapter ends each exercise with ``check("convolution.convolve1d", my_function)``: the word of the
chapter, then the name of the exercise. The checks of a chapter stand in the folder of that name;
`checking` runs them.
"""

from __future__ import annotations

from .checking.engine import check, grade

__all__ = ["check", "grade"]
