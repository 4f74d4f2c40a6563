"""Fixtures for tests that look at the built site in a browser, or at the memory that is taken."""

from __future__ import annotations

import os
import re
import shutil
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import matplotlib
import pytest
from playwright.sync_api import Browser, sync_playwright

SITE = Path(__file__).parents[1] / "_build" / "html"

CHANGING = re.compile(r""" at 0x|\{['"][^:]*\}|\\x1f\\x8b""")
"""In a test's id: an address, a set of strings (its order), gzip (the time) change each run."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse ids that are others in each process: xdist's workers would not agree on them."""
    found = [item.nodeid for item in items if CHANGING.search(item.nodeid)]
    if found:
        raise pytest.UsageError("give these tests ids of their own: " + ", ".join(found[:5]))


def find_chromium() -> str:
    """The browser's path; where it is absent, CI fails and other machines skip."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if found is None:
        reason = "Chromium is not installed (Debian: apt-get install chromium)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture(autouse=True)
def _own_style() -> Iterator[None]:
    """No test draws in the style that another one set."""
    with matplotlib.rc_context(matplotlib.rcParamsDefault):
        matplotlib.use("agg")
        yield


@pytest.fixture
def peak_mib() -> Callable[[Callable[[], object]], float]:
    """Call a function; return how much memory it takes at its peak, in MiB."""

    def measure(function: Callable[[], object]) -> float:
        tracemalloc.start()
        try:
            function()
            return tracemalloc.get_traced_memory()[1] / 2**20
        finally:
            tracemalloc.stop()

    return measure


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = find_chromium()
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def site_address() -> Iterator[str]:
    """The address at which the built site is served, on this machine alone."""
    if not (SITE / "index.html").exists():
        pytest.fail("the site is not built: run `make book` first (`make test` does)")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(SITE)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
