"""Show a reader's progress in the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from . import progress
from .engine import CHAPTERS, all_exercises

MARKS = {"passed": "✓", "failed": "✗"}


def show(chapter: str = "", console: Console | None = None) -> None:
    """Print the exercises of the book, or of one chapter, with what is remembered of each.

    Parameters
    ----------
    chapter : str
        A chapter's word, for instance ``"convolution"``; empty for all.
    console : Console, optional
        Where to print.

    Raises
    ------
    ValueError
        If there is no such chapter, or the progress file is damaged.
    """
    if chapter and chapter not in CHAPTERS:
        raise ValueError(f"chapter: expected one of {', '.join(CHAPTERS)}, got {chapter!r}")
    console = console or Console(highlight=False)
    known = progress.read()
    for number, word in enumerate(CHAPTERS, start=1):
        if chapter and word != chapter:
            continue
        mine = [each.name for each in all_exercises() if each.name.startswith(word + ".")]
        solved = sum(known.get(name, {}).get("status") == "passed" for name in mine)
        console.print(f"Chapter {number:02d} · {word}: {solved} of {len(mine)} solved")
        table = Table(show_header=False, box=None)
        for name in mine:
            found = known.get(name, {})
            mark = MARKS.get(found.get("status", ""), "–")
            table.add_row(f"  {mark}", name.partition(".")[2], found.get("when", "")[:10])
        console.print(table)
        console.print()
    console.print(f"Kept in {progress.progress_file()}", soft_wrap=True, markup=False)
