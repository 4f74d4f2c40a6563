"""The loaders of MNIST and Fashion-MNIST: tiny files of our own, and every kind of damage."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from pdl.data import load_fashion_mnist, load_mnist
from pdl.data.errors import DataError, MissingDataError
from pdl.data.store import mnist
from pdl.data.store.registry import DATA, DataSet, RemoteFile, data_set

IMAGES, LABELS = "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"
LOADERS = {"mnist": load_mnist, "fashion_mnist": load_fashion_mnist}


class Tiny:
    """A folder with three labelled images, and a registry that knows them as it knows the set."""

    def __init__(self, name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.name, self.folder = name, folder
        self.sha256_of = data_set(name).files[0].sha256_of
        self.files: dict[str, RemoteFile] = {}
        self.images = np.random.default_rng(0).integers(256, size=(3, 28, 28)).astype(np.uint8)
        self.labels = np.array([7, 0, 9], dtype=np.uint8)
        self.write(IMAGES, self.images)
        self.write(LABELS, self.labels)
        monkeypatch.setattr(mnist, "data_set", self.entry)

    def entry(self, name: str) -> DataSet:
        return DataSet(name, "w", "l", "s", "c", "fetch", files=tuple(self.files.values()))

    def write(self, path: str, array: np.ndarray, known: bool = True) -> None:
        lengths = b"".join(length.to_bytes(4, "big") for length in array.shape)
        content = bytes([0, 0, 8, array.ndim]) + lengths + array.tobytes()
        packed = gzip.compress(content, mtime=0)
        (self.folder / path).write_bytes(packed)
        if known:
            hashed = packed if self.sha256_of == "bytes" else content
            digest = hashlib.sha256(hashed).hexdigest()
            self.files[path] = RemoteFile(path, ("u",), digest, len(hashed), self.sha256_of)

    def load(self) -> mnist.LabelledImages:
        return LOADERS[self.name]("test", self.folder)


@pytest.fixture(params=LOADERS)
def tiny(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tiny:
    return Tiny(request.param, tmp_path, monkeypatch)


@pytest.fixture
def digits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tiny:
    return Tiny("mnist", tmp_path, monkeypatch)


def test_images_and_labels_come_back(tiny: Tiny) -> None:
    images, labels = tiny.load()
    assert images.dtype == labels.dtype == np.uint8
    assert np.array_equal(images, tiny.images)
    assert np.array_equal(labels, tiny.labels)


def test_decompressed_files_do_as_well(digits: Tiny) -> None:
    for name in (IMAGES, LABELS):
        path = digits.folder / name
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    assert np.array_equal(digits.load().images, digits.images)
    path = digits.folder / "t10k-labels-idx1-ubyte"
    path.write_bytes(path.read_bytes()[:-1] + b"\5")
    with pytest.raises(DataError, match="t10k-labels-idx1-ubyte: the SHA-256"):
        digits.load()


def test_another_compression_is_the_same_file(digits: Tiny) -> None:
    path = digits.folder / IMAGES
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()), compresslevel=1))
    assert np.array_equal(digits.load().images, digits.images)


def test_it_is_found_by_the_setting(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    (tiny.folder / "data").mkdir()
    for name in (IMAGES, LABELS):
        (tiny.folder / "data" / tiny.name).mkdir(exist_ok=True)
        (tiny.folder / name).rename(tiny.folder / "data" / tiny.name / name)
    monkeypatch.setenv("PDL_DATA_DIR", str(tiny.folder / "data"))
    assert np.array_equal(LOADERS[tiny.name]("test").labels, tiny.labels)


@pytest.mark.parametrize("name", LOADERS)
def test_without_the_set_it_says_how_to_get_it(name: str, home: Path) -> None:
    with pytest.raises(MissingDataError, match=f"PDL_DATA_DIR.*pdl data list {name}"):
        LOADERS[name]("train")


def test_a_missing_file_is_named(tiny: Tiny) -> None:
    (tiny.folder / LABELS).unlink()
    with pytest.raises(MissingDataError, match=f"neither {LABELS}.*pdl data list {tiny.name}"):
        tiny.load()


@pytest.mark.parametrize("name", LOADERS)
def test_each_split_has_files_of_its_own(name: str, tmp_path: Path) -> None:
    for split, beginning in (("train", "train"), ("test", "t10k")):
        with pytest.raises(MissingDataError, match=f"{beginning}-images-idx3-ubyte.gz"):
            LOADERS[name](split, tmp_path)
    with pytest.raises(ValueError, match="'train', 'test'"):
        LOADERS[name]("validation", tmp_path)


@pytest.mark.parametrize("kept", [0, 5, 40, -1])
def test_a_file_that_is_cut_off_is_named(kept: int, tiny: Tiny) -> None:
    path = tiny.folder / IMAGES
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(DataError, match=IMAGES):
        tiny.load()


def test_damage_in_the_middle_is_named(tiny: Tiny) -> None:
    path = tiny.folder / IMAGES
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    path.write_bytes(bytes(damaged))
    with pytest.raises(DataError, match=IMAGES):
        tiny.load()


def test_a_page_instead_of_the_file_is_named(digits: Tiny) -> None:
    (digits.folder / IMAGES).write_bytes(b"<html>not found</html>")
    with pytest.raises(DataError, match=f"{IMAGES}.*not a whole gzip file"):
        digits.load()


def test_images_in_the_place_of_labels(tiny: Tiny) -> None:
    tiny.write(LABELS, tiny.images)
    with pytest.raises(DataError, match=f"{LABELS}: is no IDX file of bytes with 1 axes"):
        tiny.load()


def test_images_and_labels_of_different_number(tiny: Tiny) -> None:
    tiny.write(LABELS, tiny.labels[:2])
    with pytest.raises(DataError, match=r"'test' has 3 images, but 2 labels"):
        tiny.load()


def test_one_pixel_that_differs(tiny: Tiny) -> None:
    tiny.images[1, 2, 3] ^= 1
    tiny.write(IMAGES, tiny.images, known=False)
    with pytest.raises(DataError, match=f"{IMAGES}: (has .* bytes|the SHA-256)"):
        tiny.load()


def test_the_records_are_of_the_files_that_the_registry_means() -> None:
    recorded = json.loads((DATA / "results" / "mnist-cnn.json").read_text("utf8"))
    assert recorded["data"]["sha256"] == mnist.mnist_sha256()
