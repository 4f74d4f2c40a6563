"""The build's own words and order."""

from __future__ import annotations

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
