"""The environment is made by the Python that is wanted, and kept only while it fits."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import set_up
from set_up import CannotSetUp, fingerprint, python_in

ROOT = Path(__file__).parents[2]
OURS = "{} {}".format(*sys.version_info[:2])


def python_that_says(folder: Path, words: str) -> None:
    """Put a Python into an environment that is of another version, or has another pip."""
    path = python_in(folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {words}\n", "utf8")
    path.chmod(0o755)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout; its environments are made without pip, which then installs nothing."""
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    calls: list[list[str]] = []
    run = subprocess.run

    class Builder:
        def __init__(self, **options: Any) -> None:
            assert options["clear"] and options["with_pip"]

        def create(self, folder: Path) -> None:
            shutil.rmtree(folder, ignore_errors=True)
            python_that_says(folder, f"{OURS} 26")

    def note(command: list[str], **options: Any) -> Any:
        if "install" in command:
            calls.append(command)
            return subprocess.CompletedProcess(command, 0)
        return run(command, **options)

    monkeypatch.setattr(set_up.venv, "EnvBuilder", Builder)
    monkeypatch.setattr(set_up.subprocess, "run", note)
    monkeypatch.setattr(set_up, "CALLS", calls, raising=False)
    return tmp_path


def test_a_new_environment_is_made_once(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    set_up.set_up(root)
    assert "a few minutes, once" in capsys.readouterr().out
    set_up.set_up(root)
    assert capsys.readouterr().out == ""
    (command,) = set_up.CALLS  # type: ignore[attr-defined]
    assert command[1:4] == ["-m", "pip", "install"]
    assert command[-4:] == ["-c", "constraints.txt", "-e", ".[dev]"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            lambda root: python_that_says(root / ".venv", "3 8 20"),
            "it was made with Python 3.8, and this",
        ),
        (lambda root: python_that_says(root / ".venv", f"{OURS} 20"), "its pip 20 is too old"),
        (lambda root: python_in(root / ".venv").unlink(), "its Python or its pip does not run"),
        (
            lambda root: python_that_says(root / ".venv", "nothing"),
            "its Python or its pip does not run",
        ),
        (
            lambda root: python_that_says(root / ".venv", f"{OURS} 26; exit 1"),
            "its Python or its pip does not run",
        ),
        (lambda root: stamp(root, "/elsewhere/book"), "it was made in /elsewhere/book"),
    ],
)
def test_one_that_does_not_fit_is_made_anew(
    change: Callable[[Path], object],
    reason: str,
    root: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up.set_up(root)
    (root / ".venv" / "of the old one").touch()
    (root / ".venv" / ".installed").unlink()
    change(root)
    capsys.readouterr()
    set_up.set_up(root)
    assert f"Making .venv anew: {reason}" in capsys.readouterr().out
    assert not (root / ".venv" / "of the old one").exists()
    assert (root / ".venv" / ".installed").read_text("utf8") == fingerprint(root)


def stamp(root: Path, place: str) -> None:
    (root / ".venv" / ".installed").write_text(f"3.11\n{place}\nhash", "utf8")


def test_one_that_fits_is_kept_when_the_dependencies_change(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up.set_up(root)
    (root / ".venv" / "of the old one").touch()
    (root / "constraints.txt").write_text("numpy==2.4.5\n", "utf8")
    capsys.readouterr()
    set_up.set_up(root)
    assert "anew" not in capsys.readouterr().out
    assert (root / ".venv" / "of the old one").exists()
    assert len(set_up.CALLS) == 2  # type: ignore[attr-defined]


def test_one_that_was_not_finished_is_kept(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As after a download that was broken off: what is there already need not come again."""
    set_up.set_up(root)
    (root / ".venv" / ".installed").unlink()
    capsys.readouterr()
    set_up.set_up(root)
    assert "anew" not in capsys.readouterr().out
    assert len(set_up.CALLS) == 2  # type: ignore[attr-defined]


def test_one_whose_python_is_gone_is_made_anew_though_its_stamp_is_right(root: Path) -> None:
    set_up.set_up(root)
    python_in(root / ".venv").unlink()
    set_up.set_up(root)
    assert python_in(root / ".venv").exists()


def test_what_pip_cannot_install_is_said_and_tried_again(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = subprocess.CompletedProcess([], 1)
    monkeypatch.setattr(set_up.subprocess, "run", lambda *_, **__: failed)
    monkeypatch.setattr(set_up, "ROOT", root)
    assert set_up.main() == 1
    assert "pip could not install what the book needs" in capsys.readouterr().err
    assert not (root / ".venv" / ".installed").exists()


def test_a_place_that_cannot_be_written_is_named(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(30, "Read-only file system")

    monkeypatch.setattr(set_up.venv, "EnvBuilder", refuse)
    with pytest.raises(CannotSetUp, match="Read-only file system\nThe book is built in its own"):
        set_up.set_up(root)


# The Makefile


def make(python: str) -> subprocess.CompletedProcess[str]:
    command = ["make", "-s", "environment", f"PYTHON={python}"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("says", ["exit 127", "exit 1", 'echo "pyenv: not found" >&2; exit 127'])
def test_a_python_that_does_not_run_or_suit_is_named(says: str, tmp_path: Path) -> None:
    """As a pyenv shim does, which `command -v` finds although it runs nothing."""
    shim = tmp_path / "python3.13"
    shim.write_text(f"#!/bin/sh\n{says}\n", "utf8")
    shim.chmod(0o755)
    done = make(str(shim))
    assert done.returncode != 0
    assert f"no Python 3.11, 3.12 or 3.13 (tried: {shim})" in done.stdout
    assert "make PYTHON=" in done.stdout


def test_the_makefile_knows_the_pythons_of_pyproject() -> None:
    text = (ROOT / "Makefile").read_text("utf8")
    oldest, too_new = re.findall(
        r'requires-python = ">=3\.(\d+),<3\.(\d+)"', (ROOT / "pyproject.toml").read_text("utf8")
    )[0]
    minors = range(int(oldest), int(too_new))
    assert f"PYTHONS := {' '.join(f'python3.{n}' for n in minors)}\n" in text
    assert f"not (3, {minors[0]}) <= sys.version_info[:2] <= (3, {minors[-1]})" in text
