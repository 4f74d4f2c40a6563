"""The Keras experiment on MNIST, tried on a few bars: it counts rightly, and it goes on."""

from __future__ import annotations

import json

import numpy as np
import pytest
from rich.progress import Progress

from pdl.data.store.mnist import LabelledImages
from pdl.experiments.digits import cnn_keras as mnist_cnn_keras
from pdl.experiments.digits import cnn_keras_normal as mnist_cnn_keras_normal
from pdl.experiments.digits.numpy_cnn_mnist import normalise
from pdl.models.keras import small_cnn

# Keras's own pipeline of data stays a graph, and says so.
pytestmark = pytest.mark.filterwarnings("ignore:Even though the .*run_functions_eagerly")

SETTINGS = {
    "channels": (2, 4),
    "hidden": 8,
    "dropout": 0.25,
    "learning_rate": 0.01,
    "batch_size": 50,
    "epochs": 2,
}


def bars(count, seed):
    """Ten kinds of "digits": a bar at one of ten heights."""
    labels = np.random.default_rng(seed).integers(10, size=count).astype(np.uint8)
    images = np.zeros((count, 28, 28), np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[2 * label + 4 : 2 * label + 6, 6:22] = 250
    return LabelledImages(images, labels)


@pytest.fixture
def _eagerly():
    """Four steps take less time than the tracing of a graph."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture
def few(monkeypatch, tmp_path):
    monkeypatch.setenv("PDL_HOME", str(tmp_path))
    monkeypatch.setattr(mnist_cnn_keras, "SETTINGS", SETTINGS)
    parts = {"train": bars(300, 0), "test": bars(260, 1)}
    monkeypatch.setattr(mnist_cnn_keras, "VALIDATION", 100)
    monkeypatch.setattr(mnist_cnn_keras, "load_mnist", parts.__getitem__)
    return parts


def run():
    with Progress(disable=True) as progress:
        return mnist_cnn_keras.run(0, progress)


def test_the_record(few):
    found = run()
    assert found.data["sizes"] == {"train": 200, "validation": 100, "test": 260}
    assert found.metrics["parameters"] == 2 * 26 + 4 * 51 + 8 * 197 + 10 * 9
    low, high = found.intervals["test_accuracy"]
    assert low < found.metrics["test_accuracy"] < high
    assert found.metrics["first_256_accuracy"] == pytest.approx(
        found.metrics["first_256_right"] / 256, abs=1e-6
    )
    rows = found.details["history"]
    assert [row["epoch"] for row in rows] == [1, 2]
    assert {"accuracy", "loss", "validation_accuracy", "validation_loss", "seconds"} <= rows[
        0
    ].keys()
    json.dumps([found.metrics, found.intervals, found.details])


def test_a_seed_is_a_seed(few, tmp_path, monkeypatch):
    first = run()
    monkeypatch.setenv("PDL_HOME", str(tmp_path / "elsewhere"))
    again = run()
    for one, other in zip(first.details["history"], again.details["history"], strict=True):
        assert one["loss"] == pytest.approx(other["loss"], rel=1e-4)


@pytest.mark.usefixtures("_eagerly")
def test_a_run_that_was_killed_goes_on_with_the_next_epoch(few, monkeypatch):
    calls = []

    def dies(part):
        calls.append(round(3 * part))
        if len(calls) == 2:
            raise KeyboardInterrupt

    train = mnist_cnn_keras.train_keras

    def train_until(checkpoint, report, **options):
        return train(checkpoint, dies if len(calls) < 2 else report, **options)

    monkeypatch.setattr(mnist_cnn_keras, "train_keras", train_until)
    monkeypatch.setitem(SETTINGS, "epochs", 3)
    with pytest.raises(KeyboardInterrupt):
        run()
    found = run()
    assert calls == [1, 2]
    assert found.details["history"][0]["epoch"] == 1
    assert found.details["history"][-1]["epoch"] == 3


@pytest.mark.usefixtures("_eagerly")
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("seed 0/latest.weights.h5", b"damaged"),
        ("seed 0/training_metadata.json", b"{"),
        ("seed 0.csv", b"epoch,accuracy,loss,seconds,val_accuracy,val_loss\n"),
    ],
)
def test_a_damaged_backup_is_named_and_begun_anew(few, tmp_path, monkeypatch, name, content):
    def dies(part):
        raise KeyboardInterrupt

    train = mnist_cnn_keras.train_keras
    with monkeypatch.context() as changed:
        changed.setattr(
            mnist_cnn_keras,
            "train_keras",
            lambda checkpoint, report, **options: train(checkpoint, dies, **options),
        )
        with pytest.raises(KeyboardInterrupt):
            run()
    path = tmp_path / "unfinished" / "mnist-cnn-keras" / name
    assert path.is_file()
    path.write_bytes(content)
    with pytest.warns(UserWarning, match="'seed 0' is computed anew"):
        found = run()
    assert [row["epoch"] for row in found.details["history"]] == [1, 2]


def test_the_channels_come_last():
    images = np.arange(2 * 28 * 28, dtype=np.uint8).reshape(2, 28, 28)
    found = mnist_cnn_keras.as_keras(images)
    assert found.shape == (2, 28, 28, 1)
    assert np.array_equal(found[..., 0], normalise(images)[:, 0])


@pytest.mark.usefixtures("_eagerly")
def test_the_record_with_normal_weights(few, monkeypatch):
    monkeypatch.setattr(mnist_cnn_keras_normal, "SETTINGS", SETTINGS)
    parts = {
        "recipe": {"learning_rate": 0.01, "epochs": 1},
        "low_rate": {"learning_rate": 0.001, "epochs": 2},
    }
    monkeypatch.setattr(mnist_cnn_keras_normal, "PARTS", parts)
    with Progress(disable=True) as progress:
        found = mnist_cnn_keras_normal.run(0, progress)
    assert set(found.intervals) <= set(found.metrics)
    assert [found.metrics[f"{name}_epochs"] for name in parts] == [1, 2]
    low, high = found.intervals["low_rate_test_accuracy"]
    assert low < found.metrics["low_rate_test_accuracy"] < high
    assert found.metrics["first_loss"] > 100
    # The two differ in the rate, so already after an epoch.
    recipe, low_rate = (rows[0]["loss"] for rows in found.details["history"].values())
    assert recipe != low_rate
    json.dumps([found.metrics, found.intervals, found.details])


def test_all_weights_and_biases_are_drawn_anew():
    model = small_cnn()
    mnist_cnn_keras_normal.draw_normal(model)
    values = np.concatenate([np.ravel(each) for each in model.trainable_variables])
    assert values.std() == pytest.approx(1, abs=0.01)
    assert all(np.any(each) for each in model.trainable_variables)


def test_white_is_one():
    images = np.zeros((2, 28, 28), dtype=np.uint8)
    images[1, 3, 5] = 255
    found = mnist_cnn_keras_normal.zero_to_one(images)
    assert found.shape == (2, 28, 28, 1)
    assert found[1, 3, 5, 0] == found.sum() == 1
