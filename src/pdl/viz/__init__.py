"""How the book draws: one style for all figures, images side by side, arrays with their numbers.

Figures that a reader can play with on the site are made with `play`; numbers that the text quotes
from a cell are handed over with `glue`, those of a training as a range with `glue_range`.
"""

from __future__ import annotations

from .arrays import show_array, show_images
from .labels import color_numbers
from .page import glue, glue_range, play
from .style import CELL_COLORS, COLORS, use_style
from .tables import show_speeds, show_table

__all__ = [
    "CELL_COLORS",
    "COLORS",
    "color_numbers",
    "glue",
    "glue_range",
    "play",
    "show_array",
    "show_images",
    "show_speeds",
    "show_table",
    "use_style",
]
