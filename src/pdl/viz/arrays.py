"""Images side by side, and small arrays with their numbers written in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray


def show_images(
    images: Sequence[NDArray[Any]],
    titles: Sequence[str] = (),
    *,
    columns: int | None = None,
    width: float = 7.0,
    vmin: float | None = None,
    vmax: float | None = None,
    cmap: Any = "gray",
) -> Figure:
    """Draw images in a grid, without axes.

    Parameters
    ----------
    images : sequence of ndarray, (H, W) or (H, W, 3)
        Grayscale images use `cmap`; colour images are drawn as they are (uint8, or float in
        0…1).
    titles : sequence of str
        A title for each image.
    columns : int, optional
        Images in a row; by default all, four at the most.
    width : float
        Width of the figure in inches.
    vmin, vmax : float, optional
        Gray values drawn black and white; by default each image's own minimum and maximum, and
        0…255 for uint8 images.
    cmap : str or Colormap
        Colour map of grayscale images.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there is no image, or an array is not an image.
    """
    if not images:
        raise ValueError("images: expected one image or more, got none")
    for number, image in enumerate(images):
        drawable = image.size and image.dtype.kind in "biuf"
        if not drawable or (image.ndim != 2 and image.shape[2:] not in ((3,), (4,))):
            raise ValueError(
                f"images[{number}]: expected real numbers of shape H×W or H×W×3, got "
                f"{image.dtype} of shape {image.shape}"
            )
    across = min(columns or 4, len(images))
    down = -(-len(images) // across)
    tallest = max(image.shape[0] / image.shape[1] for image in images)
    figure, axes = plt.subplots(
        down,
        across,
        figsize=(width, down * (width / across * tallest + (0.3 if titles else 0.05))),
        squeeze=False,
    )
    for number, ax in enumerate(axes.flat):
        ax.set_axis_off()
        if number >= len(images):
            continue
        image = images[number]
        whole_range = image.dtype == np.uint8 and cmap == "gray"
        ax.imshow(
            image,
            cmap=cmap,
            vmin=0 if vmin is None and whole_range else vmin,
            vmax=255 if vmax is None and whole_range else vmax,
        )
        if number < len(titles):
            ax.set_title(titles[number])
    return figure


def show_array(
    array: NDArray[Any],
    title: str = "",
    *,
    ax: Axes | None = None,
    cmap: str = "Blues",
    highlight: Sequence[tuple[int, int]] = (),
    number_format: str = "g",
) -> Axes:
    """Draw a small 2-D array as a grid of cells with the numbers written in.

    Parameters
    ----------
    array : ndarray, (H, W)
        The numbers; up to about 12×12 stays legible.
    title : str
        A title above the grid.
    ax : Axes, optional
        Where to draw; by default a new figure.
    cmap : str
        Colour map of the cells; it is kept pale so that the numbers stay legible.
    highlight : sequence of (row, column)
        Cells to frame.
    number_format : str
        Format of the numbers, as in ``format``.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the array is not two-dimensional.
    """
    if array.ndim != 2:
        raise ValueError(f"array: expected two axes, got shape {array.shape}")
    rows, columns = array.shape
    if ax is None:
        _, ax = plt.subplots(figsize=(0.42 * columns + 0.3, 0.42 * rows + 0.5))
    low, high = float(array.min()), float(array.max())
    span = (high - low) or 1.0
    ax.imshow(array, cmap=cmap, vmin=low, vmax=high + 1.2 * span)
    for row in range(rows):
        for column in range(columns):
            text = format(array[row, column], number_format).replace("-", "−")
            ax.text(column, row, text, ha="center", va="center", fontsize=9, color="#10151c")
    ax.set_xticks(np.arange(-0.5, columns), labels=[])
    ax.set_yticks(np.arange(-0.5, rows), labels=[])
    ax.tick_params(length=0)
    ax.grid(color="white", linewidth=1.5)
    ax.set_axisbelow(False)
    ax.spines[:].set_visible(False)
    for row, column in highlight:
        frame = Rectangle(
            (column - 0.5, row - 0.5),
            1,
            1,
            fill=False,
            edgecolor="#c8541c",
            linewidth=2.5,
            zorder=4,
        )
        ax.add_patch(frame)
    ax.set_title(title)
    return ax
