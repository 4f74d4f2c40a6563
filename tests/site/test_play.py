"""The playable figures: their mathematics, their keyboard operation, their looks' minimum.

Each figure runs in Chromium, opened from disk, and what it computes is compared with NumPy, SciPy,
scikit-image and our own package.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from numpy.typing import NDArray
from playwright.sync_api import Browser, Locator, Page, expect
from scipy import ndimage, signal
from skimage import data, filters

from pdl.segmentation import otsu
from pdl.signals import convolve2d, quantize, sample

PLAY = Path(__file__).resolve().parents[2] / "book" / "_static" / "play"
FIGURES = ("sampling", "slide", "kernel", "otsu")
SLIDE_IMAGE = np.arange(1, 50).reshape(7, 7)
SLIDE_KERNEL = np.array([[-1, 1, -1], [-2, 3, 1], [2, -4, 0]])
PHOTO = data.camera()[::8, ::8]
COINS = data.coins()[::4, ::4]


def _pixels(image: NDArray[np.uint8]) -> dict[str, Any]:
    height, width = image.shape
    pixels = base64.b64encode(np.ascontiguousarray(image).tobytes()).decode()
    return {"width": width, "height": height, "pixels": pixels}


FIGURE_DATA: dict[str, dict[str, Any]] = {
    "sampling": {"frequency": 9, "endFrequency": 24, "duration": 1, "rate": 40, "bits": 3},
    "slide": {"image": SLIDE_IMAGE.tolist(), "kernel": SLIDE_KERNEL.tolist()},
    "kernel": _pixels(PHOTO),
    "otsu": _pixels(COINS) | {"threshold": 60},
}


def _figure(page: Page, name: str) -> Locator:
    return page.get_by_role("group", name=f"What {name} shows")


def _math(page: Page, function: str, *arguments: Any) -> Any:
    """Call pdlPlay.math.FUNCTION with arguments that JSON can carry."""
    values = [a.tolist() if isinstance(a, np.ndarray) else a for a in arguments]
    return page.evaluate(f"(values) => window.pdlPlay.math.{function}(...values)", values)


def _canvas(canvas: Locator, width: int, height: int) -> NDArray[np.int64]:
    """Read the image that a canvas shows: one colour for each image pixel, shape (H, W, 3)."""
    values = canvas.evaluate(
        """(canvas, [width, height]) => {
          // From a copy that lies in main memory: Chromium warns of repeated reads from a GPU.
          const copy = new OffscreenCanvas(canvas.width, canvas.height);
          const context = copy.getContext("2d", { willReadFrequently: true });
          context.drawImage(canvas, 0, 0);
          const { data } = context.getImageData(0, 0, copy.width, copy.height);
          const scale = canvas.width / width;
          const at = (r, c) => 4 * (Math.floor((r + 0.5) * scale) * canvas.width
            + Math.floor((c + 0.5) * scale));
          return Array.from({ length: width * height }, (_, i) => {
            const start = at(Math.floor(i / width), i % width);
            return Array.from(data.slice(start, start + 3));
          });
        }""",
        [width, height],
    )
    return np.array(values).reshape(height, width, 3)


# The mathematics


@pytest.mark.parametrize(
    ("frequency", "rate", "expected"), [(9, 40, 9), (9, 12, 3), (9, 8, 1), (24, 20, 4), (9, 18, 9)]
)
def test_alias_frequency(calculator: Page, frequency: int, rate: int, expected: float) -> None:
    assert _math(calculator, "aliasFrequency", frequency, rate) == expected


def test_the_alias_goes_through_the_samples(calculator: Page) -> None:
    for f0, f1, rate in [(9, 9, 12), (9, 9, 7), (1, 24, 20), (1, 24, 9), (3, 30, 13)]:

        def chirp(t: NDArray[np.float64], f0: int = f0, f1: int = f1) -> NDArray[np.float64]:
            return np.asarray(np.sin(2 * np.pi * (f0 * t + (f1 - f0) * t**2 / 4)))

        times, values = sample(chirp, 2, rate)
        assert np.array(_math(calculator, "sampleTimes", rate, 2)) == pytest.approx(times)
        phases = [_math(calculator, "phase", t, f0, f1, 2) for t in times]
        assert np.sin(phases) == pytest.approx(values, abs=1e-9)
        aliased = [_math(calculator, "aliasPhase", t, f0, f1, 2, rate) for t in times]
        assert np.sin(aliased) == pytest.approx(values, abs=1e-9)
        # Slow: between two samples less than half a turn, plus what the chirp gains meanwhile.
        ends = [_math(calculator, "aliasPhase", t + 0.999 / rate, f0, f1, 2, rate) for t in times]
        most = np.pi + np.pi * (f1 - f0) / (2 * rate**2)
        assert np.max(np.abs(np.subtract(ends, aliased))) <= most


@pytest.mark.parametrize("bits", range(1, 9))
def test_quantize_equals_ours(calculator: Page, bits: int) -> None:
    values = np.random.default_rng(bits).random(2000)
    found = np.array(_math(calculator, "quantize", values, bits, 0, 1))
    np.testing.assert_allclose(found, quantize(values, bits), atol=1e-12)
    step = _math(calculator, "quantizationStep", bits, 0, 1)
    error = _math(calculator, "rms", found - values)
    assert error == pytest.approx(np.sqrt(np.mean((found - values) ** 2)))
    assert error == pytest.approx(step / np.sqrt(12), rel=0.05)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (3, 1), (3, 3), (5, 3)])
def test_convolution_equals_scipy(calculator: Page, shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(3)
    image, kernel = rng.integers(0, 256, (6, 9)), rng.integers(-4, 5, shape)
    convolved = np.array(_math(calculator, "convolve", image, kernel))
    np.testing.assert_array_equal(convolved, signal.convolve2d(image, kernel, mode="same"))
    np.testing.assert_array_equal(convolved, convolve2d(image, kernel))
    np.testing.assert_array_equal(
        _math(calculator, "convolve", image, kernel, False),
        signal.correlate2d(image, kernel, "same"),
    )
    np.testing.assert_array_equal(
        _math(calculator, "convolve", image, kernel, True, "nearest"),
        ndimage.convolve(image, kernel, mode="nearest"),
    )
    terms = _math(calculator, "products", image, kernel, 2, 8)
    assert sum(term["value"] * term["weight"] for term in terms) == convolved[2, 8]


def test_normalize(calculator: Page) -> None:
    assert _math(calculator, "normalize", [[1, 2], [4, 1]]) == [[0.125, 0.25], [0.5, 0.125]]
    assert _math(calculator, "normalize", [[1, -1]]) == [[1, -1]]


@pytest.mark.parametrize("name", ["camera", "coins", "moon", "cell"])
def test_otsu_equals_scikit_image(calculator: Page, name: str) -> None:
    image = getattr(data, name)()
    counts = np.bincount(image.ravel(), minlength=256)
    assert _math(calculator, "otsu", counts) == filters.threshold_otsu(image) == otsu(image)
    for t in (30, 120):
        low, high = image[image <= t], image[image > t]
        found = _math(calculator, "classes", counts, t)
        assert found["omega0"] == pytest.approx(low.size / image.size)
        assert found["omega1"] == pytest.approx(high.size / image.size)
        assert found["mu0"] == pytest.approx(low.mean())
        assert found["mu1"] == pytest.approx(high.mean())
        between = low.size * high.size / image.size**2 * (low.mean() - high.mean()) ** 2
        assert found["variance"] == pytest.approx(between)
        assert _math(calculator, "betweenClassVariance", counts)[t] == pytest.approx(between)


def test_otsu_of_a_constant_image(calculator: Page) -> None:
    image = np.full((4, 4), 77, dtype=np.uint8)
    assert _math(calculator, "otsu", np.bincount(image.ravel(), minlength=256)) == otsu(image) == 77


# The figures, by keyboard


def test_sampling_by_keyboard(page: Page) -> None:
    figure = _figure(page, "sampling")
    alias, error = figure.locator("[data-role=alias]"), figure.locator("[data-role=error]")
    expect(alias).to_contain_text("describe 9 Hz, the sinusoid itself")
    rate = figure.get_by_label("Sampling rate")
    rate.press("Home")
    for _ in range(8):
        rate.press("ArrowRight")
    expect(rate).to_have_value("12")
    expect(alias).to_contain_text("describe 3 Hz, an alias")
    for _ in range(6):
        rate.press("ArrowRight")
    expect(alias).to_contain_text("exactly 2 × 9")

    rate.press("End")
    depth = figure.get_by_label("Bits a sample")
    depth.press("ArrowRight")
    _, samples = sample(lambda t: np.sin(2 * np.pi * 9 * t), 1, 80)
    rounded = 2 * quantize((samples + 1) / 2, 4) - 1
    rms = np.sqrt(np.mean((rounded - samples) ** 2))
    expect(error).to_contain_text(f"16 levels, a step of {2 / 15:.3f} apart")
    expect(error).to_contain_text(f"of the 80 samples: {rms:.4f}")
    expect(error).to_contain_text(f"step/√12: {2 / 15 / np.sqrt(12):.4f}")

    figure.get_by_label("Signal").press("ArrowDown")
    expect(alias).to_contain_text("follow the chirp to its end")
    rate.press("Home")
    expect(alias).to_contain_text("From t = 0.04 s on")
    expect(alias).to_contain_text("describe 0 Hz")


def _output(figure: Locator) -> list[int | None]:
    texts = figure.get_by_role("table", name="Output").get_by_role("cell").all_inner_texts()
    return [int(text.replace("−", "-")) if text else None for text in texts]


def test_slide_by_keyboard(page: Page) -> None:
    figure = _figure(page, "slide")
    expected = signal.convolve2d(SLIDE_IMAGE, SLIDE_KERNEL, mode="same")
    result = figure.locator("[data-role=sum]")
    chosen = figure.locator("[role=gridcell][tabindex='0']")
    expect(chosen).to_have_count(1)

    chosen.focus()
    for key in ("ArrowUp", "ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
    expect(result).to_contain_text("the output at row 2, column 1")
    expect(result).to_contain_text(f"= {expected[2, 1]}".replace("-", "−"))
    terms = result.locator(".play-sum span").all_inner_texts()
    assert len(terms) == 9
    products = [
        np.prod([int(part.strip("+ ()").replace("−", "-")) for part in term.split("·")])
        for term in terms
    ]
    assert sum(products) == expected[2, 1]
    expect(page.locator("[role=gridcell]:focus")).to_have_attribute("aria-selected", "true")
    visited = [value is not None for value in _output(figure)]
    assert sum(visited) == 5
    assert visited[2 * 7 + 2]
    page.keyboard.press("End")
    expect(result).to_contain_text("row 2, column 6")

    figure.get_by_role("button", name="Fill all").press("Enter")
    assert _output(figure) == expected.ravel().tolist()
    assert _output(figure)[:7] == [-2, -8, -7, -6, -5, -4, 28]
    figure.get_by_role("radio", name="turned by half a turn").press("ArrowRight")
    expect(figure.get_by_role("radio", name="as it is")).to_be_checked()
    correlated = signal.correlate2d(SLIDE_IMAGE, SLIDE_KERNEL, mode="same")
    assert _output(figure) == correlated.ravel().tolist()
    figure.get_by_role("button", name="Clear").press("Enter")
    assert sum(value is not None for value in _output(figure)) == 1

    figure.get_by_role("cell").nth(10).click()
    expect(result).to_contain_text("row 1, column 3")


def test_slide_plays_and_pauses(open_page: Callable[..., Page]) -> None:
    figure = _figure(open_page(reduced_motion="no-preference"), "slide")
    result = figure.locator("[data-role=sum]")
    figure.get_by_role("button", name="Play").press("Enter")
    expect(result).to_contain_text("row 0, column 3")
    expect(result).to_have_attribute("aria-live", "off")
    figure.get_by_role("button", name="Pause").press("Enter")
    expect(figure.get_by_role("button", name="Play")).to_be_visible()
    expect(result).to_have_attribute("aria-live", "polite")


def test_slide_does_not_move_by_itself_for_who_asked_for_no_motion(
    open_page: Callable[..., Page],
) -> None:
    page = open_page(reduced_motion="reduce")
    figure = _figure(page, "slide")
    expect(figure.get_by_role("button", name="Play")).to_have_count(0)
    figure.get_by_role("button", name="Next pixel").press("Enter")
    page.wait_for_timeout(1000)  # more than the time a pixel is shown when it plays
    expect(figure.locator("[data-role=sum]")).to_contain_text("row 0, column 1")


def test_kernel_by_keyboard(page: Page) -> None:
    figure = _figure(page, "kernel")
    height, width = PHOTO.shape
    canvas = figure.get_by_role("img", name="The photograph convolved with the kernel")
    text = figure.locator("[data-role=result]")
    kernel = np.outer([1, 2, 1], [1, 2, 1]) / 16

    def shown(values: NDArray[Any], shift: int = 0) -> NDArray[Any]:
        return np.repeat(np.clip(np.floor(values + shift + 0.5), 0, 255)[..., None], 3, axis=2)

    def apply(kernel: NDArray[Any]) -> NDArray[Any]:
        return ndimage.convolve(PHOTO.astype(float), kernel, mode="nearest")

    photo = _canvas(figure.get_by_role("img", name="original"), width, height)
    np.testing.assert_array_equal(photo, shown(PHOTO))
    np.testing.assert_array_equal(_canvas(canvas, width, height), shown(apply(kernel)))
    expect(text).to_contain_text("Sum of the kernel: 16, divided by it: 1")
    expect(text).to_contain_text(
        f"{PHOTO.mean():.1f} before, {apply(kernel).mean():.1f} after. No pixel"
    )

    figure.get_by_label("Kernel", exact=True).press("ArrowDown")
    sobel = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]])
    expect(figure.get_by_label("Centre at gray")).to_be_checked()
    expect(figure.get_by_label("Divide by the sum")).to_be_disabled()
    np.testing.assert_array_equal(_canvas(canvas, width, height), shown(apply(sobel), 128))
    expect(text).to_contain_text("a flat area becomes 0")
    clipped = np.mean((apply(sobel) + 128 < 0) | (apply(sobel) + 128 > 255))
    expect(text).to_contain_text(f"changes {100 * clipped:.1f} % of the pixels")

    figure.get_by_label("Centre at gray").press("Space")
    entry = figure.get_by_label("Kernel, row 1, column 2")
    entry.press("ControlOrMeta+a")
    entry.press_sequentially("-1.5")
    expect(figure.get_by_label("Kernel", exact=True)).to_have_value("own")
    own = np.array([[1, 0, -1], [2, 0, -1.5], [1, 0, -1]])
    np.testing.assert_array_equal(_canvas(canvas, width, height), shown(apply(own)))
    expect(text).to_contain_text("Sum of the kernel: 0.5; a flat area becomes 0.5 times as bright")


def test_otsu_by_keyboard(page: Page) -> None:
    figure = _figure(page, "otsu")
    image = COINS
    height, width = image.shape
    numbers, slider = figure.locator("[data-role=numbers]"), figure.get_by_label("Threshold t")
    mask = figure.get_by_role("img", name="The image thresholded")
    best = int(otsu(image))

    def same_as(t: int) -> None:
        low, high = image[image <= t], image[image > t]
        for name, value, digits in [
            ("ω0", low.size / image.size, 3),
            ("ω1", high.size / image.size, 3),
            ("μ0", low.mean(), 1),
            ("μ1", high.mean(), 1),
        ]:
            expect(numbers).to_contain_text(f"{name} = {value:.{digits}f}")
        between = low.size * high.size / image.size**2 * (low.mean() - high.mean()) ** 2
        expect(numbers).to_contain_text(f"σB2 = {between:.1f}")
        colors = _canvas(mask, width, height)
        background = np.unique(colors[image <= t], axis=0)
        foreground = np.unique(colors[image > t], axis=0)
        assert len(background) == len(foreground) == 1
        assert not np.array_equal(background, foreground)

    same_as(60)
    slider.press("ArrowRight")
    expect(numbers).to_contain_text("t = 61")
    expect(numbers).to_contain_text(f"at t = {best}")
    same_as(61)
    figure.get_by_role("button", name="Go to Otsu’s threshold").press("Enter")
    expect(slider).to_have_value(str(best))
    expect(numbers).to_contain_text("the greatest")
    same_as(best)
    slider.press("End")
    expect(numbers).to_contain_text("μ1 = none")

    # The plot takes the pointer: in its middle t is 127 or 128.
    figure.locator("svg").first.click()
    assert slider.input_value() in ("127", "128")


# What holds for all


def test_a_change_of_theme_repaints(page: Page) -> None:
    mask = _figure(page, "otsu").get_by_role("img", name="The image thresholded")
    height, width = COINS.shape
    light = _canvas(mask, width, height)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert not np.any(np.all(_canvas(mask, width, height) == light, axis=2))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_accessible(page: Page, theme: str) -> None:
    page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    # Without preload: axe would fetch the style sheets again, which file:// forbids.
    violations = Axe().run(page, options={"preload": False}).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in violations] == []


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_within_the_screen(open_page: Callable[..., Page], width: int) -> None:
    page = open_page(width, device_scale_factor=2)
    page.get_by_role("gridcell").nth(40).click()  # the widest products
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    inside = "figures => figures.every(figure => figure.scrollWidth <= figure.clientWidth)"
    assert page.locator(".play-figure").evaluate_all(inside)
    targets = page.locator(".play-figure :is(button, select, input, [role=gridcell])")
    sides = targets.evaluate_all(
        """targets => targets.map((target) => target.getBoundingClientRect())
          .map(({ width, height }) => Math.min(width, height))"""
    )
    assert len(sides) > 70
    assert min(sides) >= 24
    sharp = "canvases => canvases.every(canvas => canvas.width >= 2 * canvas.clientWidth)"
    assert page.locator("canvas").evaluate_all(sharp)
    expect(page.locator(".play-still")).to_have_count(0)
    expect(page.locator("[aria-live=polite]")).to_have_count(5)


def test_focus_is_visible(page: Page) -> None:
    for selector in ("select", "input[type=range]", "[role=gridcell][tabindex='0']", "button"):
        target = page.locator(f".play-figure {selector}").first
        target.focus()
        page.keyboard.press("Shift")  # so that the browser knows that a keyboard is in use
        assert target.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"


def test_the_still_image_stays_where_a_figure_fails(
    browser: Browser, tmp_path: Path, write_page: Callable[..., str]
) -> None:
    broken = {"otsu": {}, "slide": {"image": [[1]], "kernel": [["x"]]}, "unheardof": {}}
    url = write_page(tmp_path / "index.html", broken)
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(url)
    page.wait_for_load_state("networkidle")
    expect(page.locator(".play-still")).to_have_count(3)
    expect(page.locator(".play-figure")).to_have_count(0)
    assert any("unheardof.js did not load" in complaint for complaint in complaints)
    page.close()


def test_a_page_without_figures_loads_nothing(
    browser: Browser, tmp_path: Path, write_page: Callable[..., str]
) -> None:
    page = browser.new_page()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url.rsplit("/", 1)[-1]))
    page.goto(write_page(tmp_path / "index.html", {}))
    page.wait_for_load_state("networkidle")
    assert requests == ["index.html", "play.js?v=1"]
    page.close()


def test_each_file_is_small() -> None:
    sizes = {path.name: path.stat().st_size for path in PLAY.iterdir()}
    networks = ("sizes", "shift", "gradient")
    training = ("rates", "augment")
    figures = {f"{name}.js" for name in (*FIGURES, *networks, *training)}
    assert set(sizes) == {"play.css", "play.js", "math.js", *figures}
    assert max(sizes.values()) <= 16 * 1024
