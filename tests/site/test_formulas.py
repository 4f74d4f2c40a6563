"""Each formula of the book looks with the site's small font as it does with the whole one."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fontTools.ttLib import TTFont
from mathml import FONT, FORMULA, WHOLE_FONT, narrow_roots, to_mathml, write_font
from numpy.typing import NDArray
from paths import SITE
from PIL import Image
from playwright.sync_api import Browser

DRAWN_WITHOUT_A_CHARACTER = [
    r"\sqrt{x}",
    r"\sqrt[3]{\frac{\frac{a}{b}}{\frac{c}{d}}}",
    r"\left( \frac{\frac{a}{b}}{\frac{c}{d}} \right) \left\{ \frac{\frac{a}{b}}{c} \right.",
    r"\left\lVert \begin{bmatrix} 1 \\ 2 \\ 3 \\ 4 \end{bmatrix} \right\rVert",
    r"\hat{x} + \bar{x} + \overline{abc} + \tilde{x} + \vec{x} + \dot{x}",
    r"f' + f''",
    r"\sum_{i} \int_0^1 \prod_k x",
]
"""Radicals, stretched brackets, accents, rules and primes, at more sizes than the book has."""


@pytest.fixture(scope="module")
def formulas() -> list[str]:
    """The MathML of every formula on the site, each once."""
    found = (
        formula
        for page in sorted(SITE.rglob("*.html"))
        for formula in FORMULA.findall(page.read_text("utf8"))
    )
    return sorted(set(found))


Draw = Callable[[list[str], bytes], list[NDArray[Any]]]


@pytest.fixture(scope="module")
def draw(browser: Browser) -> Draw:
    """Draw formulas one under another with a font; give back the pixels of each."""

    def pixels(formulas: list[str], font: bytes) -> list[NDArray[Any]]:
        page = browser.new_page(viewport={"width": 1200, "height": 800})
        address = "data:font/woff2;base64," + base64.b64encode(font).decode()
        page.set_content(
            "<!DOCTYPE html><style>@font-face { font-family: drawn; src: url("
            f"{address}) }} body {{ margin: 0 }}"
            " div { padding: 12px; overflow: hidden; box-sizing: border-box }"
            # Hinting takes its measures from whichever letters a font has.
            " math { font-family: drawn; font-size: 20px; text-rendering: geometricPrecision }"
            "</style>" + "".join(f"<div>{formula}</div>" for formula in formulas)
        )
        page.evaluate("document.fonts.ready")
        assert page.evaluate("document.fonts.check('20px drawn')")
        tops = page.evaluate(
            "[...document.querySelectorAll('div')].map(row => {"
            " row.style.height = `${Math.ceil(row.offsetHeight)}px`; return row.offsetTop })"
        )
        whole = np.asarray(Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("L"))
        page.close()
        return np.split(whole, tops[1:])

    return pixels


def in_pieces(draw: Draw, formulas: list[str], font: bytes) -> list[NDArray[Any]]:
    """Draw a few at a time: a screenshot may be no taller than 16 384 pixels."""
    pieces = [formulas[start : start + 150] for start in range(0, len(formulas), 150)]
    return [drawn for piece in pieces for drawn in draw(piece, font)]


@pytest.fixture(scope="module")
def whole_font() -> bytes:
    """All the font's characters, with roots as the site has them."""
    font, file = TTFont(str(WHOLE_FONT)), io.BytesIO()
    narrow_roots(font)
    font.save(file)
    return file.getvalue()


def test_every_formula_looks_as_with_the_whole_font(
    draw: Draw, formulas: list[str], whole_font: bytes
) -> None:
    assert len(formulas) > 500
    small = in_pieces(draw, formulas, (SITE / "_static" / FONT).read_bytes())
    whole = in_pieces(draw, formulas, whole_font)
    differing = [
        unescape(formula)
        for formula, ours, theirs in zip(formulas, small, whole, strict=True)
        if not np.array_equal(ours, theirs)
    ]
    assert not differing, f"{len(differing)} formulas differ, the first of them {differing[0]}"


def test_the_whole_font_has_every_character(formulas: list[str]) -> None:
    known = TTFont(str(WHOLE_FONT)).getBestCmap()
    text = {char for formula in formulas for char in unescape(re.sub(r"<[^>]*>", "", formula))}
    assert {char for char in text if not char.isspace() and ord(char) not in known} == set()


def test_what_is_drawn_without_a_character_is_in_the_small_font(
    draw: Draw, whole_font: bytes, tmp_path: Path
) -> None:
    page = [to_mathml(latex, "block") for latex in DRAWN_WITHOUT_A_CHARACTER]
    font = write_font(page, tmp_path / FONT)
    small, whole = draw(page, font.read_bytes()), draw(page, whole_font)
    for latex, ours, theirs in zip(DRAWN_WITHOUT_A_CHARACTER, small, whole, strict=True):
        assert np.array_equal(ours, theirs), latex
        assert ours.min() < 100, f"nothing is drawn for {latex}"


def test_a_root_ends_where_its_bar_does(browser: Browser, tmp_path: Path) -> None:
    tall = "x"
    roots = [rf"\sqrt{{{tall}}}"]
    for _ in range(4):
        tall = rf"\frac{{{tall}}}{{2}}"
        roots.append(rf"\sqrt{{{tall}}}")
    page = [to_mathml(latex, "block") for latex in roots]
    font = base64.b64encode(write_font(page, tmp_path / FONT).read_bytes()).decode()
    tab = browser.new_page()
    tab.set_content(
        "<!DOCTYPE html><style>@font-face { font-family: drawn; src: url(data:font/woff2;base64,"
        f"{font}) }} math {{ font-family: drawn; font-size: 20px }}</style>" + "".join(page)
    )
    tab.evaluate("document.fonts.ready")
    assert tab.evaluate("document.fonts.check('20px drawn')")
    edges = tab.evaluate("""[...document.querySelectorAll("msqrt")].map((root) =>
      [root, root.lastElementChild].map((each) => each.getBoundingClientRect()))
      .map(([root, within]) => [within.left - root.left, root.right - within.right])""")
    tab.close()
    signs, rests = zip(*edges, strict=True)
    assert max(rests) < 0.5
    assert min(signs) > 10
