"""One setting for CPU, GPU and MPS, for mixed precision and for several processes."""

from __future__ import annotations

import os

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import broadcast
from torch import Tensor

from pdl._validation import check_choice

DEVICES = ("auto", "cpu", "cuda", "mps")
PRECISIONS = ("no", "fp16", "bf16")


def make_accelerator(device: str = "auto", precision: str = "no") -> Accelerator:
    """Say where a training runs and in which precision.

    Parameters
    ----------
    device : {"auto", "cpu", "cuda", "mps"}
        "auto" takes the GPU if there is one, unless the environment variable ``PDL_DEVICE`` names
        another. Under ``torchrun`` or ``accelerate launch`` each process has its own.
    precision : {"no", "fp16", "bf16"}
        "no" computes in float32; the others use 16 bits where that is safe.

    Returns
    -------
    accelerate.Accelerator
        The library keeps one state for all of them: one made earlier follows the latest.

    Raises
    ------
    ValueError
        If a name is another one, this machine does not have the device, or the device not the
        precision.
    """
    check_choice(device, "device", DEVICES)
    if device == "auto":
        device = check_choice(os.environ.get("PDL_DEVICE", "auto"), "PDL_DEVICE", DEVICES)
    check_choice(precision, "precision", PRECISIONS)
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not there.get(device, True):
        raise ValueError(f"device: this machine has no {device}; `pdl doctor` says what it has")
    # A second training may want another device or precision than the first.
    AcceleratorState._reset_state(reset_partial_state=not torch.distributed.is_initialized())
    accelerator = Accelerator(cpu=device == "cpu", mixed_precision=precision)
    if device in there and accelerator.device.type != device:
        raise ValueError(f"device: asked for {device}, but got {accelerator.device}")
    if precision == "fp16" and accelerator.device.type == "cpu":
        raise ValueError("precision: fp16 needs a GPU; on a CPU take bf16")
    return accelerator


def any_process(accelerator: Accelerator, asked: bool) -> bool:
    """Whether any of the processes was asked to stop: all of them stop at the same step."""
    if accelerator.num_processes == 1:
        return asked
    wishes = torch.tensor(float(asked), device=accelerator.device)
    return bool(accelerator.reduce(wishes, "sum") > 0)


def from_first_process(accelerator: Accelerator, *tensors: Tensor) -> None:
    """Overwrite the tensors, in all processes, with those of the first one."""
    if accelerator.num_processes > 1:
        for each in tensors:
            each.copy_(broadcast(each.to(accelerator.device)))


def seed_step(*numbers: int) -> None:
    """Seed all chance of one step from its numbers alone: seed, epoch, batch, process.

    Nothing about generators has to be stored with a checkpoint: batch 7 of epoch 2 drops the same
    units whatever came before.
    """
    torch.manual_seed(int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0]))
