"""Plausible wrong answers to the exercises of chapter 6, and a part of what the check says."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def differences(
    function: Any, x: Any, step: float, *, ahead: float = 1, behind: float = 1, over: float = 2
) -> Any:
    """Differences of any kind: what several wrong answers below start from."""
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        above, below = x.astype(float), x.astype(float)
        above[index] += ahead * step
        below[index] -= behind * step
        gradient[index] = (function(above) - function(below)) / (over * step)
    return gradient


def moves_all_together(function: Any, x: Any, step: float) -> Any:
    slope = (function(x + step) - function(x - step)) / (2 * step)
    return np.full(x.shape, slope)


def steps_in_integers(function: Any, x: Any, step: float) -> Any:
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[index] += step
        below[index] -= step
        gradient[index] = (function(above) - function(below)) / (2 * step)
    return gradient


def moves_and_forgets(function: Any, x: Any, step: float) -> Any:
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        x[index] += step
        above = function(x)
        x[index] -= 2 * step
        gradient[index] = (above - function(x)) / (2 * step)
    return gradient


def walks_one_axis(function: Any, x: Any, step: float) -> Any:
    gradient = np.zeros(len(x))
    for i in range(len(x)):
        unit = np.zeros(x.shape)
        unit[i] = step
        gradient[i] = (function(x + unit) - function(x - unit)) / (2 * step)
    return gradient


def linear(grad: Any, x: Any, weight: Any) -> tuple[Any, Any, Any]:
    return grad @ weight, grad.T @ x, grad.sum(axis=0)


def transposed_weight(grad: Any, x: Any, weight: Any) -> Any:
    fits = weight.T if weight.shape[0] == weight.shape[1] else weight
    return grad @ fits, grad.T @ x, grad.sum(axis=0)


def transposed_result(grad: Any, x: Any, weight: Any) -> Any:
    fits = x.T @ grad if weight.shape[0] == weight.shape[1] else grad.T @ x
    return grad @ weight, fits, grad.sum(axis=0)


def averages_over_samples(grad: Any, x: Any, weight: Any) -> Any:
    return grad @ weight, grad.T @ x / len(x), grad.mean(axis=0)


def probabilities(logits: Any, *, safe: bool = True) -> Any:
    with np.errstate(all="ignore"):
        powers = np.exp(logits - (logits.max(axis=1, keepdims=True) if safe else 0))
        return powers / powers.sum(axis=1, keepdims=True)


def truths(logits: Any, labels: Any) -> Any:
    return np.eye(logits.shape[1])[labels]


def by_probabilities(logits: Any, labels: Any) -> Any:
    with np.errstate(all="ignore"):
        return -truths(logits, labels) / probabilities(logits) / len(logits)


def only_the_true_class(logits: Any, labels: Any) -> Any:
    y = truths(logits, labels)
    return -y * (1 - probabilities(logits)) / len(logits)


def overflows(logits: Any, labels: Any) -> Any:
    return (probabilities(logits, safe=False) - truths(logits, labels)) / len(logits)


def one_maximum(logits: Any, labels: Any) -> Any:
    with np.errstate(all="ignore"):
        powers = np.exp(logits - logits.max())
        return (powers / powers.sum(axis=1, keepdims=True) - truths(logits, labels)) / len(logits)


def kernels(grad: Any, x: Any) -> Any:
    met = sliding_window_view(x, grad.shape[2:], axis=(2, 3))
    return np.einsum("noij,ncklij->ockl", grad, met)


def swaps_channels(grad: Any, x: Any) -> Any:
    right = kernels(grad, x)
    return right.swapaxes(0, 1) if right.shape[0] == right.shape[1] else right


def scatter(
    grad: Any, weight: Any, size: Any, stride: int, *, add: bool = True, step: int | None = None
) -> Any:
    result = np.zeros((len(grad), weight.shape[1], *size))
    k = weight.shape[2]
    apart = stride if step is None else step
    for i, j in np.ndindex(grad.shape[2:]):
        at = np.s_[:, :, apart * i : apart * i + k, apart * j : apart * j + k]
        stamp = np.einsum("no,ockl->nckl", grad[:, :, i, j], weight)
        result[at] = result[at] + stamp if add else stamp
    return result


def swaps_maps(grad: Any, weight: Any, size: Any, stride: int) -> Any:
    same = weight.shape[0] == weight.shape[1]
    return scatter(grad, weight.swapaxes(0, 1) if same else weight, size, stride)


def only_what_was_read(grad: Any, weight: Any, size: Any, stride: int) -> Any:
    k = weight.shape[2]
    read = [(length - 1) * stride + k for length in grad.shape[2:]]
    return scatter(grad, weight, read, stride)


def keeps_an_axis_as_long(grad: Any, axis: int) -> Any:
    """The right sums, unless another axis is as long as the one of the maps."""
    kept = axis if grad.shape[axis] == grad.shape[1] else 1
    return grad.sum(axis=tuple({0, 1, 2, 3} - {kept}))


def routes(grad: Any, x: Any, size: int, stride: int, *, rule: str = "first") -> Any:
    """Max pooling backwards by one of several wrong rules."""
    result = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(grad.shape):
        at = np.s_[n, c, stride * i : stride * i + size, stride * j : stride * j + size]
        window = x[at]
        winners = window == window.max()
        if rule == "all":
            result[at] += grad[n, c, i, j] * winners
        elif rule == "shared":
            result[at] += grad[n, c, i, j] * winners / winners.sum()
        elif rule == "average":
            result[at] += grad[n, c, i, j] / size**2
        else:
            place = np.argwhere(winners)[-1 if rule == "last" else 0]
            index = (n, c, stride * i + place[0], stride * j + place[1])
            result[index] = grad[n, c, i, j] + (0 if rule == "overwritten" else result[index])
    return result


def smallest_of_negatives(x: Any) -> Any:
    """What argmin of −x sees: the negative of 0 is the smallest number of eight bits."""
    return 255 - -x if x.dtype == np.uint8 else x


def starts_from_zero(grad: Any, x: Any, size: int, stride: int) -> Any:
    result = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(grad.shape):
        best, at = 0.0, (stride * i + size - 1, stride * j + size - 1)
        for row in range(stride * i, stride * i + size):
            for column in range(stride * j, stride * j + size):
                if x[n, c, row, column] > best:
                    best, at = x[n, c, row, column], (row, column)
        result[(n, c, *at)] += grad[n, c, i, j]
    return result


def norm(
    grad: Any,
    x: Any,
    gamma: Any,
    epsilon: float,
    *,
    mean: bool = True,
    variance: bool = True,
    scaled: bool = True,
) -> tuple[Any, Any, Any]:
    """Batch norm backwards, with terms left out."""
    over: dict[str, Any] = {"axis": (0, 2, 3), "keepdims": True}
    with np.errstate(all="ignore"):
        s = np.sqrt(x.var(**over) + epsilon)
        hat = (x - x.mean(**over)) / s
        inner = grad.copy()
        if mean:
            inner = inner - grad.mean(**over)
        if variance:
            inner = inner - hat * (grad * hat).mean(**over)
        factor = gamma.reshape(1, -1, 1, 1) if scaled else 1.0
        return factor / s * inner, (grad * hat).sum(axis=(0, 2, 3)), grad.sum(axis=(0, 2, 3))


def raw_gamma(grad: Any, x: Any, gamma: Any, epsilon: float) -> Any:
    first, _, last = norm(grad, x, gamma, epsilon)
    return first, (grad * x).sum(axis=(0, 2, 3)), last


def averaged_beta(grad: Any, x: Any, gamma: Any, epsilon: float) -> Any:
    first, second, _ = norm(grad, x, gamma, epsilon)
    return first, second, grad.mean(axis=(0, 2, 3))


def negative_norm(grad: Any, x: Any, gamma: Any, epsilon: float) -> Any:
    first, second, last = norm(grad, x, gamma, epsilon)
    return -first, second, last


def adam(
    p: Any,
    g: Any,
    m: Any,
    q: Any,
    step: int,
    rate: float,
    *,
    sign: float = -1,
    corrected: bool = True,
    late: int = 0,
    inside: bool = False,
) -> tuple[Any, Any, Any]:
    """A step of Adam, with a mistake on request."""
    m, q = 0.9 * m + 0.1 * g, 0.999 * q + 0.001 * g**2
    m_hat, q_hat = (m, q)
    if corrected:
        m_hat, q_hat = m / (1 - 0.9 ** (step + late)), q / (1 - 0.999 ** (step + late))
    root = np.sqrt(q_hat + 1e-8) if inside else np.sqrt(q_hat) + 1e-8
    return p + sign * rate * m_hat / root, m, q


def adam_full_gradient(p: Any, g: Any, m: Any, q: Any, step: int, rate: float) -> Any:
    return p - rate * (0.9 * m + g), 0.9 * m + g, 0.999 * q + 0.001 * g**2


def adam_absolute(p: Any, g: Any, m: Any, q: Any, step: int, rate: float) -> Any:
    new, m, _ = adam(p, g, m, q, step, rate)
    return new, m, 0.999 * q + 0.001 * np.abs(g)


def adam_keeps_corrected(p: Any, g: Any, m: Any, q: Any, step: int, rate: float) -> Any:
    new, m, q = adam(p, g, m, q, step, rate)
    return new, m / (1 - 0.9**step), q / (1 - 0.999**step)


def adam_changes(p: Any, g: Any, m: Any, q: Any, step: int, rate: float) -> Any:
    new, m, q = adam(p, g, m, q, step, rate)
    return p - new, m, q


def adam_with_old_moments(p: Any, g: Any, m: Any, q: Any, step: int, rate: float) -> Any:
    root = np.sqrt(q / (1 - 0.999**step)) + 1e-8
    return p - rate * m / (1 - 0.9**step) / root, *adam(p, g, m, q, step, rate)[1:]


def adam_epsilon_of_keras(p: Any, g: Any, m: Any, q: Any, step: int, rate: float) -> Any:
    _, m, q = adam(p, g, m, q, step, rate)
    scale = np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
    return p - rate * scale * m / (np.sqrt(q) + 1e-8), m, q


def adam_swaps_betas(p: Any, g: Any, m: Any, q: Any, step: int, rate: float) -> Any:
    new, _, q = adam(p, g, m, q, step, rate)
    return new, 0.1 * m + 0.9 * g, q


def adam_in_place(p: Any, g: Any, m: Any, q: Any, step: int, rate: float) -> Any:
    m *= 0.9
    m += 0.1 * g
    return p - rate * m, m, q


def network(
    x: Any, labels: Any, kernels: Any, weight: Any, *, relu: str = "right"
) -> tuple[Any, Any]:
    """The network of the last exercise, with a backward pass of ReLU to choose."""
    seen = sliding_window_view(x, kernels.shape[1:], axis=(1, 2))
    maps = np.einsum("nijkl,okl->noij", seen, kernels)
    features = np.maximum(maps, 0).reshape(len(x), -1)
    grad = (probabilities(features @ weight.T) - np.eye(len(weight))[labels]) / len(x)
    grad_weight = grad.T @ features
    back = (grad @ weight).reshape(maps.shape)
    back = {
        "right": back * (maps > 0),
        "as found": np.maximum(back, 0),
        "both": np.maximum(back, 0) * (maps > 0),
        "none": back,
        "at zero": back * (maps >= 0),
        "times the map": back * np.maximum(maps, 0),
    }[relu]
    return np.einsum("noij,nijkl->okl", back, seen), grad_weight


def turned_network(x: Any, labels: Any, kernels: Any, weight: Any) -> Any:
    first, second = network(x, labels, kernels, weight)
    return first[..., ::-1, ::-1], second


def gradient_like_x(function: Any, x: Any, step: float) -> Any:
    gradient = np.zeros_like(x)
    for index, slope in np.ndenumerate(differences(function, x, step)):
        gradient[index] = round(slope) if x.dtype.kind == "i" else slope
    return gradient


def puts_nothing_back(function: Any, x: Any, step: float) -> Any:
    moving, gradient = x.astype(float), np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        moving[index] += step
        above = function(moving)
        moving[index] -= 2 * step
        gradient[index] = (above - function(moving)) / (2 * step)
    return gradient


def epsilon_outside(x: Any, epsilon: float) -> Any:
    """What stands under the root if epsilon is added to the standard deviation instead."""
    return (x.std(axis=(0, 2, 3), keepdims=True) + epsilon) ** 2 - x.var(
        axis=(0, 2, 3), keepdims=True
    )


def adam_without_epsilon(p: Any, g: Any, m: Any, q: Any, step: int, rate: float) -> Any:
    _, m, q = adam(p, g, m, q, step, rate)
    with np.errstate(all="ignore"):
        return p - rate * m / (1 - 0.9**step) / np.sqrt(q / (1 - 0.999**step)), m, q


WRONG: dict[str, list[tuple[Any, str]]] = {
    "backpropagation.by_hand": [
        ([[5, 6], [-2, 3]], "rotated by 180°"),
        ([[3, 6], [-2, 5]], "exchanged"),
        ([[-3, 2], [-6, -5]], "sign"),
        ([[0.75, -0.5], [1.5, 1.25]], "added, not averaged"),
        ([[0, 6], [2, 5]], "output gradient was turned"),
        ([3, -2, 6, 5], "two lists"),
    ],
    "backpropagation.numerical_gradient": [
        (lambda f, x, h: differences(f, x, h, over=1), "divide by 2"),
        (lambda f, x, h: differences(f, x, h, behind=0, over=1), "forward difference"),
        (lambda f, x, h: differences(f, x, h, ahead=0, over=1), "backward difference"),
        (lambda f, x, h: differences(f, x, h, behind=0), "at x − step"),
        (lambda f, x, h: -differences(f, x, h), "sign"),
        (moves_all_together, "together"),
        (puts_nothing_back, "put back"),
        (gradient_like_x, "np.zeros(x.shape)"),
        (steps_in_integers, "cut off"),
        (moves_and_forgets, "changed the array"),
        (walks_one_axis, "expected (2, 3)"),
        (lambda f, x, h: differences(f, x, h).astype(x.dtype), "takes the type of x"),
    ],
    "backpropagation.linear_backward": [
        (transposed_weight, "weight is transposed"),
        (transposed_result, "Transposed"),
        (averages_over_samples, "No mean over the samples"),
        (lambda g, x, w: (-(g @ w), g.T @ x, g.sum(axis=0)), "sign"),
        (lambda g, x, w: (g @ w, g.T @ x, g.sum(axis=1)), "(O,)"),
        (lambda g, x, w: (g @ w, x.T @ g, g.sum(axis=0)), "(O, I)"),
        (lambda g, x, w: linear(g, x, w)[:2], "expected 3 results"),
    ],
    "backpropagation.cross_entropy_gradient": [
        (
            lambda z, t: (truths(z, t) - probabilities(z)) / len(z),
            "sign is reversed: p − y",
        ),
        (lambda z, t: probabilities(z) - truths(z, t), "divide by N"),
        (lambda z, t: truths(z, t) - probabilities(z), "division by N is missing"),
        (by_probabilities, "through the softmax"),
        (only_the_true_class, "other classes"),
        (lambda z, t: probabilities(z) / len(z), "One-hot"),
        (overflows, "overflows"),
        (one_maximum, "each row's own maximum"),
        (one_maximum, "rows at different heights"),
        (
            lambda z, t: (probabilities(z) - truths(z, t)) / len(z),
            "take logits.astype(float) first",
        ),
    ],
    "backpropagation.kernel_gradient": [
        (lambda g, x: -kernels(g, x), "sign"),
        (lambda g, x: kernels(g, x)[..., ::-1, ::-1], "Rotated by 180°"),
        (lambda g, x: kernels(g[..., ::-1, ::-1], x), "output gradient was turned"),
        (lambda g, x: kernels(g, x).swapaxes(2, 3), "exchanged"),
        (swaps_channels, "Channels are swapped"),
        (lambda g, x: kernels(g, x) / len(x), "No mean over the images"),
        (lambda g, x: kernels(g[:1], x[:1]), "first image"),
        (lambda g, x: kernels(g, x).swapaxes(0, 1), "expected (4, 3, 3, 3)"),
        (lambda g, x: kernels(g, x).astype(x.dtype), "images of uint8"),
    ],
    "backpropagation.input_gradient": [
        (lambda g, w, size, s: -scatter(g, w, size, s), "sign"),
        (lambda g, w, size, s: scatter(g, w[..., ::-1, ::-1], size, s), "wrong way"),
        (lambda g, w, size, s: scatter(g, w.swapaxes(2, 3), size, s), "exchanged"),
        (lambda g, w, size, s: scatter(g[..., ::-1, ::-1], w, size, s), "gradient was turned"),
        (swaps_maps, "Channels are swapped"),
        (lambda g, w, size, s: scatter(g, w, size, s, add=False), "last one wins"),
        (lambda g, w, size, s: scatter(g, w, size, s, step=1), "stride 2"),
        (only_what_was_read, "expected shape"),
    ],
    "backpropagation.bias_gradient": [
        (lambda g: -g.sum(axis=(0, 2, 3)), "sign"),
        (lambda g: g.mean(axis=(0, 2, 3)), "do not average"),
        (lambda g: g.sum(axis=(0, 2, 3)) / len(g), "loss has divided"),
        (lambda g: keeps_an_axis_as_long(g, 0), "kept the images"),
        (lambda g: g.sum(), "expected (4,)"),
        (lambda g: g[0].sum(axis=(1, 2)), "first image"),
        (lambda g: keeps_an_axis_as_long(g, 2), "kept the rows"),
        (lambda g: keeps_an_axis_as_long(g, 3), "kept the columns"),
    ],
    "backpropagation.max_pool_backward": [
        (lambda g, x, k, s: -routes(g, x, k, s), "sign"),
        (lambda g, x, k, s: routes(g, x, k, s, rule="average"), "average pooling"),
        (lambda g, x, k, s: routes(g, x, k, s, rule="overwritten"), "collects both"),
        (lambda g, x, k, s: routes(g, x, k, s, rule="all"), "only the first"),
        (lambda g, x, k, s: routes(g, x, k, s, rule="shared"), "nothing is shared"),
        (lambda g, x, k, s: routes(g, x, k, s, rule="last"), "first of the winners"),
        (starts_from_zero, "expected"),
        (lambda g, x, k, s: routes(g, x, k, s).astype(x.dtype), "takes the type of x"),
        (lambda g, x, k, s: routes(g, x, k, 2), "stride 3"),
        (lambda g, x, k, s: routes(g, x, k, max(s, 2)), "zero-size array"),
        (lambda g, x, k, s: routes(g, smallest_of_negatives(x), k, s), "images of uint8"),
        (lambda g, x, k, s: np.repeat(np.repeat(g, k, 2), k, 3), "expected"),
    ],
    "backpropagation.batch_norm_backward": [
        (lambda g, x, c, e: norm(g, x, c, epsilon_outside(x, e)), "under the root"),
        (lambda g, x, c, e: norm(g, x, c, e, mean=False), "batch mean is missing"),
        (lambda g, x, c, e: norm(g, x, c, e, variance=False), "variance is missing"),
        (lambda g, x, c, e: norm(g, x, c, e, mean=False, variance=False), "for constants"),
        (lambda g, x, c, e: norm(g, x, c, e, scaled=False), "gamma is missing"),
        (negative_norm, "sign"),
        (lambda g, x, c, e: norm(g, x, c, 1e-5), "epsilon 0.5"),
        (lambda g, x, c, e: norm(g, x, c, 0.0), "Epsilon is missing"),
        (raw_gamma, "normalized x"),
        (averaged_beta, "do not average"),
        (
            lambda g, x, c, e: (norm(g, x, c, e)[0].astype(x.dtype), *norm(g, x, c, e)[1:]),
            "images of uint8",
        ),
    ],
    "backpropagation.adam_step": [
        (adam_without_epsilon, "Epsilon is missing"),
        (lambda *a: adam(*a, sign=1), "uphill"),
        (lambda *a: adam(*a, corrected=False), "bias correction"),
        (lambda *a: adam(*a, late=1), "counted from 1"),
        (lambda *a: adam(*a, inside=True), "after the root"),
        (adam_full_gradient, "weighs 1 − beta 1"),
        (adam_absolute, "square"),
        (adam_in_place, "changed the array"),
        (lambda p, g, m, q, step, _: adam(p, g, m, q, step, 0.01), "use it, whatever its size"),
        (adam_keeps_corrected, "Return m as it is"),
        (adam_changes, "That is the step"),
        (adam_with_old_moments, "the new m and q"),
        (adam_epsilon_of_keras, "root of the corrected q"),
        (lambda p, g, *others: (p - others[-1] * g, *adam(p, g, *others)[1:]), "plain gradient"),
        (adam_swaps_betas, "Beta 1 weighs the old m"),
        (lambda p, g, m, q, step, rate: p - rate * g, "expected 3 results"),
    ],
    "backpropagation.repaired": [
        (lambda *a: network(*a, relu="as found"), "still there"),
        (lambda *a: network(*a, relu="both"), "Half mended"),
        (lambda *a: network(*a, relu="none"), "everything pass"),
        (lambda *a: network(*a, relu="at zero"), "exactly zero"),
        (lambda *a: network(*a, relu="times the map"), "slope"),
        (turned_network, "Rotated by 180°"),
    ],
}
