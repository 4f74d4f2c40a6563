"""The package that *Proven Deep Learning for Vision* teaches from."""

from __future__ import annotations

__version__ = "0.1.0"
