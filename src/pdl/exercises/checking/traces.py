"""Undo what an answer did to Python and NumPy beside returning a value."""

from __future__ import annotations

import builtins
import contextlib
import math
import os
import random
import sys
import warnings
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import IO, Any, TextIO, cast

import numpy as np

from pdl._console import printable

LONGEST_PRINT = 20_000
"""How many characters an answer may print during one check; the rest is counted, not shown."""

_NAMESPACES: tuple[ModuleType, ...] = (builtins, math, np, np.linalg, np.fft, np.random)


def taken() -> list[dict[str, Any]]:
    """The names of NumPy and Python as they are now, to be put back."""
    return [dict(vars(module)) for module in _NAMESPACES]


def put_back(names: list[dict[str, Any]]) -> None:
    """Undo a replacement such as ``np.isclose = …``, by which a check would be deceived."""
    for module, before in zip(_NAMESPACES, names, strict=True):
        now = vars(module)
        for name, value in before.items():
            if now.get(name) is not value and name != "_":
                now[name] = value


class Shortened:
    """A stream that passes on the first characters of what it gets, and counts the others."""

    def __init__(self, stream: IO[str], longest: int = LONGEST_PRINT) -> None:
        self._stream, self._left, self.dropped = stream, longest, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Print what there is room for."""
        if self._left:
            self._stream.write(printable(text[: self._left], self._stream))
        self.dropped += max(0, len(text) - self._left)
        self._left = max(0, self._left - len(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write one after the other."""
        for line in lines:
            self.write(line)


@contextlib.contextmanager
def no_traces() -> Iterator[None]:
    """Restore after the block what is cheap to restore, and cut short what is printed in it.

    These are the recursion limit, the working directory, the states of `random` and `np.random`,
    NumPy's handling of errors and way of printing, the filters of warnings, and the two streams.
    """
    recursion, folder = sys.getrecursionlimit(), _folder()
    drawn, drawn_by_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    streams = sys.stdout, sys.stderr
    short = [Shortened(each) if each else None for each in streams]
    sys.stdout, sys.stderr = cast("list[TextIO]", short)
    try:
        with np.errstate(), np.printoptions(), warnings.catch_warnings():
            yield
    finally:
        sys.stdout, sys.stderr = streams
        sys.setrecursionlimit(recursion)
        if folder and _folder() != folder:
            os.chdir(folder)
        random.setstate(drawn)
        np.random.set_state(drawn_by_numpy)  # noqa: NPY002
        dropped = sum(each.dropped for each in short if each)
        if dropped:
            print(printable(f"… ({dropped} more characters of what your function printed)"))


def _folder() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:  # removed in the meantime
        return ""
