"""A figure's dark twin: light ink, no paper, photographs as they are; the figure itself stays."""

from __future__ import annotations

import base64
import hashlib
import io
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from PIL import Image

from pdl.viz.dark import dark_color, dark_paper, save_dark_twins


def lightness(color: Any) -> float:
    red, green, blue, _ = to_rgba(color)
    return (max(red, green, blue) + min(red, green, blue)) / 2


@pytest.fixture
def figure() -> Figure:
    figure, (curve, photo) = plt.subplots(1, 2, figsize=(4, 2))
    curve.plot([1, 2], color="#1f5fa8", marker="o")
    curve.bar([0, 1], [1, 2], color="black")
    curve.scatter([0, 1], [1, 1], c="navy")
    curve.scatter([0, 1], [2, 2], c=[0.0, 1.0], cmap="gray")
    curve.set_title("curve", color="black")
    curve.annotate("here", (0, 1), (1, 2), arrowprops={"arrowstyle": "->", "color": "black"})
    photo.imshow(np.full((4, 4, 3), 90, np.uint8))
    photo.text(1, 1, "over", color="white")
    photo.plot([0, 1], color="black")
    photo.set_title("photo", color="black")
    photo.legend(["line"], labelcolor="black")
    photo.set_facecolor("#eeeeaa")
    curve.text(0, 1, "box", bbox={"facecolor": "black"})
    return figure


def colors(figure: Figure) -> list[Any]:
    found: list[Any] = []
    for artist in figure.findobj():
        for name in ("color", "facecolor", "edgecolor", "markerfacecolor", "markeredgecolor"):
            getter = getattr(artist, f"get_{name}", None)
            if getter is not None:
                value = getter()
                found.append(value.tolist() if isinstance(value, np.ndarray) else value)
    return found


def test_dark_becomes_light_and_the_hue_stays() -> None:
    red, green, blue, alpha = dark_color("#1f5fa8")
    assert blue > green > red
    assert lightness((red, green, blue)) == pytest.approx(1 - 0.85 * (0x1F + 0xA8) / 2 / 255)
    assert alpha == 1
    assert dark_color((0, 0, 0, 0.25))[3] == 0.25


def test_ink_is_light_within_the_context_and_as_it_was_after_it(figure: Figure) -> None:
    figure.draw_without_rendering()
    before = colors(figure)
    curve, photo = figure.axes
    with dark_paper(figure):
        assert colors(figure) != before
        assert lightness(curve.title.get_color()) == pytest.approx(0.9)
        assert lightness(curve.lines[0].get_color()) > 0.6
        assert lightness(curve.patches[0].get_facecolor()) == pytest.approx(0.9)
        assert lightness(curve.collections[0].get_facecolor()[0]) > 0.7
        assert lightness(curve.texts[0].arrow_patch.get_edgecolor()) == pytest.approx(0.9)
        assert lightness(photo.title.get_color()) == pytest.approx(0.9)
        assert to_rgba(figure.patch.get_facecolor())[3] == 0
        assert to_rgba(curve.patch.get_facecolor())[3] == 0
        assert lightness(photo.patch.get_facecolor()) < 0.4, "a paper of a colour of its own"
        assert lightness(curve.texts[1].get_bbox_patch().get_facecolor()) == pytest.approx(0.9)
    assert colors(figure) == before


def test_what_lies_over_a_photograph_and_maps_of_colour_stay(figure: Figure) -> None:
    figure.draw_without_rendering()
    curve, photo = figure.axes
    with dark_paper(figure):
        assert photo.texts[0].get_color() == "white"
        assert photo.lines[0].get_color() == "black"
        assert lightness(photo.get_legend().get_texts()[0].get_color()) == 0
        assert curve.collections[1].get_facecolor()[:, 0].tolist() == [0.0, 1.0]


def test_the_figure_is_as_it_was_after_an_error_too(figure: Figure) -> None:
    figure.draw_without_rendering()
    before = colors(figure)
    with pytest.raises(RuntimeError), dark_paper(figure):
        raise RuntimeError
    assert colors(figure) == before


def test_a_shown_figure_leaves_its_twin_under_the_hash_of_its_picture(
    figure: Figure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from IPython.core import pylabtools

    monkeypatch.setattr(pylabtools, "print_figure", pylabtools.print_figure)
    save_dark_twins(tmp_path / "dark")
    picture = pylabtools.print_figure(figure, fmt="png")
    (twin,) = (tmp_path / "dark").iterdir()
    assert twin.stem == hashlib.sha256(picture).hexdigest()
    light = np.asarray(Image.open(io.BytesIO(picture)).convert("RGBA"))
    dark = np.asarray(Image.open(twin).convert("RGBA"))
    assert light[0, 0].tolist() == [255, 255, 255, 255]
    assert dark[0, 0, 3] == 0, "the page shows through"
    encoded = pylabtools.print_figure(figure, fmt="png", base64=True)
    assert base64.b64decode(encoded) == picture
    pylabtools.print_figure(figure, fmt="svg")
    assert [*(tmp_path / "dark").iterdir()] == [twin], "the same twin again, and none of an SVG"
    assert Image.open(twin).format == "PNG"


class Counted(ConstrainedLayoutEngine):
    times = 0

    def execute(self, fig: Figure) -> dict[str, float]:
        self.times += 1
        return super().execute(fig)


def test_a_figure_and_its_twin_share_one_layout(
    figure: Figure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from IPython.core import pylabtools

    monkeypatch.setattr(pylabtools, "print_figure", pylabtools.print_figure)
    engine = Counted()
    figure.set_layout_engine(engine)
    save_dark_twins(tmp_path)
    picture = pylabtools.print_figure(figure, bbox_inches="tight")
    assert engine.times == 1
    assert figure.get_layout_engine() is engine
    (twin,) = tmp_path.iterdir()
    assert Image.open(twin).size == Image.open(io.BytesIO(picture)).size


def test_an_empty_figure_has_no_picture_and_no_twin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from IPython.core import pylabtools

    monkeypatch.setattr(pylabtools, "print_figure", pylabtools.print_figure)
    save_dark_twins(tmp_path)
    assert pylabtools.print_figure(plt.figure()) is None
    assert [*tmp_path.iterdir()] == []
