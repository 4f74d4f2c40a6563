"""The registry of data sets: ``data/registry.yaml``, read and checked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pdl.data.errors import DataError
from pdl.data.store.hashes import KINDS, md5, read_manifest, sha256

DATA = Path(__file__).resolve().parents[4] / "data"
REGISTRY = DATA / "registry.yaml"
NOT_RECORDED = "not recorded"
VARIES = "varies"
WAYS = ("fetch", "prepare")


@dataclass(frozen=True)
class RemoteFile:
    """A file as it is downloaded.

    Attributes
    ----------
    path : str
        Where it goes, in the set's folder.
    urls : tuple of str
        The mirrors, in the order in which they are tried.
    sha256 : str or None
        Its SHA-256; None where none is recorded.
    size : int or None
        Its size in bytes; with ``sha256_of: decompressed`` that of what is inside.
    sha256_of : {"bytes", "decompressed"}
        What was hashed.
    md5 : str or None
        The MD5 of its bytes that the publisher gives, for a file whose SHA-256 is not known. It
        finds damage; against forgery it is weak.
    """

    path: str
    urls: tuple[str, ...]
    sha256: str | None = None
    size: int | None = None
    sha256_of: str = "bytes"
    md5: str | None = None

    @property
    def hashed(self) -> bool:
        """Whether there is a hash to check the file with."""
        return self.sha256 is not None or self.md5 is not None

    def check(self, path: Path) -> None:
        """Raise DataError unless the file at ``path`` is this one."""
        size = path.stat().st_size
        if self.sha256_of == "bytes" and self.size is not None and size != self.size:
            raise DataError(f"{path}: has {size} bytes, expected {self.size}: fetch it anew")
        if self.sha256 is not None:
            found = sha256(path, self.sha256_of, limit=self.size)
            if found != self.sha256:
                content = "content" if self.sha256_of == "bytes" else "decompressed content"
                raise DataError(
                    f"{path}: the SHA-256 of its {content} is {found}, expected {self.sha256}:"
                    " fetch it anew"
                )
        if self.md5 is not None:
            found = md5(path)
            if found != self.md5:
                raise DataError(f"{path}: its MD5 is {found}, expected {self.md5}: fetch it anew")


@dataclass(frozen=True)
class Archive:
    """An archive that holds a set, and where in it the files are.

    Attributes
    ----------
    urls : tuple of str
        The mirrors.
    root : str
        The folder in the archive that becomes the set's folder.
    members : dict
        Files that lie elsewhere in the archive: by the path in the set, the path in the archive.
    sha256 : str or None
        Of the archive; None where it varies: GitHub packs some on demand and promises the files in
        them, not the bytes around them. The files that come out are checked against the set's
        manifest in either case.
    size : int or None
        Of the archive, in bytes.
    largest : int
        More bytes than that are not unpacked.
    """

    urls: tuple[str, ...]
    root: str
    members: Mapping[str, str] = field(default_factory=dict)
    sha256: str | None = None
    size: int | None = None
    largest: int = 2**30


@dataclass(frozen=True)
class DataSet:
    """One entry of the registry.

    Attributes
    ----------
    name, what, licence, source, cite : str
        The name, what the set holds, its licence, where it comes from, and how to cite it.
    way : {"fetch", "prepare"}
        Whether ``pdl data fetch`` gets it or ``pdl data prepare`` makes it.
    prepare_from : str
        The form in which it is distributed and where to get that, for ``pdl data prepare``.
    files : tuple of RemoteFile
        The files, for a set of few.
    archive : Archive or None
        The archive, for a set of many.
    manifest : str or None
        The file in ``data/manifests`` with the SHA-256 of each file, for a set of many.
    manifest_sha256 : str or None
        The SHA-256 of that file: one number for the whole set.
    sha256_of : {"bytes", "decompressed", "pixels"}
        What the manifest's numbers are of.
    """

    name: str
    what: str
    licence: str
    source: str
    cite: str
    way: str
    prepare_from: str = ""
    files: tuple[RemoteFile, ...] = ()
    archive: Archive | None = None
    manifest: str | None = None
    manifest_sha256: str | None = None
    sha256_of: str = "bytes"

    def recorded(self) -> dict[str, str]:
        """Return the SHA-256 of each file, as far as recorded.

        Raises
        ------
        DataError
            If the manifest is not the one that the registry names.
        """
        if self.manifest is None:
            return {each.path: each.sha256 for each in self.files if each.sha256 is not None}
        path = DATA / "manifests" / self.manifest
        found = hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()
        if found != self.manifest_sha256:
            raise DataError(
                f"{path}: its SHA-256 is {found}, the registry says {self.manifest_sha256}:"
                " restore both files from the repository"
            )
        return read_manifest(path)


def read_registry(path: Path) -> dict[str, DataSet]:
    """Read and check a registry.

    Raises
    ------
    DataError
        If the file is missing, is no YAML, or an entry lacks a key, has one too many or holds a
        value that cannot be; the message names the entry and the key.
    """
    try:
        entries = yaml.safe_load(path.read_text("utf8"))
    except FileNotFoundError:
        raise DataError(
            f"{path} is missing: the package has to be installed from its repository"
            " (`pip install --editable .`)"
        ) from None
    except yaml.YAMLError as error:
        raise DataError(f"{path}: is no YAML: {error}") from None
    if not isinstance(entries, dict):
        raise DataError(f"{path}: expected a mapping of names to data sets")
    return {name: _data_set(str(name), entry, path) for name, entry in entries.items()}


@cache
def data_sets() -> dict[str, DataSet]:
    """Return all data sets of the book's registry, by name."""
    return read_registry(REGISTRY)


def data_set(name: str) -> DataSet:
    """Return one data set of the book's registry.

    Raises
    ------
    DataError
        If there is none of that name; the message lists those that there are.
    """
    known = data_sets()
    if name not in known:
        raise DataError(f"no data set {name!r} in the registry; there are {', '.join(known)}")
    return known[name]


def _data_set(name: str, entry: Any, path: Path) -> DataSet:
    where = f"{path}, {name}"
    values = _values(DataSet, entry, where, name=name)
    if values["way"] not in WAYS:
        raise DataError(f"{where}: way must be one of {WAYS}, got {values['way']!r}")
    values["files"] = tuple(
        _remote(RemoteFile, each, f"{where}, file {number}")
        for number, each in enumerate(values.get("files", ()), start=1)
    )
    if "archive" in values:
        values["archive"] = _remote(Archive, values["archive"], f"{where}, archive")
    found = DataSet(**values)
    _check_choice(found.sha256_of, KINDS, where)
    if found.way == "fetch" and not (found.files or found.archive):
        raise DataError(f"{where}: has neither files nor an archive to fetch")
    if found.way == "prepare" and not found.prepare_from:
        raise DataError(f"{where}: prepare_from is missing")
    if found.archive and not found.manifest:
        raise DataError(f"{where}: an archive needs a manifest to check its files against")
    return found


def _remote(kind: Any, entry: Any, where: str) -> Any:
    values = _values(kind, entry, where)
    values["urls"] = tuple(values["urls"])
    for url in values["urls"]:
        if not str(url).startswith(("https://", "http://")):
            raise DataError(f"{where}: expected an http(s) address, got {url!r}")
    if not values["urls"]:
        raise DataError(f"{where}: urls is empty")
    digest = values.get("sha256")
    if kind is Archive and digest == VARIES:
        digest = values["sha256"] = None
    for key, given, digits in [("sha256", digest, 64), ("md5", values.get("md5"), 32)]:
        if given is not None and (len(given) != digits or set(given) - set("0123456789abcdef")):
            raise DataError(f"{where}: {key} must be {digits} hexadecimal digits, got {given!r}")
    _check_choice(values.get("sha256_of", "bytes"), KINDS[:2], where)
    return kind(**values)


def _check_choice(value: str, choices: tuple[str, ...], where: str) -> None:
    if value not in choices:
        raise DataError(f"{where}: sha256_of must be one of {choices}, got {value!r}")


def _values(kind: Any, entry: Any, where: str, **given: Any) -> dict[str, Any]:
    """Return an entry's values, once its keys are those of the dataclass ``kind``."""
    if not isinstance(entry, dict):
        raise DataError(f"{where}: expected a mapping, got {type(entry).__name__}")
    fields = kind.__dataclass_fields__
    defaults = {"prepare_from", "files", "archive", "manifest", "manifest_sha256"}
    defaults |= {"sha256_of", "members", "sha256", "size", "largest", "md5"}
    unknown = set(entry) - set(fields) | (set(entry) & set(given))
    missing = set(fields) - defaults - set(entry) - set(given)
    if unknown or missing:
        said = [f"unknown key {key!r}" for key in sorted(unknown)]
        said += [f"missing key {key!r}" for key in sorted(missing)]
        raise DataError(f"{where}: {', '.join(said)}")
    values = {key: None if value == NOT_RECORDED else value for key, value in entry.items()}
    return {**given, **values}
