"""Right answers in other styles than the book's: loops, lists, libraries, other rules for ties."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from scipy import ndimage, signal
from scipy.spatial.distance import cdist
from skimage import filters as skimage_filters
from skimage import measure
from skimage.segmentation import watershed

from pdl.exercises import grade
from pdl.filters import frequency_response, gaussian_kernel, hysteresis, median_filter

Answer = Callable[..., Any]


def brighten_in_int16(image: Any, amount: int) -> Any:
    amount = max(-255, min(255, amount))
    return np.clip(image.astype(np.int16) + amount, 0, 255).astype(np.uint8)


def dither_up_or_down(image: Any, bits: int, rng: Any) -> Any:
    steps = 2**bits - 1
    return np.clip(np.floor(image * steps + rng.random(image.shape)), 0, steps) / steps


def first_to_last(video: Any) -> list[float]:
    first, last = (np.array(ndimage.center_of_mass(frame)) for frame in video[[0, -1]])
    return list((last - first) / (len(video) - 1))


def by_the_corner(video: Any) -> Any:
    corners = [np.argwhere(frame).min(axis=0) for frame in video]
    return np.polyfit(np.arange(len(video)), corners, 1)[0]


def shift_invariant_by_hand(system: Any, x: Any, shift: int) -> bool:
    moved = system([x[(i - shift) % len(x)] for i in range(len(x))] * np.ones(1))
    after = np.roll(system(x), shift)
    return all(math.isclose(a, b, abs_tol=1e-9) for a, b in zip(moved, after, strict=True))


def convolve_with_fractions(x: Any, h: Any) -> list[Fraction]:
    x, h = ([Fraction(float(each)) for each in array] for array in (x, h))
    terms = [[x[k] * h[n - k] for k in range(len(x)) if 0 <= n - k < len(h)] for n in range(999)]
    return [sum(each, start=Fraction(0)) for each in terms[: len(x) + len(h) - 1]]


def predict_from_a_step(system: Any, x: Any) -> Any:
    response = np.diff(system(np.ones(99)), prepend=0.0)
    return np.convolve(x, response[:-98])


def output_size_by_counting(length: int, kernel: int, padding: int, stride: int) -> int:
    positions = range(0, length + 2 * padding - kernel + 1, stride)
    if not positions or positions[-1] + kernel != length + 2 * padding:
        raise ValueError("does not fit")
    return len(positions)


def split_by_svd(kernel: Any) -> list[Any]:
    u, s, vt = np.linalg.svd(kernel.astype(float))
    if (s[1:] > 1e-8 * s[0]).any():
        raise ValueError("not separable")
    return [(-np.sqrt(s[0]) * u[:, :1]).tolist(), (-np.sqrt(s[0]) * vt[:1]).tolist()]


def diagnose_by_ndimage(kernel: Any) -> list[Any]:
    center = ndimage.center_of_mass(kernel.astype(float))
    anchor = [(size - 1) // 2 for size in kernel.shape]
    return [kernel.sum(), center[0] - anchor[0], center[1] - anchor[1]]


def despeckle_by_opencv(image: Any) -> Any:
    return np.where(np.isin(image, [0, 255]), cv2.medianBlur(image, 3), image)


def edge_angle_by(gradient: Any) -> Answer:
    def edge_angle(image: Any) -> float:
        right, down = gradient(image.astype(float))
        at = np.unravel_index(np.argmax(np.hypot(right, down)), image.shape)
        return math.degrees(math.atan2(right[at], down[at])) % 180

    return edge_angle


def sharpening_in_place(sigma: float, amount: float, size: int) -> Any:
    kernel = -amount * gaussian_kernel(sigma, size)
    kernel[size // 2, size // 2] += 1 + amount
    return kernel.tolist()


def link_run_by_run(strength: Any, low: float, high: float) -> list[bool]:
    edges: list[bool] = []
    for is_weak, run in _runs(strength, low):
        edges += [is_weak and max(run) >= high] * len(run)
    return [bool(each) for each in edges]


def _runs(strength: Any, low: float) -> list[tuple[bool, list[float]]]:
    runs: list[tuple[bool, list[float]]] = []
    for each in strength:
        if runs and runs[-1][0] == (each >= low):
            runs[-1][1].append(each)
        else:
            runs.append((bool(each >= low), [each]))
    return runs


def pseudo_inverse_by_where(image: Any, kernel: Any, threshold: float) -> Any:
    transfer = frequency_response(kernel, image.shape)
    spectrum = np.zeros_like(transfer)
    np.divide(np.fft.fft2(image), transfer, out=spectrum, where=np.abs(transfer) > threshold)
    return np.fft.ifft2(spectrum).real


def otsu_from_pixels(image: Any, *, last: bool = False) -> Any:
    """The within-class variance of the pixels themselves; of equal thresholds first or last."""
    levels = np.arange(int(image.min()), int(image.max()))
    if len(levels) == 0:
        return -1
    within = []
    for t in levels:
        low, high = image[image <= t], image[image > t]
        within.append(low.size * low.var() + high.size * high.var())
    best = np.flatnonzero(np.isclose(within, min(within)))
    return levels[best[-1 if last else 0]] + 0.5 * last


def kmeans_step_by_scipy(points: Any, centroids: Any) -> list[Any]:
    distances = cdist(points, centroids)
    labels = len(centroids) - 1 - np.argmin(distances[:, ::-1], axis=1)  # of a tie the last
    moved = [
        points[labels == k].mean(axis=0) if (labels == k).any() else centroid
        for k, centroid in enumerate(centroids)
    ]
    return [labels.tolist(), moved]


def seeding_in_float32(points: Any, chosen: Any) -> Any:
    nearest = cdist(points, chosen).min(axis=1) ** 2
    return torch.tensor(nearest / nearest.sum(), dtype=torch.float32)


def flood_by_skimage(landscape: Any, markers: Any) -> list[int]:
    return list(watershed(landscape[np.newaxis], markers[np.newaxis])[0])


def iou_of_sets(prediction: Any, truth: Any) -> Fraction | float:
    one, other = ({*zip(*np.nonzero(mask), strict=True)} for mask in (prediction, truth))
    return Fraction(len(one & other), len(one | other)) if one | other else 1.0


def paired_gain_by_choice(a: Any, b: Any) -> list[float]:
    rng, gain = np.random.RandomState(7), a - b
    means = sorted(rng.choice(gain, len(gain)).mean() for _ in range(2000))
    return [float(gain.mean()), means[50], means[1949]]


def count_by_wider_summits(mask: Any) -> float:
    smooth = ndimage.gaussian_filter(ndimage.distance_transform_edt(mask), 1.2)
    summits = mask & (smooth == ndimage.maximum_filter(smooth, size=11))
    return float(ndimage.label(summits, structure=np.ones((3, 3)))[1])


RIGHT: dict[str, list[Answer]] = {
    "images.brighten": [
        brighten_in_int16,
        lambda image, amount: cv2.add(image, np.full(image.shape, amount, float), dtype=cv2.CV_8U),
    ],
    "images.to_uint8": [
        lambda image: (255 * np.clip(image, 0, 1) + 0.5).astype(np.uint8),
        lambda image: np.clip(np.round(image * 255), 0, 255).astype(np.uint8),
    ],
    "images.circular_mask": [
        lambda shape, at, radius: (
            np.hypot(*(np.indices(shape) - np.reshape(at, (2, 1, 1)))) <= radius
        ),
    ],
    "images.paint": [lambda labels, palette: np.take(palette, labels, axis=0).tolist()],
    "images.alias": [
        lambda frequency, rate: abs(math.remainder(frequency, rate)),
        lambda frequency, rate: np.float32(min(frequency % rate, -frequency % rate)),
    ],
    "images.shrink": [
        lambda image, factor: measure.block_reduce(
            image[: len(image) // factor * factor, : image.shape[1] // factor * factor],
            (factor, factor, *[1] * (image.ndim - 2)),
            np.mean,
        ),
    ],
    "images.dither": [dither_up_or_down],
    "images.velocity": [first_to_last, by_the_corner],
    "convolution.shift_invariant": [shift_invariant_by_hand],
    "convolution.convolve1d": [
        convolve_with_fractions,
        lambda x, h: np.convolve(x.astype(np.float32), h.astype(np.float32)),
    ],
    "convolution.predict": [
        predict_from_a_step,
        lambda system, x: np.convolve(x, system(np.array([0, 2.0]))[1:] / 2),
    ],
    "convolution.convolve_with": [
        lambda correlate, image, kernel: correlate(kernel, image[::-1, ::-1]),
    ],
    "convolution.output_size": [output_size_by_counting],
    "convolution.split": [split_by_svd],
    "convolution.convolve_fft": [lambda x, h: signal.fftconvolve(x, h).tolist()],
    "filters.noise_gain": [
        lambda kernel: sum(Fraction(float(each)) ** 2 for each in kernel.flat),
        lambda kernel: torch.tensor(kernel.astype(np.float32)).square().sum(),
    ],
    "filters.diagnose": [diagnose_by_ndimage],
    "filters.despeckle": [despeckle_by_opencv],
    "filters.edge_angle": [
        edge_angle_by(lambda image: (ndimage.sobel(image, 1), ndimage.sobel(image, 0))),
        edge_angle_by(lambda image: (cv2.Sobel(image, -1, 1, 0), cv2.Sobel(image, -1, 0, 1))),
        edge_angle_by(
            lambda image: (skimage_filters.sobel_v(image), skimage_filters.sobel_h(image))
        ),
    ],
    "filters.sharpening_kernel": [sharpening_in_place],
    "filters.response": [
        lambda weights, omega: (
            signal.freqz(weights.astype(float), worN=omega)[1]
            * np.exp(1j * omega * (len(weights) // 2))
        ).tolist(),
    ],
    "filters.link": [
        link_run_by_run,
        lambda strength, low, high: hysteresis(strength[np.newaxis], low, high)[0],
    ],
    "filters.pseudo_inverse": [pseudo_inverse_by_where],
    "filters.restore": [
        lambda image: cv2.bilateralFilter(
            np.where(np.isin(image, [0, 255]), median_filter(image), image), 5, 25, 2
        ),
    ],
    "segmentation.probabilities": [
        lambda image: np.histogram(image, bins=np.arange(257))[0] / image.size,
        lambda image: cv2.calcHist([image], [0], None, [256], [0, 256]).ravel() / image.size,
    ],
    "segmentation.classes": [
        lambda image, thresholds: [[sum(x > t for t in thresholds) for x in row] for row in image],
        lambda image, thresholds: np.digitize(image, thresholds, right=True).astype(np.uint8),
    ],
    "segmentation.otsu": [
        otsu_from_pixels,
        lambda image: otsu_from_pixels(image, last=True),
        lambda image: cv2.threshold(image, 0, 255, cv2.THRESH_OTSU)[0],
    ],
    "segmentation.kmeans_step": [kmeans_step_by_scipy],
    "segmentation.seeding": [seeding_in_float32],
    "segmentation.flood": [flood_by_skimage],
    "segmentation.iou": [iou_of_sets],
    "segmentation.paired_gain": [paired_gain_by_choice],
    "segmentation.count_touching": [count_by_wider_summits],
}

VALUES: list[tuple[str, Any]] = [
    ("images.video_values", np.array(161_856_000)),
    ("images.video_values", 1.61856e8),
    ("convolution.by_hand", [Fraction(each) for each in (2, 6, -1, 3, -1)]),
    ("convolution.second_forward", torch.tensor([1, -2, 1, 0, 0])),
    ("filters.upward_difference", ((0.0,), (-1.0,), (1.0,))),
    ("segmentation.within_by_hand", Fraction(8, 9)),
    ("segmentation.within_by_hand", 0.889),
]
ANSWERS = [(name, each) for name, answers in RIGHT.items() for each in answers] + VALUES


@pytest.mark.parametrize(
    ("name", "answer"), ANSWERS, ids=[f"{name}-{i}" for i, (name, _) in enumerate(ANSWERS)]
)
def test_a_right_answer_in_another_style_passes(
    name: str, answer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PDL_EXERCISE_TRIAL", "off")
    outcome = grade(name, answer)
    assert outcome.status == "passed", str(outcome)
