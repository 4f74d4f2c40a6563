"""One style sheet instead of ten: a page is not drawn before the last of them has come."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from bs4 import BeautifulSoup

IMPORT = re.compile(r"""@import\s+(?:url\()?["']?([^"')\s;]+)["']?\)?\s*;""")
ADDRESS = re.compile(r"""url\(\s*["']?(?!data:|#|https?:)([^"')]+?)["']?\s*\)""")


def address_from(folder: Path, target: Path) -> str:
    """The relative address of a file, with slashes on Windows too."""
    return os.path.relpath(target, folder).replace(os.sep, "/")


def join_styles(soup: BeautifulSoup, page: Path, out: Path) -> None:
    """Put the style sheets that a page links to into one file, in their order.

    Parameters
    ----------
    soup : BeautifulSoup
        The page; changed in place.
    page, out : Path
        Its file, and the folder of the site, which gets the joint sheet.
    """
    links = [
        link
        for link in soup.find_all("link", rel="stylesheet")
        if not urlsplit(str(link["href"])).netloc
    ]
    if not links:
        return
    sheets = [(page.parent / urlsplit(str(link["href"])).path).resolve() for link in links]
    css = "\n".join(_read(sheet, out / "_static") for sheet in sheets)
    name = f"site-{hashlib.sha256(css.encode()).hexdigest()[:12]}.css"
    target = out / "_static" / name
    if not target.exists():
        target.write_text(css, "utf8")
    links[0]["href"] = address_from(page.parent, target)
    for link in links[1:]:
        link.decompose()


def _read(sheet: Path, folder: Path) -> str:
    """The text of a sheet, with what it imports, its addresses seen from the folder."""
    parts = IMPORT.split(sheet.read_text("utf8"))
    own = [
        ADDRESS.sub(lambda at: f'url("{address_from(folder, sheet.parent / at[1])}")', part)
        for part in parts[::2]
    ]
    imported = [_read((sheet.parent / address).resolve(), folder) for address in parts[1::2]]
    return "".join(part for pair in zip(own, [*imported, ""], strict=True) for part in pair)
