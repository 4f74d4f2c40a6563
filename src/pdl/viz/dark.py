"""A figure on dark paper: light ink, photographs and maps of colour as they are."""

from __future__ import annotations

import base64
import colorsys
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import get_backend, pyplot, rcParams
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import Collection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text
from matplotlib.transforms import Bbox

Setting = tuple[Callable[[Any], Any], Any]


def dark_color(color: Any) -> Any:
    """The colour that stands on dark paper for one that stands on white.

    Parameters
    ----------
    color : color
        Anything that Matplotlib takes for a colour.

    Returns
    -------
    tuple of float
        Red, green, blue and opacity in 0…1: the hue stays, dark becomes light and light dark.

    Examples
    --------
    >>> [round(each, 2) for each in dark_color("black")]
    [0.9, 0.9, 0.9, 1.0]
    >>> [round(each, 2) for each in dark_color("white")]
    [0.15, 0.15, 0.15, 1.0]
    """
    *rgb, alpha = to_rgba(color)
    hue, lightness, saturation = colorsys.rgb_to_hls(*rgb)
    return (*colorsys.hls_to_rgb(hue, min(0.9, 1 - 0.85 * lightness), saturation), alpha)


def _drawn_over_images(figure: Figure) -> set[Artist]:
    """What is drawn over an image was coloured to be seen there, whatever the paper."""
    return {
        artist
        for ax in figure.findobj(Axes)
        if ax.images
        for part in (*ax.texts, *ax.lines, *ax.patches, *ax.collections, ax.get_legend())
        if part is not None
        for artist in part.findobj()
    }


def _settings(artist: Artist) -> list[Setting]:
    """The setters of an artist's colours, with the colours that it has."""
    if isinstance(artist, Text):
        beside = (artist.get_bbox_patch(), getattr(artist, "arrow_patch", None))
        patches = [setting for patch in beside if patch for setting in _settings(patch)]
        return [(artist.set_color, artist.get_color()), *patches]
    if isinstance(artist, Line2D):
        return [
            (artist.set_color, artist.get_color()),
            (artist.set_markerfacecolor, artist.get_markerfacecolor()),
            (artist.set_markeredgecolor, artist.get_markeredgecolor()),
        ]
    if isinstance(artist, Patch):
        return [
            (artist.set_facecolor, artist.get_facecolor()),
            (artist.set_edgecolor, artist.get_edgecolor()),
        ]
    if isinstance(artist, Collection) and artist.get_array() is None:
        return [
            (artist.set_facecolor, artist.get_facecolor()),
            (artist.set_edgecolor, artist.get_edgecolor()),
        ]
    return []


def _darkened(color: Any) -> Any:
    if isinstance(color, str) and color == "none":
        return color
    if isinstance(color, np.ndarray) and color.ndim == 2:
        return [dark_color(each) for each in color]
    return dark_color(color)


@contextmanager
def dark_paper(figure: Figure) -> Iterator[None]:
    """Within this context the figure has light ink and no paper of its own.

    Parameters
    ----------
    figure : Figure
        Afterwards it is as it was.
    """
    kept = _drawn_over_images(figure)
    papers = [figure.patch, *(ax.patch for ax in figure.findobj(Axes))]
    changed: list[Setting] = []
    try:
        for artist in figure.findobj():
            if artist in kept:
                continue
            for setter, color in _settings(artist):
                changed.append((setter, color))
                setter(_darkened(color))
        for paper in papers:
            if to_rgba(dict(changed)[paper.set_facecolor])[:3] == (1.0, 1.0, 1.0):
                paper.set_facecolor("none")
        yield
    finally:
        for setter, color in reversed(changed):
            setter(color)


@contextmanager
def laid_out(figure: Figure) -> Iterator[Bbox]:
    """Within this context a figure keeps the layout that it has now, however often it is drawn.

    Parameters
    ----------
    figure : Figure
        Its layout is computed once.

    Yields
    ------
    Bbox
        What a tight picture of it shows, in inches.
    """
    engine = figure.get_layout_engine()
    figure.draw_without_rendering()
    box = figure.get_tightbbox()
    figure.set_layout_engine("none")
    try:
        yield box.padded(rcParams["savefig.pad_inches"])
    finally:
        figure.set_layout_engine(engine)


def save_dark_twins(folder: Path) -> None:
    """From now on, write a dark twin of each figure that a notebook shows.

    Parameters
    ----------
    folder : Path
        The twin of a picture is written here, under the SHA-256 of the picture's own bytes.
    """
    from IPython.core import pylabtools

    print_figure = pylabtools.print_figure

    def print_both(fig: Any, fmt: Any = "png", **options: Any) -> Any:
        if fmt != "png" or not fig.axes:
            return print_figure(fig, fmt=fmt, **options)
        # Most of the time that a figure takes is its layout's.
        with laid_out(fig) as box:
            options["bbox_inches"] = box
            picture = print_figure(fig, fmt=fmt, **options)
            content = base64.b64decode(picture) if isinstance(picture, str) else picture
            options.update(base64=False, facecolor="none")
            with dark_paper(fig):
                twin = print_figure(fig, fmt=fmt, **options)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{hashlib.sha256(content).hexdigest()}.png").write_bytes(twin)
        return picture

    pylabtools.print_figure = print_both  # type: ignore[assignment]
    # Pyplot would draw each figure at the end of its cell, before it is shown and drawn again.
    pyplot.switch_backend(get_backend())  # which connects what the next line disconnects
    pyplot.uninstall_repl_displayhook()
