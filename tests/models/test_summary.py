"""The summary of a network: by hand, against the papers, and without touching the network."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from pdl import models
from pdl.models import summary

from .imagenet.networks import PUBLISHED, image_shape


def test_a_small_network_by_hand() -> None:
    model = nn.Sequential(
        nn.Conv2d(4, 6, (3, 1), stride=2, padding=(1, 0), groups=2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(6 * 3 * 4, 5, bias=False),
    )
    found = summary(model, (4, 5, 7))
    # Each of 6·3·4 numbers is a sum of 3·1 products in 4/2 maps; each of 5 of 72 products.
    assert [(each.name, each.kind, each.shape) for each in found.layers] == [
        ("0", "Conv2d", (6, 3, 4)),
        ("1", "ReLU", (6, 3, 4)),
        ("2", "Flatten", (72,)),
        ("3", "Linear", (5,)),
    ]
    assert [each.parameters for each in found.layers] == [6 * 2 * 3 + 6, 0, 0, 72 * 5]
    assert [each.multiply_adds for each in found.layers] == [72 * 6, 0, 0, 72 * 5]
    assert (found.parameters, found.multiply_adds, found.unused) == (42 + 360, 432 + 360, 0)


@pytest.mark.parametrize(
    ("name", "billions", "digits"),
    [
        ("resnet18", 1.8, 1),  # the ResNet paper's table 1, "FLOPs": multiply-adds
        ("resnet34", 3.6, 1),
        ("resnet50", 3.8, 1),
        ("resnet101", 7.6, 1),
        ("resnet152", 11.3, 1),
        ("mobilenet_v2", 0.300, 3),  # the MobileNetV2 paper's table 4: 300M MAdds
        ("darknet19", 5.58 / 2, 2),  # YOLO9000, section 3.3: 5.58 billion operations
        ("vgg16", 15.47, 2),  # torchvision's GFLOPS, as the next
        ("inception_v3", 5.713, 3),
    ],
)
def test_multiply_adds_as_published(name: str, billions: float, digits: int) -> None:
    with torch.device("meta"):
        found = summary(getattr(models, name)(), image_shape(name))
    # The papers round down as often as they round.
    assert abs(found.multiply_adds / 1e9 - billions) < 10**-digits


@pytest.mark.parametrize(
    "name", ["lenet5", "googlenet", "inception_v3", "resnet50", "mobilenet_v2"]
)
def test_lines_add_up_at_every_depth(name: str) -> None:
    with torch.device("meta"):
        model = getattr(models, name)()
    found = [summary(model, image_shape(name), depth) for depth in (None, 1, 2)]
    for each in found:
        assert sum(layer.parameters for layer in each.layers) == each.parameters
        assert sum(layer.multiply_adds for layer in each.layers) == each.multiply_adds
    assert len({(each.parameters, each.multiply_adds) for each in found}) == 1
    assert len(found[0].layers) >= len(found[2].layers) >= len(found[1].layers)
    published = {each.name: each.parameters for each in PUBLISHED} | {"inception_v3": 23_834_568}
    assert found[0].parameters == published[name]


def test_what_is_used_in_training_alone() -> None:
    with torch.device("meta"):
        model = models.googlenet().train()
    found = summary(model, (3, 224, 224), depth=1)
    assert found.unused == 13_378_280 - 6_998_552
    assert model.training and all(each.training for each in model.modules())
    assert "not used in inference" in str(found)


def test_the_network_stays_as_it_is() -> None:
    model = models.fast_cnn().train()
    model[0].eval()
    before = {key: each.clone() for key, each in model.state_dict().items()}
    summary(model, (1, 28, 28))
    assert model.training and not model[0].training
    for key, each in model.state_dict().items():
        assert torch.equal(each, before[key]) and each.device.type == "cpu"
    assert not any(each._forward_hooks for each in model.modules())


def test_text_and_html() -> None:
    found = summary(models.modern_lenet5(), (1, 32, 32))
    text = str(found).splitlines()
    assert text[0].split() == ["output", "parameters", "multiply-adds,", "million"]
    assert text[1].split() == ["0", "[Conv2d]", "6", "×", "28", "×", "28", "156", "0.118"]
    assert text[-1].split() == ["in", "all", "61", "706", "0.417"]
    html = found._repr_mimebundle_()["text/html"]
    assert 'aria-label="Layers of the network"' in html
    assert '<th scope="row">0 <span class="aside">[Conv2d]</span></th><td>6 × 28 × 28</td>' in html


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, "0"),
        (72, "0.000072"),
        (86_704_128, "86.7"),
        (999_900_000, "1000"),
        (1_849_688_064, "1 850"),
    ],
)
def test_millions(number: int, expected: str) -> None:
    from pdl.models.summary import _millions

    assert _millions(number) == expected


@pytest.mark.parametrize(
    ("shape", "depth", "error", "message"),
    [
        ((1, 32.0, 32), None, TypeError, "input_shape must be an integer"),
        ((1, 32, 0), None, ValueError, "input_shape must be 1 or greater"),
        ((1, 32, 32), 0, ValueError, "depth must be 1 or greater"),
        ((3, 32, 32), None, ValueError, r"takes no image of \(3, 32, 32\)"),
        ((1, 16, 16), None, ValueError, r"takes no image of \(1, 16, 16\)"),
    ],
)
def test_bad_arguments(shape: Any, depth: Any, error: type[Exception], message: str) -> None:
    model = models.modern_lenet5()
    with pytest.raises(error, match=message):
        summary(model, shape, depth)
    assert not any(each._forward_hooks for each in model.modules())
