"""What is wrong is said before a training is spent on it, in words that name the remedy."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from pdl.training import ArrayDataset, accuracy, evaluate, fit, predict

from . import digits


def train(model: nn.Module, data: ArrayDataset, **changes: Any) -> Any:
    """One epoch of plain steps."""
    options: dict[str, Any] = {
        "loss": cross_entropy,
        "optimizer": torch.optim.SGD(model.parameters(), lr=0.01),
        "epochs": 1,
        "batch_size": 4,
        "progress": False,
    }
    return fit(model, data, **(options | changes))


def images(count: int = 8) -> np.ndarray:
    return np.random.default_rng(0).random((count, 1, 8, 8), dtype=np.float32)


def labels(count: int = 8) -> np.ndarray:
    return np.arange(count) % 3


def test_an_optimizer_of_another_model_is_refused() -> None:
    """It would train nothing, or only what the two share."""
    model = digits.net(plain=True)
    before = copy.deepcopy(model)
    others = digits.net(plain=True), copy.deepcopy(model)
    for parameters, count in [
        (others[0].parameters(), "4 of its 4"),
        (others[1].parameters(), "4 of its 4"),
        ([*model[0].parameters(), *others[0][4].parameters()], "2 of its 4"),
    ]:
        optimizer = torch.optim.Adam(parameters)
        with pytest.raises(ValueError, match=f"optimizer: {count} parameters are not this model's"):
            train(model, ArrayDataset(images(), labels()), optimizer=optimizer)
    assert digits.same_weights(model, before)


def test_an_optimizer_of_a_part_of_the_model_trains_that_part() -> None:
    model = digits.net(plain=True)
    before = copy.deepcopy(model)
    data = ArrayDataset(images(), labels())
    train(model, data, optimizer=torch.optim.SGD(model[4].parameters(), lr=0.1))
    assert digits.same_weights(model[0], before[0])
    assert not digits.same_weights(model[4], before[4])


def test_an_optimizer_of_frozen_parameters_is_refused() -> None:
    model = digits.net(plain=True).requires_grad_(False)
    with pytest.raises(ValueError, match="none of its parameters has requires_grad"):
        train(model, ArrayDataset(images(), labels()))


def normalized() -> nn.Sequential:
    """Batch normalization of one number per channel."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 6), nn.BatchNorm1d(6), nn.Linear(6, 10))


def test_a_last_batch_of_one_is_refused_before_the_first_step() -> None:
    """65 images in batches of 64: else it fails when the first epoch is nearly over."""
    model, data = normalized(), ArrayDataset(images(65), labels(65))
    before = copy.deepcopy(model)
    steps: list[int] = []

    def loss(logits: Tensor, targets: Tensor) -> Tensor:
        steps.append(len(targets))
        return cross_entropy(logits, targets)

    with pytest.raises(
        ValueError,
        match=r"65 images in batches of 64 leave a last batch of one image.*batch_size=63 leaves",
    ):
        train(model, data, batch_size=64, loss=loss)
    assert steps == []
    assert digits.same_weights(model, before)
    for batch_size, sizes in [(63, [63, 2]), (65, [65])]:  # as the message says
        steps.clear()
        train(model, data, batch_size=batch_size, loss=loss)
        assert steps == sizes


def test_a_last_batch_of_one_is_taken_where_the_model_takes_it() -> None:
    """A map of several pixels can be normalized; and normalization that is frozen does nothing."""

    class Frozen(nn.BatchNorm1d):
        def train(self, mode: bool = True) -> Frozen:
            return super().train(False)

    frozen = normalized()
    frozen[2] = Frozen(6)
    for model in (digits.net(), frozen):
        seen: list[int] = []
        handle = model.register_forward_hook(lambda *given: seen.append(len(given[2])))  # noqa: B023
        train(model, ArrayDataset(images(5), labels(5)))
        handle.remove()
        assert seen[-2:] == [4, 1]


def test_a_single_image_is_taken_where_the_model_takes_it() -> None:
    train(digits.net(), ArrayDataset(images(1), labels(1)))


def test_a_batch_of_one_from_the_first_step_on_is_explained() -> None:
    with pytest.raises(ValueError, match="one number per channel in a batch of one image"):
        train(normalized(), ArrayDataset(images(3), labels(3)), batch_size=1)


PERCEPTRON = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
COLOUR = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(144, 10))
ONE_IMAGE = images()[0, 0, :, :, np.newaxis].repeat(3, axis=2)  # 8×8×3


@pytest.mark.parametrize(
    ("model", "given", "message"),
    [
        (COLOUR, images().repeat(3, 1).astype(float), r"images are float64, .*astype\(np.float32"),
        (COLOUR, np.zeros((8, 3, 8, 8), np.uint8), "images are uint8, but the model computes in"),
        (PERCEPTRON, images().astype(float), "images are float64, but the model computes in fl"),
        (COLOUR, images().repeat(3, 1).transpose(0, 2, 3, 1), "the channels are last; give images"),
        (COLOUR, images(), r"must have shape \(N, 3, H, W\), but this batch has \(4, 1, 8, 8\)"),
        (COLOUR, images()[:, 0], r"an axis is missing, the channels' \(images\[:, np.newaxis\]\)"),
        (COLOUR, ONE_IMAGE, r"single image, that of the batch \(image\[np.newaxis\]\)"),
        (PERCEPTRON, images()[..., 1:], r"must have 64 numbers each, but .* have 56 \(shape"),
    ],
)
def test_images_that_the_model_cannot_take(model: nn.Module, given: Any, message: str) -> None:
    data = ArrayDataset(given, labels())
    with pytest.raises(ValueError, match=message):
        train(model, data)
    with pytest.raises(ValueError, match=message):
        predict(model, data, batch_size=4)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (labels().astype(np.float32), r"targets are float32, but class numbers must be int64"),
        (labels().astype(np.int32), r"targets are int32, .* give labels.astype\(np.int64\)"),
        (labels() + 8, r"class numbers are 0 … K − 1, .* but in this batch they are (8|9) … 10"),
        (labels() - 1, r"in this batch they are -1 … "),
        (
            labels()[:, np.newaxis],
            r"targets of shape \(4, 1\) are no class numbers.*labels\[:, 0\]",
        ),
        (np.eye(10, dtype=int)[labels()], r"shape \(4, 10\) are no class .*argmax\(axis=1\)"),
    ],
)
def test_targets_that_the_loss_cannot_take(given: Any, message: str) -> None:
    model, data = digits.net(plain=True), ArrayDataset(images(), given)
    with pytest.raises(ValueError, match=message):
        train(model, data)
    good = ArrayDataset(images(), labels())
    with pytest.raises(ValueError, match=message.replace("4, ", "8, ")):
        train(model, good, validation=data)


def test_an_error_of_another_cause_goes_on_as_it_is() -> None:
    def broken(*_: Tensor) -> Tensor:
        raise RuntimeError("planted")

    data = ArrayDataset(images(), labels())
    with pytest.raises(RuntimeError, match=r"^planted$"):
        train(digits.net(plain=True), data, loss=broken)
    with pytest.raises(RuntimeError, match=r"^planted$"):
        evaluate(digits.net(plain=True), data, {"broken": broken})


@pytest.mark.parametrize(
    ("loss", "error", "message"),
    [
        (lambda logits, _: 1.0, TypeError, "loss must return a Tensor, got float"),
        (lambda logits, _: logits.mean(dim=1), ValueError, r"one number, .* got shape \(4,\)"),
        (lambda logits, _: logits.detach().mean(), ValueError, "loss has no gradient"),
    ],
)
def test_a_loss_that_is_none_is_refused(loss: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        train(digits.net(plain=True), ArrayDataset(images(), labels()), loss=loss)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_loss_that_is_not_finite_because_of_the_images_says_so(value: float) -> None:
    class Late(ArrayDataset):
        def __getitem__(self, indices: Any) -> tuple[Tensor, Tensor]:
            given, targets = super().__getitem__(indices)
            return given * value, targets

    with pytest.raises(FloatingPointError, match="epoch 1, batch 1: its images hold NaN or infin"):
        train(digits.net(plain=True), Late(images(), labels()))


def test_labels_that_would_be_broadcast_have_no_accuracy() -> None:
    """(N, 1) against (N,) would compare each with each."""
    logits = torch.eye(3)
    for given in (torch.arange(3)[:, None], torch.eye(3), torch.arange(2)):
        with pytest.raises(ValueError, match=r"labels must have shape \(3,\)"):
            accuracy(logits, given)
    maps = torch.zeros(2, 3, 4, 5)
    assert float(accuracy(maps, torch.zeros(2, 4, 5, dtype=torch.int64))) == 1
