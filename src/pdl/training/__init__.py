"""Training in PyTorch: a loop on one page, with what a long training needs around it.

The device, mixed precision and several processes come from `accelerate`; the order of the images,
the checkpoints and the clean stop are our own.
"""

from __future__ import annotations

from pdl.training.batches import ArrayDataset, Batches
from pdl.training.checkpoints import load_checkpoint, save_checkpoint
from pdl.training.devices import make_accelerator
from pdl.training.evaluation import accuracy, evaluate, predict
from pdl.training.loop import History, fit
from pdl.training.schedules import constant, cosine, one_cycle

__all__ = [
    "ArrayDataset",
    "Batches",
    "History",
    "accuracy",
    "constant",
    "cosine",
    "evaluate",
    "fit",
    "load_checkpoint",
    "make_accelerator",
    "one_cycle",
    "predict",
    "save_checkpoint",
]
