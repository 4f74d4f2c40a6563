"""For each exercise of the book: its stub, its solution, and the wrong answers that it refuses."""

from __future__ import annotations

import ast
import importlib.util
import math
import re
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import jupytext
import numpy as np
import pytest
import torch

from pdl.exercises.checking.engine import CHAPTERS, all_exercises, grade

ROOT = Path(__file__).parents[2]
EXERCISES = [exercise.name for exercise in all_exercises()]


def wrong_answers(word: str) -> dict[str, list[tuple[Any, str]]]:
    path = Path(__file__).with_name(f"test_{word}.py")
    if not path.exists():  # then each of its exercises lacks wrong answers, and says so
        return {}
    spec = importlib.util.spec_from_file_location(f"wrong_{word}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    table: dict[str, list[tuple[Any, str]]] = module.WRONG
    return table


WRONG = {name: table for word in CHAPTERS for name, table in wrong_answers(word).items()}
CASES = [(name, wrong, words) for name, table in WRONG.items() for wrong, words in table]


@cache
def chapter_cells(word: str) -> dict[str, list[str]]:
    (path,) = (ROOT / "chapters").glob(f"[0-9][0-9]_{word}.md")
    cells: dict[str, list[str]] = {"setup": [], "exercise": [], "solution": []}
    for cell in jupytext.read(path).cells:
        for tag in set(cell.metadata.get("tags", [])) & set(cells):
            cells[tag].append(cell.source)
    return cells


def cell_of(name: str, tag: str) -> str:
    word = name.partition(".")[0]
    found = [each for each in chapter_cells(word)[tag] if f'check("{name}"' in each]
    assert len(found) == 1, f"{name}: expected one cell tagged {tag}, got {len(found)}"
    return found[0]


@cache
def setup_namespace(word: str) -> dict[str, Any]:
    namespace: dict[str, Any] = {}
    for source in chapter_cells(word)["setup"]:
        exec(compile(source, f"<setup of {word}>", "exec"), namespace)
    return namespace


def printed_by(name: str, tag: str, capsys: pytest.CaptureFixture[str]) -> str:
    namespace = dict(setup_namespace(name.partition(".")[0]))
    capsys.readouterr()
    exec(compile(cell_of(name, tag), f"<{tag} of {name}>", "exec"), namespace)
    return capsys.readouterr().out


@cache
def solution(name: str) -> Any:
    """What the book's own solution hands to `check`."""
    handed: dict[str, Any] = {}

    def note(checked: str, answer: Any, record: bool = True) -> None:
        handed[checked] = answer

    namespace = {**setup_namespace(name.partition(".")[0]), "check": note}
    exec(compile(cell_of(name, "solution"), f"<solution of {name}>", "exec"), namespace)
    return handed[name]


@pytest.fixture(autouse=True)
def _own_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PDL_HOME", str(tmp_path))
    monkeypatch.setenv("PDL_EXERCISE_TRIAL", "off")


def test_each_chapter_has_its_word() -> None:
    """A chapter whose exercises are not written yet is the one thing that this finds missing."""
    words = [path.stem.partition("_")[2] for path in sorted((ROOT / "chapters").glob("*.md"))]
    assert list(CHAPTERS) == words


@pytest.mark.parametrize("word", CHAPTERS)
def test_a_chapter_has_seven_exercises_or_more_in_the_order_of_its_cells(word: str) -> None:
    mine = [name for name in EXERCISES if name.startswith(word + ".")]
    assert len(mine) >= 7
    named = re.findall(r'check\("([\w.]+)"', "\n".join(chapter_cells(word)["exercise"]))
    assert named == mine


@pytest.mark.parametrize("name", EXERCISES)
def test_the_stub_is_not_attempted(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "not attempted yet" in printed_by(name, "exercise", capsys)


@pytest.mark.parametrize("name", EXERCISES)
def test_the_solution_passes(name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = printed_by(name, "solution", capsys)
    assert "✓" in out
    assert "✗" not in out
    assert "not reached" not in out
    assert not (tmp_path / "exercises.json").exists(), "the book's solution is not the reader's"


@pytest.mark.parametrize("name", EXERCISES)
def test_three_wrong_answers_are_tried(name: str) -> None:
    assert len(WRONG.get(name, [])) >= 3


@pytest.mark.parametrize(
    ("name", "wrong", "words"),
    CASES,
    ids=[
        f"{name}-{getattr(wrong, '__name__', type(wrong).__name__)}-{i}"
        for i, (name, wrong, _) in enumerate(CASES)
    ],
)
def test_a_wrong_answer_is_refused(name: str, wrong: Any, words: str) -> None:
    endless = getattr(wrong, "__name__", "") == "never_returns"
    outcome = grade(name, wrong, seconds=0.5 if endless else None)
    assert outcome.status == "failed", str(outcome)
    assert words in str(outcome), str(outcome)


def test_solutions_are_short_of_the_package() -> None:
    """A solution that only calls the package's own function of that name teaches nothing."""
    for word in CHAPTERS:
        for source in chapter_cells(word)["solution"]:
            tree = ast.parse(source)
            functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
            for function in functions:
                called = {
                    node.func.attr
                    if isinstance(node.func, ast.Attribute)
                    else getattr(node.func, "id", "")
                    for node in ast.walk(function)
                    if isinstance(node, ast.Call)
                }
                assert function.name not in called or len(function.body) > 1, function.name


def deep(change: Callable[[Any], Any], value: Any) -> Any:
    """Change a value, or each part of a tuple or a list."""
    if isinstance(value, (tuple, list)):
        return type(value)([deep(change, each) for each in value])
    return change(value)


def single(value: Any) -> Any:
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype == np.float64:
        return value.astype(np.float32)
    return np.float32(value) if isinstance(value, float) else value


def tensor(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
        made = torch.from_numpy(value.copy())
        return made.requires_grad_() if made.is_floating_point() else made
    return torch.tensor(value, requires_grad=True) if isinstance(value, float) else value


def without_axes(value: Any) -> Any:
    return np.array(value) if isinstance(value, (bool, int, float, np.generic)) else value


def fraction(value: Any) -> Any:
    return Fraction(value) if isinstance(value, float) and math.isfinite(value) else value


def changed(answer: Any, results: Callable[[Any], Any], arguments: Any = lambda each: each) -> Any:
    if not callable(answer):
        return deep(results, answer)

    def call(*args: Any, **kwargs: Any) -> Any:
        kwargs = {key: deep(arguments, value) for key, value in kwargs.items()}
        return deep(results, answer(*deep(arguments, args), **kwargs))

    return call


@pytest.mark.parametrize("name", EXERCISES)
def test_rounding_to_single_precision_is_never_taken_for_a_mistake(name: str) -> None:
    outcome = grade(name, changed(solution(name), single, single))
    told = "ingle precision" in outcome.hint
    assert outcome.status == "passed" or told, str(outcome)


def to_tensor_and_back(value: Any) -> Any:
    """What a reader does who computes with torch: it takes no array with a negative stride."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return torch.from_numpy(value).clone().numpy()
    return value


@pytest.mark.parametrize("name", EXERCISES)
def test_what_an_answer_is_handed_can_become_a_tensor(name: str) -> None:
    outcome = grade(name, changed(solution(name), lambda each: each, to_tensor_and_back))
    assert outcome.status == "passed", str(outcome)


@pytest.mark.parametrize("name", EXERCISES)
def test_the_solution_passes_as_other_types(name: str) -> None:
    for style in (tensor, without_axes, fraction):
        outcome = grade(name, changed(solution(name), style))
        assert outcome.status == "passed", f"{style.__name__}: {outcome}"


FOUND_BY_HAND: dict[str, Any] = {
    "images.video_values": 0,
    "convolution.by_hand": [0] * 5,
    "convolution.second_forward": [0] * 5,
    "filters.upward_difference": [[0]] * 3,
    "segmentation.within_by_hand": 0.5,
    "backpropagation.by_hand": [[0, 0], [0, 0]],
    "training.first_loss": 0.5,
    "augmentation.ambiguous_digits": {3},
}


def test_the_answers_found_by_hand_are_all_in_the_table() -> None:
    assert {name for name in EXERCISES if not callable(solution(name))} == set(FOUND_BY_HAND)


@pytest.mark.parametrize(("name", "wrong"), FOUND_BY_HAND.items(), ids=list(FOUND_BY_HAND))
def test_what_is_to_be_found_by_hand_is_not_given_away(name: str, wrong: Any) -> None:
    outcome = grade(name, wrong)
    assert outcome.failed.startswith("value")
    assert "expected" not in str(outcome)
