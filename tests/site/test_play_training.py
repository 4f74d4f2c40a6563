"""The playable figures of the chapters on training and on augmentation.

Each runs in Chromium, opened from disk, and what it computes is compared with NumPy and with
pdl.augmentation.
"""

from __future__ import annotations

import base64
import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from numpy.typing import NDArray
from playwright.sync_api import Browser, Locator, Page, expect
from skimage import draw, measure

from pdl import augmentation

# Data made up for the tests: a sweep of nine learning rates, 40 steps and five seeds. The loss
# falls faster with a higher rate; at 1 it rises until it is no number, at 10 it is none at once.
RATES = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 1.0, 10.0]
STEPS = list(range(0, 400, 10))
BEST = 5
_rng = np.random.default_rng(7)
CURVES: list[list[float | None]] = [
    [round(float(value), 4) for value in 0.03 + 2.27 * np.exp(-12 * rate * np.array(STEPS))]
    for rate in RATES[:7]
]
CURVES[6][-1] = 0.05  # goes up at the end
CURVES.append([float(2.3 * 9.0**n) if n < 7 else None for n in range(40)])
CURVES.append([None] * 40)
_means = [0.62, 0.84, 0.92, 0.951, 0.967, 0.973, 0.971, 0.1, 0.1]
_spread = [0.02, 0.01, 0.005, 0.003, 0.002, 0.002, 0.004, 0.0, 0.0]
ACCURACY: list[list[float | None]] = [
    [round(float(value), 3) for value in mean + spread * _rng.uniform(-1, 1, 5)]
    for mean, spread in zip(_means, _spread, strict=True)
]
ACCURACY[8][3:] = [None, None]

# Four objects on an image of colour gradients: two ellipses, a polygon, a small disc at the border.
HEIGHT, WIDTH = 90, 120


def _objects() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    image = np.stack([225 - rows // 3, 190 + 0 * rows, 200 + columns // 4], axis=2).astype(np.uint8)
    labels = np.zeros((HEIGHT, WIDTH), dtype=np.int64)
    shapes = [
        draw.ellipse(30, 35, 14, 24, rotation=0.6),
        draw.ellipse(62, 85, 20, 13, rotation=0.3),
        draw.polygon([15, 22, 40, 28], [80, 104, 88, 70]),
        draw.disk((80, 10), 8),
    ]
    colors = [(190, 60, 80), (90, 50, 130), (200, 90, 90), (120, 70, 150)]
    for label, (shape, color) in enumerate(zip(shapes, colors, strict=True), start=1):
        image[shape], labels[shape] = color, label
    image += np.random.default_rng(3).integers(0, 20, image.shape).astype(np.uint8)
    return image, labels


IMAGE, LABELS = _objects()
BOXES = augmentation.boxes_of_labels(LABELS)
OUTLINES = [
    measure.find_contours(np.equal(LABELS, label), 0.5)[0][:-1, ::-1] for label in range(1, 5)
]
CLASSES = ["RBC", "WBC", "RBC", "Platelets"]

FIGURE_DATA: dict[str, dict[str, Any]] = {
    "rates": {
        "rates": RATES,
        "steps": STEPS,
        "curves": CURVES,
        "accuracy": ACCURACY,
        "start": 2,
        "chance": 0.1,
    },
    "augment": {
        "image": {
            "height": HEIGHT,
            "width": WIDTH,
            "pixels": base64.b64encode(IMAGE.tobytes()).decode(),
        },
        "outlines": [outline.tolist() for outline in OUTLINES],
        "boxes": BOXES.tolist(),
        "classes": CLASSES,
    },
}


def _figure(page: Page, name: str) -> Locator:
    return page.get_by_role("group", name=f"What {name} shows")


def _math(page: Page, function: str, *arguments: Any) -> Any:
    """Call pdlPlay.math.FUNCTION with arguments that JSON can carry."""
    values = [a.tolist() if isinstance(a, np.ndarray) else a for a in arguments]
    return page.evaluate(f"(values) => window.pdlPlay.math.{function}(...values)", values)


def _set(figure: Locator, name: str, steps: int) -> None:
    """Move a slider by that many steps with the keyboard."""
    slider = figure.get_by_role("slider", name=name)
    for _ in range(abs(steps)):
        slider.press("ArrowRight" if steps > 0 else "ArrowLeft")


# The mathematics of the learning rates


def test_summaries_and_ranking_equal_numpy(calculator: Page) -> None:
    for seeds in [*ACCURACY, [0.0, 0.5, None]]:
        found = _math(calculator, "summary", seeds)
        values = np.array([value for value in seeds if value is not None])
        assert found["mean"] == pytest.approx(values.mean())
        assert (found["low"], found["high"]) == (values.min(), values.max())
        assert found["count"] == values.size
    means = [np.mean([v for v in seeds if v is not None]) for seeds in ACCURACY]
    ranking = _math(calculator, "ranking", [*ACCURACY, [None, None]])
    assert ranking == np.argsort(-np.array(means), kind="stable").tolist()
    assert ranking[0] == BEST


def test_finite_steps(calculator: Page) -> None:
    assert [_math(calculator, "finiteSteps", curve) for curve in CURVES] == [40] * 7 + [7, 0]


@pytest.mark.parametrize(
    ("low", "high", "count"), [(0, 1, 6), (0.947, 0.977, 6), (0, 390, 5), (-3, 4, 7), (5, 1e6, 4)]
)
def test_linear_ticks_are_round_and_inside(
    calculator: Page, low: float, high: float, count: int
) -> None:
    ticks = np.array(_math(calculator, "ticks", low, high, count))
    steps = np.diff(ticks)
    np.testing.assert_allclose(steps, steps[0])
    mantissa = steps[0] / 10 ** np.floor(np.log10(steps[0]) + 1e-9)
    assert round(float(mantissa), 6) in (1, 2, 5)
    np.testing.assert_allclose(np.round(ticks / steps[0]) * steps[0], ticks, atol=1e-12)
    # All that are inside, and not too few.
    assert low - 1e-9 <= ticks[0] < low + steps[0]
    assert high - steps[0] < ticks[-1] <= high + 1e-9
    assert count / 3 <= len(ticks) <= count + 1


def test_logarithmic_ticks(calculator: Page) -> None:
    def ticks(*arguments: float) -> list[float]:
        found: list[float] = _math(calculator, "logTicks", *arguments)
        return found

    assert ticks(0.0001, 10, 8) == [0.0001, 0.001, 0.01, 0.1, 1, 10]
    assert ticks(0.0001, 10, 3) == [0.0001, 0.01, 1]
    assert ticks(0.03, 3, 6) == [0.05, 0.1, 0.2, 0.5, 1, 2]
    assert ticks(0.02, 0.02, 6) == [0.02]


# The figure of the learning rates


def test_rates_by_keyboard(page: Page) -> None:
    figure = _figure(page, "rates")
    best = f"{100 * np.mean(np.array(ACCURACY[BEST], dtype=float)):.1f} %, at 0.03, from"
    slider = figure.get_by_role("slider", name="Learning rate")
    loss, accuracy = figure.locator("[data-role=loss]"), figure.locator("[data-role=accuracy]")
    for index in [2, *range(3, 9)]:
        expect(slider).to_have_attribute("aria-valuetext", f"{RATES[index]:g}")
        expect(loss).to_contain_text(f"Learning rate {RATES[index]:g}:")
        values = np.array([v for v in ACCURACY[index] if v is not None])
        expect(accuracy).to_contain_text(
            f"mean of {values.size} seeds: {100 * values.mean():.1f} %"
        )
        if index < 7:
            curve = np.array(CURVES[index], dtype=float)
            expect(loss).to_contain_text(f"from {curve[0]:.3g} at step 0 to {curve[-1]:.3g}")
            expect(accuracy).to_contain_text(
                f", from {100 * values.min():.1f} to {100 * values.max():.1f} %"
            )
            expect(accuracy).to_contain_text(f"the ranges {_overlap(index)}.")
            drawn = figure.locator("svg[role=img] .play-rates-line").get_attribute("d") or ""
            _same_curve(drawn, curve)
        slider.press("ArrowRight")
    expect(loss).to_contain_text("no number from the first on: it diverged at once")
    expect(accuracy).to_contain_text(f"all of them; 2 without one. The highest mean is {best}")

    slider.press("ArrowLeft")
    expect(loss).to_contain_text("then it diverges: from step 70 on it is no number.")
    slider.press("ArrowLeft")
    expect(loss).to_contain_text("; its lowest is 0.03 at step ")
    expect(accuracy).to_contain_text(f"The highest mean is {best}")
    expect(accuracy).to_contain_text("the ranges overlap.")
    slider.press("ArrowLeft")
    second = np.mean(np.array(ACCURACY[BEST + 1], dtype=float))
    expect(accuracy).to_contain_text(
        f"No mean is higher; the next is {100 * second:.1f} %, at 0.1,"
    )
    expect(accuracy).to_contain_text("the ranges overlap.")


def _overlap(index: int) -> str:
    """Whether the seeds' range meets that of the best other rate."""
    one, other = (
        [v for v in ACCURACY[i] if v is not None]
        for i in (index, BEST + 1 if index == BEST else BEST)
    )
    return "overlap" if min(one) <= max(other) and min(other) <= max(one) else "do not overlap"


def _same_curve(path: str, curve: NDArray[np.float64]) -> None:
    """See that the path's heights are the losses, on a logarithmic axis."""
    points = np.array([[float(v) for v in pair.split()] for pair in path[1:].split("L")])
    assert len(points) == len(curve)
    slope, offset = np.polyfit(np.log(curve), points[:, 1], 1)
    assert slope < -10
    np.testing.assert_allclose(slope * np.log(curve) + offset, points[:, 1], atol=0.11)
    np.testing.assert_allclose(np.diff(points[:, 0]), np.ptp(points[:, 0]) / 39, atol=0.11)


def test_seeds_are_drawn(page: Page) -> None:
    figure = _figure(page, "rates")
    plot = figure.get_by_role("img", name="Accuracy for 9 learning rates, 0.0")
    chosen, others = plot.locator("circle.play-dot"), plot.locator("circle.play-rates-seed")
    expect(chosen).to_have_count(5)
    expect(others).to_have_count(8 * 5 - 2)
    expect(plot.locator(".play-best")).to_have_count(1)
    lines = figure.get_by_role("img", name="Loss for 9 learning rates, 0.001 marked")
    expect(lines.locator(".play-rates-other")).to_have_count(7)
    expect(lines.locator(".play-rates-line")).to_have_count(1)
    expect(lines.locator(".play-rates-end")).to_have_count(1)

    # The heights are the accuracies; the enlarged axis leaves no seed of the best rates out.
    def heights() -> list[float]:
        found = chosen.evaluate_all("dots => dots.map(dot => +dot.getAttribute('cy'))")
        return [float(y) for y in found]

    for enlarged in (False, True):
        if enlarged:
            _set(figure, "Learning rate", BEST - 2)
            figure.get_by_label("enlarge the accuracies").press("Space")
        values = np.array(ACCURACY[BEST if enlarged else 2], dtype=float)
        slope, offset = np.polyfit(values, heights(), 1)
        np.testing.assert_allclose(slope * values + offset, heights(), atol=1e-6)
        # From 0 to 1 the axis has 200 pixels; enlarged, the same for a few hundredths.
        assert -slope > 200 / 0.08 if enlarged else -slope == pytest.approx(200)
    means = [np.mean([v for v in seeds if v is not None]) for seeds in ACCURACY]
    near = [i for i, mean in enumerate(means) if mean >= means[BEST] - 0.05]
    expect(others).to_have_count(5 * (len(near) - 1))
    expect(plot.locator("path.play-rates-seed")).to_have_count(5 * (9 - len(near)) - 2)
    ticks = plot.locator("text").all_text_contents()
    assert "97.0 %" in ticks


BAD_RATES: list[tuple[str, Any, str]] = [
    ("rates", [0.1], "rates: expected two or more numbers, got [0.1]"),
    ("rates", [0.1, 0.1, 0.3], "rates[1]: expected more than the one before, got 0.1"),
    ("rates", [0, *RATES[1:]], "rates[0]: expected a number above 0, got 0"),
    ("steps", STEPS[:5], "curves[0]: expected 5 losses, one for each step, got 40"),
    ("curves", CURVES[:4], "curves: expected 9 lists, one for each rate, got 4"),
    ("curves", [[-1.0] * 40, *CURVES[1:]], "curves[0][0]: expected a loss of 0 or more, or null"),
    ("curves", [[None] * 39 + [2.0], *CURVES[1:]], "curves[0][39]: expected null, as before it"),
    ("curves", [[None] * 40] * 9, "curves: expected some first loss above 0"),
    ("accuracy", ACCURACY[1:], "accuracy: expected 9 lists, one for each rate, got 8"),
    ("accuracy", [[97.2], *ACCURACY[1:]], "accuracy[0]: expected one seed or more, each from 0 to"),
    ("accuracy", [[], *ACCURACY[1:]], "accuracy[0]: expected one seed or more"),
    ("start", 9, "start: expected an index from 0 to 8, got 9"),
    ("chance", 10, "chance: expected a number from 0 to 1, got 10"),
]
BAD_AUGMENT: list[tuple[str, Any, str]] = [
    ("image", [[[0, 0]]], "image: expected H×W×3 or H×W values, got"),
    ("image", [[1, 2], [3]], "image: expected H×W×3 or H×W values, got"),
    ("image", [[0.5, 1]], "image: expected whole numbers from 0 to 255, got 0.5"),
    ("image", [[[0, 0, 256]]], "image: expected whole numbers from 0 to 255, got 256"),
    ("boxes", [], "boxes: expected one box or more"),
    ("boxes", [[5, 1, 2, 9], *BOXES[1:].tolist()], "boxes[0]: expected [x_min, y_min, x_max,"),
    ("boxes", [*BOXES[:3].tolist(), [1, 2, 3]], "boxes[3]: expected [x_min, y_min, x_max, y_max]"),
    ("outlines", [[[0, 0], [1, 1], [2, 0]]], "outlines: expected 4, one for each box, got 1"),
    ("outlines", [[[0, 0], [1, 1]]] * 4, "outlines[0]: expected three points [x, y] or more"),
    ("outlines", [[[0, 0], [1, 1], [2]]] * 4, "outlines[0]: expected three points [x, y] or more"),
    ("classes", ["RBC"], "classes: expected 4, one for each box, got 1"),
]


def test_bad_data_is_refused_with_words(calculator: Page) -> None:
    cases = [("rates", case) for case in BAD_RATES] + [("augment", case) for case in BAD_AUGMENT]
    for name, (argument, value, words) in cases:
        data = copy.deepcopy(FIGURE_DATA[name]) | {argument: value}
        message = calculator.evaluate(
            """([name, data]) => {
              try { window.pdlPlay.figures[name](document.createElement("div"), data); }
              catch (error) { return error.message; }
              return "accepted";
            }""",
            [name, data],
        )
        assert message.startswith(f"{name}: {words}"), (argument, value)


def test_the_still_image_stays_where_data_are_bad(
    browser: Browser, tmp_path: Path, write_page: Callable[..., str]
) -> None:
    bad = {
        "rates": FIGURE_DATA["rates"] | {"start": -1},
        "augment": FIGURE_DATA["augment"] | {"classes": []},
    }
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(write_page(tmp_path / "index.html", bad))
    page.wait_for_load_state("networkidle")
    expect(page.locator(".play-still")).to_have_count(2)
    expect(page.locator(".play-figure")).to_have_count(0)
    assert sorted(text.split(": expected")[0] for text in complaints) == [
        "Error: augment: classes",
        "Error: rates: start",
    ]
    page.close()


# The mathematics of the augmentation

MOVES: list[dict[str, Any]] = [
    {"flips": [False, False], "scale": 1, "rotation": 0, "shift": [0, 0]},
    {"flips": [False, False], "scale": 1, "rotation": 0, "shift": [25, -13]},
    {"flips": [False, False], "scale": 1, "rotation": 90, "shift": [0, 0]},
    {"flips": [True, False], "scale": 1, "rotation": 0, "shift": [0, 0]},
    {"flips": [False, True], "scale": 0.5, "rotation": -180, "shift": [3, 2]},
    {"flips": [False, False], "scale": 1.4, "rotation": 35, "shift": [0, 0]},
    {"flips": [True, False], "scale": 0.85, "rotation": -70, "shift": [18, 9]},
    {"flips": [True, True], "scale": 2, "rotation": 145, "shift": [-40, 21]},
    {"flips": [False, False], "scale": 0.5, "rotation": 20, "shift": [60, 45]},
]


def _matrix(move: dict[str, Any], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """The same move from pdl.augmentation: flips, then scale, turn, shift."""
    centre = augmentation.image_centre(shape)
    matrix = np.eye(3)
    if move["flips"][0]:
        matrix = augmentation.flip_horizontal(shape[1]) @ matrix
    if move["flips"][1]:
        matrix = augmentation.flip_vertical(shape[0]) @ matrix
    matrix = augmentation.scaling(move["scale"], centre) @ matrix
    matrix = augmentation.rotation(move["rotation"], centre) @ matrix
    return np.asarray(augmentation.translation(*move["shift"]) @ matrix)


def _numpy_boxes(
    boxes: NDArray[np.float64], matrix: NDArray[np.float64], shape: tuple[int, ...]
) -> tuple[NDArray[np.float64], list[int]]:
    """Boxes around the four moved corners, clipped; written out, apart from our own package."""
    moved, kept = [], []
    for number, (left, top, right, bottom) in enumerate(boxes):
        corners = matrix @ [[left, left, right, right], [top, bottom, top, bottom], [1, 1, 1, 1]]
        x = np.clip([corners[0].min(), corners[0].max()], -0.5, shape[1] - 0.5)
        y = np.clip([corners[1].min(), corners[1].max()], -0.5, shape[0] - 0.5)
        if np.ptp(x) * np.ptp(y) > 0:
            kept.append(number)
            moved.append([x[0], y[0], x[1], y[1]])
    return np.reshape(moved, (-1, 4)), kept


@pytest.mark.parametrize("move", MOVES)
def test_the_move_equals_ours(calculator: Page, move: dict[str, Any]) -> None:
    found = _math(calculator, "move", move, WIDTH, HEIGHT)
    matrix = _matrix(move, (HEIGHT, WIDTH))
    np.testing.assert_allclose(found, matrix[:2], atol=1e-11)
    np.testing.assert_allclose(
        _math(calculator, "inverse", found), np.linalg.inv(matrix)[:2], atol=1e-11
    )
    points = np.random.default_rng(0).uniform(-20, 130, (8, 2))
    np.testing.assert_allclose(
        _math(calculator, "movePoints", points, found),
        augmentation.warp_points(points, matrix),
        atol=1e-10,
    )


def test_a_positive_turn_is_counter_clockwise_on_the_screen(calculator: Page) -> None:
    move = {"flips": [False, False], "scale": 1, "rotation": 90, "shift": [0, 0]}
    matrix = _math(calculator, "move", move, 11, 11)
    assert _math(calculator, "movePoints", [[7, 5]], matrix) == [[5, 3]]  # from the right, up


@pytest.mark.parametrize("move", MOVES)
def test_boxes_equal_numpy_and_ours(calculator: Page, move: dict[str, Any]) -> None:
    matrix = _matrix(move, (HEIGHT, WIDTH))
    rng = np.random.default_rng(5)
    low = rng.uniform([-0.5, -0.5], [WIDTH - 20, HEIGHT - 20], (20, 2))
    boxes = np.concatenate([BOXES, np.hstack([low, low + rng.uniform(1, 19, (20, 2))])])
    found = _math(calculator, "moveBoxes", boxes, matrix[:2], WIDTH, HEIGHT)
    ours = augmentation.warp_boxes(boxes, matrix, (HEIGHT, WIDTH))
    expected, kept = _numpy_boxes(boxes, matrix, (HEIGHT, WIDTH))
    assert found["kept"] == kept == ours.kept.tolist()
    np.testing.assert_allclose(np.reshape(found["boxes"], (-1, 4)), expected, atol=1e-10)
    np.testing.assert_allclose(expected, ours.boxes, atol=1e-10)
    areas = [_math(calculator, "boxArea", box) for box in found["boxes"]]
    np.testing.assert_allclose(areas, augmentation.box_areas(ours.boxes), atol=1e-9)


def test_some_boxes_leave() -> None:
    """The moves above must test what is kept and what is not."""
    counts = {len(_numpy_boxes(BOXES, _matrix(m, LABELS.shape), LABELS.shape)[1]) for m in MOVES}
    assert counts >= {2, 3, 4}


@pytest.mark.parametrize("boundary", ["zero", "nearest", "reflect", "wrap"])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_moved_image_equals_ours(calculator: Page, boundary: str, channels: int) -> None:
    image = np.random.default_rng(2).uniform(0, 255, (9, 14, channels))
    for move in MOVES:
        move = move | {"shift": [n // 4 for n in move["shift"]]}
        matrix = _matrix(move, image.shape)
        found = _math(calculator, "warp", image.ravel(), 14, 9, matrix[:2], boundary)
        expected = augmentation.warp_image(image, matrix, boundary=boundary)
        np.testing.assert_allclose(np.reshape(found, image.shape), expected, atol=1e-8)


def test_clipped_outlines_equal_counted_pixels(calculator: Page) -> None:
    """The area of what is left of an outline, against counting points spread evenly."""
    fine = 4
    rows, columns = np.mgrid[: HEIGHT * fine, : WIDTH * fine]
    corners = np.column_stack([columns.ravel(), rows.ravel()])
    spread = np.random.default_rng(4).uniform(0, 1, corners.shape)  # none along an edge
    centres = (corners + spread) / fine - 0.5
    gone = 0
    for move in MOVES[4:]:
        matrix = _matrix(move, (HEIGHT, WIDTH))
        for outline in OUTLINES:
            moved = augmentation.warp_points(outline, matrix)
            left = _math(calculator, "clipPolygon", moved, WIDTH, HEIGHT)
            inside = centres[measure.points_in_poly(centres, moved)]
            if not len(inside):
                gone += 1
                assert left == []
                continue
            area = _math(calculator, "polygonArea", left)
            assert area == pytest.approx(len(inside) / fine**2, rel=0.01, abs=2)
            bounds = [*inside.min(axis=0), *inside.max(axis=0)]
            np.testing.assert_allclose(_math(calculator, "bounds", left), bounds, atol=0.5)
    assert gone >= 2


def test_iou(calculator: Page) -> None:
    for one, other, expected in [
        ([0, 0, 4, 2], [0, 0, 4, 2], 1),
        ([0, 0, 4, 2], [2, 1, 6, 3], 2 / 14),
        ([0, 0, 4, 2], [5, 0, 6, 2], 0),
        ([0, 0, 4, 2], [5, 5, 6, 6], 0),
    ]:
        assert _math(calculator, "boxIou", one, other) == pytest.approx(expected)


def test_noise_is_normal_and_always_the_same(calculator: Page) -> None:
    values = np.array(_math(calculator, "normals", 40_000))
    assert values.tolist() == _math(calculator, "normals", 40_000)
    assert values.mean() == pytest.approx(0, abs=0.02)
    assert values.std() == pytest.approx(1, abs=0.02)
    assert np.mean(np.abs(values) < 1) == pytest.approx(0.6827, abs=0.01)
    for lag in (1, 3, WIDTH * 3):
        assert np.mean(values[lag:] * values[:-lag]) == pytest.approx(0, abs=0.03)


# The figure of the augmentation


def _canvas(canvas: Locator) -> NDArray[np.int64]:
    """Read the image that a canvas shows: one colour for each image pixel, shape (H, W, 3)."""
    values = canvas.evaluate(
        """(canvas, [width, height]) => {
          const copy = new OffscreenCanvas(canvas.width, canvas.height);
          const context = copy.getContext("2d", { willReadFrequently: true });
          context.drawImage(canvas, 0, 0);
          const { data } = context.getImageData(0, 0, copy.width, copy.height);
          const scale = canvas.width / width;
          return Array.from({ length: width * height }, (_, i) => {
            const [r, c] = [Math.floor(i / width), i % width]
              .map((n) => Math.floor((n + 0.5) * scale));
            const start = 4 * (r * canvas.width + c);
            return Array.from(data.subarray(start, start + 3));
          });
        }""",
        [WIDTH, HEIGHT],
    )
    return np.array(values).reshape(HEIGHT, WIDTH, 3)


def _drawn_boxes(figure: Locator, name: str) -> NDArray[np.float64]:
    """The boxes drawn over the image, in its pixels."""
    path = figure.locator(f".play-over .play-{name}")
    wide = figure.locator("canvas").evaluate("canvas => canvas.clientWidth")
    text = path.get_attribute("d") or ""
    boxes = []
    for part in filter(None, text.split("M")):
        points = np.array([[float(v) for v in p.split()] for p in part.rstrip("Z").split("L")])
        boxes.append([*points.min(axis=0), *points.max(axis=0)])
    return np.reshape(boxes, (-1, 4)) * WIDTH / wide - 0.5


def _iou(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    sides = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    both = float(np.prod(np.maximum(sides, 0)))
    return both / float(np.sum(augmentation.box_areas([one, other])) - both)


def _anew(matrix: NDArray[np.float64]) -> dict[int, NDArray[np.float64]]:
    """Boxes around what is to be seen of the moved outlines, from points close together on them."""
    found = {}
    for number, outline in enumerate(OUTLINES):
        closed = np.vstack([outline, outline[:1]])
        t = np.arange(0, len(outline), 0.01)
        dense = np.column_stack(
            [np.interp(t, np.arange(len(closed)), closed[:, k]) for k in (0, 1)]
        )
        points = augmentation.warp_points(dense, matrix)
        seen = points[np.all((points >= -0.5) & (points <= [WIDTH - 0.5, HEIGHT - 0.5]), axis=1)]
        if len(seen):
            found[number] = np.array([*seen.min(axis=0), *seen.max(axis=0)])
    return found


def _numbers(text: str) -> list[float]:
    return [float(value) for value in re.findall(r"\d+(?:\.\d+)?", text.replace("px²", ""))]


def test_augment_by_keyboard(page: Page) -> None:
    figure = _figure(page, "augment")
    text, matrix_text = figure.locator("[data-role=boxes]"), figure.locator("[data-role=matrix]")
    canvas = figure.get_by_role("img", name="The changed image")

    def same_as(move: dict[str, Any], boundary: str = "zero", left: bool = False) -> None:
        matrix = _matrix(move, IMAGE.shape)
        shown = _canvas(canvas)
        expected = augmentation.warp_image(IMAGE, matrix, boundary=boundary).astype(int)
        # Halves, which the two round apart, are all that may differ.
        assert np.abs(shown - expected).max() <= 1
        assert np.mean(shown != expected) < 0.02
        carried, kept = _numpy_boxes(BOXES, matrix, IMAGE.shape)
        drawn = _drawn_boxes(figure, "behind" if left else "carried")
        np.testing.assert_allclose(drawn, BOXES if left else carried, atol=0.05)
        anew = _anew(matrix)
        np.testing.assert_allclose(_drawn_boxes(figure, "anew"), list(anew.values()), atol=0.1)
        marked = dict(enumerate(BOXES)) if left else dict(zip(kept, carried, strict=True))
        numbers = _numbers(text.inner_text())
        areas = augmentation.box_areas
        assert numbers[-4:-2] == pytest.approx(
            [areas(list(marked.values())).sum(), areas(list(anew.values())).sum()], rel=0.01
        )
        ious = [_iou(marked[n], box) for n, box in anew.items()]
        assert numbers[-2] == pytest.approx(np.mean(ious), abs=0.01)
        head = [len(BOXES) - len(anew), len(BOXES)] if left else [len(kept), len(BOXES)]
        assert numbers[:2] == head

    start = {"flips": [False, False], "scale": 1, "rotation": 0, "shift": [0, 0]}
    same_as(start)
    expect(text).to_contain_text("4 of 4 boxes are inside the image: 2 RBC, 1 WBC, 1 Platelets.")
    expect(text).to_contain_text(re.compile(r"mean IoU of the two: 1\.00"))
    expect(matrix_text).to_contain_text("(1.00x + 0.00y + 0.0, 0.00x + 1.00y + 0.0)")

    _set(figure, "Turn", 7)
    same_as(start | {"rotation": 35})
    expect(matrix_text).to_contain_text("0.82x + 0.57y")
    figure.get_by_role("radio", name="carried along").press("ArrowRight")
    same_as(start | {"rotation": 35}, left=True)
    figure.get_by_role("radio", name="left behind").press("ArrowLeft")
    _set(figure, "Shift x", 9)
    _set(figure, "Shift y", -6)
    _set(figure, "Scale", 4)
    figure.get_by_role("button", name="Flip left").press("Enter")
    expect(figure.get_by_role("button", name="Flip left")).to_have_attribute("aria-pressed", "true")
    move = {"flips": [True, False], "scale": 1.2, "rotation": 35, "shift": [9, -6]}
    same_as(move)

    figure.get_by_role("radio", name="carried along").press("ArrowRight")
    expect(figure.get_by_role("radio", name="left behind")).to_be_checked()
    same_as(move, left=True)
    expect(figure.locator(".play-legend")).to_contain_text("boxes, left behind")
    expect(text).to_contain_text("The boxes stay where they were.")
    for boundary in ("nearest", "reflect", "wrap"):
        figure.get_by_label("Outside the image").press("ArrowDown")
        same_as(move, boundary, left=True)
    figure.get_by_role("button", name="Flip up").press("Space")
    same_as(move | {"flips": [True, True]}, "wrap", left=True)

    figure.get_by_role("button", name="Reset").press("Enter")
    same_as(start, "wrap", left=True)
    figure.get_by_role("radio", name="left behind").press("ArrowLeft")
    same_as(start, "wrap")


def test_everything_out_of_the_image(page: Page) -> None:
    figure = _figure(page, "augment")
    for name, key in (("Scale", "Home"), ("Shift x", "End"), ("Shift y", "Home")):
        figure.get_by_role("slider", name=name).press(key)
    _set(figure, "Turn", 36)
    move = {"flips": [False, False], "scale": 0.5, "rotation": 180, "shift": [60, -45]}
    carried, kept = _numpy_boxes(BOXES, _matrix(move, IMAGE.shape), IMAGE.shape)
    text = figure.locator("[data-role=boxes]")
    expect(text).to_contain_text(f"{len(kept)} of 4 boxes are inside the image")
    np.testing.assert_allclose(_drawn_boxes(figure, "carried"), carried, atol=0.05)


def test_light_and_noise_move_nothing(page: Page) -> None:
    figure = _figure(page, "augment")
    canvas = figure.get_by_role("img", name="The changed image")
    before = _drawn_boxes(figure, "carried")
    for name, steps in (("Brightness", 4), ("Turn", 6)):
        _set(figure, name, steps)
    bright = augmentation.adjust_colour(IMAGE, brightness=0.2)
    move = MOVES[0] | {"rotation": 30}
    expected = augmentation.warp_image(bright, _matrix(move, IMAGE.shape))
    assert np.abs(_canvas(canvas) - expected.astype(int)).max() <= 1
    _set(figure, "Turn", -6)
    _set(figure, "Brightness", -8)
    _set(figure, "Noise", 2)
    dark = augmentation.adjust_colour(IMAGE, brightness=-0.2)
    noise = (_canvas(canvas) - dark.astype(int))[dark > 45].astype(float)
    noise = noise[np.abs(noise) < 45]
    assert noise.mean() == pytest.approx(0, abs=0.5)
    assert noise.std() == pytest.approx(0.04 * 255, rel=0.05)
    np.testing.assert_array_equal(_drawn_boxes(figure, "carried"), before)


def test_augment_takes_lists_and_gray_images(calculator: Page) -> None:
    """What a chapter may hand over, and what it may set at the start."""
    shown = calculator.evaluate(
        """(data) => {
          const start = (more) => {
            const root = document.createElement("div");
            document.body.append(root);
            window.pdlPlay.figures.augment(root, { ...data, ...more })();
            const state = [...root.querySelectorAll("input[type=range]")].map((node) => +node.value)
              .concat([...root.querySelectorAll("button")]
                .map((node) => node.getAttribute("aria-pressed")))
              .concat([root.querySelector("select").value,
                root.querySelector("input:checked").labels[0].textContent]);
            const canvas = root.querySelector("canvas");
            const { width, height } = canvas;
            const pixel = canvas.getContext("2d", { willReadFrequently: true })
              .getImageData(0, 0, 1, 1).data;
            root.remove();
            return [state, width / height, Array.from(pixel)];
          };
          return [
            start({ image: [[[9, 8, 7], [1, 2, 3]], [[0, 0, 0], [4, 5, 6]]] }),
            start({ image: [[200, 1, 2]], flips: [true, false] }),
            start({ rotation: -30, shift: [5, -4], scale: 0.75, brightness: 0.1, noise: 0.04,
              flips: [false, true], boundary: "reflect", left: true }),
          ];
        }""",
        FIGURE_DATA["augment"],
    )
    neutral = [0, 0, 0, 1, 0, 0]
    assert shown[0] == [
        [*neutral, "false", "false", None, "zero", "carried along"],
        1,
        [9, 8, 7, 255],
    ]
    assert shown[1][0][6:8] == ["true", "false"]
    assert shown[1][1:] == [3, [2, 2, 2, 255]]
    assert shown[2][0] == [
        *[-30, 5, -4, 0.75, 0.1, 0.04, "false", "true", None, "reflect", "left behind"]
    ]
    assert shown[2][1] == pytest.approx(WIDTH / HEIGHT)


# What holds for both


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_accessible(page: Page, theme: str) -> None:
    page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    _figure(page, "augment").get_by_role("button", name="Flip left").press("Enter")
    found = Axe().run(page, options={"preload": False}).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in found] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_drawings_can_be_seen(page: Page, theme: str) -> None:
    """Axe does not look at SVG: the marks' colours against the ground, at least 3 to 1.

    The ground is also the band under each mark on the image.
    """
    page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    page.get_by_label("left behind").check()
    left = page.locator(".play-over .play-behind").evaluate("node => getComputedStyle(node).stroke")
    page.get_by_label("carried along").check()
    colors = page.evaluate(
        """() => {
          const stroke = (name) => getComputedStyle(document.querySelector(`.play-${name}`)).stroke;
          const ground = getComputedStyle(document.querySelector(".play-figure")).backgroundColor;
          return [ground, ...["band", "rates-line", "rates-other", "rates-seed", "rates-end",
            "outline", "carried", "anew"].map(stroke)];
        }"""
    )
    assert colors[0] == colors[1]

    def luminance(color: str) -> float:
        part = np.array([float(v) for v in re.findall(r"[\d.]+", color)[:3]]) / 255
        linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    ground, *marks = map(luminance, [*colors, left])
    for mark in marks[1:]:
        light, dark = max(ground, mark), min(ground, mark)
        assert (light + 0.05) / (dark + 0.05) >= 3


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_within_the_screen(open_page: Callable[..., Page], width: int) -> None:
    page = open_page(width, device_scale_factor=2)
    page.add_style_tag(content="body { margin: 24px }")  # as wide as the site's own
    page.wait_for_timeout(200)
    inside = """figures => figures.flatMap(figure => [...figure.querySelectorAll("*")]
      .filter((node) => !node.closest(".play-over svg, [clip-path], clipPath, option") &&
        (node.getBoundingClientRect().right > figure.getBoundingClientRect().right + 0.5
        || node.getBoundingClientRect().left < figure.getBoundingClientRect().left - 0.5))
      .map((node) => node.outerHTML.slice(0, 90)))"""

    def whole() -> None:
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator(".play-figure").evaluate_all(inside) == []
        # The labels of one axis do not run into each other, nor out of the plot.
        texts = page.locator("svg[role=img]").evaluate_all(
            """plots => plots.map((plot) => [[...plot.querySelectorAll("text")].map((node) => {
              const { left, right, top, bottom } = node.getBoundingClientRect();
              return { left, right, top, bottom };
            }), plot.getBoundingClientRect().left, plot.getBoundingClientRect().right])"""
        )
        for boxes, left, right in texts:
            for n, one in enumerate(boxes):
                assert one["left"] >= left - 0.5
                assert one["right"] <= right + 0.5
                for other in boxes[n + 1 :]:
                    across = min(one["right"], other["right"]) - max(one["left"], other["left"])
                    down = min(one["bottom"], other["bottom"]) - max(one["top"], other["top"])
                    assert across <= 0 or down <= 3

    whole()
    page.get_by_label("enlarge the accuracies").check()
    page.get_by_label("left behind").check()
    for name in ("Turn", "Shift x", "Shift y", "Brightness"):
        page.get_by_role("slider", name=name).press("Home")
    for name in ("Scale", "Noise", "Learning rate"):
        page.get_by_role("slider", name=name).press("End")
    whole()

    targets = page.locator(".play-figure :is(button, select, input)")
    sides = targets.evaluate_all(
        """targets => targets.map((target) => target.getBoundingClientRect())
          .map(({ width, height }) => Math.min(width, height))"""
    )
    assert len(sides) == 2 + 6 + 3 + 2 + 1
    assert min(sides) >= 24
    canvas = page.locator("canvas")
    assert canvas.evaluate("canvas => canvas.width >= 2 * canvas.clientWidth")
    over = """node => {
      const { left, top, width, height } = node.getBoundingClientRect();
      return [left, top, width, height];
    }"""
    assert page.locator(".play-over svg").evaluate(over) == pytest.approx(canvas.evaluate(over))
    expect(page.locator(".play-still")).to_have_count(0)


def test_a_new_width_moves_the_marks_along(page: Page) -> None:
    figure = _figure(page, "augment")
    page.set_viewport_size({"width": 390, "height": 900})
    page.wait_for_timeout(300)
    np.testing.assert_allclose(_drawn_boxes(figure, "carried"), BOXES, atol=0.1)


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_nothing_moves_by_itself(open_page: Callable[..., Page], motion: str) -> None:
    page = open_page(reduced_motion=motion)
    before = page.locator("main").inner_html()
    page.wait_for_timeout(700)
    assert page.evaluate("document.getAnimations().length") == 0
    assert page.locator("main").inner_html() == before


def test_focus_is_visible(page: Page) -> None:
    for selector in ("select", "input[type=range]", "input[type=radio]", "button"):
        target = page.locator(f".play-figure {selector}").first
        target.focus()
        page.keyboard.press("Shift")  # so that the browser knows that a keyboard is in use
        assert target.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"
