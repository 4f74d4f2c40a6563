"""A sequence that opens its items when they are asked for, so that memory stays small."""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Generic, Self, TypeVar, overload

from pdl.data.errors import DataError, problems_text

Item = TypeVar("Item")


class LazySequence(Sequence[Item], Generic[Item]):
    """Images, with what is known of each; an image is read from its file on access.

    ``len``, an index (negative ones too), a slice and a ``for`` loop work as with a list. A slice
    is a sequence of the same kind.

    Attributes
    ----------
    source : Path
        The folder that the files lie in.
    """

    source: Path
    _entries: tuple[Any, ...]

    def __init__(self, source: Path, entries: Sequence[Any]) -> None:
        self.source = source
        self._entries = tuple(entries)

    @abstractmethod
    def _open(self, entry: Any) -> Item:
        """Read the item of an entry."""

    def __len__(self) -> int:
        return len(self._entries)

    @overload
    def __getitem__(self, index: int) -> Item: ...

    @overload
    def __getitem__(self, index: slice) -> Self: ...

    def __getitem__(self, index: int | slice) -> Item | Self:
        if isinstance(index, slice):
            part = copy.copy(self)
            part._entries = self._entries[index]
            return part
        return self._open(self._entries[index])

    def check(self) -> None:
        """Read every item once.

        Raises
        ------
        DataError
            If one or more cannot be read; the message names the files.
        """
        problems = []
        for entry in self._entries:
            try:
                self._open(entry)
            except DataError as error:
                problems.append(str(error))
        if problems:
            raise DataError(
                f"{self.source}: {len(problems)} of {len(self)} items are not as they should be:\n"
                f"{problems_text(problems)}"
            )
