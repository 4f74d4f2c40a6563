"""Mistakes that a reader of chapter 3 could make, with a part of what the check must answer."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from pdl.filters import (
    frequency_response,
    gaussian_filter,
    gaussian_kernel,
    identity_kernel,
    mean_kernel,
    median_filter,
    sobel,
)
from pdl.signals import convolve2d


def to_uint8(image: Any) -> Any:
    return np.rint(np.clip(image, 0, 255)).astype(np.uint8)


def by_peak(kernel: Any) -> Any:
    row, column = np.unravel_index(np.argmax(kernel), kernel.shape)
    rows, columns = kernel.shape
    return kernel.sum(), row - (rows - 1) // 2, column - (columns - 1) // 2


def center_of_mass(kernel: Any) -> Any:
    i, j = np.indices(kernel.shape)
    return np.array([np.sum(i * kernel), np.sum(j * kernel)]) / kernel.sum()


def from_middle(kernel: Any) -> Any:
    down, right = center_of_mass(kernel) - (np.array(kernel.shape) - 1) / 2
    return kernel.sum(), down, right


def anchored_late(kernel: Any) -> Any:
    down, right = center_of_mass(kernel) - np.array(kernel.shape) // 2
    return kernel.sum(), down, right


def exchanged(kernel: Any) -> Any:
    down, right = center_of_mass(kernel) - (np.array(kernel.shape) - 1) // 2
    return kernel.sum(), right, down


def undivided(kernel: Any) -> Any:
    i, j = np.indices(kernel.shape)
    rows, columns = kernel.shape
    down = np.sum(i * kernel) - (rows - 1) // 2
    return kernel.sum(), down, np.sum(j * kernel) - (columns - 1) // 2


def with_small_indices(kernel: Any) -> Any:
    """The solution with sums of products in a small integer type."""
    narrow = np.int16 if kernel.dtype.kind in "iu" else float
    i, j = np.indices(kernel.shape)
    gain, anchor = kernel.sum(), (np.array(kernel.shape) - 1) // 2
    sums = [(kernel * each.astype(narrow)).sum(dtype=narrow) for each in (i, j)]
    return gain, sums[0] / gain - anchor[0], sums[1] / gain - anchor[1]


def by_absolute_weights(kernel: Any) -> Any:
    down, right = center_of_mass(np.abs(kernel)) - (np.array(kernel.shape) - 1) // 2
    return kernel.sum(), down, right


def rounded(kernel: Any) -> Any:
    down, right = center_of_mass(kernel) - (np.array(kernel.shape) - 1) // 2
    return kernel.sum(), round(down), round(right)


def hurt(image: Any) -> Any:
    return (image == 0) | (image == 255)


def in_place(image: Any) -> Any:
    image[hurt(image)] = median_filter(image)[hurt(image)]
    return image


def one_by_one(image: Any) -> Any:
    result = image.copy()
    for row, column in np.argwhere(hurt(image)):
        padded = np.pad(result, 1, mode="symmetric")
        result[row, column] = np.median(padded[row : row + 3, column : column + 3])
    return result


def zero_border(image: Any) -> Any:
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(image, 1), (3, 3))
    return np.where(hurt(image), np.median(windows, axis=(2, 3)), image).astype(np.uint8)


def near_the_ends(image: Any) -> Any:
    return np.where((image < 2) | (image > 253), median_filter(image), image)


def where_the_median_differs(least: int, among: Any) -> Any:
    def despeckle(image: Any) -> Any:
        median = median_filter(image)
        differs = np.abs(image.astype(int) - median) > least
        return np.where(differs & among(image), median, image)

    return despeckle


def mean_instead(image: Any) -> Any:
    mean = convolve2d(image, mean_kernel(3), boundary="reflect").astype(np.uint8)
    return np.where(hurt(image), mean, image)


def strongest(image: Any) -> Any:
    g = sobel(image)
    at = np.unravel_index(np.argmax(g.magnitude), g.magnitude.shape)
    return g.gradient_x[at], g.gradient_y[at]


def gradient_angle(image: Any) -> Any:
    gx, gy = strongest(image)
    return np.degrees(np.arctan2(gy, gx)) % 180


def downward_y(image: Any) -> Any:
    gx, gy = strongest(image)
    return (np.degrees(np.arctan2(-gy, gx)) + 90) % 180


def swapped_arctan(image: Any) -> Any:
    gx, gy = strongest(image)
    return (np.degrees(np.arctan2(gx, gy)) + 90) % 180


def exchanged_arctan(image: Any) -> Any:
    gx, gy = strongest(image)
    return np.degrees(np.arctan2(gx, gy)) % 180


def edge(image: Any) -> Any:
    gx, gy = strongest(image)
    return (np.degrees(np.arctan2(gy, gx)) + 90) % 180


def from_a_slope(image: Any) -> Any:
    gx, gy = strongest(image)
    with np.errstate(divide="ignore"):
        return np.degrees(np.arctan(gy / gx)) + 90


def of_the_absolute(image: Any) -> Any:
    gx, gy = strongest(image)
    return (np.degrees(abs(np.arctan2(gy, gx))) + 90) % 180


def by_sum_of_absolutes(image: Any) -> Any:
    g = sobel(image)
    size = np.abs(g.gradient_x) + np.abs(g.gradient_y)
    at = np.unravel_index(np.argmax(size), size.shape)
    return (np.degrees(g.direction[at]) + 90) % 180


def without_remainder(image: Any) -> Any:
    gx, gy = strongest(image)
    return np.degrees(np.arctan2(gy, gx)) + 90


def in_radians(image: Any) -> Any:
    gx, gy = strongest(image)
    return (np.arctan2(gy, gx) + np.pi / 2) % np.pi


def peaked(sigma: float, amount: float, size: int) -> Any:
    blur = gaussian_kernel(sigma, size)
    return (1 + amount) * identity_kernel(size) - amount * blur / blur.max()


def in_the_corner(sigma: float, amount: float, size: int) -> Any:
    delta = np.zeros((size, size))
    delta[0, 0] = 1
    return (1 + amount) * delta - amount * gaussian_kernel(sigma, size)


def from_first_weight(weights: Any, omega: Any) -> Any:
    return np.exp(-1j * np.outer(omega, np.arange(len(weights)))) @ weights


def centered(weights: Any, omega: Any, sign: float = -1.0) -> Any:
    radius = len(weights) // 2
    return np.exp(sign * 1j * np.outer(omega, np.arange(-radius, radius + 1))) @ weights


def grown_once(strength: Any, low: float, high: float) -> Any:
    strong = np.pad(strength >= high, 1)
    return (strength >= low) & (strong[:-2] | strong[1:-1] | strong[2:])


def grown(times: int) -> Any:
    def link(strength: Any, low: float, high: float) -> Any:
        edges = strength >= high
        for _ in range(times):
            padded = np.pad(edges, 1)
            edges = (strength >= low) & (padded[:-2] | padded[1:-1] | padded[2:])
        return edges

    return link


def to_the_right(strength: Any, low: float, high: float) -> Any:
    edges = strength >= high
    for i in range(1, len(strength)):
        edges[i] |= edges[i - 1] and strength[i] >= low
    return edges


def strictly_above(strength: Any, low: float, high: float) -> Any:
    weak, edges = strength > low, strength > high
    for _ in strength:
        padded = np.pad(edges, 1)
        edges = weak & (padded[:-2] | padded[1:-1] | padded[2:])
    return edges


def inverse(image: Any, kernel: Any, threshold: float) -> Any:
    with np.errstate(all="ignore"):
        return np.fft.ifft2(np.fft.fft2(image) / frequency_response(kernel, image.shape)).real


def with_gain(image: Any, kernel: Any, threshold: float, gain: Any, transfer: Any = None) -> Any:
    if transfer is None:
        transfer = frequency_response(kernel, image.shape)
    strong = np.abs(transfer) > threshold
    with np.errstate(all="ignore"):
        return np.fft.ifft2(gain(transfer, strong) * np.fft.fft2(image)).real


def switch(transfer: Any, strong: Any) -> Any:
    return np.where(strong, 1 / np.where(strong, transfer, 1), 0)


def complex_result(image: Any, kernel: Any, threshold: float) -> Any:
    transfer = frequency_response(kernel, image.shape)
    gain = switch(transfer, np.abs(transfer) > threshold)
    return np.fft.ifft2(gain * np.fft.fft2(image))


def left_alone(image: Any, kernel: Any, threshold: float) -> Any:
    return with_gain(image, kernel, threshold, lambda h, strong: 1 / np.where(strong, h, 1))


def not_centered(image: Any, kernel: Any, threshold: float) -> Any:
    transfer = np.fft.fft2(kernel, s=image.shape)
    return with_gain(image, kernel, threshold, switch, transfer)


def blurred_again(image: Any, kernel: Any, threshold: float) -> Any:
    return with_gain(image, kernel, threshold, lambda h, strong: np.where(strong, h, 0))


def by_conjugate(image: Any, kernel: Any, threshold: float) -> Any:
    return with_gain(image, kernel, threshold, lambda h, strong: np.where(strong, h.conj(), 0))


def reached_threshold(image: Any, kernel: Any, threshold: float) -> Any:
    return with_gain(image, kernel, threshold * (1 - 1e-12), switch)


def wrong_side(image: Any, kernel: Any, threshold: float) -> Any:
    return with_gain(image, kernel, threshold, lambda h, strong: np.where(strong, 0, 1 / h))


def healed(image: Any) -> Any:
    return np.where(hurt(image), median_filter(image), image)


def not_rounded(image: Any) -> Any:
    return gaussian_filter(healed(image), 0.6)


def brightened(image: Any) -> Any:
    return to_uint8(gaussian_filter(healed(image), 0.6) + 0.6)


def masked_after_dividing(image: Any, kernel: Any, threshold: float) -> Any:
    H = frequency_response(kernel, image.shape)
    with warnings.catch_warnings():  # in a notebook a warning is printed, and no error
        warnings.simplefilter("ignore")
        return np.fft.ifft2(np.where(np.abs(H) > threshold, np.fft.fft2(image) / H, 0)).real


def despeckled_over(image: Any, mode: str) -> Any:
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(image, 1, mode=mode), (3, 3))
    hurt = (image == 0) | (image == 255)
    return np.where(hurt, np.median(windows, axis=(2, 3)), image).astype(np.uint8)


WRONG: dict[str, list[tuple[Any, str]]] = {
    "filters.noise_gain": [
        (np.sum, "sum of the weights"),
        (lambda kernel: np.sum(np.abs(kernel)), "not by |h|"),
        (lambda kernel: np.sum(kernel) ** 2, "Square each weight first"),
        (lambda kernel: np.sqrt(np.sum(kernel**2)), "standard deviation"),
        (lambda kernel: np.mean(kernel**2), "do not average"),
        (np.square, "expected (), got (3, 3)"),
        (lambda kernel: np.sum(kernel**2), "a kernel of uint8: expected 128108.0"),
        (lambda kernel: np.vdot(kernel, kernel), "did not fit into the kernel's integer type"),
        (lambda kernel: np.sum(np.square(kernel.astype(np.int16))), "expected"),
        (lambda kernel: sum(sum(row**2) for row in kernel), "edge cases"),
    ],
    "filters.upward_difference": [
        (np.array([[1], [-1], [0]]), "the kernel is flipped"),
        (np.array([[0], [1], [-1]]), "above minus here"),
        (np.array([[-1], [1], [0]]), "the pixel below"),
        (np.array([[-1], [0], [1]]), "central difference"),
        (np.array([[0, -1, 1]]), "expected (3, 1), got (1, 3)"),
        (np.array([0, -1, 1]), "expected (3, 1), got (3,)"),
    ],
    "filters.diagnose": [
        (from_middle, "middle of the array"),
        (anchored_late, "Anchored at K // 2"),
        (by_peak, "Only the largest weight"),
        (exchanged, "Rows and columns are exchanged"),
        (undivided, "Divide the weighted sum"),
        (np.sum, "expected (3,), got ()"),
        (by_absolute_weights, "a negative sum"),
        (lambda kernel: np.abs(exchanged(kernel))[[0, 2, 1]], "expected"),
        (with_small_indices, "a 5×200 kernel of uint8"),
        (rounded, "got 0.0\n  –"),
    ],
    "filters.despeckle": [
        (lambda im: despeckled_over(im, "reflect"), "symmetric"),
        (median_filter, "Every pixel was replaced"),
        (lambda im: np.where(im == 255, median_filter(im), im), "black dots are still"),
        (lambda im: np.where(im == 0, median_filter(im), im), "white dots are still"),
        (mean_instead, "mean of the window"),
        (one_by_one, "being repaired"),
        (zero_border, "padded with zeros"),
        (lambda im: np.where(np.median(im) % 255 == 0, im, healed(im)), "dots alone"),
        (near_the_ends, "levels next to 0 and 255"),
        (where_the_median_differs(40, lambda image: image >= 0), "expected"),
        (where_the_median_differs(20, hurt), "a black dot in the dark"),
        (in_place, "changed the array"),
        (lambda im: healed(im).astype(float), "expected dtype uint8"),
    ],
    "filters.edge_angle": [
        (gradient_angle, "where the gradient points"),
        (downward_y, "y grow upwards"),
        (swapped_arctan, "it takes y first"),
        (without_remainder, "the remainder after 180"),
        (in_radians, "in radians"),
        (exchanged_arctan, "does arctan2 get y first"),
        (lambda image: int(edge(image)), "The angle was rounded"),
        (from_a_slope, "a horizontal edge"),
        (of_the_absolute, "got 70.24\n  –"),
        (by_sum_of_absolutes, "of which the stronger counts"),
        (lambda image: sobel(image).direction, "expected (), got (25, 25)"),
    ],
    "filters.sharpening_kernel": [
        (lambda s, a, n: identity_kernel(n) - a * gaussian_kernel(s, n), "sums to 1 − amount"),
        (lambda s, a, n: (1 + a) * identity_kernel(n) - gaussian_kernel(s, n), "amount times"),
        (lambda s, a, n: identity_kernel(n) + a * gaussian_kernel(s, n), "adds the blurred"),
        (lambda s, a, n: a * (identity_kernel(n) - gaussian_kernel(s, n)), "difference alone"),
        (peaked, "fault of the autopsy"),
        (
            lambda s, a, n: (
                identity_kernel(n) + abs(a) * (identity_kernel(n) - gaussian_kernel(s, n))
            ),
            "amount −1 leaves the Gaussian",
        ),
        (in_the_corner, "1 in the centre"),
        (
            lambda s, a, n: (1 + a) * identity_kernel(9) - a * gaussian_kernel(s, 9),
            "expected (7, 7)",
        ),
    ],
    "filters.response": [
        (from_first_weight, "counted from the first"),
        (lambda weights, omega: centered(weights, omega, 1.0), "exponent has a minus"),
        (lambda weights, omega: centered(weights[::-1], omega), "first weight at k = −r"),
        (lambda weights, omega: np.abs(centered(weights, omega)), "the magnitude"),
        (lambda weights, omega: centered(weights, omega).real, "imaginary part"),
        (lambda weights, omega: centered(weights / np.sum(weights), omega), "Do not divide"),
        (lambda weights, omega: np.fft.fft(weights), "expected (9,), got (3,)"),
    ],
    "filters.link": [
        (lambda strength, low, high: strength >= high, "Only the high"),
        (lambda strength, low, high: strength >= low, "Only the low"),
        (grown_once, "by one step"),
        (to_the_right, "to the right only"),
        (strictly_above, "thresholds themselves count"),
        (grown(50), "a run of 400 places"),
        (lambda strength, low, high: grown(400)(strength, 3, 8), "expected"),
        (lambda strength, low, high: grown(400)(strength, 3, high), "expected"),
        (
            lambda strength, low, high: grown(400)(strength.astype(int), int(low), int(high)),
            "strengths below 1",
        ),
        (
            lambda strength, low, high: grown(400)(
                (10 * strength).astype(np.uint8) / 10, low, high
            ),
            "large strengths",
        ),
        (lambda strength, low, high: grown_once(strength, low, high) * 1.0, "dtype bool"),
    ],
    "filters.pseudo_inverse": [
        (masked_after_dividing, "np.where computes both"),
        (inverse, "below the threshold must become 0"),
        (left_alone, "left as they are"),
        (not_centered, "shifted"),
        (blurred_again, "blurs once more"),
        (by_conjugate, "undoes the phase only"),
        (reached_threshold, "Greater than the threshold"),
        (lambda image, kernel, t: with_gain(image.astype(np.int8), kernel, t, switch), "expected"),
        (wrong_side, "reversed"),
        (complex_result, "got complex"),
    ],
    "filters.restore": [
        (lambda image: to_uint8(gaussian_filter(image, 1.0)), "smeared"),
        (lambda image: median_filter(to_uint8(gaussian_filter(image, 0.6))), "when you averaged"),
        (median_filter, "do you blur too much"),
        (healed, "do you blur too much, or not at all"),
        (lambda image: to_uint8(gaussian_filter(healed(image), 1.5)), "blur too much"),
        (not_rounded, "expected dtype uint8"),
        (lambda image: image, "still there"),
        (brightened, "edge cases"),
    ],
}
