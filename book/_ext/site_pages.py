"""What the site has beyond the theme: chapter map, notebook links, light pages, checked figures."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
from copy import copy
from html import escape
from pathlib import Path
from typing import Any

import yaml
from bs4 import BeautifulSoup, NavigableString, Tag
from docutils import nodes
from paths import DARK_FIGURES
from PIL import Image
from site_styles import address_from, join_styles
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from typography import with_minus_signs

logger = logging.getLogger(__name__)

UNUSED = re.compile(r"fontawesome|thebe|mathjax|sphinx-design|design-tabs|plotly|require", re.I)
"""Scripts and style sheets that no page of this book uses: 2.6 MB of them by default."""

SEARCH = re.compile(r"(?:^|/)(searchtools|language_data|searchindex)\.js")
"""Scripts that only the page of the search's results needs, 30 kB and growing with the book."""

NO_THEME_YET = 'localStorage.getItem("theme") || "auto"'
SYSTEM_THEME = (
    'localStorage.getItem("theme") || '
    '(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")'
)
"""Until the theme's script runs, a page is in no theme; the system's is known at once."""

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


def _size(picture: Path) -> tuple[int, int] | None:
    """Width and height of a picture in a file, so that the page does not jump when it comes."""
    if picture.suffix == ".svg" and picture.is_file():
        box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', picture.read_text("utf8"))
        return (round(float(box[1])), round(float(box[2]))) if box else None
    if picture.suffix in {".png", ".jpg"} and picture.is_file():
        with Image.open(picture) as opened:
            return opened.size
    return None


def _to_file(address: str, out: Path, page: Path) -> str:
    """Write a picture that stands in a page to a file, which is loaded only if it is shown."""
    content = base64.b64decode(address.partition(",")[2])
    target = out / "_images" / f"{hashlib.sha256(content).hexdigest()[:24]}.png"
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(content)
    return address_from(page.parent, target)


def _set_text(soup: BeautifulSoup) -> None:
    """Give computed numbers their minus signs, and keep a formula with the stop after it."""
    for number in soup.select(".pasted-text"):
        for words in number.find_all(string=True):
            words.replace_with(with_minus_signs(words))
    for formula in soup.select("span.math"):
        rest = formula.next_sibling
        stop = re.match(r"[.,;:!?)\]’”]+", rest) if isinstance(rest, NavigableString) else None
        if stop and formula.parent.get("class") != ["with-stop"]:
            rest.replace_with(rest[stop.end() :])
            formula.wrap(soup.new_tag("span", attrs={"class": "with-stop"})).append(stop[0])


def _add_dark_twin(link: Tag, out: Path) -> None:
    """Set a picture's dark twin beside it, where its cell drew one; the style sheet shows one."""
    name = Path(str(link["href"])).stem
    drawn = DARK_FIGURES / f"{name}.png"
    if not drawn.exists():
        return
    twin = copy(link)
    shutil.copyfile(drawn, out / "_images" / f"{name}-dark.png")
    twin["href"] = twin.img["src"] = f"../_images/{name}-dark.png"
    twin.img["loading"] = link.img["loading"] = "lazy"
    width, height = _size(drawn) or (0, 0)
    twin.img["width"], twin.img["height"] = str(width), str(height)
    link["class"], twin["class"] = ["figure-link", "on-light"], ["figure-link", "on-dark"]
    link.insert_after(twin)


def _link_index(soup: BeautifulSoup, page: Path, out: Path) -> None:
    """Name the index below the bibliography: it is no file that a table of contents can name."""
    links = {link.get_text(strip=True): link for link in soup.select("nav.bd-links a")}
    if "Index" not in links and (link := links.get("Bibliography")):
        entry = soup.new_tag("li", attrs={"class": "toctree-l1"})
        address = os.path.relpath(out / "genindex.html", page.parent)
        index = soup.new_tag("a", href=address, attrs={"class": "reference internal"})
        index.string = "Index"
        entry.append(index)
        link.parent.insert_after(entry)


def _finish_page(page: Path, out: Path) -> None:
    """Drop what no page uses, give every picture its size, and demand alt text."""
    soup = BeautifulSoup(page.read_text("utf8"), "html.parser")
    for element in soup.find_all(["script", "link"]):
        address = str(element.get("src") or element.get("href") or element.get_text())
        # What is preloaded stands in the way of the style sheet; the index waits for a search.
        early = element.get("rel") == ["preload"]
        if UNUSED.search(address) or early or (SEARCH.search(address) and page.stem != "search"):
            element.decompose()
        elif element.get("src") and "documentation_options" not in address:
            # Scripts in the page itself read the documentation options at once.
            element["defer"] = "defer"
    for element in soup.find_all("script", string=True):
        element.string = element.string.replace(NO_THEME_YET, SYSTEM_THEME)
    join_styles(soup, page, out)
    _set_text(soup)
    _link_index(soup, page, out)
    for number, image in enumerate(soup.find_all("img")):
        if not str(image.get("alt", "")).strip():
            logger.warning(
                "%s: the picture %s has no alt text; give the cell `mystnb: image: alt:`",
                page.relative_to(out),
                str(image.get("src"))[:80],
                type="alt",
            )
        if str(image.get("src", "")).startswith("data:image/png;base64,"):
            image["src"] = _to_file(str(image["src"]), out, page)
            image["loading"] = "lazy"
        size = _size((page.parent / str(image.get("src", ""))).resolve())
        if size:
            image["width"], image["height"] = map(str, size)
        if str(image.get("src", "")).startswith("../_images/") and image.parent.name != "a":
            # On a phone a figure is small: a tap opens it alone.
            link = soup.new_tag("a", href=image["src"], attrs={"class": "figure-link"})
            _add_dark_twin(image.wrap(link), out)
        if "logo__image" not in image.get("class", []) and number > 2:
            image["loading"] = "lazy"
        image["decoding"] = "async"
    for listing in soup.select("article pre"):
        listing["tabindex"] = "0"
    for header in soup.select("header.bd-header"):
        # The theme's scripts want the bar, but its menu button would take the clicks of ours.
        header.clear()
    for entries in soup.select(".citation-list[role=list]"):
        # Its children are no list items, which a screen reader would look for.
        del entries["role"]
    for label in soup.select(".fa-solid"):
        label["aria-hidden"] = "true"
    page.write_text(str(soup), "utf8")


def _drop_icon_rules(sheet: Path) -> None:
    """Leave out the theme's rules for two thousand icons, of which the book draws a dozen."""
    rules = re.compile(r"(?<=\})(?:\.fa-[\w-]+(?:::?before)?,?)+\{[^{}]*\}")
    css = re.sub(r"@font-face\{[^{}]*Font ?Awesome[^{}]*\}", "", sheet.read_text("utf8"))
    sheet.write_text(rules.sub("", css), "utf8")


def _drop_measuring(script: Path) -> None:
    """Leave out the theme's measuring of every listing at once: `page.js` does it when needed."""
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
    for page in sorted(out.rglob("*.html")):
        if not page.read_text("utf8").endswith(FINISHED):
            _finish_page(page, out)
            with page.open("a", encoding="utf8") as file:
                file.write(FINISHED)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive and the steps on each page and at the end of the build."""
    app.add_directive("chapter-map", ChapterMap)
    app.connect("html-page-context", _add_page_bar, priority=800)
    app.connect("html-page-context", _add_description, priority=801)
    app.connect("build-finished", _finish, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
