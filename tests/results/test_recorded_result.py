"""Recorded results: what every file must hold, and a clear error for a name that is not there."""

from __future__ import annotations

import pytest

from pdl.results import RESULTS, recorded_result

KEYS = {"name", "metrics", "seed", "hardware", "versions", "seconds", "commit", "command"}


@pytest.mark.parametrize("name", sorted(path.stem for path in RESULTS.glob("*.json")))
def test_a_result_says_where_it_comes_from(name: str) -> None:
    found = recorded_result(name)
    assert found.keys() >= KEYS
    assert found["name"] == name
    assert all(isinstance(value, int | float) for value in found["metrics"].values())
    commands = ("python benchmarks/", "pdl reproduce", "python book/tools/spreads.py")
    assert any(each in found["command"] for each in commands)
    assert found["hardware"]


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="convolution-speed"):
        recorded_result("no-such-result")
