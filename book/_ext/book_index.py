"""The index of the book, from a list of terms beside it: chapters stay free of its markup."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

logger = logging.getLogger(__name__)

TERMS = Path(__file__).resolve().parents[1] / "index_terms.yml"


def read_terms() -> dict[str, dict[str, list[str]]]:
    """For each chapter and each of its headings, the terms that the index shall name."""
    return dict(yaml.safe_load(TERMS.read_text("utf8")))


class IndexTerms(SphinxTransform):
    """Add the index's entries to the sections that their headings name."""

    default_priority = 500

    def apply(self, **options: Any) -> None:
        """Visit each section of a chapter."""
        chapter = read_terms().get(Path(self.env.docname).name, {})
        if not chapter:
            return
        self.env.note_dependency(str(TERMS))
        sections = {
            section[0].astext(): section
            for section in self.document.findall(nodes.section)
            if isinstance(section[0], nodes.title)
        }
        for heading, terms in chapter.items():
            if heading not in sections:
                logger.warning("index_terms.yml: %s has no heading %r", self.env.docname, heading)
                continue
            section = sections[heading]
            entries = [("single", term, section["ids"][0], "", None) for term in terms]
            section.insert(1, addnodes.index(entries=entries))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the transform."""
    app.add_transform(IndexTerms)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
