"""Listings of the package's own source, with each docstring cut to its first line.

A chapter derives a function in its text; the docstring's account of shapes and errors would push
the code off the page. The whole of it is in the package, and in ``help``.
"""

from __future__ import annotations

import ast
import textwrap
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.directives.code import LiteralInclude


class NoSuchListing(Exception):
    """What should be listed is not there."""


def package_source(path: Path, pyobject: str) -> str:
    """The source of a function or class, ready to be listed.

    Parameters
    ----------
    path : Path
        Of the Python file.
    pyobject : str
        The name, for instance ``"Conv2d.backward"``.

    Returns
    -------
    str
        With its decorators, without its indentation, docstrings of one line.

    Raises
    ------
    NoSuchListing
        If there is no such file or object.
    """
    if not path.is_file():
        raise NoSuchListing(f"literalinclude: there is no file {path.name}")
    text = path.read_text("utf8")
    body: list[ast.stmt] = ast.parse(text).body
    node: Any = None
    for name in pyobject.split("."):
        node = next((each for each in body if getattr(each, "name", None) == name), None)
        if node is None:
            raise NoSuchListing(f"{path.name} has no {pyobject}")
        body = node.body
    lines: list[str | None] = list(text.splitlines())
    for each in ast.walk(node):
        if isinstance(each, ast.FunctionDef | ast.ClassDef):
            _shorten_docstring(each, lines)
    start = min([node.lineno, *(each.lineno for each in node.decorator_list)])
    kept = [line for line in lines[start - 1 : node.end_lineno] if line is not None]
    return textwrap.dedent("\n".join(kept))


def _shorten_docstring(node: ast.FunctionDef | ast.ClassDef, lines: list[str | None]) -> None:
    """Put the first paragraph of a docstring in the place of all of it; None marks a lost line."""
    if ast.get_docstring(node) is None:
        return
    string = node.body[0]
    first, last = string.lineno - 1, (string.end_lineno or string.lineno) - 1
    end = next((at for at in range(first, last) if not (lines[at] or "").strip()), None)
    if end is None:
        return
    lines[end - 1] = f'{lines[end - 1]}"""'
    for at in range(end, last + 1):
        lines[at] = None


class Listing(LiteralInclude):
    """``literalinclude`` whose ``:pyobject:`` is listed by :func:`package_source`."""

    def run(self) -> list[nodes.Node]:
        """Make the listing."""
        if "pyobject" not in self.options:
            return super().run()
        relative, filename = self.env.relfn2path(self.arguments[0])
        self.env.note_dependency(relative)
        try:
            text = package_source(Path(filename), self.options["pyobject"])
        except NoSuchListing as error:
            return [self.state.document.reporter.warning(str(error), line=self.lineno)]
        block = nodes.literal_block(text, text, language="python")
        self.set_source_info(block)
        return [block]


def setup(app: Sphinx) -> dict[str, Any]:
    """Take the place of Sphinx's own directive."""
    directives.register_directive("literalinclude", Listing)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
