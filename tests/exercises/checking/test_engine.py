"""The engine of the exercises: what counts as a stub, and how an answer's faults are worded."""

from __future__ import annotations

import _thread
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pdl.exercises.checking import engine, limits
from pdl.exercises.checking.compare import (
    Mismatch,
    Picture,
    as_array,
    expect_close,
    expect_dtype,
    expect_equal,
    expect_shape,
)
from pdl.exercises.checking.engine import Exercise, Outcome, check, grade, load
from pdl.exercises.checking.limits import TookTooLong, default_seconds, time_limit

X = np.array([1.0, 2.0, 3.0])
H = np.array([3.0, 0.0, 1.0])
FLIPPED = "Looks like a correlation: the kernel was not flipped."


def convolve(x: Any, h: Any) -> Any:
    return np.convolve(x, h)


@pytest.fixture(autouse=True)
def _own_book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A book of one chapter, `demo`, without exercises; progress goes to a folder of its own."""
    monkeypatch.setenv("PDL_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PDL_EXERCISE_SECONDS", raising=False)
    monkeypatch.setattr(engine, "CHAPTERS", ("demo",))
    monkeypatch.setattr(engine, "_exercises", {})
    monkeypatch.setitem(sys.modules, "pdl.exercises.demo", types.ModuleType("demo"))


@pytest.fixture
def exercise() -> Exercise:
    """The exercise that VOICE shows: shape, values, edge cases."""
    made = Exercise("demo.convolve1d", unlocks="You can now convolve any two sequences.")

    @made.group("shape")
    def _(answer: Any) -> str:
        return expect_shape(answer(X, H), (5,))

    @made.group("values")
    def _(answer: Any) -> None:
        correlated = np.convolve(X, H[::-1])
        expect_close(answer(X, H), np.convolve(X, H), mistakes=[(correlated, FLIPPED)])

    @made.group("edge cases")
    def _(answer: Any) -> None:
        expect_close(answer(X[:1], H[:1]), [3.0], what="for one sample")

    return made


def one_group(check_answer: Callable[[Any], str | None]) -> str:
    """Make an exercise of a single group and return its name."""
    Exercise("demo.one", unlocks="Done.").group("values")(check_answer)
    return "demo.one"


def message_of(check_answer: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(Mismatch) as caught:
        check_answer()
    return caught.value.message, caught.value.hint


def from_file(path: Path, source: str) -> Callable[..., Any]:
    """Define the learner's function `answer` in a file of its own, as a cell of a notebook is."""
    path.write_text(textwrap.dedent(source), "utf8")
    namespace: dict[str, Any] = {"np": np}
    exec(compile(path.read_text("utf8"), str(path), "exec"), namespace)
    found: Callable[..., Any] = namespace["answer"]
    return found


# What is a stub


def stub_ellipsis(x: Any, h: Any) -> Any: ...


def stub_pass(x: Any, h: Any) -> Any:
    pass


def stub_docstring(x: Any, h: Any) -> Any:
    """Convolve two sequences."""


def stub_docstring_and_ellipsis(x: Any, h: Any) -> Any:
    """Convolve two sequences."""
    ...


def stub_returns_ellipsis(x: Any, h: Any) -> Any:
    return ...


def stub_assigns_ellipsis(x: Any, h: Any) -> Any:
    result = ...
    return result


def stub_not_implemented(x: Any, h: Any) -> Any:
    raise NotImplementedError


def stub_not_implemented_with_words(x: Any, h: Any) -> Any:
    raise NotImplementedError("your code here")


@pytest.mark.parametrize(
    "stub",
    [
        stub_ellipsis,
        stub_pass,
        stub_docstring,
        stub_docstring_and_ellipsis,
        stub_returns_ellipsis,
        stub_assigns_ellipsis,
        stub_not_implemented,
        stub_not_implemented_with_words,
        ...,
        None,
        lambda x, h: ...,
    ],
    ids=lambda stub: getattr(stub, "__name__", repr(stub)),
)
def test_a_stub_is_not_attempted(stub: Any, exercise: Exercise) -> None:
    outcome = grade(exercise.name, stub)
    assert outcome.status == "not attempted"
    assert str(outcome) == "convolve1d  – not attempted yet"


def returns_words(x: Any, h: Any) -> Any:
    return "correlation"


def returns_zero(x: Any, h: Any) -> Any:
    return 0


def returns_false(x: Any, h: Any) -> Any:
    return False


def returns_none_after_work(x: Any, h: Any) -> Any:
    np.convolve(x, h)


def returns_an_argument(x: Any, h: Any) -> Any:
    return x


def raises_another_error(x: Any, h: Any) -> Any:
    raise RuntimeError("not finished")


@pytest.mark.parametrize(
    "answer",
    [
        returns_words,
        returns_zero,
        returns_false,
        returns_none_after_work,
        returns_an_argument,
        raises_another_error,
        0,
        "",
        np.zeros(5),
    ],
    ids=lambda answer: getattr(answer, "__name__", repr(answer)),
)
def test_an_attempt_is_no_stub(answer: Any, exercise: Exercise) -> None:
    assert grade(exercise.name, answer).status == "failed"


def test_a_function_that_forgot_its_return_is_told_so(exercise: Exercise) -> None:
    outcome = grade(exercise.name, returns_none_after_work)
    assert outcome.message == "expected an array of shape (5,), got None"
    assert "`return`" in outcome.hint


def test_an_array_as_an_answer_is_no_stub_and_needs_no_truth_value() -> None:
    name = one_group(lambda answer: expect_close(answer, X))
    assert grade(name, X).status == "passed"


# The order of the groups, and what is printed


def test_shape_comes_before_values(exercise: Exercise) -> None:
    outcome = grade(exercise.name, lambda x, h: 7 * x)
    assert (outcome.failed, outcome.message) == ("shape", "expected (5,), got (3,)")
    assert outcome.passed == ()
    assert outcome.not_reached == ("values", "edge cases")


def test_the_message_names_index_and_numbers_and_the_hint_the_mistake(exercise: Exercise) -> None:
    outcome = grade(exercise.name, lambda x, h: np.convolve(x, h[::-1]))
    assert outcome.status == "failed"
    assert outcome.passed == (("shape", "(5,)"),)
    assert outcome.failed == "values"
    assert outcome.message == "at index 0: expected 3.0, got 1.0"
    assert outcome.hint == FLIPPED
    assert outcome.not_reached == ("edge cases",)


def test_an_unknown_mistake_gets_no_hint(exercise: Exercise) -> None:
    outcome = grade(exercise.name, lambda x, h: [*np.convolve(x, h)[:2], 11.0, 2.0, 3.0])
    assert outcome.message == "at index 2: expected 10.0, got 11.0"
    assert outcome.hint == ""


def test_the_last_group_is_tried_too(exercise: Exercise) -> None:
    outcome = grade(exercise.name, lambda x, h: np.convolve(x, h) if len(x) > 1 else [0.0])
    assert outcome.failed == "edge cases"
    assert outcome.message == "for one sample: at index 0: expected 3.0, got 0.0"
    assert outcome.not_reached == ()


def words_of(printed: str) -> list[list[str]]:
    """The lines of a text, each as its columns (which stand two or more spaces apart)."""
    return [
        [each.strip() for each in line.split("  ") if each.strip()] for line in printed.split("\n")
    ]


def test_what_is_printed_says_whose_the_answer_is(
    exercise: Exercise, capsys: pytest.CaptureFixture[str]
) -> None:
    check(exercise.name, np.convolve)
    check(exercise.name, np.convolve, record=False)
    mine, _, _ = capsys.readouterr().out.partition("The book's solution of ")
    assert mine.startswith("convolve1d\n")
    assert "✓ values" in mine


def test_a_failure_prints_as_the_voice_asks(
    exercise: Exercise, capsys: pytest.CaptureFixture[str]
) -> None:
    check(exercise.name, lambda x, h: np.convolve(x, h[::-1]), record=False)
    printed = capsys.readouterr().out.rstrip("\n")
    assert words_of(printed) == [
        ["The book's solution of convolve1d"],
        ["✓ shape", "(5,)"],
        ["✗ values", "at index 0: expected 3.0, got 1.0"],
        [FLIPPED],
        ["– edge cases", "not reached"],
    ]
    lines = printed.split("\n")
    assert [len(line) - len(line.lstrip()) for line in lines] == [0, 2, 2, 4, 2]
    assert lines[1].index("(5,)") == lines[2].index("at index") == lines[4].index("not reached")


def test_a_pass_prints_a_line_per_group_and_what_it_unlocks(
    exercise: Exercise, capsys: pytest.CaptureFixture[str]
) -> None:
    check(exercise.name, convolve, record=False)
    printed = capsys.readouterr().out.rstrip("\n")
    assert words_of(printed) == [
        ["The book's solution of convolve1d"],
        ["✓ shape", "(5,)"],
        ["✓ values"],
        ["✓ edge cases"],
        ["You can now convolve any two sequences."],
    ]
    assert not any(line.endswith(" ") for line in printed.split("\n"))


def test_a_stub_prints_one_line(exercise: Exercise, capsys: pytest.CaptureFixture[str]) -> None:
    check(exercise.name, stub_ellipsis)
    assert capsys.readouterr().out == "convolve1d  – not attempted yet\n"


def test_lines_of_a_longer_message_stand_under_its_first() -> None:
    outcome = Outcome("demo.one", "failed", (), "values", "first\nsecond")
    first, second = str(outcome).split("\n")[1:]
    assert first.index("first") == second.index("second")


def test_grade_prints_and_remembers_nothing_and_check_remembers_only_an_attempt(
    exercise: Exercise, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "home" / "exercises.json"
    grade(exercise.name, convolve)
    assert capsys.readouterr().out == ""
    check(exercise.name, convolve, record=False)
    check(exercise.name, stub_ellipsis)
    assert not kept.exists()
    check(exercise.name, convolve)
    assert '"passed"' in kept.read_text("utf8")


# The learner's own errors


@pytest.mark.parametrize(
    ("body", "line", "words"),
    [
        ("return x[7]", "return x[7]", "IndexError: index 7 is out of bounds"),
        ("return undefined * 2", "return undefined * 2", "NameError: name 'undefined'"),
        ("assert len(x) == 9", "assert len(x) == 9", "AssertionError (in the line"),
        (
            "raise ValueError('first line\\nsecond line')",
            "raise ValueError('first line\\nsecond line')",
            "ValueError: first line (in the line",
        ),
    ],
)
def test_an_error_becomes_one_line_with_the_line_of_code(
    body: str, line: str, words: str, exercise: Exercise, tmp_path: Path
) -> None:
    answer = from_file(tmp_path / "cell.py", f"def answer(x, h):\n    y = 2 * x\n    {body}\n")
    outcome = grade(exercise.name, answer)
    assert outcome.status == "failed"
    assert outcome.message.startswith(words)
    assert outcome.message.endswith(f"(in the line `{line}`)")
    assert "\n" not in outcome.message
    assert "Traceback" not in str(outcome)


def test_the_line_is_the_learners_even_if_a_library_raised(
    exercise: Exercise, tmp_path: Path
) -> None:
    answer = from_file(tmp_path / "cell.py", "def answer(x, h):\n    return np.linalg.inv(x)\n")
    outcome = grade(exercise.name, answer)
    assert outcome.message.startswith("LinAlgError: ")
    assert outcome.message.endswith("(in the line `return np.linalg.inv(x)`)")


def test_wrong_arguments_are_one_line_too(exercise: Exercise) -> None:
    outcome = grade(exercise.name, lambda x: x)
    assert outcome.message.startswith("TypeError: ")
    assert "positional argument" in outcome.message
    assert "\n" not in outcome.message


@pytest.mark.parametrize("value", [3, X, [1, 2], "words"])
def test_a_value_where_a_function_is_wanted_is_told_so(value: Any, exercise: Exercise) -> None:
    outcome = grade(exercise.name, value)
    assert outcome.message == f"expected a function, got {value!r}"
    assert 'without calling it: `check("demo.convolve1d", f)`' in outcome.hint


def test_recursion_without_end_is_named(exercise: Exercise) -> None:
    def endless(x: Any, h: Any) -> Any:
        return endless(x, h)

    outcome = grade(exercise.name, endless)
    assert outcome.status == "failed"
    assert "calls itself" in outcome.message
    assert "return endless(x, h)" in outcome.message


def test_a_mistake_prints_no_traceback(
    exercise: Exercise, capsys: pytest.CaptureFixture[str]
) -> None:
    check(exercise.name, raises_another_error, record=False)
    printed = capsys.readouterr()
    assert "RuntimeError: not finished" in printed.out
    assert "Traceback" not in printed.out + printed.err


# Arguments changed in place


def doubles_in_place(x: Any, h: Any) -> Any:
    x *= 2
    return np.convolve(x / 2, h)


def test_an_argument_changed_in_place_is_refused(exercise: Exercise) -> None:
    outcome = grade(exercise.name, doubles_in_place)
    assert (outcome.failed, outcome.status) == ("shape", "failed")
    assert outcome.message == "your function changed the array that it was given"
    assert "copy" in outcome.hint
    np.testing.assert_array_equal(X / X[0], [1.0, 2.0, 3.0])
    X[:] = [1.0, 2.0, 3.0]


def test_an_array_with_nan_that_stays_is_not_called_changed() -> None:
    name = one_group(lambda answer: expect_shape(answer(np.array([np.nan, 1.0])), (2,)))
    assert grade(name, lambda x: 2 * x).status == "passed"


def test_any_array_among_the_arguments_is_watched() -> None:
    def scribbles(x: Any, h: Any) -> Any:
        h[0] = 9
        return x

    name = one_group(lambda answer: expect_shape(answer(np.zeros(2), np.zeros(2)), (2,)))
    assert "changed the array" in grade(name, scribbles).message


# The time limit. A subprocess, so that a limit that fails is a failed test and no endless one.

SETUP = """
import sys, types
from pdl.exercises.checking import engine
engine.CHAPTERS = ("demo",)
sys.modules["pdl.exercises.demo"] = types.ModuleType("demo")
exercise = engine.Exercise("demo.one", unlocks="Done.")
exercise.group("values")(lambda answer: answer())
"""


def run_apart(code: str) -> str:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", SETUP + textwrap.dedent(code)],
        capture_output=True,
        text=True,
        encoding="utf8",
        timeout=30,
        env={**environment, "PYTHONIOENCODING": "utf8"},
        check=True,
    )
    assert ran.stderr == ""
    return ran.stdout


def test_a_loop_that_never_ends_is_stopped() -> None:
    out = run_apart(
        """
        def answer():
            while True: pass
        outcome = engine.grade("demo.one", answer, seconds=0.2)
        print(outcome)
        print(engine.grade("demo.one", lambda: None or "fine", seconds=5).status)
        """
    )
    assert "✗ values           no answer after 0.2 seconds, so the check stopped waiting" in out
    assert "loop that never ends" in out
    assert out.endswith("passed\n"), "the next check must not be hit by the last one's signal"


def test_a_loop_that_swallows_the_first_interrupt_is_stopped_by_the_next() -> None:
    out = run_apart(
        """
        def answer():
            swallowed = 0
            while True:
                try:
                    while not swallowed: pass
                except:
                    swallowed = 1
        print(engine.grade("demo.one", answer, seconds=0.2).message)
        """
    )
    assert out == "no answer after 0.2 seconds, so the check stopped waiting\n"


@pytest.fixture
def _interrupts() -> Iterator[None]:
    """Ctrl-C raises, even if this run was started in the background, where it is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def spin(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def press_ctrl_c() -> None:
    _thread.interrupt_main()
    spin(20)


@pytest.mark.usefixtures("_interrupts")
def test_the_limit_raises_in_the_block() -> None:
    with pytest.raises(TookTooLong), time_limit(0.05):
        spin(20)


@pytest.mark.usefixtures("_interrupts")
def test_the_readers_own_interrupt_stays_one() -> None:
    with pytest.raises(KeyboardInterrupt), time_limit(20):
        press_ctrl_c()


def test_grade_lets_the_readers_own_interrupt_through(exercise: Exercise) -> None:
    def interrupted(x: Any, h: Any) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        grade(exercise.name, interrupted)


def test_the_watcher_ends_with_the_block() -> None:
    before = threading.active_count()
    for _ in range(3):
        with time_limit(20):
            pass
        with pytest.raises(ZeroDivisionError), time_limit(20):
            _ = 1 / 0
    assert threading.active_count() == before


def test_outside_the_main_thread_an_answer_is_graded_without_a_limit(exercise: Exercise) -> None:
    found: list[Outcome] = []
    thread = threading.Thread(target=lambda: found.append(grade(exercise.name, convolve)))
    thread.start()
    thread.join(20)
    assert [outcome.status for outcome in found] == ["passed"]


def test_the_limit_comes_from_the_environment(
    exercise: Exercise, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert default_seconds() == 10
    monkeypatch.setenv("PDL_EXERCISE_SECONDS", "2.5")
    assert limits.default_seconds() == 2.5
    limits_used: list[float] = []

    def note(seconds: float) -> Any:
        limits_used.append(seconds)
        return time_limit(20)

    monkeypatch.setattr(engine, "time_limit", note)
    grade(exercise.name, convolve)
    grade(exercise.name, convolve, seconds=7)
    assert limits_used == [2.5] * 3 + [7] * 3


# Names


def test_unknown_names_are_refused_with_the_ones_that_exist_in_their_order(
    exercise: Exercise, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = [Exercise("demo.first", unlocks="Done."), exercise]
    module = types.SimpleNamespace(EXERCISES=listed)
    monkeypatch.setitem(sys.modules, "pdl.exercises.demo", module)
    with pytest.raises(ValueError, match=r"no exercise 'images\.nothing'.*the words are demo"):
        load("images.nothing")
    with pytest.raises(ValueError, match=r"no exercise 'demo\.nothing'.*has demo\.first, demo\.c"):
        check("demo.nothing", convolve)
    with pytest.raises(ValueError, match="no exercise ''"):
        grade("", convolve)
    with pytest.raises(TypeError, match=r"name: expected .* in quotation marks, got function"):
        check(convolve, exercise.name)  # type: ignore[arg-type]
    assert load(exercise.name) is exercise


def test_an_exercise_is_defined_once(exercise: Exercise) -> None:
    with pytest.raises(ValueError, match=r"'demo\.convolve1d' is defined twice"):
        Exercise(exercise.name, unlocks="Again.")


def test_all_exercises_come_in_the_order_of_the_book(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "CHAPTERS", ("demo", "alpha"))
    names = ("alpha.one", "demo.two", "demo.one")
    alpha, two, one = (Exercise(name, unlocks="Done.") for name in names)
    for word, listed in {"alpha": [alpha], "demo": [one, two]}.items():
        module = types.SimpleNamespace(EXERCISES=listed)
        monkeypatch.setitem(sys.modules, f"pdl.exercises.{word}", module)
    assert engine.all_exercises() == [one, two, alpha]


# The comparisons


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (None, "expected an array, got None"),
        ([[1, 2], [3]], "expected an array, got a ragged list"),
        ("word", "expected an array, got str"),
        ({"a": 1}, "expected an array, got dict"),
        ([None, 1], "expected an array, got list"),
    ],
)
def test_as_array_says_what_came_instead(answer: Any, message: str) -> None:
    assert message_of(lambda: as_array(answer))[0] == message


def test_as_array_takes_lists_numbers_and_booleans() -> None:
    assert as_array([1, 2]).shape == (2,)
    assert as_array(3.5).shape == ()
    assert as_array([True]).dtype == bool


def test_expect_shape_gives_a_note_and_a_hint() -> None:
    assert expect_shape(np.zeros((2, 3)), (2, 3)) == "(2, 3)"
    message, hint = message_of(lambda: expect_shape(np.zeros((3, 2)), (2, 3), hint="Transposed."))
    assert (message, hint) == ("expected (2, 3), got (3, 2)", "Transposed.")


def test_expect_dtype() -> None:
    assert expect_dtype(np.zeros(2, np.uint8), np.uint8) == "uint8"
    message, hint = message_of(lambda: expect_dtype(np.zeros(2), np.uint8, hint="Round."))
    assert (message, hint) == ("expected dtype uint8, got float64", "Round.")


@pytest.mark.parametrize(
    ("answer", "expected", "message"),
    [
        (1.0, 2.0, "expected 2.0, got 1.0"),
        ([[1, 2], [3, 5]], [[1, 2], [3, 4]], "at index (1, 1): expected 4, got 5"),
        ([True, True], [True, False], "at index 1: expected False, got True"),
        ([1, np.nan], [1, 2.5], "at index 1: expected 2.5, got nan"),
        ([np.inf], [1e9], "at index 0: expected 1e+09, got inf"),
        ([2j], [1 + 0j], "at index 0: expected 1+0j, got 0+2j"),
        ([1, 2], [1, 2, 3], "expected shape (3,), got (2,)"),
        ("two", 2.0, "expected a number, got str"),
        ([0.1 + 0.2 + 1e-5], [0.3], "at index 0: expected 0.3, got 0.30001"),
    ],
)
def test_expect_close_words_the_first_difference(answer: Any, expected: Any, message: str) -> None:
    assert message_of(lambda: expect_close(answer, expected))[0] == message


def test_expect_close_allows_rounding_and_nan_where_nan_is_due() -> None:
    expect_close([0.1 + 0.2, np.nan], [0.3, np.nan])
    expect_close([1.02], [1.0], atol=0.05)
    expect_close(np.array([200], np.uint8), [200.0])
    assert message_of(lambda: expect_close([1.02], [1.0]))[0].endswith("expected 1.0, got 1.02")


def test_the_hint_is_that_of_the_mistake_that_fits() -> None:
    mistakes = [([1.0], "shape differs"), ([5.0, 6.0], "one"), ([7.0, 8.0], "two")]
    assert message_of(lambda: expect_close([7, 8], [1, 2], mistakes=mistakes))[1] == "two"
    assert message_of(lambda: expect_close([7, 9], [1, 2], mistakes=mistakes))[1] == ""


def test_a_picture_is_offered_for_images_alone() -> None:
    image = np.zeros((2, 2))
    with pytest.raises(Mismatch) as caught:
        expect_close(image + 1, image, image=image)
    assert caught.value.picture is not None
    assert list(caught.value.picture.panels) == ["input", "expected", "yours"]
    with pytest.raises(Mismatch) as caught:
        expect_close([1.0], [2.0], image=image)
    assert caught.value.picture is None


def test_a_picture_is_drawn_in_a_notebook_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[list[str]] = []
    monkeypatch.setattr(
        "pdl.viz.show_images", lambda images, titles: drawn.append(list(titles)), raising=True
    )
    picture = Picture({"input": np.zeros((2, 2)), "yours": np.ones((2, 2))})
    picture.show()
    assert drawn == []
    monkeypatch.setattr("IPython.get_ipython", lambda: object())
    picture.show()
    assert drawn == [["input", "yours"]]


@pytest.mark.parametrize(
    ("answer", "expected", "message"),
    [
        (4, 3, "expected 3, got 4"),
        (np.int64(4), 3, "expected 3, got 4"),
        ("left", "right", "expected 'right', got 'left'"),
        (True, 1, "expected 1, got True"),
        (False, True, "expected True, got False"),
        (None, "right", "expected 'right', got None"),
    ],
)
def test_expect_equal_words_the_difference(answer: Any, expected: Any, message: str) -> None:
    assert message_of(lambda: expect_equal(answer, expected))[0] == message


def test_expect_equal_takes_numpy_scalars_and_prefixes_the_case() -> None:
    expect_equal(np.int64(3), 3)
    expect_equal(np.bool_(True), True)
    expect_equal("right", "right")
    message, hint = message_of(lambda: expect_equal(2, 3, what="on one pixel", hint="Count it."))
    assert (message, hint) == ("on one pixel: expected 3, got 2", "Count it.")
