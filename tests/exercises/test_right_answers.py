"""Right answers in another style than the book's pass, and no answer gets another's hint."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from scipy import signal, special, stats
from sklearn import metrics

from pdl.exercises.checking.engine import grade

from .test_layers import pools_by

Answer = Callable[..., Any]
MAP = (0, 2, 3)


def size_by_walking(length: int, kernel: int, stride: int, padding: Any, dilation: int) -> Any:
    room = length + padding[0] + padding[1] - dilation * (kernel - 1)
    if room < 1:
        raise ValueError("does not fit")
    return np.array(len(range(0, room, stride)))


def same_by_the_manual(length: int, kernel: int, stride: int) -> Any:
    """The rule of TensorFlow's own documentation."""
    rest = length % stride or stride
    zeros = max(kernel - rest, 0)
    return np.array([zeros // 2, math.ceil(zeros / 2)])


def field_from_behind(layers: Any) -> Any:
    size = 1
    for kernel, stride, dilation in reversed(layers):
        size = (size - 1) * stride + dilation * (kernel - 1) + 1
    return np.array([size, math.prod(stride for _, stride, _ in layers)])


def conv_by_scipy(x: Any, w: Any, b: Any, stride: int, padding: int) -> Any:
    x = np.pad(x.astype(float), [(0, 0), (0, 0), (padding, padding), (padding, padding)])

    def one_map(image: Any, kernel: Any, bias: float) -> Any:
        pairs = zip(image, kernel.astype(float), strict=True)
        maps = sum(signal.correlate2d(c, k, mode="valid") for c, k in pairs)
        return maps[::stride, ::stride] + bias

    return [[one_map(image, k, one).tolist() for k, one in zip(w, b, strict=True)] for image in x]


def conv_in_single_precision(x: Any, w: Any, b: Any, stride: int, padding: int) -> Any:
    x = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)]).astype(np.float32)
    seen = sliding_window_view(x, w.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    n, _, rows, columns = seen.shape[:4]
    patches = seen.transpose(0, 2, 3, 1, 4, 5).reshape(n * rows * columns, -1)
    y = patches @ w.reshape(len(w), -1).T.astype(np.float32) + b.astype(np.float32)
    return y.reshape(n, rows, columns, -1).transpose(0, 3, 1, 2)


def pool_padded_with(value: Callable[[Any], Any], reduce: Any = np.max) -> Answer:
    def pool(x: Any, size: int, stride: int, padding: int) -> Any:
        around = [(0, 0), (0, 0), (padding, padding), (padding, padding)]
        x = np.pad(x, around, constant_values=value(x))
        seen = sliding_window_view(x, (size, size), axis=(2, 3))
        return reduce(seen[:, :, ::stride, ::stride], axis=(-2, -1))

    return pool


def lowest(x: Any) -> Any:
    return np.iinfo(x.dtype).min if x.dtype.kind in "iu" else -np.inf


def pool_inside(x: Any, size: int, stride: int, padding: int) -> Any:
    """Windows are cut at the border, so that nothing has to be padded."""

    def one_map(pixels: Any) -> Any:
        tops, lefts = (range(-padding, side + padding - size + 1, stride) for side in pixels.shape)
        return [
            [pixels[max(i, 0) : i + size, max(j, 0) : j + size].max() for j in lefts] for i in tops
        ]

    return [[one_map(pixels) for pixels in image] for image in x]


def loss_in_a_loop(logits: Any, labels: Any) -> Any:
    total = 0.0
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        top = max(row)
        total += top + math.log(sum(math.exp(z - top) for z in row)) - row[label]
    return total / len(labels)


def keras_by_reordered_rows(x: Any, kernel: Any, bias: Any, dense: Any, dense_bias: Any) -> Any:
    seen = sliding_window_view(x, kernel.shape[:2], axis=(2, 3))
    maps = np.maximum(np.einsum("ncijuv,uvco->noij", seen, kernel) + bias[:, None, None], 0)
    n, o, h, w = maps.shape
    maps = maps[:, :, : h // 2 * 2, : w // 2 * 2].reshape(n, o, h // 2, 2, w // 2, 2)
    rows = dense.reshape(h // 2, w // 2, o, -1).transpose(2, 0, 1, 3).reshape(len(dense), -1)
    return special.softmax(maps.max(axis=(3, 5)).reshape(n, -1) @ rows + dense_bias, axis=1)


def merged_by_probing(w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    def both(x: Any) -> Any:
        return w2 @ (w1 @ x + b1) + b2

    zero = both(np.zeros(w1.shape[1]))
    return [np.stack([both(unit) - zero for unit in np.eye(w1.shape[1])], axis=1), zero.tolist()]


def differences_of_units(function: Any, x: Any, step: float) -> Any:
    units = step * np.eye(x.size).reshape(x.size, *x.shape)
    slopes = [(function(x + unit) - function(x - unit)) / (2 * step) for unit in units]
    return np.reshape(slopes, x.shape).tolist()


def stamps_by_dilation(grad: Any, weight: Any, size: Any, stride: int) -> Any:
    k = weight.shape[2]
    sides = [(side - 1) * stride + 1 for side in grad.shape[2:]]
    spread = np.zeros((*grad.shape[:2], *sides))
    spread[:, :, ::stride, ::stride] = grad
    spread = np.pad(spread, [(0, 0), (0, 0), (k - 1, k - 1), (k - 1, k - 1)])
    seen = sliding_window_view(spread, (k, k), axis=(2, 3))
    back = np.einsum("noijkl,ockl->ncij", seen, weight[..., ::-1, ::-1])
    result = np.zeros((len(grad), weight.shape[1], *size))
    result[:, :, : back.shape[2], : back.shape[3]] = back
    return result


def norm_as_in_the_paper(grad: Any, x: Any, gamma: Any, epsilon: float) -> Any:
    over: dict[str, Any] = {"axis": MAP, "keepdims": True}
    m, mean, var = x[:, 0].size, x.mean(**over), x.var(**over) + epsilon
    by_hat = grad * gamma.reshape(1, -1, 1, 1)
    by_var = (by_hat * (x - mean) * -0.5 * var**-1.5).sum(**over)
    by_mean = (-by_hat / np.sqrt(var)).sum(**over) + by_var * (-2 * (x - mean)).mean(**over)
    by_x = by_hat / np.sqrt(var) + by_var * 2 * (x - mean) / m + by_mean / m
    return by_x, (grad * (x - mean) / np.sqrt(var)).sum(MAP), grad.sum(MAP)


def adam_by_increments(p: Any, g: Any, m: Any, q: Any, step: int, rate: float) -> Any:
    """The efficient form of the paper's second section, with its own epsilon."""
    m, q = m + 0.1 * (g - m), q + 0.001 * (g * g - q)
    scale = math.sqrt(1 - 0.999**step)
    return p - rate * scale / (1 - 0.9**step) * m / (np.sqrt(q) + 1e-8 * scale), m, q


def batches_by_halving(images: Any, labels: Any, size: int, rng: Any) -> Any:
    left = np.arange(len(images))
    rng.shuffle(left)
    while len(left):
        yield [images[left[:size]], labels[left[:size]]]
        left = left[size:]


def batches_in_a_list(images: Any, labels: Any, size: int, rng: Any) -> Any:
    order = rng.random(len(images)).argsort()
    parts = np.split(order, range(size, len(order), size))
    return [(images[part], labels[part]) for part in parts]


def batches_sorted_inside(images: Any, labels: Any, size: int, rng: Any) -> Any:
    """As a file wants that reads by rising indices: the same images share a batch."""
    order = rng.permutation(len(images))
    for start in range(0, len(order), size):
        chosen = np.sort(order[start : start + size])
        yield images[chosen], labels[chosen]


def normalised_channel_by_channel(train: Any, test: Any) -> Any:
    both = [np.zeros(train.shape), np.zeros(test.shape)]
    for c in range(train.shape[1]):
        mean, std = train[:, c].mean(), train[:, c].std()
        for result, given in zip(both, (train, test), strict=True):
            result[:, c] = (given[:, c] - mean) / std
    return both


def opinions_by_logarithms(a: Any, b: Any) -> Any:
    logs = [special.log_softmax(each.astype(float), axis=1) for each in (a, b)]
    mean = (logs[0] + logs[1]) / 2
    return np.exp(mean - special.logsumexp(mean, axis=1, keepdims=True)).tolist()


def norm_map_by_map(x: Any, gamma: Any, beta: Any, eps: float) -> Any:
    y = np.zeros(x.shape)
    for c in range(x.shape[1]):
        apart = x[:, c] - x[:, c].mean()
        y[:, c] = gamma[c] * apart / np.sqrt((apart**2).mean() + eps) + beta[c]
    return y


def running_in_one_array(mean: Any, var: Any, batch: Any, momentum: float) -> Any:
    m = batch[:, 0].size
    new = np.stack([batch.mean(MAP), batch.var(MAP) * m / (m - 1)])
    old = np.stack([mean, var])
    return old + momentum * (new - old)


def loop_of_generators(images: Any, size: int, epochs: int) -> Any:
    n = len(images)
    for _ in range(epochs):
        yield (range(at, min(at + size, n)) for at in range(0, n, size))


def matrix_by_one_hot(truth: Any, answers: Any, classes: int) -> Any:
    rows, columns = (np.eye(classes, dtype=int)[each.astype(int)] for each in (truth, answers))
    return (rows.T @ columns).tolist()


def boxes_in_a_matrix(boxes: Any, width: int) -> Any:
    turn = np.array([[0, 0, -1, 0], [0, 1, 0, 0], [-1, 0, 0, 0], [0, 0, 0, 1.0]])
    return boxes.astype(float) @ turn + [width - 1, 0, width - 1, 0]


def boxes_by_half_sizes(boxes: Any, degrees: float, centre: Any) -> Any:
    boxes = boxes.astype(float)
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    turn = np.array([[c, s], [-s, c]])
    middle = ((boxes[:, :2] + boxes[:, 2:]) / 2 - centre) @ turn.T + centre
    half = (boxes[:, 2:] - boxes[:, :2]) / 2 @ np.abs(turn).T
    return np.hstack([middle - half, middle + half])


def labels_in_a_frame(labels: Any, dx: int, dy: int) -> Any:
    h, w = labels.shape
    framed = np.pad(labels, [(abs(dy), abs(dy)), (abs(dx), abs(dx))])
    top, left = abs(dy) - dy, abs(dx) - dx
    return framed[top : top + h, left : left + w]


def weights_by_counter(labels: Any, classes: int) -> Any:
    counts = Counter(labels.tolist())
    return [len(labels) / (len(counts) * counts[k]) if k in counts else 0 for k in range(classes)]


def folds_by_dictionary(groups: Any, folds: int, rng: Any) -> Any:
    members = defaultdict(list)
    for index, name in enumerate(groups.tolist()):
        members[name].append(index)
    names = list(members)
    rng.shuffle(names)
    parts: list[list[int]] = [[] for _ in range(folds)]
    for name in sorted(names, key=lambda name: -len(members[name])):
        min(parts, key=len).extend(members[name])
    return parts


def folds_by_load(groups: Any, folds: int, rng: Any) -> Any:
    """A tie of loads goes to the last fold, where the book takes the first."""
    names, sizes = np.unique(groups, return_counts=True)
    load, home = np.zeros(folds, dtype=int), {}
    for at in np.lexsort((rng.random(len(names)), -sizes)):
        fold = folds - 1 - int(load[::-1].argmin())
        load[fold] += sizes[at]
        home[int(names[at])] = fold
    own = np.array([home[int(name)] for name in groups])
    return tuple(np.flatnonzero(own == fold) for fold in range(folds))


def leaks_by_lists(train: Any, test: Any, *, symmetries: int = 6) -> Any:
    """With all eight symmetries of the square, the two mirrored quarter turns are found too."""

    def moved(image: Any) -> list[Any]:
        turns = [np.rot90(image, k) for k in range(4)]
        flips = [np.fliplr(image), np.flipud(image), np.fliplr(turns[1]), np.flipud(turns[1])]
        return [each.tolist() for each in (turns + flips)[:symmetries]]

    seen = [each for image in train for each in moved(image)]
    return [index for index, image in enumerate(test) if image.tolist() in seen]


def to_float32_first(images: Any) -> Any:
    if images.dtype != np.uint8 and images.dtype.kind != "f":
        raise ValueError("neither uint8 nor floats")
    result = images.astype(np.float32)
    if images.dtype == np.uint8:
        return result * np.float32(1 / 255)
    if not (result.min() >= 0 and result.max() <= 1):
        raise ValueError("not in [0, 1]")
    return result


RIGHT: dict[str, list[Any]] = {
    "layers.output_size": [size_by_walking],
    "layers.same_padding": [same_by_the_manual],
    "layers.receptive_field": [field_from_behind],
    "layers.conv2d": [conv_by_scipy, conv_in_single_precision],
    "layers.mix_channels": [
        lambda x, w: np.moveaxis(np.tensordot(w.astype(float), x, ([1], [1])), 1, 0),
        lambda x, w: np.moveaxis(np.moveaxis(x, 1, -1).astype(float) @ w.T, -1, 1).tolist(),
    ],
    "layers.max_pool": [
        pool_padded_with(lambda x: x.min()),
        pool_padded_with(lowest),
        pool_inside,
        lambda x, *a: pool_padded_with(lambda _: np.nan, np.nanmax)(x.astype(float), *a),
    ],
    "layers.cross_entropy": [
        loss_in_a_loop,
        lambda z, t: np.mean(np.logaddexp.reduce(z.astype(float), axis=1) - z[range(len(t)), t]),
        lambda z, t: (
            -(np.eye(z.shape[1])[t] * special.log_softmax(z.astype(float), axis=1))
            .sum(axis=1)
            .mean()
        ),
    ],
    "layers.one_unit": [
        lambda w, b: (np.diff(w, axis=0)[0], np.diff(b)),
        lambda w, b: [[q - p for p, q in zip(*w, strict=True)], float(b[1] - b[0])],
    ],
    "layers.merge": [merged_by_probing],
    "layers.mended": [keras_by_reordered_rows],
    "backpropagation.numerical_gradient": [differences_of_units],
    "backpropagation.linear_backward": [
        lambda g, x, w: [
            [(w.T @ row).tolist() for row in g],
            sum(np.outer(a, b) for a, b in zip(g, x, strict=True)),
            sum(g),
        ],
    ],
    "backpropagation.cross_entropy_gradient": [
        lambda z, t: (
            (
                np.exp(special.log_softmax(z.astype(float), axis=1))
                - (np.arange(z.shape[1]) == t[:, None])
            )
            / len(t)
        ),
    ],
    "backpropagation.input_gradient": [stamps_by_dilation],
    "backpropagation.batch_norm_backward": [norm_as_in_the_paper],
    "backpropagation.adam_step": [adam_by_increments],
    "training.batches": [batches_by_halving, batches_in_a_list, batches_sorted_inside],
    "training.normalise": [normalised_channel_by_channel],
    "training.first_loss": [2.30, np.float32(2.3026), np.array(2.303), math.log(10)],
    "training.dropout": [
        lambda x, p, rng: x * rng.choice([0, 1 / (1 - p)], size=x.shape, p=[p, 1 - p]),
        lambda x, p, rng: (x * rng.binomial(1, 1 - p, x.shape) / (1 - p)).tolist(),
    ],
    "training.two_opinions": [opinions_by_logarithms],
    "training.batch_norm": [norm_map_by_map],
    "training.batch_norm_backward": [norm_as_in_the_paper],
    "training.running_statistics": [running_in_one_array],
    "training.repair_loop": [loop_of_generators],
    "training.confusion_matrix": [
        lambda t, a, k: metrics.confusion_matrix(t, a, labels=range(k)),
        matrix_by_one_hot,
        lambda t, a, k: np.histogram2d(t, a, bins=[range(k + 1)] * 2)[0].astype(np.int32),
    ],
    "training.images_needed": [
        lambda p, h: np.ceil((1.96 / h) ** 2 * p * (1 - p)),
        lambda p, h: int(-(-(1.96**2 * p * (1 - p) / (h * h)) // 1)),
        lambda p, h: next(n for n in range(1, 10**5) if 1.96 * (p * (1 - p) / n) ** 0.5 <= h),
    ],
    "augmentation.where_it_goes": [
        lambda m, p: np.linalg.solve(m, [*p, 1])[:2].tolist(),
    ],
    "augmentation.flip_boxes": [boxes_in_a_matrix],
    "augmentation.rotate_boxes": [boxes_by_half_sizes],
    "augmentation.shift_labels": [labels_in_a_frame],
    "augmentation.ambiguous_digits": [[9, 6, 9], (6.0, 9.0), np.array([6, 9]), range(6, 10, 3)],
    "augmentation.log_loss": [
        lambda p, t: -np.log(np.clip(p, 1e-15, 1 - 1e-15))[range(len(t)), t].mean(),
        lambda p, t: sum(-math.log(max(float(p[i, k]), 1e-15)) for i, k in enumerate(t)) / len(t),
    ],
    "augmentation.prior_loss": [
        stats.entropy,
        lambda c: -np.log((c / c.sum())[np.repeat(np.arange(len(c)), c)]).mean(),
    ],
    "augmentation.class_weights": [weights_by_counter],
    "augmentation.group_folds": [folds_by_dictionary, folds_by_load],
    "augmentation.find_leak": [leaks_by_lists, lambda *a: leaks_by_lists(*a, symmetries=8)],
    "augmentation.to_network": [to_float32_first],
}


@pytest.fixture(autouse=True)
def _no_forked_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """These answers end: they need no copy of the process to be tried in first."""
    monkeypatch.setenv("PDL_EXERCISE_TRIAL", "off")


@pytest.mark.parametrize(
    ("name", "answer"), [(name, answer) for name, table in RIGHT.items() for answer in table]
)
def test_a_right_answer_in_another_style_passes(name: str, answer: Any) -> None:
    outcome = grade(name, answer)
    assert outcome.status == "passed", str(outcome)


def pools_without_overlap(shape: Any, layers: Any) -> int:
    return pools_by(shape, layers, lambda side, size, *stride: side // size)


def sized_by_the_truth(truth: Any, answers: Any, classes: int) -> Any:
    matrix = np.zeros((max(truth, default=0) + 1,) * 2, dtype=int)
    np.add.at(matrix, (truth, answers), 1)
    return matrix


FALSE_HINTS: list[tuple[str, Any, str]] = [
    ("layers.parameters", pools_without_overlap, "Padding on both sides"),
    ("layers.same_padding", lambda n, k, s: (k // 2, k // 2), "all the zeros on each side"),
    ("layers.cross_entropy", lambda z, t: round(loss_in_a_loop(z, t), 5), "sum over the batch"),
    (
        "training.images_needed",
        lambda p, h: max(30, math.ceil(1.96**2 * p * (1 - p) / h**2)),
        "The variance",
    ),
    ("training.confusion_matrix", sized_by_the_truth, "np.bincount"),
]


@pytest.mark.parametrize(("name", "wrong", "words"), FALSE_HINTS)
def test_a_wrong_answer_does_not_get_the_hint_of_another(name: str, wrong: Any, words: str) -> None:
    outcome = grade(name, wrong)
    assert outcome.status == "failed", str(outcome)
    assert words not in str(outcome), str(outcome)
