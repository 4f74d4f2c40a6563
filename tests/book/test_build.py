"""The build's own words and order."""

from __future__ import annotations

import sys
from pathlib import Path

import build
import pytest


def test_a_folder_that_cannot_be_written_is_named_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(build, "BUILD", tmp_path / "file" / "_build")
    monkeypatch.setattr(sys, "argv", ["build.py"])
    assert build.main() == 1
    assert "The book cannot be built in" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("results", "status", "ran"),
    [
        ({"": True}, 0, [""]),
        ({"07": True, "": True}, 0, ["07", ""]),
        ({"07": False}, 1, ["07"]),
        ({"07": True, "": False}, 1, ["07", ""]),
    ],
)
def test_the_wanted_chapter_runs_first_and_the_others_with_their_progress(
    results: dict[str, bool], status: int, ran: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Left to Sphinx, the others would run one by one, and silently."""
    seen: list[str] = []

    def execute(wanted: str = "") -> bool:
        seen.append(wanted)
        return results[wanted]

    monkeypatch.setattr(build, "execute", execute)
    monkeypatch.setattr(build, "make_site", lambda: True)
    monkeypatch.setattr(build, "offer_notebooks", lambda *_: None)
    assert build.build(next(iter(results))) == status
    assert seen == ran
