"""Exercises that check themselves.

A chapter ends each exercise with ``check("convolution.convolve1d", my_function)``: the word of the
chapter, then the name of the exercise. The checks of a chapter stand in the module of that name;
`engine` runs them and words the answer, `compare` holds what checks use to compare, `progress`
remembers what a reader has solved.
"""

from __future__ import annotations

from .engine import check, grade

__all__ = ["check", "grade"]
