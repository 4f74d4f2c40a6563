"""The real data sets of the book, each with a loader of its own."""

from __future__ import annotations

from pathlib import Path

from pdl._files import as_path
from pdl._validation import check_choice
from pdl.data.errors import DataError
from pdl.data.formats.image_folders import ImageFolder, load_image_folder
from pdl.data.formats.masks import MaskFolder, load_mask_folder
from pdl.data.formats.voc import VocFolder, load_voc
from pdl.data.store.cache import find_set

BCCD_CLASSES = ("RBC", "WBC", "Platelets")
CAMVID_CLASSES = (
    "sky",
    "building",
    "pole",
    "road",
    "pavement",
    "tree",
    "sign",
    "fence",
    "car",
    "pedestrian",
    "bicyclist",
    "void",
)
FOLDER_SPLITS = {"train": "training_set", "test": "test_set"}
CAMVID_SPLITS = {"train": "train", "validation": "val", "test": "test"}


def load_nuclei(split: str = "train", folder: str | Path | None = None) -> MaskFolder:
    """Load fluorescence images of cell nuclei with a mask of each nucleus [1]_.

    There is no official split: in the order of the names, every fifth image is for testing.

    Parameters
    ----------
    split : {"train", "test"}
        Which images: 268 or 66.
    folder : str or Path, optional
        The set's folder, if it is neither in ``PDL_DATA_DIR`` nor in the cache.

    Returns
    -------
    MaskFolder
        A sequence of ``(image, mask)``: uint8 (256, 256), and int32 (256, 256) with 0 for the
        background and 1…n for the nuclei.

    Raises
    ------
    MissingDataError
        If the set is not on this machine; the message says how to get it.
    DataError
        If a file is missing or damaged, or of a wrong size.

    References
    ----------
    .. [1] J. C. Caicedo et al., "Nucleus segmentation across imaging experiments: the 2018 Data
       Science Bowl", Nature Methods 16, 1247–1253, 2019.
    """
    check_choice(split, "split", ("train", "test"))
    source = find_set("nuclei") if folder is None else as_path(folder, "folder")
    every = load_mask_folder(source / "images", source / "labels", gray=True, shape=(256, 256))
    return _every_fifth(every, split, [path.stem for path in every.image_paths])


def _every_fifth(every: MaskFolder, split: str, groups: list[str]) -> MaskFolder:
    """Return the part for a split: of the groups, in order, every fifth is for testing."""
    tested = set(sorted(set(groups))[4::5])
    keep = [(group in tested) == (split == "test") for group in groups]
    pairs = zip(every.image_paths, every.mask_paths, strict=True)
    entries = [pair for pair, kept in zip(pairs, keep, strict=True) if kept]
    if not entries:
        raise DataError(f"{every.source}: holds too few images ({len(every)}) for a split")
    return every.with_entries(entries)


def load_camvid(split: str = "train", folder: str | Path | None = None) -> MaskFolder:
    """Load street scenes of the CamVid database with the class of each pixel [1]_, [2]_.

    Parameters
    ----------
    split : {"train", "validation", "test"}
        Which images: 367, 101 or 233. Those of a film lie in one split together.
    folder : str or Path, optional
        The set's folder, if it is neither in ``PDL_DATA_DIR`` nor in the cache.

    Returns
    -------
    MaskFolder
        A sequence of ``(image, mask)``: uint8 (180, 240, 3), and int32 (180, 240) with 0…10 for
        the classes of ``classes`` and 11 for what belongs to none (void).

    Raises
    ------
    MissingDataError
        If the set is not on this machine; the message says how to get it.
    DataError
        If a file is missing or damaged, of a wrong size, or holds another class.

    References
    ----------
    .. [1] G. J. Brostow, J. Fauqueur and R. Cipolla, "Semantic object classes in video: a
       high-definition ground truth database", Pattern Recognition Letters 30(2), 88–97, 2009.
    .. [2] V. Badrinarayanan, A. Kendall and R. Cipolla, "SegNet: a deep convolutional
       encoder-decoder architecture for image segmentation", IEEE TPAMI 39(12), 2481–2495, 2017.
    """
    check_choice(split, "split", tuple(CAMVID_SPLITS))
    source = find_set("camvid") if folder is None else as_path(folder, "folder")
    name = CAMVID_SPLITS[split]
    return load_mask_folder(
        source / name, source / f"{name}annot", classes=CAMVID_CLASSES, shape=(180, 240)
    )


def load_bccd(
    split: str = "train", folder: str | Path | None = None, *, strict: bool = False
) -> VocFolder:
    """Load blood smears with a box around each cell (BCCD).

    Two boxes of the set have no area. They are left out, and a warning names file and line.

    Parameters
    ----------
    split : {"train", "val", "trainval", "test"}
        Which images: 205, 87, 292 or 72.
    folder : str or Path, optional
        The set's folder, if it is neither in ``PDL_DATA_DIR`` nor in the cache.
    strict : bool
        Whether a split with such a box is refused instead.

    Returns
    -------
    VocFolder
        A sequence of ``(image, boxes, labels)``: uint8 (480, 640, 3), float64 (N, 4) and int64
        (N,); see :class:`pdl.data.formats.voc.BoxedImage`.

    Raises
    ------
    MissingDataError
        If the set is not on this machine; the message says how to get it.
    DataError
        If a file is missing or damaged; with ``strict``, if a box has no area.
    """
    source = find_set("bccd") if folder is None else as_path(folder, "folder")
    return load_voc(source, split, classes=BCCD_CLASSES, strict=strict)


def load_cats_and_dogs(split: str = "train", folder: str | Path | None = None) -> ImageFolder:
    """Load photos of cats and dogs [1]_.

    Parameters
    ----------
    split : {"train", "test"}
        Which photos: 2000 each, half of them cats.
    folder : str or Path, optional
        The set's folder, if it is neither in ``PDL_DATA_DIR`` nor in the cache.

    Returns
    -------
    ImageFolder
        A sequence of ``(image, label)``: uint8 (160, 160, 3), and 0 for cats, 1 for dogs.

    Raises
    ------
    MissingDataError
        If the set is not on this machine; the message says how to get it.
    DataError
        If a class is missing, or a file is damaged or of a wrong size.

    References
    ----------
    .. [1] J. Elson, J. R. Douceur, J. Howell and J. Saul, "Asirra: a CAPTCHA that exploits
       interest-aligned manual image categorization", ACM CCS, 366–374, 2007.
    """
    check_choice(split, "split", tuple(FOLDER_SPLITS))
    source = find_set("catsdogs") if folder is None else as_path(folder, "folder")
    return load_image_folder(
        source / FOLDER_SPLITS[split], shape=(160, 160), classes=("cats", "dogs")
    )


def load_cervix(split: str = "train", folder: str | Path | None = None) -> ImageFolder:
    """Load photos of the three types of cervix, prepared with ``pdl data prepare cervix``.

    Parameters
    ----------
    split : {"train", "test"}
        Which photos; of each type, every fifth is for testing.
    folder : str or Path, optional
        The set's folder, if it is neither in ``PDL_DATA_DIR`` nor in the cache.

    Returns
    -------
    ImageFolder
        A sequence of ``(image, label)``: uint8 (256, 256, 3), and 0, 1, 2 for types 1, 2, 3.

    Raises
    ------
    MissingDataError
        If the set is not on this machine; the message says how to get it.
    DataError
        If a class is missing, or a file is damaged or of a wrong size.
    """
    check_choice(split, "split", tuple(FOLDER_SPLITS))
    source = find_set("cervix") if folder is None else as_path(folder, "folder")
    classes = ("Type_1", "Type_2", "Type_3")
    return load_image_folder(source / FOLDER_SPLITS[split], shape=(256, 256), classes=classes)


def load_carvana(split: str = "train", folder: str | Path | None = None) -> MaskFolder:
    """Load photos of cars with masks, prepared with ``pdl data prepare carvana``.

    Each car was photographed from 16 sides. In the order of their names every fifth car is for
    testing: no car is in both splits.

    Parameters
    ----------
    split : {"train", "test"}
        Which cars.
    folder : str or Path, optional
        The set's folder, if it is neither in ``PDL_DATA_DIR`` nor in the cache.

    Returns
    -------
    MaskFolder
        A sequence of ``(image, mask)``: uint8 (320, 480, 3), and int32 (320, 480) with 0 for the
        background and 1 for the car.

    Raises
    ------
    MissingDataError
        If the set is not on this machine; the message says how to get it.
    DataError
        If a file is missing or damaged, or of a wrong size.
    """
    check_choice(split, "split", ("train", "test"))
    source = find_set("carvana") if folder is None else as_path(folder, "folder")
    every = load_mask_folder(
        source / "images", source / "masks", classes=("background", "car"), shape=(320, 480)
    )
    return _every_fifth(every, split, [path.stem.rpartition("_")[0] for path in every.image_paths])
