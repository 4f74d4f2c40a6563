"""The NumPy network for MNIST: it learns, it keeps the test images apart, it is as recorded."""

from __future__ import annotations

import numpy as np
import pytest
from rich.progress import Progress

from pdl.data.store.mnist import LabelledImages
from pdl.experiments.digits import numpy_cnn_mnist
from pdl.experiments.digits.numpy_cnn_mnist import build_network, classify, normalise, run, train
from pdl.layers import SoftmaxCrossEntropy
from pdl.metrics import wilson_interval
from pdl.results import recorded_result

NAME = "numpy-cnn-mnist"


def strokes(count, seed):
    """Ten kinds of "digits" of our own: a bar at one of ten heights, in noise."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(10, size=count).astype(np.uint8)
    images = rng.integers(60, size=(count, 28, 28)).astype(np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[2 * label + 4 : 2 * label + 6, 6:22] = 250
    return LabelledImages(images, labels)


def test_the_network_takes_28_pixels_and_gives_10_logits():
    network = build_network(np.random.default_rng(0))
    logits = network.forward(normalise(strokes(3, 0).images))
    assert logits.shape == (3, 10)
    assert logits.dtype == np.float32


def test_normalised_pixels():
    images = np.stack([np.zeros((28, 28), np.uint8), np.full((28, 28), 255, np.uint8)])
    found = normalise(images)
    assert found.shape == (2, 1, 28, 28)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[:, 0, 0, 0] * 0.3081 + 0.1307, [0, 1], atol=1e-6)


def test_it_learns_what_it_is_shown():
    shown, others = strokes(1000, 0), strokes(200, 1)
    ticks = []
    trained = train(0, *shown, epochs=2, after_step=lambda *told: ticks.append(told))
    assert ticks == list(enumerate(trained.losses, 1))
    assert len(ticks) == 20
    assert np.mean(trained.losses[-5:]) < 0.5 * np.mean(trained.losses[:5])
    answers = classify(trained.model, others.images, batch=64)
    assert answers.shape == (200,)
    assert (answers == others.labels).mean() > 0.8


def test_a_last_batch_may_be_smaller():
    assert len(train(0, *strokes(130, 0), epochs=1).losses) == 2


def test_a_seed_is_a_seed():
    shown = strokes(200, 0)
    first, again, other = (train(seed, *shown, epochs=1).losses for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_each_epoch_sees_each_image_once_in_an_order_of_its_own(monkeypatch):
    seen = []
    forward = SoftmaxCrossEntropy.__call__

    def noted(self, logits, labels):
        seen.append(labels)
        return forward(self, logits, labels)

    monkeypatch.setattr(numpy_cnn_mnist.SoftmaxCrossEntropy, "__call__", noted)
    sorted_labels = np.repeat(np.arange(10, dtype=np.uint8), 20)
    train(0, strokes(200, 0).images, sorted_labels, epochs=2)
    first, second = np.concatenate(seen[:2]), np.concatenate(seen[2:])
    assert np.array_equal(np.sort(first), sorted_labels)
    assert np.array_equal(np.sort(second), sorted_labels)
    assert not np.array_equal(first, second)
    assert all(len(np.unique(labels)) > 7 for labels in seen)


@pytest.fixture
def drawn(monkeypatch, tmp_path):
    """Drawn digits in the place of MNIST, and what was asked of which network."""
    monkeypatch.setenv("PDL_HOME", str(tmp_path))
    sets = {"train": strokes(600, 0), "test": strokes(100, 1)}
    monkeypatch.setattr(numpy_cnn_mnist, "load_mnist", sets.__getitem__)
    monkeypatch.setattr(numpy_cnn_mnist, "VALIDATION", 150)
    monkeypatch.setattr(numpy_cnn_mnist, "LOSSES_A_MEAN", 2)
    calls = []

    def noted_train(seed, images, labels, epochs, after_step):
        calls.append(("train", len(images)))
        return train(seed, images, labels, epochs, after_step)

    def noted_classify(model, images):
        calls.append(("ask", len(images)))
        answers = classify(model, images)
        answers[answers == 3] = 4  # so that an exchange of truth and answer shows
        return answers

    monkeypatch.setattr(numpy_cnn_mnist, "train", noted_train)
    monkeypatch.setattr(numpy_cnn_mnist, "classify", noted_classify)
    return calls


def test_the_test_images_are_asked_once_and_last(drawn):
    progress = Progress(disable=True)
    outcome = run(0, progress, epochs=1)
    assert drawn == [("train", 450), ("ask", 150), ("train", 600), ("ask", 100)]
    assert progress.finished
    counts = np.array(outcome.details["confusion"]["counts"])
    assert counts.sum(axis=1).tolist() == np.bincount(strokes(100, 1).labels).tolist()
    assert np.trace(counts) == round(100 * outcome.metrics["test_accuracy"])
    recorded = recorded_result(NAME)
    assert outcome.metrics.keys() == recorded["metrics"].keys()
    assert outcome.intervals.keys() == recorded["intervals"].keys()
    assert set(outcome.details) < set(recorded)


def test_the_record_agrees_with_itself():
    recorded = recorded_result(NAME)
    counts = np.array(recorded["confusion"]["counts"])
    assert counts.sum() == 10_000
    assert counts.sum(axis=1).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    right = int(np.trace(counts))
    metrics = recorded["metrics"]
    assert metrics["test_accuracy"] == right / 10_000 >= 0.98
    assert metrics["test_errors"] == 10_000 - right
    expected = wilson_interval(right, 10_000)
    assert recorded["intervals"]["test_accuracy"] == pytest.approx(expected[1:], abs=1e-6)
    assert recorded["profile"] == "full"
    assert recorded["settings"]["epochs"] == numpy_cnn_mnist.EPOCHS
    assert metrics["parameters"] == sum(
        array.size for array in build_network(np.random.default_rng(0)).parameters.values()
    )
