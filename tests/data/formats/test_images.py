"""What an image file can hold besides 8 bits of gray or colour: read rightly, or refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from pdl.data import DataError, load_mask_folder
from pdl.data.formats.images import read_image, read_mask

RNG = np.random.default_rng(0)
COLOUR = RNG.integers(0, 256, (6, 8, 3), dtype=np.uint8)
DEEP = RNG.integers(0, 2**16, (6, 8, 3), dtype=np.uint16)
MODES = ["RGB", "L"]


def drawing(mode: str) -> Image.Image:
    """A black line on a transparent page."""
    rgba = np.zeros((6, 8, 4), dtype=np.uint8)
    rgba[2, :, 3] = 255
    picture = Image.fromarray(rgba)
    return picture.quantize(4) if mode == "P" else picture.convert(mode)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", ["RGBA", "LA", "P"])
@pytest.mark.parametrize("ending", ["png", "tiff", "webp"])
def test_transparent_pixels_are_refused(kind: str, ending: str, mode: str, tmp_path: Path) -> None:
    """Read without a background, the drawing is black all over."""
    path = tmp_path / f"a.{ending}"
    if ending != "png":
        kind = "RGBA"
    drawing(kind).save(path)
    with pytest.raises(DataError, match=rf"a.{ending}: has transparent pixels.*lay it on") as error:
        read_image(path, mode)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ("kind", "transparent"), [("P", 0), ("L", 7), ("RGB", (7, 7, 7)), ("1", 0)]
)
def test_a_transparent_colour_is_refused_where_it_occurs(
    kind: str, transparent: Any, tmp_path: Path
) -> None:
    picture = Image.new(kind, (8, 6), transparent)
    picture.save(tmp_path / "a.png", transparency=transparent)
    with pytest.raises(DataError, match="has transparent pixels"):
        read_image(tmp_path / "a.png")
    Image.new(kind, (8, 6), 1 if kind == "1" else 3).save(
        tmp_path / "b.png", transparency=transparent
    )
    assert read_image(tmp_path / "b.png", "L").shape == (6, 8)


def test_an_alpha_channel_without_transparency_changes_nothing(tmp_path: Path) -> None:
    opaque = np.dstack([COLOUR, np.full((6, 8), 255, dtype=np.uint8)])
    Image.fromarray(opaque).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), COLOUR)
    gray = np.dstack([COLOUR[..., 0], opaque[..., 3]])
    Image.fromarray(gray, "LA").save(tmp_path / "b.png")
    np.testing.assert_array_equal(read_image(tmp_path / "b.png", "L"), COLOUR[..., 0])


def test_of_a_mask_the_palette_counts_not_its_transparency(tmp_path: Path) -> None:
    indices = np.array([[0, 1], [2, 1]], dtype=np.uint8)
    picture = Image.fromarray(indices, mode="P")
    picture.putpalette([0, 0, 0, 200, 0, 0, 0, 200, 0])
    picture.save(tmp_path / "a.png", transparency=0)
    np.testing.assert_array_equal(read_mask(tmp_path / "a.png"), indices)


# Where the pixel in the first row and column of the upright image lies in the file, and whether
# rows of the upright image are columns of the file (the Exif standard, tag 274).
TURNS: dict[int, Any] = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: np.swapaxes(a, 0, 1),
    6: lambda a: np.swapaxes(a[::-1], 0, 1),
    7: lambda a: np.swapaxes(a[::-1, ::-1], 0, 1),
    8: lambda a: np.swapaxes(a[:, ::-1], 0, 1),
}


@pytest.mark.parametrize("orientation", TURNS)
@pytest.mark.parametrize("ending", ["png", "tiff", "deflated.tiff", "jpg"])
def test_a_photo_is_turned_upright(orientation: int, ending: str, tmp_path: Path) -> None:
    blocks = np.kron([[250, 10, 120], [60, 190, 0]], np.ones((16, 16))).astype(np.uint8)
    exif = Image.Exif()
    exif[274] = orientation
    options = {"compression": "tiff_deflate"} if ending == "deflated.tiff" else {}
    Image.fromarray(blocks).save(tmp_path / f"a.{ending}", exif=exif, **options)
    expected = TURNS[orientation](blocks)
    found = read_image(tmp_path / f"a.{ending}", "L")
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected).max() <= (12 if ending == "jpg" else 0)
    if ending == "jpg":  # OpenCV turns as well
        theirs = cv2.imread(str(tmp_path / f"a.{ending}"), cv2.IMREAD_GRAYSCALE)
        assert np.abs(found.astype(int) - theirs).max() <= 3


def test_a_turned_photo_and_its_mask_agree(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    exif = Image.Exif()
    exif[274] = 3
    seen = np.kron([[255, 0]], np.ones((16, 16))).astype(np.uint8)  # as a viewer shows it
    Image.fromarray(seen[::-1, ::-1]).save(tmp_path / "images" / "a.png", exif=exif)
    Image.fromarray((seen > 0).astype(np.uint8)).save(tmp_path / "masks" / "a.png")
    image, mask = load_mask_folder(tmp_path / "images", tmp_path / "masks", gray=True)[0]
    np.testing.assert_array_equal(image > 128, mask == 1)


def test_a_turn_that_changes_the_shape_is_said(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(COLOUR).save(tmp_path / "a.png", exif=exif)
    assert read_image(tmp_path / "a.png", shape=(8, 6)).shape == (8, 6, 3)
    with pytest.raises(DataError, match=r"is 8×6 pixels \(height×width, turned .*expected 6×8"):
        read_image(tmp_path / "a.png", shape=(6, 8))


@pytest.mark.parametrize("mode", [*MODES, None])
@pytest.mark.parametrize("ending", ["gif", "png", "webp", "tiff"])
def test_several_pages_or_frames_are_refused(ending: str, mode: str, tmp_path: Path) -> None:
    frames = [Image.new("RGB", (8, 6), name) for name in ("red", "green", "blue")]
    frames[0].save(tmp_path / f"a.{ending}", save_all=True, append_images=frames[1:])
    with pytest.raises(DataError, match=rf"a.{ending}: holds 3 images \(pages or frames\): save"):
        read_image(tmp_path / f"a.{ending}", mode)


def test_of_a_camera_s_photo_and_its_preview_the_photo_is_read(tmp_path: Path) -> None:
    photo, preview = Image.new("RGB", (16, 16), "white"), Image.new("RGB", (16, 16), "black")
    photo.save(tmp_path / "a.mpo", save_all=True, append_images=[preview])
    path = (tmp_path / "a.mpo").rename(tmp_path / "a.jpg")
    assert read_image(path).min() > 250


def deep_tiff(path: Path, pixels: NDArray[Any], **options: Any) -> None:
    tifffile.imwrite(path, pixels, photometric="rgb", **options)


@pytest.mark.parametrize("mode", [*MODES, None])
@pytest.mark.parametrize(
    "write",
    [
        lambda path: cv2.imwrite(f"{path}.png", DEEP),
        lambda path: cv2.imwrite(f"{path}.png", np.dstack([DEEP, DEEP[..., :1]])),
        lambda path: deep_tiff(f"{path}.tif", DEEP),
        lambda path: deep_tiff(f"{path}.tif", DEEP, byteorder=">"),
        lambda path: deep_tiff(f"{path}.tif", DEEP, compression="zlib"),
        lambda path: deep_tiff(
            f"{path}.tif", np.moveaxis(DEEP, -1, 0).copy(), planarconfig="separate"
        ),
    ],
    ids=["png", "png alpha", "tiff", "big-endian", "compressed", "plane by plane"],
)
def test_sixteen_bits_of_colour_are_refused(write: Any, mode: str, tmp_path: Path) -> None:
    """Pillow would keep the upper 8 bits of each number, or read the planes wrongly."""
    write(tmp_path / "a")
    (path,) = tmp_path.iterdir()
    with pytest.raises(DataError, match=rf"{path.name}: has more than 8 bits.*convert it"):
        read_image(path, mode)


def test_one_bit_is_black_or_white(tmp_path: Path) -> None:
    bits = RNG.random((6, 8)) < 0.5
    for ending in ("png", "tiff", "bmp"):
        path = tmp_path / f"a.{ending}"
        Image.fromarray(bits).save(path)
        np.testing.assert_array_equal(read_image(path, "L"), 255 * bits)
        np.testing.assert_array_equal(read_image(path)[..., 2], 255 * bits)
        np.testing.assert_array_equal(read_mask(path), bits)


@pytest.mark.parametrize("ending", ["jpg", "tiff"])
def test_inks_become_light(ending: str, tmp_path: Path) -> None:
    """R = 255 (1 − C) (1 − K), and so on; JPEG may be off by a few levels."""
    inks = np.full((16, 16, 4), (51, 0, 255, 102), dtype=np.uint8)
    Image.fromarray(inks, "CMYK").save(tmp_path / f"a.{ending}")
    expected = (255 * 0.8 * 0.6, 255 * 1.0 * 0.6, 0)
    found = read_image(tmp_path / f"a.{ending}").reshape(-1, 3)
    np.testing.assert_allclose(found, np.broadcast_to(expected, found.shape), atol=4)


@pytest.mark.parametrize("mode", MODES)
def test_lab_is_refused(mode: str, tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", COLOUR, photometric="cielab")
    with pytest.raises(DataError, match=r"a.tif: is in the colour space LAB: convert it to RGB"):
        read_image(tmp_path / "a.tif", mode)


def test_what_is_no_image_format_is_not_opened(tmp_path: Path) -> None:
    """Pillow would hand a PostScript program to its interpreter, whatever the file is called."""
    Image.fromarray(COLOUR).save(tmp_path / "a.eps")
    path = (tmp_path / "a.eps").rename(tmp_path / "a.png")
    with pytest.raises(DataError, match=r"a.png: is no image that can be read.*save it as PNG"):
        read_image(path)


@pytest.mark.parametrize(
    ("value", "dtype"),
    [(-1, np.int16), (2**32 - 1, np.uint32), (1.5, np.float32), (np.nan, np.float32)],
)
def test_a_mask_holds_whole_numbers_from_zero(value: float, dtype: type, tmp_path: Path) -> None:
    values = np.zeros((6, 8), dtype)
    values[3, 4] = value
    tifffile.imwrite(tmp_path / "a.tif", values)
    with pytest.raises(DataError, match=r"a.tif: row 3, column 4 holds .*expected a whole number"):
        read_mask(tmp_path / "a.tif")


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.float32])
def test_a_mask_may_have_more_than_eight_bits(dtype: type, tmp_path: Path) -> None:
    values = np.array([[0, 1], [40_000, 2]]).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", values)
    np.testing.assert_array_equal(read_mask(str(tmp_path / "a.tif")), values)
