"""Checks for the exercises of chapter 5, layers."""

from __future__ import annotations

from . import counting, fields, heads, sizes, sliding

__all__ = ["counting", "fields", "heads", "sizes", "sliding"]
