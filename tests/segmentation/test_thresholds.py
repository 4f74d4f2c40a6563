"""The two peaks of a histogram and the valley between them."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data, filters

from pdl.segmentation import histogram_peaks, threshold_peaks, threshold_valley


@pytest.mark.parametrize(
    "name", ["coins", "camera", "moon", "cell", "page", "text", "clock", "brick"]
)
def test_valley_as_scikit_image(name):
    image = getattr(data, name)()
    assert threshold_valley(image) == filters.threshold_minimum(image)


@pytest.mark.parametrize("name", ["grass", "gravel"])
def test_photographs_with_a_single_peak_are_refused(name):
    image = getattr(data, name)()
    with pytest.raises(RuntimeError):
        filters.threshold_minimum(image)
    with pytest.raises(ValueError, match=r"bimodal.*got 1"):
        threshold_valley(image)


@pytest.mark.parametrize(("dark", "bright"), [(60, 180), (30, 90), (100, 220)])
def test_two_populations(dark, bright):
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(dark, 9, 6000), rng.normal(bright, 9, 4000)])
    image = np.clip(np.round(values), 0, 255).astype(np.uint8).reshape(100, 100)
    levels, smoothed, low, high = histogram_peaks(image)
    assert abs(levels[low] - dark) < 4 and abs(levels[high] - bright) < 4
    assert threshold_peaks(image) == (levels[low] + levels[high]) / 2
    valley = threshold_valley(image)
    assert valley == filters.threshold_minimum(image)
    assert smoothed[levels == valley] == smoothed[low : high + 1].min()


def test_float_image_in_bins_as_scikit_image():
    image = data.camera() / 255
    assert threshold_valley(image) == filters.threshold_minimum(image)
    assert threshold_valley(image, bins=64) == filters.threshold_minimum(image, nbins=64)
    assert isinstance(threshold_valley(data.camera()), int)


@pytest.mark.parametrize("image", [np.full((4, 4), 9), [[5]], [[0, 1]], np.arange(9).reshape(3, 3)])
def test_images_without_two_peaks_are_refused(image):
    for threshold in (threshold_peaks, threshold_valley):
        with pytest.raises(ValueError, match="bimodal"):
            threshold(image)


def test_colour_is_refused():
    with pytest.raises(ValueError, match="one channel"):
        threshold_peaks(np.zeros((4, 4, 3)))


def test_levels_near_the_end_of_their_dtype():
    """The mean of two levels is right though their sum is beyond int64."""
    levels, counts = [2, 3, 4, 5, 6, 9, 10, 11, 12, 13], [1, 3, 6, 3, 1, 1, 3, 6, 3, 1]
    image = np.repeat([levels], counts, axis=1)
    assert threshold_peaks(image + 2**62) == 2.0**62 + 7.5
    assert threshold_valley(image.astype(np.uint64) + np.uint64(2**63)) == 2**63 + 7
