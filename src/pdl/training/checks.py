"""What PyTorch would say far from the cause, or not at all: said in the reader's own terms."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from pdl.training.batches import ArrayDataset, Batches

BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
OF_TORCH = (IndexError, RuntimeError, TypeError, ValueError)


def check_optimizer(model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Raise ValueError unless the optimizer would train the model, and nothing else."""
    own = {id(each) for each in model.parameters()}
    given = [each for group in optimizer.param_groups for each in group["params"]]
    foreign = sum(id(each) not in own for each in given)
    if foreign:
        raise ValueError(
            f"optimizer: {foreign} of its {len(given)} parameters are not this model's; make it "
            "from model.parameters() of the very model that is trained"
        )
    if not any(each.requires_grad for each in given):
        raise ValueError(
            "optimizer: none of its parameters has requires_grad, so that it would train nothing"
        )


def check_last_batch(
    model: nn.Module,
    train: ArrayDataset,
    batches: Batches,
    prepare: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]],
) -> None:
    """Raise ValueError if the model takes the first batch but not a last one of a single image.

    So it is with batch normalization after a fully connected layer: one number per channel has no
    deviation. Tried with a copy of the model, which else would fail when the first epoch is over.

    Parameters
    ----------
    model : torch.nn.Module
        Stays as it is.
    train, batches
        The images, and the batches of this process.
    prepare : callable
        What is done to a batch of images and targets before the model has it.
    """
    if len(batches) == 1 or not 1 == batches.last < batches.batch_size // batches.processes:
        return
    if not any(isinstance(each, BATCH_NORMS) for each in model.modules()):
        return
    first, *_, last = batches.of_epoch(0)

    def refusal(indices: Tensor) -> Exception | None:
        try:
            with torch.no_grad():
                copy.deepcopy(model).train()(prepare(*train[indices])[0])
        except OF_TORCH as error:
            return error
        return None

    error = refusal(last)
    if error is not None and refusal(first) is None:
        raise ValueError(
            f"batch_size: {batches.size} images in batches of {batches.batch_size} leave a last "
            f"batch of one image a process, which this model cannot take in training ({error}); "
            f"{_other_size(batches)}"
        ) from error


def _other_size(batches: Batches) -> str:
    """A batch size near the one given whose last batch is larger."""
    for size in range(batches.batch_size, batches.processes, -batches.processes):
        other = Batches(batches.size, size, processes=batches.processes)
        if other.last > 1:
            return f"batch_size={size} leaves none"
    return "leave an image out"


@contextmanager
def explain_images(model: nn.Module, images: Tensor) -> Iterator[None]:
    """Turn PyTorch's error in a model that cannot take the images into what to change.

    Raises
    ------
    ValueError
        In place of PyTorch's error, where the cause is known; else that error goes on.
    """
    try:
        yield
    except OF_TORCH as error:
        _raise_cause(error, _cause_in_images(model, images, error))


@contextmanager
def explain_targets(targets: Tensor) -> Iterator[None]:
    """Turn PyTorch's error in a loss that cannot take the targets into what to change.

    Raises
    ------
    ValueError
        As :func:`explain_images`.
    """
    try:
        yield
    except OF_TORCH as error:
        _raise_cause(error, _cause_in_targets(targets, error))


def _raise_cause(error: Exception, cause: str | None) -> None:
    """Raise the cause as a ValueError, or the error itself if it is unknown."""
    if cause is None:
        raise error
    raise ValueError(f"{cause} (PyTorch: {error})") from error


def _cause_in_images(model: nn.Module, images: Tensor, error: Exception) -> str | None:
    """Why the model cannot have taken the images, as far as its first layer with weights tells."""
    if len(images) == 1 and "more than 1 value per channel" in str(error):
        return "batch normalization has one number per channel in a batch of one image: take more"
    leaves = (each for each in model.modules() if [*each.parameters(recurse=False)])
    first = next(leaves, None)
    if not isinstance(first, (nn.Conv2d, nn.Linear)):
        return None
    shape, weights = tuple(images.shape), first.weight.dtype
    if images.dtype != weights:
        return (
            f"images are {_name(images.dtype)}, but the model computes in {_name(weights)}: give "
            f"images.astype(np.{_name(weights)})"
        )
    if isinstance(first, nn.Conv2d) and (len(shape) != 4 or shape[1] != first.in_channels):
        channels = first.in_channels
        advice = ""
        if len(shape) == 4 and shape[3] == channels:
            advice = ": the channels are last; give images.transpose(0, 3, 1, 2)"
        elif len(shape) == 3:
            advice = ": an axis is missing, the channels' (images[:, np.newaxis]) or, for a single "
            advice += "image, that of the batch (image[np.newaxis])"
        return f"images must have shape (N, {channels}, H, W), but this batch has {shape}{advice}"
    if isinstance(first, nn.Linear) and first.in_features not in (shape[-1], math.prod(shape[1:])):
        return (
            f"images must have {first.in_features} numbers each, but those of this batch have "
            f"{math.prod(shape[1:])} (shape {shape})"
        )
    return None


def _cause_in_targets(targets: Tensor, error: Exception) -> str | None:
    """Why a loss of class numbers cannot have taken the targets."""
    shape, kind = tuple(targets.shape), _name(targets.dtype)
    if isinstance(error, IndexError) and not targets.is_floating_point() and targets.numel():
        return (
            "targets: class numbers are 0 … K − 1, for K outputs of the model, but in this batch "
            f"they are {int(targets.min())} … {int(targets.max())}"
        )
    if "target dtype" in str(error) or "type Long" in str(error):
        return f"targets are {kind}, but class numbers must be int64: give labels.astype(np.int64)"
    if len(shape) == 2 and "target" in str(error):
        remedy = "labels[:, 0]" if shape[1] == 1 else "labels.argmax(axis=1)"
        return f"targets of shape {shape} are no class numbers, which are (N,): give {remedy}"
    return None


def check_loss(value: object) -> None:
    """Raise TypeError or ValueError unless the loss is one number with a gradient."""
    if not isinstance(value, Tensor):
        raise TypeError(f"loss must return a Tensor, got {type(value).__name__}")
    if value.numel() != 1:
        raise ValueError(
            f"loss must return one number, the mean over the batch, got shape {tuple(value.shape)}"
        )
    if not value.requires_grad:
        raise ValueError("loss has no gradient: it does not come from the outputs of the model")


def check_finite(mean: float, where: str, images: Tensor) -> None:
    """Raise FloatingPointError, with the likeliest cause, unless the loss is finite."""
    if math.isfinite(mean):
        return
    if images.is_floating_point() and not torch.isfinite(images).all():
        raise FloatingPointError(f"the loss is {mean} in {where}: its images hold NaN or infinity")
    raise FloatingPointError(
        f"the loss is {mean} in {where}: try a lower learning rate, and look at the inputs"
    )


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
