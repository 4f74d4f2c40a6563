"""The paired notebooks are in step with the chapters, and hold checked text outputs only."""

from __future__ import annotations

import re
from functools import cache

import nbformat
import pytest
from bs4 import BeautifulSoup
from labels import Labels, collect_labels
from paths import CHAPTERS, NOTEBOOKS, SITE
from rounding import differing_lines, same_but_for_rounding
from sync import make

STEMS = [path.stem for path in sorted(CHAPTERS.glob("*.md"))]


@cache
def labels() -> Labels:
    return collect_labels()


@pytest.mark.parametrize("stem", STEMS)
def test_notebook_is_in_step(stem: str) -> None:
    stored = (NOTEBOOKS / f"{stem}.ipynb").read_text("utf8")
    ours = make(CHAPTERS / f"{stem}.md", labels())
    removed, added = differing_lines(stored, ours)
    assert not removed + added, (
        f"book/notebooks/{stem}.ipynb is out of step with its chapter: run `make sync`\n"
        + "\n".join([f"- {line}" for line in removed[:5]] + [f"+ {line}" for line in added[:5]])
    )


def test_every_notebook_has_a_chapter() -> None:
    assert sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb")) == STEMS


@pytest.mark.parametrize("stem", STEMS)
def test_notebook_stores_checked_text_only(stem: str) -> None:
    notebook = nbformat.read(NOTEBOOKS / f"{stem}.ipynb", as_version=4)
    nbformat.validate(notebook)
    checked = 0
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        tags = set(cell.metadata.get("tags", []))
        assert (cell.execution_count is not None) == bool(cell.outputs), "nbval would skip it"
        if cell.outputs:
            assert tags & {"checked", "exercise", "solution"}
            assert {each.output_type for each in cell.outputs} <= {"stream", "execute_result"}
        if "checked" in tags:
            assert cell.outputs, f"a cell tagged checked prints nothing: {cell.source[:80]}"
            checked += 1
    assert checked >= 5


@pytest.mark.parametrize("stem", STEMS)
def test_notebook_shows_no_raw_markup(stem: str) -> None:
    notebook = nbformat.read(NOTEBOOKS / f"{stem}.ipynb", as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            # A chapter may speak of `nan`; a number that was filled in must not be one.
            text = re.sub(r"```.*?```|`nan`", "", cell.source, flags=re.S)
            raw = re.findall(
                r"\{(?:glue|eq|numref|cite|doc|ref)[^}]*\}`|^```\{|^:::|%%|\bnan\b", text, re.M
            )
            assert not raw, cell.source[:300]


@pytest.mark.parametrize("stem", STEMS)
def test_the_site_offers_the_notebook(stem: str) -> None:
    offered = SITE / "notebooks" / f"{stem}.ipynb"
    assert offered.read_bytes() == (NOTEBOOKS / f"{stem}.ipynb").read_bytes()
    page = (SITE / "chapters" / f"{stem}.html").read_text("utf8")
    assert f'href="../notebooks/{stem}.ipynb"' in page


@pytest.mark.parametrize("stem", STEMS)
def test_numbers_are_those_of_the_site(stem: str) -> None:
    page = BeautifulSoup((SITE / "chapters" / f"{stem}.html").read_text("utf8"), "html.parser")
    shown = {
        str(figure["id"]): figure.select_one(".caption-number").get_text(strip=True)
        for figure in page.select("figure[id]")
    }
    for equation in page.select(".math-block[id]"):
        if number := equation.select_one(".eqno"):
            shown[str(equation["id"])] = re.findall(r"[\d.]+", number.get_text())[0]
    for exercise in page.select("div.exercise[id]"):
        title = exercise.select_one(".admonition-title").get_text(" ", strip=True)
        shown[str(exercise["id"])] = " ".join(title.split()[:2])
    ours = {
        ("equation-" if key.startswith("eq") else "") + key.replace(":", "-"): words
        for key, words in labels().words.items()
    }
    common = shown.keys() & ours.keys()
    assert len(common) > 15
    assert {key: shown[key] for key in common} == {key: ours[key] for key in common}


def test_rounding_is_all_that_may_differ() -> None:
    assert same_but_for_rounding("the gap is 0.124", "the gap is 0.123")
    assert not same_but_for_rounding("the gap is 0.134", "the gap is 0.123")
    assert not same_but_for_rounding("3 objects", "4 objects")
    assert same_but_for_rounding("about 1.6e+09", "about 1.5e+09")
    assert not same_but_for_rounding("about 1.9e+09", "about 1.5e+09")
    assert same_but_for_rounding("about 1.6e-09", "about 1.5e-09")
    assert not same_but_for_rounding("about 9.9e-05", "about 1.5e-09")
    assert not same_but_for_rounding("about 2e-09", "about 1e-09")
    assert differing_lines("a\nb", "a") == (["b"], [])
    assert differing_lines("0.13\nb", "0.12") == (["0.13", "b"], ["0.12"])
    assert not same_but_for_rounding("a gap of 0.1", "the gap is 0.1")
