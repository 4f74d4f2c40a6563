"""What the site has beyond the theme: the chapter map, links to notebooks, lighter files."""

from __future__ import annotations

import os
import re
import shutil
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from finish_page import finish_page
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)

FINISHED = "\n<!-- finished -->\n"
"""The end of a page that an earlier build has brought to its final form."""

UNUSED_FILES = (
    "scripts/fontawesome*",
    "vendor/fontawesome",
    "scripts/*.map",
    "styles/*.map",
    "scripts/*.LICENSE.txt",
    "sphinx-thebe*",
    "sphinx-design*",
    "design-tabs.js",
    "webpack-macros.html",
    "sbt-webpack-macros.html",
    "images",
    "locales",
)


def front_matter(path: Path) -> dict[str, Any]:
    """The YAML head of a chapter.

    Raises
    ------
    ValueError
        If the file has none.
    """
    found = re.match(r"---\n(.*?)\n---\n", path.read_text("utf8"), re.S)
    if not found:
        raise ValueError(f"{path.name}: expected a YAML head between two lines of ---")
    return dict(yaml.safe_load(found[1]))


def title(path: Path) -> str:
    """The first heading of a chapter."""
    found = re.search(r"^# (.+)$", path.read_text("utf8"), re.M)
    if not found:
        raise ValueError(f"{path.name}: expected a heading of the first level")
    return found[1]


class ChapterMap(SphinxDirective):
    """The chapters as cards: what each gives, how long it takes, what it needs."""

    def run(self) -> list[nodes.Node]:
        """Read the chapters' heads and make the cards."""
        root = Path(self.env.srcdir)
        cards = []
        for path in sorted((root / "chapters").glob("[0-9][0-9]_*.md")):
            self.env.note_dependency(str(path))
            chapter = front_matter(path)["chapter"]
            link = f"../chapters/{path.stem}.html"
            cards.append(
                f'<li class="chapter-card"><p class="chapter-number">{int(path.name[:2])}</p>'
                f'<h3><a href="{link}">{escape(title(path))}</a></h3>'
                f"<p>{escape(chapter['gives'])}</p><dl>"
                f"<div><dt>Time</dt><dd>{escape(str(chapter['time']))}</dd></div>"
                f"<div><dt>Needs</dt><dd>{escape(chapter['needs'])}</dd></div></dl></li>"
            )
        return [nodes.raw("", f'<ol class="chapter-map">{"".join(cards)}</ol>', format="html")]


def _launch_links(app: Sphinx, notebook: str) -> str:
    """Links to Colab and Binder, once the address of the repository is known."""
    options = app.config.html_theme_options
    address = os.environ.get("PDL_REPOSITORY", "") or options.get("repository_url", "")
    if not address:
        return ""
    branch = options.get("repository_branch") or "main"
    owner = address.rstrip("/").removesuffix(".git").split("/")[-2:]
    where = "/".join(owner)
    colab = f"https://colab.research.google.com/github/{where}/blob/{branch}/{notebook}"
    binder = f"https://mybinder.org/v2/gh/{where}/{branch}?urlpath=lab/tree/{notebook}"
    return (
        f'<a href="{escape(colab)}">Open in Colab</a><a href="{escape(binder)}">Open in Binder</a>'
    )


def _add_page_bar(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    if not pagename.startswith("chapters/") or "body" not in context:
        return
    source = Path(app.srcdir) / f"{pagename}.md"
    chapter = front_matter(source)["chapter"]
    notebook = f"book/notebooks/{source.stem}.ipynb"
    bar = (
        '<div class="page-bar">'
        f"<span>{escape(str(chapter['time']))}</span><span>{escape(chapter['needs'])}</span>"
        f'<a href="../notebooks/{source.stem}.ipynb" download>Download the notebook</a>'
        f"{_launch_links(app, notebook)}</div>"
    )
    context["body"] = context["body"].replace("</h1>", "</h1>\n" + bar, 1)
    context["meta_description"] = chapter["gives"]


def _add_description(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    words = context.get("meta_description") or (
        "A textbook on deep learning for images in which every equation, figure and result is "
        "recomputed by the code beside it."
    )
    context["metatags"] = (
        context.get("metatags", "") + f'\n<meta name="description" content="{escape(words)}"/>'
    )


def _drop_icon_rules(sheet: Path) -> None:
    """Leave out the theme's rules for two thousand icons, of which the book draws a dozen."""
    rules = re.compile(r"(?<=\})(?:\.fa-[\w-]+(?:::?before)?,?)+\{[^{}]*\}")
    css = re.sub(r"@font-face\{[^{}]*Font ?Awesome[^{}]*\}", "", sheet.read_text("utf8"))
    sheet.write_text(rules.sub("", css), "utf8")


def _drop_measuring(script: Path) -> None:
    """Leave out the theme's measuring of every listing at once: `page.js` does it when needed.

    It is done here, and not in `page.js`, because the function is closed in the theme's bundle: a
    script beside it can neither replace it nor come before it without patching what the browser's
    own objects do. If the theme changes it, the build says so.
    """
    measuring = "e.tabIndex=e.scrollWidth>e.clientWidth||e.scrollHeight>e.clientHeight?0:-1"
    listed = '["pre",".nboutput > .output_area",".cell_output > .output",".jp-RenderedHTMLCommon",'
    text = script.read_text("utf8")
    if "e.tabIndex=0" not in text and not (measuring in text and listed in text):
        logger.warning("%s measures listings in a way that is not known here", script.name)
    script.write_text(text.replace(measuring, "e.tabIndex=0").replace(listed, "["), "utf8")


def _finish(app: Sphinx, error: Exception | None) -> None:
    if error is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    for pattern in UNUSED_FILES:
        for path in (out / "_static").glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    _drop_icon_rules(out / "_static" / "styles" / "pydata-sphinx-theme.css")
    _drop_measuring(out / "_static" / "scripts" / "pydata-sphinx-theme.js")
    pages = [page for page in sorted(out.rglob("*.html")) if not _is_finished(page)]
    if not pages:
        return
    with ProcessPoolExecutor(min(len(pages), os.cpu_count() or 1)) as pool:
        for faults in pool.map(partial(_finish_once, out=out), pages):
            for fault in faults:
                logger.warning("%s", fault, type="page")


def _is_finished(page: Path) -> bool:
    return page.read_text("utf8").endswith(FINISHED)


def _finish_once(page: Path, out: Path) -> list[str]:
    faults = finish_page(page, out)
    with page.open("a", encoding="utf8") as file:
        file.write(FINISHED)
    return faults


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive and the steps on each page and at the end of the build."""
    app.add_directive("chapter-map", ChapterMap)
    app.connect("html-page-context", _add_page_bar, priority=800)
    app.connect("html-page-context", _add_description, priority=801)
    app.connect("build-finished", _finish, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
