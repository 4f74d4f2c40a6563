"""Checks for the exercises of chapter 5, layers."""

from __future__ import annotations

from . import counting, heads, sizes, sliding

__all__ = ["counting", "heads", "sizes", "sliding"]
