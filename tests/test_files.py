"""A file is whole, or as it was."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pdl._files import write_whole


@pytest.mark.parametrize("stop", [KeyboardInterrupt, OSError])
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_stop_in_the_middle_leaves_the_old_file(tmp_path, monkeypatch, stop, call):
    path = tmp_path / "one.json"
    path.write_bytes(b"old")

    def stopped(*arguments):
        raise stop

    monkeypatch.setattr(os if call == "fsync" else Path, call, stopped)
    with pytest.raises(stop):
        write_whole(path, b"new and longer")
    assert os.listdir(tmp_path) == ["one.json"]
    assert path.read_bytes() == b"old"


def test_the_file_is_never_seen_half(tmp_path, monkeypatch):
    path = tmp_path / "a new folder" / "one.json"
    seen = []
    replace = Path.replace

    def look(self, target):
        seen.append((self.read_bytes(), path.exists()))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", look)
    write_whole(path, b"content")
    assert seen == [(b"content", False)]
    assert path.read_bytes() == b"content"
    assert os.listdir(path.parent) == ["one.json"]


def test_the_bytes_are_on_the_disk_before_the_name_is(tmp_path, monkeypatch):
    """Else a loss of power may leave the new name with nothing in it."""
    calls = []
    fsync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda number: calls.append("fsync") or fsync(number))
    monkeypatch.setattr(
        Path, "replace", lambda self, target: calls.append("replace") or replace(self, target)
    )
    write_whole(tmp_path / "one.json", b"content")
    assert calls == ["fsync", "replace"]
