"""Checks for the exercises of chapter 6, backpropagation."""

from __future__ import annotations

from . import basics, kernels, nonlinear, training

__all__ = ["basics", "kernels", "nonlinear", "training"]
