"""Unpack a .zip or .tar archive that nobody vouches for."""

from __future__ import annotations

import bz2
import errno
import gzip
import io
import lzma
import stat
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

from pdl.data.errors import DataError

BLOCK = 2**16
MOST_FILES = 300_000  # and folders
LONGEST_PATH = 500  # characters of a member's whole path
DEEPEST_PATH = 30  # folders, one in the other
LARGEST_HEADER = 2**18  # bytes of a tar between two files: long names, notes
MOST_NOTES = 100  # that a tar holds on all of its members
LARGEST_READ = 2**26  # bytes; zipfile reads a zip's list of members in one go
# Images hardly shrink, text does so tenfold; a bomb, a thousandfold.
MOST_TIMES_LARGER = 100
ALWAYS_ALLOWED = 16 * 2**20
TAR_END = bytes(1024)
OPENERS: dict[bytes, Callable[..., Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
}
# What the readers of archives raise when one is damaged or made to do harm: not their own alone.
DAMAGE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    ValueError,
    LookupError,
    ArithmeticError,
    AttributeError,
    TypeError,
    RuntimeError,  # NotImplementedError and RecursionError too
    struct.error,
    MemoryError,
)
NO_SUCH_NAME = {errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ}


@dataclass
class _Guard:
    """What has come out of the archive so far, and what may."""

    archive: Path
    largest: int
    read: int = 0
    files: int = 0
    members: int = 0
    spellings: dict[str, str] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)

    def count(self, number: int) -> None:
        """Count bytes that came out of the decompressor."""
        self.read += number
        packed = self.archive.stat().st_size
        if self.read > self.largest:
            raise self.refusal(f"it unpacks to more than {self.largest} bytes")
        if self.read > max(ALWAYS_ALLOWED, MOST_TIMES_LARGER * packed):
            raise self.refusal(f"it unpacks to more than {MOST_TIMES_LARGER} times its size")

    def refusal(self, reason: str) -> DataError:
        """Return the error that refuses the archive."""
        return DataError(
            f"{self.archive}: refused, {reason}; nothing of it was kept: get it from another source"
        )

    def path(self, name: str) -> PurePosixPath:
        """Return a member's path, once it leads nowhere but into the folder, and only there."""
        self.members += 1
        if len(name) > LONGEST_PATH:
            raise self.refusal(f"the path {name[:60]!r}… has more than {LONGEST_PATH} characters")
        path = PurePosixPath(name)
        parts = path.parts
        bad = any(part == ".." or len(part.encode()) > 255 for part in parts)
        if bad or not parts or path.is_absolute():
            raise self.refusal(f"the path {name!r} leads out of the folder or is too long")
        if len(parts) > DEEPEST_PATH:
            raise self.refusal(f"the path {name!r} is more than {DEEPEST_PATH} folders deep")
        if any(character in '\\:\0*?"<>|' or ord(character) < 32 for character in name):
            raise self.refusal(f"the path {name!r} has a character that not every system takes")
        for depth in range(1, len(parts) + 1):
            spelt = "/".join(parts[:depth])
            folded = unicodedata.normalize("NFC", spelt).casefold()
            if self.spellings.setdefault(folded, spelt) != spelt:
                other = self.spellings[folded]
                raise self.refusal(f"{spelt!r} and {other!r} are one name on some systems")
        if max(self.members, len(self.spellings)) > MOST_FILES:
            raise self.refusal(f"it holds more than {MOST_FILES} files and folders")
        return path

    def write(self, name: str, source: IO[bytes], folder: Path, counted: bool) -> None:
        """Write one regular file below the folder; a name may come once."""
        path = self.path(name)
        self.files += 1
        if path.as_posix() in self.written or (folder / path).exists():
            raise self.refusal(f"{name!r} is there twice")
        if any(parent.as_posix() in self.written for parent in path.parents):
            raise self.refusal(f"{name!r} lies in a file")
        self.written.add(path.as_posix())
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        with (folder / path).open("xb") as target:
            while block := source.read(BLOCK):
                if not counted:
                    self.count(len(block))
                target.write(block)


class _Counted:
    """A decompressed stream that tells the guard what it gives out."""

    def __init__(self, stream: IO[bytes], guard: _Guard) -> None:
        self.stream = stream
        self.guard = guard
        self.end = b""
        self.header: int | None = 0  # bytes since the last file; None within a file

    def read(self, size: int) -> bytes:
        block = self.stream.read(size)
        self.guard.count(len(block))
        if self.header is not None:
            self.header += len(block)
            if self.header > LARGEST_HEADER:
                raise self.guard.refusal(
                    f"what it says of one file takes more than {LARGEST_HEADER} bytes"
                )
        self.end = (self.end + block)[-len(TAR_END) :]
        return block


class _Bounded(io.BufferedReader):
    """A file of which no large part is read into memory at once."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > LARGEST_READ:
            raise zipfile.BadZipFile(f"its list of members takes more than {LARGEST_READ} bytes")
        return super().read(size)


def unpack(archive: Path, folder: Path, *, largest: int = 2**35) -> int:
    """Unpack a .zip, .tar, .tar.gz, .tar.bz2 or .tar.xz archive into an empty folder.

    Only folders and regular files are taken; their permissions are not. The whole archive is
    refused if a member's path is absolute or climbs with ``..``, if a member is a link, a device
    or a pipe, if two names differ only in case or in how an accent is encoded, if a name comes
    twice, if it is encrypted, damaged or cut off, or if it unpacks to too much.

    Parameters
    ----------
    archive : Path
        The archive. What it is follows from its first bytes, not from its name.
    folder : Path
        An empty folder. After an error it holds a part: the caller throws it away.
    largest : int
        More bytes than that are not unpacked.

    Returns
    -------
    int
        The number of files.

    Raises
    ------
    DataError
        If the archive is refused; the message says why.
    """
    guard = _Guard(archive, largest)
    with archive.open("rb") as file:
        start = file.read(16)
    try:
        if start.startswith(b"PK") and zipfile.is_zipfile(archive):
            _unpack_zip(archive, folder, guard)
        else:
            opener = next((each for mark, each in OPENERS.items() if start.startswith(mark)), open)
            with opener(archive, "rb") as stream:
                _unpack_tar(_Counted(stream, guard), folder, guard)
    except DataError:
        raise
    except UnicodeError as error:
        raise guard.refusal(f"a name in it is not text ({error})") from None
    except (*DAMAGE, OSError) as error:
        number = error.errno if isinstance(error, OSError) else None
        if number in NO_SUCH_NAME:
            raise guard.refusal(f"this system takes no such name ({error})") from None
        if number is not None:
            raise
        raise DataError(
            f"{archive}: is no whole .zip or .tar archive ({type(error).__name__}: {error}; it"
            f" begins with {start!r}): get it anew; unpack another kind of archive (.7z, .rar)"
            " yourself and give the folder"
        ) from None
    if not guard.files:
        raise guard.refusal("it holds no files")
    return guard.files


def _unpack_tar(stream: _Counted, folder: Path, guard: _Guard) -> None:
    file: Any = stream
    tar: Any  # what is not in the type's public part is used
    with tarfile.open(fileobj=file, mode="r|") as tar:
        while (member := tar.next()) is not None:
            stream.header = None
            if member.isdir():
                if member.name not in {".", "./"}:
                    guard.path(member.name)
            elif member.isreg() and not member.issparse() and member.size >= 0:
                guard.write(member.name, tar.extractfile(member), folder, counted=True)
            else:
                raise guard.refusal(f"{member.name[:60]!r} is {_kind(member)}, not a file")
            if len(tar.pax_headers) > MOST_NOTES:
                raise guard.refusal(f"it has more than {MOST_NOTES} notes on all of its members")
            tar.members.clear()  # tarfile would keep every member, with all that is said of it
            stream.header = 0
        stream.header = None
        # A damaged header looks to tarfile like the end. Behind the true end are zeros alone, and
        # behind those the checksum of a compressed archive.
        while block := tar.fileobj.read(BLOCK):
            if block.strip(b"\0"):
                raise EOFError("something follows its end")
    if stream.end != TAR_END:
        raise EOFError("its end is missing")


def _kind(member: tarfile.TarInfo) -> str:
    if member.issym() or member.islnk():
        return f"a link to {member.linkname[:60]!r}"
    return "a device, a pipe or a sparse file"


def _unpack_zip(archive: Path, folder: Path, guard: _Guard) -> None:
    with _Bounded(io.FileIO(archive)) as file, zipfile.ZipFile(file) as packed:
        for member in packed.infolist():
            kind = stat.S_IFMT(member.external_attr >> 16)
            if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
                raise guard.refusal(f"{member.filename!r} is a link or a device, not a file")
            if member.flag_bits & 1:
                raise guard.refusal(f"{member.filename!r} is encrypted")
            # zipfile tidies a hostile name up: what counts is the one that the archive has.
            name = member.orig_filename
            if member.is_dir():
                guard.path(name)
            else:
                with packed.open(member) as source:
                    guard.write(name, source, folder, counted=False)
