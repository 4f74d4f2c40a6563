"""What a check raises where an answer differs from what is expected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray


class Mismatch(Exception):
    """An answer differs from what is expected.

    Parameters
    ----------
    message : str
        What came and what was expected.
    hint : str
        The mistake that this looks like, as a sentence, where it is a known one.
    picture : Picture, optional
        Arrays to draw for the reader.
    """

    def __init__(self, message: str, hint: str = "", picture: Picture | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.picture = picture


@dataclass(frozen=True)
class Picture:
    """Input, expected output and the reader's output, to be drawn side by side."""

    panels: dict[str, NDArray[Any]]

    def show(self) -> None:
        """Draw the panels, when there is a notebook to draw in."""
        try:
            from IPython import get_ipython
        except ImportError:
            return
        if get_ipython() is None:
            return
        from pdl import viz

        viz.show_images(list(self.panels.values()), titles=list(self.panels))
