"""Printing on consoles that do not know every character, such as Windows' code page 1252."""

from __future__ import annotations

import codecs
import sys
import unicodedata
from typing import IO

_PLAIN = {"✓": "+", "✗": "x", "–": "-", "−": "-", "→": "->", "×": "x", "·": "-", "…": "..."}


def _spelled(character: str) -> str:
    """A character in ASCII: its substitute, its Greek name, itself without accents, or ``?``."""
    if character in _PLAIN:
        return _PLAIN[character]
    name = unicodedata.name(character, "")
    if name.startswith("GREEK") and "LETTER" in name:
        return name.split()[name.split().index("LETTER") + 1].lower()
    bare = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return bare or "?"


def _substitute(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_spelled, error.object[error.start : error.end])), error.end


codecs.register_error("pdl.plain", _substitute)


def printable(text: str, stream: IO[str] | None = None) -> str:
    """Replace what a stream cannot print by what it can.

    Parameters
    ----------
    text : str
        What is to be printed.
    stream : text stream, optional
        Where; standard output if left out.

    Returns
    -------
    str
        The same text on a console that knows all its characters, as most do.
    """
    encoding = getattr(stream or sys.stdout, "encoding", None) or "utf-8"
    try:
        return text.encode(encoding, "pdl.plain").decode(encoding)
    except LookupError:  # an encoding that Python does not know
        return text.encode("ascii", "pdl.plain").decode()


def print_whatever_comes() -> None:
    """Let standard output and error print any text from now on, for the commands of ``pdl``."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="pdl.plain")
