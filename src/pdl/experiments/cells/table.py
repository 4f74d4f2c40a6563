"""The running table: every method of the book on three sets of images, from the records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from pdl.results import recorded_result
from pdl.viz import show_table


class Source(NamedTuple):
    """Where a method's scores on one set are recorded.

    Attributes
    ----------
    record : str
        The name of the result.
    prefix : str
        What goes before the names of its scores.
    """

    record: str
    prefix: str = ""


COLUMNS = {"drawn": "drawn", "hard": "drawn, hard", "nuclei": "real nuclei"}

SCORES = {
    "ap": ("AP at IoU 0.5…0.95", 2),
    "object_f1": ("object F1 at IoU 0.5", 2),
    "object_f1_90": ("object F1 at IoU 0.9", 2),
    "count_error": ("count error", 1),
    "seconds_per_image": ("seconds an image", 3),
}
"""By its name in the records, how each score is called and how many digits are shown."""


def _in_one_record(record: str, method: str) -> dict[str, Source]:
    prefixes = {"drawn": "", "hard": "hard_", "nuclei": "nuclei_"}
    return {column: Source(record, f"{prefix}{method}_") for column, prefix in prefixes.items()}


METHODS: dict[str, dict[str, Source]] = {
    "Otsu + watershed": _in_one_record("cells-classical", "classical"),
    "filter, Otsu + watershed": _in_one_record("cells-classical", "filtered"),
    "NumPy CNN": {
        "drawn": Source("numpy-cnn-cells"),
        "hard": Source("numpy-cnn-cells-hard"),
        "nuclei": Source("numpy-cnn-nuclei-trained"),
    },
    "NumPy CNN, trained on drawn": {
        "drawn": Source("numpy-cnn-cells"),
        "nuclei": Source("numpy-cnn-nuclei", "plain_"),
    },
}
"""The rows. Settings and weights are each set's own, unless the name says something else."""


def running_table(
    methods: Sequence[str] = tuple(METHODS), scores: Sequence[str] = tuple(SCORES)
) -> Any:
    """Show some methods on the three sets of the running problem: drawn, hard, real nuclei.

    Parameters
    ----------
    methods : sequence of str
        Some of ``METHODS``, in the order of the rows.
    scores : sequence of str
        Some of ``SCORES``; each has a block of rows.

    Returns
    -------
    object
        To be the last expression of a cell: HTML on a page, text in a console. What was not
        measured is a dash.

    Raises
    ------
    ValueError
        If there is no such method or score.
    """
    for name, chosen, known in (("methods", methods, METHODS), ("scores", scores, SCORES)):
        if unknown := [each for each in chosen if each not in known]:
            raise ValueError(f"{name}: no {unknown[0]!r}; there are: {', '.join(known)}")
    blocks = {
        SCORES[score][0]: {
            method: [recorded_cell(METHODS[method].get(column), score) for column in COLUMNS]
            for method in methods
        }
        for score in scores
    }
    return show_table(list(COLUMNS.values()), blocks)


def recorded_cell(source: Source | None, score: str) -> str:
    """A score as the table shows it, ``0.52 [0.49, 0.55]``; a dash where there is none."""
    if source is None:
        return "–"
    record = recorded_result(source.record)
    key, digits = source.prefix + score, SCORES[score][1]
    if key not in record["metrics"]:
        return "–"
    value = f"{record['metrics'][key]:.{digits}f}"
    if key not in record["intervals"]:
        return value
    low, high = record["intervals"][key]
    return f"{value} [{low:.{digits}f}, {high:.{digits}f}]"
