"""Whole models: names, modes, the chain rule, and 20 steps of SGD and Adam against torch.optim."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pdl.layers import (
    SGD,
    Adam,
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
    Sequential,
    Sigmoid,
    SoftmaxCrossEntropy,
    Tanh,
)

from .peers import assert_close, assert_same, both_dtypes, draw, in_torch, ours


def test_the_first_steps_worked_by_hand() -> None:
    def layer() -> Linear:
        made = Linear(1, 1, bias=False)
        made.parameters["weight"][...] = 1
        made.gradients["weight"] = np.array([[2.0]])
        return made

    plain = layer()
    SGD(plain, 0.1).step()
    assert plain.parameters["weight"] == pytest.approx(0.8)
    momentum = layer()
    optimizer = SGD(momentum, 0.1, momentum=0.5)
    optimizer.step()
    assert momentum.parameters["weight"] == pytest.approx(0.8)
    optimizer.step()  # v = 0.5 · 2 + 2 = 3
    assert momentum.parameters["weight"] == pytest.approx(0.5)
    adaptive = layer()
    Adam(adaptive, 0.1).step()  # the first step is the learning rate, whatever the gradient
    assert adaptive.parameters["weight"] == pytest.approx(0.9)


TORCH_NAMES = {
    "gamma": "weight",
    "beta": "bias",
    "running_mean": "running_mean",
    "running_variance": "running_var",
}


def small_network(dtype: Any = np.float64) -> Sequential:
    rng = np.random.default_rng(8)
    return Sequential(
        Conv2d(2, 4, 3, padding=1, stride=2, rng=rng, dtype=dtype),
        BatchNorm2d(4, dtype=dtype),
        ReLU(),
        MaxPool2d(3, stride=2, padding=1),
        Conv2d(4, 4, (3, 2), padding="same", groups=2, dilation=2, rng=rng, dtype=dtype),
        Tanh(),
        AvgPool2d(2, stride=1),
        Flatten(),
        Linear(16, 6, rng=rng, dtype=dtype),
        Sigmoid(),
        Linear(6, 3, rng=rng, dtype=dtype),
    )


def torch_twin(model: Sequential, dtype: Any = np.float64) -> torch.nn.Sequential:
    """The same network in PyTorch, with the same numbers in it."""
    twin = torch.nn.Sequential(
        torch.nn.Conv2d(2, 4, 3, padding=1, stride=2),
        torch.nn.BatchNorm2d(4),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(3, stride=2, padding=1),
        torch.nn.Conv2d(4, 4, (3, 2), padding="same", groups=2, dilation=2),
        torch.nn.Tanh(),
        torch.nn.AvgPool2d(2, stride=1),
        torch.nn.Flatten(),
        torch.nn.Linear(16, 6),
        torch.nn.Sigmoid(),
        torch.nn.Linear(6, 3),
    ).to(getattr(torch, np.dtype(dtype).name))
    theirs = dict(twin.named_parameters())
    with torch.no_grad():
        for name, parameter in model.parameters.items():
            theirs[torch_name(name)].copy_(torch.from_numpy(parameter))
    return twin


def torch_name(name: str) -> str:
    number, _, own = name.partition(".")
    return f"{number}.{TORCH_NAMES.get(own, own)}"


def assert_like_twin(model: Sequential, twin: torch.nn.Sequential, tolerance: float) -> None:
    theirs = dict(twin.state_dict())
    for name, array in {**model.parameters, **model.buffers}.items():
        assert_close(array, theirs[torch_name(name)].numpy(), name, tolerance)


# --- Sequential ---


def test_parameters_are_named_by_the_place_of_their_layer() -> None:
    model = small_network()
    assert list(model.parameters) == [
        "0.weight", "0.bias", "1.gamma", "1.beta", "4.weight", "4.bias",
        "8.weight", "8.bias", "10.weight", "10.bias",
    ]  # fmt: skip
    assert list(model.buffers) == ["1.running_mean", "1.running_variance"]
    model.forward(draw((2, 2, 12, 12)))
    model.backward(np.ones((2, 3)))
    assert list(model.gradients) == list(model.parameters)


def test_the_parameters_of_a_model_are_those_of_its_layers() -> None:
    model = small_network()
    for number, layer in enumerate(model.layers):
        assert model[number] is layer
        for name, parameter in layer.parameters.items():
            assert model.parameters[f"{number}.{name}"] is parameter
        for name, buffer in layer.buffers.items():
            assert model.buffers[f"{number}.{name}"] is buffer


@both_dtypes
def test_a_model_equals_its_twin_in_pytorch(dtype) -> None:
    model = small_network(dtype)
    twin = torch_twin(model, dtype)
    x = draw((3, 2, 12, 12), dtype)
    tolerance = 1e-8 if dtype is np.float64 else 5e-5
    for training in (True, False):
        for each in (model, twin):
            each.train() if training else each.eval()
        twin.zero_grad()
        expected = in_torch(lambda x: twin(x), x=x)
        gradients = {name: p.grad.numpy() for name, p in twin.named_parameters()}
        found = ours(model, x)
        assert_close(found["y"], expected["y"], "y", tolerance)
        assert_close(found["x"], expected["x"], "x", tolerance)
        largest = max(float(np.abs(gradient).max()) for gradient in gradients.values())
        for name in model.parameters:
            # The bias before a batch norm has no influence: its gradient is rounding alone.
            difference = np.abs(found[name] - gradients[torch_name(name)]).max()
            assert difference <= tolerance * largest, name
        assert_like_twin(model, twin, tolerance)


def test_train_and_eval_reach_all_layers() -> None:
    inner = Sequential(Dropout(0.5), BatchNorm2d(2))
    model = Sequential(Conv2d(2, 2, 1), inner, ReLU(), Dropout(0.5))
    every = [model, *model.layers, *inner.layers]
    assert all(layer.training is True for layer in every)
    model.eval()
    assert all(layer.training is False for layer in every)
    x = draw((2, 2, 4, 4))
    np.testing.assert_array_equal(model.forward(x), model.forward(x))
    model.train()
    assert all(layer.training is True for layer in every)
    assert not np.array_equal(model.forward(x), model.forward(x))


def test_a_model_in_a_model() -> None:
    def layers() -> list[Any]:
        rng = np.random.default_rng(0)
        return [Linear(3, 4, rng=rng), Tanh(), Linear(4, 2, rng=rng)]

    first, second, third = layers()
    nested = Sequential(Sequential(first, second), third)
    flat = Sequential(*layers())
    assert list(nested.parameters) == ["0.0.weight", "0.0.bias", "1.weight", "1.bias"]
    x = draw((5, 3))
    found, expected = ours(nested, x), ours(flat, x)
    np.testing.assert_array_equal(found["y"], expected["y"])
    np.testing.assert_array_equal(found["x"], expected["x"])
    np.testing.assert_array_equal(found["0.0.weight"], expected["0.weight"])
    np.testing.assert_array_equal(found["1.bias"], expected["2.bias"])


def test_gradients_of_a_model_are_overwritten_and_not_summed() -> None:
    model, x = small_network(), draw((2, 2, 12, 12))
    first = ours(model, x)
    assert_same(ours(model, x), first, 1e-12)
    # Another batch leaves nothing of the first behind.
    ours(model, draw((3, 2, 12, 12), seed=1))
    assert_same(ours(model, x), first, 1e-12)


def test_a_model_of_nothing_passes_everything() -> None:
    x = draw((2, 3))
    model = Sequential()
    np.testing.assert_array_equal(model.forward(x), x)
    np.testing.assert_array_equal(model.backward(x), x)
    assert model.parameters == {}


def test_what_is_no_layer_is_refused() -> None:
    with pytest.raises(TypeError, match="layer"):
        Sequential(Linear(2, 2), np.tanh)
    with pytest.raises(TypeError, match="layer"):
        Sequential([Linear(2, 2), ReLU()])
    with pytest.raises(TypeError, match="layer"):
        Sequential(Linear(2, 2), ReLU)


def test_one_layer_in_two_places_is_refused() -> None:
    layer = Linear(2, 2)
    with pytest.raises(ValueError, match="layer"):
        Sequential(layer, ReLU(), layer)


def test_backward_before_forward_is_refused() -> None:
    with pytest.raises((ValueError, RuntimeError), match="forward"):
        Sequential(Linear(2, 2), ReLU()).backward(np.zeros((1, 2)))


# --- Optimizers ---

OPTIMIZERS = [
    pytest.param(SGD, torch.optim.SGD, {"learning_rate": 0.05}, id="SGD"),
    pytest.param(SGD, torch.optim.SGD, {"learning_rate": 0.05, "momentum": 0.9}, id="momentum"),
    pytest.param(
        SGD,
        torch.optim.SGD,
        {"learning_rate": 0.05, "momentum": 0.5, "weight_decay": 0.1},
        id="momentum and weight decay",
    ),
    pytest.param(Adam, torch.optim.Adam, {"learning_rate": 0.01}, id="Adam"),
    pytest.param(
        Adam,
        torch.optim.Adam,
        {"learning_rate": 0.03, "betas": (0.7, 0.95), "epsilon": 1e-3, "weight_decay": 0.1},
        id="Adam and weight decay",
    ),
]
THEIR_NAMES = {"learning_rate": "lr", "epsilon": "eps"}


def their_options(options: dict[str, Any]) -> dict[str, Any]:
    return {THEIR_NAMES.get(name, name): value for name, value in options.items()}


@pytest.mark.parametrize(("optimizer", "theirs", "options"), OPTIMIZERS)
def test_twenty_steps_of_training_equal_torch_optim(optimizer, theirs, options) -> None:
    model = small_network()
    twin = torch_twin(model)
    # The exact gradient of a bias before a batch norm is 0; Adam would make steps of its rounding.
    with torch.no_grad():
        model[0].parameters["bias"][...] = 0
        twin[0].bias.zero_()
    twin[0].bias.requires_grad = False
    held = dict(model.parameters)
    step, their_step = (
        optimizer(model, **options),
        theirs([p for p in twin.parameters() if p.requires_grad], **their_options(options)),
    )
    loss = SoftmaxCrossEntropy()
    losses = []
    for turn in range(20):
        x = draw((6, 2, 12, 12), seed=turn)
        labels = np.random.default_rng(turn).integers(0, 3, 6)
        losses.append(loss.forward(model.forward(x), labels))
        model.backward(loss.backward())
        model[0].gradients["bias"][...] = 0
        step.step()
        their_step.zero_grad()
        value = torch.nn.functional.cross_entropy(
            twin(torch.from_numpy(x)), torch.from_numpy(labels)
        )
        value.backward()
        their_step.step()
        assert losses[-1] == pytest.approx(value.item(), rel=1e-8)
        assert_like_twin(model, twin, 1e-8)
    for name, parameter in model.parameters.items():
        assert parameter is held[name], f"{name} was not changed in place"


@both_dtypes
@pytest.mark.parametrize(
    ("optimizer", "theirs"), [(SGD, torch.optim.SGD), (Adam, torch.optim.Adam)], ids=["SGD", "Adam"]
)
@settings(deadline=None, max_examples=20)
@given(
    rate=st.sampled_from([1e-3, 0.1, 1.0]),
    first=st.sampled_from([0.0, 0.5, 0.9]),
    second=st.sampled_from([0.5, 0.9, 0.999]),
    decay=st.sampled_from([0.0, 0.01, 0.5]),
    scale=st.sampled_from([1e-4, 1.0, 1e3]),
)
def test_steps_equal_torch_optim_for_any_gradients(
    optimizer, theirs, dtype, rate, first, second, decay, scale
) -> None:
    layer = Linear(4, 3, rng=np.random.default_rng(0), dtype=dtype)
    peers = {
        name: torch.nn.Parameter(torch.tensor(array)) for name, array in layer.parameters.items()
    }
    options: dict[str, Any] = {"learning_rate": rate, "weight_decay": decay}
    options |= {"momentum": first} if optimizer is SGD else {"betas": (first, second)}
    step = optimizer(layer, **options)
    their_step = theirs(peers.values(), **their_options(options))
    for turn in range(20):
        for name, parameter in layer.parameters.items():
            grad = (draw(parameter.shape, seed=turn) * scale).astype(dtype)
            layer.gradients[name] = grad
            peers[name].grad = torch.tensor(grad)
        kept = {name: grad.copy() for name, grad in layer.gradients.items()}
        step.step()
        their_step.step()
        for name, parameter in layer.parameters.items():
            assert parameter.dtype == dtype
            # Adam divides by small numbers: 20 steps enlarge the rounding of float32.
            tolerance = 1e-9 if dtype is np.float64 else 1e-4
            assert_close(parameter, peers[name].detach().numpy(), name, tolerance)
            np.testing.assert_array_equal(layer.gradients[name], kept[name])


@pytest.mark.parametrize("optimizer", [SGD, Adam])
def test_the_learning_rate_may_change_between_steps(optimizer) -> None:
    layer = Linear(1, 1, bias=False)
    layer.gradients["weight"] = np.array([[2.0]])
    step = optimizer(layer, learning_rate=0.1)
    before = layer.parameters["weight"].copy()
    step.step()
    first = before - layer.parameters["weight"]
    step.learning_rate = 0.01
    before = layer.parameters["weight"].copy()
    step.step()
    np.testing.assert_allclose(before - layer.parameters["weight"], first / 10, rtol=1e-6)


@pytest.mark.parametrize("optimizer", [SGD, Adam])
def test_a_step_before_any_gradient_is_refused(optimizer) -> None:
    with pytest.raises((ValueError, RuntimeError), match="backward"):
        optimizer(Linear(2, 2), learning_rate=0.1).step()


@pytest.mark.parametrize(
    ("optimizer", "options", "name"),
    [
        (SGD, {"learning_rate": -0.1}, "learning_rate"),
        (SGD, {"learning_rate": 0}, "learning_rate"),
        (SGD, {"learning_rate": "fast"}, "learning_rate"),
        (SGD, {"learning_rate": np.nan}, "learning_rate"),
        (SGD, {"learning_rate": 0.1, "momentum": -0.5}, "momentum"),
        (SGD, {"learning_rate": 0.1, "momentum": 1.5}, "momentum"),
        (SGD, {"learning_rate": 0.1, "weight_decay": -1}, "weight_decay"),
        (Adam, {"learning_rate": -1e-3}, "learning_rate"),
        (Adam, {"betas": (0.9, 1.5)}, "betas"),
        (Adam, {"betas": (-0.1, 0.9)}, "betas"),
        (Adam, {"betas": (0.9, 1.0)}, "betas"),
        (Adam, {"betas": 0.9}, "betas"),
        (Adam, {"betas": (0.9,)}, "betas"),
        (Adam, {"epsilon": -1e-8}, "epsilon"),
        (Adam, {"weight_decay": -1}, "weight_decay"),
    ],
)
def test_bad_options_are_refused_by_name(optimizer, options, name) -> None:
    with pytest.raises((ValueError, TypeError), match=name):
        optimizer(Linear(2, 2), **options)


@pytest.mark.parametrize("optimizer", [SGD, Adam])
def test_what_is_no_model_is_refused(optimizer) -> None:
    with pytest.raises(TypeError, match="model"):
        optimizer([np.zeros(3)], learning_rate=0.1)
