"""Read a small XML file and remember on which line each element begins."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from pdl.data.errors import DataError
from pdl.data.formats.names import decode

LARGEST = 10 * 2**20  # bytes
MOST_ELEMENTS = 100_000
DEEPEST = 100  # elements, one in the other
DECLARATION = re.compile(rb"""<\?xml[^>]*?\sencoding\s*=\s*["']([\w.-]{1,40})["']""")


@dataclass
class XmlElement:
    """An element of an XML file.

    Attributes
    ----------
    name, text : str
        The tag and what stands directly in the element.
    path, line : Path and int
        The file and the line on which the element begins, counted from 1.
    elements : list of XmlElement
        The elements in it.
    """

    name: str
    path: Path
    line: int
    text: str = ""
    elements: list[XmlElement] = field(default_factory=list)

    @property
    def where(self) -> str:
        """The file and the line, for messages."""
        return f"{self.path}, line {self.line}"

    def children(self, name: str) -> list[XmlElement]:
        """Return the elements of that name in this one."""
        return [each for each in self.elements if each.name == name]

    def child(self, name: str) -> XmlElement:
        """Return the one element of that name in this one; raise DataError if it is not one."""
        found = self.children(name)
        if len(found) != 1:
            raise DataError(f"{self.where}: <{self.name}> has {len(found)} <{name}>, expected one")
        return found[0]

    def number(self) -> float:
        """Return the text as a finite number; raise DataError if it is none."""
        try:
            value = float(self.text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise DataError(f"{self.where}: <{self.name}> is {self.text!r}, expected a number")
        return value

    def whole_number(self) -> int:
        """Return the text as an integer of at least 1; raise DataError if it is none."""
        value = self.number()
        if value < 1 or value != int(value):
            raise DataError(
                f"{self.where}: <{self.name}> is {self.text!r}, expected a whole number from 1"
            )
        return int(value)


def read_xml(path: Path) -> XmlElement:
    """Read an XML file.

    Raises
    ------
    DataError
        If it is missing, empty, too large, not well formed, in an encoding that is not known or
        not the one that it declares, or declares entities, with which a small file could unfold to
        a huge one or read another file. The message names the line.
    """
    content = _utf8(path)
    stack: list[XmlElement] = []
    roots: list[XmlElement] = []
    # Pieces are joined at the end: to add each to the text before would take quadratic time.
    texts: list[list[str]] = []
    elements = 0
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True

    def start(name: str, _: dict[str, str]) -> None:
        nonlocal elements
        elements += 1
        if elements > MOST_ELEMENTS or len(stack) >= DEEPEST:
            raise DataError(
                f"{path}, line {parser.CurrentLineNumber}: has more than {MOST_ELEMENTS} elements,"
                f" or more than {DEEPEST} one in the other: no annotation has"
            )
        element = XmlElement(name, path, parser.CurrentLineNumber)
        (stack[-1].elements if stack else roots).append(element)
        stack.append(element)
        texts.append([])

    def end(_: str) -> None:
        stack.pop().text = "".join(texts.pop())

    def text(found: str) -> None:
        texts[-1].append(found)

    def doctype(*_: object) -> None:
        raise DataError(
            f"{path}, line {parser.CurrentLineNumber}: declares a document type, which annotations"
            " do not need: remove it"
        )

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise DataError(
            f"{path}, line {error.lineno}: is not well-formed XML"
            f" ({expat.ErrorString(error.code)}): get it anew, or mend it"
        ) from None
    return roots[0]


def _utf8(path: Path) -> bytes:
    """Return the content of an XML file in UTF-8, whatever encoding it declares."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise DataError(f"{path}: is missing") from None
    if len(content) > LARGEST:
        raise DataError(f"{path}: is larger than {LARGEST // 2**20} MiB, no annotation is")
    declared = DECLARATION.match(content)
    encoding = declared[1].decode() if declared else "utf-8"
    if encoding.lower().startswith(("utf-16", "utf-32")):
        encoding = "utf-8"  # so the declaration itself, read byte by byte, proves
    return decode(content, path, encoding).encode()
