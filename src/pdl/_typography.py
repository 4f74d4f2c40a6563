"""Signs as a printer sets them: in tables, on the site's pages and in the notebooks."""

from __future__ import annotations

import re


def with_minus_signs(text: str) -> str:
    """The text with a minus sign instead of a hyphen before each negative number.

    Examples
    --------
    >>> with_minus_signs("-0.5 (from -1 to 2), a well-known 3-1")
    '−0.5 (from −1 to 2), a well-known 3-1'
    """
    return re.sub(r"(?<![\w.)\]-])-(?=\.?\d)", "−", text)
