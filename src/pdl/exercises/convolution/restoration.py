"""A photograph restored with the kernel that a lamp in it has recorded."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import signal

from pdl._arrays import Array

from ..checking.compare import as_array, expect_close, expect_shape
from ..checking.engine import Exercise

restore = Exercise(
    "convolution.restore",
    unlocks="You can now undo a blur that one point of light has recorded.",
)


_LAMP = (2, 3)


def _night(
    seed: int, height: int, width: int, size: int, lamp: tuple[int, int] = _LAMP
) -> tuple[Array, Array, Array]:
    """A scene with a lamp and black around it, its photograph, and the kernel."""
    rng = np.random.default_rng(seed)
    scene = np.zeros((height, width))
    scene[lamp[0] + size + 2 :] = rng.uniform(20, 200, (height - lamp[0] - size - 2, width))
    scene[lamp] = 5000.0 - 1000 * seed
    kernel = 0.05 * rng.random((size, size))
    kernel[rng.integers(size), rng.integers(size)] = size**2 / 10  # a peak: no frequency is lost
    kernel /= kernel.sum()
    return scene, signal.convolve2d(scene, kernel), kernel


def _expect_scene(
    answer: Any,
    seed: int,
    height: int,
    width: int,
    size: int,
    what: str,
    lamp: tuple[int, int] = _LAMP,
) -> None:
    scene, photograph, kernel = _night(seed, height, width, size, lamp)
    spectrum = np.fft.fft2(photograph)
    H = np.fft.fft2(kernel, s=photograph.shape)

    def cut(values: Array) -> Array:
        return np.fft.ifft2(values).real[:height, :width]

    centred = np.fft.fft2(
        np.roll(np.pad(kernel, [(0, height - 1), (0, width - 1)]), (-(size // 2),) * 2, (0, 1))
    )
    mistakes = [
        (
            scene / scene[lamp],
            "The lamp's brightness is in the kernel: divide the trace by its sum.",
        ),
        (scene * kernel.max(), "The kernel was divided by its maximum; it has to *sum* to 1."),
        (cut(spectrum * H), "That blurs once more: divide by H."),
        (cut(spectrum / H.conj()), "conj() turns the kernel by half: divide by H itself."),
        (
            cut(spectrum / centred),
            "The scene is displaced: in a full convolution the origin is the kernel's first entry.",
        ),
        (
            np.fft.ifft2(spectrum / H).real[size - 1 :, size - 1 :],
            "The scene was cut out at the wrong end: it starts at row 0 and column 0.",
        ),
        (photograph[:height, :width], "This is still the photograph."),
    ]
    got = answer(photograph, lamp, size)
    expect_close(got, scene, what=what, mistakes=mistakes, rtol=1e-6, atol=1e-6, image=photograph)


@restore.group("shape")
def _(answer: Any) -> str:
    _, photograph, _ = _night(0, 24, 30, 5)
    hint = "A full convolution is larger than the scene by size − 1: cut that off again."
    return expect_shape(answer(photograph, _LAMP, 5), (24, 30), hint)


@restore.group("values")
def _(answer: Any) -> None:
    _expect_scene(answer, 1, 24, 30, 5, "a 5×5 kernel")
    _expect_scene(answer, 2, 31, 27, 8, "an 8×8 kernel")
    _expect_scene(answer, 3, 30, 26, 4, "a lamp somewhere else", lamp=(5, 17))


@restore.group("edge cases")
def _(answer: Any) -> None:
    _expect_scene(answer, 3, 20, 20, 1, "a camera that did not move")
    _, photograph, _ = _night(4, 24, 30, 5)
    black = photograph.copy()
    black[9:] = 0.0  # the lamp alone
    got = as_array(answer(black, _LAMP, 5))
    lamp = np.zeros((24, 30))
    lamp[_LAMP] = 1000.0
    expect_close(got, lamp, what="a lamp in the dark", rtol=1e-6, atol=1e-6)
