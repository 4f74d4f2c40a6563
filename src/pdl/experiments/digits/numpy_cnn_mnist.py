"""A convolutional network, in NumPy, that reads the handwritten digits of MNIST.

The settings were chosen on the last 5 000 training images, with a network trained on the other
55 000. Then a network was trained on all 60 000 and asked the 10 000 test images, once.
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress
from sklearn.metrics import confusion_matrix

from pdl.data.store.mnist import LabelledImages, load_mnist, mnist_sha256
from pdl.experiments.numpy_trial import AfterStep, mean_losses, shuffled_batches
from pdl.experiments.registry import Outcome
from pdl.experiments.resume import Found
from pdl.experiments.trial import Report, Trained, Trial, run_trials
from pdl.layers import Adam, Conv2d, Flatten, Linear, ReLU, Sequential, SoftmaxCrossEntropy
from pdl.metrics import wilson_interval

Array = NDArray[np.float32]

VALIDATION = 5_000
# Chosen on the validation images.
CHANNELS = (16, 32)
HIDDEN = 128
EPOCHS = 8
BATCH = 100
LEARNING_RATE = 2e-3
LOSSES_A_MEAN = 50


def build_network(rng: np.random.Generator) -> Sequential:
    """Two 5×5 convolutions of stride 2 and two full layers: 28 → 12 → 4 pixels to a side.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the first weights.

    Returns
    -------
    Sequential
        Takes N×1×28×28 and gives N×10 logits, in float32.
    """
    first, second = CHANNELS
    options: dict[str, Any] = {"rng": rng, "dtype": np.float32}
    return Sequential(
        Conv2d(1, first, 5, stride=2, **options),
        ReLU(),
        Conv2d(first, second, 5, stride=2, **options),
        ReLU(),
        Flatten(),
        Linear(second * 4 * 4, HIDDEN, **options),
        ReLU(),
        Linear(HIDDEN, 10, **options),
    )


def normalise(images: NDArray[np.uint8]) -> Array:
    """Bring N×28×28 bytes to N×1×28×28 numbers of mean 0 and standard deviation 1.

    0.1307 and 0.3081 are the mean and the standard deviation of all pixels of the training set,
    where 1 is full ink.
    """
    scaled = (images[:, np.newaxis] / np.float32(255) - np.float32(0.1307)) / np.float32(0.3081)
    return np.asarray(scaled, dtype=np.float32)


def train(
    seed: int,
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    epochs: int = EPOCHS,
    after_step: AfterStep = lambda step, loss: None,
) -> Trained[Sequential]:
    """Train a network from scratch.

    Parameters
    ----------
    seed : int
        Of the first weights and of the order of the images.
    images : ndarray of uint8, shape (N, 28, 28)
    labels : ndarray of uint8, shape (N,)
    epochs : int
        How often each image is seen; the learning rate falls to zero in a straight line.
    after_step : callable
        Told the number of steps that are done, and the loss of the last one.

    Returns
    -------
    Trained
        ``model`` and ``losses``.
    """
    rng = np.random.default_rng(seed)
    model = build_network(rng)
    optimizer = Adam(model, LEARNING_RATE)
    loss = SoftmaxCrossEntropy()
    inputs = normalise(images)
    losses: list[float] = []
    steps = epochs * -(-len(images) // BATCH)
    for _ in range(epochs):
        for _, batch in shuffled_batches(rng, len(images), BATCH):
            optimizer.learning_rate = LEARNING_RATE * (1 - len(losses) / steps)
            losses.append(loss(model(inputs[batch]), labels[batch]))
            model.backward(loss.backward())
            optimizer.step()
            after_step(len(losses), losses[-1])
    return Trained(model, losses)


def classify(model: Sequential, images: NDArray[np.uint8], batch: int = 500) -> NDArray[np.int64]:
    """Return the digit with the largest logit for each image, as int64 of shape (N,)."""
    parts = [
        model.forward(normalise(images[start : start + batch])).argmax(axis=1)
        for start in range(0, len(images), batch)
    ]
    return np.concatenate(parts)


def train_and_classify(
    checkpoint: Path, report: Report, *, seed: int, epochs: int, final: bool
) -> Found:
    """Train on 55 000 images and read the other 5 000; or finally on all, and read the test images.

    Returns
    -------
    dict
        ``answers``, the ``labels`` that are right, ``losses`` and ``seconds`` (processor time).
    """
    images, labels = load_mnist("train")
    held_out = load_mnist("test")
    if not final:
        held_out = LabelledImages(images[-VALIDATION:], labels[-VALIDATION:])
        images, labels = images[:-VALIDATION], labels[:-VALIDATION]
    steps = epochs * -(-len(images) // BATCH)
    start = time.process_time()
    trained = train(seed, images, labels, epochs, lambda step, loss: report(step / steps))
    seconds = time.process_time() - start
    return {
        "answers": classify(trained.model, held_out.images).tolist(),
        "labels": held_out.labels.tolist(),
        "losses": mean_losses(trained.losses, LOSSES_A_MEAN),
        "parameters": sum(array.size for array in trained.model.parameters.values()),
        "seconds": seconds,
    }


def run(seed: int, progress: Progress, epochs: int = EPOCHS) -> Outcome:
    """Train on 55 000 images and validate on 5 000; train on all 60 000 and test on 10 000.

    Parameters
    ----------
    seed, progress
        See :class:`pdl.experiments.registry.Experiment`.
    epochs : int
        How often each image is seen; fewer only to try it out.

    Returns
    -------
    Outcome
        Accuracies with Wilson's intervals, and the confusion matrix of the test images.
    """
    trials = [
        Trial(
            name,
            {"seed": seed, "epochs": epochs},
            partial(train_and_classify, seed=seed, epochs=epochs, final=final),
        )
        for name, final in (("55 000 images", False), ("60 000 images", True))
    ]
    validated, tested = run_trials("numpy-cnn-mnist", trials, progress)
    right = {
        "test_accuracy": np.equal(tested["answers"], tested["labels"]),
        "validation_accuracy": np.equal(validated["answers"], validated["labels"]),
    }
    found = {name: wilson_interval(int(each.sum()), len(each)) for name, each in right.items()}
    answers, labels, seconds = tested["answers"], tested["labels"], tested["seconds"]
    confusion = confusion_matrix(labels, answers, labels=range(10))
    return Outcome(
        metrics={
            **{name: interval.mean for name, interval in found.items()},
            "test_errors": int((~right["test_accuracy"]).sum()),
            "parameters": tested["parameters"],
            "training_seconds": round(seconds, 1),
            "training_seconds_per_epoch": round(seconds / epochs, 2),
        },
        intervals={
            name: [round(interval.low, 6), round(interval.high, 6)]
            for name, interval in found.items()
        },
        data={
            "name": "MNIST",
            "sha256": mnist_sha256(),
            "sizes": {
                "train": len(load_mnist("train").labels),
                "validation": VALIDATION,
                "test": len(answers),
            },
        },
        details={
            "settings": {
                "channels": CHANNELS,
                "hidden": HIDDEN,
                "epochs": epochs,
                "batch": BATCH,
                "learning_rate": LEARNING_RATE,
                "chosen_on": f"the last {VALIDATION} training images",
            },
            "confusion": {"rows": "truth", "columns": "answer", "counts": confusion.tolist()},
            "losses_a_mean": LOSSES_A_MEAN,
            "clock": "training_seconds is processor time on one thread",
            "losses": tested["losses"],
        },
        packages=("numpy", "scipy"),
    )
