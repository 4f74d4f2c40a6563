"""What a check found, and how it is printed."""

from __future__ import annotations

from dataclasses import dataclass

from .mismatch import Picture

LONGEST = 600


def clipped(text: str) -> str:
    """A message short enough to be read."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


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
