"""The bibliography, as a notebook cites and lists it."""

from __future__ import annotations

from paths import ROOT
from pybtex.database import Entry, parse_file


def read_references() -> dict[str, Entry]:
    """The entries of the book's bibliography, by their keys."""
    return dict(parse_file(str(ROOT / "book" / "references.bib")).entries)


def authors_and_year(entry: Entry) -> tuple[str, str]:
    """Authors and year of a reference."""
    people = entry.persons.get("author") or entry.persons.get("editor") or []
    names = [" ".join(person.last_names) for person in people]
    who = names[0] if names else entry.fields.get("title", "")
    if len(names) == 2:
        who = " and ".join(names)
    elif len(names) > 2:
        who += " et al."
    return who.replace("{", "").replace("}", ""), entry.fields.get("year", "n.d.")


def listed(entry: Entry) -> str:
    """A reference as an item of the list at the end."""
    fields = {key: value.replace("{", "").replace("}", "") for key, value in entry.fields.items()}
    who, year = authors_and_year(entry)
    where = fields.get("journal") or fields.get("booktitle") or fields.get("publisher") or ""
    doi = f" https://doi.org/{fields['doi']}" if "doi" in fields else ""
    return f"- {who} ({year}). *{fields.get('title', '')}*. {where}.{doi}"
