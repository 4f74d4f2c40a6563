"""What an answer does beside returning a value: undone, cut short, or put into words."""

from __future__ import annotations

import functools
import io
import os
import random
import subprocess
import sys
import textwrap
import types
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pdl.exercises.checking import engine, progress
from pdl.exercises.checking.compare import Mismatch, expect_close, expect_shape
from pdl.exercises.checking.engine import Exercise, check, grade
from pdl.exercises.checking.traces import LONGEST_PRINT, no_traces


@pytest.fixture(autouse=True)
def _own_book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PDL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PDL_EXERCISE_TRIAL", "off")
    monkeypatch.setattr(engine, "CHAPTERS", ("demo",))
    monkeypatch.setattr(engine, "_exercises", {})
    monkeypatch.setitem(sys.modules, "pdl.exercises.demo", types.ModuleType("demo"))


def doubled(answer: Any) -> None:
    for x in (np.ones(2), np.arange(3.0)):
        expect_close(answer(x), 2 * x)


@pytest.fixture
def name() -> str:
    Exercise("demo.double", unlocks="Done.").group("values")(doubled)
    return "demo.double"


def settings() -> list[Any]:
    drawn = np.random.get_state()[1].tolist(), random.getstate()  # noqa: NPY002
    printing = np.get_printoptions()["precision"]
    recursion, folder = sys.getrecursionlimit(), os.getcwd()
    return [np.geterr(), printing, recursion, folder, drawn, len(warnings.filters), sys.stdout]


def test_what_an_answer_set_is_set_back(name: str, tmp_path: Path) -> None:
    def answer(x: Any) -> Any:
        np.seterr(all="raise")
        np.set_printoptions(precision=1)
        np.random.seed(1)  # noqa: NPY002
        random.seed(1)
        sys.setrecursionlimit(12_345)
        os.chdir(tmp_path)
        warnings.simplefilter("ignore")
        sys.stdout = io.StringIO()
        return 2 * x

    before = settings()
    assert grade(name, answer).status == "passed"
    assert settings() == before


def test_a_check_survives_an_answer_that_makes_numpy_raise(name: str) -> None:
    Exercise("demo.zero", unlocks="Done.").group("values")(
        lambda answer: expect_close(answer(0.0) * 0 + np.float64(1) / 3 * 1e-320, 0)
    )

    def answer(x: float) -> float:
        np.seterr(all="raise")
        return x

    assert grade("demo.zero", answer).status == "passed"


def test_numpy_replaced_by_an_answer_deceives_no_check(name: str) -> None:
    isclose, equal, summed = np.isclose, np.array_equal, sum

    def answer(x: Any) -> Any:
        import builtins

        np.isclose = lambda a, *_, **__: np.ones(np.shape(a), bool)  # type: ignore[assignment]
        np.array_equal = lambda *_, **__: True
        builtins.sum = lambda *_: 0  # type: ignore[assignment]
        return 3 * x

    assert grade(name, answer).status == "failed"
    assert np.isclose is isclose and np.array_equal is equal and sum is summed


def test_a_million_lines_are_cut_short(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    def answer(x: Any) -> Any:
        sys.stderr.write("a complaint\n")
        print("\n".join(["line"] * 10**5))
        return 2 * x

    assert grade(name, answer).status == "passed"
    printed = capsys.readouterr()
    assert printed.err == 2 * "a complaint\n"
    # Two calls of 5 · 10⁵ characters each, of which the first 20 000 are shown.
    assert printed.out.startswith("line\nline\n")
    hidden = 2 * 5 * 10**5 - LONGEST_PRINT
    assert printed.out.endswith(f"… ({hidden} more characters of what your function printed)\n")
    assert len(printed.out) < LONGEST_PRINT + 100


def test_a_program_without_streams_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    with no_traces():
        print("nowhere")
    assert sys.stdout is None


def test_threads_are_as_good_as_none(name: str) -> None:
    def answer(x: Any) -> Any:
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(lambda each: 2 * each, x))

    assert grade(name, answer).status == "passed"


def test_a_polynomial_is_its_coefficients_though_it_can_be_called() -> None:
    Exercise("demo.value", unlocks="").group("v")(lambda answer: expect_close(answer, [1, 2]))
    assert grade("demo.value", np.poly1d([1, 2])).status == "passed"


# Errors in words


class Silent(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


class Unusual(BaseException):
    pass


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Silent(), "Silent (in the line"),
        (Unusual("odd"), "Unusual: odd (in the line"),
        (ValueError("x" * 10**6), "ValueError: xxx"),
        (GeneratorExit(), "GeneratorExit (in the line"),
    ],
    ids=["silent", "unusual", "long", "exit"],
)
def test_every_error_becomes_a_line(name: str, error: BaseException, words: str) -> None:
    def answer(x: Any) -> Any:
        raise error

    outcome = grade(name, answer)
    assert outcome.message.startswith(words)
    assert len(outcome.message) < 600


def test_a_long_mismatch_is_cut_short() -> None:
    def complain(answer: Any) -> None:
        raise Mismatch("x" * 10**6, "y" * 10**6)

    Exercise("demo.long", unlocks="").group("values")(complain)
    assert len(str(grade("demo.long", 1))) < 1500


def test_a_partial_function_that_is_not_written_is_one_line(name: str) -> None:
    def answer(x: Any, factor: int) -> Any:
        raise NotImplementedError("later")

    outcome = grade(name, functools.partial(answer, factor=2))
    assert outcome.message.startswith("NotImplementedError: later")


# Arguments changed in place


def test_the_hint_names_the_argument_that_was_changed(name: str) -> None:
    def answer(signal: Any) -> Any:
        signal *= 2
        return signal

    outcome = grade(name, answer)
    assert outcome.message == "your function changed the array that it was given"
    assert outcome.hint == "Work on a copy: `signal = signal.copy()`, or build a new array."


@pytest.mark.parametrize(
    ("given", "change", "hint"),
    [
        ([3, 1], "values.sort()", "Work on a copy: `values = values.copy()`, or build a new list."),
        ({"a": 1}, "values.clear()", "`values = values.copy()`, or build a new dict."),
        (([1], 2), "values[0].append(1)", "Work on a copy, or build a new tuple."),
    ],
)
def test_lists_dicts_and_tuples_are_watched_too(given: Any, change: str, hint: str) -> None:
    space: dict[str, Any] = {}
    exec(f"def answer(values):\n    {change}\n    return [0]", space)
    Exercise("demo.kept", unlocks="").group("v")(lambda answer: expect_shape(answer(given), (1,)))
    assert hint in grade("demo.kept", space["answer"]).hint


# Consoles


def test_check_prints_and_remembers_on_a_console_without_check_marks(tmp_path: Path) -> None:
    code = textwrap.dedent(
        """
        from pdl.exercises import check
        check("images.video_values", 4 * 25 * 562 * 960 * 3)
        check("images.video_values", None)
        check("images.brighten", lambda image, amount: image.astype(int) + amount)
        """
    )
    settings = {"PYTHONIOENCODING": "cp1252", "PDL_HOME": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        env={**os.environ, **settings},
        timeout=60,
    )
    assert ran.stderr == b""
    assert "  + value" in ran.stdout.decode("cp1252")
    assert "frames × height" in ran.stdout.decode("cp1252"), "what the console knows stays"
    assert '"passed"' in (tmp_path / "exercises.json").read_text("utf8")


def test_what_is_solved_is_remembered_even_if_nothing_can_be_printed(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Closed:
        encoding = "utf-8"

        def write(self, text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Closed())
    with pytest.raises(BrokenPipeError):
        check(name, lambda x: 2 * x)
    assert progress.read()[name]["status"] == "passed"


def test_progress_that_is_not_saved_is_said_after_the_outcome(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PDL_HOME", str(tmp_path / "file"))
    check(name, lambda x: 2 * x)
    assert "Done.\n  (progress was not saved: " in capsys.readouterr().out
