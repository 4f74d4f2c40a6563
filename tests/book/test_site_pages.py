"""What the site adds to the theme: launch links, and the last step on each page."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import site_pages


def app(**options: str) -> Any:
    return SimpleNamespace(config=SimpleNamespace(html_theme_options=options))


def test_no_launch_links_without_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PDL_REPOSITORY", raising=False)
    assert site_pages._launch_links(app(), "book/notebooks/01_images.ipynb") == ""


@pytest.mark.parametrize("ending", ["", "/", ".git"])
def test_launch_links_once_the_address_is_set(monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    monkeypatch.setenv("PDL_REPOSITORY", f"https://example.org/people/book{ending}")
    links = site_pages._launch_links(app(), "book/notebooks/01_images.ipynb")
    assert "/github/people/book/blob/main/book/notebooks/01_images.ipynb" in links
    assert "/gh/people/book/main?urlpath=lab/tree/book/notebooks/01_images.ipynb" in links


def test_a_page_that_stands_is_finished_once(tmp_path: Path) -> None:
    for name in ("styles/pydata-sphinx-theme.css", "scripts/pydata-sphinx-theme.js"):
        (tmp_path / "_static" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "_static" / name).write_text("e.tabIndex=0", "utf8")
    build: Any = SimpleNamespace(builder=SimpleNamespace(format="html"), outdir=tmp_path)
    first, second = tmp_path / "a.html", tmp_path / "b.html"
    first.write_text("<pre>a</pre>", "utf8")
    site_pages._finish(build, None)
    stood = first.read_text("utf8")
    assert stood == "<pre>a</pre>" + site_pages.FINISHED
    stamp = first.stat().st_mtime_ns
    second.write_text("<p>b</p>", "utf8")
    site_pages._finish(build, None)
    assert (first.read_text("utf8"), first.stat().st_mtime_ns) == (stood, stamp)
    assert second.read_text("utf8").endswith(site_pages.FINISHED)


def test_what_is_wrong_with_a_page_is_a_warning_of_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(
        site_pages.logger, "warning", lambda text, *values, **_: warnings.append(text % values)
    )
    for name in ("styles/pydata-sphinx-theme.css", "scripts/pydata-sphinx-theme.js"):
        (tmp_path / "_static" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "_static" / name).write_text("e.tabIndex=0", "utf8")
    (tmp_path / "a.html").write_text("<article>{glue}`x`</article>", "utf8")
    build: Any = SimpleNamespace(builder=SimpleNamespace(format="html"), outdir=tmp_path)
    site_pages._finish(build, None)
    assert warnings == ["a.html: the page shows raw markup: {glue"]


def test_a_chapter_without_a_head_is_refused(tmp_path: Path) -> None:
    (tmp_path / "05_layers.md").write_text("# Layers\n", "utf8")
    with pytest.raises(ValueError, match=r"05_layers\.md: expected a YAML head"):
        site_pages.front_matter(tmp_path / "05_layers.md")
