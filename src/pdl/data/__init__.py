"""The images that the book works on."""

from __future__ import annotations

from pdl.data.drawn.cells import CellDataset, Cells, cell_dataset, load_cells, touching_cells
from pdl.data.drawn.smears import (
    SMEAR_CLASSES,
    Smear,
    WhiteCells,
    blood_smear,
    load_white_cells,
    white_cells,
)
from pdl.data.drawn.white_cell_nuclei import WHITE_CELL_TYPES
from pdl.data.errors import DataError, DataWarning, MissingDataError
from pdl.data.formats.image_folders import ImageFolder, load_image_folder
from pdl.data.formats.masks import MaskFolder, load_mask_folder
from pdl.data.formats.voc import VocFolder, load_voc
from pdl.data.store.mnist import FASHION_CLASSES, load_fashion_mnist, load_mnist
from pdl.data.store.real_sets import (
    BCCD_CLASSES,
    CAMVID_CLASSES,
    load_bccd,
    load_camvid,
    load_carvana,
    load_cats_and_dogs,
    load_cervix,
    load_nuclei,
)

__all__ = [
    "BCCD_CLASSES",
    "CAMVID_CLASSES",
    "FASHION_CLASSES",
    "SMEAR_CLASSES",
    "WHITE_CELL_TYPES",
    "CellDataset",
    "Cells",
    "DataError",
    "DataWarning",
    "ImageFolder",
    "MaskFolder",
    "MissingDataError",
    "Smear",
    "VocFolder",
    "WhiteCells",
    "blood_smear",
    "cell_dataset",
    "load_bccd",
    "load_camvid",
    "load_carvana",
    "load_cats_and_dogs",
    "load_cells",
    "load_cervix",
    "load_fashion_mnist",
    "load_image_folder",
    "load_mask_folder",
    "load_mnist",
    "load_nuclei",
    "load_voc",
    "load_white_cells",
    "touching_cells",
    "white_cells",
]
