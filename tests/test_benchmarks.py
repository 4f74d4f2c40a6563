"""The measurements of speed: who takes turns, and that each pair computes the same."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pdl.results import recorded_result

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def common(monkeypatch):
    """The module that the benchmarks share, with a clock that the calls themselves move."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import _common

    return _common


def test_calls_take_turns_and_the_best_turn_of_each_counts(common, monkeypatch) -> None:
    now, order = 0.0, []
    seconds = {"ours": iter([9.0, 1.0, 5.0, 3.0, 4.0]), "theirs": iter([9.0, 1.0, 2.0, 8.0])}
    monkeypatch.setattr(common.time, "process_time", lambda: now)

    def call(name: str) -> None:
        nonlocal now
        now += next(seconds[name])
        order.append(name)

    calls = {name: lambda name=name: call(name) for name in seconds}
    best = common.best_times(calls, 3, most_rounds=lambda name: 2 if name == "theirs" else None)
    # Twice each beforehand, to warm up and to see how long it takes; then in turn.
    assert order == ["ours"] * 2 + ["theirs"] * 2 + ["ours", "theirs"] * 2 + ["ours"]
    assert best == {"ours": 3.0, "theirs": 2.0}


def test_a_quick_call_is_repeated_in_its_turn(common, monkeypatch) -> None:
    now, calls = 0.0, 0
    monkeypatch.setattr(common.time, "process_time", lambda: now)

    def call() -> None:
        nonlocal now, calls
        now, calls = now + 0.001, calls + 1

    assert common.best_times({"quick": call}, 2)["quick"] == pytest.approx(0.001)
    assert calls == 2 + 2 * 10  # 10 ms a turn


def test_each_operation_computes_what_its_peer_does_and_is_in_the_record(tmp_path: Path) -> None:
    output = tmp_path / "speed.json"
    command = [sys.executable, BENCHMARKS / "peers.py", "--rounds", "1", "--output", output]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    found = json.loads(output.read_text("utf8"))["measurements"]
    recorded = recorded_result("peers-speed")
    for row, kept in zip(found, recorded["measurements"], strict=True):
        assert row.keys() == kept.keys()
        assert [row[key] for key in ("name", "operation", "size", "peer")] == [
            kept[key] for key in ("name", "operation", "size", "peer")
        ]
        assert kept["ratio"] == pytest.approx(kept["ours_ms"] / kept["peer_ms"], rel=0.02)
        assert recorded["metrics"][f"{kept['name']}_ratio"] == kept["ratio"]
