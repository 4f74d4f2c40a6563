"""Answers that never end, that end Python, or take all memory: tried in a copy of the process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any

import psutil
import pytest
from jupyter_client.manager import start_new_kernel

from pdl.exercises.checking import forked_copy
from pdl.exercises.checking.forked_copy import Verdict, can_try, try_first

pytestmark = pytest.mark.skipif(not can_try(), reason="this system cannot copy a process safely")

SETUP = """
import os, signal, sys, threading, time, types
import numpy as np
from pdl.exercises.checking import engine
engine.CHAPTERS = ("demo",)
sys.modules["pdl.exercises.demo"] = types.ModuleType("demo")
exercise = engine.Exercise("demo.one", unlocks="Done.")
exercise.group("first")(lambda answer: "a note")
exercise.group("values")(lambda answer: answer())
"""


def run_apart(code: str, **settings: str) -> str:
    """Run in a process of its own, so that a limit that fails is a failed test and no hang."""
    ran = subprocess.run(
        [sys.executable, "-c", SETUP + textwrap.dedent(code)],
        capture_output=True,
        text=True,
        encoding="utf8",
        timeout=60,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf8", **settings},
        check=True,
    )
    assert "Traceback" not in ran.stderr
    return ran.stdout


ENDLESS = {
    "a loop in C": "sum(iter(int, 1))",
    "a huge power": "7 ** 10 ** 9",
    "finally: continue": """
    while True:
        try: time.sleep(0.02)
        finally: continue""",
    "a bare except around slow calls": """
    while True:
        try: time.sleep(0.02)
        except: pass""",
    "a bare except around a call that waits": """
    while True:
        try: time.sleep(60)
        except: pass""",
    "the signals are ignored": """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True: pass""",
    "an error that is never in words": """
    class Endless(Exception):
        def __str__(self):
            while True: pass
    raise Endless""",
}


@pytest.mark.parametrize("body", ENDLESS.values(), ids=list(ENDLESS))
def test_code_that_never_ends_is_ended(body: str) -> None:
    out = run_apart(
        f"""
def answer():
    {body.strip()}
print(engine.grade("demo.one", answer, seconds=0.3))
print(engine.grade("demo.one", lambda: "fine").status)
"""
    )
    assert "✓ first            a note" in out
    assert "✗ values           no answer after 0.3 seconds, so the check stopped waiting" in out
    assert "loop that never ends" in out
    assert out.endswith("passed\n"), "the next check is as good as ever"


LOOPS_OF_PYTHON = [name for name in ENDLESS if "except" in name or "finally" in name]


@pytest.mark.parametrize("body", [ENDLESS[name] for name in LOOPS_OF_PYTHON], ids=LOOPS_OF_PYTHON)
def test_loops_of_python_are_ended_without_a_copy_too(body: str) -> None:
    out = run_apart(
        f"""
def answer():
    {body.strip()}
print(engine.grade("demo.one", answer, seconds=0.3).message)
""",
        PDL_EXERCISE_TRIAL="off",
    )
    assert out == "no answer after 0.3 seconds, so the check stopped waiting\n"


def test_what_was_printed_before_the_end_is_shown_and_not_twice() -> None:
    out = run_apart(
        """
        def answer():
            print("so far")
            while True: pass
        engine.grade("demo.one", answer, seconds=0.3)
        engine.grade("demo.one", lambda: print("fine"))
        """
    )
    assert out == "so far\nfine\n"


DEADLY = {
    "with exit status 3": "os._exit(3)",
    "with exit status 0": "os._exit(0)",
    "by signal SIGKILL": "os.kill(os.getpid(), signal.SIGKILL)",
    "by signal SIGSEGV": "import ctypes; ctypes.string_at(0)",
    "by signal SIGABRT": "os.abort()",
}


@pytest.mark.parametrize(("words", "body"), DEADLY.items(), ids=list(DEADLY))
def test_an_answer_that_ends_python_fails_and_python_goes_on(words: str, body: str) -> None:
    out = run_apart(
        f"""
def answer():
    {body}
print(engine.grade("demo.one", answer))
print("still here")
"""
    )
    assert f"✗ values           your function ended Python itself, {words}" in out
    assert out.endswith("still here\n")


def test_memory_without_end_is_noticed() -> None:
    """Endless recursion with a raised limit takes memory, not depth."""
    out = run_apart(
        """
        from pdl.exercises.checking import forked_copy
        forked_copy.LARGEST = 50 * 2**20
        def deeper(n): return deeper(n + 1)
        def answer():
            sys.setrecursionlimit(10**9)
            return deeper(0)
        print(engine.grade("demo.one", answer, seconds=30))
        """
    )
    assert "took more than 0.0 GiB of memory" in out
    assert "call itself without end" in out


def test_side_effects_are_real_and_come_once() -> None:
    out = run_apart(
        """
        seen = []
        def answer():
            seen.append(os.getpid())
            return "fine"
        print(engine.grade("demo.one", answer).status, seen == [os.getpid()])
        """
    )
    assert out == "passed True\n"


def test_input_is_asked_for_in_the_real_run_alone() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", SETUP + 'print(engine.grade("demo.one", lambda: input("name? ")))'],
        input="Ada\n",
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONIOENCODING": "utf8"},
    )
    assert ran.stdout.count("name?") == 1
    assert "✓ values           Ada" in ran.stdout


def test_ctrl_c_ends_even_a_loop_in_c() -> None:
    code = """
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background may ignore it
    print("started", flush=True)
    try:
        engine.grade("demo.one", lambda: sum(iter(int, 1)), seconds=60)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
    """
    running = subprocess.Popen(
        [sys.executable, "-c", SETUP + textwrap.dedent(code)], stdout=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "started\n"
    with pytest.raises(subprocess.TimeoutExpired):
        running.wait(0.5)
    running.send_signal(signal.SIGINT)
    try:
        assert running.communicate(timeout=30)[0] == "interrupted\n"
    finally:
        running.kill()
        running.wait()


@pytest.mark.parametrize(
    ("library", "prepare", "work"),
    [
        ("torch", "a = torch.randn(300, 300)", "a @ a"),
        ("tensorflow", "a = tensorflow.random.normal((300, 300))", "tensorflow.matmul(a, a)"),
    ],
)
def test_a_framework_whose_threads_do_not_come_along_is_no_endless_loop(
    library: str, prepare: str, work: str
) -> None:
    out = run_apart(
        f"""
import {library}
{prepare}
{work}  # now the library has its threads
print(engine.grade("demo.one", lambda: str(({work}).shape), seconds=30).status)
print(engine.grade("demo.one", lambda: sum(iter(int, 1)), seconds=1).status)
""",
        OMP_NUM_THREADS="2",
        TF_CPP_MIN_LOG_LEVEL="3",
    )
    assert out == "passed\nfailed\n"


def run_in_kernel(*cells: str) -> str:
    """What the cells print and display in a kernel of Jupyter, whose threads a copy lacks."""
    manager, client = start_new_kernel(kernel_name="python3")
    shown: list[str] = []

    def note(message: dict[str, Any]) -> None:
        content = message["content"]
        if message["msg_type"] in {"stream", "display_data", "error"}:
            shown.append(content.get("text") or content.get("ename") or "a display\n")

    try:
        for cell in cells:
            client.execute_interactive(cell, output_hook=note, allow_stdin=False, timeout=60)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return "".join(shown)


def test_in_a_kernel_of_jupyter_nothing_is_shown_twice_and_the_kernel_lives() -> None:
    out = run_in_kernel(
        SETUP + "from IPython.display import display",
        'print(engine.grade("demo.one", lambda: display(1)).status)',
        'print(engine.grade("demo.one", lambda: sum(iter(int, 1)), seconds=0.3).message)',
        'print(engine.grade("demo.one", lambda: os._exit(1)).message)',
        'print(engine.grade("demo.one", lambda: input("? ")).message[:28])',
    )
    assert out.splitlines() == [
        "a display",
        "passed",
        "no answer after 0.3 seconds, so the check stopped waiting",
        "your function ended Python itself, with exit status 1",
        "StdinNotImplementedError: ra",
    ]


# The run itself


def test_it_tells_what_was_told_and_printed_and_leaves_no_trace() -> None:
    told_here: list[str] = []

    def work(tell: forked_copy.Tell) -> None:
        told_here.append("lost")
        tell("one")
        tell("two")
        print("words")

    before = psutil.Process().children()  # such as joblib's, of another test
    found = try_first(work, 20)
    assert (found.verdict, found.told, found.printed) == (Verdict.ENDED, ("one", "two"), "words\n")
    assert told_here == []
    assert [each for each in psutil.Process().children() if each not in before] == []


def test_an_error_is_an_end(capfd: pytest.CaptureFixture[str]) -> None:
    assert try_first(lambda tell: 1 / 0, 20).verdict is Verdict.ENDED
    assert capfd.readouterr() == ("", "")


def test_a_copy_that_goes_without_a_word_is_blamed_on_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails_at_the_end(*lines: object, **options: object) -> str:
        raise MemoryError

    def work(tell: object) -> None:
        monkeypatch.setattr("pdl.exercises.checking.forked_copy.json.dumps", fails_at_the_end)

    assert try_first(work, 5).verdict is Verdict.UNKNOWN


def test_each_part_has_the_whole_time() -> None:
    def work(tell: forked_copy.Tell) -> None:
        for _ in range(4):
            end = os.times().elapsed + 0.3
            while os.times().elapsed < end:
                pass
            tell("part")

    assert try_first(work, 1.1).verdict is Verdict.ENDED


def test_in_a_thread_it_works_as_well() -> None:
    found: list[forked_copy.ForkedRun] = []

    def endless(tell: forked_copy.Tell) -> None:
        sum(iter(int, 1))

    thread = threading.Thread(target=lambda: found.append(try_first(endless, 0.2)))
    thread.start()
    thread.join(20)
    assert [each.verdict for each in found] == [Verdict.TOO_LONG]


def test_processes_that_the_answer_has_started_end_with_it(tmp_path: Path) -> None:
    note = tmp_path / "pid"

    def work(tell: forked_copy.Tell) -> None:
        note.write_text(str(subprocess.Popen(["sleep", "600"]).pid))

    try_first(work, 20)
    started = int(note.read_text())
    for _ in range(200):
        try:
            state = Path(f"/proc/{started}/stat").read_text().split()[2]
        except FileNotFoundError:
            return
        if state == "Z":
            return
        threading.Event().wait(0.05)
    pytest.fail("it still runs")


def test_without_a_fork_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise OSError(12, "Cannot allocate memory")

    before = os.listdir("/proc/self/fd")
    with monkeypatch.context() as patched:
        patched.setattr(os, "fork", refuse)
        assert try_first(lambda tell: None, 20).verdict is Verdict.UNKNOWN
    assert len(os.listdir("/proc/self/fd")) == len(before)
    with monkeypatch.context() as patched:
        patched.setattr(sys, "platform", "darwin")
        assert not can_try()
    with monkeypatch.context() as patched:
        patched.delattr(os, "fork")
        assert not can_try()
    monkeypatch.setenv("PDL_EXERCISE_TRIAL", "off")
    assert not can_try()
