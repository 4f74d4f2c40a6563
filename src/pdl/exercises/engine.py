"""Run the checks of an exercise on a reader's answer, and word the outcome."""

from __future__ import annotations

import contextlib
import copy
import dis
import importlib
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import progress
from .compare import Mismatch, Picture
from .limits import TookTooLong, default_seconds, time_limit

CHAPTERS: tuple[str, ...] = (
    "images",
    "convolution",
    "filters",
    "segmentation",
    "layers",
    "backpropagation",
    "training",
    "augmentation",
)
"""The chapters' words, in the order of the book; each names a module of this package."""

GroupCheck = Callable[[Any], "str | None"]

_registry: dict[str, Exercise] = {}


class NotAttempted(Exception):
    """The answer is still the stub that the chapter gives."""


@dataclass
class Exercise:
    """One exercise: its name, and its checks in the order in which they are tried.

    Parameters
    ----------
    name : str
        Chapter word and exercise name, for instance ``"convolution.convolve1d"``.
    unlocks : str
        One sentence, printed when all checks pass, on what the reader can now do.
    """

    name: str
    unlocks: str
    groups: list[tuple[str, GroupCheck]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.name in _registry:
            raise ValueError(f"exercise {self.name!r} is defined twice")
        _registry[self.name] = self

    def group(self, title: str) -> Callable[[GroupCheck], GroupCheck]:
        """Add a group of checks; the function returns a note to print, or raises `Mismatch`."""

        def add(function: GroupCheck) -> GroupCheck:
            self.groups.append((title, function))
            return function

        return add


@dataclass(frozen=True)
class Outcome:
    """What a check found.

    Attributes
    ----------
    name : str
        The exercise.
    status : {"passed", "failed", "not attempted"}
    passed : tuple of (str, str)
        Title and note of each group that passed.
    failed : str
        Title of the group that failed, or an empty string.
    message, hint : str
        What differed, and the mistake it looks like where that is known.
    not_reached : tuple of str
        Titles of the groups after the failed one.
    unlocks : str
        The sentence for a reader who has solved the exercise.
    picture : Picture or None
        Input, expected output and the reader's output, where a drawing helps.
    """

    name: str
    status: str
    passed: tuple[tuple[str, str], ...] = ()
    failed: str = ""
    message: str = ""
    hint: str = ""
    not_reached: tuple[str, ...] = ()
    unlocks: str = ""
    picture: Picture | None = None

    def __str__(self) -> str:
        short = self.name.partition(".")[2]
        if self.status == "not attempted":
            return f"{short}  – not attempted yet"
        rows = [("✓", title, note) for title, note in self.passed]
        if self.failed:
            rows.append(("✗", self.failed, self.message))
        rows += [("–", title, "not reached") for title in self.not_reached]
        width = max([17, *(len(title) + 2 for _, title, _ in rows)])
        indent = "\n" + " " * (width + 4)
        lines = [short]
        for mark, title, note in rows:
            lines.append(f"  {mark} {title:<{width}}{note}".rstrip().replace("\n", indent))
            if mark == "✗" and self.hint:
                lines.append(f"    {self.hint}")
        if self.status == "passed":
            lines.append(f"  {self.unlocks}")
        return "\n".join(lines)


def load(name: str) -> Exercise:
    """Find an exercise by name.

    Raises
    ------
    ValueError
        If there is no such exercise; the message lists the ones of that chapter.
    """
    word = name.partition(".")[0]
    if word not in CHAPTERS:
        raise ValueError(
            f"name: no exercise {name!r}; a name is a chapter's word, a dot and the exercise's "
            f"name, and the words are {', '.join(CHAPTERS)}"
        )
    importlib.import_module(f"{__package__}.{word}")
    if name not in _registry:
        known = ", ".join(key for key in _registry if key.startswith(word + "."))
        raise ValueError(f"name: no exercise {name!r}; this chapter has {known}")
    return _registry[name]


def all_exercises() -> list[Exercise]:
    """Every exercise of the book, chapter by chapter."""
    for word in CHAPTERS:
        importlib.import_module(f"{__package__}.{word}")
    return sorted(_registry.values(), key=lambda each: CHAPTERS.index(each.name.split(".")[0]))


def _is_stub(answer: Any) -> bool:
    if isinstance(answer, type):
        methods = [each for name, each in vars(answer).items() if not name.startswith("_")]
        return bool(methods) and all(map(_is_stub, methods))
    code = getattr(answer, "__code__", None)
    if code is None:
        return answer is None or answer is ...
    # A body of nothing but `...`, `pass` or a docstring compiles to a bare `return None`.
    return all(
        step.opname in {"RESUME", "NOP", "RETURN_VALUE"}
        or (step.opname in {"LOAD_CONST", "RETURN_CONST"} and step.argval in (None, ...))
        for step in dis.get_instructions(code)
    )


def _same(before: Any, after: Any) -> bool:
    if isinstance(before, np.ndarray):
        return np.array_equal(before, after, equal_nan=before.dtype.kind in "fc")
    if isinstance(before, list):
        return len(before) == len(after) and all(map(_same, before, after))
    return bool(before == after) if isinstance(before, (bool, int, float, str)) else True


def _guarded(answer: Any) -> Any:
    """Wrap a function: an ellipsis means a stub, and an argument changed in place is a mistake."""
    if isinstance(answer, type) or not callable(answer):
        return answer

    def call(*args: Any, **kwargs: Any) -> Any:
        given = [*args, *kwargs.values()]
        kept = copy.deepcopy(given)
        try:
            value = answer(*args, **kwargs)
        except NotImplementedError as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            if last in _own_frames(error, answer) and last.name == answer.__name__:
                raise NotAttempted from error
            raise
        if value is ...:
            raise NotAttempted
        if not all(map(_same, kept, given)):
            raise Mismatch(
                "your function changed the array that it was given",
                hint="Work on a copy: `image = image.copy()`, or build a new array.",
            )
        return value

    return call


def _own_frames(error: BaseException, answer: Any) -> list[traceback.FrameSummary]:
    """The frames of an error that lie in the file, or notebook cell, of the reader's answer."""
    function = getattr(answer, "func", answer)
    if isinstance(function, type):
        methods = vars(function).values()
        files = {each.__code__.co_filename for each in methods if hasattr(each, "__code__")}
    else:
        code = getattr(function, "__code__", None)
        files = {code.co_filename} if code is not None else set()
    frames = traceback.extract_tb(error.__traceback__)
    return [frame for frame in frames if frame.filename in files]


def _where(error: BaseException, answer: Any) -> str:
    """The line of the reader's own code in which an error arose, as a phrase."""
    own = _own_frames(error, answer)
    return f" (in the line `{own[-1].line}`)" if own and own[-1].line else ""


def grade(name: str, answer: Any, *, seconds: float | None = None) -> Outcome:
    """Try an answer, print nothing and remember nothing.

    Parameters
    ----------
    name : str
        The exercise, for instance ``"convolution.convolve1d"``.
    answer : object
        The reader's function, class or value.
    seconds : float, optional
        The time each group of checks may take; by default 10, or ``PDL_EXERCISE_SECONDS``.

    Returns
    -------
    Outcome

    Raises
    ------
    ValueError
        If there is no such exercise.
    """
    exercise = load(name)
    limit = default_seconds() if seconds is None else seconds
    titles = [title for title, _ in exercise.groups]
    passed: list[tuple[str, str]] = []

    def failed(message: str, hint: str = "", picture: Picture | None = None) -> Outcome:
        at = len(passed)
        rest = tuple(titles[at + 1 :])
        return Outcome(
            name, "failed", tuple(passed), titles[at], message, hint, rest, picture=picture
        )

    if _is_stub(answer):
        return Outcome(name, "not attempted")
    for title, group in exercise.groups:
        try:
            with time_limit(limit):
                note = group(_guarded(answer))
        except NotAttempted:
            return Outcome(name, "not attempted")
        except Mismatch as mismatch:
            return failed(mismatch.message, mismatch.hint, mismatch.picture)
        except TookTooLong:
            return failed(
                f"no answer after {limit:g} seconds, so the check stopped waiting",
                hint="Is there a loop that never ends? Try your function on a tiny input first.",
            )
        except RecursionError as error:
            return failed(
                f"RecursionError: your function calls itself too many times{_where(error, answer)}",
                hint="Does it ever stop? If it calls itself once for each pixel, use a loop.",
            )
        except SystemExit:
            return failed("your function ends the program: `exit()` is not needed, `return` is")
        except Exception as error:
            words = str(error).splitlines()
            first = f": {words[0]}" if words else ""
            return failed(f"{type(error).__name__}{first}{_where(error, answer)}")
        passed.append((title, note or ""))
    return Outcome(name, "passed", tuple(passed), unlocks=exercise.unlocks)


def check(name: str, answer: Any, *, record: bool = True) -> None:
    """Check the answer to an exercise and print what was found.

    Parameters
    ----------
    name : str
        The exercise, for instance ``"convolution.convolve1d"``.
    answer : object
        Your function, class or value.
    record : bool, default True
        Remember the outcome for ``pdl exercises``; the book's own solutions pass ``False``.

    Raises
    ------
    ValueError
        If there is no such exercise. A mistake in the answer never raises.

    Examples
    --------
    >>> def convolve1d(x, h): ...
    >>> check("convolution.convolve1d", convolve1d)
    convolve1d  – not attempted yet
    """
    outcome = grade(name, answer)
    if outcome.picture is not None:
        # The picture is an extra: where an answer cannot be drawn, the words must still come.
        with contextlib.suppress(Exception):
            outcome.picture.show()
    print(outcome)
    if record and outcome.status != "not attempted":
        progress.record(name, outcome.status)
