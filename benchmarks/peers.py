"""Time what the book builds from scratch against the libraries that readers know, on one thread.

Each row is an operation of the package and a peer that computes the same: the results are compared
before anything is timed. The chapters show the rows of their own operations.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from _common import best_times, rounded, speed_parser, write_speeds
from layers import SIZES, draw, in_pytorch, ours
from numpy.typing import NDArray
from scipy import ndimage, signal
from skimage import data, feature, filters, metrics, segmentation, transform
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from pdl.augmentation import image_centre, rotation, warp_image
from pdl.filters import canny, gaussian_filter, median_filter, sobel, ssim
from pdl.layers import BatchNorm2d, MaxPool2d
from pdl.segmentation import (
    distance_markers,
    distance_to_background,
    kmeans,
    multi_otsu,
    otsu,
    pixel_features,
    watershed,
)
from pdl.signals import convolve2d
from pdl.viz import show_speeds

Call = Callable[[], Any]


class Pair(NamedTuple):
    """An operation and its peer, ready to be called, and how far their results may differ."""

    operation: str
    size: str
    ours: Call
    peer: str
    theirs: Call
    tolerance: float = 0.0  # relative to the largest number


def signals(seed: int) -> dict[str, Pair]:
    """Chapter 2: convolution of an image."""
    rng = np.random.default_rng(seed)
    image, small, large = rng.random((256, 256)), rng.random((3, 3)), rng.random((31, 31))
    return {
        "convolve2d": Pair(
            "convolve2d",
            "256×256, kernel 3×3",
            lambda: convolve2d(image, small),
            "scipy.signal.convolve2d",
            lambda: signal.convolve2d(image, small, "same"),
            1e-12,
        ),
        "convolve2d_fft": Pair(
            "convolve2d, by FFT",
            "256×256, kernel 31×31",
            lambda: convolve2d(image, large, method="fft"),
            "scipy.signal.fftconvolve",
            lambda: signal.fftconvolve(image, large, "same"),
            1e-12,
        ),
    }


def scipy_sobel(image: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """SciPy's two derivatives, with the magnitude and the direction that ours returns as well."""
    across, up = ndimage.sobel(image, axis=1), -ndimage.sobel(image, axis=0)
    return across, up, np.sqrt(across**2 + up**2), np.arctan2(up, across)


def image_filters(seed: int) -> dict[str, Pair]:
    """Chapter 3."""
    photo = data.camera()
    floats = photo + np.random.default_rng(seed).normal(0, 5, photo.shape)
    return {
        "gaussian_filter": Pair(
            "gaussian_filter",
            "512×512, σ = 2",
            lambda: gaussian_filter(floats, 2),
            "scipy.ndimage.gaussian_filter",
            lambda: ndimage.gaussian_filter(floats, 2),
            1e-12,
        ),
        "median_filter": Pair(
            "median_filter",
            "512×512, 3×3",
            lambda: median_filter(photo, 3),
            "scipy.ndimage.median_filter",
            lambda: ndimage.median_filter(photo, 3),
        ),
        "median_filter_5": Pair(
            "median_filter",
            "512×512, 5×5",
            lambda: median_filter(photo, 5),
            "scipy.ndimage.median_filter",
            lambda: ndimage.median_filter(photo, 5),
        ),
        "sobel": Pair(
            "sobel",
            "512×512",
            lambda: sobel(floats),
            "scipy.ndimage.sobel, twice",
            lambda: scipy_sobel(floats),
            1e-12,
        ),
        "canny": Pair(
            "canny",
            "512×512, σ = 1",
            lambda: canny(floats, 1, 20, 50),
            "skimage.feature.canny",
            lambda: feature.canny(floats, 1, 20, 50, mode="reflect"),
        ),
        "ssim": Pair(
            "ssim",
            "512×512",
            lambda: ssim(photo, floats, 255),
            "skimage.metrics.structural_similarity",
            lambda: metrics.structural_similarity(
                photo.astype(float), floats, data_range=255, gaussian_weights=True, sigma=1.5,
                use_sample_covariance=False,
            ),
            1e-9,
        ),
    }  # fmt: skip


def fit_kmeans(points: NDArray[np.float64], **options: Any) -> KMeans:
    """The best of ten starts of scikit-learn's k-means."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a start that comes to rest between two assignments
        return KMeans(4, n_init=10, random_state=0, **options).fit(points)


def segmenting(seed: int) -> dict[str, Pair]:
    """Chapter 4."""
    photo, coins = data.camera(), data.coins()
    colors = pixel_features(data.coffee()[::4, ::4])
    mask = coins > otsu(coins)
    landscape, markers = -distance_to_background(mask), distance_markers(mask)
    # The springs are lowered to different depths: scikit-image leaves the order of equal ones open.
    landscape[markers > 0] = -1000.0 - np.arange(np.count_nonzero(markers))
    return {
        "otsu": Pair(
            "otsu",
            "512×512, uint8",
            lambda: otsu(photo),
            "skimage.filters.threshold_otsu",
            lambda: filters.threshold_otsu(photo),
        ),
        "multi_otsu": Pair(
            "multi_otsu",
            "303×384, 4 classes",
            lambda: multi_otsu(coins, 4),
            "skimage.filters.threshold_multiotsu",
            lambda: filters.threshold_multiotsu(coins, 4),
        ),
        "kmeans": Pair(
            "kmeans",
            "15 000 colours, 4 clusters, 10 starts",
            lambda: kmeans(colors, 4, starts=10, seed=seed).loss,
            "sklearn.cluster.KMeans, tol=0",
            lambda: fit_kmeans(colors, tol=0).inertia_,
            1e-3,
        ),
        "kmeans_early": Pair(
            "kmeans",
            "the same, the peer stops earlier",
            lambda: kmeans(colors, 4, starts=10, seed=seed).loss,
            "sklearn.cluster.KMeans, tol=1e-4",
            lambda: fit_kmeans(colors).inertia_,
            1e-2,
        ),
        "watershed": Pair(
            "watershed",
            "303×384, distances in coins",
            lambda: watershed(landscape, markers, mask),
            "skimage.segmentation.watershed",
            lambda: segmentation.watershed(landscape, markers, mask=mask),
        ),
    }


def network_layers(seed: int) -> dict[str, Pair]:
    """Chapters 5 and 6: forward and backward."""
    pairs = {}
    for name, size in SIZES.items():
        case = draw(size, seed)
        pairs[f"conv2d_{name}"] = Pair(
            "Conv2d", str(size), ours("fast")(case), "torch conv2d", in_pytorch(case), 1e-4
        )
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((32, 16, 28, 28), np.float32)
    grad, pooled_grad = (rng.standard_normal((32, 16, n, n), np.float32) for n in (28, 14))
    inputs = torch.tensor(x, requires_grad=True)
    pool, norm = MaxPool2d(2), BatchNorm2d(16, dtype=np.float32)
    torch_norm = torch.nn.BatchNorm2d(16)

    def both(layer: Any, gradient: NDArray[np.float32]) -> Call:
        return lambda: (layer.forward(x), layer.backward(gradient))

    def in_torch(layer: Any, gradient: NDArray[np.float32]) -> Call:
        def call() -> tuple[Any, Any]:
            y = layer(inputs)
            (grad_x,) = torch.autograd.grad(y, inputs, torch.from_numpy(gradient))
            return y.detach().numpy(), grad_x.numpy()

        return call

    shape = "32×16×28×28"
    return {
        **pairs,
        "max_pool2d": Pair(
            "MaxPool2d",
            f"{shape}, 2×2",
            both(pool, pooled_grad),
            "torch MaxPool2d",
            in_torch(torch.nn.MaxPool2d(2), pooled_grad),
        ),
        "batch_norm2d": Pair(
            "BatchNorm2d",
            shape,
            both(norm, grad),
            "torch BatchNorm2d",
            in_torch(torch_norm, grad),
            1e-4,
        ),
    }


def augmenting(seed: int) -> dict[str, Pair]:
    """Chapter 8: the image of an augmented sample."""
    photo = data.camera().astype(float)
    turn = rotation(20, image_centre(photo.shape))
    back = np.linalg.inv(turn)
    return {
        "warp_image": Pair(
            "warp_image",
            "512×512, bilinear",
            lambda: warp_image(photo, turn),
            "skimage.transform.warp",
            lambda: transform.warp(photo, back, order=1),
            1e-9,
        )
    }


CHAPTERS = (signals, image_filters, segmenting, network_layers, augmenting)


def agreed(seed: int) -> dict[str, Pair]:
    """All pairs, after their results were compared.

    Raises
    ------
    AssertionError
        If an operation and its peer differ.
    """
    pairs = {name: pair for make in CHAPTERS for name, pair in make(seed).items()}
    for name, pair in pairs.items():
        found, expected = pair.ours(), pair.theirs()
        parts = [(found, expected)]
        if isinstance(found, tuple):
            parts = list(zip(found, expected, strict=True))
        for one, other in parts:
            bound = pair.tolerance * float(np.abs(np.asarray(other, dtype=float)).max())
            np.testing.assert_allclose(one, other, rtol=0, atol=bound, err_msg=name)
    return pairs


def measure(pairs: dict[str, Pair], rounds: int) -> list[dict[str, Any]]:
    """Time each operation against its peer.

    Returns
    -------
    list of dict
        One row each: ``name``, ``operation``, ``size``, ``ours_ms`` (processor time of the best
        round), ``peer``, ``peer_ms`` and ``ratio``, ours over the peer's.
    """
    rows = []
    for name, pair in pairs.items():
        best = best_times({"ours": pair.ours, "theirs": pair.theirs}, rounds)
        rows.append(
            {
                "name": name,
                "operation": pair.operation,
                "size": pair.size,
                "ours_ms": rounded(1000 * best["ours"]),
                "peer": pair.peer,
                "peer_ms": rounded(1000 * best["theirs"]),
                "ratio": rounded(best["ours"] / best["theirs"]),
            }
        )
    return rows


def main() -> None:
    """Compare, measure, print a table and write the record."""
    arguments = speed_parser(__doc__, "peers-speed", rounds=15).parse_args()
    start = time.perf_counter()
    torch.set_num_threads(1)
    with threadpool_limits(limits=1):
        rows = measure(agreed(arguments.seed), arguments.rounds)
    print(show_speeds(rows, *(row["name"] for row in rows)))
    ratios = {f"{row['name']}_ratio": row["ratio"] for row in rows}
    packages = ("numpy", "scipy", "scikit-image", "scikit-learn", "numba", "torch")
    write_speeds("peers-speed", ratios, rows, arguments, packages, start)


if __name__ == "__main__":
    main()
