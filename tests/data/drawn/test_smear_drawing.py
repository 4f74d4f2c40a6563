"""The parts of a drawn smear: nuclei, stains, light, and who lies on whom."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from scipy import ndimage
from skimage.measure import regionprops

from pdl.data.drawn.cell_outlines import Outline
from pdl.data.drawn.smear_drawing import (
    _grains,
    add_platelet,
    add_red_cell,
    add_white_cell,
    empty_canvas,
)
from pdl.data.drawn.smear_fields import (
    MIN_VISIBLE,
    PLATELET,
    RED_CELL,
    WHITE_CELL,
    PlacedCell,
    draw_field,
    find_place,
    place_cells,
)
from pdl.data.drawn.smear_looks import BLUE, EOSIN, PURPLE, draw_look, photograph
from pdl.data.drawn.smears import PROPORTIONS
from pdl.data.drawn.white_cell_nuclei import WHITE_CELL_TYPES, draw_nucleus

RADIUS = 60.0
POINTS = np.indices((141, 141))[1] - 70 + 1j * (np.indices((141, 141))[0] - 70)


@functools.cache
def nuclei(kind):
    rng = np.random.default_rng(WHITE_CELL_TYPES.index(kind))
    return [draw_nucleus(rng, kind, RADIUS) for _ in range(80)]


@functools.cache
def masks(kind):
    return [nucleus.depth(POINTS) > 0 for nucleus in nuclei(kind)]


def plain_look(**changes):
    look = draw_look(np.random.default_rng(0), 3.4, PROPORTIONS)
    plain = {"slope": 0j, "vignetting": 0.0, "blur": 0.0, "noise": 0.0, "lamp": np.full(3, 0.9)}
    return look._replace(**{**plain, **changes})


def circle(x, y, radius):
    return Outline(y, x, radius, np.zeros(4, dtype=complex))


@pytest.mark.parametrize(
    ("kind", "areas", "solidities"),
    [
        ("neutrophil", (0.15, 0.47), (0.45, 0.92)),
        ("lymphocyte", (0.40, 0.85), (0.94, 1.0)),
        ("monocyte", (0.20, 0.56), (0.75, 0.97)),
    ],
)
def test_each_type_has_its_shape(kind, areas, solidities):
    drawn = masks(kind)
    assert all(ndimage.label(mask)[1] == 1 for mask in drawn)
    assert all(np.abs(POINTS[mask]).max() <= 1.03 * RADIUS for mask in drawn)
    area = np.array([mask.sum() for mask in drawn]) / (np.pi * RADIUS**2)
    assert areas[0] <= area.min() and area.max() <= areas[1]
    solidity = [regionprops(mask.astype(int))[0].solidity for mask in drawn]
    assert solidities[0] <= min(solidity) and max(solidity) <= solidities[1]


def test_neutrophils_have_three_to_five_lobes_on_thin_bridges():
    numbers, separate = [], []
    for nucleus in nuclei("neutrophil"):
        assert len(nucleus.bridges) == len(nucleus.lobes) - 1
        middles = np.array([complex(lobe.column, lobe.row) for lobe in nucleus.lobes])
        sizes = np.array([lobe.radius for lobe in nucleus.lobes])
        gaps = np.abs(middles[:, np.newaxis] - middles) / (sizes[:, np.newaxis] + sizes)
        spacing = np.diagonal(gaps, offset=1)
        assert (spacing > 0.84).all() and (spacing < 1.16).all()
        assert gaps[np.triu_indices(len(sizes), k=2)].min() > 1.0
        assert max(half for _, _, half in nucleus.bridges) < 0.1 * RADIUS
        numbers.append(len(nucleus.lobes))
        # Where lobes do not overlap, taking away the thickness of a bridge separates them.
        if spacing.min() > 1.1:
            inner = ndimage.distance_transform_edt(nucleus.depth(POINTS) > 0) > 0.09 * RADIUS
            pieces = ndimage.label(ndimage.binary_opening(inner, iterations=3))[1]
            separate.append(pieces == len(nucleus.lobes))
    assert set(numbers) == {3, 4, 5}
    assert len(separate) > 5 and np.mean(separate) > 0.9


@pytest.mark.parametrize("kind", ["lymphocyte", "monocyte"])
def test_the_other_nuclei_stay_in_one_piece(kind):
    for mask in masks(kind):
        assert ndimage.label(ndimage.distance_transform_edt(mask) > 0.12 * RADIUS)[1] == 1


def test_some_round_nuclei_have_a_dent():
    dented = [nucleus.dent is not None for nucleus in nuclei("lymphocyte")]
    assert 0.3 < np.mean(dented) < 0.7
    for nucleus in nuclei("lymphocyte"):
        whole = nucleus._replace(dent=None).depth(POINTS) > 0
        missing = 1 - (nucleus.depth(POINTS) > 0).sum() / whole.sum()
        assert missing == 0 if nucleus.dent is None else 0 < missing < 0.15


def test_the_nucleus_in_the_picture_gives_the_type_away():
    """The task can be solved: the shape is to be seen at the size of the crops."""
    right = []
    for index in range(150):
        kind = WHITE_CELL_TYPES[index % 3]
        rng = np.random.default_rng(index)
        look = draw_look(rng, 64 / 19, PROPORTIONS)
        cells = place_cells(rng, (64, 64), look, [(kind, 31.5 + 31.5j)], 0, 0)
        solidity = regionprops(draw_field(rng, (64, 64), look, cells).nuclei.astype(int))[
            0
        ].solidity
        guess = (
            "lymphocyte" if solidity > 0.945 else "monocyte" if solidity > 0.83 else "neutrophil"
        )
        right.append(guess == kind)
    assert np.mean(right) > 0.85


def test_the_nucleus_lies_inside_its_cell_and_is_dark():
    for index in range(30):
        rng = np.random.default_rng(index)
        canvas = empty_canvas((64, 64))
        bumps = 0.1 * rng.uniform(-1, 1, size=4) * (1, 0.5, 0.3, 0.2) + 0j
        cell = Outline(30.0, 33.0, 22.0, bumps)
        core = add_white_cell(rng, canvas, cell, 7, WHITE_CELL_TYPES[index % 3])
        assert set(np.unique(canvas.labels)) == {0, 7}
        assert core.any() and (canvas.labels[core] == 7).all()
        rim = (canvas.labels == 7) & ~ndimage.binary_dilation(core, iterations=2)
        purple = canvas.density[:, :, PURPLE]
        assert purple[core].mean() > 0.5 and purple[rim].max() == 0
        image = photograph(rng, canvas.density, plain_look(), 0.0)
        assert image[core].mean() < image[rim].mean() - 20


@pytest.mark.parametrize("middle", [40.0, 40.3, 40.5])
def test_edges_are_smooth_to_a_fraction_of_a_pixel(middle):
    """The covered parts of the pixels add up to the area that the curve encloses."""
    bumps = np.array([0.10, 0.04j, 0.02, 0.01])
    outline = Outline(middle, middle + 0.2, 15.0, bumps)
    area = np.pi * 15**2 * (1 + (np.abs(bumps) ** 2).sum() / 2)
    canvas = empty_canvas((80, 80))
    add_platelet(np.random.default_rng(0), canvas, outline, 1)
    assert canvas.density[:, :, BLUE].sum() / 0.25 == pytest.approx(area, rel=0.003)
    assert len(np.unique(canvas.density[:, :, BLUE])) > 20
    assert (canvas.labels == 1).sum() == pytest.approx(area, rel=0.02)


def test_red_cells_are_paler_in_the_middle():
    for seed in range(10):
        canvas = empty_canvas((64, 64))
        add_red_cell(np.random.default_rng(seed), canvas, circle(32, 32, 12), 1, 0.8)
        eosin = canvas.density[:, :, EOSIN]
        assert eosin[32, 32] < 0.85 * eosin[32, 40]
        assert canvas.density[:, :, [BLUE, PURPLE]].max() == 0
        flat = empty_canvas((64, 64))
        add_red_cell(np.random.default_rng(seed), flat, circle(32, 32, 12), 1, 0.0)
        assert flat.density[32, 32, EOSIN] == pytest.approx(flat.density[32, 40, EOSIN], rel=1e-6)


def test_two_layers_of_stain_let_through_the_square():
    density = np.zeros((8, 8, 3))
    density[:, 4:] = (0.4, 0.1, 0.2)
    look = plain_look(lamp=np.ones(3))
    rng = np.random.default_rng(0)
    one, two = (photograph(rng, n * density, look, 0.0) / 255 for n in (1, 2))
    assert (one[:, :4] == 1).all()
    assert np.allclose(two, one**2, atol=1.5 / 255)
    assert one[0, 6, 1] < one[0, 6, 0]


def test_light_is_a_slope_with_darker_corners():
    rng = np.random.default_rng(0)
    bare = np.zeros((41, 61, 3))

    def lit(**changes):
        return photograph(rng, bare, plain_look(**changes), 0.0)[:, :, 0] / 255

    flat, slope, dark = lit(), lit(slope=0.1 - 0.05j), lit(vignetting=0.2)
    assert np.allclose(flat, 0.9, atol=0.003)
    assert slope[20, 60] == pytest.approx(0.99, abs=0.003)
    assert slope[40, 30] == pytest.approx(0.9 * 0.95, abs=0.003)
    assert dark[20, 30] == pytest.approx(0.9, abs=0.003)
    assert dark[[0, 0, -1, -1], [0, -1, 0, -1]] == pytest.approx(0.72, abs=0.003)


def test_blur_noise_and_tilt():
    stripes = np.zeros((64, 64, 3))
    stripes[:, ::4] = 1.0

    def contrast(defocus=0.0, **changes):
        image = photograph(np.random.default_rng(0), stripes, plain_look(**changes), defocus)
        return image[:, 4:16].std(), image[:, 48:60].std()

    sharp, blurred = contrast(), contrast(blur=1.0)
    assert min(sharp) > 2 * max(blurred)
    left, right = contrast(defocus=2.0, tilt=1 + 0j)
    assert left == pytest.approx(sharp[0], rel=0.01) and right < 0.6 * sharp[1]
    noisy = photograph(np.random.default_rng(0), 0 * stripes, plain_look(noise=0.02), 0.0)
    assert noisy.std(axis=(0, 1)) == pytest.approx(0.02 * 255, rel=0.05)


def test_grains_have_the_contrast_that_they_say():
    grains = _grains(np.random.default_rng(0), (300, 300), 1.6, 0.2)
    assert grains.mean() == pytest.approx(1, abs=0.02)
    assert grains.std() == pytest.approx(0.2, rel=0.06)
    neighbours = np.corrcoef(grains[:, :-1].ravel(), grains[:, 1:].ravel())[0, 1]
    assert neighbours == pytest.approx(np.exp(-1 / (4 * 1.6**2)), abs=0.03)


def test_looks_vary_around_what_is_asked():
    rng = np.random.default_rng(0)
    looks = [draw_look(rng, 3.0, PROPORTIONS) for _ in range(1500)]
    mean = np.mean([look.proportions for look in looks], axis=0)
    assert np.allclose(mean, PROPORTIONS, atol=0.02)
    assert np.std([look.proportions for look in looks], axis=0).min() > 0.08
    sizes = [look.magnification for look in looks]
    assert 2.5 < min(sizes) < 2.7 and 3.2 < max(sizes) < 3.4
    assert np.std([look.lamp for look in looks], axis=0).min() > 0.04
    assert min(look.absorption.min() for look in looks) > 0


def test_cells_keep_their_distance():
    rng = np.random.default_rng(0)
    others = [circle(30, 20, 10), circle(70, 50, 12)]
    for overlap, least in ((0.0, 1.0), (0.3, 0.7)):
        places = [find_place(rng, (64, 100), 8, others, overlap) for _ in range(200)]
        for other in others:
            distance = np.abs(np.array(places) - complex(other.column, other.row))
            nearest = (distance / (8 + other.radius)).min()
            assert least <= nearest < least + 0.12
        assert max(place.real for place in places) > 90
        assert max(place.imag for place in places) < 64
    assert find_place(rng, (64, 64), 8, [circle(32, 32, 60)], 0.0) is None


def test_white_cells_lie_on_top_and_red_ones_overlap_each_other_only():
    look = plain_look()
    overlapping = 0
    for seed in range(6):
        cells = place_cells(
            np.random.default_rng(seed), (200, 200), look, [("monocyte", None)] * 2, 60, 6
        )
        classes = [cell.cls for cell in cells]
        assert classes == sorted(classes, key=[RED_CELL, PLATELET, WHITE_CELL].index)
        assert [cell.kind for cell in cells if cell.cls == WHITE_CELL] == ["monocyte"] * 2
        reds = [cell.outline for cell in cells if cell.cls == RED_CELL]
        middles = np.array([complex(each.column, each.row) for each in reds])
        sizes = np.array([each.radius for each in reds])
        gaps = np.abs(middles[:, np.newaxis] - middles) / (sizes[:, np.newaxis] + sizes)
        gaps = gaps[np.triu_indices(len(reds), k=1)]
        assert gaps.min() >= 0.75
        overlapping += (gaps < 0.95).sum()
    assert overlapping > 20


def test_a_hidden_cell_gets_no_label_and_the_others_are_numbered_on():
    look = plain_look()
    cells = [
        PlacedCell(RED_CELL, circle(30, 30, 10)),
        PlacedCell(RED_CELL, circle(70, 30, 10)),
        PlacedCell(PLATELET, circle(80, 80, 4)),
        PlacedCell(WHITE_CELL, circle(33, 30, 20), "lymphocyte"),
    ]
    field = draw_field(np.random.default_rng(0), (100, 100), look, cells)
    assert field.classes.tolist() == [RED_CELL, PLATELET, WHITE_CELL]
    assert [field.labels[30, 70], field.labels[80, 80], field.labels[30, 33]] == [1, 2, 3]
    assert np.unique(field.labels).tolist() == [0, 1, 2, 3]
    half = [*cells[:3], PlacedCell(WHITE_CELL, circle(52, 30, 20), "lymphocyte")]
    field = draw_field(np.random.default_rng(0), (100, 100), look, half)
    assert len(field.classes) == 4 and field.labels[30, 25] == 1
    assert (field.labels == 1).sum() > MIN_VISIBLE * np.pi * 100
    assert field.nuclei.any() and (field.labels[field.nuclei] == 4).all()
