"""A file is whole, or as it was."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pdl._files import as_path, check_writable, path_setting, write_together, write_whole


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


@pytest.mark.parametrize("full_at", [1, 2])
def test_of_files_that_belong_together_all_are_new_or_none(tmp_path, monkeypatch, full_at):
    paths = [tmp_path / "record.json", tmp_path / "weights" / "w.safetensors"]
    write_together({path: b"old" for path in paths})
    calls = []
    fsync = os.fsync

    def sometimes(number):
        calls.append(number)
        if len(calls) == full_at:
            raise OSError("No space left")
        fsync(number)

    monkeypatch.setattr(os, "fsync", sometimes)
    with pytest.raises(OSError, match="No space"):
        write_together({path: b"new" for path in paths})
    assert [path.read_bytes() for path in paths] == [b"old", b"old"]
    assert sorted(os.listdir(tmp_path)) == ["record.json", "weights"]
    assert os.listdir(tmp_path / "weights") == ["w.safetensors"]
    write_together({path: b"new" for path in paths})
    assert [path.read_bytes() for path in paths] == [b"new", b"new"]


def test_a_place_that_can_be_written_stays_as_it_was(tmp_path):
    path = tmp_path / "a new folder" / "one.json"
    check_writable(path)
    assert os.listdir(path.parent) == []
    path.write_bytes(b"old")
    check_writable(path)
    assert path.read_bytes() == b"old"
    assert os.listdir(path.parent) == ["one.json"]


def test_a_place_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError, match=r"one\.json cannot be written \(.*\): name another place"):
        check_writable(tmp_path / "file" / "one.json")
    with pytest.raises(IsADirectoryError, match="is a folder; name a file"):
        check_writable(tmp_path)

    def stopped(*arguments):
        raise OSError("No space left")

    monkeypatch.setattr(os, "fsync", stopped)
    with pytest.raises(OSError, match=r"one\.json cannot be written \(No space left\)"):
        check_writable(tmp_path / "one.json")
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("kind", [str, Path])
def test_a_home_is_written_out(kind, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("PDL_SOMEWHERE", "~/data")
    assert as_path(kind("~/data")) == path_setting("PDL_SOMEWHERE") == tmp_path / "data"
    assert as_path(kind("a/~b")) == Path("a/~b")
    monkeypatch.setenv("PDL_SOMEWHERE", "")
    assert path_setting("PDL_SOMEWHERE") is None
    monkeypatch.delenv("PDL_SOMEWHERE")
    assert path_setting("PDL_SOMEWHERE") is None


def test_what_is_no_path_is_refused_by_name():
    class Bytes:
        def __fspath__(self):
            return b"a"

    for wrong in (7, None, b"a", Bytes()):
        with pytest.raises(TypeError, match="folder must be a str or a Path, got"):
            as_path(wrong, "folder")
    with pytest.raises(ValueError, match="folder: the home of ~nobody-of-this-name is not known"):
        as_path("~nobody-of-this-name/a", "folder")
