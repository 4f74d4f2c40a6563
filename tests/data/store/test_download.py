"""Downloads from a server that drops, stalls, truncates, lies about length, sends wrong bytes."""

from __future__ import annotations

import errno
import hashlib
import shutil
import types
from pathlib import Path
from typing import Any

import pooch
import pytest

from pdl.data.errors import DataError
from pdl.data.store import download as downloads
from pdl.data.store.download import download

BODY = bytes(range(256)) * 40
TRIES = downloads.RETRIES + 1


def check(path: Path) -> None:
    if hashlib.sha256(path.read_bytes()).digest() != hashlib.sha256(BODY).digest():
        raise DataError(f"{path}: wrong SHA-256")


class Getter:
    """Downloads to one target, and remembers what was said."""

    def __init__(self, folder: Path) -> None:
        self.target = folder / "file.bin"
        self.said: list[str] = []

    def __call__(self, *urls: str, **options: Any) -> str:
        options = {"size": len(BODY), "say": self.said.append, **options}
        return download(urls, self.target, check, **options)

    def is_right(self) -> bool:
        """The file is there and whole, and nothing else."""
        whole = self.target.is_file() and self.target.read_bytes() == BODY
        return whole and list(self.target.parent.iterdir()) == [self.target]


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """No pauses before the tries; those that would have been made."""
    made: list[float] = []
    monkeypatch.setattr(pooch.core, "time", types.SimpleNamespace(sleep=made.append))
    return made


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """For servers that are silent on purpose."""
    monkeypatch.setattr(downloads, "TIMEOUT", (20, 0.15))


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


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("size", [len(BODY), None])
def test_a_cut_connection_is_tried_again_from_the_start(
    size: int | None, chunked: bool, server: Any, reply: Any, get: Getter, pauses: list[float]
) -> None:
    cuts = [reply(BODY, chunked=chunked, cut=cut) for cut in (1000, 2000)]
    get(server.serve("a", *cuts, reply(BODY)), size=size)
    assert get.is_right()
    assert server.ranges_of("a") == [None] * 3
    assert len(get.said) == 2 and "the connection broke" in get.said[0]
    assert pauses == [1, 2]


def test_a_server_that_always_drops_is_given_up(server: Any, reply: Any, get: Getter) -> None:
    bad = server.serve("bad", reply(BODY, cut=0))
    good = server.serve("good", reply(BODY))
    assert get(bad, good) == good
    assert len(server.ranges_of("bad")) == TRIES
    assert get.is_right()
    assert all(f"{bad}: the connection broke" in line for line in get.said)
    assert [line.endswith("; trying again") for line in get.said] == [True] * 3 + [False]
    assert get.said[-1].endswith(f"(tried {TRIES} times)")


def test_a_server_that_stalls(server: Any, reply: Any, get: Getter, brief: None) -> None:
    get(server.serve("a", reply(BODY, stall=500), reply(BODY)))
    assert get.is_right()
    assert "silent" in get.said[0]


def test_a_server_that_never_answers(server: Any, reply: Any, get: Getter, brief: None) -> None:
    url = server.serve("a", reply(BODY, hold=True))
    with pytest.raises(DataError, match=rf"silent.*tried {TRIES} times"):
        get(url)
    assert list(get.target.parent.iterdir()) == []


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


def test_a_length_announced_too_long_is_a_cut_connection(
    server: Any, reply: Any, get: Getter
) -> None:
    bad = server.serve("bad", reply(BODY, announced=len(BODY) + 7))
    with pytest.raises(DataError, match=rf"the connection broke.*tried {TRIES} times"):
        get(bad, size=None)
    assert list(get.target.parent.iterdir()) == []


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
    with pytest.raises(DataError, match="more than the 20000 bytes"):
        get(server.serve("long", reply(BODY * 50)), size=None, limit=20_000)
    assert len(server.asked) == 2
    assert list(get.target.parent.iterdir()) == []


def test_small_chunks_are_not_taken_for_full_ones(server: Any, reply: Any, get: Getter) -> None:
    """pooch counts a whole block for each, and the limit would be met at once."""
    seen: list[int] = []
    url = server.serve("a", reply(BODY, chunked=True))
    get(url, size=None, limit=len(BODY), progress=lambda done, total: seen.append(done))
    assert get.is_right()
    assert max(seen) == len(BODY)


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


@pytest.mark.parametrize(("status", "requests"), [(404, 1), (403, 1), (503, TRIES), (429, TRIES)])
def test_refusals(status: int, requests: int, server: Any, reply: Any, get: Getter) -> None:
    bad, good = server.serve("bad", reply(status=status)), server.serve("good", reply(BODY))
    assert get(bad, good) == good
    assert len(server.ranges_of("bad")) == requests
    assert f"HTTP {status}" in get.said[-1]


def test_a_server_that_is_not_there(get: Getter) -> None:
    with pytest.raises(DataError, match="no connection") as error:
        get("http://127.0.0.1:9/file.bin")
    assert "http://127.0.0.1:9/file.bin" in str(error.value)


def test_an_interruption_leaves_nothing(server: Any, reply: Any, get: Getter) -> None:
    def interrupt(done: int, total: int | None) -> None:
        assert len(list(get.target.parent.iterdir())) == 1
        raise KeyboardInterrupt

    url = server.serve("a", reply(BODY))
    with pytest.raises(KeyboardInterrupt):
        get(url, progress=interrupt)
    assert list(get.target.parent.iterdir()) == []


def no_room(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_no_fault_of_the_mirror(server: Any, reply: Any, get: Getter) -> None:
    one, two = server.serve("one", reply(BODY)), server.serve("two", reply(BODY))
    with pytest.raises(OSError, match="No space left"):
        get(one, two, progress=no_room)
    assert [path for path, _ in server.asked] == ["/one"]
    assert list(get.target.parent.iterdir()) == []


def test_a_disk_without_room_is_seen_before(
    server: Any, reply: Any, get: Getter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: types.SimpleNamespace(free=99))
    url = server.serve("a", reply(BODY * 50, stall=2 * downloads.BLOCK))
    with pytest.raises(OSError) as error:
        get(url, size=None)
    assert error.value.errno == errno.ENOSPC
    assert list(get.target.parent.iterdir()) == []
