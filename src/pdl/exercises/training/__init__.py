"""Checks for the exercises of chapter 7, training on digits."""

from __future__ import annotations

from .batching import batches, repair_loop
from .dropout import dropout, two_opinions
from .judging import confusion_matrix, images_needed
from .normalization import batch_norm, batch_norm_backward, running_statistics
from .starting import first_loss, he_std, normalise

EXERCISES = (
    batches,
    normalise,
    he_std,
    first_loss,
    dropout,
    two_opinions,
    batch_norm,
    batch_norm_backward,
    running_statistics,
    repair_loop,
    confusion_matrix,
    images_needed,
)
"""In the order of the book."""
