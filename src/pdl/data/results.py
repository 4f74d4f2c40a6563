"""Results that were recorded once and are shown as they were: measured times above all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parents[3] / "data" / "results"


def recorded_result(name: str) -> dict[str, Any]:
    """Read a recorded result.

    Parameters
    ----------
    name : str
        The result's name, for instance ``"convolution-speed"``.

    Returns
    -------
    dict
        What ``data/results/NAME.json`` holds: ``metrics``, ``hardware``, ``command`` and more.

    Raises
    ------
    ValueError
        If there is no such result.
    """
    path = RESULTS / f"{name}.json"
    if not path.is_file():
        known = ", ".join(sorted(each.stem for each in RESULTS.glob("*.json"))) or "none"
        raise ValueError(f"name: no recorded result {name!r} in {RESULTS}; there are: {known}")
    found: dict[str, Any] = json.loads(path.read_text("utf8"))
    return found
