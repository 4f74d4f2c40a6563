"""Checks for the exercises of chapter 8, augmentation."""

from __future__ import annotations

from .geometry import flip_boxes, rotate_boxes, where_it_goes
from .labels import ambiguous_digits, shift_labels
from .losses import class_weights, log_loss, prior_loss
from .splits import find_leak, group_folds
from .unit_range import to_network

EXERCISES = (
    where_it_goes,
    flip_boxes,
    rotate_boxes,
    shift_labels,
    ambiguous_digits,
    log_loss,
    prior_loss,
    class_weights,
    group_folds,
    find_leak,
    to_network,
)
"""In the order of the book."""
