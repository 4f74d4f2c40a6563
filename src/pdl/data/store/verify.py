"""Compare the data on this machine with what is recorded of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pdl._files import as_path
from pdl.data.errors import DataError, problems_text
from pdl.data.store.hashes import RECORD, compare, folder_files
from pdl.data.store.prepare import read_record
from pdl.data.store.registry import DataSet, data_set


@dataclass(frozen=True)
class Report:
    """What a comparison found.

    Attributes
    ----------
    name : str
        The data set.
    folder : Path
        Where it was found.
    checked : str
        How many files were compared, and with what; empty if there is nothing to compare with.
    lines : tuple of str
        The files that differ, with how they do.
    """

    name: str
    folder: Path
    checked: str
    lines: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether files were compared and all are as recorded."""
        return bool(self.checked) and not self.lines

    def __str__(self) -> str:
        where = f"{self.name}: {self.folder}"
        if self.lines:
            listed = problems_text(self.lines)
            return f"{where}: {len(self.lines)} files differ ({self.checked}):\n{listed}"
        if not self.checked:
            return f"{where}: not checked, no SHA-256 is recorded of it"
        return f"{where}: whole ({self.checked})"


def missing_files(wanted: DataSet, folder: Path) -> list[str]:
    """Return the files that belong to a set and are not in its folder; none is opened."""
    if (folder / RECORD).is_file():
        names = list(read_record(folder).files)
    elif wanted.manifest is not None:
        names = list(wanted.recorded())
    else:
        names = [file.path for file in wanted.files]
    return [name for name in names if not (folder / name).is_file()]


def verify(name: str, folder: str | Path) -> Report:
    """Compare the SHA-256 of each file of a data set with the one recorded.

    A set that ``pdl data prepare`` made is compared with the record that was written then: it
    shows whether it changed since. Where the registry records pixels, it is compared with the
    registry too, as those do not depend on who wrote the files.

    Parameters
    ----------
    name : str
        The name in the registry.
    folder : str or Path
        The set's folder.

    Returns
    -------
    Report
        Which files were compared and which differ.

    Raises
    ------
    DataError
        If the set is unknown, or a record of it is damaged.
    """
    wanted, folder = data_set(name), as_path(folder, "folder")
    lines: list[str] = []
    checked = []
    if (folder / RECORD).is_file():
        record = read_record(folder)
        lines += compare(folder, record.files).lines()
        checked.append(f"{len(record.files)} files as they were prepared from {record.source}")
        if wanted.sha256_of != "pixels":
            return Report(name, folder, "; ".join(checked), tuple(lines))
    if wanted.manifest is not None:
        recorded = wanted.recorded()
        lines += compare(folder, recorded, wanted.sha256_of).lines()
        of = "" if wanted.sha256_of == "bytes" else f", by their {wanted.sha256_of}"
        checked.append(f"{len(recorded)} files as the registry has them{of}")
    elif wanted.files:
        lines += _compare_files(wanted, folder)
        known = sum(each.hashed for each in wanted.files)
        if known:
            checked.append(f"{known} files as the registry has them")
    return Report(name, folder, "; ".join(checked), tuple(dict.fromkeys(lines)))


def _compare_files(wanted: DataSet, folder: Path) -> list[str]:
    lines = []
    for file in wanted.files:
        path = folder / file.path
        if not path.is_file():
            lines.append(f"{file.path}: is missing")
            continue
        try:
            file.check(path)
        except DataError as error:
            lines.append(str(error))
    unknown = set(folder_files(folder)) - {file.path for file in wanted.files}
    return lines + [f"{name}: does not belong to the set" for name in sorted(unknown)]
