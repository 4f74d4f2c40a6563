"""Where a training stands, and the checkpoint that it goes on from after a crash."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from pdl._files import UnusableFileError
from pdl.training.checkpoints import (
    check_same_tensors,
    describe,
    load_checkpoint,
    pack,
    part,
    remove_leftovers,
    save_checkpoint,
    unpack,
)


@dataclass
class Place:
    """The next batch to take, and what has been counted so far.

    Attributes
    ----------
    epoch, batch : int
        The next batch, both counted from 0.
    loss_sum, images, seconds : float, int, float
        Of this epoch so far.
    history : list of dict
        One row for each epoch that is over.
    best_loss, best_epoch : float, int or None
        The lowest validation loss so far, and its epoch, counted from 1.
    finished : bool
        Whether patience has run out.
    """

    epoch: int = 0
    batch: int = 0
    loss_sum: float = 0.0
    images: int = 0
    seconds: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)
    best_loss: float | None = None
    best_epoch: int | None = None
    finished: bool = False

    def __str__(self) -> str:
        return f"epoch {self.epoch + 1}, batch {self.batch + 1}"

    def count_batch(self, loss: float, images: int, seconds: float) -> None:
        """Go on to the next batch."""
        self.batch += 1
        self.loss_sum += loss * images
        self.images += images
        self.seconds += seconds

    def close_epoch(self, measured: dict[str, float]) -> None:
        """Write the epoch's row and go on to the next epoch."""
        self.history.append(
            {
                "epoch": self.epoch + 1,
                "train_loss": self.loss_sum / self.images,
                **measured,
                "seconds": self.seconds,
            }
        )
        self.epoch, self.batch = self.epoch + 1, 0
        self.loss_sum, self.images, self.seconds = 0.0, 0, 0.0

    def is_possible(self, epochs: int, batches: int) -> bool:
        """Whether a training of so many epochs, each of so many batches, can stand here."""
        counts = (self.epoch, self.batch, self.images, self.best_epoch or 0)
        numbers = (self.loss_sum, self.seconds, self.best_loss or 0.0)
        return (
            all(type(each) is int for each in counts)
            and all(isinstance(each, (int, float)) and math.isfinite(each) for each in numbers)
            and 0 <= self.epoch <= epochs
            and 0 <= self.batch <= (batches if self.epoch < epochs else 0)
            and (self.batch > 0) == (self.images > 0)
            and [row["epoch"] for row in self.history] == list(range(1, self.epoch + 1))
            and 0 <= (self.best_epoch or 0) <= self.epoch
            and (self.best_loss is None) == (self.best_epoch is None)
        )


@contextmanager
def restored_afterwards(
    model: nn.Module, optimizer: torch.optim.Optimizer
) -> Iterator[list[float]]:
    """Give the optimizer's learning rates, one a group, and restore them however it ends.

    A schedule changes them in each step; a reader who starts the cell again after an error must
    not begin with the last of them. The model is left in evaluation mode.
    """
    rates = [float(group["lr"]) for group in optimizer.param_groups]
    try:
        yield rates
    finally:
        scale_learning_rates(optimizer, rates, 1.0)
        model.eval()


def scale_learning_rates(
    optimizer: torch.optim.Optimizer, rates: Sequence[float], factor: float
) -> None:
    """Set the learning rate of each group to ``factor`` times the one given for it."""
    for group, rate in zip(optimizer.param_groups, rates, strict=True):
        group["lr"] = rate * factor


def describe_optimizer(optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """Its kind and its groups' options, by a name that a message can use."""
    found: dict[str, Any] = {"optimizer": type(optimizer).__name__}
    for number, group in enumerate(optimizer.param_groups):
        options = {**group, "params": len(group["params"])}
        found |= {f"{name} of parameter group {number}": each for name, each in options.items()}
    return found


class Checkpointer:
    """Saves model, optimizer, place and best weights to a file; without a path, nothing is saved.

    Parameters
    ----------
    accelerator : accelerate.Accelerator
        Only its first process writes.
    path : path or None
        Of the checkpoint.
    settings : dict
        What must be the same when the training goes on.
    model, optimizer
        Whose state is saved.
    """

    def __init__(
        self,
        accelerator: Accelerator,
        path: str | Path | None,
        settings: dict[str, Any],
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
    ) -> None:
        self.accelerator = accelerator
        self.path = None if path is None else Path(path)
        # As JSON gives them back: a tuple is a list there.
        self.settings: dict[str, Any] = json.loads(json.dumps(settings, default=float))
        self.model = model
        self.optimizer = optimizer
        self.best: dict[str, Tensor] = {}

    def resume(self) -> Place:
        """Return the place of the checkpoint, if there is one, and restore all else.

        Raises
        ------
        UnusableFileError
            If the checkpoint is damaged, altered or of another training; nothing is changed then.
        """
        if self.path is None:
            return Place()
        if self.accelerator.is_main_process:
            remove_leftovers(self.path)
        if not self.path.exists():
            return Place()
        tensors, facts = load_checkpoint(self.path)
        try:
            place, settings = Place(**facts["place"]), {**facts["settings"]}
        except (KeyError, TypeError):
            raise UnusableFileError(
                f"checkpoint: {self.path} does not say where it stands"
            ) from None
        for name in self.settings | settings:
            old, new = settings.get(name), self.settings.get(name)
            if old != new:
                raise UnusableFileError(
                    f"checkpoint: {self.path} was written with {name} = {old!r}, but this training "
                    f"has {new!r}; name another file, or delete it to begin anew"
                )
        self._check(place, tensors, facts)
        unpack(tensors, self.model, self.optimizer)
        device = self.accelerator.device
        self.best = {name: each.to(device) for name, each in part(tensors, "best.").items()}
        return place

    def _check(self, place: Place, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
        """Refuse a place where no training can stand, and tensors that are not those written."""
        epochs, images = self.settings["epochs"], self.settings["images"]
        batches = math.ceil(images / self.settings["batch_size"])
        try:
            possible = place.is_possible(epochs, batches)
            written = {**facts.get("tensors", describe(tensors))}
        except (KeyError, TypeError):
            possible = False
        if not possible:
            raise UnusableFileError(
                f"checkpoint: {self.path} was altered: it says {asdict(place)}, where no training "
                f"of {epochs} epochs of {batches} batches can stand; delete it to begin anew"
            )
        if written != describe(tensors):
            differing = set(written.items()) ^ set(describe(tensors).items())
            raise UnusableFileError(
                f"checkpoint: {self.path} was altered: {min(differing)[0]!r} is not as it was "
                "written; delete it to begin anew"
            )
        own = {} if place.best_epoch is None else self.model.state_dict()
        check_same_tensors(part(tensors, "best."), own, "model")

    def save(self, place: Place) -> None:
        """Write the checkpoint."""
        if self.path is None or not self.accelerator.is_main_process:
            return
        tensors = pack(self.model, self.optimizer)
        tensors |= {f"best.{name}": each for name, each in self.best.items()}
        facts = {
            "settings": self.settings,
            "place": asdict(place),
            "tensors": describe(tensors),
        }
        save_checkpoint(self.path, tensors, facts)

    def stop_early(self, place: Place, loss: float, patience: int) -> None:
        """Keep the weights of the lowest validation loss; see whether patience has run out."""
        if math.isfinite(loss) and (place.best_loss is None or loss < place.best_loss):
            place.best_loss, place.best_epoch = loss, place.epoch
            self.best = {name: each.clone() for name, each in self.model.state_dict().items()}
        place.finished = place.epoch - (place.best_epoch or 0) >= patience

    def restore_best(self) -> None:
        """Load the weights of the lowest validation loss, if early stopping has kept any."""
        if self.best:
            self.model.load_state_dict(self.best)
