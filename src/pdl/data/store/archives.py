"""Unpack a .zip or .tar archive that nobody vouches for.

zipfile and tarfile write the files. They put a hostile name right in silence, take links that stay
in the folder, and unpack whatever fits on the disk; here such an archive is refused.
"""

from __future__ import annotations

import bz2
import errno
import gzip
import io
import lzma
import math
import platform
import stat
import tarfile
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, cast

from pdl.data.errors import DataError

MOST_FILES = 300_000  # and folders
LONGEST_PATH = 500  # characters of a member's whole path
DEEPEST_PATH = 30  # folders, one in the other
LARGEST_HEADER = 2**18  # bytes of a tar between two files: long names, notes
MOST_NOTES = 100  # that a tar holds on all of its members
LARGEST_LIST = 2**26  # bytes of a zip's list of members
# Images hardly shrink, text does so tenfold; a bomb, a thousandfold.
MOST_TIMES_LARGER = 100
ALWAYS_ALLOWED = 16 * 2**20
BLOCK = 512  # what a tar is made of; two of zeros are its end
OPENERS: dict[bytes, Callable[..., Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
}
NO_SUCH_NAME = {errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ}


@dataclass
class _Guard:
    """What the archive's members have been so far, and what they may be."""

    archive: Path
    largest: int
    members: int = 0
    files: int = 0
    seen: dict[str, tuple[str, bool]] = field(default_factory=dict)  # the path, is it a folder

    def refusal(self, reason: str) -> DataError:
        """Return the error that refuses the archive."""
        return DataError(
            f"{self.archive}: refused, {reason}; nothing of it was kept: get it from another source"
        )

    def check_size(self, unpacked: int) -> None:
        """Refuse an archive that unpacks to so much, before it does."""
        if unpacked > self.largest:
            raise self.refusal(f"it unpacks to more than {self.largest} bytes")
        if unpacked > max(ALWAYS_ALLOWED, MOST_TIMES_LARGER * self.archive.stat().st_size):
            raise self.refusal(f"it unpacks to more than {MOST_TIMES_LARGER} times its size")

    def check_name(self, name: str, is_folder: bool) -> None:
        """Refuse a member whose path leads out of the folder, or that not every system takes."""
        self.members += 1
        self.files += not is_folder
        if len(name) > LONGEST_PATH:
            raise self.refusal(f"the path {name[:60]!r}… has more than {LONGEST_PATH} characters")
        if any(each in '\\:*?"<>|' or unicodedata.category(each) in {"Cc", "Cs"} for each in name):
            raise self.refusal(f"the path {name!r} has a character that not every system takes")
        path = PurePosixPath(name)
        parts = path.parts
        bad = any(part == ".." or len(part.encode()) > 255 for part in parts)
        if bad or path.is_absolute() or not (parts or is_folder):
            raise self.refusal(f"the path {name!r} leads out of the folder or is too long")
        if len(parts) > DEEPEST_PATH:
            raise self.refusal(f"the path {name!r} is more than {DEEPEST_PATH} folders deep")
        for depth in range(1, len(parts) + 1):
            self._check_place("/".join(parts[:depth]), is_folder or depth < len(parts))
        if max(self.members, len(self.seen)) > MOST_FILES:
            raise self.refusal(f"it holds more than {MOST_FILES} files and folders")

    def _check_place(self, path: str, is_folder: bool) -> None:
        """Refuse a path that is taken, unless by the same folder."""
        folded = unicodedata.normalize("NFC", path).casefold()
        if folded not in self.seen:
            self.seen[folded] = (path, is_folder)
            return
        other, was_folder = self.seen[folded]
        if other != path:
            raise self.refusal(f"{path!r} and {other!r} are one name on some systems")
        if not (is_folder and was_folder):
            raise self.refusal(f"{path!r} is there twice")


class _Metered(io.BufferedReader):
    """A file of which only so much is read at a time as what it says of its members may take."""

    def __init__(self, raw: Any, most: int, guard: _Guard) -> None:
        super().__init__(raw)
        self.most = most
        self.left: float = most
        self.guard = guard

    def read(self, size: int | None = -1, /) -> bytes:
        self.left -= size or 0
        if self.left < 0:
            raise self.guard.refusal(f"its list of members takes more than {self.most} bytes")
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
            with opener(archive, "rb") as raw, _Metered(raw, LARGEST_HEADER, guard) as stream:
                _unpack_tar(stream, folder, guard)
    except DataError:
        raise
    except Exception as error:  # a harmful archive makes the readers raise TypeError and more
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


def _unpack_tar(stream: _Metered, folder: Path, guard: _Guard) -> None:
    if not hasattr(tarfile, "data_filter"):
        raise DataError(
            f"{guard.archive}: this Python, {platform.python_version()}, cannot unpack a .tar"
            " archive safely: install 3.11.4 or newer, or unpack it yourself and give the folder"
        )
    end = 0
    with tarfile.open(fileobj=stream, mode="r:") as tar:
        while (member := tar.next()) is not None:
            if member.issparse() or not (member.isreg() or member.isdir()) or member.size < 0:
                raise guard.refusal(f"{member.name[:60]!r} is {_kind(member)}, not a file")
            end = member.offset_data + (-(-member.size // BLOCK) * BLOCK if member.isreg() else 0)
            guard.check_size(end)
            if len(tar.pax_headers) > MOST_NOTES:
                raise guard.refusal(f"it has more than {MOST_NOTES} notes on all of its members")
            guard.check_name(member.name, member.isdir())
            stream.left = math.inf
            if member.isreg():
                tar.extract(member, folder, set_attrs=False, filter="data")
            stream.left = LARGEST_HEADER
            cast(Any, tar).members.clear()  # it would keep each, with all that is said of it
        # tarfile takes a damaged header for the end. Behind the true end are zeros alone, and to
        # read them compares the checksum of a compressed archive.
        stream.seek(end)
        stream.left = math.inf
        zeros = 0
        while block := stream.read(2**16):
            zeros += len(block)
            guard.check_size(end + zeros)
            if block.strip(b"\0"):
                raise EOFError("something follows its end")
    if zeros < 2 * BLOCK:
        raise EOFError("its end is missing")


def _kind(member: tarfile.TarInfo) -> str:
    if member.issym() or member.islnk():
        return f"a link to {member.linkname[:60]!r}"
    return "a device, a pipe or a sparse file"


def _unpack_zip(archive: Path, folder: Path, guard: _Guard) -> None:
    unpacked = 0
    with (
        _Metered(io.FileIO(archive), LARGEST_LIST, guard) as file,
        zipfile.ZipFile(file) as packed,
    ):
        file.left = math.inf
        for member in packed.infolist():
            kind = stat.S_IFMT(member.external_attr >> 16)
            if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
                raise guard.refusal(f"{member.filename!r} is a link or a device, not a file")
            if member.flag_bits & 1:
                raise guard.refusal(f"{member.filename!r} is encrypted")
            unpacked += member.file_size  # of which zipfile reads no more than that
            guard.check_size(unpacked)
            # The name that the archive has, before zipfile puts it right.
            guard.check_name(member.orig_filename, member.is_dir())
            if not member.is_dir():
                packed.extract(member, folder)
