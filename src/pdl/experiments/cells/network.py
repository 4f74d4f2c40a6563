"""A network of convolutions, in NumPy, that counts and outlines touching cells.

It answers for one pixel after looking at the 31×31 patch around it: background, rim of a cell, or
core of a cell? As convolution commutes with shifts, the same weights slid over a whole image
answer for all its pixels at once. Each connected core is one cell, and a watershed gives the rims
back to their cores.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pdl._validation import check_image
from pdl.experiments.numpy_trial import AfterStep
from pdl.experiments.trial import Trained
from pdl.layers import Adam, Conv2d, ReLU, Sequential, SoftmaxCrossEntropy, softmax
from pdl.metrics import boundaries
from pdl.results import WEIGHTS, load_weights
from pdl.segmentation import connected_components, distance_to_background, watershed

NAME = "numpy-cnn-cells"
Array = NDArray[np.float32]

CLASSES = ("background", "rim", "core")
DILATIONS = (1, 2, 4, 8)
CHANNELS = 16
MARGIN = sum(DILATIONS)  # pixels that a patch loses on each side; it sees 2 · 15 + 1 = 31

# Chosen on the validation images.
RIM_WIDTH = 4  # pixels
CORE_PROBABILITY = 0.5  # likelier than the two other classes together
MIN_CORE = 5  # pixels; a smaller core is noise
MIN_SIZE = 20  # pixels; so is a smaller foreground

STEPS = 1000
BATCH = 8  # patches a step
ANSWERS = 32  # pixels to a side that a training patch gets answers for
LEARNING_RATE = 6e-3


def build_network(rng: np.random.Generator) -> Sequential:
    """Four 3×3 convolutions with growing gaps, then two that mix the channels of a pixel.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the first weights.

    Returns
    -------
    Sequential
        Takes N×1×H×W and gives N×3×(H−30)×(W−30) logits; 7 763 parameters in float32.
    """
    layers: list[Conv2d | ReLU] = []
    channels = 1
    for dilation in DILATIONS:
        layers += [
            Conv2d(channels, CHANNELS, 3, dilation=dilation, rng=rng, dtype=np.float32),
            ReLU(),
        ]
        channels = CHANNELS
    return Sequential(
        *layers,
        Conv2d(CHANNELS, 32, 1, rng=rng, dtype=np.float32),
        ReLU(),
        Conv2d(32, len(CLASSES), 1, rng=rng, dtype=np.float32),
    )


def load_network(hard: bool = False) -> Sequential:
    """Return the network with the weights that ship with the book.

    Parameters
    ----------
    hard : bool
        Whether those that were trained on the hard set; see :func:`pdl.data.load_cells`.

    Raises
    ------
    FileNotFoundError, ValueError
        If the file with the weights, in ``data/weights``, is missing or damaged.
    """
    model = build_network(np.random.default_rng(0))
    load_weights(model, WEIGHTS / f"{NAME}{'-hard' if hard else ''}.safetensors")
    return model


def normalise(image: ArrayLike) -> Array:
    """Bring 0…255 to about −0.5…1.5, in float32."""
    return (np.asarray(image) / 128 - 0.5).astype(np.float32)


def pixel_classes(labels: NDArray[np.int32]) -> NDArray[np.int64]:
    """Say of each pixel what the network shall answer.

    Parameters
    ----------
    labels : ndarray of int32, shape (H, W)
        0 for the background, 1…n for the cells.

    Returns
    -------
    ndarray of int64, shape (H, W)
        0 on the background, 2 in the core of a cell, 1 on its rim: less than 4 pixels away from
        the outline. Two cells that touch have two rims between their cores.
    """
    depth = distance_to_background(~boundaries(labels))
    return np.where(labels == 0, 0, np.where(depth < RIM_WIDTH, 1, 2))


def predict(model: Sequential, image: ArrayLike) -> Array:
    """Ask the network for every pixel of an image at once.

    Parameters
    ----------
    model : Sequential
        See :func:`build_network` and :func:`load_network`.
    image : array_like, shape (H, W)
        The brightness, 0…255. Beyond its edge it is mirrored.

    Returns
    -------
    ndarray of float32, shape (3, H, W)
        The probabilities of background, rim and core; they add up to 1.

    Raises
    ------
    TypeError, ValueError
        If the image is not one of a single channel.
    """
    image = check_image(image, allow_color=False)
    padded = np.pad(normalise(image), MARGIN, mode="reflect")
    logits = model.forward(padded[np.newaxis, np.newaxis])[0]
    probabilities = softmax(logits.reshape(len(CLASSES), -1).T).T
    return probabilities.reshape(logits.shape)


def outline(probabilities: Array, core_probability: float = CORE_PROBABILITY) -> NDArray[np.int32]:
    """Turn probabilities into cells: each core is a marker, the watershed grows it to the rim.

    Parameters
    ----------
    probabilities : ndarray, shape (3, H, W)
        See :func:`predict`.
    core_probability : float
        From which on a pixel belongs to a core.

    Returns
    -------
    ndarray of int32, shape (H, W)
        0 for the background, 1…n for the cells.
    """
    background, _, core = probabilities
    foreground = connected_components(background < 0.5, MIN_SIZE).labels > 0
    markers = connected_components(foreground & (core > core_probability), MIN_CORE).labels
    return watershed(-core, markers, foreground)


def draw_patches(
    rng: np.random.Generator, images: Array, classes: NDArray[np.int64], number: int
) -> tuple[Array, NDArray[np.int64]]:
    """Cut patches at random places, turned and mirrored at random.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the places.
    images : ndarray of float32, shape (N, H + 30, W + 30)
        Normalised and padded.
    classes : ndarray of int64, shape (N, H, W)
        See :func:`pixel_classes`.
    number : int
        How many.

    Returns
    -------
    patches : ndarray of float32, shape (number, 1, 62, 62)
    answers : ndarray of int64, shape (number, 32, 32)
        The classes of the pixels that the network answers for.
    """
    side = ANSWERS + 2 * MARGIN
    patches: list[NDArray[Any]] = []
    answers: list[NDArray[Any]] = []
    for index in rng.integers(len(images), size=number):
        row, column = (rng.integers(length - ANSWERS + 1) for length in classes.shape[1:])
        patch = images[index, row : row + side, column : column + side]
        answer = classes[index, row : row + ANSWERS, column : column + ANSWERS]
        turns, mirrored = int(rng.integers(4)), rng.random() < 0.5
        patches.append(_turn(patch, turns, mirrored))
        answers.append(_turn(answer, turns, mirrored))
    return np.stack(patches)[:, np.newaxis], np.stack(answers)


def _turn(array: NDArray[Any], turns: int, mirrored: bool) -> NDArray[Any]:
    turned = np.rot90(array, turns)
    return turned[:, ::-1] if mirrored else turned


def pixel_loss(logits: Array, answers: NDArray[np.int64]) -> tuple[float, Array]:
    """Mean cross-entropy over all pixels of all patches, and its gradient.

    Parameters
    ----------
    logits : ndarray, shape (N, 3, H, W)
    answers : ndarray of int64, shape (N, H, W)

    Returns
    -------
    loss : float
    grad : ndarray, shape (N, 3, H, W)
        By the logits.
    """
    loss = SoftmaxCrossEntropy()
    # To the loss each pixel is a row: N×3×H×W becomes (N·H·W)×3, and back.
    rows = logits.transpose(0, 2, 3, 1)
    mean = loss.forward(rows.reshape(-1, len(CLASSES)), answers.ravel())
    return mean, loss.backward().reshape(rows.shape).transpose(0, 3, 1, 2)


def train(
    seed: int,
    images: NDArray[np.uint8],
    labels: NDArray[np.int32],
    steps: int = STEPS,
    after_step: AfterStep = lambda step, loss: None,
) -> Trained[Sequential]:
    """Train a network from scratch.

    Parameters
    ----------
    seed : int
        Of the first weights and of the patches.
    images, labels : ndarray, shape (N, H, W)
        See :func:`pdl.data.load_cells`.
    steps : int
        How many; the learning rate rises at first and falls to zero along a cosine.
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
    beyond = ((0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN))
    padded = np.pad(normalise(images), beyond, mode="reflect")
    classes = np.stack([pixel_classes(each) for each in labels])
    losses: list[float] = []
    for step in range(steps):
        x, answers = draw_patches(rng, padded, classes, BATCH)
        loss, grad = pixel_loss(model.forward(x), answers)
        losses.append(loss)
        model.backward(grad)
        warm_up = min(1.0, (step + 1) / 50)
        optimizer.learning_rate = LEARNING_RATE * warm_up * (1 + np.cos(np.pi * step / steps)) / 2
        optimizer.step()
        after_step(len(losses), loss)
    return Trained(model, losses)
