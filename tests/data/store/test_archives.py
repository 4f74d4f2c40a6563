"""Archives that mean harm, and archives that are damaged."""

from __future__ import annotations

import io
import os
import random
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pdl.data.errors import DataError
from pdl.data.store import archives
from pdl.data.store.archives import unpack

FILES = {"set/a.txt": b"alpha" * 100, "set/deep/er/b.bin": bytes(range(256)), "set/c": b""}
Change = Callable[[tarfile.TarInfo], None]


def tar(path: Path, files: dict[str, bytes], *changes: tuple[str, Change]) -> Path:
    """An archive of the files, and of members that are made as told."""
    mode = {".gz": "w:gz", ".bz2": "w:bz2", ".xz": "w:xz"}.get(path.suffix, "w")
    with tarfile.open(path, mode) as made:  # type: ignore[call-overload]
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            made.addfile(member, io.BytesIO(content))
        for name, change in changes:
            member = tarfile.TarInfo(name)
            change(member)
            made.addfile(member)
    return path


def zipped(path: Path, files: dict[str, bytes], mode: int = 0) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = mode << 16
            made.writestr(info, content)
    return path


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "jail" / "out"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("ending", ["tar", "tar.gz", "tar.bz2", "tar.xz", "zip"])
def test_a_harmless_archive(ending: str, tmp_path: Path, out: Path) -> None:
    make = zipped if ending == "zip" else tar
    archive = make(tmp_path / f"a.{ending}", FILES)
    assert unpack(archive.rename(tmp_path / "whatever.dat"), out) == len(FILES)
    assert content(out) == FILES


def test_folders_and_a_leading_dot_are_harmless(tmp_path: Path, out: Path) -> None:
    def folder(member: tarfile.TarInfo) -> None:
        member.type = tarfile.DIRTYPE

    unpack(tar(tmp_path / "a.tar", {"./x/a": b"1"}, ("./", folder), ("./x", folder)), out)
    assert content(out) == {"x/a": b"1"}


def test_permissions_are_not_taken(tmp_path: Path, out: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as made:
        member = tarfile.TarInfo("a")
        member.mode = 0o6777
        made.addfile(member)
    unpack(tmp_path / "a.tar", out)
    assert not stat.S_IMODE((out / "a").stat().st_mode) & 0o6111


HOSTILE_NAMES = [
    "{outside}/escaped",
    "../escaped",
    "set/../../escaped",
    "set/..",
    "C:/escaped",
    "set\\..\\..\\escaped",
    "set/a.txt:stream",
    "set/new\nline",
    "n" * 300,
]


@pytest.mark.parametrize("make", [tar, zipped])
@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_path_that_leads_out(
    name: str, make: Callable[[Path, dict[str, bytes]], Path], tmp_path: Path, out: Path
) -> None:
    name = name.format(outside=tmp_path)
    archive = make(tmp_path / "a", {"set/ok": b"1", name: b"evil"})
    with pytest.raises(DataError, match="refused") as error:
        unpack(archive, out)
    assert str(archive) in str(error.value)
    assert sorted(content(tmp_path)) == ["a", "jail/out/set/ok"]


def test_a_name_that_is_cut_at_a_zero(tmp_path: Path, out: Path) -> None:
    archive = zipped(tmp_path / "a.zip", {"evil.sh_.txt": b"1"})
    archive.write_bytes(archive.read_bytes().replace(b"evil.sh_", b"evil.sh\0"))
    with pytest.raises(DataError, match="has a character that not every system takes"):
        unpack(archive, out)
    assert list(out.iterdir()) == []


def of_type(kind: bytes, target: str = "") -> Change:
    def change(member: tarfile.TarInfo) -> None:
        member.type = kind
        member.linkname = target

    return change


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        (tarfile.SYMTYPE, "/etc"),
        (tarfile.SYMTYPE, "../.."),
        (tarfile.SYMTYPE, "set/ok"),
        (tarfile.LNKTYPE, "/etc/hostname"),
        (tarfile.LNKTYPE, "set/ok"),
        (tarfile.CHRTYPE, ""),
        (tarfile.BLKTYPE, ""),
        (tarfile.FIFOTYPE, ""),
    ],
)
def test_links_and_devices(kind: bytes, target: str, tmp_path: Path, out: Path) -> None:
    archive = tar(tmp_path / "a.tar", {"set/ok": b"1"}, ("set/odd", of_type(kind, target)))
    with pytest.raises(DataError, match=r"refused, 'set/odd' is a (link|device)"):
        unpack(archive, out)
    assert not os.path.lexists(out / "set" / "odd")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO])
def test_links_and_devices_in_a_zip(kind: int, tmp_path: Path, out: Path) -> None:
    archive = zipped(tmp_path / "a.zip", {"odd": b"/etc"}, mode=kind | 0o777)
    with pytest.raises(DataError, match="'odd' is a link or a device"):
        unpack(archive, out)
    assert list(out.iterdir()) == []


def test_a_link_and_a_file_through_it(tmp_path: Path, out: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as made:
        link = tarfile.TarInfo("set")
        link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path)
        made.addfile(link)
        made.addfile(tarfile.TarInfo("set/escaped"))
    with pytest.raises(DataError, match="link"):
        unpack(tmp_path / "a.tar", out)
    assert not (tmp_path / "escaped").exists()


@pytest.mark.parametrize("make", [tar, zipped])
@pytest.mark.parametrize(
    "names",
    [
        ("set/a.txt", "set/A.TXT"),
        ("set/a", "SET/b"),
        ("caf\u00e9", "cafe\u0301"),
        ("stra\u00dfe", "STRASSE"),
    ],
)
def test_names_that_are_one_on_some_systems(
    names: tuple[str, str],
    make: Callable[[Path, dict[str, bytes]], Path],
    tmp_path: Path,
    out: Path,
) -> None:
    with pytest.raises(DataError, match="are one name on some systems"):
        unpack(make(tmp_path / "a", dict.fromkeys(names, b"1")), out)


def test_a_name_twice(tmp_path: Path, out: Path) -> None:
    def empty(_: tarfile.TarInfo) -> None:
        """An empty file."""

    with pytest.raises(DataError, match="'a' is there twice"):
        unpack(tar(tmp_path / "a.tar", {"a": b"1"}, ("a", empty)), out)


@pytest.mark.parametrize("names", [("a", "a/b"), ("a/b", "a")])
def test_a_file_that_is_a_folder_too(names: tuple[str, str], tmp_path: Path, out: Path) -> None:
    with pytest.raises(DataError, match=r"lies in a file|is there twice"):
        unpack(tar(tmp_path / "a.tar", dict.fromkeys(names, b"1")), out)


@pytest.mark.parametrize("make", [tar, zipped])
def test_a_bomb_by_ratio(
    make: Callable[[Path, dict[str, bytes]], Path], tmp_path: Path, out: Path
) -> None:
    archive = make(tmp_path / "bomb.gz", {"zeros": bytes(archives.ALWAYS_ALLOWED + 2**20)})
    assert archive.stat().st_size < 100_000
    with pytest.raises(DataError, match="more than 100 times its size"):
        unpack(archive, out)
    assert sum(len(each) for each in content(out).values()) <= archives.ALWAYS_ALLOWED


def test_a_large_archive_of_much_content_is_no_bomb(
    tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "ALWAYS_ALLOWED", 1000)
    assert unpack(tar(tmp_path / "a.tar", {"a": random.Random(0).randbytes(20_000)}), out) == 1


@pytest.mark.parametrize("make", [tar, zipped])
def test_a_bomb_by_size(
    make: Callable[[Path, dict[str, bytes]], Path], tmp_path: Path, out: Path
) -> None:
    noise = random.Random(0).randbytes(200_000)
    archive = make(tmp_path / "bomb", {"a": noise, "b": noise})
    with pytest.raises(DataError, match="unpacks to more than 300000 bytes"):
        unpack(archive, out, largest=300_000)
    assert sum(len(each) for each in content(out).values()) <= 300_000


def test_a_bomb_in_a_header(tmp_path: Path, out: Path) -> None:
    huge = {"comment": "x" * (archives.ALWAYS_ALLOWED + 2**20)}
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz", pax_headers=huge) as made:
        made.addfile(tarfile.TarInfo("a"))
    with pytest.raises(DataError, match="list of members takes more than 262144 bytes"):
        unpack(tmp_path / "a.tar.gz", out)


@pytest.mark.parametrize("make", [tar, zipped])
def test_too_many_files(
    make: Callable[[Path, dict[str, bytes]], Path],
    tmp_path: Path,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(archives, "MOST_FILES", 5)
    with pytest.raises(DataError, match="more than 5 files"):
        unpack(make(tmp_path / "a", {f"f{number}": b"" for number in range(9)}), out)
    assert len(content(out)) == 5


def test_a_sparse_file(tmp_path: Path, out: Path) -> None:
    with pytest.raises(DataError, match="sparse"):
        unpack(tar(tmp_path / "a.tar", {}, ("a", of_type(tarfile.GNUTYPE_SPARSE))), out)


def test_an_encrypted_zip(tmp_path: Path, out: Path) -> None:
    archive = zipped(tmp_path / "a.zip", {"a": b"secret"})
    data = bytearray(archive.read_bytes())
    data[6] |= 1  # the flag in the file's own header
    data[data.index(b"PK\x01\x02") + 8] |= 1  # and in the list at the end
    archive.write_bytes(data)
    with pytest.raises(DataError, match="'a' is encrypted"):
        unpack(archive, out)


@pytest.mark.parametrize("ending", ["tar", "tar.gz", "tar.bz2", "tar.xz", "zip"])
def test_a_cut_archive(ending: str, tmp_path: Path, out: Path) -> None:
    make = zipped if ending == "zip" else tar
    whole = make(tmp_path / f"a.{ending}", FILES).read_bytes()
    # An uncompressed tar ends in more zeros than it needs.
    length = len(whole.rstrip(b"\0")) if ending == "tar" else len(whole)
    for number, cut in enumerate(range(1, length, max(1, length // 25))):
        archive = tmp_path / "cut"
        archive.write_bytes(whole[:cut])
        folder = out / str(number)
        folder.mkdir()
        with pytest.raises(DataError) as error:
            unpack(archive, folder)
        assert str(archive) in str(error.value)


@pytest.mark.parametrize("ending", ["tar.gz", "tar.xz", "zip"])
def test_flipped_bytes_never_give_other_content(ending: str, tmp_path: Path, out: Path) -> None:
    make = zipped if ending == "zip" else tar
    whole = make(tmp_path / f"a.{ending}", {"a": b"alpha" * 50, "b": bytes(range(256))})
    data = whole.read_bytes()
    expected = {b"alpha" * 50, bytes(range(256))}
    refused = 0
    for place in range(0, len(data), max(1, len(data) // 60)):
        archive = tmp_path / "flipped"
        archive.write_bytes(data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :])
        folder = out / str(place)
        folder.mkdir()
        try:
            unpack(archive, folder)
        except DataError:
            refused += 1
        else:
            assert set(content(folder).values()) <= expected
    assert refused > 10


@pytest.mark.parametrize("data", [b"", b"<!DOCTYPE html><html>log in</html>", b"7z\xbc\xaf'\x1c"])
def test_no_archive_at_all(data: bytes, tmp_path: Path, out: Path) -> None:
    archive = tmp_path / "a.tar.gz"
    archive.write_bytes(data)
    with pytest.raises(DataError) as error:
        unpack(archive, out)
    assert str(archive) in str(error.value)


@pytest.mark.parametrize("make", [tar, zipped])
def test_an_empty_archive(
    make: Callable[[Path, dict[str, bytes]], Path], tmp_path: Path, out: Path
) -> None:
    with pytest.raises(DataError, match="holds no files"):
        unpack(make(tmp_path / "a", {}), out)
