"""Image folders and mask folders of one's own: what is wrong, and where, is said."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pdl.data import DataError, load_image_folder, load_mask_folder
from pdl.data.formats.images import read_image

RNG = np.random.default_rng(0)


def photo(path: Path, shape: tuple[int, ...] = (6, 8, 3)) -> np.ndarray:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = RNG.integers(0, 256, shape, dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return pixels


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    for name in ("cats/a.png", "cats/b.png", "dogs/c.png"):
        photo(tmp_path / "pets" / name)
    return tmp_path / "pets"


# one image


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("ending", ["png", "bmp", "tiff", "gif"])
def test_an_image_is_read_as_it_is(ending: str, mode: str, tmp_path: Path) -> None:
    shape = (5, 7) if ending == "gif" else (5, 7, 3)
    pixels = photo(tmp_path / f"a.{ending}", shape)
    found = read_image(tmp_path / f"a.{ending}", mode)
    expected = np.array(Image.fromarray(pixels).convert(mode))
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == np.uint8


def test_a_palette_image_gives_its_indices(tmp_path: Path) -> None:
    picture = Image.fromarray(np.array([[0, 1], [2, 1]], dtype=np.uint8), mode="P")
    picture.putpalette([9, 9, 9, 200, 0, 0, 0, 200, 0])
    picture.save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_image(tmp_path / "a.png", None), [[0, 1], [2, 1]])


@pytest.mark.parametrize("ending", ["png", "jpg", "gif", "tiff"])
def test_a_cut_image_is_named(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{ending}"
    photo(path, (40, 40) if ending == "gif" else (40, 40, 3))
    whole = path.read_bytes()
    for cut in (0, 1, 7, 30, len(whole) // 2, len(whole) * 3 // 4):
        path.write_bytes(whole[:cut])
        with pytest.raises(DataError, match=f"a.{ending}: ") as error:
            read_image(path)
        assert str(path) in str(error.value)


def test_a_corrupted_png_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    pixels = photo(path, (40, 40, 3))
    whole = path.read_bytes()
    refused = 0
    for place in range(0, len(whole) - 12, 97):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            found = read_image(path)
        except DataError:
            refused += 1
        else:
            np.testing.assert_array_equal(found, pixels)
    assert refused > 10


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "is empty"), (b"<html>not found</html>", "begins with b'<html>not fo'")],
)
def test_no_image_at_all(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_image(tmp_path / "a.jpg")


def test_a_missing_image_and_one_of_a_wrong_size(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"absent.png: is missing"):
        read_image(tmp_path / "absent.png")
    photo(tmp_path / "a.png", (5, 7, 3))
    with pytest.raises(DataError, match=r"is 5×7 pixels \(height×width\), expected 7×5"):
        read_image(tmp_path / "a.png", shape=(7, 5))


@pytest.mark.parametrize("side", [11_000, 30_000])
def test_an_image_that_claims_to_be_huge(side: int, tmp_path: Path) -> None:
    photo(tmp_path / "a.png")
    data = bytearray((tmp_path / "a.png").read_bytes())
    data[16:24] = struct.pack(">II", side, side)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(DataError, match="too many"):
        read_image(tmp_path / "a.png")


def test_sixteen_bits_are_not_squeezed_silently(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 4), 4000, dtype=np.uint16)).save(tmp_path / "a.png")
    with pytest.raises(DataError, match="do not fit into 0…255"):
        read_image(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png", None).max() == 4000


# a folder for each class


def test_an_image_folder(pets: Path) -> None:
    (pets / ".DS_Store").touch()
    (pets / "cats" / "Thumbs.db").touch()
    found = load_image_folder(pets)
    assert found.classes == ("cats", "dogs")
    assert found.labels.tolist() == [0, 0, 1]
    assert [path.name for path in found.paths] == ["a.png", "b.png", "c.png"]
    assert len(found) == 3
    image, label = found[-1]
    np.testing.assert_array_equal(image, np.array(Image.open(pets / "dogs" / "c.png")))
    assert label == 1
    assert [label for _, label in found] == [0, 0, 1]
    assert found[1:].labels.tolist() == [0, 1]
    assert len(found) == 3
    with pytest.raises(IndexError):
        found[3]
    images, labels = found.arrays()
    assert images.shape == (3, 6, 8, 3)
    np.testing.assert_array_equal(images[0], found[0].image)
    assert labels.tolist() == [0, 0, 1]
    assert repr(found) == f"ImageFolder(3 images: cats 2, dogs 1; in {pets})"
    found.check()


def test_images_are_opened_on_access_alone(pets: Path) -> None:
    (pets / "cats" / "b.png").write_bytes(b"")
    found = load_image_folder(pets)
    assert found[0].label == 0
    with pytest.raises(DataError, match=r"b.png: is empty"):
        found[1]
    with pytest.raises(DataError, match=r"1 of 3 items(.|\n)*b.png: is empty"):
        found.check()


def test_gray_and_the_order_of_classes(pets: Path) -> None:
    found = load_image_folder(pets, gray=True, classes=("dogs", "cats"))
    assert found.labels.tolist() == [0, 1, 1]
    assert found[0].image.shape == (6, 8)


def test_the_same_file_in_two_classes_is_mislabelled(pets: Path) -> None:
    (pets / "dogs" / "z.png").write_bytes((pets / "cats" / "a.png").read_bytes())
    with pytest.raises(DataError, match=r"z.png: is the same file as .*a.png, under another class"):
        load_image_folder(pets).check()


def test_sizes_that_differ(pets: Path) -> None:
    photo(pets / "dogs" / "z.png", (9, 9, 3))
    with pytest.raises(DataError, match=r"z.png: is 9×9 pixels .*expected 6×8"):
        load_image_folder(pets).arrays()
    with pytest.raises(DataError, match=r"z.png"):
        load_image_folder(pets, shape=(6, 8)).check()


def test_wrong_folders_are_named(pets: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="absent: is no folder"):
        load_image_folder(tmp_path / "absent")
    with pytest.raises(DataError, match="holds no folders"):
        load_image_folder(_empty(tmp_path / "empty"))
    with pytest.raises(DataError, match="expected the classes cats, birds, found cats, dogs"):
        load_image_folder(pets, classes=("cats", "birds"))
    with pytest.raises(DataError, match=r"a.png: lies beside the folders.*2 such files"):
        load_image_folder(pets / "cats")
    (pets / "dogs" / "notes.txt").touch()
    with pytest.raises(DataError, match=r"notes.txt: is no image by its name"):
        load_image_folder(pets)
    (pets / "dogs" / "notes.txt").unlink()
    (pets / "dogs" / "c.png").unlink()
    with pytest.raises(DataError, match="dogs: holds no images"):
        load_image_folder(pets)


def _empty(folder: Path) -> Path:
    folder.mkdir()
    return folder


# masks


@pytest.fixture
def scenes(tmp_path: Path) -> tuple[Path, Path]:
    for name in ("a", "b"):
        photo(tmp_path / "images" / f"{name}.jpg")
        mask(tmp_path / "masks" / f"{name}_mask.png")
    return tmp_path / "images", tmp_path / "masks"


def mask(path: Path, shape: tuple[int, ...] = (6, 8), top: int = 2) -> None:
    path.parent.mkdir(exist_ok=True)
    pixels = RNG.integers(0, top, shape, dtype=np.uint8)
    pixels[0, 0] = top
    Image.fromarray(pixels).save(path)


def test_a_mask_folder(scenes: tuple[Path, Path]) -> None:
    found = load_mask_folder(*scenes, classes=("sky", "road", "car"))
    assert len(found) == 2
    image, labels = found[1]
    assert image.shape == (6, 8, 3) and labels.shape == (6, 8)
    assert labels.dtype == np.int32
    np.testing.assert_array_equal(labels, np.array(Image.open(scenes[1] / "b_mask.png")))
    assert found.mask_paths[1].name == "b_mask.png" and found.image_paths[1].name == "b.jpg"
    assert found.classes == ("sky", "road", "car")
    assert "2 images" in repr(found)
    found.check()


def test_images_and_masks_that_do_not_pair(scenes: tuple[Path, Path]) -> None:
    photo(scenes[0] / "c.png")
    (scenes[1] / "a_mask.png").rename(scenes[1] / "z.png")
    with pytest.raises(DataError, match="do not pair") as error:
        load_mask_folder(*scenes)
    assert "c.png: has no mask" in str(error.value)
    assert "z.png: has no image" in str(error.value)


def test_a_value_out_of_range_is_located(scenes: tuple[Path, Path]) -> None:
    with pytest.raises(
        DataError, match=r"a_mask.png: row 0, column 0 holds 2, expected 0…1 for 2 classes"
    ):
        load_mask_folder(*scenes, classes=("no", "yes"))[0]


def test_a_mask_of_a_wrong_size_or_kind(scenes: tuple[Path, Path]) -> None:
    mask(scenes[1] / "a_mask.png", (8, 6))
    with pytest.raises(DataError, match=r"a_mask.png: is 8×6 pixels .* a.jpg is 6×8"):
        load_mask_folder(*scenes)[0]
    mask(scenes[1] / "a_mask.png", (6, 8, 3))
    with pytest.raises(DataError, match=r"a_mask.png: has 3 channels"):
        load_mask_folder(*scenes)[0]
    (scenes[1] / "a_mask.png").write_bytes(b"\x89PNG")
    with pytest.raises(DataError, match=r"a_mask.png"):
        load_mask_folder(*scenes).check()
    mask(scenes[1] / "b_mask.jpg")
    (scenes[1] / "b_mask.png").unlink()
    with pytest.raises(DataError, match=r"b_mask.jpg: a mask in a format that alters"):
        load_mask_folder(*scenes)


def test_folders_of_masks_that_cannot_be(scenes: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="absent: is no folder"):
        load_mask_folder(scenes[0], tmp_path / "absent")
    with pytest.raises(DataError, match="empty: holds no images"):
        load_mask_folder(_empty(tmp_path / "empty"), scenes[1])
    photo(scenes[0] / "a.png")
    with pytest.raises(DataError, match=r"a.png: has the same name as a.jpg"):
        load_mask_folder(*scenes)
