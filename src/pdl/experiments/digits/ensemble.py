"""Several networks that answer together: the mean of their probabilities, or of their logits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pdl.experiments.digits.training import Correct, Scores
from pdl.experiments.resume import Found
from pdl.layers import softmax


def add_ensemble(scores: Scores, runs: Sequence[Found], truth: NDArray[np.int64]) -> None:
    """What the mean of the networks' probabilities is worth, beside that of a single network.

    For the gain each network is left out in turn: the ensemble of the others against those others.
    """
    logits = np.array([run["logits"] for run in runs])
    members = np.array([softmax(each) for each in logits])
    correct = members.argmax(axis=2) == truth
    arithmetic = _mean_correct(members, truth)
    # The mean of the logits is the logarithm of the geometric mean, but for its normalization.
    geometric = _mean_correct(logits, truth)
    scores.add("ensemble_accuracy", arithmetic[np.newaxis])
    scores.gain("geometric_minus_arithmetic", geometric[np.newaxis], arithmetic[np.newaxis])
    gains = [
        _mean_correct(np.delete(members, out, axis=0), truth)
        - np.delete(correct, out, axis=0).mean(0)
        for out in range(len(members))
    ]
    scores.add("ensemble_minus_mean_member", np.array(gains))


def _mean_correct(members: NDArray[np.float64], truth: NDArray[np.int64]) -> Correct:
    """Whether the largest mean over the members stands at the true digit."""
    return np.asarray(members.mean(axis=0).argmax(axis=1) == truth)
