"""Exercises that check themselves.

A chapter ends each exercise with ``check("convolution.convolve1d", my_function)``: the word of the
chapter, then the name of the exercise. The checks of a chapter stand in the folder of that name;
`engine` runs them, first in a copy of the process (`trial`), under a time limit (`limits`), with
the reader's function watched (`guard`) and its side effects undone (`traces`). `compare` holds what
checks use to compare, `arrays` takes answers of every type, `samples` has numbers to try them on,
`progress` remembers what is solved.
"""

from __future__ import annotations

from .engine import check, grade

__all__ = ["check", "grade"]
