"""Corners of the exercise engine: odd answers, stubborn loops, damaged records."""

import re
import signal
import subprocess
import sys
import textwrap
import types
import unittest.mock

import matplotlib

matplotlib.use("agg")
import numpy as np
import pytest

from pdl.exercises.checking import engine, progress, show
from pdl.exercises.checking.compare import Mismatch, expect_close, expect_equal, expect_shape
from pdl.exercises.checking.engine import Exercise, Outcome, check, grade

SETUP = """
import sys, types, time
import matplotlib; matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
from pdl.exercises.checking import engine
engine.CHAPTERS = ("demo",)
sys.modules["pdl.exercises.demo"] = types.ModuleType("demo")
engine.Exercise("demo.one", unlocks="Done.").group("values")(lambda answer: answer())
"""


@pytest.fixture(autouse=True)
def _own_book(tmp_path, monkeypatch):
    monkeypatch.setenv("PDL_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(engine, "CHAPTERS", ("demo",))
    monkeypatch.setattr(show, "CHAPTERS", ("demo",))
    monkeypatch.setattr(engine, "_exercises", {})
    demo = types.SimpleNamespace(EXERCISES=[])
    monkeypatch.setitem(sys.modules, "pdl.exercises.demo", demo)


def test_a_chapter_whose_exercises_are_not_written_yet_breaks_no_other(monkeypatch, capsys):
    one(lambda answer: None)
    for module in (engine, show):
        monkeypatch.setattr(module, "CHAPTERS", ("demo", "planned"))
    assert [each.name for each in engine.all_exercises()] == ["demo.one"]
    show.show()
    assert "Chapter 02 · planned: 0 of 0 solved" in capsys.readouterr().out
    with pytest.raises(ValueError, match="the chapter 'planned' has none yet"):
        engine.load("planned.first")


def test_a_module_that_lacks_another_one_says_so(monkeypatch, tmp_path):
    (tmp_path / "broken.py").write_text("import no_such_library")
    monkeypatch.setattr("pdl.exercises.__path__", [str(tmp_path)])
    monkeypatch.setattr(engine, "CHAPTERS", ("broken",))
    with pytest.raises(ModuleNotFoundError, match="no_such_library"):
        engine.all_exercises()


def one(group):
    made = Exercise("demo.one", unlocks="Done.")
    made.group("values")(group)
    sys.modules["pdl.exercises.demo"].EXERCISES.append(made)
    return made.name


def run_apart(code, **kwargs):
    return subprocess.run(
        [sys.executable, "-c", SETUP + textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=12,
        check=True,
        **kwargs,
    ).stdout


def test_a_loop_with_a_bare_except_around_a_call_is_stopped():
    out = run_apart("""
        a = np.zeros((300, 300))
        def answer():
            while True:
                try: np.median(a)
                except: pass
        print(engine.grade("demo.one", answer, seconds=0.3).status)
        """)
    assert out == "failed\n"


def test_the_limit_holds_where_sigint_is_ignored():
    out = run_apart(
        """
        def answer():
            while True: pass
        print(engine.grade("demo.one", answer, seconds=0.3).status)
        """,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )
    assert out == "failed\n"


def test_a_blocking_call_is_stopped_too():
    out = run_apart("""
        print(engine.grade("demo.one", lambda: time.sleep(60), seconds=0.3).status)
        """)
    assert out == "failed\n"


def test_printed_exactly_as_in_voice():
    outcome = Outcome(
        "convolution.convolve1d",
        "failed",
        (("shape", "(5,)"),),
        "values",
        "at index 0: expected 3.0, got 1.0",
        "Looks like a correlation: the kernel was not flipped.",
        ("edge cases",),
    )
    assert str(outcome) == (
        "convolve1d\n"
        "  ✓ shape            (5,)\n"
        "  ✗ values           at index 0: expected 3.0, got 1.0\n"
        "    Looks like a correlation: the kernel was not flipped.\n"
        "  – edge cases       not reached"
    )


def test_numbers_that_differ_are_printed_so_that_they_differ():
    with pytest.raises(Mismatch) as caught:
        expect_close([1.000001], [1.0])
    expected, got = re.search(r"expected (\S+), got (\S+)", caught.value.message).groups()
    assert expected != got


@pytest.mark.parametrize(
    "mine", [np.ones((4, 4), complex), np.ones((4, 4, 2))], ids=["complex", "two channels"]
)
def test_a_picture_that_cannot_be_drawn_is_no_traceback(mine, monkeypatch, capsys):
    monkeypatch.setattr("IPython.get_ipython", lambda: unittest.mock.MagicMock())
    truth = np.zeros(mine.shape)
    name = one(lambda answer: expect_close(answer(), truth, image=np.zeros((4, 4))))
    check(name, lambda: mine)
    assert "✗" in capsys.readouterr().out


def test_exit_in_an_answer_is_a_failure():
    def answer():
        sys.exit(1)

    assert grade(one(lambda a: expect_shape(a(), (1,))), answer).status == "failed"


def test_deep_recursion_that_ends_is_not_called_endless():
    def fill(n):
        return 0 if n == 0 else 1 + fill(n - 1)

    name = one(lambda a: expect_equal(a(5000), 5000))
    assert "without end" not in grade(name, fill).message


def test_an_array_for_a_number_is_worded():
    name = one(lambda answer: expect_equal(answer, 3))
    outcome = grade(name, np.array([3, 4]))
    assert "truth value" not in outcome.message


def test_lists_and_keyword_arguments_changed_in_place_are_noticed():
    def sorts(x):
        x.sort()
        return x

    assert "changed" in grade(one(lambda a: expect_close(a([2, 1]), [1, 2])), sorts).message

    def doubles(*, image):
        image *= 2
        return image

    Exercise("demo.two", unlocks="").group("v")(lambda a: expect_close(a(image=np.ones(2)), [2, 2]))
    assert "changed" in grade("demo.two", doubles).message


def test_a_bad_limit_names_its_variable(monkeypatch):
    monkeypatch.setenv("PDL_EXERCISE_SECONDS", "ten")
    with pytest.raises(ValueError, match="PDL_EXERCISE_SECONDS"):
        grade(one(lambda a: None), 1)


def test_an_error_in_a_class_names_its_line(tmp_path):
    path = tmp_path / "cell.py"
    path.write_text("class Net:\n    def forward(self):\n        return undefined\n")
    space = {}
    exec(compile(path.read_text(), str(path), "exec"), space)
    name = one(lambda answer: answer().forward())
    assert "return undefined" in grade(name, space["Net"]).message


def test_a_stub_class_is_not_attempted():
    class Net:
        def __init__(self): ...
        def forward(self, x): ...

    name = one(lambda answer: expect_shape(answer().forward(1), (1,)))
    assert grade(name, Net).status == "not attempted"


def test_not_implemented_by_a_library_is_no_stub():
    def answer(x):
        y = np.asarray(x) * 2

        class A:
            def __array__(self, *a, **k):
                raise NotImplementedError("this library cannot do that")

        return np.asarray(A()) + y

    assert grade(one(lambda a: expect_shape(a([1]), (1,))), answer).status == "failed"


def test_valid_json_of_another_form_is_kept_aside(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "exercises.json").write_text('{"demo.one": "passed"}')
    progress.record("demo.one", "passed")
    assert (home / "exercises.damaged.json").exists()


def test_and_show_names_the_file(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "exercises.json").write_text('{"demo.one": "passed"}')
    one(lambda a: None)
    with pytest.raises(ValueError, match=r"exercises\.json"):
        show.show()


def test_a_file_that_is_no_text_is_named(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "exercises.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match=r"exercises\.json"):
        progress.read()


def test_the_title_of_a_chapter_stands_on_one_line(capsys):
    made = [Exercise(f"demo.{name}", unlocks="") for name in ("a", "b")]
    sys.modules["pdl.exercises.demo"].EXERCISES.extend(made)
    show.show()
    assert "Chapter 01 · demo: 0 of 2 solved" in capsys.readouterr().out


def test_brackets_in_the_path_are_shown(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PDL_HOME", str(tmp_path / "a [b] c"))
    show.show()
    assert "a [b] c" in capsys.readouterr().out.replace("\n", "")
