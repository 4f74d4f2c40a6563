"""Weights: they come back as they were, and a wrong file is named."""

from __future__ import annotations

import numpy as np
import pytest

from pdl.layers import BatchNorm2d, Conv2d, Flatten, Linear, Sequential
from pdl.results import WEIGHTS, load_weights, weights_bytes


def network(seed, channels=2):
    rng = np.random.default_rng(seed)
    return Sequential(
        Conv2d(1, channels, 3, rng=rng, dtype=np.float32),
        BatchNorm2d(channels, dtype=np.float32),
        Flatten(),
        Linear(channels * 9, 4, rng=rng, dtype=np.float32),
    )


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "w.safetensors"
    model = network(0)
    model.forward(np.random.default_rng(1).normal(size=(2, 1, 5, 5)).astype(np.float32))
    path.write_bytes(weights_bytes(model))
    return path, model


def test_parameters_and_buffers_come_back(saved):
    path, model = saved
    other = network(5)
    load_weights(other, path)
    x = np.ones((1, 1, 5, 5), dtype=np.float32)
    for each in (model, other):
        each.eval()
    assert np.array_equal(model.forward(x), other.forward(x))
    assert weights_bytes(other) == path.read_bytes()


def test_the_weights_stay_where_an_optimizer_holds_them(saved):
    path, _ = saved
    other = network(5)
    held = other.parameters["0.weight"]
    load_weights(other, path)
    assert other.parameters["0.weight"] is held


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"absent\.safetensors"):
        load_weights(network(0), tmp_path / "absent.safetensors")


@pytest.mark.parametrize("kept", [0, 4, 100, -1])
def test_a_file_that_is_cut_off_is_named(saved, kept):
    path, model = saved
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ValueError, match=r"w\.safetensors"):
        load_weights(model, path)


@pytest.mark.parametrize(
    "other", [network(0, channels=3), Sequential(*network(0).layers[:3])], ids=["shape", "names"]
)
def test_weights_of_another_network_change_nothing(saved, other):
    path, _ = saved
    before = weights_bytes(other)
    with pytest.raises(ValueError, match="holds other weights: "):
        load_weights(other, path)
    assert weights_bytes(other) == before


def test_what_ships_is_small():
    sizes = [each.stat().st_size for each in WEIGHTS.glob("*.safetensors")]
    assert 0 < max(sizes) < 300_000
