"""Fetching and verifying whole sets: hashes, archives, two processes at once, a full disk."""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import json
import os
import shutil
import stat
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from pdl.data.errors import DataError, DiskFullError, MissingDataError
from pdl.data.store import registry
from pdl.data.store.cache import exclusive, find_set, locate, staging
from pdl.data.store.fetch import fetch
from pdl.data.store.hashes import manifest_of, manifest_text, sha256
from pdl.data.store.verify import verify

CONTENT = b"0123456789" * 500
FILES = {"a.txt": b"alpha", "deep/b.txt": b"beta" * 1000}


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Registered:
    """A registry of one set, ``tiny``, on the fault server."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, server: Any, reply: Any):
        self.folder = folder
        self.server, self.reply = server, reply
        (folder / "manifests").mkdir(parents=True)
        monkeypatch.setattr(registry, "DATA", folder)
        monkeypatch.setattr(registry, "REGISTRY", folder / "registry.yaml")
        registry.data_sets.cache_clear()

    def write(self, **entry: Any) -> None:
        base = {"what": "w", "licence": "l", "source": "s", "cite": "c", "way": "fetch"}
        (self.folder / "registry.yaml").write_text(yaml.safe_dump({"tiny": {**base, **entry}}))
        registry.data_sets.cache_clear()

    def file(self, *replies: Any, **options: Any) -> None:
        """One file, with the content as it should be."""
        url = self.server.serve("tiny.bin", *(replies or [self.reply(CONTENT)]))
        facts = {"sha256": digest(CONTENT), "size": len(CONTENT), **options}
        self.write(files=[{"path": "tiny.bin", "urls": [url], **facts}])

    def archive(self, files: dict[str, bytes], expected: dict[str, bytes]) -> None:
        """An archive that holds ``files``, and a manifest of what is expected."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as made:
            for name, data in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(data)
                made.addfile(member, io.BytesIO(data))
        url = self.server.serve("tiny.tar.gz", self.reply(packed.getvalue(), chunked=True))
        text = manifest_text({name: digest(data) for name, data in expected.items()})
        (self.folder / "manifests" / "tiny.txt").write_text(text)
        archive = {"urls": [url], "root": "wrap/set", "members": {"LICENSE": "wrap/LICENSE"}}
        self.write(archive=archive, manifest="tiny.txt", manifest_sha256=digest(text.encode()))


@pytest.fixture
def tiny(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Any, reply: Any, home: Path
) -> Any:
    yield Registered(tmp_path / "registered", monkeypatch, server, reply)
    monkeypatch.undo()
    registry.data_sets.cache_clear()


def get(said: list[str] | None = None, **options: Any) -> Path:
    say = (said if said is not None else []).append
    return fetch("tiny", say=say, **options)


def visible(folder: Path) -> list[str]:
    """What a folder holds, without the lock."""
    names = [path.name for path in folder.iterdir()] if folder.exists() else []
    return sorted(name for name in names if not name.endswith(".lock"))


# one file


def test_a_file_is_fetched_once(tiny: Registered, home: Path) -> None:
    tiny.file()
    folder = get()
    assert folder == home / "tiny" == find_set("tiny")
    assert (folder / "tiny.bin").read_bytes() == CONTENT
    said: list[str] = []
    get(said)
    assert len(tiny.server.asked) == 1
    assert said == ["tiny: tiny.bin is here already, and whole"]
    assert verify("tiny", folder).whole


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are otherwise there")
@pytest.mark.parametrize("packed", [False, True])
def test_others_may_read_a_set_as_any_other_file(tiny: Registered, packed: bool) -> None:
    before = os.umask(0o022)
    try:
        tiny.archive(PACKED, EXPECTED) if packed else tiny.file()
        folder = get()
    finally:
        os.umask(before)
    for path in (folder, *folder.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o755 if path.is_dir() else 0o644)


def test_a_wrong_hash_is_refused_and_nothing_stays(tiny: Registered, home: Path) -> None:
    tiny.file(sha256="0" * 64)
    with pytest.raises(DataError, match=f"SHA-256 of its content is {digest(CONTENT)}") as error:
        get()
    assert "tiny.bin" in str(error.value)
    assert visible(home / "tiny") == []


def test_an_md5_serves_where_no_sha256_is_known(tiny: Registered, home: Path) -> None:
    right = hashlib.md5(CONTENT).hexdigest()
    tiny.file(sha256="not recorded", md5="0" * 32)
    with pytest.raises(DataError, match=f"its MD5 is {right}, expected {'0' * 32}"):
        get()
    assert visible(home / "tiny") == []
    tiny.file(sha256="not recorded", md5=right)
    said: list[str] = []
    assert verify("tiny", get(said)).whole
    assert not any("unchecked" in each for each in said)


def test_a_mirror_that_compresses_anew_is_welcome(tiny: Registered, reply: Any) -> None:
    again = gzip.compress(CONTENT, compresslevel=1, mtime=7)
    tiny.file(reply(again), sha256_of="decompressed")
    folder = get()
    assert (folder / "tiny.bin").read_bytes() == again
    assert verify("tiny", folder).whole


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (gzip.compress(CONTENT[:-1] + b"x", mtime=0), "SHA-256 of its decompressed content"),
        (gzip.compress(CONTENT, mtime=0)[:-9], "not a whole gzip file"),
        (CONTENT, "not a whole gzip file"),
        (gzip.compress(CONTENT * 2, mtime=0), f"more than the {len(CONTENT)} bytes"),
    ],
    ids=["other", "cut", "plain", "long"],
)
def test_compressed_wrong_bytes(
    data: bytes, message: str, tiny: Registered, reply: Any, home: Path
) -> None:
    tiny.file(reply(data), sha256_of="decompressed")
    with pytest.raises(DataError, match=message):
        get()
    assert visible(home / "tiny") == []


def test_a_file_that_differs_is_not_overwritten_unasked(tiny: Registered, home: Path) -> None:
    tiny.file()
    (home / "tiny").mkdir(parents=True)
    (home / "tiny" / "tiny.bin").write_bytes(b"mine")
    with pytest.raises(DataError, match=f"has 4 bytes, expected {len(CONTENT)}(.|\n)*--replace"):
        get()
    assert (home / "tiny" / "tiny.bin").read_bytes() == b"mine"
    get(replace=True)
    assert (home / "tiny" / "tiny.bin").read_bytes() == CONTENT


def test_without_a_recorded_hash_it_is_said(tiny: Registered) -> None:
    tiny.file(sha256="not recorded", size="not recorded")
    said: list[str] = []
    folder = get(said)
    assert "no SHA-256 is recorded" in said[0]
    assert "not checked" in str(verify("tiny", folder))
    assert not verify("tiny", folder).whole


def test_two_processes_at_once_download_once(tiny: Registered, reply: Any, home: Path) -> None:
    tiny.file(reply(CONTENT, hold=True))
    script = (
        "from pathlib import Path\n"
        "from pdl.data.store import registry\n"
        f"registry.REGISTRY = Path({str(tiny.folder / 'registry.yaml')!r})\n"
        "from pdl.data.store.fetch import fetch\n"
        "fetch('tiny', say=lambda line: print(line, flush=True))\n"
    )
    started = []
    for _ in range(2):
        started.append(
            subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        )
        assert tiny.server.arrived.wait(30)
    second = started[1].stdout
    assert second is not None
    assert "another process is at work" in second.readline()
    assert not (home / "tiny" / "tiny.bin").exists()
    tiny.server.let_go.set()
    outputs = [process.communicate(timeout=30)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0]
    assert "is here already, and whole" in outputs[1]
    assert len(tiny.server.asked) == 1
    assert (home / "tiny" / "tiny.bin").read_bytes() == CONTENT


def test_waiting_for_another_process_ends(tmp_path: Path) -> None:
    said: list[str] = []
    with (
        exclusive(tmp_path / "x", said.append),
        pytest.raises(DataError, match="still at work"),
        exclusive(tmp_path / "x", said.append, wait_seconds=0.1),
    ):
        pass
    assert len(said) == 1
    with exclusive(tmp_path / "x", said.append):
        pass


# PDL_DATA_DIR


def test_a_copy_of_ones_own_is_used(
    tiny: Registered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.file()
    own = tmp_path / "own" / "tiny"
    own.mkdir(parents=True)
    (own / "tiny.bin").write_bytes(CONTENT)
    get()
    asked = len(tiny.server.asked)
    monkeypatch.setenv("PDL_DATA_DIR", str(own.parent))
    said: list[str] = []
    assert get(said) == own == locate("tiny")
    assert "PDL_DATA_DIR" in said[0] and "nothing was downloaded" in said[0]
    (own / "tiny.bin").write_bytes(CONTENT[:-1])
    with pytest.raises(DataError, match=r"PDL_DATA_DIR has is not whole(.|\n)*tiny.bin"):
        get()
    assert len(tiny.server.asked) == asked


def test_a_set_that_is_nowhere(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MissingDataError, match=r"not set.*pdl data list bccd") as error:
        find_set("bccd")
    assert str(home) in str(error.value)
    monkeypatch.setenv("PDL_DATA_DIR", str(tmp_path / "absent"))
    with pytest.raises(DataError, match=r"PDL_DATA_DIR.*absent is no folder"):
        find_set("bccd")


def test_what_must_be_prepared_is_not_fetched(home: Path) -> None:
    with pytest.raises(DataError, match=r"carvana cannot be fetched.*pdl data prepare carvana"):
        fetch("carvana")


# an archive


PACKED = {f"wrap/set/{name}": data for name, data in FILES.items()}
PACKED |= {"wrap/LICENSE": b"free", "wrap/other": b"not wanted"}
EXPECTED = {**FILES, "LICENSE": b"free"}


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_an_archive_is_unpacked_and_checked(tiny: Registered, home: Path) -> None:
    tiny.archive(PACKED, EXPECTED)
    said: list[str] = []
    folder = get(said)
    assert content(folder) == EXPECTED
    assert visible(home) == ["tiny"]
    assert "has no SHA-256 of its own: each of the 3 files in it is checked" in said[0]
    get(said)
    assert "already, and whole" in said[-1]
    assert len(tiny.server.asked) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"wrap/set/a.txt": b"ALPHA"}, "a.txt: has another SHA-256"),
        ({"wrap/../../escaped": b"evil"}, "refused, the path"),
    ],
)
def test_a_wrong_archive_leaves_nothing(
    change: dict[str, bytes], message: str, tiny: Registered, home: Path
) -> None:
    tiny.archive({**PACKED, **change}, EXPECTED)
    with pytest.raises(DataError, match=message):
        get()
    assert visible(home) == []


def test_an_archive_that_lacks_a_file(tiny: Registered, home: Path) -> None:
    tiny.archive(PACKED, {**EXPECTED, "more": b"x"})
    with pytest.raises(DataError, match="more: is missing"):
        get()
    assert visible(home) == []


def test_an_archive_that_breaks_off_leaves_nothing(
    tiny: Registered, reply: Any, home: Path
) -> None:
    tiny.archive(PACKED, EXPECTED)
    whole = tiny.server.replies["/tiny.tar.gz"][0].body
    tiny.server.serve("tiny.tar.gz", reply(whole[:-20]))
    with pytest.raises(DataError, match="is no whole"):
        get()
    assert visible(home) == []


def test_a_folder_that_differs_is_replaced_only_if_asked(tiny: Registered, home: Path) -> None:
    tiny.archive(PACKED, EXPECTED)
    folder = get()
    (folder / "a.txt").write_bytes(b"changed")
    (folder / "mine.txt").write_bytes(b"mine")
    with pytest.raises(DataError, match=r"a.txt: has another(.|\n)*mine.txt: does not belong"):
        get()
    assert (folder / "mine.txt").exists()
    get(replace=True)
    assert content(folder) == EXPECTED
    assert visible(home) == ["tiny"]


def no_room(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_disk_that_fills_up_while_unpacking(
    tiny: Registered, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.archive(PACKED, EXPECTED)
    with monkeypatch.context() as patch:
        patch.setattr(tarfile.TarFile, "extract", no_room)
        with pytest.raises(DiskFullError, match="is full"):
            get()
    assert visible(home) == []
    assert content(get()) == EXPECTED
    assert visible(home) == ["tiny"]


def fill(target: Path, failure: Exception | None, *, replace: bool = False) -> None:
    with staging(target, replace=replace) as new:
        (new / ("new" if replace else "first")).touch()
        assert not any(path.name == "new" for path in target.glob("*"))
        if failure is not None:
            raise failure


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "set"
    with pytest.raises(RuntimeError):
        fill(target, RuntimeError())
    assert list(tmp_path.iterdir()) == []
    fill(target, None)
    with pytest.raises(DataError, match="is there already"):
        fill(target, None)
    full = OSError(errno.ENOSPC, "No space left on device")
    for failure, expected in ((RuntimeError(), RuntimeError), (full, DiskFullError)):
        with pytest.raises(expected):
            fill(target, failure, replace=True)
        assert [path.name for path in target.iterdir()] == ["first"]
    fill(target, None, replace=True)
    assert [path.name for path in target.iterdir()] == ["new"]
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_that_cannot_be_written(tiny: Registered, tmp_path: Path) -> None:
    tiny.file()
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=r"cannot be written.*--into"):
        get(into=tmp_path / "file")


# verify


def test_verify_names_the_files_that_differ(tiny: Registered) -> None:
    tiny.archive(PACKED, EXPECTED)
    folder = get()
    assert verify("tiny", folder).checked == "3 files as the registry has them"
    data = bytearray(FILES["deep/b.txt"])
    data[2000] ^= 1
    (folder / "deep" / "b.txt").write_bytes(data)
    (folder / "LICENSE").unlink()
    (folder / "extra").touch()
    (folder / ".hidden").touch()
    report = verify("tiny", folder)
    assert report.lines == (
        "LICENSE: is missing",
        "deep/b.txt: has another SHA-256 than the one recorded",
        "extra: does not belong to the set",
    )
    assert not report.whole
    assert "3 files differ" in str(report)


def test_pixels_have_one_hash_whoever_wrote_them(tmp_path: Path) -> None:
    pixels = np.arange(12, dtype=np.uint16).reshape(3, 4) * 1000
    for level in (0, 9):
        Image.fromarray(pixels).save(tmp_path / f"{level}.png", compress_level=level)
    one, two = (tmp_path / f"{level}.png" for level in (0, 9))
    assert sha256(one) != sha256(two)
    assert sha256(one, "pixels") == sha256(two, "pixels")
    Image.fromarray(pixels.reshape(4, 3)).save(two)
    assert sha256(one, "pixels") != sha256(two, "pixels")
    shutil.copy(one, tmp_path / "note.txt")
    assert manifest_of(tmp_path, "pixels")["note.txt"] == sha256(one)


@pytest.mark.parametrize("damage", ["list", "json", "key"])
def test_a_damaged_record(damage: str, home: Path, tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    files = {"a": sha256(tmp_path / "a")}
    record = {"name": "cervix", "source": "s", "left_out": [], "files": files, "sha256": "0" * 64}
    if damage == "key":
        del record["source"]
    text = "{" if damage == "json" else json.dumps(record)
    (tmp_path / "prepared.json").write_text(text)
    with pytest.raises(DataError, match=r"prepared.json: (is damaged|its list of files)"):
        verify("cervix", tmp_path)


# what is left behind


def test_a_failed_fetch_leaves_nothing(tiny: Registered, reply: Any, home: Path) -> None:
    tiny.file(reply(CONTENT[:-1]), size="not recorded")
    with pytest.raises(DataError, match="could not be downloaded"):
        get()
    assert visible(home) == []
    with pytest.raises(MissingDataError):
        find_set("tiny")
    tiny.file(reply(CONTENT))
    assert (get() / "tiny.bin").read_bytes() == CONTENT
    assert locate("tiny") == home / "tiny"


def test_a_file_that_differs_stays_until_another_is_there(
    tiny: Registered, reply: Any, home: Path
) -> None:
    tiny.file()
    get()
    (home / "tiny" / "tiny.bin").write_bytes(b"mine")
    tiny.file(reply(CONTENT[:-1]), size="not recorded")
    with pytest.raises(DataError, match="could not be downloaded"):
        get(replace=True)
    assert (home / "tiny" / "tiny.bin").read_bytes() == b"mine"
    assert visible(home / "tiny") == ["tiny.bin"]


@pytest.mark.parametrize("packed", [False, True])
def test_an_interrupted_fetch_leaves_nothing(tiny: Registered, packed: bool, home: Path) -> None:
    def interrupt(done: int, total: int | None) -> None:
        assert visible(home) != []
        raise KeyboardInterrupt

    tiny.archive(PACKED, EXPECTED) if packed else tiny.file()
    with pytest.raises(KeyboardInterrupt):
        get(progress=lambda name: interrupt)
    assert visible(home) == []


@pytest.mark.parametrize("packed", [False, True])
def test_a_full_disk_is_named(tiny: Registered, packed: bool, home: Path) -> None:
    def full(done: int, total: int | None) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    tiny.archive(PACKED, EXPECTED) if packed else tiny.file()
    with pytest.raises(DiskFullError, match=f"the disk of {home} is full"):
        get(progress=lambda name: full)
    assert visible(home) == []


def test_an_empty_folder_hides_no_whole_set(
    tiny: Registered, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.file()
    get()
    (tmp_path / "own" / "tiny").mkdir(parents=True)
    monkeypatch.setenv("PDL_DATA_DIR", str(tmp_path / "own"))
    assert locate("tiny") == home / "tiny"


def test_what_a_killed_process_left_goes_with_the_next_one(tmp_path: Path) -> None:
    left, other = tmp_path / ".set.new-k3x9", tmp_path / ".setting.new-k3x9"
    for folder in (left, other):
        (folder / "new").mkdir(parents=True)
        (folder / "new" / "a").write_bytes(b"half")
    with exclusive(tmp_path / "set", print), staging(tmp_path / "set") as new:
        assert not left.exists()
        assert new.is_dir()
    assert other.exists()


def test_a_process_killed_between_two_renamings_loses_nothing(tmp_path: Path) -> None:
    left = tmp_path / ".set.new-k3x9"
    for part in ("old", "new"):
        (left / part).mkdir(parents=True)
        (left / part / part).touch()
    with exclusive(tmp_path / "set", print):
        assert [path.name for path in (tmp_path / "set").iterdir()] == ["old"]
    assert not left.exists()


@pytest.mark.parametrize("value", [str, Path])
def test_a_home_is_written_out(
    value: Any, tiny: Registered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a folder called ~ appears where the command runs."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    tiny.file()
    assert get(into=value("~/there")) == tmp_path / "there" / "tiny"
    assert verify("tiny", value("~/there/tiny")).whole
    monkeypatch.setenv("PDL_HOME", "~/cache")
    assert get() == tmp_path / "cache" / "data" / "tiny"
    monkeypatch.setenv("PDL_DATA_DIR", "~/there")
    assert locate("tiny") == tmp_path / "there" / "tiny"
    assert not (tmp_path / "~").exists()
    monkeypatch.setenv("PDL_DATA_DIR", "~nobody-of-this-name/data")
    with pytest.raises(DataError, match="PDL_DATA_DIR: the home of ~nobody-of-this-name is not"):
        locate("tiny")
