"""What a training of a NumPy network hands back."""

from __future__ import annotations

from typing import NamedTuple

from pdl.layers import Sequential


class Trained(NamedTuple):
    """A network and the loss of each step that trained it."""

    model: Sequential
    losses: list[float]
