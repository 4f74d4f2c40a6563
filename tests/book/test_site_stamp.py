"""A site is kept only as far as it is whole and made by what is here now."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import paths
import pytest
import site_stamp
from site_stamp import State, invalidate, site_state, stamp_site

FILES = {
    "_config.yml": "title: A book",
    "chapters/01_images.md": "# Images",
    "book/_toc.yml": "root: book/index",
    "book/_static/book.css": "a {}",
    "book/_ext/mathml.py": "",
    "book/tools/listings.py": "",
    "src/pdl/__init__.py": "",
    "data/results/mnist.json": "{}",
    "_build/executed/01_images.ipynb": "{}",
    "_build/html/index.html": "<html></html>",
    "_build/html/searchindex.js": "{}",
    "_build/html/notebooks/01_images.ipynb": "{}",
    "_build/.doctrees/index.doctree": "tree",
    "_build/jupyter_execute/figure.png": "picture",
}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout whose site has been stamped."""
    monkeypatch.delenv("PDL_REPOSITORY", raising=False)
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf8")
    build = tmp_path / "_build"
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(site_stamp, "ROOT", tmp_path)
    monkeypatch.setattr(site_stamp, "SITE", build / "html")
    monkeypatch.setattr(site_stamp, "EXECUTED", build / "executed")
    monkeypatch.setattr(site_stamp, "STAMP", build / "stamp.json")
    made = tuple(build / name for name in ("html", ".doctrees", "jupyter_execute"))
    monkeypatch.setattr(site_stamp, "MADE", made)
    stamp_site()
    return tmp_path


def edit(name: str, text: str = "Another text") -> Callable[[Path], object]:
    def change(root: Path) -> None:
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text, "utf8")

    return change


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda root: (root / "chapters/01_images.md").touch(), State.WHOLE),
        (edit("_build/html/notebooks/01_images.ipynb"), State.WHOLE),
        (edit("book/_ext/__pycache__/mathml.cpython-311.pyc"), State.WHOLE),
        (edit("chapters/01_images.md"), State.EDITED),
        (edit("_build/executed/01_images.ipynb"), State.EDITED),
        (edit("chapters/02_convolution.md"), State.UNSOUND),
        (lambda root: (root / "chapters/01_images.md").unlink(), State.UNSOUND),
        (edit("book/_static/book.css"), State.UNSOUND),
        (edit("book/_ext/mathml.py"), State.UNSOUND),
        (edit("_config.yml"), State.UNSOUND),
        (edit("src/pdl/__init__.py"), State.UNSOUND),
        (edit("data/results/mnist.json"), State.UNSOUND),
        (edit("_build/html/index.html", "<html>"), State.UNSOUND),
        (lambda root: (root / "_build/html/searchindex.js").unlink(), State.UNSOUND),
        (edit("_build/.doctrees/index.doctree", "tr"), State.UNSOUND),
        (edit("_build/jupyter_execute/figure.png", ""), State.UNSOUND),
        (edit("_build/stamp.json", '{"tools":'), State.UNSOUND),
        (edit("_build/stamp.json", "[]"), State.UNSOUND),
        (edit("_build/stamp.json", "{}"), State.UNSOUND),
        (
            lambda root: (root / "_build/html/searchindex.js").rename(root / "_build/html/z.js"),
            State.UNSOUND,
        ),
        (lambda root: os.environ.update(PDL_REPOSITORY="https://example.org/a/b"), State.UNSOUND),
    ],
)
def test_what_a_change_makes_of_the_site(
    change: Callable[[Path], object],
    expected: State,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PDL_REPOSITORY", "")
    assert site_state() is State.WHOLE
    change(root)
    assert site_state() is expected


def test_a_build_that_does_not_end_leaves_no_stamp(root: Path) -> None:
    invalidate(State.EDITED)
    assert site_state() is State.UNSOUND
    assert (root / "_build/html/index.html").exists(), "an edit keeps the other pages"


def test_what_is_unsound_is_removed_and_nothing_else(root: Path) -> None:
    invalidate(State.UNSOUND)
    left = {each.name for each in (root / "_build").iterdir()}
    assert left == {"executed"}
