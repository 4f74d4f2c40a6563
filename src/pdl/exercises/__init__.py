"""Exercises that check themselves.

A chapter ends each exercise with ``check("convolution.convolve1d", my_function)``: the word of the
chapter, then the name of the exercise. The checks of a chapter stand in the module of that name;
`engine` runs them, first in a copy of the process (`trial`), under a time limit (`limits`), with
the reader's function watched (`guard`) and its side effects undone (`traces`). `compare` holds what
checks use to compare, `arrays` takes answers of every type, `progress` remembers what is solved.
"""

from __future__ import annotations

from .engine import check, grade

__all__ = ["check", "grade"]
