"""The package that *Proven Deep Learning for Vision* teaches from."""

from __future__ import annotations

from pdl import _triton_first

__version__ = "0.1.0"

_triton_first.keep_order()
