"""The networks in PyTorch: sizes layer by layer, number of parameters, refusals, training."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from pdl import models
from pdl.models import fast_cnn, mlp, slides_cnn, small_cnn, three_block_cnn
from pdl.training import ArrayDataset, accuracy, evaluate, fit, one_cycle

from . import nets


def count(model: nn.Module) -> int:
    return sum(each.numel() for each in model.parameters())


def shapes(model: nn.Sequential, shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Of what comes out of the layers that change it."""
    x = torch.zeros(2, *shape)
    found = [tuple(x.shape[1:])]
    for layer in model.eval():
        x = layer(x)
        if tuple(x.shape[1:]) != found[-1]:
            found.append(tuple(x.shape[1:]))
    return found[1:]


def test_the_perceptron() -> None:
    assert count(mlp()) == 784 * 256 + 256 + 256 * 10 + 10
    assert count(mlp(hidden=())) == 7850  # softmax regression
    assert shapes(mlp(), (1, 28, 28)) == [(784,), (256,), (10,)]
    kinds = [type(layer) for layer in mlp(hidden=(5, 4))]
    assert kinds == [nn.Flatten, nn.Linear, nn.ReLU, nn.Linear, nn.ReLU, nn.Linear]


def test_the_network_that_the_slides_print() -> None:
    model = slides_cnn()
    convolutions = 25 * 32 + 32 + 25 * 32 * 64 + 64
    assert count(model) == convolutions + 3_147_010  # the linear part, 3136·1000·10
    assert shapes(model, (1, 28, 28)) == [
        (32, 28, 28),
        (32, 14, 14),
        (64, 14, 14),
        (64, 7, 7),
        (3136,),
        (1000,),
        (10,),
    ]
    # Dropout on the 3136 features, and nothing between the two linear layers.
    assert [type(layer) for layer in model][-4:] == [nn.Flatten, nn.Dropout, nn.Linear, nn.Linear]
    assert model[7].p == 0.5


def test_the_small_cnn_has_a_relu_and_drops_hidden_units() -> None:
    model = small_cnn()
    assert count(model) == count(slides_cnn())
    assert [type(layer) for layer in model][-4:] == [nn.Linear, nn.ReLU, nn.Dropout, nn.Linear]
    assert [layer.p for layer in model if isinstance(layer, nn.Dropout)] == [0.5]


def test_the_two_layer_cnn_of_the_keras_recipe() -> None:
    model = small_cnn((64, 128), 1024, 0.25)
    linear = 6272 * 1024 + 1024 + 1024 * 10 + 10
    assert count(model) == 25 * 64 + 64 + 25 * 64 * 128 + 128 + linear
    assert [layer.p for layer in model if isinstance(layer, nn.Dropout)] == [0.25]


def test_between_two_linear_layers_stands_a_nonlinearity() -> None:
    for model in (mlp(hidden=(4, 3)), small_cnn(), three_block_cnn()):
        kinds = [type(layer) for layer in model if not isinstance(layer, nn.Dropout)]
        assert (nn.Linear, nn.Linear) not in set(pairwise(kinds))


def test_the_three_block_network() -> None:
    model = three_block_cnn()
    expected = [(64, 64, 64), (64, 32, 32), (128, 32, 32), (128, 16, 16), (256, 16, 16)]
    expected += [(256, 8, 8), (16384,), (512,), (3,)]  # the second 512 changes no shape
    assert shapes(model, (3, 64, 64)) == expected
    assert [layer.out_features for layer in model if isinstance(layer, nn.Linear)] == [512, 512, 3]
    assert [layer.p for layer in model if isinstance(layer, nn.Dropout)] == [0.5, 0.5]


def test_the_fast_network() -> None:
    model = fast_cnn()
    assert shapes(model, (1, 28, 28)) == [
        (16, 28, 28),
        (16, 14, 14),
        (32, 14, 14),
        (32, 7, 7),
        (64, 7, 7),
        (64, 3, 3),
        (576,),
        (10,),
    ]
    maps = model[0](torch.zeros(2, 1, 28, 28))
    assert maps.is_contiguous(memory_format=torch.channels_last)


def test_dropout_drops_in_training_alone() -> None:
    model = small_cnn((2, 3), 40, image_shape=(1, 8, 8))
    x = torch.ones(1, 1, 8, 8)
    assert torch.equal(model.eval()(x), model(x))
    assert not torch.equal(model.train()(x), model(x))


@pytest.mark.parametrize("name", nets.SMALL)
def test_images_that_are_not_square_and_have_colours(name: str) -> None:
    images, _ = nets.images_and_labels(name)
    model = getattr(models, name)(**nets.arguments(name, "torch"))
    assert model(torch.from_numpy(nets.channels_first(images))).shape == (6, 5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: mlp(inputs=0), "inputs must be 1 or greater"),
        (lambda: mlp(hidden=(8, 0)), "hidden must be 1 or greater"),
        (lambda: mlp(classes=2.5), "classes must be an integer"),
        (lambda: small_cnn((32, 0)), "channels must be 1 or greater"),
        (lambda: slides_cnn((32,)), "channels must be two numbers"),
        (lambda: slides_cnn(hidden=0), "hidden must be 1 or greater"),
        (lambda: small_cnn(hidden=0), "hidden must be 1 or greater"),
        (lambda: small_cnn(dropout=1.0), "dropout must be below 1"),
        (lambda: small_cnn(dropout=-0.1), "dropout must lie between 0 and 1"),
        (lambda: small_cnn(classes=0), "classes must be 1 or greater"),
        (
            lambda: small_cnn(image_shape=(28, 28)),
            r"image_shape must be \(channels, height, width\)",
        ),
        (lambda: small_cnn(image_shape=(1, 3, 28)), "must leave a pixel after 2 halvings"),
        (lambda: small_cnn(image_shape=(1, 28.0, 28)), "image_shape must be an integer"),
        (lambda: three_block_cnn(kernel_size=4), "kernel_size must be odd"),
        (lambda: three_block_cnn(image_shape=(3, 64, 7)), "must leave a pixel after 3 halvings"),
        (lambda: fast_cnn((16, 32, 64)), "channels must be four numbers"),
        (lambda: fast_cnn((16, 32, -1, 64)), "channels must be 1 or greater"),
        (lambda: fast_cnn(image_shape=(1, 7, 28)), "must leave a pixel after 3 halvings"),
    ],
)
def test_bad_arguments_are_named(make: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        make()


def bars(count: int, seed: int) -> ArrayDataset:
    """8×8 images of noise with a horizontal or a vertical bar."""
    torch.manual_seed(seed)
    images, labels = torch.rand(count, 1, 8, 8) * 0.3, torch.arange(count) % 2
    places = torch.randint(0, 8, (count,))
    for image, label, place in zip(images, labels, places, strict=True):
        image[0].T[place] += 1 - label.float()
        image[0][place] += label.float()
    return ArrayDataset(images, labels)


@pytest.mark.parametrize("name", ["small_cnn", "fast_cnn", "three_block_cnn"])
def test_each_learns_what_can_be_learned(name: str, tmp_path: Path) -> None:
    """And goes on from a checkpoint to the same weights, also with the channels last."""
    widths = {"small_cnn": (4, 4), "fast_cnn": (4, 4, 4, 4), "three_block_cnn": (4, 6, 8)}

    def train(checkpoint: Path | None, fail: bool = False) -> nn.Module:
        torch.manual_seed(0)
        others = {} if name == "fast_cnn" else {"hidden": 16 if name == "small_cnn" else (16, 16)}
        shape = {"image_shape": (1, 8, 8), "classes": 2}
        model = getattr(models, name)(widths[name], **others, **shape)
        steps = 0

        def maybe(images: torch.Tensor, labels: torch.Tensor) -> Any:
            nonlocal steps
            steps += 1
            if fail and steps == 11:
                raise RuntimeError("planted")
            return images, labels

        fit(
            model,
            bars(256, seed=1),
            loss=cross_entropy,
            optimizer=torch.optim.Adam(model.parameters(), lr=0.01),
            epochs=6,
            batch_size=32,
            schedule=partial(one_cycle, warm_up=0.3),
            augment=maybe,
            checkpoint=checkpoint,
            checkpoint_every=2,
            progress=False,
            device="cpu",
        )
        return model

    model = train(None)
    found = evaluate(model, bars(128, seed=2), {"accuracy": accuracy})
    assert found["accuracy"] > 0.9
    with pytest.raises(RuntimeError, match="planted"):
        train(tmp_path / "a.safetensors", fail=True)
    resumed = train(tmp_path / "a.safetensors")
    for one, other in zip(model.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(one, other)


FORBIDDEN = {
    "pdl": {"torch", "tensorflow", "keras"},
    "pdl.models": {"tensorflow", "keras"},
    "pdl.training": {"tensorflow", "keras"},
}


@pytest.mark.parametrize("module", FORBIDDEN)
def test_a_framework_is_imported_only_where_it_is_meant(module: str) -> None:
    code = f"import sys, {module}; print(*{FORBIDDEN[module]!r} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "\n"
