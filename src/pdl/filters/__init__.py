"""Image filters: kernels, noise, smoothing, edges, restoration and quality.

Chapter 3 builds these functions; later chapters import them from here.
"""

from __future__ import annotations

from pdl.filters.canny_edges import canny, hysteresis, suppress_non_maxima
from pdl.filters.edges import Gradient, sobel
from pdl.filters.frequency import frequency_response, transfer_function
from pdl.filters.kernels import (
    BACKWARD_DIFFERENCE,
    CENTRAL_DIFFERENCE,
    FORWARD_DIFFERENCE,
    LAPLACIAN,
    SOBEL_X,
    SOBEL_Y,
    gaussian_kernel,
    gaussian_weights,
    identity_kernel,
    mean_kernel,
)
from pdl.filters.noise import add_gaussian_noise, add_salt_and_pepper
from pdl.filters.quality import psnr, ssim
from pdl.filters.rank import median_filter
from pdl.filters.restoration import unsharp_mask, wiener
from pdl.filters.smoothing import gaussian_filter

__all__ = [
    "BACKWARD_DIFFERENCE",
    "CENTRAL_DIFFERENCE",
    "FORWARD_DIFFERENCE",
    "LAPLACIAN",
    "SOBEL_X",
    "SOBEL_Y",
    "Gradient",
    "add_gaussian_noise",
    "add_salt_and_pepper",
    "canny",
    "frequency_response",
    "gaussian_filter",
    "gaussian_kernel",
    "gaussian_weights",
    "hysteresis",
    "identity_kernel",
    "mean_kernel",
    "median_filter",
    "psnr",
    "sobel",
    "ssim",
    "suppress_non_maxima",
    "transfer_function",
    "unsharp_mask",
    "wiener",
]
