"""Run the checks of an exercise on a reader's answer, and word the outcome."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from pdl._console import printable

from . import progress
from .forked_copy import ForkedRun, Verdict, try_first
from .guard import NotAttempted, guarded, in_words, is_stub
from .limits import TookTooLong, default_seconds, time_limit
from .mismatch import Mismatch
from .outcome import Outcome, clipped
from .traces import no_traces

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
"""The chapters' words, in the order of the book. Each names a folder of this package, whose
``EXERCISES`` are in the order of the chapter."""

GroupCheck = Callable[[Any], "str | None"]

_exercises: dict[str, Exercise] = {}


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
        if self.name in _exercises:
            raise ValueError(f"exercise {self.name!r} is defined twice")
        _exercises[self.name] = self

    def group(self, title: str) -> Callable[[GroupCheck], GroupCheck]:
        """Add a group of checks; the function returns a note to print, or raises `Mismatch`."""

        def add(function: GroupCheck) -> GroupCheck:
            self.groups.append((title, function))
            return function

        return add


def _module_of(word: str) -> ModuleType | None:
    """Import the exercises of a chapter, if it has any yet."""
    module = f"pdl.exercises.{word}"
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        return None


def load(name: str) -> Exercise:
    """Find an exercise by name.

    Raises
    ------
    ValueError
        If there is no such exercise; the message lists the ones of that chapter.
    TypeError
        If the name is no text.
    """
    if not isinstance(name, str):
        raise TypeError(
            f"name: expected the exercise's name in quotation marks, got {type(name).__name__}"
        )
    word = name.partition(".")[0]
    if word not in CHAPTERS:
        raise ValueError(
            f"name: no exercise {name!r}; a name is a chapter's word, a dot and the exercise's "
            f"name, and the words are {', '.join(CHAPTERS)}"
        )
    module = _module_of(word)
    if module is None:
        raise ValueError(f"name: no exercise {name!r}; the chapter {word!r} has none yet")
    if name not in _exercises:
        known = ", ".join(each.name for each in module.EXERCISES)
        raise ValueError(f"name: no exercise {name!r}; this chapter has {known}")
    return _exercises[name]


def all_exercises() -> list[Exercise]:
    """Every exercise, in the order of the book; a chapter may have none yet."""
    modules = [_module_of(word) for word in CHAPTERS]
    return [each for module in modules if module for each in module.EXERCISES]


def grade(name: str, answer: Any, *, seconds: float | None = None) -> Outcome:
    """Try an answer and remember nothing; what it prints itself is all that is printed.

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
    if is_stub(answer):
        return Outcome(name, "not attempted")
    run = try_first(lambda tell: _grade_here(exercise, answer, None, tell), limit)
    harmless = run.verdict in {Verdict.ENDED, Verdict.UNKNOWN}
    if harmless or len(run.told) == len(exercise.groups):
        return _grade_here(exercise, answer, limit, lambda _note: None)
    print(printable(run.printed), end="")
    return _failed(exercise, list(run.told), _killed(run, limit))


def _grade_here(
    exercise: Exercise, answer: Any, limit: float | None, tell: Callable[[str], None]
) -> Outcome:
    """Run the checks in this process, with a time limit for each group where one is given."""
    notes: list[str] = []
    with no_traces():
        for _, group in exercise.groups:
            try:
                with time_limit(limit) if limit else contextlib.nullcontext():
                    note = _run(group, answer, exercise.name)
            except NotAttempted:
                return Outcome(exercise.name, "not attempted")
            except Mismatch as mismatch:
                return _failed(exercise, notes, mismatch)
            except TookTooLong:
                return _failed(exercise, notes, _too_long(limit or 0))
            notes.append(note)
            tell(note)
    titles = [title for title, _ in exercise.groups]
    passed = tuple(zip(titles, notes, strict=True))
    return Outcome(exercise.name, "passed", passed, unlocks=exercise.unlocks)


def _run(group: GroupCheck, answer: Any, name: str) -> str:
    try:
        return group(guarded(answer)) or ""
    except (Mismatch, NotAttempted, TookTooLong, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise in_words(error, answer, name) from None


def _failed(exercise: Exercise, notes: Sequence[str], mismatch: Mismatch) -> Outcome:
    titles = [title for title, _ in exercise.groups]
    at = len(notes)
    return Outcome(
        exercise.name,
        "failed",
        passed=tuple(zip(titles, notes, strict=False)),
        failed=titles[at],
        message=clipped(mismatch.message),
        hint=clipped(mismatch.hint),
        not_reached=tuple(titles[at + 1 :]),
        picture=mismatch.picture,
    )


def _too_long(seconds: float) -> Mismatch:
    return Mismatch(
        f"no answer after {seconds:g} seconds, so the check stopped waiting",
        hint="Is there a loop that never ends? Try your function on a tiny input first.",
    )


def _killed(run: ForkedRun, seconds: float) -> Mismatch:
    """Put into words why a run was cut short."""
    if run.verdict is Verdict.TOO_LARGE:
        return Mismatch(
            f"your function took more than {run.detail} of memory, so the check stopped it",
            hint="Does it call itself without end, or build far more than it was given?",
        )
    if run.verdict is Verdict.DIED:
        return Mismatch(
            f"your function ended Python itself, {run.detail}",
            hint="The check tried it in a copy of this process: yours goes on.",
        )
    return _too_long(seconds)


def check(name: str, answer: Any, *, record: bool = True) -> None:
    """Check the answer to an exercise and print what was found.

    On Linux the answer is first tried in a copy of this process, so that one that never ends, or
    that ends Python, does no harm (`PDL_EXERCISE_TRIAL=off` leaves this out). On macOS and Windows
    a loop of Python is interrupted when its time is over; one inside C code, such as
    ``sum(iter(int, 1))``, goes on there until you restart the kernel.

    Parameters
    ----------
    name : str
        The exercise, for instance ``"convolution.convolve1d"``.
    answer : object
        Your function, class or value.
    record : bool, default True
        Remember the outcome for ``pdl exercises``; the book's own solutions pass ``False``, and
        what is printed says whose they are.

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
    complaint = ""
    if record and outcome.status != "not attempted":
        complaint = progress.record(name, outcome.status)
    if outcome.picture is not None:
        # The picture is an extra: where an answer cannot be drawn, the words must still come.
        with contextlib.suppress(Exception):
            outcome.picture.show()
    words = str(outcome) if record else f"The book's solution of {outcome}"
    print(printable(words))
    if complaint:
        print(printable(f"  (progress was not saved: {complaint})"))
