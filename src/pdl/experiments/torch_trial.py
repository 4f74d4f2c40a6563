"""One training in PyTorch: its recipe, and what comes of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from pdl.experiments.trial import Report, Trained
from pdl.training import ArrayDataset, History, accuracy, fit
from pdl.training.state import Place


@dataclass(frozen=True)
class Recipe:
    """How a network is made and trained.

    Attributes
    ----------
    build : callable
        Makes the network; its weights come from PyTorch's generator.
    learning_rate : float
        Of Adam.
    batch_size, epochs : int
    schedule, augment : callable, optional
        See :func:`pdl.training.fit`.
    watch : bool
        Whether the test images are read after each epoch too; nothing is chosen by that.
    """

    build: Callable[[], nn.Module]
    learning_rate: float
    batch_size: int
    epochs: int
    schedule: Callable[[float], float] | None = None
    augment: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]] | None = None
    watch: bool = False

    def settings(self) -> dict[str, Any]:
        """What JSON can say of it."""
        model = str(self.build())
        names = ("learning_rate", "batch_size", "epochs", "watch")
        found = {name: getattr(self, name) for name in names}
        return {"model": model, **found, "schedule": _name(self.schedule)}

    def count_parameters(self) -> int:
        """The numbers that the network learns."""
        return sum(each.numel() for each in self.build().parameters())

    def first_model(self, seed: int) -> nn.Module:
        """The network with the weights that the seed draws."""
        torch.manual_seed(seed)
        # Channels last is only another order in memory, and quicker on a CPU.
        return self.build().to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def train(
    recipe: Recipe,
    model: nn.Module,
    data: ArrayDataset,
    seed: int,
    *,
    test: ArrayDataset | None = None,
    loss: Callable[[Tensor, Tensor], Tensor] = cross_entropy,
    checkpoint: Path | None = None,
    report: Report = lambda part: None,
) -> Trained[nn.Module]:
    """Train a network by a recipe.

    Parameters
    ----------
    recipe : Recipe
    model : torch.nn.Module
        See :meth:`Recipe.first_model`; changed in place.
    data, test : ArrayDataset
        To train with; and to read after each epoch, if the recipe watches.
    seed : int
        Of the order, dropout and augmentation.
    loss : callable
        Of logits and labels.
    checkpoint : Path, optional
        See :func:`pdl.training.fit`. Losses from before a kill are not in it.
    report : callable
        Told the part that is done, 0…1, after each step.

    Raises
    ------
    KeyboardInterrupt
        If it is stopped: half a training is no result.
    """
    losses: list[float] = []
    batches = -(-len(data) // recipe.batch_size)

    def after_step(place: Place, value: float) -> None:
        losses.append(value)
        report((place.epoch + place.batch / batches) / recipe.epochs)

    try:
        history = fit(
            model,
            data,
            loss=loss,
            optimizer=torch.optim.Adam(model.parameters(), recipe.learning_rate, fused=True),
            epochs=recipe.epochs,
            batch_size=recipe.batch_size,
            validation=test if recipe.watch else None,
            metrics={"accuracy": accuracy},
            schedule=recipe.schedule,
            augment=recipe.augment,
            after_step=after_step,
            checkpoint=checkpoint,
            seed=seed,
            progress=False,
        )
    except FloatingPointError:
        history = History([], interrupted=False, best_epoch=None)
        losses += [math.nan] * (batches * recipe.epochs - len(losses))
    if history.interrupted:
        raise KeyboardInterrupt
    return Trained(model, losses, history.epochs)


def _name(function: Any) -> str | None:
    """Of a function, also one that some arguments are given to already."""
    named = function.func if isinstance(function, partial) else function
    return getattr(named, "__name__", None)
