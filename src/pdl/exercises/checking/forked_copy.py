"""Try code in a copy of the process first: a copy can be ended for certain.

A loop inside C code, such as ``sum(iter(int, 1))``, or one that swallows every exception cannot be
stopped from within Python. So the checks are first tried in a forked copy of the process, in
silence, and whatever it does there is lost; only if they end there do they run for real. A copy
that takes too long, or too much memory, is killed by the operating system.

PyTorch and TensorFlow may wait for ever in a copy, since only one thread comes along, and the copy
then uses no time of the processor. This is noticed after a second, and the run says nothing. It
says nothing either on macOS, where a fork is unsafe with Apple's libraries, and on Windows, which
has none: there the time limit of `limits` is all there is.
"""

from __future__ import annotations

import builtins
import contextlib
import enum
import gc
import json
import os
import selectors
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

from .traces import LONGEST_PRINT, Shortened

POLL = 0.05
"""Seconds between two looks at what the copy uses."""

IDLE = 1.0
"""Seconds without any work after which a copy is taken to wait for a thread that it lacks."""

GIB = 2**30
LARGEST = 2 * GIB
"""Bytes that a copy may add to what it was given; if less, half of the memory that is free."""

OWN_EXIT = 113
"""The status with which a copy goes by itself; any other one is the doing of the code it ran."""

Tell = Callable[[str], None]


class Verdict(enum.Enum):
    """How a run went."""

    ENDED = "it ended, with a result or an error"
    TOO_LONG = "it was still at work when its time was over"
    TOO_LARGE = "it took too much memory"
    DIED = "the copy of the process died"
    UNKNOWN = "nothing can be said"


@dataclass(frozen=True)
class ForkedRun:
    """What is known after a run.

    Attributes
    ----------
    verdict : Verdict
    told : tuple of str
        What the code told before its end.
    printed : str
        What it printed.
    detail : str
        How the copy died, or how much memory it took.
    """

    verdict: Verdict
    told: tuple[str, ...] = ()
    printed: str = ""
    detail: str = ""


def can_try() -> bool:
    """Whether this system can copy a process safely; ``PDL_EXERCISE_TRIAL=off`` says no."""
    safe = hasattr(os, "fork") and sys.platform not in {"darwin", "emscripten", "wasi"}
    return safe and os.environ.get("PDL_EXERCISE_TRIAL") != "off"


def try_first(work: Callable[[Tell], object], seconds: float) -> ForkedRun:
    """Run code in a copy of this process, which is ended if it does not end by itself.

    Parameters
    ----------
    work : callable
        The code. It is given a function to tell, with a line of text, that a part is done.
    seconds : float
        How long each part may take.

    Returns
    -------
    ForkedRun
    """
    if not can_try():
        return ForkedRun(Verdict.UNKNOWN)
    try:
        printed = _capture()
        reading, writing = os.pipe()
    except OSError:  # a full disk, too many open files
        return ForkedRun(Verdict.UNKNOWN)
    with printed, open(reading, "rb", buffering=0) as news, open(writing, "wb") as told:
        try:
            child = _fork()
        except OSError:  # no memory, too many processes
            return ForkedRun(Verdict.UNKNOWN)
        if child == 0:
            _run_in_copy(work, writing, printed, seconds)
        told.close()
        watch = _Watch(child, news.fileno(), seconds)
        try:
            verdict, detail = watch.until_end()
        finally:
            status = _end(child)
        if verdict is Verdict.DIED:
            verdict, detail = _cause_of_death(status)
        printed.seek(0)
        return ForkedRun(verdict, tuple(watch.told), printed.read(LONGEST_PRINT), detail)


def _capture() -> IO[str]:
    """A file for what the copy prints, which is there line by line even if the copy is killed."""
    return tempfile.TemporaryFile("w+", buffering=1, encoding="utf-8", errors="replace")


def _fork() -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of threads that do not come along
        return os.fork()


def _run_in_copy(
    work: Callable[[Tell], object], writing: int, printed: IO[str], seconds: float
) -> None:
    """Be the copy: run the code, tell what it tells, and go without any clean-up."""

    def send(kind: str, text: str = "") -> None:
        # Should the parent be killed, nobody ends this copy; then the system's alarm does.
        signal.setitimer(signal.ITIMER_REAL, seconds + 5)
        os.write(writing, json.dumps([kind, text]).encode() + b"\n")

    try:
        _be_silent(printed)
        send("start")
        with contextlib.suppress(BaseException):  # the real run will meet it again, and word it
            work(lambda text: send("told", text))
        send("end")
    finally:
        os._exit(OWN_EXIT)


def _be_silent(printed: IO[str]) -> None:
    """Cut a copy off from the terminal, the notebook and the keyboard of the original."""
    os.setpgid(0, 0)  # so that Ctrl-C reaches the original alone, which ends the copy
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()  # what the original would clean up, a file say, is not the copy's to remove
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115
    sys.stdout = sys.stderr = Shortened(printed)
    builtins.input = _no_input
    if "IPython" in sys.modules:
        shell = sys.modules["IPython"].get_ipython()
        if shell is not None:
            shell.display_pub.publish = lambda *_args, **_options: None
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)  # its other threads have not come along


def _no_input(*_prompt: object) -> str:
    raise EOFError


class _Watch:
    """Follow a copy: what it tells, the time and the memory that it uses."""

    def __init__(self, child: int, reading: int, seconds: float) -> None:
        self.told: list[str] = []
        self._reading, self._seconds = reading, seconds
        self._deadline = time.monotonic() + seconds
        self._use = _Use(child)
        self._rest, self._started = b"", False

    def until_end(self) -> tuple[Verdict, str]:
        with selectors.DefaultSelector() as selector:
            selector.register(self._reading, selectors.EVENT_READ)
            while True:
                if selector.select(POLL):
                    sent = os.read(self._reading, 65_536)
                    if not sent:
                        return self._dead(), ""
                    if self._take(sent):
                        return Verdict.ENDED, ""
                    continue
                self._use.look()
                if selector.select(0):  # it has told something in the meantime
                    continue
                if self._use.gone:
                    return self._dead(), ""
                if self._use.grown > self._use.allowed:
                    return Verdict.TOO_LARGE, f"{self._use.allowed / GIB:.1f} GiB"
                late = time.monotonic() > self._deadline
                if self._use.idle > (min(IDLE, self._seconds / 2) if late else IDLE):
                    return Verdict.UNKNOWN, ""
                if late:
                    return Verdict.TOO_LONG, ""

    def _dead(self) -> Verdict:
        return Verdict.DIED if self._started else Verdict.UNKNOWN

    def _take(self, sent: bytes) -> bool:
        """Read the lines that have come; whether the last was the end."""
        *lines, self._rest = (self._rest + sent).split(b"\n")
        for kind, text in map(json.loads, lines):
            self._started, self._deadline = True, time.monotonic() + self._seconds
            if kind == "told":
                self.told.append(text)
            if kind == "end":
                return True
        return False


class _Use:
    """The time of the processor and the memory that a process uses, look after look."""

    def __init__(self, child: int) -> None:
        self.gone, self.grown, self.idle = False, 0, 0.0
        self._child, self._first = child, 0
        self._process: Any = None
        self.allowed = LARGEST
        self._worked, self._since = -1.0, time.monotonic()

    def look(self) -> None:
        import psutil

        with contextlib.suppress(psutil.Error, OSError):
            if self._process is None:
                self._process = psutil.Process(self._child)
                self._first = self._process.memory_info().rss
                self.allowed = min(LARGEST, psutil.virtual_memory().available // 2)
            status, times = self._process.status(), self._process.cpu_times()
            self.gone = status == psutil.STATUS_ZOMBIE
            self.grown = self._process.memory_info().rss - self._first
            worked = times.user + times.system
            at_work = worked > self._worked or status in {
                psutil.STATUS_RUNNING,
                psutil.STATUS_DISK_SLEEP,
            }
            now = time.monotonic()
            if at_work:
                self._worked, self._since = worked, now
            self.idle = now - self._since


def _end(child: int) -> int | None:
    """Kill a copy and all that it has started, and return the status with which it ended."""
    with contextlib.suppress(OSError):
        os.killpg(child, signal.SIGKILL)
    with contextlib.suppress(OSError):
        os.kill(child, signal.SIGKILL)
    try:
        return os.waitpid(child, 0)[1]
    except ChildProcessError:  # the reader's program has collected it
        return None


def _cause_of_death(status: int | None) -> tuple[Verdict, str]:
    """Tell a copy that the answer ended from one that a library could not bear to be."""
    if status is None:
        return Verdict.UNKNOWN, ""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        # Libraries with threads of their own may abort in a copy, and only there.
        if number == signal.SIGABRT and {"torch", "tensorflow", "numba"} & set(sys.modules):
            return Verdict.UNKNOWN, ""
        return Verdict.DIED, f"by signal {signal.Signals(number).name}"
    code = os.WEXITSTATUS(status)
    return (Verdict.UNKNOWN, "") if code == OWN_EXIT else (Verdict.DIED, f"with exit status {code}")
