"""What the loop promises: the steps, the history, early stopping, and how it leaves things."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from pdl.training import ArrayDataset, accuracy, evaluate, fit, load_checkpoint, one_cycle
from pdl.training.batches import Batches
from pdl.training.state import Place

from . import digits


def plainly(**changes: Any) -> Any:
    """Nothing but the steps."""
    options: dict[str, Any] = {"patience": None, "augment": None, "schedule": None}
    return digits.train(**(options | changes))


def test_it_takes_the_steps_that_one_would_write_by_hand() -> None:
    model, history = plainly(model=digits.net(plain=True), epochs=2)
    by_hand = digits.net(plain=True)
    optimizer = torch.optim.Adam(by_hand.parameters(), lr=0.05)
    data, losses = digits.digits(), []
    for epoch in range(2):
        total = 0.0
        for indices in Batches(digits.IMAGES, digits.BATCH_SIZE, 0).of_epoch(epoch):
            images, labels = data[indices]
            optimizer.zero_grad()
            loss = cross_entropy(by_hand(images), labels)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(indices)
        losses.append(total / digits.IMAGES)
    assert digits.same_weights(model, by_hand)
    assert history.column("train_loss") == losses
    assert history.column("epoch") == [1, 2]


def test_after_each_step_it_tells_the_place_and_the_batchs_loss() -> None:
    """Five batches an epoch, the last of 8 images; the epoch's loss is their weighted mean."""
    told: list[tuple[int, int, float]] = []
    _, history = plainly(
        epochs=2, after_step=lambda place, loss: told.append((place.epoch, place.batch, loss))
    )
    assert [each[:2] for each in told] == [(e, b) for e in (0, 1) for b in (1, 2, 3, 4, 5)]
    for epoch, expected in enumerate(history.column("train_loss")):
        losses = [loss for at, _, loss in told if at == epoch]
        assert np.average(losses, weights=[16, 16, 16, 16, 8]) == pytest.approx(expected)


def test_what_after_step_raises_ends_the_training_after_that_step(tmp_path: Path) -> None:
    def stop(place: Place, loss: float) -> None:
        if (place.epoch, place.batch) == (1, 3):
            raise RuntimeError("enough")

    path = tmp_path / "a.safetensors"
    with pytest.raises(RuntimeError, match="enough"):
        plainly(after_step=stop, checkpoint=path)
    place = load_checkpoint(path)[1]["place"]
    assert (place["epoch"], place["batch"]) == (1, 2)  # the last that was written


def test_two_runs_are_equal_and_another_seed_is_not() -> None:
    model, history = digits.train()
    torch.rand(7)  # what was drawn before plays no part
    again, same = digits.train()
    other, _ = digits.train(seed=1)
    assert digits.same_weights(model, again)
    assert digits.without_seconds(history) == digits.without_seconds(same)
    assert not digits.same_weights(model, other)


def test_the_history_holds_what_evaluate_says() -> None:
    model, history = plainly(epochs=3)
    found = evaluate(model, digits.validation(), {"loss": cross_entropy, "accuracy": accuracy})
    last = history.epochs[-1]
    assert last["validation_loss"] == pytest.approx(found["loss"], abs=1e-6)
    assert last["validation_accuracy"] == found["accuracy"]
    assert last.keys() == {
        "epoch",
        "train_loss",
        "validation_loss",
        "validation_accuracy",
        "seconds",
    }
    assert last["seconds"] > 0
    assert history.best_epoch is None and not history.interrupted


def test_without_validation_there_is_only_the_training_loss() -> None:
    _, history = plainly(validation=None, metrics=None, epochs=1)
    assert history.epochs[0].keys() == {"epoch", "train_loss", "seconds"}


def test_patience_stops_and_brings_the_best_weights_back() -> None:
    model, history = digits.train()
    losses = history.column("validation_loss")
    assert len(losses) == digits.LAST < digits.EPOCHS
    assert history.best_epoch == digits.BEST == 1 + int(np.argmin(losses))
    assert not history.interrupted
    measures = {"loss": cross_entropy}
    found = evaluate(model, digits.validation(), measures, digits.BATCH_SIZE)
    assert found["loss"] == min(losses)
    # They are those that the epoch ended with.
    three, _ = digits.train(
        epochs=3, patience=None, schedule=lambda done: one_cycle(done * 3 / 6, warm_up=0.4)
    )
    assert digits.same_weights(model, three)


@pytest.mark.parametrize(("patience", "length"), [(1, 4), (2, 5), (3, 6), (9, 6)])
def test_patience_counts_epochs_without_a_lower_loss(patience: int, length: int) -> None:
    _, history = digits.train(patience=patience)
    assert len(history.epochs) == length
    assert history.best_epoch == digits.BEST


def test_an_equal_loss_is_not_a_lower_one() -> None:
    _, history = digits.train(loss=lambda logits, _: logits.sum() * 0 + 1.0, patience=2)
    assert history.best_epoch == 1 and len(history.epochs) == 3


def test_a_validation_loss_that_is_not_finite_is_never_the_best() -> None:
    values = iter([float("nan"), 5.0, float("inf"), 4.0, float("nan"), float("nan")])

    def loss(logits: Tensor, labels: Tensor) -> Tensor:
        is_validation = len(labels) == len(digits.validation())
        return torch.tensor(next(values)) if is_validation else cross_entropy(logits, labels)

    _, history = digits.train(loss=loss)
    assert history.best_epoch == 4 and len(history.epochs) == 6


def test_finished_trainings_are_not_repeated(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    model, history = digits.train(path)

    def never(*_: Tensor) -> Any:
        raise AssertionError("it took another step")

    again, same = digits.train(path, augment=never)
    assert digits.same_weights(model, again)
    assert same == history


def test_it_goes_on_in_an_epoch_where_an_error_stopped_it(tmp_path: Path) -> None:
    whole, expected = digits.train()
    steps = 0

    def broken(images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        nonlocal steps
        steps += 1
        if steps == 9:
            raise RuntimeError("planted")
        return digits.shift(images, labels)

    model = digits.net()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    path = tmp_path / "a.safetensors"
    with pytest.raises(RuntimeError, match="planted"):
        digits.train(path, model, optimizer=optimizer, augment=broken)
    # The reader starts the same cell again: same model, same optimizer.
    assert optimizer.param_groups[0]["lr"] == 0.05
    assert not model.training
    _, history = digits.train(path, model, optimizer=optimizer)
    assert digits.same_weights(model, whole)
    assert digits.without_seconds(history) == digits.without_seconds(expected)


@pytest.mark.parametrize("kind", ["SGD", "momentum", "AdamW", "RMSprop", "Adagrad"])
def test_each_optimizer_goes_on_from_its_own_state(tmp_path: Path, kind: str) -> None:
    def run(path: Path | None, fail: bool) -> Any:
        model = digits.net()
        options = {"momentum": 0.9, "nesterov": True} if kind == "momentum" else {}
        make = getattr(torch.optim, "SGD" if kind == "momentum" else kind)
        optimizer = make(model.parameters(), lr=0.01, **options)
        steps = 0

        def maybe(images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
            nonlocal steps
            steps += 1
            if fail and steps == 4:
                raise RuntimeError("planted")
            return images, labels

        return digits.train(path, model, optimizer=optimizer, augment=maybe, epochs=2)[0]

    with pytest.raises(RuntimeError, match="planted"):
        run(tmp_path / "a.safetensors", fail=True)
    resumed = run(tmp_path / "a.safetensors", fail=False)
    assert digits.same_weights(resumed, run(None, fail=False))


def test_the_learning_rates_follow_the_schedule_and_come_back() -> None:
    model = digits.net()
    layers = [*model.children()]
    groups = [{"params": layers[0].parameters(), "lr": 0.1}, {"params": layers[6].parameters()}]
    optimizer = torch.optim.SGD(groups, lr=0.01)
    seen: list[tuple[float, float]] = []

    class Recorder(torch.optim.SGD):
        def step(self, closure: Any = None) -> Any:
            seen.append(tuple(group["lr"] for group in self.param_groups))
            return super().step(closure)

    optimizer.__class__ = Recorder
    schedule = partial(one_cycle, warm_up=0.5)
    plainly(model=model, optimizer=optimizer, epochs=2, schedule=schedule)
    factors = [schedule(step / 10) for step in range(10)]
    assert seen == [pytest.approx((0.1 * factor, 0.01 * factor)) for factor in factors]
    assert [group["lr"] for group in optimizer.param_groups] == [0.1, 0.01]


def test_the_model_is_left_in_evaluation_mode_and_trained_in_training_mode() -> None:
    modes = []
    model = digits.net()
    model.register_forward_hook(lambda module, *_: modes.append(module.training))
    plainly(model=model, epochs=2)
    assert not model.training
    assert modes == ([True] * 5 + [False] * 3) * 2


def test_a_loss_that_is_not_finite_raises_before_the_step() -> None:
    steps = 0

    def broken(images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        nonlocal steps
        steps += 1
        return (images * float("nan") if steps == 8 else images), labels

    model = digits.net(plain=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    with pytest.raises(
        FloatingPointError, match="the loss is nan in epoch 2, batch 3: its images hold NaN"
    ):
        plainly(model=model, optimizer=optimizer, augment=broken)
    assert all(torch.isfinite(each).all() for each in model.parameters())
    assert optimizer.param_groups[0]["lr"] == 0.05 and not model.training


def test_the_error_keeps_the_last_good_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"

    def broken(logits: Tensor, labels: Tensor) -> Tensor:
        return cross_entropy(logits, labels) / (0.0 if len(labels) == 8 else 1.0)

    with pytest.raises(
        FloatingPointError, match="the loss is inf in epoch 1, batch 5: try a lower"
    ):
        digits.train(path, loss=broken)
    assert path.exists()


def test_the_model_is_the_readers_own_afterwards(tmp_path: Path) -> None:
    """Nothing of the library stays on it: it can be copied, saved, and trained otherwise."""
    model, _ = plainly(epochs=1, precision="bf16")
    assert "forward" not in vars(model)
    assert not [name for name in vars(model) if "accelerate" in name or "original" in name]
    _, history = plainly(model=model, epochs=1)
    fresh, _ = plainly(epochs=1, precision="bf16")
    _, expected = plainly(model=fresh, epochs=1)
    assert history.column("train_loss") == expected.column("train_loss")
    torch.save(model, tmp_path / "whole.pt")


def test_a_second_training_in_another_precision_computes_in_it() -> None:
    """The library must not take the model for prepared."""
    dtypes = []
    model = digits.net(plain=True)
    model[0].register_forward_hook(lambda *given: dtypes.append(given[2].dtype))
    for precision in ("no", "bf16", "no"):
        plainly(model=model, epochs=1, precision=precision, validation=None, metrics=None)
    assert dtypes == [torch.float32] * 5 + [torch.bfloat16] * 5 + [torch.float32] * 5


def test_bf16_on_the_cpu_differs_little() -> None:
    _, exact = plainly(model=digits.net(plain=True))
    _, rough = plainly(model=digits.net(plain=True), precision="bf16")
    one, other = exact.column("train_loss"), rough.column("train_loss")
    assert one != other
    assert other == pytest.approx(one, rel=0.05)


def test_any_data_set_of_batches_and_any_targets_do() -> None:
    """For instance masks, made when they are asked for."""

    class Squares(ArrayDataset):
        def __init__(self) -> None:
            pass

        def __len__(self) -> int:
            return 6

        def __getitem__(self, indices: Any) -> tuple[Tensor, Tensor]:
            images = indices.float().reshape(-1, 1, 1, 1) * torch.ones(1, 1, 4, 4) / 6
            return images, images * 2

    torch.manual_seed(0)
    model = nn.Conv2d(1, 1, 1)
    rate = torch.optim.SGD(model.parameters(), lr=0.1)
    options: dict[str, Any] = {"loss": nn.functional.mse_loss, "optimizer": rate, "epochs": 60}
    history = fit(model, Squares(), batch_size=3, progress=False, **options)
    assert history.column("train_loss")[-1] < 0.05 < history.column("train_loss")[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": 0}, "epochs must be 1 or greater, got 0"),
        ({"epochs": 1.5}, "epochs must be an integer"),
        ({"batch_size": 0}, "batch_size must be 1 or greater"),
        ({"patience": 0}, "patience must be 1 or greater"),
        ({"checkpoint_every": 0}, "checkpoint_every must be 1 or greater"),
        ({"validation": None, "metrics": None}, "patience needs validation data"),
        ({"device": "gpu"}, "device must be one of 'auto', 'cpu', 'cuda', 'mps', got 'gpu'"),
        ({"precision": "half"}, "precision must be one of 'no', 'fp16', 'bf16', got 'half'"),
    ],
)
def test_bad_arguments_are_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        digits.train(**change)
