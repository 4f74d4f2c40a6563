"""One look for every figure of the book."""

from __future__ import annotations

import os
from pathlib import Path

import matplotlib as mpl
from cycler import cycler
from matplotlib.colors import ListedColormap

COLORS: dict[str, str] = {
    "blue": "#1f5fa8",
    "orange": "#c8541c",
    "green": "#23805a",
    "purple": "#7a4a9e",
    "gold": "#a87a00",
    "gray": "#5b6570",
}
"""Colours that stay apart for colour-blind eyes and have contrast 3:1 or more on white."""

OBJECT_COLORS = 8
CELL_COLORS = ListedColormap(
    ["#10151c"]
    + ["#58a6e0", "#f2b134", "#6cc28d", "#e0705a", "#b08fd8", "#e8e29a", "#5fd0cf", "#e08fb8"] * 64
)
"""Colours for label images: 0 is the dark background, then the same ``OBJECT_COLORS`` again and
again; :func:`color_numbers` sees to it that objects that touch have different ones."""


def use_style() -> None:
    """Set Matplotlib up as the book uses it; chapters call this once, at the top.

    Where the site is built, ``PDL_DARK_FIGURES`` names a folder, and every figure shown from then
    on has a twin there for the dark theme.
    """
    mpl.rcParams.update(
        {
            "figure.dpi": 100,
            "savefig.dpi": 144,
            "savefig.bbox": "tight",
            "savefig.facecolor": "white",
            "figure.facecolor": "white",
            "figure.figsize": (7.0, 3.2),
            "figure.constrained_layout.use": True,
            "font.size": 10,
            "axes.titlesize": 10,
            "axes.titlelocation": "left",
            "axes.labelsize": 10,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.edgecolor": "#444c56",
            "axes.grid": True,
            "axes.axisbelow": True,
            "axes.prop_cycle": cycler(color=list(COLORS.values())),
            "grid.color": "#d9dee3",
            "grid.linewidth": 0.6,
            "legend.frameon": False,
            "lines.linewidth": 1.8,
            "image.cmap": "gray",
            "image.interpolation": "nearest",
        }
    )
    if folder := os.environ.get("PDL_DARK_FIGURES"):
        from .dark import save_dark_twins

        save_dark_twins(Path(folder))
