"""The running table: one way to score, for every method."""

from __future__ import annotations

import numpy as np
import pytest

from pdl.data import load_cells
from pdl.experiments.cells.scores import (
    CHAPTER_4,
    TUNED,
    Classical,
    classical_outline,
    describe_cells,
    score_cells,
    score_images,
    summarise_runs,
)
from pdl.results import recorded_result

SCORES = ("iou", "dice", "boundary_f1", "object_f1", "object_f1_90", "ap", "count_error")


def test_the_truth_scores_best():
    truth = load_cells("test", count=1).labels[0]
    found = score_cells(truth, truth)
    assert tuple(found) == SCORES
    assert all(found[name] == 1 for name in SCORES[:-1])
    assert found["count_error"] == 0


def test_the_errors_of_a_count_do_not_cancel():
    truth = np.zeros((8, 8), dtype=np.int32)
    truth[2:4, 2:4] = 1
    none, two = np.zeros_like(truth), truth.copy()
    two[6, 6] = 2
    assert score_images([none, two], [truth, truth])["count_error"].tolist() == [1, 1]


def test_the_classical_line_is_chapter_4s():
    """A few images anew, and the means of all as chapter 4 recorded them."""
    test = load_cells("test")
    chapter_4, recorded = recorded_result("cells-classical"), recorded_result("numpy-cnn-cells")
    described = describe_cells("touching cells, test", list(test.images), list(test.labels))
    assert described in chapter_4["data"]
    assert described in recorded["data"]
    per_image = recorded["per_image"]["classical"]
    found = score_images(map(classical_outline, test.images[:6]), test.labels[:6])
    for name, values in found.items():
        assert values == pytest.approx(per_image[name][:6], abs=1e-6)
    for name in SCORES:
        expected = chapter_4["metrics"][f"multi_otsu_watershed_{name}"]
        assert recorded["metrics"][f"classical_{name}"] == pytest.approx(expected, abs=1e-6)
        assert np.mean(per_image[name]) == pytest.approx(expected, abs=1e-6)


def test_the_settings_are_the_best_that_were_tried():
    tuned = recorded_result("cells-classical")["tuned"]
    assert TUNED["drawn"]["classical"] == CHAPTER_4
    for name, methods in TUNED.items():
        for key, settings in methods.items():
            recorded = dict(tuned[name][key])
            assert 0 < recorded.pop("validation_ap") < 1
            assert Classical(**recorded) == settings


def test_each_setting_of_the_classical_method_does_what_it_says():
    """Three levels: 0, 100 and 200, with a hole in a bright square beside a dim one."""
    image = np.zeros((40, 70), np.uint8)
    image[5:35, 5:35], image[5:35, 42:66] = 200, 100
    image[18:22, 18:22] = 0
    assert (classical_outline(image)[10, [10, 50]] > 0).tolist() == [True, True]
    assert (classical_outline(image, Classical(classes=2))[10, [10, 50]] > 0).any()
    assert classical_outline(image)[20, 20] == 0
    assert classical_outline(image, Classical(fill=True))[20, 20] > 0
    speck = image.copy()
    speck[2:4, 37:40] = 130  # six pixels, too few for a cell
    assert classical_outline(speck)[3, 38] == 0
    assert classical_outline(image, Classical(sigma=3.0))[20, 20] > 0


def test_gains_are_paired():
    reference = {"iou": np.array([0.1, 0.5, 0.9])}
    runs = [{"iou": reference["iou"] + gain} for gain in (0.01, 0.03)]
    metrics, intervals = summarise_runs(runs, reference, "old")
    assert metrics == pytest.approx({"iou": 0.52, "old_iou": 0.5, "minus_old_iou": 0.02})
    assert intervals["minus_old_iou"] == pytest.approx([0.01, 0.03])
    assert intervals["iou"][1] - intervals["iou"][0] > 0.5
