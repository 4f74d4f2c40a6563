"""What trainings yield is measured over seeds, and a page quotes what was measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
import spreads
from execute import ChapterFailed
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook, new_output
from paths import CHAPTERS, EXECUTED

from pdl.results import RESULTS, recorded_result

WORDS = [path.stem.removeprefix("trainings-") for path in sorted(RESULTS.glob("trainings-*.json"))]


def handed(name: str, **facts: Any) -> NotebookNode:
    scrapbook = {"name": name, "mime_prefix": "application/papermill.record/", **facts}
    return new_output("display_data", {"text/plain": "1"}, metadata={"scrapbook": scrapbook})


def executed(**values: float) -> NotebookNode:
    cell = new_code_cell("fit()")
    cell.outputs = [handed("exact"), new_output("stream", text="1 %")]
    cell.outputs += [handed(name, value=value) for name, value in values.items()]
    return new_notebook(cells=[cell])


# The measuring


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(spreads, "RESULTS", tmp_path)
    monkeypatch.setattr(spreads, "myst_nb_reader_plugin", lambda path: executed())
    return tmp_path


def test_a_record_has_what_each_seed_yields(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    homes: set[Path] = set()

    def run(notebook: NotebookNode, path: Path, environment: dict[str, str]) -> float:
        assert environment["PDL_BUILD"] == "spreads"
        assert json.loads((results / "trainings-nets.json").read_text("utf8"))["values"] == {}
        seed = int(environment["PDL_SEED"])
        homes.add(Path(environment["PDL_HOME"]))
        notebook.cells = executed(**{"nets-lost": 12 + seed / 100, "nets-right": 97.0}).cells
        return 0.1

    monkeypatch.setattr(spreads, "run_notebook", run)
    spreads.measure(Path("09_nets.md"), seeds=range(0, 300, 100), workers=2)
    record = json.loads((results / "trainings-nets.json").read_text("utf8"))
    assert record["seeds"] == [0, 100, 200]
    assert record["values"] == {"nets-lost": [12, 13, 14], "nets-right": [97, 97, 97]}
    assert record["metrics"] == {"nets_lost": 13, "nets_right": 97}
    assert record["command"] == "python book/tools/spreads.py 09"
    assert record["versions"].keys() >= {"python", "torch"}
    (home,) = homes
    assert not home.exists()


def test_what_holds_with_some_seeds_alone_is_not_recorded(
    results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(notebook: NotebookNode, path: Path, environment: dict[str, str]) -> float:
        if environment["PDL_SEED"] != "0":
            raise ChapterFailed("AssertionError: lost < 60")
        return 0.1

    monkeypatch.setattr(spreads, "run_notebook", run)
    (results / "trainings-nets.json").write_text("{}", "utf8")
    words = r"PDL_SEED=100: AssertionError: lost < 60\nPDL_SEED=200: "
    with pytest.raises(ChapterFailed, match=words):
        spreads.measure(Path("09_nets.md"), seeds=range(0, 300, 100))
    assert (results / "trainings-nets.json").read_text("utf8") == "{}"


# What is recorded, and what a page quotes


@pytest.mark.parametrize("word", WORDS)
def test_ten_seeds_are_recorded(word: str) -> None:
    record = recorded_result(f"trainings-{word}")
    assert len(record["seeds"]) >= 10
    assert {len(of_key) for of_key in record["values"].values()} == {len(record["seeds"])}


@pytest.mark.parametrize("word", WORDS)
def test_a_chapter_hands_over_the_ranges_that_its_record_has(word: str) -> None:
    (chapter,) = CHAPTERS.glob(f"*_{word}.md")
    notebook = nbformat.read(EXECUTED / f"{chapter.stem}.ipynb", as_version=4)
    ranges = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            facts = output.get("metadata", {}).get("scrapbook", {})
            if "spread" in facts:
                ranges[facts["name"]] = facts["spread"]
    values = recorded_result(f"trainings-{word}")["values"]
    assert ranges == {key: [min(of_key), max(of_key)] for key, of_key in values.items()}
