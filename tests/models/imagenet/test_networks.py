"""The known networks: numbers of parameters as published, maps as in the papers, blocks by hand."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from pdl import models
from pdl.models.imagenet.alexnet import local_response_norm
from pdl.models.imagenet.googlenet import Inception
from pdl.models.imagenet.mobilenet import InvertedResidual, SamePadding
from pdl.models.imagenet.resnet import BasicBlock, Bottleneck

from .networks import PUBLISHED, Published

META = torch.device("meta")


def made(name: str, **arguments: Any) -> nn.Module:
    with META:
        return getattr(models, name)(**arguments).eval()


def count(model: nn.Module) -> int:
    return sum(each.numel() for each in model.parameters())


def maps(layers: nn.Module, side: int) -> list[tuple[int, ...]]:
    """Of what comes out of the layers that change its shape: channels and side."""
    x = torch.zeros(1, 3, side, side, device=META)
    found = []
    for layer in layers:
        x = layer(x)
        if not found or (x.shape[1], x.shape[2]) != found[-1]:
            found.append((x.shape[1], x.shape[2]))
    return found


def convolutions(model: nn.Module) -> list[nn.Conv2d]:
    return [each for each in model.modules() if isinstance(each, nn.Conv2d)]


@pytest.mark.parametrize("published", PUBLISHED, ids=lambda each: each.name)
def test_parameters_as_published(published: Published) -> None:
    model = made(published.name, **published.arguments)
    assert count(model) == published.parameters


def test_parameters_of_alexnet_by_hand() -> None:
    """The papers' own numbers of kernels and their sizes; each kernel has a bias."""
    grouped = [(96, 3 * 121), (256, 48 * 25), (384, 256 * 9), (384, 192 * 9), (256, 192 * 9)]
    hidden = [(4096, 256 * 36), (4096, 4096), (1000, 4096)]
    assert count(made("alexnet")) == sum(n * (size + 1) for n, size in grouped + hidden)


def test_parameters_of_the_auxiliary_classifiers_by_hand() -> None:
    one = {inputs: 128 * (inputs + 1) + 1024 * 2049 + 1000 * 1025 for inputs in (512, 528)}
    assert count(made("googlenet")) == 6_998_552 + one[512] + one[528]
    # 1×1 to 128 maps, 5×5 to 768, each with γ and β; then linear with bias.
    side = 128 * (768 + 2) + 768 * (128 * 25 + 2) + 1000 * 769
    assert count(made("inception_v3")) == 27_161_264 - side == 23_834_568


def test_maps_of_alexnet_and_zfnet() -> None:
    """Figure 2 of the one, 55, 27, 13; figure 3 of the other, 110, 55, 26, 13, 6."""
    expected = [(96, 55), (96, 27), (256, 27), (256, 13), (384, 13), (256, 13), (256, 6)]
    assert maps(made("alexnet").features, 227) == expected
    expected = [(96, 110), (96, 55), (256, 26), (256, 13), (384, 13), (256, 13), (256, 6)]
    assert maps(made("zfnet").features, 224) == expected


def test_maps_of_vgg() -> None:
    expected = [(64, 112), (128, 56), (256, 28), (512, 14), (512, 7)]
    for name, layers in {"vgg16": 13, "vgg19": 16}.items():
        model = made(name)
        assert maps(model.features, 224) == expected
        assert {each.kernel_size for each in convolutions(model)} == {(3, 3)}
        assert len(convolutions(model)) == layers
        assert sum(isinstance(each, nn.MaxPool2d) for each in model.modules()) == 5


def test_maps_of_googlenet() -> None:
    """Table 1, column "output size"; 4b, 4c and the layers that only normalize change nothing."""
    layers = [each for part in made("googlenet").features for each in part]
    expected = [(64, 112), (64, 56), (192, 56), (192, 28), (256, 28), (480, 28), (480, 14)]
    expected += [(512, 14), (528, 14), (832, 14), (832, 7), (1024, 7)]
    assert maps(layers, 224) == expected


def test_maps_of_inception_v3() -> None:
    """The names in brackets are Keras's."""
    layers = [each for part in made("inception_v3").features for each in part]
    expected = [(32, 149), (32, 147), (64, 147), (64, 73), (80, 73), (192, 71), (192, 35)]
    expected += [(256, 35), (288, 35), (768, 17), (1280, 8), (2048, 8)]  # mixed 0, 1, 3, 8, 9
    assert maps(layers, 299) == expected


@pytest.mark.parametrize(
    ("name", "widths", "layers"),
    [
        ("resnet18", (64, 128, 256, 512), 18),
        ("resnet34", (64, 128, 256, 512), 34),
        ("resnet50", (256, 512, 1024, 2048), 50),
        ("resnet101", (256, 512, 1024, 2048), 101),
        ("resnet152", (256, 512, 1024, 2048), 152),
    ],
)
def test_maps_and_layers_of_resnet(name: str, widths: tuple[int, ...], layers: int) -> None:
    model = made(name)
    stages = list(zip(widths, (56, 28, 14, 7), strict=True))
    found = maps(model.features, 224)
    assert found[:2] == [(64, 112), (64, 56)] and found[-3:] == stages[1:]
    shortcuts = [each for n, each in model.named_modules() if n.endswith("shortcut.convolution")]
    assert len(convolutions(model)) - len(shortcuts) + 1 == layers
    strides = [each.stride for each in convolutions(model) if each.kernel_size == (3, 3)]
    # As in the paper, and other than in torchvision: of a bottleneck the 1×1 has the stride.
    assert strides.count((2, 2)) == (3 if layers < 50 else 0)


def test_maps_of_darknet() -> None:
    """Table 6."""
    expected = [(32, 224), (32, 112), (64, 112), (64, 56), (128, 56), (128, 28), (256, 28)]
    expected += [(256, 14), (512, 14), (512, 7), (1024, 7)]
    model = made("darknet19")
    assert maps(model.features, 224) == expected
    assert len(convolutions(model)) == 19


def test_maps_of_mobilenet() -> None:
    """Table 2."""
    expected = [(3, 225), (32, 112), (16, 112), (24, 56), (32, 28), (64, 14), (96, 14)]
    expected += [(160, 7), (320, 7), (1280, 7)]
    assert maps(made("mobilenet_v2").features, 224) == expected


def test_the_two_columns_of_alexnet_meet_in_the_third_convolution() -> None:
    model = models.alexnet()
    second, third = (model.features[index] for index in (4, 8))
    x = torch.zeros(1, 96, 7, 7)
    x[:, :48] = 1
    changed = (second(x) - second(torch.zeros_like(x))).abs().amax(dim=(0, 2, 3)) > 0
    assert changed.tolist() == [True] * 128 + [False] * 128
    assert third.groups == 1 and third.weight.shape[1] == 256


def test_local_normalization_by_the_papers_formula() -> None:
    torch.manual_seed(0)
    a = 30 * torch.rand(2, 8, 3, 3)
    expected = torch.empty_like(a)
    for i in range(8):
        near = a[:, max(0, i - 2) : i + 3].square().sum(dim=1)
        expected[:, i] = a[:, i] / (2 + 1e-4 * near) ** 0.75
    torch.testing.assert_close(local_response_norm()(a), expected)


@pytest.mark.parametrize("block", [BasicBlock(8, 8, 1), Bottleneck(8, 2, 1)])
def test_a_residual_block_that_adds_nothing_is_the_identity(block: nn.Module) -> None:
    nn.init.zeros_(block.branch[-1].norm.weight)
    x = torch.rand(2, 8, 5, 5)
    torch.testing.assert_close(block.eval()(x), x)


def test_a_block_that_changes_the_shape_projects() -> None:
    for block, shape in [(BasicBlock(4, 8, 2), (8, 3, 3)), (Bottleneck(4, 2, 1), (8, 6, 6))]:
        nn.init.zeros_(block.branch[-1].norm.weight)
        x = torch.rand(2, 4, 6, 6)
        y = block.eval()(x)
        assert y.shape[1:] == shape
        torch.testing.assert_close(y, block.shortcut(x).relu())


def test_an_inverted_residual_adds_only_where_the_shape_stays() -> None:
    for outputs, stride, adds in [(4, 1, True), (6, 1, False), (4, 2, False)]:
        block = InvertedResidual(4, outputs, stride, expansion=6).eval()
        nn.init.zeros_(block.branch[-1].norm.weight)
        x = torch.randn(2, 4, 7, 7)
        torch.testing.assert_close(block(x), x if adds else torch.zeros_like(block(x)))


def test_padding_goes_after_an_even_side_and_around_an_odd_one() -> None:
    padded = SamePadding()(torch.ones(1, 1, 2, 3))
    expected = [[0, 1, 1, 1, 0], [0, 1, 1, 1, 0], [0, 0, 0, 0, 0]]
    assert padded[0, 0].tolist() == expected


def test_an_inception_module_stacks_its_branches_in_the_papers_order() -> None:
    module = Inception(3, 1, (2, 2), (1, 4), 2)
    x = torch.randn(2, 3, 5, 5)
    y = module(x)
    assert y.shape == (2, 9, 5, 5)
    torch.testing.assert_close(y[:, :1], module.one(x))
    torch.testing.assert_close(y[:, 3:7], module.five(x))


@pytest.mark.parametrize(
    ("name", "side", "auxiliary"), [("googlenet", 224, 2), ("inception_v3", 299, 1)]
)
def test_auxiliary_classifiers_are_used_in_training_alone(
    name: str, side: int, auxiliary: int
) -> None:
    model = getattr(models, name)(classes=4, auxiliary=True).eval()
    x = torch.randn(1, 3, side, side)
    with torch.no_grad():
        alone = model(x)
        model.training = True  # of the whole alone: its layers still drop and average nothing
        together = model(x)
    assert alone.shape == (1, 4)
    assert [each.shape for each in together] == [(1, 4)] * (1 + auxiliary)
    torch.testing.assert_close(together[0], alone)
    assert getattr(models, name)(classes=4, auxiliary=False).train()(
        torch.randn(2, 3, side, side)
    ).shape == (2, 4)


@pytest.mark.parametrize("name", [each.name for each in PUBLISHED if each.name != "lenet5"])
def test_classes(name: str) -> None:
    model = made(name, classes=7)
    side = {"alexnet": 227, "one_column_alexnet": 227, "inception_v3": 299}.get(name, 224)
    assert model(torch.zeros(1, 3, side, side, device=META)).shape == (1, 7)
    with pytest.raises(ValueError, match="classes must be 1 or greater"):
        made(name, classes=0)


@pytest.mark.parametrize(
    ("name", "side", "found", "expected"),
    [
        ("alexnet", 224, (256, 5, 5), (256, 6, 6)),  # as the paper says, by mistake
        ("vgg16", 256, (512, 8, 8), (512, 7, 7)),
        ("modern_lenet5", 36, (120, 2, 2), (120, 1, 1)),
        ("lenet5", 36, (120, 2, 2), (120, 1, 1)),
    ],
)
def test_images_of_another_size_are_refused(
    name: str, side: int, found: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    model = made(name)
    channels = next(iter(model.parameters())).shape[1]
    message = f"images: give maps of {found} .* expected {expected}"
    with pytest.raises(ValueError, match=message.replace("(", r"\(").replace(")", r"\)")):
        model(torch.zeros(1, channels, side, side, device=META))


def test_a_width_that_is_none() -> None:
    with pytest.raises(ValueError, match="width must be"):
        made("mobilenet_v2", width=0.0)
