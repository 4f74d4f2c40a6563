"""Checks for the exercises of chapter 8, augmentation."""

from __future__ import annotations

from . import geometry, labels, losses, splits, unit_range

__all__ = ["geometry", "labels", "losses", "splits", "unit_range"]
