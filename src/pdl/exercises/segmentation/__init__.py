"""Checks for the exercises of chapter 4, classical segmentation."""

from __future__ import annotations

from .clustering import kmeans_step, seeding
from .regions import count_touching, flood
from .scores import iou, paired_gain
from .thresholds import classes, otsu, probabilities, within_by_hand

EXERCISES = (
    within_by_hand,
    probabilities,
    classes,
    otsu,
    kmeans_step,
    seeding,
    flood,
    iou,
    paired_gain,
    count_touching,
)
"""In the order of the book."""
