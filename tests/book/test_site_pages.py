"""What the site adds to the theme: launch links, lighter pages, alt text that is demanded."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import site_pages
from PIL import Image


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


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "_images").mkdir()
    (tmp_path / "chapters").mkdir()
    Image.new("RGB", (30, 20)).save(tmp_path / "_images" / "a.png")
    return tmp_path


def finished(out: Path, body: str) -> str:
    page = out / "chapters" / "a.html"
    page.write_text(f"<html><head></head><body>{body}</body></html>", "utf8")
    site_pages._finish_page(page, out)
    return page.read_text("utf8")


def test_scripts_that_no_page_uses_are_left_out(out: Path) -> None:
    text = finished(
        out,
        '<script src="../_static/scripts/fontawesome.js"></script>'
        '<script>const THEBE_JS_URL = "thebe"</script>'
        '<script src="../_static/play/play.js"></script>'
        '<script src="../_static/documentation_options.js"></script>',
    )
    assert "fontawesome" not in text
    assert "THEBE" not in text
    assert '<script defer="defer" src="../_static/play/play.js">' in text
    assert '<script src="../_static/documentation_options.js">' in text


def test_a_picture_gets_its_size_and_opens_alone(out: Path) -> None:
    text = finished(out, '<img alt="A cat." src="../_images/a.png"/>')
    assert 'width="30"' in text
    assert 'height="20"' in text
    assert '<a class="figure-link" href="../_images/a.png"><img alt="A cat."' in text
    assert finished(out, text).count("figure-link") == 1, "a second pass changes nothing"


def test_a_picture_with_a_dark_twin_is_followed_by_it(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = tmp_path / "dark"
    drawn.mkdir()
    Image.new("RGB", (60, 40)).save(drawn / "a.png")
    monkeypatch.setattr(site_pages, "DARK_FIGURES", drawn)
    text = finished(out, '<img alt="A cat." src="../_images/a.png"/>')
    assert '<a class="figure-link on-light" href="../_images/a.png"><img alt="A cat."' in text
    assert '<a class="figure-link on-dark" href="../_images/a-dark.png"><img alt="A cat."' in text
    assert 'width="60"' in text
    assert (out / "_images" / "a-dark.png").read_bytes() == (drawn / "a.png").read_bytes()
    assert finished(out, text).count("figure-link") == 2, "a second pass changes nothing"


def test_the_index_stands_below_the_bibliography_and_once(out: Path) -> None:
    links = '<ul><li><a href="../book/bibliography.html">Bibliography</a></li></ul>'
    text = finished(out, f'<nav class="bd-links">{links}</nav>')
    entry = '</li><li class="toctree-l1"><a class="reference internal" href="../genindex.html">'
    assert f"{entry}Index</a></li></ul>" in text
    assert finished(out, text).count("genindex.html") == 1, "a second pass changes nothing"


def test_a_page_is_in_the_theme_of_the_system_before_a_script_runs(out: Path) -> None:
    script = """document.documentElement.dataset.theme = localStorage.getItem("theme") || "auto";"""
    text = finished(out, f"<script>{script}</script>")
    assert '|| (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");' in text


def test_a_page_that_stands_is_finished_once(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("styles/pydata-sphinx-theme.css", "scripts/pydata-sphinx-theme.js"):
        (out / "_static" / name).parent.mkdir(parents=True, exist_ok=True)
        (out / "_static" / name).write_text("e.tabIndex=0", "utf8")
    (out / "chapters" / "a.html").write_text("<p>a</p>", "utf8")
    seen: list[str] = []
    monkeypatch.setattr(site_pages, "_finish_page", lambda page, out: seen.append(page.stem))
    build: Any = SimpleNamespace(builder=SimpleNamespace(format="html"), outdir=out)
    site_pages._finish(build, None)
    (out / "chapters" / "b.html").write_text("<p>b</p>", "utf8")
    site_pages._finish(build, None)
    assert seen == ["a", "b"]


@pytest.mark.parametrize("alt", ["", ' alt=""', ' alt="  "'])
def test_a_picture_without_alt_text_is_a_warning(
    out: Path, alt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(
        site_pages.logger, "warning", lambda text, *values, **_: warnings.append(text % values)
    )
    finished(out, f'<img{alt} src="../_images/a.png"/>')
    assert len(warnings) == 1
    assert "a.png has no alt text" in warnings[0]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('by <span class="pasted-text">-0.36</span>', '<span class="pasted-text">−0.36</span>'),
        (
            'by <span class="pasted-text">+0.5 (-0.4 to +1.1)</span>',
            '<span class="pasted-text">+0.5 (−0.4 to +1.1)</span>',
        ),
        (
            'a <span class="pasted-text">one-way</span> street',
            '<span class="pasted-text">one-way</span>',
        ),
        (
            '<span class="math">x</span>, and',
            '<span class="with-stop"><span class="math">x</span>,</span> and',
        ),
        ('<span class="math">x</span> and', '<body><span class="math">x</span> and'),
    ],
)
def test_numbers_have_minus_signs_and_formulas_keep_their_stops(
    out: Path, body: str, expected: str
) -> None:
    text = finished(out, body)
    assert expected in text
    assert finished(out, text.split("<body>")[1].split("</body>")[0]) == text


def test_a_chapter_without_a_head_is_refused(tmp_path: Path) -> None:
    (tmp_path / "05_layers.md").write_text("# Layers\n", "utf8")
    with pytest.raises(ValueError, match=r"05_layers\.md: expected a YAML head"):
        site_pages.front_matter(tmp_path / "05_layers.md")
