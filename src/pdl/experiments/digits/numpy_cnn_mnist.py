"""A convolutional network, in NumPy, that reads the handwritten digits of MNIST.

The settings were chosen on the last 5 000 training images, with a network trained on the other
55 000. Then a network was trained on all 60 000 and asked the 10 000 test images, once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress
from sklearn.metrics import confusion_matrix

from pdl.data.store.mnist import load_mnist, mnist_sha256
from pdl.experiments.registry import Outcome
from pdl.experiments.trained import Trained
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
    after_step: Callable[[], Any] = lambda: None,
) -> Trained:
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
        Called after each step.

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
    steps = epochs * steps_an_epoch(len(images))
    for _ in range(epochs):
        order = rng.permutation(len(images))
        for start in range(0, len(images), BATCH):
            chosen = order[start : start + BATCH]
            optimizer.learning_rate = LEARNING_RATE * (1 - len(losses) / steps)
            losses.append(loss.forward(model.forward(inputs[chosen]), labels[chosen]))
            model.backward(loss.backward())
            optimizer.step()
            after_step()
    return Trained(model, losses)


def steps_an_epoch(images: int) -> int:
    """How many batches it takes to see each image once; the last one may be smaller."""
    return -(-images // BATCH)


def classify(model: Sequential, images: NDArray[np.uint8], batch: int = 500) -> NDArray[np.int64]:
    """Return the digit with the largest logit for each image, as int64 of shape (N,)."""
    parts = [
        model.forward(normalise(images[start : start + batch])).argmax(axis=1)
        for start in range(0, len(images), batch)
    ]
    return np.concatenate(parts)


def run(seed: int, progress: Progress, epochs: int = EPOCHS) -> Outcome:
    """Train on 55 000 images and validate on 5 000; train on all 60 000 and test on 10 000.

    Parameters
    ----------
    seed : int
        Of the weights and the order.
    progress : Progress
        Shows how far it is.
    epochs : int
        How often each image is seen; fewer only to try it out.

    Returns
    -------
    Outcome
        Accuracies with Wilson's intervals, and the confusion matrix of the test images.
    """
    training, test = load_mnist("train"), load_mnist("test")
    images, labels = training
    total = epochs * (steps_an_epoch(len(images) - VALIDATION) + steps_an_epoch(len(images)))
    bar = progress.add_task("55 000 images", total=total)

    def advance() -> None:
        progress.advance(bar)

    chosen = train(seed, images[:-VALIDATION], labels[:-VALIDATION], epochs, advance)
    validated = classify(chosen.model, images[-VALIDATION:]) == labels[-VALIDATION:]
    progress.update(bar, description="60 000 images")
    start = time.process_time()
    trained = train(seed, images, labels, epochs, advance)
    seconds = time.process_time() - start
    answers = classify(trained.model, test.images)

    found = {
        "test_accuracy": wilson_interval(int((answers == test.labels).sum()), len(answers)),
        "validation_accuracy": wilson_interval(int(validated.sum()), len(validated)),
    }
    confusion = confusion_matrix(test.labels, answers, labels=range(10))
    whole = len(trained.losses) // LOSSES_A_MEAN * LOSSES_A_MEAN
    losses = np.mean(np.reshape(trained.losses[:whole], (-1, LOSSES_A_MEAN)), axis=1)
    return Outcome(
        metrics={
            **{name: interval.mean for name, interval in found.items()},
            "test_errors": int((answers != test.labels).sum()),
            "parameters": sum(array.size for array in trained.model.parameters.values()),
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
            "sizes": {"train": len(images), "validation": VALIDATION, "test": len(answers)},
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
            "losses": [round(float(each), 4) for each in losses],
        },
        packages=("numpy", "scipy"),
    )
