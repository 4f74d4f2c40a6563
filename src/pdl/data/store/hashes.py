"""Hashes of files, of what is inside them, and of whole folders."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, NamedTuple

from pdl.data.errors import DataError
from pdl.data.formats.images import read_image

KINDS = ("bytes", "decompressed", "pixels")
BLOCK = 2**20
RECORD = "prepared.json"
IGNORED = {RECORD, "Thumbs.db", "desktop.ini"}


class Difference(NamedTuple):
    """How the files of a folder differ from what was recorded: the names of the files."""

    missing: list[str]
    changed: list[str]
    unknown: list[str]

    def lines(self) -> list[str]:
        """Return one line for each file that differs."""
        return [
            *(f"{name}: is missing" for name in self.missing),
            *(f"{name}: has another SHA-256 than the one recorded" for name in self.changed),
            *(f"{name}: does not belong to the set" for name in self.unknown),
        ]


def sha256(path: Path, of: str = "bytes", limit: int | None = None) -> str:
    """Return the SHA-256 of a file, 64 hexadecimal digits.

    Parameters
    ----------
    path : Path
        The file.
    of : {"bytes", "decompressed", "pixels"}
        What is hashed: the file's bytes; the bytes that come out of a gzip file, which stay the
        same when a mirror compresses anew; or the pixels of an image (its shape and dtype, then
        the values row by row), which stay the same when another encoder wrote the file.
    limit : int, optional
        With ``"decompressed"``: more bytes than that are refused.

    Raises
    ------
    DataError
        If the file is no gzip file or no image, is damaged, or holds more than ``limit``.
    """
    if of == "pixels":
        pixels = read_image(path, mode=None)
        described = f"{pixels.dtype.newbyteorder('<').str} {pixels.shape}\n".encode()
        little_endian = pixels.astype(pixels.dtype.newbyteorder("<"))
        return hashlib.sha256(described + little_endian.tobytes()).hexdigest()
    if of == "decompressed":
        try:
            with gzip.open(path) as file:
                return _sha256_of_stream(file, path, limit)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise DataError(f"{path}: is not a whole gzip file ({error}): fetch it anew") from None
    with path.open("rb") as file:
        return _sha256_of_stream(file, path, None)


def _sha256_of_stream(file: IO[bytes] | gzip.GzipFile, path: Path, limit: int | None) -> str:
    found = hashlib.sha256()
    count = 0
    while block := file.read(BLOCK):
        count += len(block)
        if limit is not None and count > limit:
            raise DataError(f"{path}: holds more than the {limit} bytes that it should")
        found.update(block)
    return found.hexdigest()


def md5(path: Path) -> str:
    """Return the MD5 of a file's bytes, 32 hexadecimal digits: no protection against forgery."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def folder_files(folder: Path) -> list[str]:
    """Return the relative paths of a folder's files, sorted; hidden files do not count."""
    found = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    return sorted(
        path.as_posix()
        for path in found
        if path.name not in IGNORED and not any(part.startswith(".") for part in path.parts)
    )


def manifest_of(folder: Path, of: str = "bytes") -> dict[str, str]:
    """Return the SHA-256 of each file of a folder, by its relative path."""
    return {name: sha256(folder / name, _kind(name, of)) for name in folder_files(folder)}


def _kind(name: str, of: str) -> str:
    """Of a set that is compared by its pixels, what is no image is compared by its bytes."""
    image = name.lower().endswith((".png", ".jpg", ".jpeg"))
    return "bytes" if of == "pixels" and not image else of


def manifest_text(manifest: Mapping[str, str]) -> str:
    """Write a manifest in the form of ``sha256sum``, in the order of the paths."""
    return "".join(f"{manifest[name]}  {name}\n" for name in sorted(manifest))


def manifest_sha256(manifest: Mapping[str, str]) -> str:
    """Return one SHA-256 for a whole folder: that of its manifest's text."""
    return hashlib.sha256(manifest_text(manifest).encode()).hexdigest()


def read_manifest(path: Path) -> dict[str, str]:
    """Read a manifest that :func:`manifest_text` wrote.

    Raises
    ------
    DataError
        If a line is not a SHA-256, two spaces and a path; the message names file and line.
    """
    manifest: dict[str, str] = {}
    for number, line in enumerate(path.read_text("utf8").splitlines(), start=1):
        digest, _, name = line.partition("  ")
        if len(digest) != 64 or not name or name in manifest:
            raise DataError(f"{path}, line {number}: expected a SHA-256 and a path, got {line!r}")
        manifest[name] = digest
    return manifest


def compare(folder: Path, recorded: Mapping[str, str], of: str = "bytes") -> Difference:
    """Compare a folder's files with a manifest; a file that cannot be read counts as changed."""
    present = folder_files(folder)
    changed = []
    for name in present:
        if name in recorded:
            try:
                found = sha256(folder / name, _kind(name, of))
            except DataError:
                found = "unreadable"
            if found != recorded[name]:
                changed.append(name)
    missing = sorted(set(recorded) - set(present))
    return Difference(missing, changed, sorted(set(present) - set(recorded)))
