"""The final form of a page: lighter, sized, its numbers set; and the faults that fail the build."""

from __future__ import annotations

from pathlib import Path

import finish_page
import pytest
from PIL import Image


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "_images").mkdir()
    (tmp_path / "chapters").mkdir()
    Image.new("RGB", (30, 20)).save(tmp_path / "_images" / "a.png")
    return tmp_path


def finished(out: Path, body: str) -> str:
    page = out / "chapters" / "a.html"
    page.write_text(f"<html><head></head><body>{body}</body></html>", "utf8")
    finish_page.finish_page(page, out)
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
    monkeypatch.setattr(finish_page, "DARK_FIGURES", drawn)
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


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ('<img src="../_images/a.png"/>', ["has no alt text"]),
        ('<img alt="" src="../_images/a.png"/>', ["has no alt text"]),
        ('<img alt="  " src="../_images/a.png"/>', ["has no alt text"]),
        ('<img alt="A cat." src="../_images/a.png"/>', []),
        ('<div class="output traceback">KeyError</div>', ["holds an error or a warning"]),
        ('<div class="output stderr">beware</div>', ["holds an error or a warning"]),
        ('<div class="output stream">fine</div>', []),
        ("<article>by {glue}`x` and :::{note}</article>", ["markup: {glue", "markup: :::{"]),
        ("<article>Traceback (most recent call last): …</article>", ["markup: Traceback"]),
        ("<p>{eq}, said of a page beside its article</p><article>a</article>", []),
    ],
)
def test_what_is_wrong_with_a_page(out: Path, body: str, faults: list[str]) -> None:
    page = out / "chapters" / "a.html"
    page.write_text(f"<html><head></head><body>{body}</body></html>", "utf8")
    found = finish_page.finish_page(page, out)
    assert len(found) == len(faults)
    for said, words in zip(found, faults, strict=True):
        assert said.startswith("chapters/a.html: ")
        assert words in said


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
