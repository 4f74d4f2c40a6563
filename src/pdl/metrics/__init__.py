"""How good an answer is: overlap, outline, objects, probabilities, and the interval of a mean.

Everywhere the prediction comes first and the truth second.
"""

from __future__ import annotations

from pdl.metrics.classification import log_loss
from pdl.metrics.intervals import (
    Interval,
    bootstrap_interval,
    bootstrap_runs,
    mean_interval,
    wilson_interval,
)
from pdl.metrics.masks import boundaries, boundary_f1, dice, iou
from pdl.metrics.matching import Matching, iou_table, matched_objects
from pdl.metrics.objects import AP_THRESHOLDS, count_error, count_objects, object_ap, object_f1

__all__ = [
    "AP_THRESHOLDS",
    "Interval",
    "Matching",
    "bootstrap_interval",
    "bootstrap_runs",
    "boundaries",
    "boundary_f1",
    "count_error",
    "count_objects",
    "dice",
    "iou",
    "iou_table",
    "log_loss",
    "matched_objects",
    "mean_interval",
    "object_ap",
    "object_f1",
    "wilson_interval",
]
