"""Checks for the exercises of chapter 6, backpropagation."""

from __future__ import annotations

from .basics import by_hand, cross_entropy_gradient, linear_backward, numerical_gradient
from .kernels import bias_gradient, input_gradient, kernel_gradient
from .nonlinear import batch_norm_backward, max_pool_backward
from .training import adam_step, repaired

EXERCISES = (
    by_hand,
    numerical_gradient,
    linear_backward,
    cross_entropy_gradient,
    kernel_gradient,
    input_gradient,
    bias_gradient,
    max_pool_backward,
    batch_norm_backward,
    adam_step,
    repaired,
)
"""In the order of the book."""
