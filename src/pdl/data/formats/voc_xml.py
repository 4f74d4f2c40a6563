"""Read a small XML file and remember on which line each element begins."""

from __future__ import annotations

import io
import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import InputSource, Locator

from defusedxml.common import DTDForbidden
from defusedxml.expatreader import create_parser

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
        not the one that it declares, or declares a document type: in one it could declare
        entities, with which a small file unfolds to a huge one or reads another file. The message
        names the line.
    """
    source = InputSource()
    source.setByteStream(io.BytesIO(_utf8(path)))
    source.setEncoding("utf-8")
    builder = _Builder(path)
    parser = create_parser(forbid_dtd=True)
    parser.setContentHandler(builder)
    try:
        parser.parse(source)
    except DTDForbidden:
        raise DataError(
            f"{path}, line {parser.getLineNumber()}: declares a document type, which annotations"
            " do not need: remove it"
        ) from None
    except SAXParseException as error:
        raise DataError(
            f"{path}, line {error.getLineNumber()}: is not well-formed XML"
            f" ({error.getMessage()}): get it anew, or mend it"
        ) from None
    return builder.roots[0]


class _Builder(ContentHandler):
    """Builds the elements as the parser comes to them."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.roots: list[XmlElement] = []
        self.open: list[XmlElement] = []
        # Pieces are joined at the end: to add each to the text before would take quadratic time.
        self.texts: list[list[str]] = []
        self.count = 0

    def setDocumentLocator(self, locator: Locator) -> None:
        """Remember who knows the line."""
        self.locator = locator

    def startElement(self, name: str, attrs: object) -> None:
        """Put an element into the one that is open."""
        line = self.locator.getLineNumber() or 1
        self.count += 1
        if self.count > MOST_ELEMENTS or len(self.open) >= DEEPEST:
            raise DataError(
                f"{self.path}, line {line}: has more than {MOST_ELEMENTS} elements, or more than"
                f" {DEEPEST} one in the other: no annotation has"
            )
        element = XmlElement(name, self.path, line)
        (self.open[-1].elements if self.open else self.roots).append(element)
        self.open.append(element)
        self.texts.append([])

    def endElement(self, name: str) -> None:
        """Close the element, whose text has come."""
        self.open.pop().text = "".join(self.texts.pop())

    def characters(self, content: str) -> None:
        """Take a piece of text."""
        self.texts[-1].append(content)


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
