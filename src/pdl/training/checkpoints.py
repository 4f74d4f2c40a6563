"""Checkpoints without pickle: tensors and a JSON text in one safetensors file."""

from __future__ import annotations

import glob
import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from pdl._files import write_whole


def save_checkpoint(path: Path, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
    """Write a checkpoint so that a crash at any moment leaves the old one or the new one whole.

    Parameters
    ----------
    path : Path
        Of the file, ``.safetensors``. Its folder is made.
    tensors : dict of str to Tensor
        By name.
    facts : dict
        What JSON can say.

    Raises
    ------
    TypeError
        If JSON cannot say the facts.
    OSError
        If the file cannot be written; an old one stays as it was.
    """
    own = {name: each.detach().cpu().contiguous().clone() for name, each in tensors.items()}
    content = save(own, {"facts": json.dumps(facts)})
    write_whole(path, content)


def remove_leftovers(path: Path) -> None:
    """Delete what a process that was killed while writing the checkpoint left beside it."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        left.unlink(missing_ok=True)


def load_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what :func:`save_checkpoint` wrote.

    Returns
    -------
    tensors : dict of str to Tensor
    facts : dict

    Raises
    ------
    ValueError
        If the file is not a whole checkpoint.
    """
    try:
        with safe_open(path, "pt") as opened:
            facts: dict[str, Any] = json.loads((opened.metadata() or {})["facts"])
            names = opened.keys()
            # Copies: otherwise the tensors stay a view of the file, which is soon replaced.
            return {name: opened.get_tensor(name).clone() for name in names}, facts
    except (SafetensorError, KeyError, json.JSONDecodeError) as error:
        raise ValueError(f"path: {path} is not a whole checkpoint of ours: {error}") from None


def pack(model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The tensors of a model ("model.NAME") and of its optimizer ("optimizer.NUMBER.NAME")."""
    tensors = {f"model.{name}": each for name, each in model.state_dict().items()}
    for number, state in optimizer.state_dict()["state"].items():
        for name, each in state.items():
            tensors[f"optimizer.{number}.{name}"] = torch.as_tensor(each)
    return tensors


def unpack(
    tensors: dict[str, Tensor], model: torch.nn.Module, optimizer: torch.optim.Optimizer
) -> None:
    """Put the tensors of :func:`pack` back.

    Raises
    ------
    ValueError
        If they are those of another model, which then stays as it was.
    """
    kept, own = describe(part(tensors, "model.")), describe(model.state_dict())
    if kept != own:
        name = min(name for name in kept | own if kept.get(name) != own.get(name))
        raise ValueError(
            f"checkpoint is of another model: {name!r} is {kept.get(name, 'absent')} in the file "
            f"and {own.get(name, 'absent')} in the model"
        )
    model.load_state_dict(part(tensors, "model."))
    state: dict[int, dict[str, Tensor]] = {}
    for name, each in part(tensors, "optimizer.").items():
        number, _, key = name.partition(".")
        state.setdefault(int(number), {})[key] = each
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})


def describe(tensors: dict[str, Tensor]) -> dict[str, str]:
    """Shape and dtype of each tensor, in words."""
    return {name: f"{tuple(each.shape)} of {each.dtype}" for name, each in tensors.items()}


def part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Those whose names begin with ``prefix``, without it."""
    return {
        name.removeprefix(prefix): each for name, each in tensors.items() if name.startswith(prefix)
    }
