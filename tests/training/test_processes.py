"""Two processes on the CPU (gloo) reach what one reaches."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch

from pdl.training import load_checkpoint

from . import digits

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PDL_DEVICE": "cpu"}


def start(launcher: list[str], folder: Path, what: str) -> list[dict[str, Any]]:
    """What each process reports."""
    command = [sys.executable, "-m", *launcher, "-m", "tests.training.several", str(folder), what]
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, env=ENVIRONMENT, **pipes) as launched:
        try:
            _, errors = launched.communicate(timeout=200)
        except subprocess.TimeoutExpired:  # they wait for each other, each in a group of its own
            for each in [*psutil.Process(launched.pid).children(recursive=True), launched]:
                each.kill()
            raise
    assert launched.returncode == 0, errors
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in (0, 1)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("torchrun")


@pytest.fixture(scope="module")
def by_torchrun(folder: Path) -> list[dict[str, Any]]:
    with pytest.raises(digits.Broken):
        digits.uneven(folder / "by-one.safetensors", broken=True)
    # `torchrun` itself is this module; "standalone" takes a free port.
    launcher = ["torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    return start(launcher, folder, "all")


@pytest.fixture(scope="module")
def by_accelerate(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    # `--multi_gpu` means several processes; with PDL_DEVICE=cpu they are on the CPU.
    launcher = ["accelerate.commands.launch", "--multi_gpu", "--num_processes", "2"]
    launcher += ["--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no"]
    folder = tmp_path_factory.mktemp("accelerate")
    return start([*launcher, "--main_process_port", "0"], folder, "losses")


@pytest.fixture(scope="module")
def alone() -> tuple[torch.nn.Module, list[dict[str, float]]]:
    model, history = digits.train(
        None, digits.net(plain=True), augment=None, patience=None, device="cpu"
    )
    return model, digits.without_seconds(history)


def assert_as_alone(reports: list[dict[str, Any]], alone: Any) -> None:
    model, rows = alone
    assert len(rows) == digits.EPOCHS
    for report in reports:
        assert report["processes"] == 2
        for row, expected in zip(report["plain"]["history"], rows, strict=True):
            assert row == pytest.approx(expected, abs=1e-5)
        for name, weights in model.state_dict().items():
            np.testing.assert_allclose(report["plain"]["weights"][name], weights, atol=1e-5)


def test_torchrun_reaches_the_losses_of_one_process(
    by_torchrun: list[dict[str, Any]], alone: Any
) -> None:
    assert_as_alone(by_torchrun, alone)


def test_accelerate_launch_reaches_the_losses_of_one_process(
    by_accelerate: list[dict[str, Any]], alone: Any
) -> None:
    assert_as_alone(by_accelerate, alone)


def test_bf16_in_two_processes(by_torchrun: list[dict[str, Any]], alone: Any) -> None:
    for row, expected in zip(by_torchrun[0]["bf16"], alone[1], strict=True):
        assert row["train_loss"] == pytest.approx(expected["train_loss"], rel=0.05)
    assert by_torchrun[0]["bf16"] != by_torchrun[0]["plain"]["history"]


def test_processes_agree_on_running_means_and_on_when_to_stop(
    by_torchrun: list[dict[str, Any]],
) -> None:
    first, second = (each["means"] for each in by_torchrun)
    assert first == second
    assert first["best_epoch"] is not None
    assert len(first["history"]) < digits.EPOCHS
    assert [row["validation_rank"] for row in second["history"]] == [0.0] * digits.LAST


def test_a_last_batch_that_cannot_be_shared_leaves_one_out(
    by_torchrun: list[dict[str, Any]],
) -> None:
    assert [each["last"]["seen"] for each in by_torchrun] == [[2, 1], [2, 1]]


def test_more_processes_go_on_where_they_have_no_next_batch(
    by_torchrun: list[dict[str, Any]],
) -> None:
    """One process took both batches of the epoch, two have only one: they waited for ever."""
    _, whole = digits.uneven(None)
    for report in by_torchrun:
        first, second = report["more"]
        assert first == digits.without_seconds(whole)[0]
        assert second["train_loss"] != pytest.approx(whole.epochs[1]["train_loss"], abs=1e-5)


def test_fewer_processes_take_the_batch_that_more_had_no_part_of(
    by_torchrun: list[dict[str, Any]], folder: Path
) -> None:
    checkpoint = folder / "by-two.safetensors"
    assert load_checkpoint(checkpoint)[1]["place"]["batch"] == 1
    model, history = digits.uneven(checkpoint)
    expected, whole = digits.uneven(None)
    for row, right in zip(history.epochs, whole.epochs, strict=True):
        assert row["train_loss"] == pytest.approx(right["train_loss"], abs=1e-5)
    for one, other in zip(model.parameters(), expected.parameters(), strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=0)


def test_each_process_has_its_own_chance(by_torchrun: list[dict[str, Any]]) -> None:
    """The same units dropped and the same shifts in each part would be half the variety."""
    first, second = (each["last"]["drawn"] for each in by_torchrun)
    assert len(set(first + second)) == 4


@pytest.mark.parametrize(("where", "epochs", "steps"), [("step", 1, 8), ("validation", 2, 10)])
def test_ctrl_c_in_one_process_stops_both_at_the_same_step(
    by_torchrun: list[dict[str, Any]], where: str, epochs: int, steps: int
) -> None:
    whole = by_torchrun[0]["means"]
    for report in (each[where] for each in by_torchrun):
        assert report["interrupted"] is True
        assert (report["epochs"], report["steps"]) == (epochs, steps)
        # and they go on together, as if nothing had been
        for row, expected in zip(report["history"], whole["history"], strict=True):
            assert row["train_loss"] == expected["train_loss"]
            assert row["validation_loss"] == expected["validation_loss"]
        assert report["first"] == whole["first"]
