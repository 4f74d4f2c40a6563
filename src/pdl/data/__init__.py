"""The images that the book works on, and the results that it has recorded."""

from __future__ import annotations

from pdl.data.cells import CellDataset, Cells, cell_dataset, load_cells, touching_cells
from pdl.data.results import recorded_result

__all__ = [
    "CellDataset",
    "Cells",
    "cell_dataset",
    "load_cells",
    "recorded_result",
    "touching_cells",
]
