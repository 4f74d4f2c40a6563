"""Checks for the exercises of chapter 7, training on digits."""

from __future__ import annotations

from . import batching, dropout, judging, normalization, starting

__all__ = ["batching", "dropout", "judging", "normalization", "starting"]
