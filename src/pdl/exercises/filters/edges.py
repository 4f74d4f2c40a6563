"""Edges: their angle, and hysteresis along a line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pdl._arrays import Array
from pdl.filters import hysteresis, sobel

from ..checking.cases import Case, expect_cases
from ..checking.compare import Mismatch, as_array, expect_close, expect_dtype, expect_shape
from ..checking.engine import Exercise

edge_angle = Exercise(
    "filters.edge_angle", unlocks="You can now measure the slant of a line in a picture."
)


def _half_plane(angle: float, contrast: float = 100.0) -> Array:
    """A soft edge at an angle in degrees, counter-clockwise from the right; bright on its left."""
    row, column = np.mgrid[-12:13, -12:13]
    radians = np.radians(angle)
    beyond = -np.sin(radians) * column + np.cos(radians) * -row
    image: Array = contrast / (1 + np.exp(-beyond / 1.5))
    return image


def _same_line(one: float, other: float, within: float = 1e-3) -> bool:
    """Whether two lines without a sense of direction have the same angle, in degrees."""
    return abs((one - other + 90) % 180 - 90) < within


def _edges_at_the_strongest(image: Array) -> list[float]:
    """The edge's angle at each pixel whose magnitude is the largest, up to rounding."""
    g = sobel(image)
    strongest = g.magnitude > (1 - 1e-6) * g.magnitude.max()
    return [float(each) for each in (np.degrees(g.direction[strongest]) + 90) % 180]


_ANGLE_RULES: tuple[tuple[Callable[[float, float], bool], str], ...] = (
    (
        _same_line,
        "The right line, but give its angle in [0, 180): the remainder after 180.",
    ),
    (lambda got, truth: _same_line(np.degrees(got), truth), "That is in radians."),
    (
        lambda got, truth: _same_line(got, truth + 90),
        "That is where the gradient points; the edge runs across it.",
    ),
    (
        lambda got, truth: _same_line(got, -truth),
        "Mirrored: does your y grow upwards, and does arctan2 get y first?",
    ),
    (
        lambda got, truth: _same_line(got, 90 - truth),
        "Mirrored, or the arguments of arctan2 are exchanged: it takes y first.",
    ),
    (
        lambda got, truth: got.is_integer() and _same_line(got, truth, 1),
        "The angle was rounded: give it as it is.",
    ),
)
"""What an answer says of an edge, if it makes a known mistake; the first that fits is named."""


def _expect_angles(answer: Any, cases: Sequence[tuple[str, Array]]) -> None:
    wrong, pairs = "", []
    for what, image in cases:
        got = as_array(answer(image), "a number")
        if got.shape != ():
            raise Mismatch(f"{what}: expected a number, got shape {got.shape}")
        value, angles = float(got), _edges_at_the_strongest(image)
        truth = next((each for each in angles if _same_line(value, each)), angles[0])
        pairs.append((value, truth))
        if not (wrong or (0 <= value < 180 and _same_line(value, truth))):
            wrong = f"{what}: expected {truth:.2f}, got {value:.2f}"
    if wrong:
        fits = (hint for rule, hint in _ANGLE_RULES if all(rule(*pair) for pair in pairs))
        raise Mismatch(wrong, next(fits, ""))


@edge_angle.group("shape")
def _(answer: Any) -> str:
    expect_shape(answer(_half_plane(30.0)), ())
    return "one number"


@edge_angle.group("values")
def _(answer: Any) -> None:
    angles = (30, 75, 110, 160)
    _expect_angles(answer, [(f"an edge at about {a} degrees", _half_plane(a)) for a in angles])


@edge_angle.group("edge cases")
def _(answer: Any) -> None:
    # The window keeps both edges off the border; of |x| + |y| the slanted one has more.
    window = np.outer(np.hanning(25), np.hanning(25))
    strong = np.vstack([window * _half_plane(45.0, 85.0), window * _half_plane(95.0)])
    cases = [
        ("an edge at about 30 degrees, dark side exchanged", _half_plane(210.0)),
        ("a vertical edge", _half_plane(90.0)),
        ("a horizontal edge", _half_plane(0.0)),
        ("a horizontal edge, dark side exchanged", _half_plane(0.0)[::-1].copy()),
        ("a uint8 image", np.rint(_half_plane(120.0, 250.0)).astype(np.uint8)),
        ("two edges, of which the stronger counts", strong),
    ]
    for case in cases:
        _expect_angles(answer, [case])


link = Exercise(
    "filters.link", unlocks="You can now keep a faint line whole without keeping the noise."
)


def _linked(strength: Array, low: float, high: float) -> Array:
    return hysteresis(strength[None].astype(np.float64), low, high)[0]


def _grown_once(strength: Array, low: float, high: float) -> Array:
    strong = np.pad(strength >= high, 1)
    return (strength >= low) & (strong[:-2] | strong[1:-1] | strong[2:])


@link.group("shape")
def _(answer: Any) -> str:
    strength = np.array([0.0, 3.0, 8.0, 3.0, 0.0, 3.0])
    expect_shape(answer(strength, 2, 6), (6,))
    return "(6,), " + expect_dtype(answer(strength, 2, 6), np.bool_, "Return True and False.")


def _link_case(strength: Array, low: float, high: float) -> Case:
    left_to_right = np.zeros(len(strength), dtype=bool)
    for i, value in enumerate(strength):
        before = i > 0 and left_to_right[i - 1]
        left_to_right[i] = value >= high or (value >= low and before)
    mistakes = [
        (strength >= high, "Only the high threshold was used."),
        (strength >= low, "Only the low one was used: runs that never reach high stay."),
        (_grown_once(strength, low, high), "It grew by one step; go on until it stops."),
        (left_to_right, "It grew to the right only; an edge goes on in both directions."),
    ]
    # The strengths are whole numbers: strictly above a threshold is half a number above it.
    for more_low, more_high in ((0.5, 0.5), (0.5, 0), (0, 0.5)):
        above = _linked(strength, low + more_low, high + more_high)
        mistakes.append((above, "The thresholds themselves count."))
    what = f"strength {strength.astype(int).tolist()}, low {low:g}, high {high:g}"
    return Case(what, (strength, low, high), _linked(strength, low, high), mistakes)


@link.group("values")
def _(answer: Any) -> None:
    rng = np.random.default_rng(0)
    thresholds = [(3.0, 8.0)] * 10 + [(2.0, 9.0), (5.0, 7.0)] * 3
    cases = [
        _link_case(rng.integers(0, 10, 40).astype(float), low, high) for low, high in thresholds
    ]
    expect_cases(answer, cases)


@link.group("edge cases")
def _(answer: Any) -> None:
    for what, strength in [
        ("nothing reaches the high threshold", [5.0, 5, 5]),
        ("values that equal the thresholds", [3.0, 9, 3, 2]),
        ("a run that ends with the array", [0.0, 9, 3, 4, 5]),
        ("one value", [9.0]),
    ]:
        line = np.array(strength)
        expect_close(answer(line, 3.0, 9.0), _linked(line, 3.0, 9.0), what=what)
    small = np.array([0.1, 0.35, 0.75, 0.3, 0.2, 0.4])
    expect_close(answer(small, 0.3, 0.7), _linked(small, 0.3, 0.7), what="strengths below 1")
    large = np.array([40.0, 260, 300, 500, 20, 300])
    expect_close(answer(large, 250.0, 480.0), _linked(large, 250.0, 480.0), what="large strengths")
    long = np.full(400, 5.0)
    for end in (0, -1):
        long[end] = 9.0
        expect_close(answer(long, 3.0, 9.0), long > 0, what="a run of 400 places")
        long[end] = 5.0
