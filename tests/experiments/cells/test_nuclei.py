"""The network for drawn cells on real nuclei: the stretching, and the shape of the record."""

from __future__ import annotations

import numpy as np
import pytest
from rich.progress import Progress

from pdl.data import touching_cells
from pdl.experiments.cells import nuclei as cells_to_nuclei
from pdl.experiments.cells.nuclei import DRAWN_LEVELS, run, stretch
from pdl.results import recorded_result


def test_stretching_brings_the_ends_to_the_drawn_levels():
    image = np.linspace(3, 60, 64 * 64).astype(np.uint8).reshape(64, 64)
    stretched = stretch(image)
    low, high = np.percentile(stretched, [1, 99])
    assert abs(low - DRAWN_LEVELS[0]) <= 2
    assert abs(high - DRAWN_LEVELS[1]) <= 2
    assert (np.diff(stretched.ravel().astype(int)) >= 0).all()


def test_a_flat_image_stays_as_it_is():
    flat = np.full((8, 8), 7, np.uint8)
    assert np.array_equal(stretch(flat), flat)


def test_drawn_cells_in_the_place_of_nuclei_are_scored(monkeypatch):
    cells = [tuple(touching_cells(seed)) for seed in range(3)]
    monkeypatch.setattr(cells_to_nuclei, "load_nuclei", lambda split: cells)
    with Progress(disable=True) as progress:
        outcome = run(0, progress, images=2)
    assert outcome.data["sizes"]["images"] == 2
    assert outcome.metrics["plain_object_f1"] > 0.95
    gain = outcome.metrics["plain_object_f1"] - outcome.metrics["classical_object_f1"]
    assert outcome.metrics["plain_minus_classical_object_f1"] == pytest.approx(gain, abs=2e-6)


def test_the_record_is_of_all_test_nuclei_and_the_shipped_weights_lose():
    record = recorded_result("numpy-cnn-nuclei")
    assert record["data"]["sizes"]["images"] == 66
    assert record["intervals"]["stretched_minus_classical_object_f1"][1] < 0
