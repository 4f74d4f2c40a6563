"""The networks in both frameworks, small and in full, by the same arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

# By name: the arguments of a small one, and its images as height, width, channels.
SMALL: dict[str, tuple[dict[str, Any], tuple[int, int, int]]] = {
    "mlp": ({"hidden": (12, 7), "classes": 5}, (6, 5, 2)),
    "small_cnn": ({"channels": (3, 4), "hidden": 9, "classes": 5, "dropout": 0.0}, (11, 14, 2)),
    "fast_cnn": ({"channels": (3, 4, 5, 6), "classes": 5}, (16, 11, 2)),
    "three_block_cnn": (
        {"channels": (3, 4, 5), "hidden": (8, 7), "classes": 5, "dropout": 0.0},
        (17, 9, 3),
    ),
}


PRINTED: dict[str, Any] = {"channels": (3, 4), "hidden": 5}
"""For the network of the slides, which has an image of one size and ten classes."""


NAMES = (*SMALL, "slides_cnn")


def classes(name: str) -> int:
    return 10 if name == "slides_cnn" else 5


def arguments(name: str, framework: str) -> dict[str, Any]:
    """Those of the small network ``name``, the image's shape in the framework's own order."""
    if name == "slides_cnn":
        return PRINTED
    others, (height, width, channels) = SMALL[name]
    if framework == "keras":
        return others | {"image_shape": (height, width, channels)}
    if name == "mlp":
        return others | {"inputs": height * width * channels}
    return others | {"image_shape": (channels, height, width)}


def images_and_labels(name: str, count: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Images (N, H, W, C) of the normal distribution, float32, and labels."""
    rng = np.random.default_rng(3)
    shape = (28, 28, 1) if name == "slides_cnn" else SMALL[name][1]
    images = rng.standard_normal((count, *shape)).astype(np.float32)
    return images, rng.integers(0, 5, count)


def channels_first(images: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2))
