"""A training step leaves nothing on the CPU: on device `meta` a tensor left behind raises."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from pdl import models
from pdl.training import accuracy

from . import nets
from .imagenet import networks

HELPERS = {"imagenet_classes", "imagenet_input", "summary"}
META = torch.device("meta")


def tensors(model: nn.Module, optimizer: torch.optim.Optimizer) -> Iterator[tuple[str, Tensor]]:
    yield from model.state_dict().items()
    for name, each in model.named_parameters():
        yield f"gradient of {name}", each.grad
    for number, state in optimizer.state_dict()["state"].items():
        # Adam counts its steps on the CPU, wherever the weights are.
        yield from ((f"{number}: {key}", each) for key, each in state.items() if key != "step")


def test_every_network_is_tried() -> None:
    made = {name for name in models.__all__ if name not in HELPERS}
    assert made == {*nets.NAMES, *networks.NAMES}


@pytest.mark.parametrize("name", nets.NAMES)
@pytest.mark.parametrize("moved", [False, True])
def test_a_training_step_stays_on_the_device(name: str, moved: bool) -> None:
    """Of a model that was made there, and of one that was made on the CPU and moved."""
    options: dict[str, Any] = {**nets.arguments(name, "torch")}
    if "dropout" in options:
        options["dropout"] = 0.5
    with torch.device("cpu" if moved else META):
        model = getattr(models, name)(**options)
    model.to(META).train()
    images, labels = nets.images_and_labels(name)
    batch = torch.from_numpy(nets.channels_first(images)).to(META)
    targets = torch.from_numpy(labels).to(META)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

    logits = model(batch)
    loss = cross_entropy(logits, targets)
    loss.backward()
    optimizer.step()

    assert logits.shape == (6, nets.classes(name)) and logits.device == loss.device == META
    assert accuracy(logits, targets).device == META
    assert {each: t.device for each, t in tensors(model, optimizer) if t.device != META} == {}


@pytest.mark.parametrize("name", nets.NAMES)
def test_inference_stays_on_the_device(name: str) -> None:
    with META:
        model = getattr(models, name)(**nets.arguments(name, "torch")).eval()
    images, _ = nets.images_and_labels(name)
    with torch.no_grad():
        logits = model(torch.from_numpy(nets.channels_first(images)).to(META))
    assert logits.shape == (6, nets.classes(name)) and logits.device == META


@pytest.mark.parametrize("name", networks.NAMES)
def test_a_known_network_is_made_and_trained_on_the_device(name: str) -> None:
    """Whole: as large as published, and for images of its own size."""
    with META:
        model = getattr(models, name)().train()
        images = torch.zeros(2, *networks.image_shape(name))
        targets = torch.zeros(2, dtype=torch.int64)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)

    outputs = model(images)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    loss = torch.stack([cross_entropy(each, targets) for each in outputs]).sum()
    loss.backward()
    optimizer.step()

    shape = (2, 10 if "lenet5" in name else 1000)
    assert [each.shape for each in outputs] == [shape] * len(outputs)
    assert len(outputs) == (3 if name == "googlenet" else 1)
    assert {each: t.device for each, t in tensors(model, optimizer) if t.device != META} == {}


@pytest.mark.parametrize("name", ["lenet5", "resnet18", "mobilenet_v2"])
def test_a_known_network_is_moved_to_the_device(name: str) -> None:
    model = getattr(models, name)().to(META).eval()
    logits = model(torch.zeros(2, *networks.image_shape(name), device=META))
    assert logits.device == META


def test_a_tensor_left_on_the_cpu_would_be_noticed() -> None:
    """What the other tests rest on."""

    class Forgetful(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.mean = torch.zeros(10)  # no buffer: it does not move with the model

        def forward(self, x: Tensor) -> Tensor:
            return x - self.mean

    with pytest.raises(RuntimeError, match="meta"):
        Forgetful().to(META)(torch.zeros(2, 10, device=META))
