"""The build's own words and order."""

from __future__ import annotations

from pathlib import Path

import build
import pytest


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


def test_a_page_that_is_absent_fails_the_build(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stamped: list[bool] = []
    monkeypatch.setattr(build, "site_state", lambda: build.State.EDITED)
    monkeypatch.setattr(build, "invalidate", lambda found: None)
    monkeypatch.setattr(build, "run_jupyter_book", lambda: True)
    monkeypatch.setattr(build, "stamp_site", lambda: stamped.append(True))
    monkeypatch.setattr(build, "pages", lambda: ["chapters/99_absent"])
    assert build.make_site() is False
    assert "chapters/99_absent: the table of contents names it" in capsys.readouterr().out
    assert not stamped


def test_a_page_without_a_text_counts_as_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "SITE", tmp_path)
    monkeypatch.setattr(build, "pages", lambda: ["whole", "empty", "none"])
    (tmp_path / "whole.html").write_text('<article class="bd-article">a</article>', "utf8")
    (tmp_path / "empty.html").write_text("<body></body>", "utf8")
    assert build.absent_pages() == ["empty", "none"]
