"""The arrays of type hints that know nothing of their dtype, under one short name."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]
