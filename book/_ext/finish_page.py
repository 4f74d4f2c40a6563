"""The final form of a page: light, its pictures sized; and what is wrong with it."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
from copy import copy
from pathlib import Path

from bs4 import BeautifulSoup, NavigableString, Tag
from paths import DARK_FIGURES
from PIL import Image
from site_styles import address_from, join_styles

from pdl._typography import with_minus_signs

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

RAW = ("Traceback (most recent call last)", "{glue", "{eq}", "```{", ":::{")
"""What an article's text holds only if something went wrong."""


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


def finish_page(page: Path, out: Path) -> list[str]:
    """Bring a page to its final form: what no page uses is dropped, pictures get their sizes.

    Parameters
    ----------
    page, out : Path
        Its file, which is written anew, and the folder of the site.

    Returns
    -------
    list of str
        What is wrong with it: pictures without alt text, errors and raw markup that it shows.
    """
    soup = BeautifulSoup(page.read_text("utf8"), "html.parser")
    faults = []
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
            faults.append(
                f"the picture {str(image.get('src'))[:80]} has no alt text; "
                "give the cell `mystnb: image: alt:`"
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
    where = page.relative_to(out).as_posix()
    return [f"{where}: {fault}" for fault in faults + _shown_faults(soup)]


def _shown_faults(soup: BeautifulSoup) -> list[str]:
    """What a reader would see of a cell that failed, or of markup that nobody has rendered."""
    faults = []
    outputs = (set(each["class"]) for each in soup.find_all("div", class_="output"))
    if any(classes & {"traceback", "stderr"} for classes in outputs):
        faults.append("a cell's output holds an error or a warning")
    article = soup.find("article")
    words = article.get_text() if article else ""
    return faults + [f"the page shows raw markup: {mark}" for mark in RAW if mark in words]
