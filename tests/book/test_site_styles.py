"""The style sheets of a page as one: in order, with what they import, with right addresses."""

from __future__ import annotations

import ntpath
import os
from pathlib import Path, PureWindowsPath
from typing import Any

import pytest
from bs4 import BeautifulSoup
from finish_page import finish_page
from site_styles import address_from, join_styles


@pytest.fixture
def out(tmp_path: Path) -> Path:
    for folder in ("_static/styles", "chapters"):
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path


def page(out: Path, *sheets: str) -> Path:
    links = "".join(f'<link href="{each}" rel="stylesheet"/>' for each in sheets)
    found = out / "chapters" / "a.html"
    found.write_text(f"<html><head>{links}</head><body></body></html>", "utf8")
    return found


def joined(out: Path, *sheets: str) -> str:
    where = page(out, *sheets)
    soup = BeautifulSoup(where.read_text("utf8"), "html.parser")
    join_styles(soup, where, out)
    (link,) = soup.find_all("link")
    return (where.parent / str(link["href"])).resolve().read_text("utf8")


def test_one_sheet_in_the_order_of_the_links(out: Path) -> None:
    (out / "_static" / "one.css").write_text("a{color:red}")
    (out / "_static" / "styles" / "two.css").write_text("a{color:blue}")
    css = joined(out, "../_static/one.css?v=1", "../_static/styles/two.css?digest=2")
    assert css == "a{color:red}\na{color:blue}"


def test_an_import_stands_where_it_was(out: Path) -> None:
    (out / "_static" / "basic.css").write_text("b{background:url(file.png)}")
    (out / "_static" / "styles" / "two.css").write_text('@import "../basic.css";a{top:0}')
    assert joined(out, "../_static/styles/two.css") == 'b{background:url("file.png")}a{top:0}'


def test_addresses_are_seen_from_the_joint_sheet(out: Path) -> None:
    own = (
        'a{b:url("../fonts/x.woff2")}c{d:url(data:image/png;base64,AA==)}h{i:url(#clip)}'
        "e{f:url(g.svg)}"
    )
    (out / "_static" / "styles" / "two.css").write_text(own)
    expected = 'a{b:url("fonts/x.woff2")}c{d:url(data:image/png;base64,AA==)}h{i:url(#clip)}'
    assert joined(out, "../_static/styles/two.css") == expected + 'e{f:url("styles/g.svg")}'


def test_a_sheet_from_elsewhere_stays(out: Path) -> None:
    (out / "_static" / "one.css").write_text("a{}")
    where = page(out, "https://example.org/x.css", "../_static/one.css")
    soup = BeautifulSoup(where.read_text("utf8"), "html.parser")
    join_styles(soup, where, out)
    first, second = (str(link["href"]) for link in soup.find_all("link"))
    assert first == "https://example.org/x.css"
    assert second.startswith("../_static/site-")


def test_an_address_has_slashes_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os.path, "relpath", ntpath.relpath)
    monkeypatch.setattr(os, "sep", "\\")
    folder, target = map(PureWindowsPath, (r"C:\site\chapters", r"C:\site\_static\site.css"))
    paths: list[Any] = [folder, target]
    assert address_from(*paths) == "../_static/site.css"


def test_equal_pages_share_a_sheet_and_others_have_their_own(out: Path) -> None:
    (out / "_static" / "one.css").write_text("a{}")
    (out / "_static" / "two.css").write_text("b{}")
    for sheets in (["../_static/one.css"], ["../_static/one.css"], ["../_static/two.css"]):
        joined(out, *sheets)
    assert len(list((out / "_static").glob("site-*.css"))) == 2


@pytest.mark.parametrize(("name", "kept"), [("chapters/a.html", 1), ("search.html", 4)])
def test_only_the_search_page_loads_the_index_and_nothing_is_preloaded(
    out: Path, name: str, kept: int
) -> None:
    scripts = ("searchtools.js", "language_data.js", "../searchindex.js?v=2", "page.js")
    head = "".join(f'<script src="../_static/{each}"></script>' for each in scripts)
    head += '<link as="script" href="../_static/page.js" rel="preload"/>'
    (out / name).write_text(f"<html><head>{head}</head><body></body></html>", "utf8")
    finish_page(out / name, out)
    text = (out / name).read_text("utf8")
    assert text.count("<script") == kept
    assert "preload" not in text
