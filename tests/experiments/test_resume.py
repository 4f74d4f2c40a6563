"""The parts of a long experiment: kept, gone on from, counted, and never trusted if damaged."""

from __future__ import annotations

import json
import os
import time

import pytest

from pdl._files import UnusableFileError
from pdl.experiments import resume as unfinished
from pdl.experiments.resume import Cost, once, start_counting, taken_over

SETTINGS = {"seed": 3, "rates": (0.1, 0.2)}


class Work:
    """Computes a part; may write a checkpoint and break off, as a process that is killed."""

    def __init__(self):
        self.calls = 0
        self.found = {"answers": (1, 2), "by_class": {10: "a", 9: "b"}, "loss": 0.1}
        self.saw = None

    def __call__(self, checkpoint):
        self.calls += 1
        self.saw = checkpoint.read_text() if checkpoint.exists() else None
        checkpoint.write_text("half way")
        return self.found


class Killed(BaseException):
    """Nothing of ours catches it."""


@pytest.fixture
def clock(monkeypatch):
    """The three clocks, which stand still unless they are moved."""

    class Clock:
        wall = 1000.0
        processor = 10.0

        def passes(self, seconds):
            self.wall += seconds
            self.processor += seconds / 2

    found = Clock()
    monkeypatch.setattr(time, "time", lambda: found.wall)
    monkeypatch.setattr(time, "perf_counter", lambda: found.wall - 900)
    monkeypatch.setattr(time, "process_time", lambda: found.processor)
    start_counting()
    return found


def test_a_part_is_computed_once_and_comes_back_the_same(tmp_path):
    work = Work()
    first = once(tmp_path, "seed 3", SETTINGS, work)
    assert first == {"answers": [1, 2], "by_class": {"10": "a", "9": "b"}, "loss": 0.1}
    assert once(tmp_path, "seed 3", SETTINGS, work) == first
    assert work.calls == 1
    assert os.listdir(tmp_path) == ["seed 3.json"]  # the checkpoint has served


def test_with_other_settings_all_is_computed_again(tmp_path):
    work = Work()
    once(tmp_path, "rate 0.1", SETTINGS, work)
    for name in ("rate 0.1.safetensors", "rate 0.1.csv", "rate 0.csv", "rate 0.11.csv"):
        (tmp_path / name).write_text("old")
    (tmp_path / "rate 0.1").mkdir()  # Keras's

    def fails(checkpoint):
        raise Killed

    with pytest.raises(Killed):
        once(tmp_path, "rate 0.1", {"seed": 4}, fails)
    assert sorted(os.listdir(tmp_path)) == ["rate 0.1.json", "rate 0.11.csv", "rate 0.csv"]
    once(tmp_path, "rate 0.1", {"seed": 4}, work)
    assert (work.calls, work.saw) == (2, None)


def test_a_part_goes_on_from_its_checkpoint(tmp_path):
    work = Work()

    def killed(checkpoint):
        work(checkpoint)
        raise Killed

    with pytest.raises(Killed):
        once(tmp_path, "a", SETTINGS, killed)
    once(tmp_path, "a", SETTINGS, work)
    assert work.saw == "half way"


def test_what_earlier_runs_spent_is_added_up(tmp_path, clock):
    """An hour, then killed 20 s after the last checkpoint, twice; then the rest."""

    def takes(seconds, checkpoint_after=None):
        def compute(checkpoint):
            if checkpoint_after is None:
                clock.passes(seconds)
                return {}
            clock.passes(checkpoint_after)
            checkpoint.write_text("half way")
            os.utime(checkpoint, (clock.wall, clock.wall))
            clock.passes(seconds - checkpoint_after)
            raise Killed

        return compute

    once(tmp_path, "a", SETTINGS, takes(3600))
    assert taken_over() == Cost(0, 0)  # this run did it itself
    with pytest.raises(Killed):
        once(tmp_path, "b", SETTINGS, takes(120, checkpoint_after=100))

    start_counting()
    clock.passes(5000)  # nobody works
    once(tmp_path, "a", SETTINGS, takes(0))
    assert taken_over() == Cost(3600, 1800)
    with pytest.raises(Killed):
        once(tmp_path, "b", SETTINGS, takes(60, checkpoint_after=50))
    assert taken_over() == Cost(3700, None)  # of the processor's time a killed run tells nothing

    start_counting()
    clock.passes(5000)
    once(tmp_path, "a", SETTINGS, takes(0))
    once(tmp_path, "b", SETTINGS, takes(7))
    once(tmp_path, "b", SETTINGS, takes(0))  # asked for twice
    assert taken_over() == Cost(3750, None)

    start_counting()
    once(tmp_path, "b", SETTINGS, takes(0))
    assert taken_over() == Cost(157, None)


def test_what_was_lost_with_a_killed_run_is_not_counted(tmp_path, clock):
    """Killed before its first checkpoint, a part begins anew; or its settings have changed."""

    def lost(checkpoint):
        clock.passes(100)
        raise Killed

    with pytest.raises(Killed):
        once(tmp_path, "a", SETTINGS, lost)
    start_counting()
    once(tmp_path, "a", SETTINGS, Work())
    assert taken_over() == Cost(0, 0)
    start_counting()
    once(tmp_path, "a", {"seed": 4}, Work())
    assert taken_over() == Cost(0, 0)


DAMAGED = {
    "empty": lambda content: b"",
    "cut off": lambda content: content[:-9],
    "no text": lambda content: b"\xff" + content,
    "a list": lambda content: b"[1]",
    "a number": lambda content: b"1",
    "another answer": lambda content: content.replace(b'"loss": 0.1', b'"loss": 0.2'),
    "another setting": lambda content: content.replace(b'"seed": 3', b'"seed": 2'),
    "without checksum": lambda content: b'{"settings": {"seed": 3}, "found": {"answers": []}}',
}


@pytest.mark.parametrize("how", DAMAGED)
def test_a_damaged_part_is_named_and_computed_anew(tmp_path, how):
    work = Work()
    expected = once(tmp_path, "seed 3", SETTINGS, work)
    path = tmp_path / "seed 3.json"
    damaged = DAMAGED[how](path.read_bytes())
    assert damaged != path.read_bytes()
    path.write_bytes(damaged)
    with pytest.warns(UserWarning, match=r"seed 3\.json is damaged.*'seed 3' is computed anew"):
        assert once(tmp_path, "seed 3", SETTINGS, work) == expected
    assert work.calls == 2
    assert once(tmp_path, "seed 3", SETTINGS, work) == expected
    assert work.calls == 2


def test_a_damaged_checkpoint_is_named_and_the_part_begun_anew(tmp_path, clock):
    work = Work()

    def killed(checkpoint):
        clock.passes(10)
        checkpoint.write_text("damaged")
        os.utime(checkpoint, (clock.wall, clock.wall))
        raise Killed

    def careful(checkpoint):
        if checkpoint.exists():
            raise UnusableFileError(f"{checkpoint} is not whole")
        return work(checkpoint)

    with pytest.raises(Killed):
        once(tmp_path, "a", SETTINGS, killed)
    start_counting()
    with pytest.warns(UserWarning, match=r"a\.safetensors is not whole; 'a' is computed anew"):
        once(tmp_path, "a", SETTINGS, careful)
    assert (work.calls, work.saw) == (1, None)
    assert taken_over() == Cost(0, 0)
    once(tmp_path, "a", SETTINGS, careful)
    assert work.calls == 1


def test_an_error_of_another_kind_leaves_the_checkpoint(tmp_path):
    def full(checkpoint):
        checkpoint.write_text("whole")
        raise OSError("No space left")

    with pytest.raises(OSError, match="No space"):
        once(tmp_path, "a", SETTINGS, full)
    assert (tmp_path / "a.safetensors").read_text() == "whole"


def test_a_part_that_json_cannot_say_is_no_part(tmp_path):
    work = Work()
    work.found = {"answers": object()}
    with pytest.raises(TypeError):
        once(tmp_path, "a", SETTINGS, work)
    assert "found" not in json.loads((tmp_path / "a.json").read_text())


def test_what_is_forgotten_is_gone(tmp_path, monkeypatch):
    monkeypatch.setenv("PDL_HOME", str(tmp_path))
    folder = unfinished.folder_of("demo")
    once(folder, "a", SETTINGS, Work())
    unfinished.forget("demo")
    unfinished.forget("demo")
    assert not folder.exists()
