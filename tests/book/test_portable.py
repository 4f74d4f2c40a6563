"""Chapters and tests under another instruction set: it acts, and what turns red is reported."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import portable
import pytest

ARITHMETIC = """
import hashlib, numpy as np, torch
x = np.random.default_rng(0).normal(size=(200, 200))
t = torch.tensor(x, dtype=torch.float32)
found = {"exp": np.exp(x), "product": x @ x, "torch exp": torch.exp(t), "torch product": t @ t}
for name, value in found.items():
    print(name, hashlib.sha256(np.asarray(value).tobytes()).hexdigest())
"""


@pytest.mark.skipif(
    not portable.INSTRUCTIONS["NPY_DISABLE_CPU_FEATURES"]
    or platform.machine().lower() not in ("x86_64", "amd64"),
    reason="a processor with AVX2 has an older instruction set to fall back to",
)
def test_the_settings_change_the_last_digits() -> None:
    def digits(**settings: str) -> list[str]:
        command = [sys.executable, "-c", ARITHMETIC]
        # The tests themselves may run under these settings.
        own = {name: os.environ[name] for name in os.environ.keys() - portable.INSTRUCTIONS.keys()}
        environment = {**own, **settings}
        return subprocess.check_output(command, env=environment, text=True).splitlines()

    here, there = digits(), digits(**portable.INSTRUCTIONS)
    assert digits() == here
    assert [line for line in there if line in here] == [], "computed as on this processor"


@pytest.mark.parametrize(("statuses", "status"), [([0, 0, 0], 0), ([0, 5], 5), ([1], 1)])
def test_what_fails_ends_it(
    statuses: list[int], status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def run(command: list[str], *, cwd: Path, env: dict[str, str], check: bool) -> Any:
        assert (cwd / "book" / "tools" / "portable.py").is_file()
        assert env["PDL_BUILD_DIR"] == "_build/portable"
        assert env.items() >= portable.INSTRUCTIONS.items()
        calls.append(command)
        return SimpleNamespace(returncode=statuses[len(calls) - 1])

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(platform, "machine", lambda: "AMD64")
    assert portable.main() == status
    assert len(calls) == len(statuses)


def test_other_processors_are_told_that_it_is_not_for_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    assert portable.main() == 2
    assert "this machine is arm64" in capsys.readouterr().out


def test_a_build_may_have_a_folder_of_its_own() -> None:
    program = "import paths; print(paths.EXECUTED.relative_to(paths.ROOT).as_posix())"
    for folder, expected in [("_build/other", "_build/other/executed"), (None, "_build/executed")]:
        environment = {k: v for k, v in os.environ.items() if k != "PDL_BUILD_DIR"}
        environment |= {"PDL_BUILD_DIR": folder} if folder else {}
        command = [sys.executable, "-c", program]
        printed = subprocess.check_output(
            command, env=environment, cwd=portable.ROOT / "book" / "tools", text=True
        )
        assert printed.strip() == expected
