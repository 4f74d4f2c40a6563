"""What is remembered of a reader's exercises, and how it is shown."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import types
from datetime import UTC, datetime
from pathlib import Path

import pytest
from filelock import FileLock
from rich.console import Console

from pdl.exercises.checking import engine, progress, show


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    monkeypatch.setenv("PDL_HOME", str(folder))
    return folder


@pytest.fixture
def _two_chapters(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("demo", "alpha")
    monkeypatch.setattr(engine, "CHAPTERS", words)
    monkeypatch.setattr(show, "CHAPTERS", words)
    monkeypatch.setattr(engine, "_exercises", {})
    for word, names in {"demo": ("first", "second", "third"), "alpha": ("only",)}.items():
        module = types.SimpleNamespace(
            EXERCISES=[engine.Exercise(f"{word}.{name}", unlocks="Done.") for name in names]
        )
        monkeypatch.setitem(sys.modules, f"pdl.exercises.{word}", module)


def statuses() -> dict[str, str]:
    return {name: found["status"] for name, found in progress.read().items()}


def shown(chapter: str = "") -> str:
    out = io.StringIO()
    show.show(chapter, Console(file=out, width=200))
    return out.getvalue()


# Where it is kept


def test_the_file_is_in_pdl_home(home: Path) -> None:
    assert progress.progress_file() == home / "exercises.json"


def test_a_tilde_in_pdl_home_is_the_readers_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("PDL_HOME", "~/pdl")
    assert progress.progress_file() == tmp_path / "pdl" / "exercises.json"


@pytest.mark.parametrize("unset", [True, False])
def test_without_pdl_home_it_is_in_the_folder_for_user_data(
    unset: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if unset:
        monkeypatch.delenv("PDL_HOME")
    else:
        monkeypatch.setenv("PDL_HOME", "")
    monkeypatch.setattr(progress, "user_data_path", lambda name: tmp_path / f"data-of-{name}")
    assert progress.progress_file() == tmp_path / "data-of-pdl" / "exercises.json"


def test_nothing_is_remembered_at_first_and_reading_makes_no_folder(home: Path) -> None:
    assert progress.read() == {}
    assert not home.exists()


def test_an_outcome_is_remembered_with_its_time(home: Path) -> None:
    progress.record("demo.first", "failed")
    (name, found), *rest = progress.read().items()
    assert (name, found["status"], rest) == ("demo.first", "failed", [])
    when = datetime.fromisoformat(found["when"])
    assert abs((datetime.now(UTC) - when).total_seconds()) < 3600
    assert json.loads((home / "exercises.json").read_text("utf8")) == progress.read()


# What stays


def test_solved_stays_solved_with_its_first_date(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    progress.record("demo.first", "failed")
    progress.record("demo.first", "passed")
    kept = json.loads((home / "exercises.json").read_text("utf8"))
    kept["demo.first"]["when"] = "2020-01-02T03:04:05+00:00"
    (home / "exercises.json").write_text(json.dumps(kept), "utf8")
    progress.record("demo.first", "failed")
    progress.record("demo.first", "passed")
    assert progress.read() == kept
    assert kept["demo.first"]["status"] == "passed"


def test_the_others_are_kept() -> None:
    progress.record("demo.first", "passed")
    progress.record("demo.second", "failed")
    progress.record("alpha.only", "failed")
    progress.record("demo.second", "passed")
    expected = {"demo.first": "passed", "demo.second": "passed", "alpha.only": "failed"}
    assert statuses() == expected


# What goes wrong


@pytest.mark.parametrize("damage", ["", "{", '{"demo.first": {"status": "pas', "[1, 2]", '"words"'])
def test_a_damaged_file_is_kept_aside(
    damage: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home.mkdir()
    (home / "exercises.json").write_text(damage, "utf8")
    with pytest.raises(ValueError, match=r"exercises\.json"):
        progress.read()
    progress.record("demo.first", "passed")
    assert (home / "exercises.damaged.json").read_text("utf8") == damage
    assert statuses() == {"demo.first": "passed"}
    assert "Traceback" not in capsys.readouterr().out


def test_a_file_that_an_editor_gave_a_byte_order_mark_is_read(home: Path) -> None:
    progress.record("demo.first", "passed")
    path = home / "exercises.json"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert statuses() == {"demo.first": "passed"}


def test_bytes_that_are_no_text_are_kept_aside(home: Path) -> None:
    home.mkdir()
    (home / "exercises.json").write_bytes(b"\xff\xfe\x00")
    progress.record("demo.first", "passed")
    assert (home / "exercises.damaged.json").read_bytes() == b"\xff\xfe\x00"
    assert statuses() == {"demo.first": "passed"}


def test_a_folder_that_cannot_be_made_is_said_and_does_not_raise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder", "utf8")
    monkeypatch.setenv("PDL_HOME", str(tmp_path / "file" / "below"))
    assert str(tmp_path / "file") in progress.record("demo.first", "passed")
    assert (tmp_path / "file").read_text("utf8") == "no folder"


def refuse(*args: object, **kwargs: object) -> None:
    raise PermissionError(13, "Permission denied")


def full(*args: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("where", "method", "fault", "words"),
    [
        (Path, "mkdir", refuse, "Permission denied"),
        (os, "fsync", full, "No space left on device"),
        (Path, "replace", refuse, "Permission denied"),
    ],
)
def test_a_write_that_fails_is_said_and_leaves_the_file_as_it_was(
    where: object,
    method: str,
    fault: object,
    words: str,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    progress.record("demo.first", "passed")
    before = (home / "exercises.json").read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr(where, method, fault)
        assert words in progress.record("demo.second", "passed")
    assert (home / "exercises.json").read_bytes() == before
    assert progress.record("demo.second", "passed") == ""
    assert statuses() == {"demo.first": "passed", "demo.second": "passed"}


def test_a_lock_that_another_holds_is_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.mkdir()
    monkeypatch.setattr(
        progress, "FileLock", lambda path, timeout: FileLock(path, timeout=0.05, is_singleton=False)
    )
    with FileLock(home / "exercises.lock"):
        assert "exercises.lock" in progress.record("demo.first", "passed")
    assert progress.read() == {}


WRITER = """
import sys, time
from pathlib import Path
from pdl.exercises.checking import progress
start, mine = Path(sys.argv[1]), sys.argv[2]
(start.parent / f"ready-{mine}").touch()
while not start.exists():
    time.sleep(0.001)
for number in range(40):
    progress.record(f"{mine}.{number}", "passed")
"""


def test_two_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    start = tmp_path / "start"
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(start), mine],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for mine in ("one", "two")
    ]
    while not all((tmp_path / f"ready-{mine}").exists() for mine in ("one", "two")):
        assert all(writer.poll() is None for writer in writers)
    start.touch()
    said = [writer.communicate(timeout=30)[0] for writer in writers]
    assert said == ["", ""]
    expected = {f"{mine}.{number}" for mine in ("one", "two") for number in range(40)}
    assert set(progress.read()) == expected


# How it is shown


@pytest.mark.usefixtures("_two_chapters")
def test_show_lists_the_chapters_in_order_with_marks_and_dates() -> None:
    progress.record("demo.first", "passed")
    progress.record("demo.second", "failed")
    today = progress.read()["demo.first"]["when"][:10]
    lines = [line.split() for line in shown().splitlines() if line.strip()]
    rows = [line for line in lines if line[0] in {"✓", "✗", "–"}]
    assert rows == [["✓", "first", today], ["✗", "second", today], ["–", "third"], ["–", "only"]]
    words = " ".join(" ".join(line) for line in lines)
    assert "Chapter 01 · demo: 1 of 3 solved" in words
    assert "Chapter 02 · alpha: 0 of 1 solved" in words
    assert words.index("demo:") < words.index("alpha:")


@pytest.mark.usefixtures("_two_chapters")
def test_show_says_where_the_progress_is_kept(home: Path) -> None:
    assert str(home / "exercises.json") in shown()


@pytest.mark.usefixtures("_two_chapters")
def test_show_of_one_chapter_keeps_its_number() -> None:
    progress.record("demo.first", "passed")
    words = " ".join(shown("alpha").split())
    assert "Chapter 02 · alpha: 0 of 1 solved" in words
    assert "demo" not in words.replace("test_", "").split("Kept in")[0]


@pytest.mark.usefixtures("_two_chapters")
def test_show_refuses_an_unknown_chapter_and_a_damaged_file(home: Path) -> None:
    with pytest.raises(ValueError, match="expected one of demo, alpha, got 'networks'"):
        shown("networks")
    home.mkdir()
    (home / "exercises.json").write_text("{", "utf8")
    with pytest.raises(ValueError, match=r"exercises\.json is not valid JSON"):
        shown()
