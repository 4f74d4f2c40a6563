"""Where the book's files are."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = ROOT / "chapters"
NOTEBOOKS = ROOT / "book" / "notebooks"
BUILD = ROOT / os.environ.get("PDL_BUILD_DIR", "_build")
CACHE = BUILD / "cache"
EXECUTED = BUILD / "executed"
DARK_FIGURES = EXECUTED / "dark"
SITE = BUILD / "html"


def chapter_files(wanted: str = "") -> list[Path]:
    """The chapters in order, or the ones whose file name begins with `wanted`.

    Raises
    ------
    ValueError
        If no chapter's name begins so.
    """
    found = sorted(CHAPTERS.glob("[0-9][0-9]_*.md"))
    chosen = [path for path in found if path.name.startswith(wanted)]
    if not chosen:
        names = ", ".join(path.stem for path in found)
        raise ValueError(f"CHAPTER: no chapter begins with {wanted!r}; there are {names}")
    return chosen


def key() -> str:
    """A hash of all that a chapter's output depends on, apart from its own cells."""
    digest = hashlib.sha256()
    sources = [
        ROOT / "constraints.txt",
        ROOT / "book" / "tools" / "execute.py",
        *(ROOT / "data").rglob("*"),
        *(ROOT / "src").rglob("*.py"),
    ]
    for path in sorted(path for path in sources if path.is_file()):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    digest.update(os.environ.get("PDL_PROFILE", "quick").encode() + sys.version.encode())
    return digest.hexdigest()
