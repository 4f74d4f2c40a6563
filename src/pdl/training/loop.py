"""The training loop, on one page."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from pdl._validation import check_integer
from pdl.training.batches import ArrayDataset, Batches
from pdl.training.checks import (
    check_finite,
    check_last_batch,
    check_loss,
    check_optimizer,
    explain_images,
    explain_targets,
)
from pdl.training.devices import any_process, from_first_process, make_accelerator, seed_step
from pdl.training.evaluation import Measure, evaluate
from pdl.training.interrupts import stop_between_steps
from pdl.training.progress import progress_bar
from pdl.training.state import (
    Checkpointer,
    Place,
    describe_optimizer,
    restored_afterwards,
    scale_learning_rates,
)

Augment = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
Schedule = Callable[[float], float]
AfterStep = Callable[[Place, float], object]


@dataclass(frozen=True)
class History:
    """What happened in a training.

    Attributes
    ----------
    epochs : list of dict
        One row an epoch: ``epoch`` (from 1), ``train_loss`` (over the epoch's images, while the
        weights were changing), with validation data ``validation_loss`` and
        ``validation_NAME`` of each metric, and ``seconds`` of training.
    interrupted : bool
        Whether Ctrl-C ended it.
    best_epoch : int or None
        With early stopping, the epoch whose weights the model has now.
    """

    epochs: list[dict[str, float]]
    interrupted: bool
    best_epoch: int | None

    def column(self, name: str) -> list[float]:
        """One quantity over the epochs."""
        return [row[name] for row in self.epochs]


def train_step(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    loss: Measure,
    images: Tensor,
    targets: Tensor,
    accelerator: Accelerator,
    place: Place,
) -> float:
    """Take one step of gradient descent: outputs, loss, gradient, update.

    Parameters
    ----------
    model, optimizer
        As the accelerator has prepared them.
    loss, images, targets
        Of the batch: what this process has of it.
    accelerator : accelerate.Accelerator
        Averages the gradient over the processes.
    place : Place
        Where the training stands, for the message.

    Returns
    -------
    float
        The loss before the update, a mean over the processes.

    Raises
    ------
    FloatingPointError
        If it is not finite; the weights stay as they are then.
    """
    optimizer.zero_grad()
    with explain_images(model, images):
        outputs = model(images)
    with explain_targets(targets):
        value = loss(outputs, targets)
    check_loss(value)
    mean = float(accelerator.reduce(value.detach(), "mean"))
    check_finite(mean, str(place), images)
    accelerator.backward(value)
    optimizer.step()
    return mean


def fit(
    model: nn.Module,
    train: ArrayDataset,
    *,
    loss: Measure,
    optimizer: torch.optim.Optimizer,
    epochs: int,
    batch_size: int,
    validation: ArrayDataset | None = None,
    metrics: Mapping[str, Measure] | None = None,
    schedule: Schedule | None = None,
    augment: Augment | None = None,
    after_step: AfterStep | None = None,
    patience: int | None = None,
    checkpoint: str | Path | None = None,
    checkpoint_every: int | None = None,
    device: str = "auto",
    precision: str = "no",
    seed: int = 0,
    progress: bool = True,
) -> History:
    """Train a model.

    Parameters
    ----------
    model : torch.nn.Module
        Changed in place, and left in evaluation mode.
    train, validation : ArrayDataset
        Or any data set that takes an array of indices and returns a batch of images and targets.
    loss : callable
        Of the model's outputs and the targets; the mean over the batch.
    optimizer : torch.optim.Optimizer
        Of the model's parameters.
    epochs, batch_size : int
        ``batch_size`` counts the images over all processes together.
    metrics : mapping of str to callable, optional
        Of all validation outputs and targets.
    schedule : callable, optional
        From the progress of the training, 0…1, to a factor of the learning rate.
    augment : callable, optional
        Changes a training batch; may draw from PyTorch's own generator.
    after_step : callable, optional
        Told after each step where the training stands (``place.epoch``, counted from 0, and
        ``place.batch``, how many of its batches are done) and the loss of the batch. It is not
        called for a loss that is not finite, which ends the training; what it raises does so too.
    patience : int, optional
        Stop after so many epochs without a lower validation loss, and go back to the best weights.
    checkpoint : path, optional
        Where the state is kept (``.safetensors``). If the file is there, the training goes on
        from it: on a CPU to the same weights, bit for bit, as without the interruption.
    checkpoint_every : int, optional
        Batches between two checkpoints; there is one at the end of each epoch in any case.
    device, precision : str
        See :func:`make_accelerator`.
    seed : int
        Of the order of the images, of dropout, of augmentation. The weights are the model's own.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    History

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, the model or the loss cannot take a batch, or the
        checkpoint is damaged or of another training.
    FloatingPointError
        If the loss is not finite; the weights are those from before that step.
    """
    check_integer(epochs, "epochs", minimum=1)
    for name, number in {"patience": patience, "checkpoint_every": checkpoint_every}.items():
        if number is not None:
            check_integer(number, name, minimum=1)
    if patience is not None and validation is None:
        raise ValueError("patience needs validation data: without them there is nothing to watch")
    check_optimizer(model, optimizer)
    accelerator = make_accelerator(device, precision)
    process, processes = accelerator.process_index, accelerator.num_processes
    batches = Batches(len(train), batch_size, seed, process=process, processes=processes)
    settings = {
        "epochs": epochs,
        "batch_size": batch_size,
        "seed": seed,
        "patience": patience,
        "precision": precision,
        "images": len(train),
        **describe_optimizer(optimizer),
    }
    # The library marks what it prepares, for the precision and against a second time; wrapped in
    # another module the reader's model stays unmarked.
    wrapped, stepping = accelerator.prepare(nn.Sequential(model), optimizer)
    checkpointer = Checkpointer(accelerator, checkpoint, settings, model, optimizer)

    def prepare(images: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        images, targets = images.to(accelerator.device), targets.to(accelerator.device)
        return (images, targets) if augment is None else augment(images, targets)

    check_last_batch(model, train, batches, prepare)
    with (
        restored_afterwards(model, optimizer) as rates,
        stop_between_steps() as stop,
        progress_bar(progress and accelerator.is_main_process, len(batches), epochs) as show,
    ):
        place = checkpointer.resume()
        stopped = False
        while place.epoch < epochs and not place.finished and not stopped:
            wrapped.train()
            for indices in batches.of_epoch(place.epoch, first=place.batch):
                began = time.perf_counter()
                seed_step(seed, place.epoch, place.batch, process)
                images, targets = prepare(*train[indices])
                if schedule is not None:
                    done = (place.epoch + place.batch / len(batches)) / epochs
                    scale_learning_rates(optimizer, rates, schedule(done))
                value = train_step(wrapped, stepping, loss, images, targets, accelerator, place)
                place.count_batch(value, len(indices) * processes, time.perf_counter() - began)
                show(place)
                if after_step is not None:
                    after_step(place, value)
                stopped = any_process(accelerator, stop.asked)
                if stopped or (checkpoint_every and place.batch % checkpoint_every == 0):
                    checkpointer.save(place)
                if stopped:
                    break

            # Beyond the last one: fewer processes have taken a batch that these cannot share.
            if place.batch >= len(batches):
                measured = {}
                if validation is not None:
                    # Each process has batch normalization's running means of its own images.
                    from_first_process(accelerator, *model.buffers())
                    measures = {"loss": loss, **(metrics or {})}
                    found = evaluate(model, validation, measures, batch_size, accelerator)
                    measured = {f"validation_{name}": each for name, each in found.items()}
                place.close_epoch(measured)
                if patience is not None:
                    checkpointer.stop_early(place, measured["validation_loss"], patience)
                checkpointer.save(place)
                stopped = any_process(accelerator, stop.asked)

    interrupted = place.epoch < epochs and not place.finished
    if not interrupted:
        checkpointer.restore_best()
    return History(place.history, interrupted, place.best_epoch)
