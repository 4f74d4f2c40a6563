"""The command `pdl`: what it says of a machine and of a reader's progress."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from pdl._console import printable
from pdl.cli import doctor
from pdl.cli.app import app
from pdl.exercises.checking import engine, progress, show


@pytest.fixture(autouse=True)
def _own_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wide terminal, a home of its own, no settings, and no import of PyTorch."""
    monkeypatch.setenv("PDL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "220")
    for name in ("PDL_PROFILE", "PDL_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(doctor, "_device", lambda: doctor.Finding("Device", "cpu"))


@pytest.fixture
def _two_chapters(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("demo", "alpha")
    monkeypatch.setattr(engine, "CHAPTERS", words)
    monkeypatch.setattr(show, "CHAPTERS", words)
    monkeypatch.setattr(engine, "_exercises", {})
    for word, names in {"demo": ("first", "second"), "alpha": ("only",)}.items():
        module = types.SimpleNamespace(
            EXERCISES=[engine.Exercise(f"{word}.{name}", unlocks="Done.") for name in names]
        )
        monkeypatch.setitem(sys.modules, f"pdl.exercises.{word}", module)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def rows(printed: str) -> dict[str, list[str]]:
    """Of each subject of the report: its mark, what was found, and the remedy if there is one."""
    found: dict[str, list[str]] = {}
    subject = ""
    for line in printed.splitlines():
        words = line.split()
        if words and words[0] in {"✓", "✗", "!"}:
            mark, subject, rest = (part.strip() for part in line.strip().split("  ", 2))
            found[subject] = [mark, rest]
        elif words and words[0] == "→":
            found[subject].append(line.strip().removeprefix("→ "))
    return found


# pdl


def test_without_a_command_it_lists_the_commands() -> None:
    said = run().output
    assert "doctor" in said
    assert "exercises" in said
    assert "reproduce" in said


def test_an_unknown_command_is_refused() -> None:
    result = run("diagnose")
    assert result.exit_code == 2
    assert "No such command" in result.output


HEAVY = ("torch", "matplotlib", "cv2", "tensorflow", "skimage", "sklearn", "scipy", "numpy")


@pytest.mark.parametrize("module", ["pdl", "pdl.cli"])
def test_the_import_is_light(module: str) -> None:
    code = f"import sys, {module}; print([name for name in {HEAVY} if name in sys.modules])"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True
    )
    assert ran.stdout.strip() == "[]"


def test_the_exercises_import_no_framework_and_draw_nothing() -> None:
    names = ("torch", "matplotlib", "cv2", "tensorflow")
    code = f"import sys, pdl.exercises; print([name for name in {names} if name in sys.modules])"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True
    )
    assert ran.stdout.strip() == "[]"


def test_naming_the_experiments_imports_no_framework() -> None:
    names = ("torch", "matplotlib", "cv2", "tensorflow", "skimage", "sklearn")
    code = f"""import sys
from typer.testing import CliRunner
from pdl.cli.app import app
assert "numpy-cnn-mnist" in CliRunner().invoke(app, ["reproduce", "--list"]).output
print([name for name in {names} if name in sys.modules])"""
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert ran.stdout.strip() == "[]"


def test_the_command_is_installed(tmp_path: Path) -> None:
    (point,) = importlib.metadata.entry_points(group="console_scripts", name="pdl")
    assert point.load() is app


# pdl doctor


def test_doctor_is_content_with_this_machine() -> None:
    result = run("doctor")
    assert result.exit_code == 0, result.output
    found = rows(result.output)
    expected = {"Python", "System", "Memory", "Free disk", "Device", "Profile", "Data", "Chromium"}
    assert set(found) == expected | set(doctor.PACKAGES)
    assert found["numpy"] == ["✓", importlib.metadata.version("numpy")]
    assert found["Profile"] == ["✓", "quick"]
    assert "✗" not in result.output
    assert result.output.splitlines()[-1] == "All that the book needs is here."


@pytest.mark.parametrize("package", ["numpy", "scikit-image", "jupyter-book"])
def test_doctor_names_the_remedy_for_a_missing_package(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = importlib.metadata.version

    def without(name: str) -> str:
        if name == package:
            raise importlib.metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(importlib.metadata, "version", without)
    result = run("doctor")
    assert result.exit_code == 1
    mark, found, remedy = rows(result.output)[package]
    assert (mark, found) == ("✗", "not installed")
    assert "`make book`" in remedy
    assert result.output.count("→") == 1 + result.output.count("!")
    assert "missing" in result.output.splitlines()[-1]


def test_doctor_without_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("COLUMNS", "220")
    monkeypatch.setitem(sys.modules, "torch", None)
    result = run("doctor")
    assert result.exit_code == 1
    assert rows(result.output)["Device"] == ["✗", "unknown: PyTorch is absent", "run `make book`"]


@pytest.mark.parametrize(("profile", "good"), [("quick", True), ("full", True), ("fast", False)])
def test_doctor_looks_at_the_profile(
    profile: str, good: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PDL_PROFILE", profile)
    result = run("doctor")
    assert result.exit_code == (0 if good else 1)
    wanted = ["✓", profile] if good else ["✗", profile, "set PDL_PROFILE to quick or full"]
    assert rows(result.output)["Profile"] == wanted


def test_doctor_refuses_a_data_folder_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PDL_DATA_DIR", str(tmp_path / "absent"))
    result = run("doctor")
    assert result.exit_code == 1
    mark, found, remedy = rows(result.output)["Data"]
    assert mark == "✗"
    assert str(tmp_path / "absent") in found
    assert "PDL_DATA_DIR" in remedy


def test_doctor_lists_the_data_sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PDL_DATA_DIR", str(tmp_path))
    assert rows(run("doctor").output)["Data"] == ["✓", f"{tmp_path}: empty"]
    for name in ("mnist", "cifar"):
        (tmp_path / name).mkdir()
    (tmp_path / "README.md").touch()
    assert rows(run("doctor").output)["Data"] == ["✓", f"{tmp_path}: cifar, mnist"]


@pytest.mark.parametrize(
    ("version", "good"),
    [((3, 10, 2), False), ((3, 11, 0), True), ((3, 13, 9), True), ((3, 14, 0), False)],
)
def test_doctor_looks_at_python(
    version: tuple[int, int, int], good: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor.sys, "version_info", version)
    found = doctor._python()
    assert bool(found.remedy) is not good
    assert found.needed


def memory_of(gib: float) -> Callable[[], types.SimpleNamespace]:
    return lambda: types.SimpleNamespace(total=int(gib * 2**30))


def test_little_memory_disk_or_no_browser_is_a_warning_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doctor.psutil, "virtual_memory", memory_of(2))
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: types.SimpleNamespace(free=2**29))
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    result = run("doctor")
    found = rows(result.output)
    assert result.exit_code == 0
    assert found["Memory"][:2] == ["!", "2.0 GiB"]
    assert found["Free disk"][:2] == ["!", "0.5 GiB"]
    assert found["Chromium"][:2] == ["!", "not found"]
    assert all(len(found[subject]) == 3 for subject in ("Memory", "Free disk", "Chromium"))


# pdl exercises


@pytest.mark.usefixtures("_two_chapters")
def test_exercises_shows_the_progress(tmp_path: Path) -> None:
    progress.record("demo.first", "passed")
    result = run("exercises")
    assert result.exit_code == 0
    words = " ".join(result.output.split())
    assert "demo: 1 of 2 solved" in words
    assert "alpha: 0 of 1 solved" in words
    assert "✓ first" in words
    assert str(tmp_path / "home" / "exercises.json") in result.output


@pytest.mark.usefixtures("_two_chapters")
def test_exercises_of_one_chapter() -> None:
    result = run("exercises", "alpha")
    assert result.exit_code == 0
    words = " ".join(result.output.split())
    assert "alpha: 0 of 1 solved" in words
    assert "demo:" not in words


@pytest.mark.usefixtures("_two_chapters")
def test_exercises_of_an_unknown_chapter() -> None:
    result = run("exercises", "networks")
    assert result.exit_code == 2
    assert "expected one of demo, alpha, got 'networks'" in " ".join(result.output.split())
    assert "Traceback" not in result.output
    assert isinstance(result.exception, SystemExit)


@pytest.mark.usefixtures("_two_chapters")
def test_exercises_with_a_damaged_file_names_it(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "exercises.json").write_text("{", "utf8")
    result = run("exercises")
    assert result.exit_code == 2
    assert "exercises.json is not valid JSON" in result.output.replace("\n", "").replace("│", "")
    assert isinstance(result.exception, SystemExit)


# Consoles that do not know every character


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("doctor", "+ numpy"),
        ("exercises images", "+ crop_box"),
        ("exercises nothing", "expected one of images"),
        ("reproduce --list", "numpy-cnn-mnist"),
        ("data list", "licence"),
        ("--help", "doctor"),
    ],
)
def test_every_command_prints_on_any_console(command: str, words: str, encoding: str) -> None:
    progress.record("images.crop_box", "passed")
    result = CliRunner(charset=encoding).invoke(app, command.split())
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert words in " ".join(result.output.split())


def test_doctor_prints_in_a_process_of_code_page_1252() -> None:
    code = """from pdl.cli import app, doctor
doctor._device = lambda: doctor.Finding("Device", "cpu")
app.app(["doctor"])"""
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252"}
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, timeout=60, env=environment
    )
    assert ran.stderr == b""
    assert "All that the book needs is here" in ran.stdout.decode("cp1252")


@pytest.mark.parametrize(
    ("text", "encoding", "expected"),
    [
        ("✓ σ² → 3", "utf-8", "✓ σ² → 3"),
        ("✓ σ² → 3 – é", "cp1252", "+ sigma² -> 3 – é"),
        ("✗ σ₁ − é 中", "ascii", "x sigma1 - e ?"),
        ("\udcff", "utf-8", "?"),
        ("✓", "no-such-encoding", "+"),
    ],
)
def test_what_a_console_does_not_know_is_spelled_out(
    text: str, encoding: str, expected: str
) -> None:
    stream = types.SimpleNamespace(encoding=encoding)
    assert printable(text, stream) == expected


def test_doctor_says_what_it_cannot_look_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(doctor.shutil, "disk_usage", gone)
    (tmp_path / "file").touch()
    monkeypatch.setenv("PDL_DATA_DIR", str(tmp_path / "file"))
    result = run("doctor")
    assert result.exit_code == 1
    found = rows(result.output)
    assert found["Free disk"] == ["✓", "unknown: No such file or directory"]
    assert found["Data"][0] == "✗"


def test_pdl_runs_as_a_module() -> None:
    environment = {**os.environ, "COLUMNS": "120"}
    ran = subprocess.run(
        [sys.executable, "-m", "pdl.cli", "--help"],
        capture_output=True,
        text=True,
        encoding="utf8",
        timeout=30,
        env={**environment, "PYTHONIOENCODING": "utf8"},
        check=True,
    )
    assert "doctor" in ran.stdout


def test_a_home_in_a_setting_is_written_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else progress is kept in a folder called ~, and a folder of data is not found."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("PDL_HOME", "~/kept")
    assert progress.progress_file() == tmp_path / "kept" / "exercises.json"
    (tmp_path / "data" / "mnist").mkdir(parents=True)
    monkeypatch.setenv("PDL_DATA_DIR", "~/data")
    assert rows(run("doctor").output)["Data"] == ["✓", f"{tmp_path / 'data'}: mnist"]
