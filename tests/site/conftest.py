"""Fixtures for tests of the playable figures: a page that holds a module's figures, opened."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

PLAY = Path(__file__).resolve().parents[2] / "book" / "_static" / "play"


@pytest.fixture(scope="session")
def write_page() -> Callable[[Path, dict[str, dict[str, Any]]], str]:
    """Write a page with these figures, by name, with their data; return its file URL."""

    def write(path: Path, figures: dict[str, dict[str, Any]]) -> str:
        places = "".join(
            f'<div class="play" data-play="{name}" data-alt="What {name} shows">'
            f'<script type="application/json" class="play-data">{json.dumps(values)}</script>'
            '<div class="play-still"><p>The still image.</p></div></div>'
            for name, values in figures.items()
        )
        path.write_text(
            '<!DOCTYPE html><html lang="en" data-theme="light"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            "<title>Playable figures</title>"
            "<style>html[data-theme=dark] { background: #14181e; color: #ced6dd }</style>"
            f'<script defer src="{(PLAY / "play.js").as_uri()}?v=1"></script></head>'
            f"<body><main><h1>Playable figures</h1>{places}</main></body></html>",
            encoding="utf-8",
        )
        return path.as_uri()

    return write


@pytest.fixture(scope="module")
def url(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    write_page: Callable[..., str],
) -> str:
    """The address of a page with the figures of the test module's FIGURE_DATA."""
    return write_page(tmp_path_factory.mktemp("play") / "index.html", request.module.FIGURE_DATA)


@pytest.fixture
def open_page(
    request: pytest.FixtureRequest, browser: Browser, url: str
) -> Iterator[Callable[..., Page]]:
    """Open the page with the figures; afterwards see that the console stayed empty."""
    complaints: list[str] = []
    pages: list[Page] = []

    def open_it(width: int = 1280, **options: Any) -> Page:
        page = browser.new_page(viewport={"width": width, "height": 900}, **options)
        pages.append(page)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        _load(page, url, request)
        return page

    yield open_it
    for page in pages:
        page.close()
    assert complaints == []


def _load(page: Page, url: str, request: pytest.FixtureRequest) -> None:
    """Open the page and wait for its figures, going to each: those far below wait for that."""
    page.goto(url)
    for name in request.module.FIGURE_DATA:
        place = page.locator(f"[data-play={name}]")
        place.scroll_into_view_if_needed()
        expect(place).to_have_attribute("data-ready", "true")


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """The page with the figures, on a desk."""
    return open_page()


@pytest.fixture(scope="module")
def calculator(request: pytest.FixtureRequest, browser: Browser, url: str) -> Iterator[Page]:
    """Open the page once for all tests that only call its pure functions."""
    page = browser.new_page()
    _load(page, url, request)
    yield page
    page.close()
