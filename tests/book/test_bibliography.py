"""The bibliography: whole lists of authors, in order, and nothing that no page cites."""

from __future__ import annotations

import re
from pathlib import Path

BOOK = Path(__file__).parents[2]
ENTRIES = re.findall(
    r"^@\w+\{([^,]+),\n(.*?)^\}",
    (BOOK / "book/references.bib").read_text(encoding="utf-8"),
    flags=re.DOTALL | re.MULTILINE,
)


def cited() -> set[str]:
    """The keys that the chapters and the site's other pages cite."""
    pages = [*BOOK.glob("chapters/*.md"), *BOOK.glob("book/*.md")]
    text = "".join(page.read_text(encoding="utf-8") for page in pages)
    return {
        key.strip()
        for keys in re.findall(r"\{cite:[pt]\}`([^`]+)`", text)
        for key in keys.split(",")
    }


def test_each_entry_is_cited_and_each_citation_has_an_entry() -> None:
    assert {key for key, _ in ENTRIES} == cited()


def test_all_authors_are_named() -> None:
    assert [key for key, fields in ENTRIES if "and others" in fields] == []


def test_each_key_occurs_once_in_alphabetical_order() -> None:
    keys = [key for key, _ in ENTRIES]
    assert keys == sorted(set(keys))
