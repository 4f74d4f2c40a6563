"""Downloads from a server that drops, stalls, truncates, lies about length, sends wrong bytes."""

from __future__ import annotations

import errno
import hashlib
import shutil
import types
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pdl.data.errors import DataError, DiskFullError
from pdl.data.store import download as downloads
from pdl.data.store.download import Patience, download

BODY = bytes(range(256)) * 40
QUICK = Patience(tries=3, connect_seconds=20, silent_seconds=20, pause_seconds=0)
BRIEF = replace(QUICK, silent_seconds=0.15)  # for servers that are silent on purpose


def check(path: Path) -> None:
    if hashlib.sha256(path.read_bytes()).digest() != hashlib.sha256(BODY).digest():
        raise DataError(f"{path}: wrong SHA-256")


class Getter:
    """Downloads to one target, and remembers what was said."""

    def __init__(self, folder: Path) -> None:
        self.target = folder / "file.bin"
        self.said: list[str] = []

    def __call__(self, *urls: str, **options: Any) -> str:
        options = {"size": len(BODY), "patience": QUICK, "say": self.said.append, **options}
        return download(urls, self.target, check, **options)

    def is_right(self) -> bool:
        """The file is there and whole, and nothing else."""
        whole = self.target.is_file() and self.target.read_bytes() == BODY
        return whole and list(self.target.parent.iterdir()) == [self.target]

    def partials(self) -> list[Path]:
        return list(self.target.parent.glob(".file.bin.*.part"))


@pytest.fixture
def get(tmp_path: Path) -> Getter:
    folder = tmp_path / "downloads"
    folder.mkdir()
    return Getter(folder)


def test_an_honest_server(server: Any, reply: Any, get: Getter) -> None:
    url = server.serve("a", reply(BODY))
    seen: list[tuple[int, int | None]] = []

    def progress(done: int, total: int | None) -> None:
        assert not get.target.exists()
        seen.append((done, total))

    assert get(url, progress=progress) == url
    assert get.is_right()
    assert server.asked == [("/a", None)]
    assert seen[-1] == (len(BODY), len(BODY))
    assert get.said == []


def test_no_announced_length(server: Any, reply: Any, get: Getter) -> None:
    get(server.serve("a", reply(BODY, chunked=True)), size=None)
    assert get.is_right()


def test_a_dropped_connection_goes_on_where_it_was(server: Any, reply: Any, get: Getter) -> None:
    get(server.serve("a", reply(BODY, cut=1000), reply(BODY, cut=2000), reply(BODY)))
    assert get.is_right()
    assert server.ranges_of("a") == [None, "bytes=1000-", "bytes=3000-"]
    assert "trying again" in get.said[0]


def test_a_connection_dropped_amid_chunks(server: Any, reply: Any, get: Getter) -> None:
    get(server.serve("a", reply(BODY, chunked=True, cut=1000), reply(BODY)), size=None)
    assert get.is_right()
    assert server.ranges_of("a")[1] is not None


def test_a_server_that_cannot_resume_starts_anew(server: Any, reply: Any, get: Getter) -> None:
    get(server.serve("a", reply(BODY, cut=1000), reply(BODY, ranges=False)))
    assert get.is_right()


@pytest.mark.parametrize("size", [len(BODY), None])
def test_a_server_that_always_drops_is_given_up(
    size: int | None, server: Any, reply: Any, get: Getter
) -> None:
    bad = server.serve("bad", reply(BODY, cut=0))
    good = server.serve("good", reply(BODY))
    assert get(bad, good, size=size) == good
    assert len(server.ranges_of("bad")) == QUICK.tries
    assert get.target.read_bytes() == BODY
    assert any("tried 3 times" in line for line in get.said)


def test_a_server_that_stalls(server: Any, reply: Any, get: Getter) -> None:
    get(server.serve("a", reply(BODY, stall=500), reply(BODY)), patience=BRIEF)
    assert get.is_right()
    assert server.ranges_of("a")[:2] == [None, "bytes=500-"]
    assert "silent" in get.said[0]


def test_a_server_that_never_answers(server: Any, reply: Any, get: Getter) -> None:
    url = server.serve("a", reply(BODY, hold=True))
    with pytest.raises(DataError, match=r"silent.*tried 3 times"):
        get(url, patience=BRIEF)
    assert list(get.target.parent.iterdir()) == []


def test_a_server_that_trickles_counts_as_stalled(server: Any, reply: Any, get: Getter) -> None:
    slow = server.serve("slow", reply(BODY, trickle=0.05))
    good = server.serve("good", reply(BODY))
    patience = Patience(tries=1, silent_seconds=5, slow_seconds=0.2, slow_bytes=1000)
    assert get(slow, good, patience=patience) == good
    assert "bytes came in" in get.said[0]


@pytest.mark.parametrize("announced", [100, len(BODY) + 100])
def test_a_wrong_length_is_not_even_read(
    announced: int, server: Any, reply: Any, get: Getter
) -> None:
    bad = server.serve("bad", reply(BODY, announced=announced))
    good = server.serve("good", reply(BODY))
    assert get(bad, good) == good
    assert len(server.ranges_of("bad")) == 1
    assert f"announces {announced} bytes, expected {len(BODY)}" in get.said[0]
    assert get.is_right()


def test_a_length_announced_too_short_truncates(server: Any, reply: Any, get: Getter) -> None:
    bad = server.serve("bad", reply(BODY, announced=100))
    good = server.serve("good", reply(BODY))
    assert get(bad, good, size=None) == good
    assert "sends something else" in get.said[0]
    assert get.is_right()


def test_a_length_announced_too_long_of_a_whole_file(server: Any, reply: Any, get: Getter) -> None:
    get(server.serve("a", reply(BODY, announced=len(BODY) + 7)), size=None)
    assert get.is_right()
    assert server.ranges_of("a") == [None, f"bytes={len(BODY)}-"]


def test_a_truncated_file(server: Any, reply: Any, get: Getter) -> None:
    bad = server.serve("bad", reply(BODY[:-1]))
    with pytest.raises(DataError, match=r"sends something else.*wrong SHA-256"):
        get(bad, size=None)
    assert list(get.target.parent.iterdir()) == []


def test_wrong_bytes_of_the_right_length(server: Any, reply: Any, get: Getter) -> None:
    wrong = BODY[:-1] + b"?"
    bad, good = server.serve("bad", reply(wrong)), server.serve("good", reply(BODY))
    assert get(bad, good) == good
    assert get.is_right()
    get.target.unlink()
    with pytest.raises(DataError, match="wrong SHA-256") as error:
        get(bad)
    assert bad in str(error.value)
    assert "PDL_DATA_DIR" in str(error.value)
    assert list(get.target.parent.iterdir()) == []


def test_too_many_bytes_are_refused(server: Any, reply: Any, get: Getter) -> None:
    endless = server.serve("endless", reply(BODY * 50, chunked=True))
    with pytest.raises(DataError, match="more than the 20000 bytes"):
        get(endless, size=None, limit=20_000)
    with pytest.raises(DataError, match="announces"):
        get(server.serve("long", reply(BODY * 50)), size=None, limit=20_000)
    assert all(path.stat().st_size <= 20_000 for path in get.partials())
    assert not get.target.exists()


def test_what_an_earlier_call_left_is_completed(server: Any, reply: Any, get: Getter) -> None:
    url = server.serve("a", reply(BODY, cut=4000))
    with pytest.raises(DataError):
        get(url, patience=Patience(tries=1))
    assert [path.stat().st_size for path in get.partials()] == [4000]
    server.serve("a", reply(BODY))
    get(url)
    assert get.is_right()
    assert server.ranges_of("a") == [None, "bytes=4000-"]


def test_what_an_earlier_call_left_whole_needs_no_request(
    server: Any, reply: Any, get: Getter
) -> None:
    url = server.serve("a", reply(BODY, cut=4000))
    with pytest.raises(DataError):
        get(url, patience=Patience(tries=1))
    get.partials()[0].write_bytes(BODY)
    get(url)
    assert get.is_right()
    assert len(server.asked) == 1


def test_a_part_of_another_version_is_thrown_away(server: Any, reply: Any, get: Getter) -> None:
    url = server.serve("a", reply(b"x" * len(BODY), cut=4000))
    with pytest.raises(DataError):
        get(url, patience=Patience(tries=1))
    server.serve("a", reply(BODY))
    get(url)
    assert get.is_right()
    assert server.ranges_of("a") == [None, "bytes=4000-", None]


def test_parts_of_two_mirrors_are_not_mixed(server: Any, reply: Any, get: Getter) -> None:
    one = server.serve("one", reply(b"x" * len(BODY), cut=4000))
    two = server.serve("two", reply(BODY))
    assert get(one, two, size=None) == two
    assert server.ranges_of("two") == [None]
    assert get.target.read_bytes() == BODY


def test_without_a_hash_nothing_is_completed(server: Any, reply: Any, get: Getter) -> None:
    url = server.serve("a", reply(BODY, cut=4000))
    with pytest.raises(DataError):
        get(url, patience=Patience(tries=1))
    server.serve("a", reply(BODY))
    get(url, resume=False)
    assert server.ranges_of("a") == [None, None]


def test_a_part_that_begins_elsewhere_is_not_taken(server: Any, reply: Any, get: Getter) -> None:
    get(server.serve("a", reply(BODY, cut=1000), reply(BODY, shift=5), reply(BODY)))
    assert get.is_right()
    assert "another part" in get.said[1]


def test_a_part_longer_than_the_file(server: Any, reply: Any, get: Getter) -> None:
    url = server.serve("a", reply(BODY * 2, cut=len(BODY) + 10))
    with pytest.raises(DataError):
        get(url, size=None, patience=Patience(tries=1))
    server.serve("a", reply(BODY))
    get(url, size=None)
    assert get.is_right()


def test_redirects_are_followed_and_loops_are_not(server: Any, reply: Any, get: Getter) -> None:
    there = server.serve("there", reply(BODY))
    here = server.serve("here", reply(status=302, location=there))
    loop = server.serve("loop", reply(status=302, location=f"{server.address}/loop"))
    assert get(loop, here) == here
    assert get.is_right()
    assert "redirects" in get.said[0]


def test_a_redirect_to_a_local_file_is_not_followed(server: Any, reply: Any, get: Getter) -> None:
    url = server.serve("a", reply(status=302, location="file:///etc/hostname"))
    with pytest.raises(DataError, match="could not be downloaded"):
        get(url)


@pytest.mark.parametrize(("status", "requests"), [(404, 1), (403, 1), (503, 3), (429, 3)])
def test_refusals(status: int, requests: int, server: Any, reply: Any, get: Getter) -> None:
    bad, good = server.serve("bad", reply(status=status)), server.serve("good", reply(BODY))
    assert get(bad, good) == good
    assert len(server.ranges_of("bad")) == requests
    assert f"HTTP {status}" in get.said[-1]


def test_a_server_that_is_not_there(get: Getter) -> None:
    with pytest.raises(DataError, match="no connection") as error:
        get("http://127.0.0.1:9/file.bin")
    assert "http://127.0.0.1:9/file.bin" in str(error.value)


def test_an_interruption_leaves_no_target(server: Any, reply: Any, get: Getter) -> None:
    def interrupt(done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    url = server.serve("a", reply(BODY, stall=100), reply(BODY))
    with pytest.raises(KeyboardInterrupt):
        get(url, progress=interrupt)
    assert not get.target.exists()
    get(url)
    assert get.is_right()
    assert server.ranges_of("a")[1] == "bytes=100-"


class FullDisk:
    """Stands in for the partial file: the disk has room for so many bytes of it."""

    def __init__(self, room: int, path: Path, append: bool) -> None:
        self.room = room
        self.file = path.open("ab" if append else "wb")

    def write(self, block: bytes) -> int:
        self.file.write(block[: self.room - self.file.tell()])
        if self.file.tell() == self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return len(block)

    def flush(self) -> None:
        self.file.flush()

    def __enter__(self) -> FullDisk:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()


def test_a_full_disk(server: Any, reply: Any, get: Getter, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = server.serve("one", reply(BODY)), server.serve("two", reply(BODY))
    with monkeypatch.context() as patch:
        patch.setattr(downloads, "_open_partial", partial(FullDisk, 3000))
        with pytest.raises(DiskFullError, match="is full") as error:
            get(one, two)
    assert str(get.target.parent) in str(error.value)
    assert "kept" in str(error.value)
    assert not get.target.exists()
    assert server.ranges_of("two") == []
    get(one)
    assert get.is_right()
    assert server.ranges_of("one")[1] == "bytes=3000-"


def test_a_disk_without_room_is_seen_before(
    server: Any, reply: Any, get: Getter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: types.SimpleNamespace(free=99))
    with pytest.raises(DiskFullError, match=f"99 bytes free.*needs {len(BODY)}"):
        get(server.serve("a", reply(BODY)))
    assert list(get.target.parent.iterdir()) == []
