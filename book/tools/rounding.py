"""Compare two makings of a notebook: processors differ in the last digit of a number."""

from __future__ import annotations

import difflib
import re

NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")


def differing_lines(stored: str, made: str) -> tuple[list[str], list[str]]:
    """The lines of two texts that are not the same but for rounding.

    Parameters
    ----------
    stored, made : str
        The notebook's file as it stands, and as it is made here.

    Returns
    -------
    tuple of list of str
        Lines of the one and of the other; both empty if the file may stand as it is.
    """
    removed, added = [], []
    for line in difflib.ndiff(stored.splitlines(), made.splitlines()):
        if line.startswith("- "):
            removed.append(line[2:])
        elif line.startswith("+ "):
            added.append(line[2:])
    if len(removed) == len(added) and all(map(same_but_for_rounding, added, removed)):
        return [], []
    return removed, added


def same_but_for_rounding(ours: str, stored: str) -> bool:
    """Whether two lines differ at most in the last digit of a number."""
    if NUMBER.sub("#", ours) != NUMBER.sub("#", stored):
        return False
    for a, b in zip(NUMBER.findall(ours), NUMBER.findall(stored), strict=True):
        mantissa, _, exponent = b.partition("e")
        digits = len(mantissa.partition(".")[2])
        last_digit = 10.0 ** (int(exponent or 0) - digits)
        if a != b and (not digits or abs(float(a) - float(b)) > 1.5 * last_digit):
            return False
    return True
