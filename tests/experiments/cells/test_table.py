"""The running table shows what the records hold, and says what they do not."""

from __future__ import annotations

import pytest

from pdl.experiments.cells import table as module
from pdl.experiments.cells.table import COLUMNS, METHODS, SCORES, Source, running_table
from pdl.results import recorded_result

RECORDS = {
    "a": {
        "metrics": {"ap": 0.523, "count_error": 1.25, "seconds_per_image": 0.0156},
        "intervals": {"ap": [0.49, 0.5549], "count_error": [1.0, 1.5]},
    },
    "b": {"metrics": {"nuclei_ap": 0.4}, "intervals": {}},
}


def test_a_cell_is_what_its_record_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "recorded_result", RECORDS.__getitem__)
    rows = {"new": {"drawn": Source("a"), "nuclei": Source("b", "nuclei_")}}
    monkeypatch.setattr(module, "METHODS", rows)
    shown = running_table(["new"], ["ap", "count_error", "seconds_per_image"])
    assert shown.columns == ["drawn", "drawn, hard", "real nuclei"]
    assert shown.blocks == {
        "AP at IoU 0.5…0.95": {"new": ["0.52 [0.49, 0.55]", "–", "0.40"]},
        "count error": {"new": ["1.2 [1.0, 1.5]", "–", "–"]},
        "seconds an image": {"new": ["0.016", "–", "–"]},
    }


def test_every_source_is_recorded_with_an_interval() -> None:
    for method, columns in METHODS.items():
        assert columns.keys() <= COLUMNS.keys()
        for source in columns.values():
            record = recorded_result(source.record)
            for score in SCORES.keys() - {"seconds_per_image"}:
                key = source.prefix + score
                low, high = record["intervals"][key]
                assert low <= record["metrics"][key] <= high, (method, key)


def test_the_hard_set_is_as_hard_as_it_has_to_be() -> None:
    """The best classical method stays below 0.6, the network below 0.75, with their intervals."""
    classical, network = (
        recorded_result(f"{name}") for name in ("cells-classical", "numpy-cnn-cells-hard")
    )
    best = max(classical["intervals"][f"hard_{name}_ap"][1] for name in ("classical", "filtered"))
    assert best < 0.6
    assert network["intervals"]["ap"][1] < 0.75
    assert network["intervals"]["minus_filtered_ap"][0] > 0
    assert network["metrics"]["object_f1"] > 0.85, "it can be done"


@pytest.mark.parametrize(
    ("arguments", "match"),
    [((["U-net"],), "methods: no 'U-net'; there are: Otsu"), (([], ["iou"]), "scores: no 'iou'")],
)
def test_unknown_names_are_refused(arguments: tuple[list[str], ...], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        running_table(*arguments)
