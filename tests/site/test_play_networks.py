"""The playable figures of the chapters on layers and backpropagation.

Each runs in Chromium, opened from disk, and what it computes is compared with SciPy, PyTorch's
autograd and our own layers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from axe_playwright_python.sync_playwright import Axe
from numpy.typing import NDArray
from playwright.sync_api import Locator, Page, expect
from scipy import ndimage, signal

from pdl.layers import AvgPool2d, MaxPool2d, conv2d, conv2d_backward, output_size, same_padding

IMAGE = np.zeros((12, 12), dtype=int)
IMAGE[3:9, 3:5], IMAGE[7:9, 3:9] = 8, 6
IMAGE[3, 6], IMAGE[1, 11], IMAGE[10, 10] = 9, 7, 5
KERNEL = np.array([[0, 1, 0], [-1, 0, 2], [0, -2, 0]])
SMALL = np.array([[1, 2, 0], [3, -1, 4], [0, 5, 2]])
WEIGHT = np.array([[1, -2], [0, 3]])
GRADIENT = np.array([[1, -1], [2, 4]])
POOL = np.array([[1, 5, 2, 2], [3, 0, 2, 1], [7, 8, -1, -4], [6, 9, -3, -2]])

FIGURE_DATA: dict[str, dict[str, Any]] = {
    "sizes": {"length": 12, "kernel": 3, "padding": 0, "stride": 2},
    "shift": {"image": IMAGE.tolist(), "kernel": KERNEL.tolist()},
    "gradient": {
        "image": SMALL.tolist(),
        "kernel": WEIGHT.tolist(),
        "gradient": GRADIENT.tolist(),
        "pool": POOL.tolist(),
        "bias": 1,
    },
}


def _figure(page: Page, name: str) -> Locator:
    return page.get_by_role("group", name=f"What {name} shows")


def _math(page: Page, function: str, *arguments: Any) -> Any:
    """Call pdlPlay.math.FUNCTION with arguments that JSON can carry."""
    values = [a.tolist() if isinstance(a, np.ndarray) else a for a in arguments]
    return page.evaluate(f"(values) => window.pdlPlay.math.{function}(...values)", values)


def _numbers(matrix: Locator) -> NDArray[np.float64]:
    """Read a matrix that a figure shows: fields or cells, without the marks under them."""
    values = matrix.locator(".play-cell").evaluate_all(
        "cells => cells.map(cell => cell.querySelector('input')?.value ?? "
        "(cell.querySelector('span') ?? cell).textContent)"
    )
    flat = np.array([float(value.replace("−", "-")) for value in values])
    return flat.reshape(-1, matrix.locator(":scope > *").first.locator(".play-cell").count())


def _four(array: NDArray[Any]) -> NDArray[np.float64]:
    """N×C×H×W of one image and one channel."""
    return np.asarray(array, dtype=float)[None, None]


# Sizes


def test_sizes_equal_ours_and_torch(calculator: Page) -> None:
    rng = np.random.default_rng(0)
    missed = 0
    for _ in range(60):
        length, kernel, stride, dilation = (int(rng.integers(1, n)) for n in (21, 8, 6, 4))
        padding = [int(p) for p in rng.integers(0, 5, 2)]
        arguments = length, kernel, stride, padding, dilation
        found = _math(calculator, "outputSize", *arguments)
        windows = _math(calculator, "windows", *arguments)
        assert len(windows) == found
        before, after = _math(calculator, "samePadding", length, kernel, stride, dilation)
        assert (before, after) == same_padding(length, kernel, stride, dilation)
        same = _math(calculator, "outputSize", length, kernel, stride, [before, after], dilation)
        assert same == -(-length // stride)
        assert 0 <= after - before <= 1
        if dilation * (kernel - 1) + 1 > length + sum(padding):
            missed += 1
            assert found == 0
            with pytest.raises(ValueError, match="kernel"):
                output_size(length, kernel, stride, (padding[0], padding[1]), dilation)
            continue
        assert found == output_size(length, kernel, stride, (padding[0], padding[1]), dilation)
        # Each output's derivative says which cells the window reads.
        x = torch.zeros(1, 1, length + sum(padding), requires_grad=True)
        y = torch.nn.functional.conv1d(
            x, torch.ones(1, 1, kernel), stride=stride, dilation=dilation
        )
        assert y.shape[-1] == found
        for n, cells in enumerate(windows):
            (gradient,) = torch.autograd.grad(y[0, 0, n], x, retain_graph=True)
            assert gradient[0, 0].nonzero().ravel().tolist() == cells
    assert missed >= 3


def _set(figure: Locator, **values: int) -> None:
    """Move sliders to these values with the keyboard."""
    for name, value in values.items():
        slider = figure.get_by_role("slider", name=re.compile(f"^{name}"))
        slider.press("Home")
        for _ in range(value - int(slider.get_attribute("min") or 0)):
            slider.press("ArrowRight")
        expect(slider).to_have_value(str(value))


def test_sizes_that_do_not_fit(page: Page) -> None:
    figure = _figure(page, "sizes")
    verdict, formula = figure.locator("[data-role=verdict]"), figure.locator("[data-role=formula]")
    struck = figure.locator("svg[role=img] .play-size-strike")
    tapped = figure.locator("svg[role=img] .play-size-tap")
    missed = figure.locator("svg[role=img] .play-size-miss")
    expect(verdict).to_have_text(
        "Does not fit: 9/2 = 4.5 is not a whole number. The floor form gives 5 outputs; "
        "input pixel 11 at the end is never read."
    )
    expect(formula).to_contain_text("L′ = ⌊(L − K + 2P) / S⌋ + 1")
    expect(formula).to_contain_text("= ⌊(12 − 3 + 2·0) / 2⌋ + 1 = ⌊9/2⌋ + 1 = 5")
    expect(struck).to_have_count(1)
    expect(tapped).to_have_count(5 * 3)
    expect(missed).to_have_count(3)
    expect(figure.get_by_role("img")).to_have_attribute(
        "aria-label", re.compile("12 input pixels.*5 windows, 1 cells never read")
    )

    _set(figure, Stride=3, Length=13)
    expect(verdict).to_contain_text("Does not fit: 10/3 ≈ 3.33")
    expect(verdict).to_contain_text("4 outputs; input pixel 12 at the end")
    _set(figure, Stride=4, Length=14)
    expect(verdict).to_contain_text("input pixels 11, 12 and 13 at the end are never read")
    expect(verdict).to_contain_text("what the windows read, input pixels 3 and 7 are never read")
    expect(struck).to_have_count(5)

    # A zero that is left over loses no pixel.
    _set(figure, Length=6, Padding=1, Stride=2)
    expect(verdict).to_contain_text("only 1 zero of the padding is left over, and no input pixel")
    _set(figure, Length=7)
    expect(verdict).to_have_text("Fits: 4 outputs, and the last window ends with the last cell.")
    expect(missed).to_have_count(0)


def test_a_kernel_larger_than_the_input(page: Page) -> None:
    figure = _figure(page, "sizes")
    verdict = figure.locator("[data-role=verdict]")
    _set(figure, Length=4, Kernel=4, Stride=1, Dilation=2)
    expect(verdict).to_have_text(
        "Impossible: the kernel covers 7 cells, and the padded input has 4. There is no output."
    )
    expect(figure.locator("[data-role=formula]")).to_contain_text("⌊−3/1⌋ + 1 < 1: no output")
    expect(figure.locator("svg[role=img] .play-size-miss")).to_have_count(4)
    expect(figure.locator("svg[role=img] .play-size-strike")).to_have_count(4)
    _set(figure, Padding=2)
    expect(verdict).to_have_text("Fits: 2 outputs, and the last window ends with the last cell.")


def test_paddings_by_rule(page: Page) -> None:
    figure = _figure(page, "sizes")
    rules = figure.locator("[data-role=rules]")
    padding, odd = figure.get_by_label("Padding P"), figure.get_by_label("one zero more")
    expect(rules).to_contain_text("VALID: no padding.")
    figure.get_by_role("button", name="SAME").press("Enter")
    expect(odd).to_be_checked()
    expect(padding).to_have_value("0")
    expect(rules).to_contain_text(
        "⌈L/S⌉ = 6 outputs need max((6 − 1)·2 + 3 − 12, 0) = 1 zero, 0 before and 1 after."
    )
    expect(rules).to_contain_text("starts at pixel 0.")
    expect(rules).not_to_contain_text("PyTorch")
    # PyTorch's habit: as many outputs, from other windows.
    figure.get_by_role("button", name="PyTorch").press("Enter")
    expect(odd).not_to_be_checked()
    expect(padding).to_have_value("1")
    expect(rules).to_contain_text("P = D(K − 1)/2 = 1 on each side.")
    expect(rules).to_contain_text("starts at pixel −1, in the padding.")
    expect(rules).not_to_contain_text("SAME")
    _set(figure, Kernel=4)
    expect(rules).to_contain_text("D(K − 1)/2 = 1.5, which is no whole number")
    # At stride 1 and an odd kernel the two rules agree.
    _set(figure, Kernel=5, Stride=1, Dilation=2)
    figure.get_by_role("button", name="SAME").press("Enter")
    expect(padding).to_have_value("4")
    expect(rules).to_contain_text("= 8 zeros, 4 before and 4 after.")
    expect(rules).to_contain_text("D(K − 1)/2 = 4 on each side.")
    odd.press("Space")
    expect(figure.locator("[data-role=formula]")).to_contain_text("(12 − 9 + 2·4 + 1) / 1")
    figure.get_by_role("button", name="VALID").press("Enter")
    expect(padding).to_have_value("0")
    expect(odd).not_to_be_checked()


# Shifts

BLUR = np.outer([1, 2, 1], [1, 2, 1]) / 16


def _shift(image: NDArray[Any], by: tuple[int, int], wrap: bool) -> NDArray[Any]:
    return np.asarray(
        ndimage.shift(image, by, order=0, mode="grid-wrap" if wrap else "constant", cval=0)
    )


def _layer(operation: str, image: NDArray[Any], wrap: bool) -> NDArray[np.float64]:
    """The figure's four layers, from SciPy and PyTorch."""
    boundary = "wrap" if wrap else "fill"
    x = np.asarray(image, dtype=float)
    if operation == "pooling":
        return np.asarray(torch.nn.functional.max_pool2d(torch.tensor(x)[None], 2)[0].numpy())
    if operation == "antialiased":
        dense = ndimage.maximum_filter(x, 2, mode="wrap" if wrap else "constant", origin=-1)
        return np.asarray(signal.correlate2d(dense, BLUR, "same", boundary)[::2, ::2])
    step = 2 if operation == "stride" else 1
    return np.asarray(signal.correlate2d(x, KERNEL, "same", boundary)[::step, ::step])


OPERATIONS = ("convolution", "stride", "pooling", "antialiased")


@pytest.mark.parametrize("wrap", [False, True])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_layers_of_the_shift_figure(calculator: Page, operation: str, wrap: bool) -> None:
    image = np.random.default_rng(1).integers(0, 10, (8, 12))
    boundary = "wrap" if wrap else "zero"
    found = _math(calculator, f"operations.{operation}", image, KERNEL, boundary)
    filtered = _layer(operation, image, wrap)
    np.testing.assert_allclose(found, filtered, atol=1e-12)
    for by in [(0, 0), (1, 0), (-3, 2), (2, -4), (-1, -1)]:
        shifted = _shift(image, by, wrap)
        np.testing.assert_array_equal(_math(calculator, "shift", image, by, boundary), shifted)
        answer = _math(calculator, "equivariance", operation, image, KERNEL, by, boundary)
        first = _layer(operation, shifted, wrap)
        np.testing.assert_allclose(answer["first"], first, atol=1e-12)
        # No whole shift of the output is closer than the one that was chosen.
        scale = len(filtered) / len(image)
        choices = [{int(np.floor(scale * n)), int(np.ceil(scale * n))} for n in by]
        lasts = {(d, r): _shift(filtered, (d, r), wrap) for d in choices[0] for r in choices[1]}
        last = lasts[tuple(answer["shift"])]
        np.testing.assert_allclose(answer["last"], last, atol=1e-12)
        difference = np.linalg.norm(first - last)
        assert difference <= min(np.linalg.norm(first - each) for each in lasts.values()) + 1e-9
        np.testing.assert_allclose(answer["difference"], first - last, atol=1e-12)
        assert answer["different"] == np.sum(~np.isclose(first, last, atol=1e-9))
        assert answer["relative"] == pytest.approx(difference / np.linalg.norm(last))
        if wrap and (operation == "convolution" or not any(n % 2 for n in by)):
            assert answer["different"] == 0


def test_shift_by_keyboard(page: Page) -> None:
    figure = _figure(page, "shift")
    verdict, note = figure.locator("[data-role=verdict]"), figure.locator("[data-role=note]")
    layer, wrap = figure.get_by_label("The layer f"), figure.get_by_label("wrap round")
    down, right = figure.get_by_label("rows down"), figure.get_by_label("columns to the right")
    table = {
        name: figure.get_by_role("table", name=title, exact=True)
        for name, title in [
            ("x", "Image x"),
            ("moved", "Shifted, s(x)"),
            ("first", "Shifted, then filtered: f(s(x))"),
            ("last", "Filtered, then shifted: s(f(x))"),
            ("difference", "Difference f(s(x)) − s(f(x))"),
        ]
    }

    def same_as(operation: str, by: tuple[int, int], halved: tuple[int, int], wrap: bool) -> None:
        shifted = _shift(IMAGE, by, wrap)
        first = _layer(operation, shifted, wrap)
        last = _shift(_layer(operation, IMAGE, wrap), halved, wrap)
        for name, values in [
            ("x", IMAGE),
            ("moved", shifted),
            ("first", first),
            ("last", last),
            ("difference", first - last),
        ]:
            np.testing.assert_allclose(_numbers(table[name]), values, atol=0.0501)
        different = int(np.sum(~np.isclose(first, last)))
        expect(table["difference"].locator(".play-differs")).to_have_count(different)
        if different:
            relative = 100 * np.linalg.norm(first - last) / np.linalg.norm(last)
            expect(verdict).to_have_text(
                f"{different} of {first.size} output values differ. "
                f"Relative difference: {relative:.1f} %."
            )
        else:
            expect(verdict).to_contain_text(f"All {first.size} output values agree")

    same_as("convolution", (0, 1), (0, 1), wrap=False)
    expect(verdict).to_contain_text("1 of 144")  # the pixel at the border, which went out
    expect(table["moved"].locator(".play-pad")).to_have_count(12)
    expect(note).to_contain_text("At the border zeros come in and what goes out is lost.")
    wrap.press("Space")
    same_as("convolution", (0, 1), (0, 1), wrap=True)
    expect(table["moved"].locator(".play-pad")).to_have_count(0)
    expect(note).to_contain_text("Nothing is lost at the border.")

    layer.press("ArrowDown")
    expect(layer).to_have_value("stride")
    down.press("ArrowLeft")
    down.press("ArrowLeft")
    right.press("ArrowRight")
    same_as("stride", (-2, 2), (-1, 1), wrap=True)
    expect(note).to_contain_text("by (−2, 2) rows and columns is one by (−1, 1) for it")
    wrap.press("Space")
    expect(table["last"].locator(".play-pad")).to_have_count(6 + 6 - 1)

    layer.press("ArrowDown")
    right.press("ArrowLeft")
    same_as("pooling", (-2, 1), (-1, 0), wrap=False)
    expect(note).to_contain_text("There are no half pixels; it is shifted by (−1, 0)")
    expect(figure.get_by_role("table", name="Kernel")).to_be_hidden()
    layer.press("ArrowDown")
    same_as("antialiased", (-2, 1), (-1, 1), wrap=False)


# Gradients


def _autograd(
    image: NDArray[Any], kernel: NDArray[Any], gradient: NDArray[Any]
) -> dict[str, NDArray[np.float64]]:
    x, w = (torch.tensor(_four(a), requires_grad=True) for a in (image, kernel))
    b = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    torch.nn.functional.conv2d(x, w, b).backward(torch.tensor(_four(gradient)))
    assert x.grad is not None and w.grad is not None and b.grad is not None
    return {"x": x.grad[0, 0].numpy(), "w": w.grad[0, 0].numpy(), "b": b.grad.numpy()[None]}


@pytest.mark.parametrize(
    ("image", "kernel"), [((3, 3), (2, 2)), ((5, 4), (3, 2)), ((4, 4), (1, 3))]
)
def test_gradients_equal_autograd_and_ours(
    calculator: Page, image: tuple[int, int], kernel: tuple[int, int]
) -> None:
    rng = np.random.default_rng(2)
    for _ in range(5):
        x, w = rng.normal(size=image), rng.normal(size=kernel)
        y = signal.correlate2d(x, w, mode="valid")
        g = rng.normal(size=y.shape)
        np.testing.assert_allclose(_math(calculator, "forward", x, w, 0.5), y + 0.5)
        ours = conv2d(_four(x), _four(w), np.array([0.5]))
        np.testing.assert_allclose(_math(calculator, "forward", x, w, 0.5), ours[0, 0])
        found = _math(calculator, "backward", x, w, g)
        expected = _autograd(x, w, g)
        grads = dict(zip("xwb", conv2d_backward(_four(g), _four(x), _four(w)), strict=True))
        for name in "xwb":
            np.testing.assert_allclose(found[name], expected[name], atol=1e-12)
            np.testing.assert_allclose(np.ravel(found[name]), grads[name].ravel(), atol=1e-12)
        np.testing.assert_allclose(found["x"], signal.convolve2d(g, w), atol=1e-12)


def test_a_derivative_has_a_term_for_each_gradient_that_reaches_it(calculator: Page) -> None:
    for r in range(3):
        for c in range(3):
            terms = _math(calculator, "terms", "x", [r, c], WEIGHT, GRADIENT)
            assert len(terms) == [1, 2, 1][r] * [1, 2, 1][c]
            for term in terms:
                assert np.add(term["at"], term["by"]).tolist() == [r, c]
    assert len(_math(calculator, "terms", "w", [1, 0], WEIGHT, GRADIENT)) == 4
    assert [term["by"] for term in _math(calculator, "terms", "b", [0, 0], WEIGHT, GRADIENT)] == [
        None
    ] * 4


@pytest.mark.parametrize("pooling", ["max", "average"])
def test_pooling_equals_autograd_and_ours(calculator: Page, pooling: str) -> None:
    rng = np.random.default_rng(3)
    pools: dict[str, tuple[Any, Any]] = {
        "max": (torch.nn.functional.max_pool2d, MaxPool2d(2)),
        "average": (torch.nn.functional.avg_pool2d, AvgPool2d(2)),
    }
    function, layer = pools[pooling]
    for _ in range(20):  # few different values, so that windows have equals
        image, gradient = rng.integers(-2, 3, (4, 6)), rng.normal(size=(2, 3))
        x = torch.tensor(_four(image), requires_grad=True)
        y = function(x, 2)
        y.backward(torch.tensor(_four(gradient)))
        assert x.grad is not None
        found = _math(calculator, "pool", image, pooling)["output"]
        back = _math(calculator, "poolBackward", image, gradient, pooling)
        np.testing.assert_allclose(found, y.detach()[0, 0])
        np.testing.assert_allclose(found, layer.forward(_four(image))[0, 0])
        np.testing.assert_allclose(back, x.grad[0, 0])
        np.testing.assert_allclose(back, layer.backward(_four(gradient))[0, 0])


def _shown_gradients(
    figure: Locator, image: NDArray[Any], kernel: NDArray[Any], gradient: NDArray[Any]
) -> None:
    for name, values in _autograd(image, kernel, gradient).items():
        table = figure.get_by_role("table", name=f"∂L/∂{name}").first
        np.testing.assert_array_equal(_numbers(table).ravel(), values.ravel())


def test_gradient_by_keyboard(page: Page) -> None:
    figure = _figure(page, "gradient")
    text = figure.locator("[data-role=sum]")
    image, kernel, gradient = SMALL.copy(), WEIGHT.copy(), GRADIENT.copy()
    marks = figure.get_by_role("group", name="∂L/∂y").first.locator("small")

    def field(name: str) -> Locator:
        return figure.get_by_role("spinbutton", name=name, exact=True).first

    _shown_gradients(figure, image, kernel, gradient)
    np.testing.assert_array_equal(
        _numbers(figure.get_by_role("table", name="y").first),
        signal.correlate2d(image, kernel, "valid") + 1,
    )
    expect(text).to_contain_text("∂L/∂x[1, 1] = ∂L/∂y[0, 0] · w[1, 1] + ∂L/∂y[0, 1] · w[1, 0]")
    expect(text).to_contain_text("= 1 · 3 + (−1) · 0 + 2 · (−2) + 4 · 1 = 3")
    expect(marks).to_have_text(["· w[1, 1]", "· w[1, 0]", "· w[0, 1]", "· w[0, 0]"])

    # A corner: one gradient reaches it.
    field("x[1, 1]").focus()
    for _ in range(4):
        page.keyboard.press("Tab")
    expect(field("x[2, 2]")).to_be_focused()
    expect(text).to_have_text("∂L/∂x[2, 2] = ∂L/∂y[1, 1] · w[1, 1] = 4 · 3 = 12")
    expect(marks).to_have_text(["", "", "", "· w[1, 1]"])
    expect(figure.locator(".play-now small:text('chosen')")).to_have_count(1)

    # A weight: all four do.
    field("w[0, 1]").focus()
    expect(text).to_contain_text("∂L/∂y[0, 0] · x[0, 1] + ∂L/∂y[0, 1] · x[0, 2]")
    expect(text).to_contain_text("= 1 · 2 + (−1) · 0 + 2 · (−1) + 4 · 4 = 16")
    expect(figure.locator(".play-in small:text('used')")).to_have_count(4)
    field("b").focus()
    expect(text).to_contain_text("= 1 + (−1) + 2 + 4 = 6")
    expect(marks).to_have_text(["· 1"] * 4)

    # Numbers change by arrow key, by typing and by button; the derivatives follow.
    field("w[0, 1]").press("ArrowUp")
    kernel[0, 1] += 1
    field("x[0, 2]").press("ArrowDown")
    image[0, 2] -= 1
    field("∂L/∂y[0, 1]").fill("-7")
    gradient[0, 1] = -7
    for sign, number in [("Increase", 1), ("Decrease", -1), ("Decrease", -1)]:
        figure.get_by_role("button", name=f"{sign} ∂L/∂y[0, 1] by 1").press("Enter")
        gradient[0, 1] += number
    expect(field("∂L/∂y[0, 1]")).to_have_value("-8")
    _shown_gradients(figure, image, kernel, gradient)
    expect(text).to_contain_text("∂L/∂x[0, 2] = ∂L/∂y[0, 1] · w[0, 1] = (−8) · (−1) = 8")
    field("∂L/∂y[0, 1]").fill("1000")  # as far as a cell has room
    gradient[0, 1] = 99
    _shown_gradients(figure, image, kernel, gradient)
    field("∂L/∂y[0, 1]").fill("")
    gradient[0, 1] = 0
    _shown_gradients(figure, image, kernel, gradient)


def test_pooling_by_keyboard(page: Page) -> None:
    figure = _figure(page, "gradient")
    figure.get_by_role("radio", name="a convolution").press("ArrowRight")
    expect(figure.get_by_role("radio", name="a pooling")).to_be_checked()
    expect(figure.locator("[data-role=sum]")).to_be_hidden()
    text = figure.locator("[data-role=pooled]")
    back = figure.get_by_role("table", name="∂L/∂x")
    expected = np.zeros((4, 4))
    expected[[0, 0, 3, 2], [1, 2, 1, 2]] = GRADIENT.ravel()
    np.testing.assert_array_equal(_numbers(back), expected)
    expect(figure.locator(".play-winner:visible small:text('max')")).to_have_count(8)
    expect(text).to_have_text(
        "x[0, 1] = 5 is the greatest of its window: it gets all of ∂L/∂y[0, 0] = 1, "
        "the other three get 0."
    )
    figure.get_by_role("spinbutton", name="x[1, 2]").focus()
    expect(text).to_contain_text("x[0, 2] = 2 is the greatest of its window (the first of 3 equal")
    page.keyboard.press("ArrowUp")
    expect(text).to_contain_text("x[1, 2] = 3 is the greatest of its window: it gets all")
    expected[0, 2], expected[1, 2] = 0, GRADIENT[0, 1]
    np.testing.assert_array_equal(_numbers(back), expected)

    figure.get_by_role("radio", name="the greatest value").press("ArrowRight")
    np.testing.assert_array_equal(_numbers(back), np.kron(GRADIENT, np.full((2, 2), 0.25)))
    np.testing.assert_array_equal(
        _numbers(figure.get_by_role("table", name="y")), [[2.25, 2], [7.5, -2.5]]
    )
    expect(figure.locator(".play-cell:visible small:text('¼')")).to_have_count(32)
    expect(text).to_have_text(
        "Each of the four pixels of the window gets a quarter of ∂L/∂y[0, 1] = −1: −0.25."
    )
    # The two panels share the arriving gradient.
    figure.get_by_role("spinbutton", name="∂L/∂y[0, 1]").press("ArrowUp")
    figure.get_by_role("radio", name="a pooling").press("ArrowLeft")
    _shown_gradients(figure, SMALL, WEIGHT, np.array([[1, 0], [2, 4]]))


# What holds for all


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_accessible(page: Page, theme: str) -> None:
    page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    found = Axe().run(page, options={"preload": False}).response["violations"]
    page.get_by_label("a pooling").check()
    found += Axe().run(page, "[data-play=gradient]", {"preload": False}).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in found] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_drawings_can_be_seen(page: Page, theme: str) -> None:
    """Axe does not look at SVG: the marks' colours against the ground, at least 3 to 1."""
    page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    colors = page.evaluate(
        """() => {
          const style = (selector, name) =>
            getComputedStyle(document.querySelector(selector))[name].match(/[\\d.]+/g).map(Number);
          return [style(".play-figure", "backgroundColor"),
            ...["input", "strike", "tap", "miss", "hatch"].map((name) =>
              style(`.play-size-${name}`, "stroke")), style("svg text", "fill")];
        }"""
    )

    def luminance(color: list[float]) -> float:
        part = np.array(color[:3]) / 255
        linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    ground, *marks = map(luminance, colors)
    for mark in marks:
        light, dark = max(ground, mark), min(ground, mark)
        assert (light + 0.05) / (dark + 0.05) >= 3


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_within_the_screen(open_page: Callable[..., Page], width: int) -> None:
    page = open_page(width)
    sizes, shift, gradient = (_figure(page, name) for name in FIGURE_DATA)
    inside = """figures => figures.flatMap(figure => [...figure.querySelectorAll("*")]
      .filter((node) => node.getBoundingClientRect().right
        > figure.getBoundingClientRect().right + 0.5).map((node) => node.outerHTML.slice(0, 90)))"""

    def whole() -> None:
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator(".play-figure").evaluate_all(inside) == []

    whole()
    for name in ("Length", "Kernel", "Stride", "Dilation", "Padding"):
        sizes.get_by_role("slider", name=re.compile(f"^{name}")).press("End")
    sizes.get_by_label("one zero more").check()
    sizes.get_by_label("Stride").press("Home")
    shift.get_by_label("The layer f").select_option("antialiased")
    for entry in gradient.get_by_role("spinbutton").all():
        entry.fill("-99")
    whole()
    gradient.get_by_label("a pooling").check()
    for entry in gradient.get_by_role("spinbutton").all():
        entry.fill("-99")
    whole()

    # No number is wider than its cell, no mark covers a number.
    wide = page.locator(".play-matrix:visible .play-cell").evaluate_all(
        "cells => cells.filter(cell => cell.scrollWidth > cell.clientWidth + 1).length"
    )
    assert wide == 0
    for panel in ("a pooling", "a convolution"):
        gradient.get_by_label(panel).check()
        targets = page.locator(".play-figure :is(button, select, input)").filter(visible=True)
        sides = targets.evaluate_all(
            """targets => targets.map((target) => target.getBoundingClientRect())
              .map(({ width, height }) => Math.min(width, height))"""
        )
        assert len(sides) > 30
        assert min(sides) >= 24
    expect(page.locator(".play-still")).to_have_count(0)


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_nothing_moves_by_itself(open_page: Callable[..., Page], motion: str) -> None:
    page = open_page(reduced_motion=motion)
    before = page.locator("main").inner_html()
    page.get_by_role("radio", name="a pooling").press("ArrowLeft")
    page.wait_for_timeout(700)
    assert page.evaluate("document.getAnimations().length") == 0
    assert page.locator("main").inner_html() == before


def test_focus_is_visible(page: Page) -> None:
    for selector in ("select", "input[type=range]", "input[type=number]", "button"):
        target = page.locator(f".play-figure {selector}").first
        target.focus()
        page.keyboard.press("Shift")  # so that the browser knows that a keyboard is in use
        assert target.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"


def test_start_values(calculator: Page) -> None:
    """What a chapter may set is what the figure starts from."""
    started = calculator.evaluate(
        """(data) => {
          const start = (name, more) => {
            const root = document.createElement("div");
            document.body.append(root);
            window.pdlPlay.figures[name](root, { ...data[name], ...more })();
            const state = [...root.querySelectorAll("input[type=range]")].map((node) => +node.value)
              .concat([...root.querySelectorAll("select")].map((node) => node.value))
              .concat([...root.querySelectorAll("input:checked")]
                .map((node) => node.labels[0].textContent));
            root.remove();
            return state;
          };
          return [
            start("sizes", { length: 7, kernel: 4, stride: 3, dilation: 2, padding: [2, 3] }),
            start("sizes", { padding: 2 }),
            start("shift", { operation: "pooling", shift: [-1, 2], wrap: true }),
            start("gradient", { panel: "pooling", pooling: "average" }),
          ];
        }""",
        FIGURE_DATA,
    )
    assert started == [
        [7, 4, 3, 2, 2, "one zero more after the end"],
        [12, 3, 2, 1, 2],
        [-1, 2, "pooling", "wrap round: what leaves comes in on the other side"],
        ["a pooling", "the average"],
    ]
