"""The networks in Keras are those in PyTorch: same outputs and gradients from the same weights."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pdl import models
from pdl.models import keras as keras_models
from pdl.models.keras import copy_weights, in_keras_layout
from pdl.models.keras._tensorflow import keras

from .. import nets

tf: Any = pytest.importorskip("tensorflow")


def pair(name: str) -> tuple[torch.nn.Module, Any]:
    """One network in both, with the same weights; normalization that changes something."""
    torch.manual_seed(5)
    ours = getattr(models, name)(**nets.arguments(name, "torch"))
    for module in ours.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 2)
            torch.nn.init.uniform_(module.bias, -1, 1)
            module.running_mean.uniform_(-1, 1)
            module.running_var.uniform_(0.5, 2)
    theirs = getattr(keras_models, name)(**nets.arguments(name, "keras"))
    copy_weights(ours.state_dict(), theirs)
    return ours, theirs


def assert_close(found: Any, expected: Any) -> None:
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    scale = max(1.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * scale)


@pytest.mark.parametrize("name", nets.SMALL)
def test_equal_outputs_from_the_same_weights(name: str) -> None:
    ours, theirs = pair(name)
    images, _ = nets.images_and_labels(name)
    with torch.no_grad():
        expected = ours.eval()(torch.from_numpy(nets.channels_first(images)))
    assert_close(theirs(images, training=False), expected)


@pytest.fixture
def channels_first() -> Iterator[None]:
    """As a ~/.keras/keras.json may ask for."""
    before = keras.config.image_data_format()
    keras.config.set_image_data_format("channels_first")
    yield
    keras.config.set_image_data_format(before)


@pytest.mark.usefixtures("channels_first")
@pytest.mark.parametrize("name", nets.SMALL)
def test_the_readers_keras_json_changes_nothing(name: str) -> None:
    ours, theirs = pair(name)
    images, labels = nets.images_and_labels(name)
    with torch.no_grad():
        expected = ours.eval()(torch.from_numpy(nets.channels_first(images)))
    assert_close(theirs(images, training=False), expected)
    theirs.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    assert np.isfinite(theirs.train_on_batch(images, labels))


@pytest.mark.parametrize("name", nets.SMALL)
def test_equal_gradients_for_one_batch(name: str) -> None:
    """In training mode, so that the gradient goes through the batch's mean and variance."""
    ours, theirs = pair(name)
    images, labels = nets.images_and_labels(name)
    ours.train()
    logits = ours(torch.from_numpy(nets.channels_first(images)))
    loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(labels))
    loss.backward()
    gradients = {key: torch.zeros_like(each) for key, each in ours.state_dict().items()}
    gradients |= {key: each.grad for key, each in ours.named_parameters()}

    with tf.GradientTape() as tape:
        theirs_loss = tf.reduce_mean(
            tf.nn.sparse_softmax_cross_entropy_with_logits(labels, theirs(images, training=True))
        )
    found = tape.gradient(theirs_loss, theirs.trainable_weights)
    assert_close(theirs_loss, loss.detach())
    by_layer = in_keras_layout(gradients, theirs)
    expected = [
        array
        for layer in theirs.layers
        if layer.weights
        for array in by_layer[layer.name][: len(layer.trainable_weights)]
    ]
    assert len(found) == len(expected) == len(list(ours.parameters()))
    for one, other in zip(found, expected, strict=True):
        assert float(np.abs(other).max()) > 0
        assert_close(one, other)


def test_running_means_move_alike_and_variances_by_the_known_factor() -> None:
    """PyTorch keeps the unbiased variance, Keras 3 the biased one: m/(m − 1) between them."""
    ours, theirs = pair("fast_cnn")
    images, _ = nets.images_and_labels("fast_cnn")
    before = {key: each.clone() for key, each in ours.state_dict().items()}
    ours.train()(torch.from_numpy(nets.channels_first(images)))
    theirs(images, training=True)
    state = ours.state_dict()
    layer = next(each for each in theirs.layers if "batch_normalization" in each.name)
    name = next(key for key in state if key.endswith("running_mean")).removesuffix("running_mean")
    m = len(images) * 8 * 5  # the first halving comes before the normalization
    assert_close(layer.moving_mean, state[f"{name}running_mean"])
    old, new = (each[f"{name}running_var"] for each in (before, state))
    biased = 0.9 * old + (new - 0.9 * old) * (m - 1) / m
    assert_close(layer.moving_variance, biased)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("mlp", {}),
        ("small_cnn", {}),
        ("small_cnn", {"channels": (64, 128), "hidden": 1024, "dropout": 0.25}),
        ("fast_cnn", {}),
        ("three_block_cnn", {"hidden": (64, 64)}),
    ],
)
def test_the_full_networks_have_as_many_parameters(name: str, arguments: dict[str, Any]) -> None:
    ours = getattr(models, name)(**arguments)
    theirs = getattr(keras_models, name)(**arguments)
    trainable = sum(int(np.prod(each.shape)) for each in theirs.trainable_weights)
    assert trainable == sum(each.numel() for each in ours.parameters())
    rates = [layer.rate for layer in theirs.layers if isinstance(layer, keras.layers.Dropout)]
    assert rates == [each.p for each in ours if isinstance(each, torch.nn.Dropout)]


@pytest.mark.parametrize("name", nets.SMALL)
def test_another_network_is_refused_and_stays_as_it_was(name: str) -> None:
    ours, theirs = pair(name)
    before = [np.array(each) for each in theirs.weights]
    state = {key: each + 1 for key, each in ours.state_dict().items()}
    wrong_shape = dict(state)
    last = list(state)[-1]
    wrong_shape[last] = torch.zeros(17)
    one_layer_less = {
        key: each for key, each in state.items() if not key.startswith(last.split(".")[0])
    }
    for changed, message in [
        (wrong_shape, r"gives \[\(.*\(17,\)\] where Keras's"),
        (one_layer_less, "state must have as many layers with weights as model, got"),
    ]:
        with pytest.raises(ValueError, match=message):
            copy_weights(changed, theirs)
    for array, weight in zip(before, theirs.weights, strict=True):
        np.testing.assert_array_equal(array, weight)


def test_a_layer_that_it_does_not_know_is_refused() -> None:
    model = keras.Sequential([keras.Input((4, 3)), keras.layers.Conv1D(2, 3)])
    with pytest.raises(TypeError, match=r"cannot give <Conv1D .* a weight of shape \(2, 3, 3\)"):
        copy_weights({"0.weight": np.zeros((2, 3, 3)), "0.bias": np.zeros(2)}, model)


def test_four_channels_are_asked_for() -> None:
    with pytest.raises(ValueError, match="channels must be four numbers"):
        keras_models.fast_cnn((16, 32, 64))


def test_keras_goes_on_from_its_own_backup(tmp_path: Path) -> None:
    """`BackupAndRestore`: broken off in the fourth epoch, it ends with the same weights.

    The order of the images is Keras's own and not kept, so they are not shuffled here.
    """
    images, labels = nets.images_and_labels("fast_cnn", count=24)

    class Break(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if epoch == 3:
                raise RuntimeError("planted")

    def train(*callbacks: Any) -> Any:
        keras.utils.set_random_seed(0)
        model = keras_models.fast_cnn(**nets.arguments("fast_cnn", "keras"))
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(optimizer=keras.optimizers.Adam(0.01), loss=loss)
        options = {"epochs": 5, "batch_size": 8, "shuffle": False, "verbose": 0}
        history = model.fit(images, labels, callbacks=list(callbacks), **options)
        return model, history

    def backup() -> Any:
        return keras.callbacks.BackupAndRestore(str(tmp_path / "backup"))

    whole, _ = train()
    with pytest.raises(RuntimeError, match="planted"):
        train(backup(), Break())
    resumed, history = train(backup())
    assert history.epoch == [3, 4]
    for one, other in zip(whole.weights, resumed.weights, strict=True):
        np.testing.assert_array_equal(one, other)


IMPORT = """
import os, sys, pdl.models.keras._tensorflow
print(os.environ["TF_CPP_MIN_LOG_LEVEL"], os.environ["KERAS_BACKEND"])
os.write(2, b"heard")
"""


def printed_at_import(**settings: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"} | settings
    command = [sys.executable, "-c", IMPORT]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done


def test_the_import_is_quiet() -> None:
    done = printed_at_import()
    assert done.stdout == "3 tensorflow\n"
    assert done.stderr == "heard"


def test_who_sets_a_level_hears_the_import(tmp_path: Path) -> None:
    (tmp_path / "keras.py").write_text("import os; os.write(2, b'Keras is ')", "utf8")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    for level, expected in [({"TF_CPP_MIN_LOG_LEVEL": "0"}, "Keras is heard"), ({}, "heard")]:
        assert printed_at_import(PYTHONPATH=path, **level).stderr == expected
