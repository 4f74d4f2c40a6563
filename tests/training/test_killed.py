"""A training that is killed or interrupted goes on to the same weights, bit for bit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PDL_DEVICE": "cpu"}


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What became of the trainings of killing.py."""
    folder = str(tmp_path_factory.mktemp("killed"))
    command = [sys.executable, "-m", "tests.training.killing", folder]
    done = subprocess.run(
        command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


WRITING = ("save_checkpoint", "write_together")


def test_each_was_killed_and_at_moments_of_every_kind(killed: list[dict[str, Any]]) -> None:
    assert all(each["killed"] for each in killed)
    places = {each["at"] for each in killed}
    assert len([place for place in places if place.startswith(WRITING)]) >= 8
    stood = [each["stood"] for each in killed]
    assert None in stood  # before the first checkpoint
    assert any(place and place[1] for place in stood)  # within an epoch
    assert any(place and not place[1] for place in stood)  # between two


def test_killed_at_any_moment_it_resumes_to_the_same_weights(killed: list[dict[str, Any]]) -> None:
    assert [each["at"] for each in killed if not each["same_weights"]] == []


def test_killed_at_any_moment_its_history_is_the_same(killed: list[dict[str, Any]]) -> None:
    assert [each["at"] for each in killed if not each["same_history"]] == []


def test_what_a_killed_writer_left_is_removed(killed: list[dict[str, Any]]) -> None:
    assert [each["left"] for each in killed if each["left"]] == []


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What became of the trainings of interrupting.py, each sent Ctrl-C where it says "ready"."""
    folder = str(tmp_path_factory.mktemp("interrupted"))
    command = [sys.executable, "-m", "tests.training.interrupting", folder]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, env=ENVIRONMENT, text=True, **pipes) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        last = ""
        for line in process.stdout:
            last = line
            if line == "ready\n":
                process.send_signal(signal.SIGINT)
                process.stdin.write("\n")
                process.stdin.flush()
    assert process.returncode == 0
    return json.loads(last)


def test_ctrl_c_ends_at_the_end_of_a_step_and_saves(interrupted: dict[str, Any]) -> None:
    report = interrupted["in_a_step"]
    assert report["interrupted"] and not report["raised"]
    assert report["steps"] == 8 and report["stands"] == [1, 3] and report["epochs"] == 1
    assert report["saved_what_it_has"]


def test_ctrl_c_in_the_validation_ends_after_it(interrupted: dict[str, Any]) -> None:
    report = interrupted["in_the_validation"]
    assert report["interrupted"] and report["stands"] == [2, 0] and report["epochs"] == 2


def test_a_second_ctrl_c_interrupts_at_once(interrupted: dict[str, Any]) -> None:
    report = interrupted["twice"]
    assert report["raised"]
    assert report["steps"] == 8 and report["stands"] == [1, 2]


def test_ctrl_c_in_the_last_step_of_all_is_no_interruption(interrupted: dict[str, Any]) -> None:
    report = interrupted["in_the_last_step"]
    assert not report["raised"] and not report["interrupted"]
    assert report["epochs"] == 5


def test_where_ctrl_c_is_ignored_it_stays_so(interrupted: dict[str, Any]) -> None:
    report = interrupted["ignored"]
    assert not report["raised"] and not report["interrupted"]


def test_after_ctrl_c_it_resumes_to_the_same_weights(interrupted: dict[str, Any]) -> None:
    assert [name for name, each in interrupted.items() if not each["same_weights"]] == []
    assert [name for name, each in interrupted.items() if not each["same_history"]] == []


def test_after_ctrl_c_rate_mode_and_handler_are_as_before(interrupted: dict[str, Any]) -> None:
    for name, report in interrupted.items():
        assert report["rate"] == 0.05, name
        assert not report["training_mode"], name
        assert report["handler_restored"] or name == "ignored", name
