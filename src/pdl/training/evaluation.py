"""What a model is worth on images that it was not trained on."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from pdl.training.batches import ArrayDataset, Batches
from pdl.training.checks import explain_images, explain_targets
from pdl.training.devices import from_first_process, make_accelerator

Measure = Callable[[Tensor, Tensor], Tensor]


@torch.no_grad()
def predict(
    model: nn.Module,
    data: ArrayDataset,
    batch_size: int = 256,
    accelerator: Accelerator | None = None,
) -> tuple[Tensor, Tensor]:
    """The outputs of a model in evaluation mode, and the targets, both on the CPU.

    Parameters
    ----------
    model : torch.nn.Module
        Left in evaluation mode.
    data : ArrayDataset
        All of it is looked at, by each process.
    batch_size : int
        Images at a time; it changes the time taken, not the result.
    accelerator : accelerate.Accelerator, optional
        By default that of :func:`pdl.training.make_accelerator`.

    Returns
    -------
    outputs, targets : Tensor
        In the order of the data.
    """
    accelerator = accelerator or make_accelerator()
    model.to(accelerator.device).eval()
    outputs, targets = [], []
    for indices in Batches(len(data), batch_size, shuffle=False).of_epoch(0):
        images, target = data[indices]
        with accelerator.autocast(), explain_images(model, images):
            outputs.append(model(images.to(accelerator.device)).float().cpu())
        targets.append(target)
    return torch.cat(outputs), torch.cat(targets)


def evaluate(
    model: nn.Module,
    data: ArrayDataset,
    measures: Mapping[str, Measure],
    batch_size: int = 256,
    accelerator: Accelerator | None = None,
) -> dict[str, float]:
    """Measure a model over all images of a data set.

    Parameters
    ----------
    model, data, batch_size, accelerator
        As in :func:`predict`.
    measures : mapping of str to callable
        Of all outputs and all targets, for instance the loss.

    Returns
    -------
    dict of str to float
        One number a measure; several processes all get the first one's.
    """
    accelerator = accelerator or make_accelerator()
    outputs, targets = predict(model, data, batch_size, accelerator)
    with explain_targets(targets):
        numbers = [float(measure(outputs, targets)) for measure in measures.values()]
    agreed = torch.tensor(numbers, dtype=torch.float64)
    from_first_process(accelerator, agreed)
    return dict(zip(measures, agreed.tolist(), strict=True))


def accuracy(logits: Tensor, labels: Tensor) -> Tensor:
    """The part of the images whose largest logit is that of the true class, 0…1.

    Parameters
    ----------
    logits : Tensor, shape (N, K)
    labels : Tensor of int, shape (N,)

    Raises
    ------
    ValueError
        If there is not one label for each row of logits.

    Examples
    --------
    >>> float(accuracy(torch.tensor([[2.0, 1.0], [0.0, 3.0]]), torch.tensor([0, 0])))
    0.5
    """
    answers = logits.argmax(dim=1)
    if answers.shape != labels.shape:
        raise ValueError(
            f"labels must have shape {tuple(answers.shape)}, one class number for each row of "
            f"logits, got shape {tuple(labels.shape)}"
        )
    return (answers == labels).float().mean()
