"""Plausible wrong answers to the exercises of chapter 7, and a part of what the check says."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

MAP = (0, 2, 3)


def cut(images: Any, labels: Any, size: int, order: Any) -> Any:
    """Batches of an order: what several wrong answers below start from."""
    for start in range(0, len(order), size):
        chosen = order[start : start + size]
        yield images[chosen], labels[chosen]


def loses_labels(images: Any, labels: Any, size: int, rng: Any) -> Any:
    first, second = rng.permutation(len(images)), rng.permutation(len(images))
    for start in range(0, len(images), size):
        part = slice(start, start + size)
        yield images[first[part]], labels[second[part]]


def shuffles_in_place(images: Any, labels: Any, size: int, rng: Any) -> Any:
    order = rng.permutation(len(images))
    images[:], labels[:] = images[order], labels[order]
    yield from cut(images, labels, size, np.arange(len(images)))


def drops_the_last(images: Any, labels: Any, size: int, rng: Any) -> Any:
    order = rng.permutation(len(images))
    return cut(images, labels, size, order[: len(images) // size * size])


def ends_empty(images: Any, labels: Any, size: int, rng: Any) -> Any:
    order = rng.permutation(len(images))
    for k in range(len(images) // size + 1):
        chosen = order[k * size : (k + 1) * size]
        yield images[chosen], labels[chosen]


def fills_the_last(images: Any, labels: Any, size: int, rng: Any) -> Any:
    order = rng.permutation(len(images))
    order = np.resize(order, -(-len(images) // size) * size)
    return cut(images, labels, size, order)


def spreads_evenly(images: Any, labels: Any, size: int, rng: Any) -> Any:
    order = rng.permutation(len(images))
    for chosen in np.array_split(order, -(-len(images) // size)):
        yield images[chosen], labels[chosen]


def yields_one(images: Any, labels: Any, size: int, rng: Any) -> Any:
    chosen = rng.permutation(len(images))[:size]
    yield images[chosen], labels[chosen]


def goes_on(images: Any, labels: Any, size: int, rng: Any) -> Any:
    while True:
        yield from cut(images, labels, size, rng.permutation(len(images)))


def shuffles_batches(images: Any, labels: Any, size: int, rng: Any) -> Any:
    starts = np.arange(0, len(images), size)
    parts = [np.arange(start, min(start + size, len(images))) for start in starts]
    last = parts.pop() if len(images) % size else None
    rng.shuffle(parts)
    for part in [*parts, *([] if last is None else [last])]:
        yield images[part], labels[part]


def flattens(images: Any, labels: Any, size: int, rng: Any) -> Any:
    return cut(images.reshape(len(images), -1), labels, size, rng.permutation(len(images)))


def yields_images(images: Any, labels: Any, size: int, rng: Any) -> Any:
    for part, _ in cut(images, labels, size, rng.permutation(len(images))):
        yield part


def scale(images: Any, source: Any, axes: Any = MAP, **options: Any) -> Any:
    spread = source.std(axis=axes, keepdims=True, **options)
    return (images - source.mean(axis=axes, keepdims=True)) / spread


def joins(train: Any, test: Any) -> Any:
    count = train[:, 0].size + test[:, 0].size
    mean = (train.sum(MAP, keepdims=True) + test.sum(MAP, keepdims=True)) / count
    squares = ((train - mean) ** 2).sum(MAP, keepdims=True)
    squares = squares + ((test - mean) ** 2).sum(MAP, keepdims=True)
    std = np.sqrt(squares / count)
    return (train - mean) / std, (test - mean) / std


def for_both(rule: Any) -> Any:
    return lambda train, test: (rule(train, train), rule(test, train))


def variance_for_std(images: Any, source: Any) -> Any:
    return (images - source.mean(MAP, keepdims=True)) / source.var(MAP, keepdims=True)


def stays_uint8(train: Any, test: Any) -> Any:
    return tuple(
        (each - train.mean(MAP, keepdims=True).astype(train.dtype)) / train.std(MAP, keepdims=True)
        for each in (train, test)
    )


def fan_in(shape: Any) -> int:
    return math.prod(shape[1:])


def square_kernel(shape: Any) -> float:
    return math.sqrt(2 / (shape[1] * (shape[2] ** 2 if len(shape) == 4 else 1)))


def weights(shape: Any) -> Any:
    return np.random.default_rng(0).normal(size=shape) * math.sqrt(2 / fan_in(shape))


def drop(x: Any, kept: Any, factor: float) -> Any:
    return np.where(kept, x * factor, 0.0)


def simple(factor: Any) -> Any:
    return lambda x, p, rng: drop(x, rng.random(x.shape) >= p, factor(p))


def with_mask(shape: Any) -> Any:
    return lambda x, p, rng: drop(x, rng.random(shape(x)) >= p, 1 / (1 - p))


def keeps_p(x: Any, p: float, rng: Any) -> Any:
    return drop(x, rng.random(x.shape) < p, 1 / p if p else 0.0)


def own_generator(x: Any, p: float, rng: Any) -> Any:
    return drop(x, np.random.default_rng(0).random(x.shape) >= p, 1 / (1 - p))


def fresh_generator(x: Any, p: float, rng: Any) -> Any:
    return drop(x, np.random.default_rng().random(x.shape) >= p, 1 / (1 - p))


def by_chance(x: Any, p: float, rng: Any) -> Any:
    kept = rng.random(x.shape) >= p
    return drop(x, kept, 1 / kept.mean())


def keeps_the_mean(x: Any, p: float, rng: Any) -> Any:
    y = drop(x, rng.random(x.shape) >= p, 1.0)
    return y * (x.mean() / y.mean())


def stays_whole(x: Any, p: float, rng: Any) -> Any:
    return drop(x, rng.random(x.shape) >= p, 1 / (1 - p)).astype(x.dtype)


def exact_share(x: Any, p: float, rng: Any) -> Any:
    kept = np.ones(x.size, dtype=bool)
    kept[rng.permutation(x.size)[: round(p * x.size)]] = False
    return drop(x, kept.reshape(x.shape), 1 / (1 - p))


def drops_in_place(x: Any, p: float, rng: Any) -> Any:
    x[rng.random(x.shape) < p] = 0
    return x / (1 - p)


def softmax(z: Any, axis: int | None = 1, *, top: int | None = 1) -> Any:
    powers = np.exp(z - (z.max(axis=top, keepdims=True) if top != -1 else 0))
    return powers / powers.sum(axis=axis, keepdims=True)


def normalised_root(a: Any, b: Any) -> Any:
    root = np.sqrt(softmax(a) * softmax(b))
    return root / root.sum(axis=1, keepdims=True)


def with_a_little_added(a: Any, b: Any) -> Any:
    """Where two networks are equally sure, what is added decides nothing."""
    root = np.sqrt((softmax(1.0 * a) + 1e-300) * (softmax(1.0 * b) + 1e-300))
    return root / root.sum(axis=1, keepdims=True)


def each_by_its_own_maximum(a: Any, b: Any) -> Any:
    a, b = a.astype(float) / 2, b.astype(float) / 2
    powers = np.exp(a - a.max(axis=1, keepdims=True)) * np.exp(b - b.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def through_logarithms(a: Any, b: Any) -> Any:
    mean = (np.log(softmax(a) + 1e-15) + np.log(softmax(b) + 1e-15)) / 2
    return softmax(mean)


def norm(
    x: Any,
    gamma: Any,
    beta: Any,
    eps: float,
    *,
    axes: Any = MAP,
    ddof: int = 0,
    divide: Any = lambda var, eps: np.sqrt(var + eps),
    along: tuple[int, ...] = (1, -1, 1, 1),
) -> Any:
    """Batch norm, with a mistake on request."""
    with np.errstate(all="ignore"):
        var = x.var(axis=axes, keepdims=True, ddof=ddof)
        hat = (x - x.mean(axis=axes, keepdims=True)) / divide(var, eps)
    return gamma.reshape(along) * hat + beta.reshape(along)


def over_other_axis(x: Any, gamma: Any, beta: Any, eps: float, *, axis: int) -> Any:
    """Right unless an axis happens to be as long as there are maps."""
    along = [1, 1, 1, 1]
    along[axis if x.shape[axis] == len(gamma) else 1] = -1
    return norm(x, gamma, beta, eps, along=tuple(along))


def squares_in_eight_bits(x: Any, gamma: Any, beta: Any, eps: float) -> Any:
    if x.dtype != np.uint8:
        return norm(x, gamma, beta, eps)
    mean = x.mean(axis=MAP, keepdims=True)
    spread = np.sqrt(np.abs((x * x).mean(axis=MAP, keepdims=True) - mean**2) + eps)
    return gamma.reshape(1, -1, 1, 1) * (x - mean) / spread + beta.reshape(1, -1, 1, 1)


def beta_inside(x: Any, gamma: Any, beta: Any, eps: float) -> Any:
    return norm(x, gamma, gamma * beta, eps)


def cancelled(x: Any) -> Any:
    """The variance by the formula that one pass over the data is enough for."""
    x = x.astype(float)
    return np.maximum((x**2).mean(MAP, keepdims=True) - x.mean(MAP, keepdims=True) ** 2, 0)


def cancelled_ddof(batch: Any) -> Any:
    m = batch[:, 0].size
    return cancelled(batch).ravel() * m / (m - 1)


def cancelled_norm(x: Any, gamma: Any, beta: Any, eps: float) -> Any:
    return norm(x, gamma, beta, eps, divide=lambda var, eps: np.sqrt(cancelled(x) + eps))


def cancelled_backward(grad: Any, x: Any, gamma: Any, eps: float) -> Any:
    ratio = np.sqrt((x.var(MAP, keepdims=True) + eps) / (cancelled(x) + eps))
    by_x, by_gamma, by_beta = norm_backward(grad, x, gamma, eps)
    return by_x * ratio, by_gamma * ratio.ravel(), by_beta


def ones(gamma: Any) -> Any:
    return np.ones(len(gamma))


def zeros(gamma: Any) -> Any:
    return np.zeros(len(gamma))


def norm_backward(
    grad: Any,
    x: Any,
    gamma: Any,
    eps: float,
    *,
    mean: bool = True,
    variance: bool = True,
    axes: Any = MAP,
) -> tuple[Any, Any, Any]:
    """Batch norm backwards, with terms left out."""
    over: dict[str, Any] = {"axis": axes, "keepdims": True}
    with np.errstate(all="ignore"):
        std = np.sqrt(x.var(**over) + eps)
        hat = (x - x.mean(**over)) / std
        inner = grad
        if mean:
            inner = inner - grad.mean(**over)
        if variance:
            inner = inner - hat * (grad * hat).mean(**over)
        by_x = gamma.reshape(1, -1, 1, 1) / std * inner
    whole = (x - x.mean(MAP, keepdims=True)) / np.sqrt(x.var(MAP, keepdims=True) + eps)
    return by_x, (grad * whole).sum(MAP), grad.sum(MAP)


def changed(part: int, change: Any) -> Any:
    """The right backward pass, but for one of its three results."""

    def answer(grad: Any, x: Any, gamma: Any, eps: float) -> Any:
        parts = list(norm_backward(grad, x, gamma, eps))
        parts[part] = change(parts[part], grad, x, gamma)
        return tuple(parts)

    return answer


def running(
    *,
    weigh: Any = lambda old, new, momentum: (1 - momentum) * old + momentum * new,
    var: Any = lambda batch: batch.var(MAP, ddof=1),
    after: Any = lambda var, m: var,
) -> Any:
    """Running statistics by rules to choose."""

    def answer(mean: Any, old: Any, batch: Any, momentum: float) -> Any:
        new = weigh(old, var(batch), momentum)
        return weigh(mean, batch.mean(MAP), momentum), after(new, batch[:, 0].size)

    return answer


def reversed_variance(mean: Any, var: Any, batch: Any, momentum: float) -> Any:
    new = momentum * var + (1 - momentum) * batch.var(MAP)
    return (1 - momentum) * mean + momentum * batch.mean(MAP), new


def images_counted(batch: Any) -> Any:
    n = len(batch)
    return batch.var(MAP) * n / max(n - 1, 1)


def about_running_mean(mean: Any, var: Any, batch: Any, momentum: float) -> Any:
    mean = (1 - momentum) * mean + momentum * batch.mean(MAP)
    apart = ((batch - mean.reshape(1, -1, 1, 1)) ** 2).sum(MAP) / (batch[:, 0].size - 1)
    return mean, (1 - momentum) * var + momentum * apart


def loop(n: int, size: int, *, last: Any = min) -> list[list[int]]:
    """One epoch, in order; `last` decides where a batch stops."""
    return [list(range(at, last(at + size, n))) for at in range(0, n, size)]


def by_the_epoch(images: Any, size: int, epochs: int) -> Any:
    steps = len(images) // size
    return [
        [list(range(epoch * size, (epoch + 1) * size)) for _ in range(steps)]
        for epoch in range(epochs)
    ]


def one_batch(images: Any, size: int, epochs: int) -> Any:
    return [[list(range(epoch * size, (epoch + 1) * size))] for epoch in range(epochs)]


def still_endless(images: Any, size: int, epochs: int) -> Any:
    seen, epoch, start = [], 0, 0
    while epoch < epochs:
        seen.append(list(range(start, start + size)))
        start = (start + size) % len(images)  # epoch += 1 stands behind the loop
    return seen


def never_set_back(images: Any, size: int, epochs: int) -> Any:
    seen, start = [], 0
    for _ in range(epochs):
        seen.append([])
        while start < len(images):
            seen[-1].append(list(range(start, min(start + size, len(images)))))
            start += size
    return seen


def without_rest(images: Any, size: int, epochs: int) -> Any:
    return [loop(len(images) // size * size, size) for _ in range(epochs)]


def empty_at_the_end(images: Any, size: int, epochs: int) -> Any:
    n = len(images)
    starts = range(0, n + 1, size)
    return [[list(range(at, min(at + size, n))) for at in starts] for _ in range(epochs)]


def spread_evenly(images: Any, size: int, epochs: int) -> Any:
    n = len(images)
    return [np.array_split(np.arange(n), -(-n // size)) for _ in range(epochs)]


def shuffled(images: Any, size: int, epochs: int) -> Any:
    order = np.random.default_rng(0).permutation(len(images))
    return [[order[part] for part in loop(len(images), size)] for _ in range(epochs)]


def begins_and_ends(images: Any, size: int, epochs: int, *, end: int) -> Any:
    batches = loop(len(images), size)
    return [[(batch[0], batch[-1] + end) for batch in batches] for _ in range(epochs)]


def one_more_in_each(images: Any, size: int, epochs: int) -> Any:
    return [loop(len(images), size, last=lambda stop, n: min(stop + 1, n)) for _ in range(epochs)]


def from_one(images: Any, size: int, epochs: int) -> Any:
    return [[[i + 1 for i in part] for part in loop(len(images), size)] for _ in range(epochs)]


def counted(truth: Any, answers: Any, classes: int) -> Any:
    matrix = np.zeros((classes, classes), dtype=int)
    np.add.at(matrix, (truth, answers), 1)
    return matrix


def counted_once(truth: Any, answers: Any, classes: int) -> Any:
    matrix = np.zeros((classes, classes), dtype=int)
    matrix[truth, answers] += 1
    return matrix


def shares(truth: Any, answers: Any, classes: int, axis: int | None) -> Any:
    matrix = counted(truth, answers, classes)
    return matrix / np.maximum(matrix.sum(axis=axis, keepdims=True), 1)


def size_from_labels(truth: Any, answers: Any, classes: int) -> Any:
    return counted(truth, answers, max(truth.max(), answers.max()) + 1)


def classes_from_labels(truth: Any, answers: Any, classes: int) -> Any:
    present, both = np.unique(np.concatenate([truth, answers]), return_inverse=True)
    return counted(both[: len(truth)], both[len(truth) :], len(present))


def overflows(truth: Any, answers: Any, classes: int) -> Any:
    cells = truth * classes + answers
    return np.bincount(cells, minlength=classes**2).reshape(classes, classes)


def off_diagonal(truth: Any, answers: Any, classes: int) -> Any:
    wrong = truth != answers
    return counted(truth[wrong], answers[wrong], classes)


def needed(p: float, h: float, *, z: float = 1.96) -> float:
    return z**2 * p * (1 - p) / h**2


def up(rule: Any) -> Any:
    return lambda p, h: math.ceil(rule(p, h))


def clipped_roots(a: Any, b: Any) -> Any:
    p, q = (np.clip(softmax(each.astype(float)), 1e-12, 1) for each in (a, b))
    return np.sqrt(p * q) / np.sqrt(p * q).sum(axis=1, keepdims=True)


def epsilon_outside(x: Any, eps: float) -> Any:
    """What stands under the root if eps is added to the standard deviation instead."""
    return (x.std(axis=MAP, keepdims=True) + eps) ** 2 - x.var(axis=MAP, keepdims=True)


WRONG: dict[str, list[tuple[Any, str]]] = {
    "training.batches": [
        (drops_the_last, "last, smaller batch is missing"),
        (loses_labels, "came apart"),
        (shuffles_in_place, "changed the array"),
        (shuffles_in_place, "shuffle nothing in place"),
        (ends_empty, "empty batch at the end"),
        (fills_the_last, "no image twice"),
        (spreads_evenly, "spread evenly"),
        (spreads_evenly, "10 images, batches of 4: expected batches of [4, 4, 2]"),
        (yields_one, "in place of the `yield`"),
        (goes_on, "one call yields one epoch"),
        (shuffles_batches, "Only the batches were shuffled"),
        (flattens, "keeps all axes"),
        (yields_images, "Each batch is a pair"),
        (lambda x, t, size, rng: cut(x, t, size, np.arange(len(x))), "order of the file"),
        (
            lambda x, t, size, rng: cut(x, t, size, rng.integers(len(x), size=len(x))),
            "without replacement",
        ),
        (
            lambda x, t, size, rng: cut(x, t, size, np.random.default_rng(0).permutation(len(x))),
            "starts anew each time",
        ),
        (
            lambda x, t, size, rng: cut(x, t, size, np.random.default_rng().permutation(len(x))),
            "no run can be repeated",
        ),
        (lambda x, t, size, rng: len(x), "one by one"),
        (
            lambda x, t, size, rng: cut(x, t, size, np.roll(np.arange(len(x)), rng.integers(99))),
            "neighbours in the file stay neighbours",
        ),
        (
            lambda x, t, size, rng: cut(x[..., ::-1], t, size, rng.permutation(len(x))),
            "images that were not passed",
        ),
        (
            lambda x, t, size, rng: cut(x.astype(np.uint8), t, size, rng.permutation(len(x))),
            "change nothing about them",
        ),
    ],
    "training.normalise": [
        (lambda train, test: (scale(train, train), scale(test, test)), "its own statistics"),
        (joins, "use train alone"),
        (lambda train, test: (scale(train, train), test), "as they came"),
        (lambda train, test: (scale(train, train), test), "test, 3 channels"),
        (lambda train, test: (train.mean(MAP), train.std(MAP)), "train: expected (5, 3, 4, 6)"),
        (for_both(lambda x, source: scale(x, source, (0, 1, 2, 3))), "One mean for all channels"),
        (
            lambda train, test: (scale(train, train, (2, 3)), scale(test, test, (2, 3))),
            "by itself: use all of train",
        ),
        (
            lambda train, test: (scale(train, train, (1, 2, 3)), scale(test, test, (1, 2, 3))),
            "channels mixed",
        ),
        (for_both(lambda x, source: scale(x, source, (0,))), "mean for each pixel"),
        (for_both(lambda x, source: scale(x, source, ddof=1)), "not by n − 1"),
        (for_both(variance_for_std), "not by the variance"),
        (for_both(lambda x, source: x - source.mean(MAP, keepdims=True)), "division by the stand"),
        (for_both(lambda x, source: x / source.std(MAP, keepdims=True)), "not subtracted"),
        (for_both(lambda x, source: -scale(x, source)), "sign"),
        (stays_uint8, "wrap around"),
        (lambda train, test: scale(train, train), "expected 2 results"),
    ],
    "training.he_std": [
        (lambda shape: 2 / fan_in(shape), "That is the variance"),
        (lambda shape: math.sqrt(1 / fan_in(shape)), "The 2 is missing"),
        (lambda shape: math.sqrt(2 / shape[1]), "kernel's size is missing"),
        (lambda shape: math.sqrt(2 / shape[0]), "fan out"),
        (lambda shape: math.sqrt(2 / (shape[0] + shape[1])), "Glorot"),
        (lambda shape: math.sqrt(2 / math.prod(shape)), "number of outputs does not matter"),
        (lambda shape: math.sqrt(6 / fan_in(shape)), "uniform"),
        (lambda shape: math.sqrt(fan_in(shape) / 2), "Upside down"),
        (square_kernel, "need not be square"),
        (lambda shape: square_kernel((*shape[:2], *shape[:1:-1])), "need not be square"),
        (weights, "not the weights"),
        (lambda shape: {"std": fan_in(shape)}, "expected a number, got dict"),
    ],
    "training.first_loss": [
        (3.322, "in bits"),
        (1, "to base 10"),
        (0.1, "probability of the true class"),
        (-2.303, "*negative*"),
        (0.693, "two classes"),
        (23.03, "not added"),
        (0.23, "nothing to divide"),
        (2.31, "equal probabilities"),
        (0, "needs a probability of 1"),
        (0.9, "share of wrong answers"),
        (205215, "Which probability"),
        ("ln 10", "expected a number, got str"),
    ],
    "training.dropout": [
        (simple(lambda p: 1.0), "as they were"),
        (simple(lambda p: 1 - p), "Multiplied by 1 − p"),
        (simple(lambda p: 1 / p if p else 1), "Divided by p"),
        (simple(lambda p: 1 + p), "Multiplied by 1 + p"),
        (keeps_p, "not of being kept"),
        (with_mask(lambda x: x.shape[1:]), "same numbers were dropped in each image"),
        (with_mask(lambda x: (len(x), *[1] * (x.ndim - 1))), "Whole images"),
        (with_mask(lambda x: (*x.shape[:2], *[1] * (x.ndim - 2))), "Whole maps"),
        (with_mask(lambda x: (len(x), 1, *x.shape[2:])), "same places"),
        (with_mask(lambda x: (*x.shape[:-1], 1)), "Whole rows"),
        (with_mask(lambda x: (*x.shape[:-2], 1, x.shape[-1]) if x.ndim > 1 else ()), "Whole col"),
        (lambda x, p, rng: x * (rng.random() >= p) / (1 - p), "one draw decided for all"),
        (lambda x, p, rng: x, "Nothing was drawn"),
        (own_generator, "starts anew"),
        (fresh_generator, "no run can be repeated"),
        (by_chance, "share that chance has kept"),
        (keeps_the_mean, "on average"),
        (stays_whole, "cut to whole numbers"),
        (exact_share, "how many are dropped is chance too"),
        (drops_in_place, "changed the array"),
        (lambda x, p, rng: x[rng.random(x.shape) >= p] / (1 - p), "expected (2, 3, 4, 5)"),
    ],
    "training.two_opinions": [
        (clipped_roots, "Clip nothing"),
        (lambda a, b: (softmax(a) + softmax(b)) / 2, "arithmetic"),
        (lambda a, b: softmax(a + b), "halve the sum"),
        (lambda a, b: softmax(a + b), "4 images, 3 classes"),
        (lambda a, b: np.sqrt(softmax(a) * softmax(b)), "Not normalised"),
        (lambda a, b: softmax(a) * softmax(b), "root is missing, and"),
        (lambda a, b: (a + b) / 2, "softmax is missing"),
        (lambda a, b: softmax((a + b) / 2, 0), "over the images"),
        (lambda a, b: softmax((a + b) / 2, 0, top=0), "over the images"),
        (lambda a, b: softmax((a + b) / 2, None), "all images at once"),
        (lambda a, b: softmax((a + b) / 2, None, top=None), "all images at once"),
        (lambda a, b: np.log(softmax((a + b) / 2)), "logarithm"),
        (lambda a, b: softmax((a + b) // 2), "expected"),
        (
            lambda a, b: softmax((a + b) // 2 if a.dtype == int else (a + b) / 2),
            "not //",
        ),
        (lambda a, b: softmax((softmax(a) + softmax(b)) / 2), "not the probabilities"),
        (lambda a, b: softmax(np.sqrt(softmax(a) * softmax(b))), "no softmax"),
        (lambda a, b: softmax((a + b) / 2, top=-1), "exp overflowed"),
        (lambda a, b: softmax((a + b) / 2, top=None), "each row's own maximum"),
        (normalised_root, "all classes of a row became 0"),
        (through_logarithms, "logits of 1000"),
        (lambda a, b: softmax((a + b) / 2).argmax(axis=1), "expected (4, 3)"),
        (lambda a, b: softmax((a + b) / 2), "whole numbers of 8 bits"),
        (lambda a, b: softmax((a + b) / 2), "take logits.astype(float) first"),
        (with_a_little_added, "two networks that are sure and disagree"),
        (each_by_its_own_maximum, "all classes of a row became 0"),
    ],
    "training.batch_norm": [
        (lambda x, c, b, e: norm(x, c, b, e, axes=(2, 3)), "Each image was normalised by itself"),
        (lambda x, c, b, e: norm(x, c, b, e, axes=(1, 2, 3)), "mixes the maps"),
        (lambda x, c, b, e: norm(x, c, b, e, axes=(1, 2, 3)), "3 maps: at index"),
        (lambda x, c, b, e: norm(x, c, b, e, axes=(0,)), "mean for each place"),
        (lambda x, c, b, e: norm(x, c, b, e, axes=(0, 1, 2, 3)), "One mean for all maps"),
        (lambda x, c, b, e: norm(x, c, b, e, ddof=1), "plain variance"),
        (lambda x, c, b, e: norm(x, c, b, 0.0), "eps is missing"),
        (lambda x, c, b, e: norm(x, c, b, 1e-5), "whatever its size"),
        (
            lambda x, c, b, e: norm(x, c, b, e, divide=lambda var, eps: np.sqrt(var) + eps),
            "under the root",
        ),
        (
            lambda x, c, b, e: norm(x, c, b, e, divide=lambda var, eps: var + eps),
            "root of the variance",
        ),
        (
            lambda x, c, b, e: norm(x, c, b, e, divide=lambda var, eps: 1.0),
            "division by the standard deviation",
        ),
        (lambda x, c, b, e: norm(x, ones(c), zeros(c), e), "gamma and beta are missing"),
        (lambda x, c, b, e: norm(x, c, zeros(c), e), "beta is missing"),
        (lambda x, c, b, e: norm(x, ones(c), b, e), "gamma is missing"),
        (beta_inside, "not multiplied by it"),
        (lambda *a: over_other_axis(*a, axis=3), "run along the columns"),
        (lambda *a: over_other_axis(*a, axis=2), "run along the rows"),
        (lambda *a: over_other_axis(*a, axis=0), "run along the images"),
        (squares_in_eight_bits, "Squares and sums of whole numbers of 8 bits"),
        (lambda x, c, b, e: norm(x, c, b, e).astype(x.dtype), "cut to whole numbers"),
        (cancelled_norm, "loses its digits"),
        (lambda x, c, b, e: norm(x, c, b, e).mean(axis=0), "one per map"),
    ],
    "training.batch_norm_backward": [
        (lambda g, x, c, e: norm_backward(g, x, c, epsilon_outside(x, e)), "under the root"),
        (lambda *a: norm_backward(*a, mean=False, variance=False), "for constants"),
        (lambda *a: norm_backward(*a, mean=False), "through the mean"),
        (lambda *a: norm_backward(*a, mean=False), "grad_x, 3 maps"),
        (lambda *a: norm_backward(*a, variance=False), "through the variance"),
        (lambda *a: norm_backward(*a, axes=(2, 3)), "Each image was taken by itself"),
        (lambda g, x, c, e: norm_backward(g, x, c, 0.0), "eps is missing"),
        (lambda g, x, c, e: norm_backward(g, x, c, 1e-5), "whatever its size"),
        (changed(0, lambda part, g, x, c: part / c.reshape(1, -1, 1, 1)), "gamma is missing"),
        (changed(0, lambda part, g, x, c: -part), "sign"),
        (changed(1, lambda part, g, x, c: (g * x).sum(MAP)), "not x itself"),
        (changed(1, lambda part, g, x, c: part / x[:, 0].size), "do not average"),
        (changed(1, lambda part, g, x, c: part * c), "no place in its own"),
        (changed(1, lambda part, g, x, c: g.sum(MAP)), "That is beta's gradient"),
        (changed(2, lambda part, g, x, c: g.mean(MAP)), "do not average"),
        (lambda *a: [norm_backward(*a)[i] for i in (0, 1, 1)], "beta is only added"),
        (changed(2, lambda part, g, x, c: g.sum((2, 3))), "One number per map"),
        (changed(0, lambda part, g, x, c: part.astype(x.dtype)), "cut to whole numbers"),
        (cancelled_backward, "loses its digits"),
        (lambda *a: norm_backward(*a)[0], "expected 3 results"),
    ],
    "training.running_statistics": [
        (running(weigh=lambda old, new, m: m * old + (1 - m) * new), "in Keras"),
        (reversed_variance, "in Keras"),
        (running(var=lambda batch: batch.var(MAP)), "m/(m − 1) is missing"),
        (
            running(var=lambda batch: batch.var(MAP) * (batch[:, 0].size - 1) / batch[:, 0].size),
            "Upside down",
        ),
        (running(var=lambda batch: batch.std(MAP, ddof=1)), "variance is kept"),
        (running(var=lambda batch: batch.std(MAP)), "variance is kept"),
        (lambda mean, var, batch, m: (running()(mean, var, batch, m)[0], var), "variance has not"),
        (
            running(var=lambda batch: batch.var(MAP), after=lambda var, m: var * m / (m - 1)),
            "Only the batch's variance",
        ),
        (running(weigh=lambda old, new, m: old + m * new), "not 1"),
        (running(weigh=lambda old, new, m: new), "old value is missing"),
        (running(weigh=lambda old, new, m: old), "has not moved"),
        (running(var=images_counted), "not the images only"),
        (about_running_mean, "batch's own mean"),
        (lambda mean, var, batch, m: (batch.mean(0), batch.var(0)), "One number per map"),
        (running(var=cancelled_ddof), "loses its digits"),
        (lambda mean, var, batch, m: batch.mean(MAP), "expected 2 results"),
    ],
    "training.repair_loop": [
        (by_the_epoch, "Still one batch"),
        (one_batch, "Still one batch"),
        (one_batch, "6 images, batches of 2, 3 epochs"),
        (still_endless, "It never ends"),
        (never_set_back, "set the counter to 0"),
        (without_rest, "last batch is missing"),
        (without_rest, "11 images, batches of 4"),
        (empty_at_the_end, "empty batch at the end"),
        (shuffled, "here the order stays"),
        (from_one, "counting starts at 0"),
        (spread_evenly, "spread evenly"),
        (
            lambda images, size, epochs: [
                loop(len(images), size, last=lambda stop, n: stop) for _ in range(epochs)
            ],
            "stops at the last one",
        ),
        (lambda images, size, epochs: loop(len(images), size), "a list of their own"),
        *(
            (lambda *a, end=end: begins_and_ends(*a, end=end), "lists all its indices")
            for end in (0, 1)
        ),
        (
            lambda images, size, epochs: [
                [slice(at, at + size) for at in range(0, len(images), size)] for _ in range(epochs)
            ],
            "lists all its indices",
        ),
        (one_more_in_each, "here some come twice"),
        (
            lambda images, size, epochs: [
                [[float(index) for index in batch] for batch in loop(len(images), size)]
                for _ in range(epochs)
            ],
            "An index is an int",
        ),
        (
            lambda images, size, epochs: [
                loop(len(images), size, last=lambda stop, n: min(stop, n - 1))
                for _ in range(epochs)
            ],
            "got [[0, 1], [2, 3], [4]]",
        ),
        (
            lambda images, size, epochs: [
                [images[part] for part in loop(len(images), size)] for _ in range(epochs)
            ],
            "not the images",
        ),
        (lambda images, size, epochs: [loop(len(images), size)], "A list for each epoch"),
        (lambda images, size, epochs: len(images), "what each batch of each epoch has seen"),
    ],
    "training.confusion_matrix": [
        (lambda t, a, c: counted(a, t, c), "Transposed"),
        (lambda t, a, c: counted(a, t, c), "40 images, 3 classes"),
        (counted_once, "counted once"),
        (lambda t, a, c: shares(t, a, c, 1), "shares of a row"),
        (lambda t, a, c: shares(t, a, c, 0), "shares of a column"),
        (lambda t, a, c: shares(t, a, c, None), "shares of all images"),
        (lambda t, a, c: np.diag(np.diag(counted(t, a, c))), "Only right answers"),
        (off_diagonal, "Right answers are counted too"),
        (lambda t, a, c: counted(t, a, c)[::-1, ::-1], "run backwards"),
        (classes_from_labels, "whether or not each class occurs"),
        (size_from_labels, "whether or not each class occurs"),
        (overflows, "does not fit into uint8"),
        *(
            (lambda t, a, c, kind=kind: counted(t, a, c).astype(kind), "into a type so small")
            for kind in (np.uint8, np.int8, np.uint16, np.int16)
        ),
        (
            lambda t, a, c: np.bincount(t.astype(int) * c + a).reshape(c, c),
            "minlength=classes**2",
        ),
        (lambda t, a, c: counted(t, a, c).astype(float), "np.zeros((classes, classes), dtype=int)"),
        (lambda t, a, c: np.bincount(t, minlength=c), "A row for each true class"),
    ],
    "training.images_needed": [
        (lambda p, h: math.floor(needed(p, h)), "one image fewer"),
        (lambda p, h: round(needed(p, h)), "not to the nearest"),
        (lambda p, h: int(needed(p, h)) + 1, "math.ceil gives it"),
        (up(lambda p, h: needed(p, h, z=1.959963984540054)), "not more digits"),
        (up(lambda p, h: needed(p, h, z=2.576)), "99 %"),
        (needed, "expected a whole number, got 138.298"),
        (needed, "Images come whole"),
        (lambda p, h: math.ceil(needed(p, h)) + 1, "One image too many"),
        (up(lambda p, h: needed(p, h / 2)), "do not halve it"),
        (up(lambda p, h: needed(p, 2 * h)), "do not double it"),
        (up(lambda p, h: needed(p, h, z=2)), "not 2"),
        (up(lambda p, h: needed(p, h, z=1.645)), "1.645"),
        (up(lambda p, h: needed(p, h, z=1)), "1.96, squared, is missing"),
        (up(lambda p, h: needed(p, h, z=math.sqrt(1.96))), "1.96 is squared too"),
        (up(lambda p, h: 1.96**2 * p * (1 - p) / h), "half width has to be squared"),
        (up(lambda p, h: math.sqrt(needed(p, h))), "Square it"),
        (up(lambda p, h: 1.96**2 * p / h**2), "not p"),
        (up(lambda p, h: 1.96**2 * (1 - p) / h**2), "not 1 − p"),
        (up(lambda p, h: needed(0.5, h)), "worst case"),
        (up(lambda p, h: 1.96**2 * (p * (1 - p)) ** 2 / h**2), "no square"),
        (lambda p, h: math.ceil(needed(max(p, 0.5), h)) if h < 0.3 else 10, "expected 11, got 10"),
        (lambda p, h: np.array([1, 2]), "expected ()"),
    ],
}
