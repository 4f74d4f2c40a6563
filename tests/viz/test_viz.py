"""How images and arrays are drawn, and what a cell hands to its page."""

from __future__ import annotations

import ast
import base64
import io
import itertools
import json
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from pdl import viz


@pytest.fixture(autouse=True)
def _own_figures(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("PDL_BUILD", raising=False)
    plt.switch_backend("agg")
    with mpl.rc_context():
        yield
    plt.close("all")


def gray(height: int = 4, width: int = 6, dtype: Any = np.uint8) -> np.ndarray[Any, Any]:
    return np.arange(height * width, dtype=dtype).reshape(height, width)


# show_images


def test_images_stand_in_a_row_up_to_four() -> None:
    figure = viz.show_images([gray()] * 3, titles=["one", "two"])
    assert isinstance(figure, Figure)
    assert len(figure.axes) == 3
    assert [ax.get_title() or ax.get_title("left") for ax in figure.axes] == ["one", "two", ""]
    assert all(not ax.axison for ax in figure.axes)
    five = viz.show_images([gray()] * 5)
    assert [len(ax.images) for ax in five.axes] == [1] * 5 + [0] * 3


def test_columns_set_the_grid_and_the_width_the_size() -> None:
    figure = viz.show_images([gray(4, 4)] * 4, columns=2, width=5)
    grid = figure.axes[0].get_gridspec()
    assert (grid.nrows, grid.ncols) == (2, 2)
    width, height = figure.get_size_inches()
    assert width == pytest.approx(5)
    assert 5 <= height < 5.5, "square images in two rows of two make a square figure"


def test_a_tall_image_makes_a_tall_figure() -> None:
    low = viz.show_images([gray(4, 8)]).get_size_inches()[1]
    tall = viz.show_images([gray(8, 4)]).get_size_inches()[1]
    assert tall == pytest.approx(4 * low, rel=0.05)


def test_gray_values_of_uint8_keep_their_whole_range() -> None:
    (drawn,) = viz.show_images([gray()]).axes[0].images
    assert drawn.get_clim() == (0, 255)
    np.testing.assert_array_equal(drawn.get_array(), gray())
    assert drawn.get_cmap().name == "gray"


def test_other_images_are_stretched_to_their_own_range_or_the_given_one() -> None:
    image = gray(dtype=float) + 3
    assert viz.show_images([image]).axes[0].images[0].get_clim() == (3, 26)
    assert viz.show_images([image], vmin=-1, vmax=40).axes[0].images[0].get_clim() == (-1, 40)
    assert viz.show_images([gray()], vmax=9).axes[0].images[0].get_clim() == (0, 9)


def test_colour_is_drawn_as_it_is() -> None:
    image = np.random.default_rng(0).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    np.testing.assert_array_equal(viz.show_images([image]).axes[0].images[0].get_array(), image)


@pytest.mark.parametrize(
    ("images", "words"),
    [
        ([], "images: expected one image or more, got none"),
        ([gray(), np.arange(3)], r"images\[1\]: expected .* of shape H×W or H×W×3, got .* \(3,\)"),
        ([np.zeros((1, 2, 3, 3))], r"images\[0\]: .* of shape \(1, 2, 3, 3\)"),
    ],
)
def test_what_is_no_image_is_refused(images: Any, words: str) -> None:
    before = plt.get_fignums()
    with pytest.raises(ValueError, match=words):
        viz.show_images(images)
    assert plt.get_fignums() == before, "no empty figure is left for the notebook to show"


# show_array


def test_an_array_is_drawn_with_its_numbers_where_they_stand() -> None:
    array = np.array([[1, -2, 3], [4.5, 0, 6]])
    ax = viz.show_array(array, "An array")
    written = {text.get_position(): text.get_text() for text in ax.texts}
    assert written == {
        (0, 0): "1", (1, 0): "−2", (2, 0): "3", (0, 1): "4.5", (1, 1): "0", (2, 1): "6",
    }  # fmt: skip
    assert "An array" in {ax.get_title(), ax.get_title("left")}
    np.testing.assert_array_equal(ax.images[0].get_array(), array)


def test_the_numbers_take_a_format() -> None:
    ax = viz.show_array(np.array([[1 / 3]]), number_format=".2f")
    assert [text.get_text() for text in ax.texts] == ["0.33"]


def test_an_array_goes_into_the_axes_it_is_given() -> None:
    _, (left, right) = plt.subplots(1, 2)
    assert viz.show_array(np.eye(2), ax=right) is right
    assert not left.images
    assert len(plt.get_fignums()) == 1


def test_highlighted_cells_are_framed_by_row_and_column() -> None:
    ax = viz.show_array(np.zeros((2, 4)), highlight=[(0, 3), (1, 0)])
    frames = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    assert [frame.get_xy() for frame in frames] == [(2.5, -0.5), (-0.5, 0.5)]
    assert all((frame.get_width(), frame.get_height()) == (1, 1) for frame in frames)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, bool])
def test_a_constant_array_of_any_kind_can_be_drawn(dtype: Any) -> None:
    ax = viz.show_array(np.ones((2, 2), dtype))
    ax.figure.canvas.draw()
    assert len(ax.texts) == 4
    low, high = ax.images[0].get_clim()
    assert low < high


@pytest.mark.parametrize("shape", [(3,), (2, 2, 3)])
def test_an_array_has_two_axes(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"array: expected two axes, got shape \("):
        viz.show_array(np.zeros(shape))


# The style


def contrast_on_white(colour: str) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return 1.05 / (0.05 + float(np.dot(linear, [0.2126, 0.7152, 0.0722])))


def test_the_colours_are_those_of_the_style_and_have_contrast() -> None:
    viz.use_style()
    cycle = [each["color"] for each in mpl.rcParams["axes.prop_cycle"]]
    assert cycle == list(viz.COLORS.values())
    assert {"blue", "orange", "green", "purple", "gold", "gray"} == set(viz.COLORS)
    assert min(map(contrast_on_white, viz.COLORS.values())) >= 3


def test_label_colours_keep_neighbours_apart_and_the_background_dark() -> None:
    colours = [viz.CELL_COLORS(label) for label in range(viz.CELL_COLORS.N)]
    assert max(colours[0][:3]) < 0.15
    assert all(a != b for a, b in itertools.pairwise(colours))


# play


class Page(HTMLParser):
    """Elements of a page, and the text of its data script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.data = ""
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag != "img":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.data += data
        else:
            assert not data.strip(), f"loose text on the page: {data!r}"


def still() -> Figure:
    figure, ax = plt.subplots(figsize=(2, 1))
    ax.plot([0, 1])
    return figure


def played(data: dict[str, Any], monkeypatch: pytest.MonkeyPatch, alt: str = "A plot.") -> Page:
    monkeypatch.setenv("PDL_BUILD", "site")
    bundle = viz.play("slide", data, still(), alt)._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    page = Page(bundle["text/html"])
    assert page.open == []
    return page


def test_play_is_a_still_picture_without_the_site() -> None:
    bundle = viz.play("slide", {"a": 1}, still(), "A rising line.")._repr_mimebundle_()
    assert set(bundle) == {"image/png", "text/plain"}
    assert "A rising line." in bundle["text/plain"]
    picture = Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))
    assert picture.format == "PNG"
    assert picture.size == (200, 100)


def test_play_closes_its_figure_so_that_it_is_shown_once() -> None:
    viz.play("slide", {}, still(), "A plot.")
    assert plt.get_fignums() == []


def test_play_on_the_site_names_its_script_and_carries_data_and_still(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = {"kernel": np.array([[1, 2], [3, 4]]), "size": np.int64(3), "words": ["é", None, 0.5]}
    page = played(data, monkeypatch)
    assert [tag for tag, _ in page.elements] == ["div", "script", "div", "img"]
    (_, outer), (_, script), (_, inner), (_, image) = page.elements
    assert outer["class"] == "play"
    assert outer["data-play"] == "slide"
    assert (script["type"], script["class"]) == ("application/json", "play-data")
    assert inner["class"] == "play-still"
    assert outer["data-alt"] == image["alt"] == "A plot."
    assert json.loads(page.data) == {
        "kernel": [[1, 2], [3, 4]], "size": 3, "words": ["é", None, 0.5],
    }  # fmt: skip
    source = image["src"] or ""
    assert source.startswith("data:image/png;base64,")
    assert Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2]))).size == (200, 100)


def test_other_values_of_the_build_are_not_the_site(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PDL_BUILD", "lab")
    assert "text/html" not in viz.play("slide", {}, still(), "A plot.")._repr_mimebundle_()


def test_a_photograph_travels_as_bytes_and_small_or_other_arrays_as_lists(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    photograph = np.random.default_rng(0).integers(0, 256, (30, 40), dtype=np.uint8)
    data = {
        "photograph": photograph,
        "colour": np.stack([photograph] * 3, axis=-1),
        "small": photograph[:2, :2],
        "edge": np.zeros((32, 32), np.uint8),
        "float": np.zeros((40, 40)),
    }
    got = json.loads(played(data, monkeypatch).data)
    sent = got["photograph"]
    assert (sent["height"], sent["width"]) == (30, 40)
    raw = np.frombuffer(base64.b64decode(sent["pixels"]), np.uint8).reshape(30, 40)
    np.testing.assert_array_equal(raw, photograph)
    raw = np.frombuffer(base64.b64decode(got["colour"]["pixels"]), np.uint8)
    np.testing.assert_array_equal(raw.reshape(30, 40, 3), data["colour"])
    assert got["small"] == photograph[:2, :2].tolist()
    assert got["edge"] == data["edge"].tolist()
    assert got["float"] == [[0.0] * 40] * 40


def test_a_view_travels_with_its_own_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    photograph = np.random.default_rng(1).integers(0, 256, (80, 80), dtype=np.uint8)
    sent = json.loads(played({"half": photograph[::2, ::-2]}, monkeypatch).data)["half"]
    raw = np.frombuffer(base64.b64decode(sent["pixels"]), np.uint8).reshape(40, 40)
    np.testing.assert_array_equal(raw, photograph[::2, ::-2])


@pytest.mark.parametrize(
    "text", ["</script><script>alert(1)</script>", "</SCRIPT >", "a </ b", "<\\/script>", '"}</']
)
def test_data_cannot_break_out_of_the_script(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    page = played({"text": text, text: 1}, monkeypatch)
    assert [tag for tag, _ in page.elements] == ["div", "script", "div", "img"]
    assert "</" not in page.data
    assert json.loads(page.data) == {"text": text, text: 1}


def test_the_description_cannot_break_out_of_its_attribute(monkeypatch: pytest.MonkeyPatch) -> None:
    alt = "A \"plot\" of 'a < b' & <b>more</b>"
    page = played({}, monkeypatch, alt)
    assert page.elements[0][1]["data-alt"] == page.elements[3][1]["alt"] == alt
    assert len(page.elements) == 4


@pytest.mark.parametrize("alt", ["", " \n"])
def test_a_figure_to_play_with_is_described(alt: str) -> None:
    with pytest.raises(ValueError, match="alt: expected a description"):
        viz.play("slide", {}, still(), alt)


def test_data_that_no_page_can_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PDL_BUILD", "site")
    with pytest.raises(TypeError, match="data: cannot hand a set to a page"):
        viz.play("slide", {"a": {1, 2}}, still(), "A plot.")._repr_mimebundle_()


# glue


@pytest.fixture
def displayed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict[str, str], dict[str, Any]]]:
    calls: list[tuple[dict[str, str], dict[str, Any]]] = []

    def display(bundle: dict[str, str], *, metadata: dict[str, Any], raw: bool) -> None:
        assert raw
        calls.append((bundle, metadata))

    monkeypatch.setattr("IPython.display.display", display)
    return calls


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (3, 3),
        (0.25, 0.25),
        ("left", "left"),
        ("it's", "it's"),
        (np.int64(7), 7),
        (np.uint8(200), 200),
        (np.float64(0.1), 0.1),
        (np.float32(0.5), 0.5),
        (np.bool_(True), True),
        (np.str_("word"), "word"),
        (np.array(2.5), 2.5),
        (np.array([4]), 4),
    ],
    ids=lambda value: f"{type(value).__name__}-{value}",
)
def test_glue_hands_over_a_plain_literal(
    value: Any, plain: Any, displayed: list[tuple[dict[str, str], dict[str, Any]]]
) -> None:
    viz.glue("conv-gap", value)
    ((bundle, metadata),) = displayed
    prefix = "application/papermill.record/"
    assert metadata == {"scrapbook": {"name": "conv-gap", "mime_prefix": prefix}}
    assert list(bundle) == [f"{prefix}text/plain"]
    got = ast.literal_eval(bundle[f"{prefix}text/plain"])
    assert (got, type(got)) == (plain, type(plain))


def test_glue_takes_one_value(displayed: list[Any]) -> None:
    with pytest.raises(ValueError):
        viz.glue("conv-gap", np.zeros(3))
    assert displayed == []


# glue_range


TRAININGS = {"net-lost": [14.0, 12.2, 20.4], "net-gain": [-0.5, 0.25], "net-right": [96.8, 97.1]}
TRAININGS["net-fall"] = [-97.1, -96.8]


@pytest.mark.parametrize(
    ("key", "live", "number_format", "words", "ends"),
    [
        ("net-lost", 12.2, ".0f", "12 to 20", (12.2, 20.4)),
        ("net-lost", np.float32(15), ".1f", "12.2 to 20.4", (12.2, 20.4)),
        ("net-gain", 0, "+.1f", "−0.5 to +0.2", (-0.5, 0.25)),
        ("net-right", 97, ".0f", "97", (96.8, 97.1)),  # both ends read 97
        ("net-right", 98, ".0f", "97", (96.8, 97.1)),  # a narrow range allows one per cent
        ("net-fall", -98, ".0f", "−97", (-97.1, -96.8)),
        ("net-lost", 8.2, ".0f", "12 to 20", (12.2, 20.4)),  # 12.2 less half of 8.2 is 8.1
        ("net-lost", 24.4, ".0f", "12 to 20", (12.2, 20.4)),  # 20.4 and half of 8.2 is 24.5
    ],
)
def test_the_text_quotes_the_recorded_range_whatever_the_live_value(
    key: str,
    live: Any,
    number_format: str,
    words: str,
    ends: tuple[float, float],
    displayed: list[tuple[dict[str, str], dict[str, Any]]],
) -> None:
    assert viz.glue_range(key, live, TRAININGS, number_format) == ends
    ((bundle, metadata),) = displayed
    assert list(map(ast.literal_eval, bundle.values())) == [words]
    assert metadata["scrapbook"]["name"] == key
    assert metadata["scrapbook"]["spread"] == list(ends)
    assert metadata["scrapbook"]["value"] == live


@pytest.mark.parametrize(
    ("key", "live", "words"),
    [
        ("net-lost", 8.0, r"net-lost is 8 .* 12\.2 and 20\.4 in 3 recorded"),
        ("net-lost", 24.6, r"net-lost is 24\.6 here"),
        ("net-lost", float("nan"), "net-lost is nan here"),
        ("net-right", 98.2, r"96\.8 and 97\.1 in 2 recorded"),
    ],
)
def test_a_live_value_far_from_the_recorded_trainings_is_refused(
    key: str, live: float, words: str, displayed: list[Any]
) -> None:
    with pytest.raises(ValueError, match=words):
        viz.glue_range(key, live, TRAININGS)
    assert displayed == []


def test_a_number_without_recorded_trainings_is_refused(displayed: list[Any]) -> None:
    with pytest.raises(ValueError, match=r"'net-new'; to record it anew: python book/tools/spread"):
        viz.glue_range("net-new", 1.0, TRAININGS)
    assert displayed == []


@pytest.mark.usefixtures("displayed")
def test_a_range_that_ends_a_cell_is_not_shown_below_it() -> None:
    assert DisplayFormatter().format(viz.glue_range("net-lost", 15, TRAININGS)) == ({}, {})


def test_a_run_to_be_recorded_hands_over_its_own_value(
    displayed: list[tuple[dict[str, str], dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PDL_BUILD", "spreads")
    assert viz.glue_range("net-new", 99, {}) == (99, 99)
    assert displayed[0][1]["scrapbook"]["value"] == 99
