"""Tables of scores, which fit on a phone and which a screen reader reads cell by cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from pdl._typography import with_minus_signs


def _cell(text: str) -> str:
    """A cell's HTML: what stands in brackets goes below the rest, and columns stay narrow."""
    before, bracket, aside = text.partition(" [")
    if not bracket:
        return escape(text)
    return f'{escape(before)} <span class="aside">[{escape(aside)}</span>'


Rows = Mapping[str, Sequence[str]]


class _Table:
    def __init__(self, columns: Sequence[str], blocks: Mapping[str, Rows], label: str) -> None:
        self.columns = list(columns)
        self.label = label
        self.blocks = {
            title: {name: [with_minus_signs(cell) for cell in row] for name, row in rows.items()}
            for title, rows in blocks.items()
        }

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        head = "".join(f'<th scope="col">{escape(each)}</th>' for each in self.columns)
        return {
            "text/html": (
                '<div class="score-table" tabindex="0" role="group"'
                f' aria-label="{escape(self.label)}">'
                f"<table><thead><tr><td></td>{head}</tr></thead>"
                + "".join(self._block_html(*block) for block in self.blocks.items())
                + "</table></div>"
            ),
            "text/plain": str(self),
        }

    def _block_html(self, title: str, rows: Rows) -> str:
        heading = f'<th scope="rowgroup" colspan="{1 + len(self.columns)}">{escape(title)}</th>'
        body = "".join(
            f'<tr><th scope="row">{_cell(name)}</th>'
            + "".join(f"<td>{_cell(cell)}</td>" for cell in cells)
            + "</tr>"
            for name, cells in rows.items()
        )
        return f"<tbody>{f'<tr>{heading}</tr>' if title else ''}{body}</tbody>"

    def __str__(self) -> str:
        lines = [["", *self.columns]]
        for title, rows in self.blocks.items():
            lines += [[title]] if title else []
            lines += [[name, *cells] for name, cells in rows.items()]
        whole = [line for line in lines if len(line) > 1]
        widths = [max(map(len, column)) for column in zip(*whole, strict=True)]
        return "\n".join(
            "  ".join(
                [line[0].ljust(widths[0])]
                + [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=False)]
            ).rstrip()
            for line in lines
        )

    __repr__ = __str__


def show_table(
    columns: Sequence[str], rows: Rows | Mapping[str, Rows], label: str = "Table of scores"
) -> Any:
    """Show scores as a table: HTML on a page and in a notebook, text in a console.

    Parameters
    ----------
    columns : sequence of str
        The headings.
    rows : mapping of str to sequence of str
        The name of each row, and its cells as they shall be read. Or the titles of some blocks of
        such rows, each with its rows.
    label : str
        What a screen reader says that the table is.

    Returns
    -------
    object
        To be the last expression of a cell.

    Raises
    ------
    ValueError
        If a row has more or fewer cells than there are columns.

    Examples
    --------
    >>> show_table(["IoU", "count"], {"Otsu": ["0.82", "9.1"], "watershed": ["0.82", "1.4"]})
                IoU  count
    Otsu       0.82    9.1
    watershed  0.82    1.4
    """
    blocks: dict[str, Rows] = {}
    for name, each in rows.items():
        if isinstance(each, Mapping):
            blocks[name] = each
        else:
            blocks[""] = {**blocks.get("", {}), name: each}
    for block in blocks.values():
        for name, cells in block.items():
            if len(cells) != len(columns):
                raise ValueError(
                    f"rows[{name!r}]: expected {len(columns)} cells, one a column, got {len(cells)}"
                )
    return _Table(columns, blocks, label)


def show_speeds(rows: Sequence[Mapping[str, Any]], *names: str) -> Any:
    """Show recorded times of operations of the package beside those of their peers.

    Parameters
    ----------
    rows : sequence of mapping
        The ``measurements`` of the record ``peers-speed``: each with ``name``, ``operation``,
        ``size``, ``ours_ms``, ``peer``, ``peer_ms`` and ``ratio``.
    *names : str
        The names of the rows to show, in this order.

    Returns
    -------
    object
        To be the last expression of a cell.

    Raises
    ------
    ValueError
        If there is no row of a name.
    """
    by_name = {row["name"]: row for row in rows}
    for name in names:
        if name not in by_name:
            raise ValueError(f"names: no row {name!r}; there are: {', '.join(sorted(by_name))}")
    shown = [by_name[name] for name in names]
    return show_table(
        ["ours, ms", "peer, ms", "ours / peer"],
        {
            f"{row['operation']}, {row['size']} [{row['peer']}]": [
                _three_digits(row["ours_ms"]),
                _three_digits(row["peer_ms"]),
                _two_digits(row["ratio"]),
            ]
            for row in shown
        },
    )


def _three_digits(number: float) -> str:
    """As in 0.536, 69.8 and 1094: what stands before the point is written out."""
    return f"{number:.3g}" if number < 1000 else f"{number:.0f}"


def _two_digits(number: float) -> str:
    """As in 0.050, 1.0 and 12: a zero that was measured is written."""
    return f"{number:#.2g}".rstrip(".")
