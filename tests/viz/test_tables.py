"""A table of scores is HTML that a screen reader can walk through, and text in a console."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from pdl.viz import show_speeds, show_table

TABLE = show_table(["IoU", "count < 3"], {"Otsu": ["0.82", "9.1"], "k-means & more": ["0.8", "−1"]})


def test_a_page_gets_rows_with_headings() -> None:
    soup = BeautifulSoup(TABLE._repr_mimebundle_()["text/html"], "html.parser")
    assert [each.text for each in soup.select('th[scope="col"]')] == ["IoU", "count < 3"]
    assert [each.text for each in soup.select('th[scope="row"]')] == ["Otsu", "k-means & more"]
    assert [[td.text for td in row.select("td")] for row in soup.select("tbody tr")] == [
        ["0.82", "9.1"],
        ["0.8", "−1"],
    ]
    assert "k-means &amp; more" in TABLE._repr_mimebundle_()["text/html"]
    assert soup.select_one(".score-table")["tabindex"] == "0", "it scrolls, by keyboard too"


def test_an_interval_stands_below_its_number() -> None:
    table = show_table(["IoU"], {"k-means 3-2": ["-0.82 [-0.83, -0.80]"], "0-1": ["3-2 [<1-2]"]})
    page = table._repr_mimebundle_()["text/html"]
    cell = BeautifulSoup(page, "html.parser").select("tbody td")[0]
    assert cell.text == "−0.82 [−0.83, −0.80]"
    assert cell.select_one(".aside").text == "[−0.83, −0.80]"
    assert "3-2 [<1-2]" in str(table) and "[&lt;1-2]" in page


def test_a_console_gets_columns() -> None:
    assert str(TABLE).splitlines() == [
        "                 IoU  count < 3",
        "Otsu            0.82        9.1",
        "k-means & more   0.8         −1",
    ]
    assert str(show_table(["IoU"], {"Otsu": [""]})) == "      IoU\nOtsu"


def test_blocks_of_rows_have_titles_of_their_own() -> None:
    table = show_table(
        ["drawn", "real"], {"AP": {"Otsu": ["0.5", "–"]}, "F1": {"Otsu": ["1", "2"]}}
    )
    soup = BeautifulSoup(table._repr_mimebundle_()["text/html"], "html.parser")
    assert [body.select_one("th").text for body in soup.select("tbody")] == ["AP", "F1"]
    assert {each["colspan"] for each in soup.select('th[scope="rowgroup"]')} == {"3"}
    assert [td.text for td in soup.select("tbody td")] == ["0.5", "–", "1", "2"]
    assert str(table).splitlines() == [
        "      drawn  real",
        "AP",
        "Otsu    0.5     –",
        "F1",
        "Otsu      1     2",
    ]
    with pytest.raises(ValueError, match=r"rows\['Otsu'\]: expected 2 cells"):
        show_table(["drawn", "real"], {"AP": {"Otsu": ["0.5"]}})


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match=r"rows\['Otsu'\]: expected 2 cells, one a column, got 1"):
        show_table(["IoU", "count"], {"Otsu": ["0.8"]})


SPEEDS = [
    {"name": "otsu", "operation": "otsu", "size": "512×512", "ours_ms": 0.536, "peer": "skimage",
     "peer_ms": 0.5, "ratio": 1.02},
    {"name": "median_5", "operation": "median", "size": "5×5", "ours_ms": 69.8, "peer": "SciPy",
     "peer_ms": 1094.0, "ratio": 0.0638},
]  # fmt: skip


def test_speeds_stand_beside_those_of_the_peers() -> None:
    assert str(show_speeds(SPEEDS, "median_5", "otsu")).splitlines() == [
        "                         ours, ms  peer, ms  ours / peer",
        "median, 5×5 [SciPy]          69.8      1094        0.064",
        "otsu, 512×512 [skimage]     0.536       0.5          1.0",
    ]
    with pytest.raises(ValueError, match=r"names: no row 'median'; there are: median_5, otsu"):
        show_speeds(SPEEDS, "median")
