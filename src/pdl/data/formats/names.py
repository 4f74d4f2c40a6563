"""Names of files, and text in files, whoever wrote them and on whatever system."""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Collection
from pathlib import Path

from pdl.data.errors import DataError

# The longer mark first: that of UTF-32 begins with that of UTF-16.
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
NOT_FOR_FILES = {"idna", "punycode"}  # of names in the internet; they take quadratic time


def one_spelling(name: str) -> str:
    """Return a name with each accented letter as one character (Unicode's form NFC).

    macOS takes names apart (NFD: an e, then an accent) where others put them together: the two
    look alike and compare as different.
    """
    return unicodedata.normalize("NFC", name)


def files_by_name(
    folder: Path, suffixes: Collection[str], endings: Collection[str] = ()
) -> dict[str, Path]:
    """Return the files of a folder by their name without suffix, in :func:`one_spelling`.

    Parameters
    ----------
    folder : Path
        The folder. Hidden files do not count.
    suffixes : collection of str
        The suffixes that count, in lower case; in the folder ``.JPG`` is as good as ``.jpg``.
    endings : collection of str
        What may follow the name before the suffix, and is taken off, for instance ``"_mask"``.

    Raises
    ------
    DataError
        If there is no such folder, or two files have one name.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: is no folder")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.suffix.lower() not in suffixes:
            continue
        ending = next((end for end in endings if path.stem.endswith(end)), "")
        name = one_spelling(path.stem.removesuffix(ending))
        if name in found:
            raise DataError(f"{path}: has the same name as {found[name].name}; rename one")
        found[name] = path
    return found


def decode(content: bytes, path: Path, encoding: str = "utf-8") -> str:
    """Return the text of a file, whose first bytes may tell that it is in UTF-8, -16 or -32.

    Parameters
    ----------
    content : bytes
        What the file holds.
    path : Path
        The file, for the message.
    encoding : str
        What the text is in if the first bytes do not tell.

    Raises
    ------
    DataError
        If it is in another encoding, or the encoding is not known. The message names the line.
    """
    marked = (codec for mark, codec in BYTE_ORDER_MARKS.items() if content.startswith(mark))
    encoding = next(marked, encoding)
    try:
        if codecs.lookup(encoding).name in NOT_FOR_FILES:
            raise LookupError
        text = content.decode(encoding)
    except LookupError:
        raise DataError(
            f"{path}: is said to be in the encoding {encoding!r}, which is not known: save the"
            " file in UTF-8"
        ) from None
    except UnicodeError as error:
        line = content.count(b"\n", 0, getattr(error, "start", 0)) + 1
        raise DataError(
            f"{path}, line {line}: is not text in {encoding.upper()}: save the file in UTF-8"
        ) from None
    if "\0" in text:
        raise DataError(f"{path}: is not text in {encoding.upper()}: save the file in UTF-8")
    return text
