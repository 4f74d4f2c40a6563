"""LeNet-5 as published: its layers by hand, its connections from the paper's table."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pdl.models import lenet5, modern_lenet5
from pdl.models.lenet import (
    PartialConvolution,
    RadialBasis,
    ScaledTanh,
    SubSampling,
    digit_codes,
)

# Table I of the paper: a row for each map of S2, an X where a map of C3 (the columns) sees it.
TABLE_1 = (
    "X...XXX..XXXX.XX",
    "XX...XXX..XXXX.X",
    "XXX...XXX..X.XXX",
    ".XXX..XXXX..X.XX",
    "..XXX..XXXX.XX.X",
    "...XXX..XXXX.XXX",
)


def count(model: nn.Module) -> int:
    return sum(each.numel() for each in model.parameters())


def test_parameters_layer_by_layer() -> None:
    """Section II.B gives each of them."""
    model = lenet5()
    expected = {"C1": 156, "S2": 12, "C3": 1516, "S4": 32, "C5": 48120, "F6": 10164}
    assert {name: count(getattr(model, name)) for name in expected} == expected
    assert count(model) == 60_000
    assert count(modern_lenet5()) == 156 + 2416 + 48120 + 10164 + 850


def test_shapes_layer_by_layer() -> None:
    x = torch.zeros(2, 1, 32, 32)
    found = {}
    for name, layer in lenet5().named_children():
        x = layer(x)
        found[name] = tuple(x.shape[1:])
    assert found["C1"] == (6, 28, 28) and found["S2"] == (6, 14, 14)
    assert found["C3"] == (16, 10, 10) and found["S4"] == (16, 5, 5)
    assert found["C5"] == (120, 1, 1) and found["F6"] == (84,) and found["output"] == (10,)


def test_the_squashing_function_keeps_one() -> None:
    """Appendix A: f(1) = 1 and f(-1) = -1, horizontal at 1.7159."""
    found = ScaledTanh()(torch.tensor([-1.0, 0.0, 1.0, 100.0]))
    torch.testing.assert_close(found, torch.tensor([-1.0, 0.0, 1.0, 1.7159]), atol=1e-4, rtol=0)


def test_sub_sampling_by_hand() -> None:
    layer = SubSampling(2)
    with torch.no_grad():
        layer.coefficient[:, 0, 0] = torch.tensor([0.5, 2.0])
        layer.bias[:, 0, 0] = torch.tensor([1.0, -1.0])
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]]).expand(1, 2, 2, 2)
    assert layer(x).flatten().tolist() == [0.5 * 10 + 1, 2 * 10 - 1]


def test_each_map_of_c3_sees_the_maps_of_the_table() -> None:
    """One map after another is set to ones: those of C3 that change are those with an X."""
    layer = PartialConvolution()
    for row, marks in enumerate(TABLE_1):
        x = torch.zeros(1, 6, 5, 5)
        x[0, row] = 1
        changed = (layer(x) - layer(torch.zeros(1, 6, 5, 5))).flatten() != 0
        assert "".join("X" if each else "." for each in changed) == marks
    assert sum(marks.count("X") for marks in TABLE_1) == 60


def test_the_output_is_minus_the_squared_distance_to_a_code() -> None:
    layer = RadialBasis(torch.tensor([[1.0, -1.0], [-1.0, -1.0]]))
    assert layer(torch.tensor([[1.0, 0.0]])).tolist() == [[-1.0, -5.0]]
    assert list(layer.parameters()) == []
    assert "codes" in layer.state_dict()


def test_a_code_is_nearest_to_itself() -> None:
    codes = digit_codes()
    assert codes.shape == (10, 84) and set(codes.unique().tolist()) == {-1.0, 1.0}
    logits = RadialBasis(codes)(codes)
    assert logits.argmax(dim=1).tolist() == list(range(10))
    assert logits.diagonal().tolist() == [0] * 10
    others = logits[~torch.eye(10, dtype=torch.bool)]
    assert others.max() <= -4 * 4  # two digits differ in four pixels or more, each worth 2²


def test_classes_of_the_modern_form() -> None:
    assert modern_lenet5(classes=3)(torch.zeros(2, 1, 32, 32)).shape == (2, 3)
    with pytest.raises(ValueError, match="classes must be 1 or greater"):
        modern_lenet5(classes=0)
