"""A page is made again when what it shows has changed elsewhere: outputs, titles, numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import fresh_pages
import pytest
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace


def build(root: Path) -> None:
    with docutils_namespace():
        Sphinx(
            root,
            None,
            root / "_build" / "html",
            root / "_build" / "doctrees",
            "html",
            confoverrides={"extensions": ["fresh_pages"], "html_theme": "basic", "numfig": True},
            status=None,
        ).build()


@pytest.mark.filterwarnings("ignore")
def test_a_page_shows_the_title_and_the_number_that_another_has_now(tmp_path: Path) -> None:
    (tmp_path / "index.rst").write_text("Book\n====\n\n.. toctree::\n\n   one\n   two\n")
    figure = ".. _{}:\n\n.. figure:: none.png\n\n   A caption.\n\n"
    (tmp_path / "none.png").touch()
    first = ".. _here:\n\nOld name\n========\n\n" + figure.format("that")
    (tmp_path / "one.rst").write_text(first)
    (tmp_path / "two.rst").write_text("Two\n===\n\nSee :ref:`here` and :numref:`that`.\n")
    page = tmp_path / "_build" / "html" / "two.html"

    def shown() -> list[str]:
        build(tmp_path)
        return re.findall(r'std-(?:num)?ref">(.*?)</span>', page.read_text("utf8"))

    assert shown() == ["Old name", "Fig. 1"]
    written = page.stat().st_mtime_ns
    (tmp_path / "one.rst").write_text(first + "More text.\n")
    assert shown() == ["Old name", "Fig. 1"]
    assert page.stat().st_mtime_ns == written, "only the edited page is made again"
    first = first.replace("Old name", "New name")
    (tmp_path / "one.rst").write_text(first.replace(".. _that", figure.format("new") + ".. _that"))
    assert shown() == ["New name", "Fig. 2"]


@pytest.mark.parametrize(
    "change",
    [
        lambda env: env.titles.update(one=nodes.title("", "New name")),
        lambda env: env.toc_secnumbers.update(one={"": (2,)}),
        lambda env: env.toc_fignumbers.update(one={"figure": {"that": (2,)}}),
        lambda env: env.domaindata["std"]["labels"].update(here=("one", "here", "New name")),
        lambda env: env.domaindata["std"]["anonlabels"].update(here=("one", "there")),
        lambda env: env.domaindata["math"]["objects"].update(sum=("one", 2)),
    ],
    ids=["title", "section", "figure", "label", "place", "equation"],
)
def test_whatever_one_page_shows_of_another_is_watched(change: Callable[[Any], None]) -> None:
    env: Any = SimpleNamespace(
        found_docs={"two", "one"},
        titles={"one": nodes.title("", "Old name")},
        toc_secnumbers={"one": {"": (1,)}},
        toc_fignumbers={"one": {"figure": {"that": (1,)}}},
        domaindata={
            "std": {
                "labels": {"here": ("one", "here", "Old name")},
                "anonlabels": {"here": ("one", "here")},
            },
            "math": {"objects": {"sum": ("one", 1)}},
        },
    )
    app: Any = None
    assert fresh_pages._with_other_numbers(app, env) == ["one", "two"]
    assert fresh_pages._with_other_numbers(app, env) == []
    change(env)
    assert fresh_pages._with_other_numbers(app, env) == ["one", "two"]


def executed(folder: Path, text: str, identity: str) -> None:
    output = {"output_type": "stream", "name": "stdout", "text": text}
    cell = {"cell_type": "code", "id": identity, "outputs": [output]}
    (folder / "01_images.ipynb").write_text(json.dumps({"cells": [cell]}), "utf8")


def test_a_chapter_is_read_again_when_its_outputs_change(tmp_path: Path) -> None:
    folder = tmp_path / "executed"
    folder.mkdir()
    app: Any = SimpleNamespace(outdir=tmp_path / "html")
    env: Any = SimpleNamespace(found_docs={"chapters/01_images", "book/index"})

    def outdated() -> list[str]:
        return fresh_pages._with_other_outputs(app, env, set(), set(), set())

    (folder / "09_gone.ipynb").write_text('{"cells": []}', "utf8")
    executed(folder, "92.4 %", "a")
    assert outdated() == ["chapters/01_images"]
    assert outdated() == []
    executed(folder, "92.4 %", "b")
    assert outdated() == [], "the identity of a cell is no output"
    executed(folder, "43.2 %", "b")
    assert outdated() == ["chapters/01_images"]
