"""A number of a recorded result that stands in an alt text is the record's.

An alt text is plain text in the chapter's source: nothing fills it in when a result is recorded
anew, so it is compared here.
"""

from __future__ import annotations

import jupytext
import numpy as np
import pytest
from paths import CHAPTERS

from pdl.results import recorded_result

DIGITS = ("zeros", "ones", "twos", "threes", "fours", "fives", "sixes", "sevens", "eights", "nines")


def listed(numbers: list[float]) -> str:
    """As in "0.8, 3.0 and 1.9": two digits, or all before the point."""
    words = [f"{each:.1f}" if each < 10 else f"{each:.0f}" for each in numbers]
    return ", ".join(words[:-1]) + " and " + words[-1]


def percent(shares: object) -> np.ndarray:
    """Mean over the seeds, which are the last axis."""
    return 100 * np.asarray(shares, dtype=float).mean(axis=-1)


def layers_speed() -> list[str]:
    rows = recorded_result("layers-speed")["measurements"]
    seconds = {(row["size"], row["method"]): row["seconds"] for row in rows}
    sizes = list(dict.fromkeys(row["size"] for row in rows))
    loops, scipy, fast = (
        listed([seconds[size, method] / seconds[size, "pytorch"] for size in sizes])
        for method in ("loops", "scipy", "fast")
    )
    return [f"loops take {loops} times", f"SciPy {scipy} times", f"our fast version {fast} times"]


def mnist_mistakes() -> list[str]:
    counts = np.array(recorded_result("numpy-cnn-mnist")["confusion"]["counts"])
    np.fill_diagonal(counts, 0)
    truth, answer = np.unravel_index(counts.argmax(), counts.shape)
    return [f"the largest, {counts.max()}, are {DIGITS[truth]} read as {DIGITS[answer]}"]


def mnist_sweeps() -> list[str]:
    table = recorded_result("mnist-settings")["initialization"]
    means = dict(zip(table["values"], percent(table["accuracy"]), strict=True))
    others = [mean for rule, mean in means.items() if rule not in ("N(0, 1)", "zeros")]
    return [
        f"N(0, 1) at {means['N(0, 1)']:.0f} percent",
        f"the others at {min(others):.0f} to {max(others):.0f}",
    ]


def mnist_switches() -> list[str]:
    record = recorded_result("mnist-settings")
    dropped = 100 * np.array(record["dropout"]["accuracy"], dtype=float)
    assert record["dropout"]["values"][int(percent(record["dropout"]["accuracy"]).argmax())] == 0.5
    norm = record["batch_norm"]
    off, on = percent(norm["off"]), percent(norm["on"])
    assert norm["rates"][2:] == [0.01, 0.03, 0.1] and np.allclose([*off[:3], *on[:3]], 97, atol=1)
    return [
        f"between {dropped.min():.0f} and {dropped.max():.1f} percent, highest at one half",
        f"falls to {off[3]:.0f} percent at 0.03 and {off[4]:.0f} at 0.1",
        f"with it to {on[3]:.0f} and {on[4]:.0f}",
    ]


ALT_TEXTS = {
    cell.metadata["mystnb"]["figure"]["name"]: cell.metadata["mystnb"]["image"]["alt"]
    for path in sorted(CHAPTERS.glob("*.md"))
    for cell in jupytext.read(path).cells
    if "figure" in cell.metadata.get("mystnb", {})
}
RECORDED = {
    "fig-back-speed": layers_speed,
    "fig-back-mnist": mnist_mistakes,
    "fig-training-sweeps": mnist_sweeps,
    "fig-training-switches": mnist_switches,
}


@pytest.mark.parametrize("figure", RECORDED)
def test_an_alt_text_has_the_numbers_of_the_record(figure: str) -> None:
    for words in RECORDED[figure]():
        assert words in ALT_TEXTS[figure]
