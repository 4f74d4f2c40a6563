"""Keras 3 on TensorFlow, imported without the messages of its start.

Whoever sets ``TF_CPP_MIN_LOG_LEVEL`` sees those of that level.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep what the import writes from the reader: TensorFlow's first lines heed no level."""
    try:
        stderr = os.dup(2)
    except OSError:  # closed, as without a console on Windows: nobody reads it
        yield
        return
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nothing)


os.environ.setdefault("KERAS_BACKEND", "tensorflow")
if "TF_CPP_MIN_LOG_LEVEL" in os.environ:
    import keras
else:
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    with _quietly():
        import keras

__all__ = ["keras"]
