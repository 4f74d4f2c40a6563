"""Checks: mini-batches, and a training loop that is to be repaired."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np

from pdl._arrays import Array

from ..checking.compare import Mismatch, as_array
from ..checking.engine import Exercise
from ..checking.limits import TookTooLong, default_seconds, time_limit

batches = Exercise(
    "training.batches", unlocks="You can now feed a data set of any size to a training loop."
)

SPREAD = "The images were spread evenly: each batch but the last holds batch_size of them."

Pairs = list[tuple[Array, Array]]


def _listed(value: Any, what: str, at_most: int, hint: str = "") -> list[Any]:
    """What a list, an array or a generator holds, up to a number of things."""
    if value is None:
        as_array(value, what)
    try:
        return list(islice(iter(value), at_most))
    except TypeError:
        raise Mismatch(f"expected {what}, got {type(value).__name__}", hint) from None


# No two pixels of an image are equal, and none is a whole number.
PIXELS = np.array([[0.25, 0.5, 0.125], [0.375, 0.75, 0.0625]])


def _numbered(n: int) -> tuple[Array, Array]:
    """Images that tell by each of their pixels which one they are, and their labels."""
    return _images_of(np.arange(n)), (3 * np.arange(n)) % 10


def _images_of(numbers: Array) -> Array:
    return np.asarray(numbers.reshape(-1, 1, 1, 1) + PIXELS)


def _collect(answer: Any, n: int, size: int, rng: np.random.Generator, what: str) -> Pairs:
    images, labels = _numbered(n)
    pairs: Pairs = []
    came = answer(images, labels, size, rng)
    for pair in _listed(came, "batches", n + 2, "`yield` the batches one by one, in a loop."):
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise Mismatch(
                f"{what}: expected pairs of images and labels, got {type(pair).__name__}",
                "Each batch is a pair: `yield images[chosen], labels[chosen]`.",
            )
        pairs.append((as_array(pair[0]), as_array(pair[1])))
    if not (np.array_equal(images, _numbered(n)[0]) and np.array_equal(labels, _numbered(n)[1])):
        raise Mismatch(
            f"{what}: your function changed the array that it was given",
            "Draw an order with rng.permutation and index with it; shuffle nothing in place.",
        )
    return pairs


def _expect_sizes(pairs: Pairs, n: int, size: int, what: str) -> str:
    whole, rest = divmod(n, size)
    wanted = [size] * whole + [rest] * (rest > 0)
    got = [len(images) if images.ndim else 0 for images, _ in pairs]
    hint = ""
    if got == wanted[:-1] and rest:
        hint = "The last, smaller batch is missing: its images would never be seen."
    elif got == [*wanted, 0]:
        hint = "An empty batch at the end: stop when no image is left."
    elif len(got) == 1 and len(wanted) > 1:
        hint = "One batch came and then no other: is there a `return` in place of the `yield`?"
    elif len(got) >= n + 2:
        hint = "It goes on after the last image: one call yields one epoch."
    elif len(got) == len(wanted) and sum(got) == n:
        hint = SPREAD
    elif got == [size] * len(wanted) and rest:
        hint = "The last batch is smaller: it holds what is left, and no image twice."
    if got != wanted:
        shown = f"{str(got[:8])[:-1]}, …]" if len(got) > 8 else str(got)
        raise Mismatch(f"{what}: expected batches of {wanted} images, got {shown}", hint)
    for images, labels in pairs:
        shape = (len(images), 1, 2, 3)
        if images.shape != shape or labels.shape != shape[:1]:
            raise Mismatch(
                f"{what}: expected {shape} and {shape[:1]}, got {images.shape} and {labels.shape}",
                "A batch keeps all axes of the images; their labels are one number an image.",
            )
    return str(wanted)


def _order(pairs: Pairs) -> list[int]:
    return [int(each) for images, _ in pairs for each in images[:, 0, 0, 0]]


def _expect_pixels(pairs: Pairs, n: int, what: str) -> None:
    """Demand images as they were passed, whichever of them came and in whatever order."""
    came = np.concatenate([images for images, _ in pairs]).astype(float)
    numbers = came[:, 0, 0, 0] - PIXELS[0, 0]
    if not (np.isin(numbers, np.arange(n)).all() and (came == _images_of(numbers)).all()):
        raise Mismatch(
            f"{what}: there are images that were not passed",
            "Cut the images into batches and change nothing about them, not even their type.",
        )


def _expect_epoch(answer: Any, n: int, size: int, rng: np.random.Generator, what: str) -> list[int]:
    """One epoch: sizes, every image once, each with its own label. Returns the order."""
    pairs = _collect(answer, n, size, rng, what)
    _expect_sizes(pairs, n, size, what)
    _expect_pixels(pairs, n, what)
    order = _order(pairs)
    if sorted(order) != list(range(n)):
        missing = n - len(set(order))
        raise Mismatch(
            f"{what}: {missing} of {n} images did not come in this epoch, others came twice",
            "Draw without replacement: rng.permutation has each index once.",
        )
    own = _numbered(n)[1][order]
    came = np.concatenate([labels for _, labels in pairs])
    if not np.array_equal(came, own):
        at = int(np.argmax(came != own))
        raise Mismatch(
            f"{what}: image {order[at]} has the label {own[at]}, and came with {came[at]}",
            "Images and labels came apart: index both with the same order.",
        )
    return order


@batches.group("shape")
def _(answer: Any) -> str:
    pairs = _collect(answer, 10, 4, np.random.default_rng(0), "10 images, batches of 4")
    return _expect_sizes(pairs, 10, 4, "10 images, batches of 4")


@batches.group("values")
def _(answer: Any) -> None:
    n, size, what = 53, 8, "53 images, batches of 8"
    rng = np.random.default_rng(1)
    orders = [_expect_epoch(answer, n, size, rng, what) for _ in range(2)]
    again = _expect_epoch(answer, n, size, np.random.default_rng(1), what)
    for order in orders:
        if order == list(range(n)):
            raise Mismatch(f"{what}: they come in the order of the file", "Draw a new order.")
        blocks = [order[start : start + size] for start in range(0, n, size)]
        if all(max(block) - min(block) < len(block) for block in blocks):
            raise Mismatch(
                f"{what}: the same images always share a batch",
                "Only the batches were shuffled: shuffle the images, then cut.",
            )
        home = {image: number for number, block in enumerate(blocks) for image in block}
        together = sum(home[image] == home[image + 1] for image in range(n - 1))
        # Of a random order size − 1 of n − 1 others share an image's batch, here 7 ± 2.5 in all.
        if together > 22:
            raise Mismatch(
                f"{what}: neighbours in the file stay neighbours",
                "An order drawn at random takes the images apart: rng.permutation.",
            )
    if orders[0] == orders[1]:
        raise Mismatch(
            f"{what}: the second epoch has the order of the first",
            "Draw from the `rng` that is passed: a generator made inside starts anew each time.",
        )
    if orders[0] != again:
        raise Mismatch(
            f"{what}: equal generators gave two orders",
            "Draw from the `rng` that is passed, or no run can be repeated.",
        )


@batches.group("edge cases")
def _(answer: Any) -> None:
    cases = {
        (12, 4): "batches that come out even",
        (7, 2): "an odd number of images",
        (3, 10): "a batch larger than the set",
        (5, 1): "batches of one",
        (1, 4): "one image",
    }
    for (n, size), what in cases.items():
        _expect_epoch(answer, n, size, np.random.default_rng(n), what)


repair_loop = Exercise(
    "training.repair_loop",
    unlocks="You can now find out which images a training loop has really seen.",
)


Batches = list[list[int]]
Epochs = list[Batches]


def _seen(n: int, size: int, epochs: int) -> Epochs:
    starts = range(0, n, size)
    return [[list(range(at, min(at + size, n))) for at in starts] for _ in range(epochs)]


ALL = "A batch lists all its indices, [0, 1, 2, 3], not where it begins and ends: list(range(…))."


def _indices(batch: Any, what: str) -> list[int]:
    if isinstance(batch, slice):
        raise Mismatch(f"{what}: expected a list of indices as a batch, got a slice", ALL)
    if isinstance(batch, (range, Iterator)):
        batch = list(batch)
    array = as_array(batch, "a list of indices")
    if array.ndim != 1:
        raise Mismatch(
            f"{what}: expected a list of whole numbers as a batch, got shape {array.shape}",
            "A batch is the list of its indices, not the images; and the batches of an epoch "
            "stand in a list of their own.",
        )
    if array.size and array.dtype.kind not in "iu":
        raise Mismatch(
            f"{what}: expected whole numbers in a batch, got {array.dtype}",
            "An index is an int.",
        )
    return [int(index) for index in array]


def _ends_only(got: Epochs, truth: Epochs) -> bool:
    """Whether each batch is a pair of where it begins and where it ends."""
    pairs = [[[batch[0], batch[-1] + end] for batch in truth[0]] for end in (0, 1)]
    return got[0] in pairs and got[0] != truth[0]


def _epoch_hint(came: Batches, wanted: Batches, at: int, n: int, size: int) -> str:
    """Name the mistake in an epoch that differs, if it is a known one."""
    flat = [index for batch in came for index in batch]
    if came and all(batch == wanted[0] for batch in came):
        return "Still one batch an epoch, over and over: the batch has to follow its own counter."
    if at > 0 and not came:
        return "From the second epoch on nothing is seen: set the counter to 0 in each epoch."
    if came == wanted[:-1]:
        return "The last batch is missing: it holds what is left."
    if came == [*wanted, []]:
        return "An empty batch at the end: stop when no image is left."
    if came[:-1] == wanted[:-1] and came[-1:] == [list(range(wanted[-1][0], wanted[-1][0] + size))]:
        return f"There are only {n} images: the last batch stops at the last one."
    if flat == [index % n for index in range(len(wanted) * size)]:
        return "The last batch is smaller: it holds what is left, and no image twice."
    if flat == list(range(n)):
        return SPREAD
    if flat == list(range(1, n + 1)):
        return f"There is no image {n}: counting starts at 0."
    if sorted(flat) == list(range(n)):
        return "Every image once, but in another order: here the order stays."
    if len(set(flat)) < len(flat):
        return "Each image comes once an epoch; here some come twice."
    return ""


def _expect_loop(answer: Any, n: int, size: int, epochs: int, what: str) -> str:
    images = np.random.default_rng(n).random((n, 3, 2))
    try:
        # Ten seconds of a loop that never ends, and collects, would fill the memory.
        with time_limit(min(1.0, default_seconds() / 2)):
            returned = answer(images, size, epochs)
            kept = "Return what each batch of each epoch has seen."
            all_epochs = _listed(returned, "a list of epochs", epochs + 1000, kept)
            got = [
                [_indices(batch, what) for batch in _listed(each, "a list of batches", n + 1000)]
                for each in all_epochs
            ]
    except TookTooLong:
        raise Mismatch(
            f"{what}: no answer after a second, so the check stopped waiting",
            "It never ends: what a loop waits for must be advanced inside that loop.",
        ) from None
    truth = _seen(n, size, epochs)
    if got == truth:
        return f"{epochs} epochs of {len(truth[0])} batches" if epochs else ""
    if len(got) != len(truth):
        raise Mismatch(
            f"{what}: expected {epochs} epochs, got {len(got)}", "A list for each epoch."
        )
    at = next(i for i in range(epochs) if got[i] != truth[i])
    came, wanted = got[at], truth[at]
    hint = ALL if _ends_only(got, truth) else _epoch_hint(came, wanted, at, n, size)
    shown = str(came) if len(str(came)) < 60 else f"{str(came)[:56]} …"
    raise Mismatch(f"{what}: epoch {at}: expected {wanted}, got {shown}", hint)


@repair_loop.group("shape")
def _(answer: Any) -> str:
    return _expect_loop(answer, 6, 2, 3, "6 images, batches of 2, 3 epochs")


@repair_loop.group("values")
def _(answer: Any) -> None:
    _expect_loop(answer, 11, 4, 2, "11 images, batches of 4, 2 epochs")
    _expect_loop(answer, 9, 3, 5, "9 images, batches of 3, 5 epochs")


@repair_loop.group("edge cases")
def _(answer: Any) -> None:
    _expect_loop(answer, 3, 8, 2, "a batch larger than the set")
    _expect_loop(answer, 1, 1, 4, "one image")
    _expect_loop(answer, 9, 4, 2, "one image left over")
    _expect_loop(answer, 4, 2, 0, "no epoch")
