"""Names and text as other systems write them: other cases, accents, encodings; paths as text."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pdl import data
from pdl.data import DataError, load_image_folder, load_mask_folder, load_voc
from pdl.data.store.converters import Notes, carvana, nuclei

COMPOSED = unicodedata.normalize("NFC", "Zähler")
APART = unicodedata.normalize("NFD", "Zähler")
ANNOTATION = (
    "<annotation><size><width>8</width><height>6</height></size><object><name>{name}</name>"
    "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>5</xmax><ymax>5</ymax></bndbox></object>"
    "</annotation>"
)


def save(path: Path, value: int = 0, mode: str = "RGB") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, (8, 6), value).save(path)
    return path


@pytest.fixture
def voc(tmp_path: Path) -> Callable[..., Path]:
    """Make a folder in the form of Pascal VOC, of the annotation's and the image's file name."""

    def make(*names: tuple[str, str], content: bytes | None = None) -> Path:
        for part in ("Annotations", "JPEGImages", "ImageSets/Main"):
            (tmp_path / "voc" / part).mkdir(parents=True, exist_ok=True)
        for xml, image in names:
            save(tmp_path / "voc" / "JPEGImages" / image)
            text = ANNOTATION.format(name="cell").encode()
            (tmp_path / "voc" / "Annotations" / xml).write_bytes(content or text)
        return tmp_path / "voc"

    return make


def test_the_case_of_a_suffix_does_not_count(voc: Callable[..., Path], tmp_path: Path) -> None:
    folder = voc(("a.xml", "a.JPG"), ("b.XML", "b.jpeg"), ("c.xml", "c.Png"))
    found = load_voc(folder)
    assert [each.image_path.name for each in found.annotations] == ["a.JPG", "b.jpeg", "c.Png"]
    found.check()
    (folder / "Annotations" / ".d.xml").write_text("as some systems put beside each file")
    assert len(load_voc(folder)) == 3
    save(tmp_path / "images" / "a.JPG")
    save(tmp_path / "masks" / "a_mask.PNG", mode="L")
    load_mask_folder(tmp_path / "images", tmp_path / "masks").check()


def test_two_files_of_one_name_are_not_guessed_between(voc: Callable[..., Path]) -> None:
    folder = voc(("a.xml", "a.jpg"))
    save(folder / "JPEGImages" / "a.png")
    with pytest.raises(DataError, match=r"a.png: has the same name as a.jpg; rename one"):
        load_voc(folder)


@pytest.mark.parametrize(
    ("xml", "image", "listed"),
    [(COMPOSED, APART, COMPOSED), (APART, COMPOSED, COMPOSED), (COMPOSED, COMPOSED, APART)],
)
def test_accents_put_together_or_taken_apart(
    xml: str, image: str, listed: str, voc: Callable[..., Path]
) -> None:
    folder = voc((f"{xml}.xml", f"{image}.jpg"))
    (folder / "ImageSets" / "Main" / "train.txt").write_text(f"{listed}\n", "utf8")
    found = load_voc(folder, "train")
    assert len(found) == 1
    found.check()


def test_accents_in_the_names_of_classes_and_masks(
    voc: Callable[..., Path], tmp_path: Path
) -> None:
    folder = voc(("a.xml", "a.jpg"), ("b.xml", "b.jpg"))
    for xml, name in (("a.xml", COMPOSED), ("b.xml", APART)):
        (folder / "Annotations" / xml).write_text(ANNOTATION.format(name=name), "utf8")
    assert load_voc(folder).classes == (COMPOSED,)
    assert [labels.tolist() for _, _, labels in load_voc(folder, classes=[APART])] == [[0], [0]]
    save(tmp_path / "images" / f"{APART}.jpg")
    save(tmp_path / "masks" / f"{COMPOSED}_mask.png", mode="L")
    assert len(load_mask_folder(tmp_path / "images", tmp_path / "masks")) == 1
    save(tmp_path / "classes" / APART / "a.png")
    assert load_image_folder(tmp_path / "classes", classes=[COMPOSED]).classes == (COMPOSED,)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_list_in_an_encoding_that_its_first_bytes_tell(
    encoding: str, voc: Callable[..., Path]
) -> None:
    folder = voc(("a.xml", "a.jpg"), (f"{COMPOSED}.xml", f"{COMPOSED}.jpg"), ("a 2.xml", "a 2.jpg"))
    text = f"{COMPOSED} 1\r\na\r\na 2\r\n"
    (folder / "ImageSets" / "Main" / "train.txt").write_bytes(text.encode(encoding))
    found = load_voc(folder, "train")
    assert [each.path.stem for each in found.annotations] == [COMPOSED, "a", "a 2"]


@pytest.mark.parametrize(
    ("encoding", "message"),
    [
        ("latin-1", "train.txt, line 2: is not text in UTF-8: save the file in UTF-8"),
        ("utf-16-le", "train.txt: is not text in UTF-8: save"),
    ],
)
def test_a_list_in_another_encoding_is_refused(
    encoding: str, message: str, voc: Callable[..., Path]
) -> None:
    folder = voc(("a.xml", "a.jpg"))
    text = "a\nä\n" if encoding == "latin-1" else "a\n"
    (folder / "ImageSets" / "Main" / "train.txt").write_bytes(text.encode(encoding))
    with pytest.raises(DataError, match=message):
        load_voc(folder, "train")


@pytest.mark.parametrize(
    ("declared", "written", "name"),
    [
        ("gb2312", "gb2312", "细胞"),
        ("Shift_JIS", "shift_jis", "細胞"),
        ("big5", "big5", "細胞"),
        ("ISO-8859-1", "latin-1", "Zähler"),
        ("windows-1252", "cp1252", "„Zähler“"),
        ("UTF-16", "utf-16", "細胞"),
        ("UTF-8", "utf-8-sig", "細胞"),
        ("utf-16", "utf-8", "細胞"),  # as .NET writes into a string
    ],
)
def test_xml_in_the_encoding_that_it_declares(
    declared: str, written: str, name: str, voc: Callable[..., Path]
) -> None:
    text = f'<?xml version="1.0" encoding="{declared}"?>\n' + ANNOTATION.format(name=name)
    folder = voc(("a.xml", "a.jpg"), content=text.encode(written))
    assert load_voc(folder).classes == (unicodedata.normalize("NFC", name),)


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ("nonsense", r"a.xml: is said to be in the encoding 'nonsense', which is not known: save"),
        ("hex", r"a.xml: is said to be in the encoding 'hex'"),
        ("punycode", r"a.xml: is said to be in the encoding 'punycode'"),
        ("shift_jis", r"a.xml, line 2: is not text in SHIFT_JIS: save"),
    ],
)
def test_xml_in_an_encoding_that_cannot_be(
    declared: str, message: str, voc: Callable[..., Path]
) -> None:
    text = f'<?xml version="1.0" encoding="{declared}"?>\n<annotation>'.encode() + b"\xff\xff"
    with pytest.raises(DataError, match=message):
        load_voc(voc(("a.xml", "a.jpg"), content=text))


def test_converters_do_not_drop_files_by_the_case_of_their_suffix(tmp_path: Path) -> None:
    for folder in ("images/id.PNG", "masks/1.png", "masks/2.PNG"):
        path = tmp_path / "nuclei" / "id" / folder
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.zeros((256, 256), dtype=np.uint8)
        pixels[:5, :5] = 255 * ("1" in path.name)
        pixels[9:, 9:] = 255 * ("2" in path.name)
        Image.fromarray(pixels).save(path)
    nuclei(tmp_path / "nuclei", tmp_path / "out", Notes())
    assert np.array(Image.open(tmp_path / "out" / "labels" / "id.png")).max() == 2
    save(tmp_path / "cars" / "x_01.JPG")
    save(tmp_path / "cars" / "x_01_mask.GIF", mode="L")
    carvana(tmp_path / "cars", tmp_path / "made", Notes())
    assert (tmp_path / "made" / "images" / "x_01.jpg").exists()


LOADERS = [
    data.load_mnist,
    data.load_fashion_mnist,
    data.load_nuclei,
    data.load_camvid,
    data.load_bccd,
    data.load_cats_and_dogs,
    data.load_cervix,
    data.load_carvana,
]


@pytest.mark.parametrize("loader", LOADERS)
def test_a_folder_may_be_given_as_text(
    loader: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is wrong with an empty folder is said the same way, for a str, a Path and a ~."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "set").mkdir()
    said = []
    for folder in (tmp_path / "set", str(tmp_path / "set"), "~/set", Path("~/set")):
        with pytest.raises(DataError) as error:
            loader("train", folder=folder)
        said.append(str(error.value))
    assert len(set(said)) == 1
    assert str(tmp_path / "set") in said[0]
    with pytest.raises(TypeError, match="folder must be a str or a Path, got 7"):
        loader("train", folder=7)


@pytest.mark.parametrize("kind", [str, Path])
def test_folders_of_one_s_own_may_be_given_as_text(
    kind: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    save(tmp_path / "images" / "a.png")
    save(tmp_path / "masks" / "a.png", mode="L")
    assert len(load_mask_folder(kind("~/images"), kind("~/masks"))) == 1
