"""Boxes in the form of Pascal VOC: what is wrong with a file is said with its line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pdl.data import DataError, DataWarning, load_voc
from pdl.data.formats import voc_xml

HEAD = """<annotation>
  <filename>{name}.jpg</filename>
  <size><width>40</width><height>30</height><depth>3</depth></size>
"""
BOX = """  <object>
    <name>{name}</name>
    <bndbox>
      <xmin>{0}</xmin><ymin>{1}</ymin><xmax>{2}</xmax><ymax>{3}</ymax>
    </bndbox>
  </object>
"""
Box = tuple[str, object, object, object, object]


class Smears:
    """A folder in the form of Pascal VOC."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for part in ("Annotations", "JPEGImages", "ImageSets/Main"):
            (folder / part).mkdir(parents=True)

    def add(self, name: str, *boxes: Box, shape: tuple[int, int] = (30, 40)) -> Path:
        Image.fromarray(np.zeros((*shape, 3), dtype=np.uint8)).save(
            self.folder / "JPEGImages" / f"{name}.jpg"
        )
        objects = "".join(BOX.format(*corners, name=kind) for kind, *corners in boxes)
        return self.write(name, HEAD.format(name=name) + objects + "</annotation>\n")

    def write(self, name: str, text: str) -> Path:
        path = self.folder / "Annotations" / f"{name}.xml"
        path.write_text(text, "utf8")
        return path

    def split(self, name: str, *lines: str) -> Path:
        path = self.folder / "ImageSets" / "Main" / f"{name}.txt"
        path.write_text("\n".join(lines) + "\n", "utf8")
        return path


@pytest.fixture
def smears(tmp_path: Path) -> Smears:
    made = Smears(tmp_path / "voc")
    made.add("one", ("WBC", 1, 2, 11, 12), ("RBC", 5, 5, 40, 30))
    made.add("two")
    made.add("three", ("Platelets", 3, 3, 4, 4))
    made.split("train", "three", "one  1", "")
    return made


def test_images_with_boxes(smears: Smears) -> None:
    found = load_voc(smears.folder)
    assert len(found) == 3
    assert found.classes == ("Platelets", "RBC", "WBC")
    image, boxes, labels = found[0]
    assert image.shape == (30, 40, 3)
    assert boxes.tolist() == [[1, 2, 11, 12], [5, 5, 40, 30]]
    assert boxes.dtype == np.float64 and labels.dtype == np.int64
    assert labels.tolist() == [2, 1]
    assert found[2].boxes.shape == (0, 4) and found[2].labels.shape == (0,)
    assert repr(found).startswith("VocFolder(3 images, 3 boxes")
    assert found.problems == ()
    found.check()


def test_a_split_keeps_its_order_and_all_classes(smears: Smears) -> None:
    found = load_voc(smears.folder, "train")
    assert [each.path.stem for each in found.annotations] == ["three", "one"]
    assert found.classes == ("Platelets", "RBC", "WBC")
    assert load_voc(smears.folder, "train", classes=("RBC", "WBC", "Platelets"))[0].labels == [2]


def test_changing_the_boxes_of_an_item_changes_nothing_else(smears: Smears) -> None:
    found = load_voc(smears.folder)
    found[0].boxes[:] = 0
    assert found[0].boxes.max() == 40


BAD_BOXES = [
    ((5, 5, 5, 9), "has no area"),
    ((5, 9, 8, 9), "has no area"),
    ((8, 5, 5, 9), "has no area"),
    ((-1, 5, 5, 9), "reaches out of the image"),
    ((5, 5, 41, 9), "reaches out of the image of width 40 and height 30"),
    ((5, 5, 9, 31), "reaches out of the image"),
]


@pytest.mark.parametrize(("corners", "message"), BAD_BOXES)
def test_a_box_that_cannot_be(
    corners: tuple[int, int, int, int], message: str, smears: Smears
) -> None:
    path = smears.add("bad", ("RBC", 1, 1, 9, 9), ("WBC", *corners))
    where = f"{path}, line 12: WBC {message}"
    with pytest.raises(DataError) as error:
        load_voc(smears.folder)
    assert where in str(error.value)
    with pytest.warns(DataWarning, match="1 boxes cannot be(.|\n)*left out"):
        found = load_voc(smears.folder, strict=False)
    assert where in found.problems[0]
    assert found[0].boxes.tolist() == [[1, 1, 9, 9]]


def test_a_bad_box_of_another_split_is_not_ours(smears: Smears) -> None:
    smears.add("bad", ("WBC", 5, 5, 5, 9))
    assert load_voc(smears.folder, "train").problems == ()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<xmin>1</xmin>", "<xmin>one</xmin>", r"line 7: <xmin> is 'one', expected a number"),
        ("<xmin>1</xmin>", "<xmin>nan</xmin>", r"line 7: <xmin> is 'nan'"),
        ("<xmin>1</xmin>", "", r"line 6: <bndbox> has 0 <xmin>, expected one"),
        ("<width>40</width>", "<width>0</width>", r"line 3: <width> is '0', expected a whole"),
        (
            "<width>40</width>",
            "<width>40.5</width>",
            r"line 3: <width> is '40.5', expected a whole",
        ),
        ("<width>40</width>", "", r"line 3: <size> has 0 <width>"),
        ("<name>WBC</name>", "<name> </name>", r"line 5: the name of the class is empty"),
        ("<name>WBC</name>", "", r"line 4: <object> has 0 <name>"),
        ("</bndbox>", "", r"line 9: is not well-formed XML \(mismatched tag\)"),
        ("<size>", '<size attribute="a>', r"is not well-formed"),
        ("</annotation>", "", r"is not well-formed XML \(no element found\)"),
    ],
)
def test_a_damaged_file_is_named_with_its_line(
    old: str, new: str, message: str, smears: Smears
) -> None:
    path = smears.folder / "Annotations" / "one.xml"
    text = path.read_text("utf8")
    assert old in text
    smears.write("one", text.replace(old, new, 1))
    with pytest.raises(DataError, match=message) as error:
        load_voc(smears.folder)
    assert str(path) in str(error.value)


def test_truncated_files_are_refused(smears: Smears) -> None:
    text = (smears.folder / "Annotations" / "one.xml").read_text("utf8").rstrip()
    for cut in range(0, len(text), 13):
        smears.write("one", text[:cut])
        with pytest.raises(DataError, match=r"one.xml, line \d+: is not well-formed"):
            load_voc(smears.folder)


def test_a_file_that_unfolds_is_refused(smears: Smears) -> None:
    entities = '<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>\n'
    smears.write("one", entities + "<annotation>&b;</annotation>")
    with pytest.raises(DataError, match=r"one.xml, line 1: declares a document type"):
        load_voc(smears.folder)


def test_a_file_that_is_too_large(smears: Smears, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voc_xml, "LARGEST", 100)
    with pytest.raises(DataError, match="is larger than"):
        load_voc(smears.folder)


def test_images_that_are_missing_damaged_or_of_a_wrong_size(smears: Smears) -> None:
    smears.add("odd", shape=(40, 30))
    found = load_voc(smears.folder)
    with pytest.raises(DataError, match=r"odd.jpg: is 40×30 .* expected 30×40 \(by .*odd.xml\)"):
        found[0 if found.annotations[0].path.stem == "odd" else 1]
    image = smears.folder / "JPEGImages" / "odd.jpg"
    image.write_bytes(image.read_bytes()[:200])
    with pytest.raises(DataError, match=r"odd.jpg"):
        found.check()
    image.unlink()
    with pytest.raises(DataError, match=r"odd.xml, line 1: its image odd.jpg is missing"):
        load_voc(smears.folder)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["one", "four"], "train.txt, line 2: there is no Annotations/four.xml"),
        (["one", "", "one"], "train.txt, line 3: one is listed twice"),
        (["../../secret"], "line 1: there is no"),
        ([""], "lists no images"),
    ],
)
def test_a_wrong_split_is_named(lines: list[str], message: str, smears: Smears) -> None:
    smears.split("train", *lines)
    with pytest.raises(DataError, match=message):
        load_voc(smears.folder, "train")


def test_what_is_not_there(smears: Smears, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"dev.txt is missing; there are: train"):
        load_voc(smears.folder, "dev")
    with pytest.raises(DataError, match="has no folder Annotations"):
        load_voc(tmp_path)
    with pytest.raises(DataError, match=r"three.xml: class 'Platelets', expected RBC, WBC"):
        load_voc(smears.folder, "train", classes=("RBC", "WBC"))
    for path in (smears.folder / "Annotations").iterdir():
        path.unlink()
    with pytest.raises(DataError, match=r"holds no .xml files"):
        load_voc(smears.folder)


# XML that takes long or much


def test_text_in_many_pieces_is_not_copied_for_each(
    smears: Smears, monkeypatch: pytest.MonkeyPatch
) -> None:
    """10 MB of it took a minute: every piece was added to a copy of all before it."""
    written = 0

    class Counted(voc_xml.XmlElement):
        def __setattr__(self, name: str, value: object) -> None:
            nonlocal written
            written += len(str(value)) if name == "text" else 0
            object.__setattr__(self, name, value)

    monkeypatch.setattr(voc_xml, "XmlElement", Counted)
    smears.write("one", "<annotation>" + "cell<b/>" * 500 + "</annotation>")
    element = voc_xml.read_xml(smears.folder / "Annotations" / "one.xml")
    assert element.text == "cell" * 500
    assert len(element.elements) == 500
    assert written == len(element.text)


@pytest.mark.parametrize(
    "text",
    ["<b/>" * 11, "<b>" * 11 + "</b>" * 11, "<b><b/></b>" * 6],
    ids=["side by side", "one in the other", "both"],
)
def test_elements_are_counted(text: str, smears: Smears, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voc_xml, "MOST_ELEMENTS", 10)
    smears.write("one", f"<annotation>\n{text}</annotation>")
    with pytest.raises(DataError, match=r"one.xml, line 2: has more than 10 elements"):
        load_voc(smears.folder)


def test_elements_one_in_the_other_are_counted(smears: Smears) -> None:
    smears.write("one", "<b>" * 101 + "</b>" * 101)
    with pytest.raises(DataError, match=r"one.xml, line 1: .* more than 100 one in the other"):
        load_voc(smears.folder)
