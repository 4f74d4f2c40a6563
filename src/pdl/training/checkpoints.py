"""Checkpoints without pickle: tensors and a JSON text in one safetensors file."""

from __future__ import annotations

import glob
import json
import warnings
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from pdl._files import UnusableFileError, write_whole


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
    text = json.dumps(facts)
    write_whole(path, save(own, {"facts": text, "sha256": _checksum(own, text)}))


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
    UnusableFileError
        If the file is not a whole checkpoint, or something in it is not as it was written; a
        ValueError.

    Warns
    -----
    UserWarning
        If the file has no checksum, as those of earlier versions.
    """
    try:
        with safe_open(path, "pt") as opened:
            metadata = opened.metadata() or {}
            facts: dict[str, Any] = json.loads(metadata["facts"])
            # Copies: otherwise the tensors stay a view of the file, which is soon replaced.
            tensors = {name: opened.get_tensor(name).clone() for name in opened.keys()}  # noqa: SIM118
    except (SafetensorError, KeyError, json.JSONDecodeError) as error:
        raise UnusableFileError(
            f"path: {path} is not a whole checkpoint of ours: {error}"
        ) from None
    if metadata.keys() == {"facts"}:
        warnings.warn(
            f"{path} has no checksum, as those of earlier versions: whether it is undamaged cannot "
            "be seen",
            stacklevel=2,
        )
    elif metadata.get("sha256") != _checksum(tensors, metadata["facts"]):
        raise UnusableFileError(
            f"path: {path} is damaged or was altered: its checksum is another one; delete it to "
            "begin anew"
        )
    return tensors, facts


def _checksum(tensors: dict[str, Tensor], facts: str) -> str:
    """The SHA-256 of all that a checkpoint says: facts, and name, dtype, shape, bytes of each."""
    digest = sha256(facts.encode())
    for name, each in sorted(tensors.items()):
        digest.update(f"{name!r} {each.dtype} {tuple(each.shape)}".encode())
        digest.update(each.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


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
    UnusableFileError
        If they are those of another model, which then stays as it was; a ValueError.
    """
    check_same_tensors(part(tensors, "model."), model.state_dict(), "model")
    state: dict[int, dict[str, Tensor]] = {}
    count = sum(len(group["params"]) for group in optimizer.param_groups)
    for name, each in part(tensors, "optimizer.").items():
        number, _, key = name.partition(".")
        if not (number.isdecimal() and int(number) < count):
            raise UnusableFileError(
                f"checkpoint has a state {name!r}, but the optimizer has the parameters 0 … "
                f"{count - 1}"
            )
        state.setdefault(int(number), {})[key] = each
    model.load_state_dict(part(tensors, "model."))
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})


def check_same_tensors(kept: dict[str, Tensor], own: dict[str, Tensor], what: str) -> None:
    """Raise UnusableFileError unless both have the same names, shapes and dtypes."""
    found, expected = describe(kept), describe(own)
    if found != expected:
        name = min(name for name in found | expected if found.get(name) != expected.get(name))
        raise UnusableFileError(
            f"checkpoint is of another {what}: {name!r} is {found.get(name, 'absent')} in the file "
            f"and {expected.get(name, 'absent')} in the {what}"
        )


def describe(tensors: dict[str, Tensor]) -> dict[str, str]:
    """Shape and dtype of each tensor, in words."""
    return {name: f"{tuple(each.shape)} of {each.dtype}" for name, each in tensors.items()}


def part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Those whose names begin with ``prefix``, without it."""
    return {
        name.removeprefix(prefix): each for name, each in tensors.items() if name.startswith(prefix)
    }
