"""Checks: a step of Adam, and a backward pass that is to be repaired."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from pdl._arrays import Array

from ..checking.compare import Mismatch, expect_parts
from ..checking.engine import Exercise
from ..checking.parts import expect_part_shapes, expect_part_values
from ..checking.samples import random

adam_step = Exercise(
    "backpropagation.adam_step",
    unlocks="You can now write the optimizer that most networks are trained with.",
)

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8


def _adam(
    parameter: Array, gradient: Array, m: Array, v: Array, step: int, rate: float
) -> tuple[Array, Array, Array]:
    m = BETA_1 * m + (1 - BETA_1) * gradient
    v = BETA_2 * v + (1 - BETA_2) * gradient**2
    m_hat, v_hat = m / (1 - BETA_1**step), v / (1 - BETA_2**step)
    return parameter - rate * m_hat / (np.sqrt(v_hat) + EPSILON), m, v


def _expect_adam(
    answer: Any, gradients: list[Array], rate: float, what: str, *, begun: bool = False
) -> None:
    """Follow several steps: from zero, or from the middle of a training that has begun."""
    parameter = random(99, *gradients[0].shape)
    # At the very first step, from zero, many mistakes give the same numbers as each other.
    first = 4 if begun else 1
    m = random(98, *parameter.shape) * begun
    v = random(97, *parameter.shape) ** 2 * begun
    for step, gradient in enumerate(gradients, start=first):
        after, new_m, new_v = _adam(parameter, gradient, m, v, step, rate)
        later = _adam(parameter, gradient, m, v, step + 1, rate)[0]
        m_hat, v_hat = new_m / (1 - BETA_1**step), new_v / (1 - BETA_2**step)
        uncorrected = parameter - rate * new_m / (np.sqrt(new_v) + EPSILON)
        inside = parameter - rate * m_hat / np.sqrt(v_hat + EPSILON)
        with np.errstate(all="ignore"):  # of a gradient that is zero
            without = parameter - rate * m_hat / np.sqrt(v_hat)
        scaled = EPSILON / np.sqrt(1 - BETA_2**step)
        old_m, old_q = m / (1 - BETA_1**step), np.sqrt(v / (1 - BETA_2**step)) + EPSILON
        new_q = np.sqrt(v_hat) + EPSILON
        pairs = ((old_m, old_q), (old_m, new_q), (m_hat, old_q))
        behind = [parameter - rate * one / root for one, root in pairs]
        early = parameter - rate * m_hat / (np.sqrt(v_hat) + scaled)
        mistakes: dict[str, list[tuple[Any, str]]] = {
            "parameter": [
                (
                    _adam(parameter, gradient, m, v, step, 0.01)[0],
                    "learning_rate is an argument: use it, whatever its size.",
                ),
                (2 * parameter - after, "The sign is reversed: that step goes uphill."),
                (uncorrected, "Without the bias correction: divide m and q by 1 − beta^step."),
                (later, "The step is counted from 1: nothing has to be added to it."),
                (parameter - rate * m_hat, "The division by the root of q is missing."),
                (without, "Epsilon is missing: it is added after the root."),
                (inside, "Epsilon is added after the root, not under it."),
                (early, "Epsilon is added to the root of the corrected q, not of q itself."),
                *((value, "The step takes the new m and q, not the old.") for value in behind),
                (parameter - rate * gradient, "That is plain gradient descent."),
                (parameter - after, "That is the step: take it off the parameter."),
            ],
            "m": [
                (m_hat, "Return m as it is; correct a copy for the step."),
                (BETA_1 * m + gradient, "The new gradient weighs 1 − beta 1, not 1."),
                ((1 - BETA_1) * m + BETA_1 * gradient, "Beta 1 weighs the old m, not the new."),
            ],
            "q": [
                (v_hat, "Return q as it is; correct a copy for the step."),
                (
                    BETA_2 * v + (1 - BETA_2) * np.abs(gradient),
                    "q averages the *square* of the gradient.",
                ),
                (BETA_2 * v + gradient**2, "The new square weighs 1 − beta 2, not 1."),
            ],
        }
        # The moments first: a mistake in them shows in the parameter too.
        got = expect_parts(answer(parameter, gradient, m, v, step, rate), ["parameter", "m", "q"])
        truths = {"m": new_m, "q": new_v, "parameter": after}
        ordered = [got[1], got[2], got[0]]
        expect_part_values(ordered, truths, mistakes, f"{what}, step {step}")
        parameter, m, v = after, new_m, new_v


@adam_step.group("shape")
def _(answer: Any) -> str:
    start = np.zeros((2, 3))
    got = answer(random(0, 2, 3), random(1, 2, 3), start, start, 1, 0.01)
    return expect_part_shapes(got, {"parameter": (2, 3), "m": (2, 3), "q": (2, 3)})


@adam_step.group("values")
def _(answer: Any) -> None:
    begun = [random(step, 5) for step in range(2)]
    _expect_adam(answer, begun, 0.01, "5 parameters, learning rate 0.01", begun=True)
    first = [random(step, 4) for step in range(5)]
    _expect_adam(answer, first, 0.01, "4 parameters from the start")
    other = [random(step, 2, 3) for step in range(3)]
    _expect_adam(answer, other, 0.3, "2×3 parameters, learning rate 0.3")


@adam_step.group("edge cases")
def _(answer: Any) -> None:
    quiet = [np.zeros(3), np.array([1e-9, 0.0, 5.0]), np.zeros(3)]
    _expect_adam(answer, quiet, 0.01, "gradients of zero")


repaired = Exercise(
    "backpropagation.repaired",
    unlocks="You can now find a fault in a backward pass, layer by layer.",
)


def _network(
    x: Array, labels: Array, kernels: Array, weight: Array, relu: str = "input"
) -> tuple[Array, Array]:
    seen = sliding_window_view(x, kernels.shape[1:], axis=(1, 2))
    maps = np.einsum("nijab,oab->noij", seen, kernels)
    features = np.maximum(maps, 0).reshape(len(x), -1)
    logits = features @ weight.T
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = powers / powers.sum(axis=1, keepdims=True)
    grad = (probabilities - np.eye(len(weight))[labels]) / len(x)
    grad_weight = grad.T @ features
    back = (grad @ weight).reshape(maps.shape)
    passed = {
        "input": maps > 0,
        "at zero": maps >= 0,
        "gradient": back > 0,
        "both": (maps > 0) & (back > 0),
        "none": np.ones(maps.shape, dtype=bool),
        "value": np.maximum(maps, 0),
    }[relu]
    return np.einsum("noij,nijab->oab", back * passed, seen), grad_weight


def _expect_network(answer: Any, kernels: Array, what: str, seed: int) -> None:
    n, side, k = 6, 7, kernels.shape[1]
    x = random(seed, n, side, side)
    labels = np.random.default_rng(seed).integers(4, size=n)
    weight = random(seed + 1, 4, len(kernels) * (side - k + 1) ** 2) / 5
    truth, grad_weight = _network(x, labels, kernels, weight)

    def with_relu(rule: str) -> Array:
        return _network(x, labels, kernels, weight, rule)[0]

    mistakes: dict[str, list[tuple[Any, str]]] = {
        "grad_kernels": [
            (
                with_relu("gradient"),
                "The fault is still there: what counts is the sign of ReLU's *input*.",
            ),
            (
                with_relu("both"),
                "Half mended: whether a gradient passes does not depend on its own sign.",
            ),
            (with_relu("none"), "Now ReLU lets everything pass; it has a backward pass too."),
            (with_relu("at zero"), "Where the map is exactly zero no gradient passes (use > 0)."),
            (with_relu("value"), "The gradient is multiplied by the slope, 0 or 1, not the map."),
            (truth[..., ::-1, ::-1], "Rotated by 180°: the kernel's gradient was right before."),
            (truth * n, "The division by the number of images was right."),
        ],
        "grad_weight": [
            (grad_weight * n, "The division by the number of images was right."),
        ],
    }
    got = answer(x, labels, kernels, weight)
    truths = {"grad_kernels": truth, "grad_weight": grad_weight}
    expect_part_values(got, truths, mistakes, what)


@repaired.group("shape")
def _(answer: Any) -> str:
    got = answer(random(0, 3, 6, 6), np.array([0, 1, 2]), random(1, 2, 3, 3), random(2, 4, 32))
    return expect_part_shapes(got, {"grad_kernels": (2, 3, 3), "grad_weight": (4, 32)})


@repaired.group("values")
def _(answer: Any) -> None:
    _expect_network(answer, random(3, 2, 3, 3), "two 3×3 kernels", 4)
    _expect_network(answer, random(5, 3, 2, 2), "three 2×2 kernels", 6)


@repaired.group("edge cases")
def _(answer: Any) -> None:
    dead = random(7, 2, 3, 3)
    dead[0] = 0.0
    _expect_network(answer, dead, "a kernel of zeros", 8)
    with np.errstate(all="raise", under="ignore"):
        try:
            _expect_network(answer, 300 * random(9, 2, 3, 3), "large logits", 10)
        except FloatingPointError as error:
            raise Mismatch(f"large logits: {error}", "Keep the softmax as it was.") from None
