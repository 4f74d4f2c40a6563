"""What the tests of training share."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def _on_the_cpu(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests mean the CPU unless they say otherwise, also on a machine with a GPU."""
    if request.node.get_closest_marker("gpu") is None:
        monkeypatch.setenv("PDL_DEVICE", "cpu")
    for name in [each for each in os.environ if each.startswith("ACCELERATE_")]:
        monkeypatch.delenv(name)
