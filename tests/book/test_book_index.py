"""The index leads to the sections that say what its terms mean."""

from __future__ import annotations

import re

import pytest
from book_index import read_terms
from bs4 import BeautifulSoup
from paths import CHAPTERS, SITE

PAIRS = [
    (chapter, heading, term)
    for chapter, headings in read_terms().items()
    for heading, terms in headings.items()
    for term in terms
]


def sections(chapter: str) -> dict[str, str]:
    """The text of each section of a chapter, with what stands in its subsections."""
    text = (CHAPTERS / f"{chapter}.md").read_text("utf8")
    heads = list(re.finditer(r"^(##+) (.+)$", text, re.M))
    found = {}
    for number, head in enumerate(heads):
        later = (each for each in heads[number + 1 :] if len(each[1]) <= len(head[1]))
        end = next(later, None)
        found[head[2]] = text[head.start() : end.start() if end else len(text)]
    return found


@pytest.mark.parametrize("chapter", sorted(read_terms()))
def test_every_term_is_spoken_of_where_the_index_sends_the_reader(chapter: str) -> None:
    text = sections(chapter)
    absent = [
        f"{term}: {heading}"
        for each, heading, term in PAIRS
        if each == chapter
        and max(re.findall(r"[\w×]+", term), key=len)[:6].lower()
        not in text.get(heading, "").lower()
    ]
    assert not absent


def test_every_chapter_has_terms() -> None:
    assert sorted(read_terms()) == sorted(path.stem for path in CHAPTERS.glob("*.md"))


def test_the_page_of_the_index_leads_to_each_of_them() -> None:
    page = BeautifulSoup((SITE / "genindex.html").read_text("utf8"), "html.parser")
    links = [str(link["href"]) for link in page.select("table.indextable a")]
    assert len(links) == len(PAIRS)
    for link in links:
        file, _, anchor = link.partition("#")
        assert f'id="{anchor}"' in (SITE / file).read_text("utf8"), link
