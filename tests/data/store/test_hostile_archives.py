"""Archives made to take memory, time or the reader's patience: each is refused in a sentence."""

from __future__ import annotations

import gzip
import io
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pdl.data import DataError
from pdl.data.store import archives
from pdl.data.store.archives import unpack

END = bytes(10240)


def member(name: bytes = b"a", kind: bytes = b"0", content: bytes = b"", size: int = -1) -> bytes:
    """A member of a tar, header and content, as told."""
    info = tarfile.TarInfo(name.decode())
    info.type, info.size = kind, len(content) if size < 0 else size
    return info.tobuf(tarfile.USTAR_FORMAT) + content + bytes(-len(content) % 512)


def note(**values: str) -> bytes:
    """A pax header, of the next member or of all (``kind``)."""
    kind = values.pop("kind", "x").encode()
    records = b""
    for key, value in values.items():
        body = f" {key.replace('__', '.')}={value}\n".encode()
        length = len(body) + 1
        while length != len(body) + len(str(length)):
            length += 1
        records += f"{length}".encode() + body
    return member(b"note", kind, records)


def refused(path: Path, content: bytes, opener: Callable[..., io.IOBase] = open) -> str:
    """Unpack an archive of that content; return what is said, and see what memory it takes."""
    with opener(path, "wb") as file:
        file.write(content)
    folder = path.with_name("out")
    folder.mkdir()
    tracemalloc.start()
    try:
        with pytest.raises(DataError) as error:
            unpack(path, folder)
        assert tracemalloc.get_traced_memory()[1] < 24 * 2**20
    finally:
        tracemalloc.stop()
    assert str(path) in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("opener", archives.OPENERS.values(), ids=["gz", "bz2", "xz"])
def test_a_path_of_many_parts(opener: Callable[..., io.IOBase], tmp_path: Path) -> None:
    """356 bytes took 6 GB: each part was remembered with all that stand before it."""
    content = note(path="a/" * 100_000 + "b") + member() + END
    assert "has more than 500 characters" in refused(tmp_path / "a", content, opener)
    assert (tmp_path / "a").stat().st_size < 2000


def test_a_path_that_is_deep(tmp_path: Path) -> None:
    content = member(b"a/" * 40 + b"b") + END
    assert "is more than 30 folders deep" in refused(tmp_path / "a", content)


def test_a_path_that_is_long_in_each_part_and_in_all(tmp_path: Path) -> None:
    content = note(path="/".join(["n" * 250] * 20)) + member() + END
    assert "has more than 500 characters" in refused(tmp_path / "a", content)


def test_a_part_of_a_path_is_measured_in_bytes(tmp_path: Path) -> None:
    content = note(path="ä" * 200) + member() + END
    assert "leads out of the folder or is too long" in refused(tmp_path / "a", content)


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK])
def test_a_chain_of_long_names(kind: bytes, tmp_path: Path) -> None:
    """Each announces the name of the next: tarfile calls itself for each."""
    content = member(b"././@LongLink", kind, b"name\0") * 2000 + member() + END
    said = refused(tmp_path / "a", content)
    assert "takes more than 262144 bytes" in said or "RecursionError" in said


def test_a_chain_of_long_names_that_add_up(tmp_path: Path) -> None:
    """tarfile keeps each until it comes to the file."""
    content = member(b"././@LongLink", tarfile.GNUTYPE_LONGNAME, b"n" * 200_000) * 200 + END
    assert "takes more than 262144 bytes" in refused(tmp_path / "a", content)


def test_zeros_behind_the_end_count_too(tmp_path: Path) -> None:
    content = member(b"a", content=b"1") + bytes(archives.ALWAYS_ALLOWED)
    assert "more than 100 times its size" in refused(tmp_path / "a", content, gzip.open)


@pytest.mark.parametrize(
    "header",
    [
        note(GNU__sparse__major="1", GNU__sparse__minor="0", GNU__sparse__name="a"),
        note(GNU__sparse__map="one,two", GNU__sparse__size="1"),
        note(GNU__sparse__size="ten"),
        note(GNU__sparse__map="0,1,2", GNU__sparse__size="-5"),
        note(size="-1024"),
        note(size="9" * 30),
        note(path="\0"),
    ],
    ids=["map in content", "words", "word", "negative", "backwards", "endless", "no name"],
)
@pytest.mark.parametrize("content", [b"x\n" * 300, b"9" * 20 + b"\n1\n"], ids=["x", "9"])
def test_notes_that_make_no_sense(header: bytes, content: bytes, tmp_path: Path) -> None:
    refused(tmp_path / "a", header + member(b"a", content=content) + END)


def test_a_note_without_end(tmp_path: Path) -> None:
    """It announces 8 GiB, and so much may come."""
    content = member(b"note", b"x", bytes(2**20), size=2**33 - 1) + END
    assert "takes more than 262144 bytes" in refused(tmp_path / "a", content)


def test_notes_on_all_members_that_add_up(tmp_path: Path) -> None:
    """Each member would carry a copy of them."""
    every = b"".join(
        note(kind="g", **{f"key{group}_{key}": "1" for key in range(50)}) + member(b"%d" % group)
        for group in range(4)
    )
    assert "more than 100 notes on all of its members" in refused(tmp_path / "a", every + END)


def test_members_are_not_kept(tmp_path: Path) -> None:
    """With the 100 notes that each carries, 8000 would take 40 MB."""
    every = note(kind="g", **{f"key{key}": "1" for key in range(100)})
    content = every + member(b"d/", b"5") * 8000 + member(b"link", b"2") + END
    assert "'link' is a link" in refused(tmp_path / "a", content)


@pytest.mark.parametrize("paths", [[f"d{number}/" for number in range(9)], ["a/b/c/d/e/f/g"]])
@pytest.mark.parametrize("packed", ["tar", "zip"])
def test_folders_count_too(
    paths: list[str], packed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MOST_FILES", 5)
    made = io.BytesIO()
    if packed == "tar":
        for path in paths:
            made.write(member(path.encode(), b"5" if path.endswith("/") else b"0"))
        made.write(END)
    else:
        with zipfile.ZipFile(made, "w") as archive:
            for path in paths:
                archive.writestr(path, b"")
    assert "more than 5 files and folders" in refused(tmp_path / "a", made.getvalue())


def test_one_folder_again_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_FILES", 5)
    content = member(b"d/", b"5") * 9 + END
    assert "more than 5 files and folders" in refused(tmp_path / "a", content)


def test_the_list_of_a_zip_is_not_read_if_it_is_huge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for number in range(100):
            archive.writestr(f"file {number}", b"")
    monkeypatch.setattr(archives, "LARGEST_LIST", 5000)
    assert "list of members takes more than 5000 bytes" in refused(tmp_path / "a", made.getvalue())


def test_a_damaged_header_is_not_taken_for_the_end(tmp_path: Path) -> None:
    """tarfile stops at it in silence: the files behind it would be missing."""
    content = bytearray(member(b"a", content=b"1") + member(b"b", content=b"2") + END)
    content[1024 + 148] ^= 1  # in the checksum of the second header
    assert "something follows its end" in refused(tmp_path / "a", bytes(content))


def test_a_damaged_header_of_an_empty_file_at_the_end(tmp_path: Path) -> None:
    """Nothing but zeros follows it."""
    content = bytearray(member(b"a", content=b"1") + member(b"b") + END)
    content[1024 + 148] ^= 1
    assert "something follows its end" in refused(tmp_path / "a", bytes(content))


@pytest.mark.parametrize("end", [0, 512])
def test_a_tar_that_is_cut_between_two_files(end: int, tmp_path: Path) -> None:
    content = member(b"a", content=b"1") + bytes(end)
    assert "its end is missing" in refused(tmp_path / "a", content)


def test_an_older_python_says_what_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(tarfile, "data_filter")
    monkeypatch.setattr(archives.platform, "python_version", lambda: "3.11.2")
    said = refused(tmp_path / "a", member(b"a", content=b"1") + END)
    assert "this Python, 3.11.2, cannot unpack a .tar archive safely: install 3.11.4" in said
