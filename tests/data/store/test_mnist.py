"""The loader of MNIST: tiny files of our own are read, and every kind of damage is named."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdl.data.errors import DataError, MissingDataError
from pdl.data.store.mnist import FILES, load_mnist, read_idx

IMAGES, LABELS = FILES["test"]


def idx(array):
    lengths = b"".join(length.to_bytes(4, "big") for length in array.shape)
    return bytes([0, 0, 8, array.ndim]) + lengths + array.astype(np.uint8).tobytes()


class Digits:
    """A folder with three digits, and the hashes that it should have."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        rng = np.random.default_rng(0)
        self.images = rng.integers(256, size=(3, 28, 28)).astype(np.uint8)
        self.labels = np.array([7, 0, 9], dtype=np.uint8)
        self.sha256 = {}
        self.write(IMAGES, idx(self.images))
        self.write(LABELS, idx(self.labels))

    def write(self, name: str, content: bytes, right: bool = True) -> Path:
        path = self.folder / f"{name}.gz"
        path.write_bytes(gzip.compress(content))
        if right:
            self.sha256[name] = hashlib.sha256(content).hexdigest()
        return path

    def load(self):
        return load_mnist("test", self.folder, self.sha256)


@pytest.fixture
def digits(tmp_path):
    return Digits(tmp_path)


def test_images_and_labels_come_back(digits):
    images, labels = digits.load()
    assert images.dtype == labels.dtype == np.uint8
    assert np.array_equal(images, digits.images)
    assert np.array_equal(labels, digits.labels)


def test_decompressed_files_do_as_well(digits):
    for name in (IMAGES, LABELS):
        path = digits.folder / f"{name}.gz"
        (digits.folder / name).write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    assert np.array_equal(digits.load().images, digits.images)


def test_another_compression_is_the_same_file(digits):
    content = idx(digits.images)
    path = digits.folder / f"{IMAGES}.gz"
    path.write_bytes(gzip.compress(content, compresslevel=1))
    assert np.array_equal(digits.load().images, digits.images)


def test_it_is_found_by_the_setting(digits, monkeypatch, tmp_path_factory):
    parent = tmp_path_factory.mktemp("data")
    digits.folder.rename(parent / "mnist")
    monkeypatch.setenv("PDL_DATA_DIR", str(parent))
    assert np.array_equal(load_mnist("test", sha256=digits.sha256).labels, digits.labels)


def test_without_the_set_it_says_where_to_put_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PDL_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PDL_HOME", str(tmp_path / "home"))
    with pytest.raises(MissingDataError, match="PDL_DATA_DIR"):
        load_mnist("train")


def test_a_missing_file_is_named(digits):
    (digits.folder / f"{LABELS}.gz").unlink()
    with pytest.raises(MissingDataError, match=LABELS):
        digits.load()


def test_the_train_split_is_in_other_files(digits):
    with pytest.raises(MissingDataError, match="train-images-idx3-ubyte"):
        load_mnist("train", digits.folder)


@pytest.mark.parametrize("kept", [0, 5, 40, -1])
def test_a_file_that_is_cut_off_is_named(digits, kept):
    path = digits.folder / f"{IMAGES}.gz"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(DataError, match=IMAGES):
        digits.load()


def test_damage_in_the_middle_is_named(digits):
    path = digits.folder / f"{IMAGES}.gz"
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    path.write_bytes(bytes(damaged))
    with pytest.raises(DataError, match=IMAGES):
        digits.load()


def test_a_page_instead_of_the_file_is_named(digits):
    path = digits.folder / f"{IMAGES}.gz"
    path.write_bytes(b"<html>not found</html>")
    with pytest.raises(DataError, match=f"{IMAGES}.*not a whole gzip file"):
        digits.load()


def test_images_in_the_place_of_labels(digits):
    digits.write(LABELS, idx(digits.images))
    with pytest.raises(
        DataError, match=f"{LABELS}.*begins with '00 00 08 03', expected '00 00 08 01"
    ):
        digits.load()


@pytest.mark.parametrize("change", [lambda content: content[:-1], lambda content: content + b"0"])
def test_too_few_or_too_many_values(digits, change):
    digits.write(IMAGES, change(idx(digits.images)))
    with pytest.raises(
        DataError, match=f"{IMAGES}.*announces 3 × 28 × 28 = 2352 values, but holds"
    ):
        digits.load()


@pytest.mark.parametrize("lengths", [b"", b"\0", b"\0\0\0"])
def test_a_file_that_ends_within_the_lengths(digits, lengths):
    digits.write(LABELS, bytes([0, 0, 8, 1]) + lengths)
    with pytest.raises(DataError, match=f"{LABELS}.*and 1 lengths"):
        digits.load()


def test_images_and_labels_of_different_number(digits):
    digits.write(LABELS, idx(digits.labels[:2]))
    with pytest.raises(DataError, match=r"3 images, but .* has 2 labels"):
        digits.load()


def test_one_pixel_that_differs(digits):
    digits.images[1, 2, 3] ^= 1
    digits.write(IMAGES, idx(digits.images), right=False)
    with pytest.raises(DataError, match=f"{IMAGES}.*SHA-256"):
        digits.load()


def test_an_unknown_split():
    with pytest.raises(ValueError, match="'train', 'test'"):
        load_mnist("validation")


@settings(deadline=None, max_examples=50)
@given(st.binary(max_size=40), st.sampled_from([1, 3]))
def test_whatever_the_bytes_are_the_error_is_ours(content, axes):
    try:
        array = read_idx(content, axes)
    except DataError:
        return
    assert idx(array) == content


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 4), min_size=3, max_size=3))
def test_every_shape_comes_back(shape):
    array = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    assert np.array_equal(read_idx(idx(array), 3), array)
