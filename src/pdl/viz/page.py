"""What a cell hands to its page: figures to play with, and numbers for the text."""

from __future__ import annotations

import base64
import html
import io
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray


def _plain(value: Any) -> Any:
    """Arrays and NumPy numbers as JSON takes them; uint8 images as base64 bytes."""
    if isinstance(value, np.ndarray):
        is_image = value.ndim == 2 or (value.ndim == 3 and value.shape[2] == 3)
        if value.dtype == np.uint8 and is_image and value.size > 1024:
            return {
                "height": value.shape[0],
                "width": value.shape[1],
                "pixels": base64.b64encode(value.tobytes()).decode(),
            }
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"data: cannot hand a {type(value).__name__} to a page")


class _Play:
    """A figure to play with: HTML when the site is built, a still picture everywhere else."""

    def __init__(self, name: str, data: str, png: bytes, alt: str) -> None:
        self.name, self.data, self.png, self.alt = name, data, png, alt

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        still = base64.b64encode(self.png).decode()
        if os.environ.get("PDL_BUILD") != "site":
            return {"image/png": still, "text/plain": f"<figure: {self.alt}>"}
        alt = html.escape(self.alt, quote=True)
        return {
            "text/html": (
                f'<div class="play" data-play="{html.escape(self.name)}" data-alt="{alt}">'
                f'<script type="application/json" class="play-data">{self.data}</script>'
                f'<div class="play-still"><img alt="{alt}" src="data:image/png;base64,{still}"/>'
                "</div></div>"
            ),
            "text/plain": f"<figure: {self.alt}>",
        }


def play(name: str, data: dict[str, Any], still: Figure, alt: str) -> Any:
    """Make a figure to play with on the site; elsewhere it is the still picture.

    Parameters
    ----------
    name : str
        The figure's script in ``book/_static/play``, without its ending.
    data : dict
        What the script starts from, computed by the chapter: numbers, text, lists and arrays.
        A uint8 image, gray or of three channels, of more than 1024 values becomes ``{height,
        width, pixels}`` with base64 bytes; other arrays become lists.
    still : Figure
        The picture shown where no script runs.
    alt : str
        What the figure shows, in words.

    Returns
    -------
    object
        To be the last expression of a cell.

    Raises
    ------
    ValueError
        If `alt` is empty, or `data` holds a number that JSON has no form for.
    TypeError
        If `data` holds something that JSON has no form for.
    """
    if not alt.strip():
        raise ValueError("alt: expected a description of the figure, got an empty text")
    try:
        text = json.dumps(data, default=_plain, separators=(",", ":"), allow_nan=False)
    except ValueError as error:
        raise ValueError(f"data: {error}") from None
    buffer = io.BytesIO()
    still.savefig(buffer, format="png", dpi=100)
    plt.close(still)
    # Escaped, no text in the data can close or open a script element.
    return _Play(name, text.replace("<", "\\u003c"), buffer.getvalue(), alt)


def glue(key: str, value: float | int | str | np.generic | NDArray[Any]) -> None:
    """Hand a number or a word to the text of the page, which quotes it by its key.

    Parameters
    ----------
    key : str
        The name by which the text quotes the value, as in ``{glue:text}`key:.2f```.
    value : number, str, or NumPy scalar
        The value. What the text compares with a peer or counts is computed, never typed.
    """
    plain = value.item() if isinstance(value, (np.generic, np.ndarray)) else value
    _hand_over(key, plain)


class Range(NamedTuple):
    """The two ends of what recorded trainings yielded.

    Where a call ends a cell, nothing is shown below it: the text quotes the range.
    """

    low: float
    high: float

    def _ipython_display_(self) -> None:
        """Show nothing."""


def glue_range(
    key: str, value: float, trainings: Mapping[str, Sequence[float]], number_format: str = ".0f"
) -> Range:
    """Hand to the text of the page the range of a number that a training yields.

    A training ends elsewhere on another processor, since sums are rounded in another order. So the
    text quotes the range over recorded trainings with other seeds, which is the same everywhere,
    and the number of the live training only has to agree with it.

    Parameters
    ----------
    key : str
        The name by which the text quotes the range, as in ``{glue:text}`key```.
    value : float
        What the live training yields.
    trainings : mapping of str to sequence of float
        For each key its value in each recorded training; see ``book/tools/spreads.py``.
    number_format : str
        Of the two ends; where they read alike, one of them is quoted.

    Returns
    -------
    Range
        ``low`` and ``high``, the ends of the recorded range; a verdict rests on them.

    Raises
    ------
    ValueError
        If the record lacks the key, or the live value lies outside the range by more than half
        the range's width, or one per cent if the range is as narrow as that.

    Notes
    -----
    Of ten trainings' range one in five further trainings lies outside; hence the margin.
    """
    live = float(value)
    if os.environ.get("PDL_BUILD") == "spreads":  # this run is one of those to be recorded
        _hand_over(key, live, value=live)
        return Range(live, live)
    remedy = "to record it anew: python book/tools/spreads.py"
    if key not in trainings:
        raise ValueError(f"trainings: no recorded trainings for {key!r}; {remedy}")
    low, high = min(trainings[key]), max(trainings[key])
    margin = max((high - low) / 2, abs(high) / 100)
    if not low - margin <= live <= high + margin:
        raise ValueError(
            f"value: {key} is {live:.6g} here, and lay between {low:.6g} and {high:.6g} in "
            f"{len(trainings[key])} recorded trainings (a margin of {margin:.2g} is allowed); "
            f"if the training was changed, {remedy}"
        )
    ends = [format(end, number_format).replace("-", "−") for end in (low, high)]
    _hand_over(key, " to ".join(dict.fromkeys(ends)), value=live, spread=[low, high])
    return Range(low, high)


def _hand_over(key: str, shown: float | int | str, **facts: Any) -> None:
    """Show a value in the form in which the page and the paired notebook look for it."""
    from IPython.display import display

    prefix = "application/papermill.record/"
    display(
        {f"{prefix}text/plain": repr(shown)},
        metadata={"scrapbook": {"name": key, "mime_prefix": prefix, **facts}},
        raw=True,
    )
