"""A checkpoint that cannot be written leaves the old one whole, and nothing beside it."""

from __future__ import annotations

import errno
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from pdl.training import load_checkpoint, save_checkpoint

from . import digits

TENSORS = {"a": torch.arange(6.0)}


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """No file may grow beyond it: a write stops half-way, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_write_that_stops_half_way_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    save_checkpoint(path, TENSORS, {})
    before = path.read_bytes()
    with file_size_limit(10_000), pytest.raises(OSError, match="too large") as raised:
        save_checkpoint(path, {"a": torch.zeros(100_000)}, {})
    assert raised.value.errno == errno.EFBIG
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
def test_a_full_disk_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = tmp_path / "a.safetensors"
    save_checkpoint(path, TENSORS, {})
    before = path.read_bytes()

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    class Full:
        """A file on a disk that has room for 100 bytes."""

        def __init__(self, path: Path) -> None:
            self.file = open(path, "wb", buffering=0)  # noqa: SIM115

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None:
            self.file.close()

        def write(self, content: bytes) -> None:
            self.file.write(content[:100])
            full()

    if call == "write":
        monkeypatch.setattr(Path, "open", lambda path, mode: Full(path))
    elif call == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    else:
        monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        save_checkpoint(path, {"a": torch.zeros(100_000)}, {})
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_disk_that_fills_in_a_training_leaves_a_checkpoint_to_go_on_from(tmp_path: Path) -> None:
    whole, expected = digits.train()
    path = tmp_path / "a.safetensors"
    digits.train(tmp_path / "other.safetensors", epochs=1)
    size = (tmp_path / "other.safetensors").stat().st_size
    # The first checkpoints fit; those that hold the best weights as well do not.
    with file_size_limit(size - 1000), pytest.raises(OSError, match="too large"):
        digits.train(path)
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "a.safetensors",
        "other.safetensors",
    ]
    place = load_checkpoint(path)[1]["place"]
    assert (place["epoch"], place["batch"]) == (0, 4)
    resumed, history = digits.train(path)
    assert digits.same_weights(resumed, whole)
    assert digits.without_seconds(history) == digits.without_seconds(expected)
