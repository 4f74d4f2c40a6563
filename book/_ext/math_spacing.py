"""Set a formula as TeX does: which signs belong together, and the space between two of them.

A browser spaces each sign by a dictionary in which a bar is an infix, a slash and a full stop stand
apart, and "log p" has no space at all. Here each part of a formula gets its class, and each pair of
neighbours the space of Knuth, *The TeXbook* (1984), chapter 18.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from xml.etree.ElementTree import Element

NAME = "\u2061"
"""Stands before the name of a function ("function application" in Unicode)."""

CLASSES = {
    **dict.fromkeys("([{⌊⌈⟨", "open"),
    **dict.fromkeys(")]}⌋⌉⟩!", "close"),
    **dict.fromkeys("+−±∓×·∗⋆∘⊕⊗⊙∩∪∧∨", "bin"),
    **dict.fromkeys("=<>:→←", "rel"),
    **dict.fromkeys(",;", "punct"),
    **dict.fromkeys("…⋯⋮⋱", "inner"),
    **dict.fromkeys("∑∏∫∮", "op"),
    **dict.fromkeys("/.∂∇∞∀∃¬′″‴", "ord"),
    "mod": "bin",
}
"""The class of a sign; others are relations if Unicode calls them mathematical, else ordinary."""

THIN, MEDIUM, THICK = "0.1667em", "0.2222em", "0.2778em"
BETWEEN = {
    **{(left, right): THIN for left in ("ord", "op", "close", "inner") for right in ("op",)},
    ("op", "ord"): THIN,
}
"""The spaces that stay in the small type of an index."""
IN_TEXT = {
    **BETWEEN,
    **{(left, "bin"): MEDIUM for left in ("ord", "close", "inner")},
    **{("bin", right): MEDIUM for right in ("ord", "op", "open", "inner")},
    **{(left, "rel"): THICK for left in ("ord", "op", "close", "inner")},
    **{("rel", right): THICK for right in ("ord", "op", "open", "inner")},
    **{(left, "inner"): THIN for left in ("ord", "op", "close", "inner")},
    **{("inner", right): THIN for right in ("ord", "open", "punct")},
    **{("punct", right): THIN for right in ("ord", "op", "rel", "open", "close", "punct", "inner")},
}
NO_LEFT_SIDE = {"bin", "op", "rel", "open", "punct"}
NO_RIGHT_SIDE = {"rel", "close", "punct"}
"""Between such neighbours a sign joins nothing: the minus of −x."""
SCRIPTS = {"msub", "msup", "msubsup", "munder", "mover", "munderover"}
ROWS = {"mrow", "mtd", "msqrt", "mstyle"}
LIMITS = {"msub": "munder", "msup": "mover", "msubsup": "munderover"}
SPELLED = {"*": "∗", "^": "ˆ", "~": "˜", "―": "‾", "¯": "‾"}
"""What the converter writes, and the sign that is meant."""
ACCENTS = {"ˆ", "˜", "‾", "˙", "→"}
PRIMES = {"′", "″", "‴"}
BARS = {"|", "‖"}


def set_formula(math: Element) -> None:
    """Give a formula its groups and spaces, in place.

    Parameters
    ----------
    math : Element
        A ``<math>`` element without namespaces, as the converter makes it.
    """
    for element in list(math.iter()):
        _mend_token(element)
    _visit(math, "display" if math.get("display") == "block" else "text")
    for name in math.iter("mi"):
        name.text = (name.text or "").removeprefix(NAME)


def _mend_token(element: Element) -> None:
    """Make a sign an operator, a name or a letter upright, as it is meant."""
    text = element.text or ""
    if element.tag in {"mi", "mo"} and text in SPELLED:
        element.text = text = SPELLED[text]
    is_name = text.startswith(NAME) or (
        element.tag in {"mi", "mo"} and text.isalpha() and (len(text) > 1 or element.tag == "mo")
    )
    if is_name and text != "mod":
        element.tag, element.text = "mi", NAME + text.removeprefix(NAME)
        element.attrib = {"mathvariant": "normal"}
    elif element.tag == "mi" and "Α" <= text <= "Ω":
        element.set("mathvariant", "normal")
    elif element.tag == "mi" and len(text) == 1 and (text in CLASSES or _is_sign(text)):
        element.tag = "mo"
    if element.tag == "mo":
        element.set("lspace", "0")
        element.set("rspace", "0")
        stretches = element.get("stretchy") == "true" or element.get("minsize")
        is_fence = text in BARS or CLASSES.get(text) in {"open", "close"}
        if is_fence and not stretches:
            element.set("stretchy", "false")


def _is_sign(text: str) -> bool:
    return unicodedata.category(text) == "Sm"


def _visit(element: Element, style: str) -> None:
    """Set the parts of an element, innermost first; the style is display, text or script."""
    if element.tag == "mstyle":
        style = "display" if element.get("displaystyle") == "true" else "text"
    if element.tag == "mtable":
        style = "display" if element.get("displaystyle") == "true" else "text"
        _mark_cases(element)
    for number, child in enumerate(element):
        _visit(child, _style_within(element, number, style))
    if element.tag in SCRIPTS:
        _set_scripts(element, style)
    elif element.tag in ROWS:
        grouped = _with_scripted_groups(_with_bracketed_tables(list(element)), style)
        element[:] = list(_spaced(list(grouped), style))


def _style_within(parent: Element, number: int, style: str) -> str:
    if parent.tag == "mfrac":
        return "text" if style == "display" else "script"
    if parent.tag in SCRIPTS and number:
        return "script"
    return style


def _mark_cases(table: Element) -> None:
    """Name a table of cases, whose columns stand apart; those of an aligned formula do not."""
    sides = {cell.get("columnalign") for cell in table.iter("mtd")}
    if sides == {"left"}:
        table.set("class", "cases")


def _set_scripts(element: Element, style: str) -> None:
    """Put limits below and above, and a prime beside its letter: it is raised already."""
    base, *scripts = element
    is_limit = base.text in {"∑", "∏"} or (
        style == "display" and (base.text or "").removeprefix(NAME) in {"max", "min", "lim"}
    )
    if is_limit and element.tag in LIMITS:
        element.tag = LIMITS[element.tag]
    elif scripts[-1].text in PRIMES:
        prime = scripts.pop()
        prime.tag = "mo"
        primed = _row([base, prime])
        if scripts:
            element.tag, element[:] = "msub", [primed, *scripts]
        else:
            element.tag, element[:] = "mrow", list(primed)
    elif element.tag == "mover" and scripts[0].text in ACCENTS:
        element.set("accent", "true")
        scripts[0].set("stretchy", "true" if scripts[0].text == "‾" else "false")


def _row(children: list[Element]) -> Element:
    row = Element("mrow")
    row.extend(children)
    return row


def _with_bracketed_tables(children: list[Element]) -> Iterator[Element]:
    """Group a matrix with its brackets, which then are as tall as it is and no taller."""
    at = 0
    while at < len(children):
        three = children[at : at + 3]
        if [each.tag for each in three] == ["mo", "mtable", "mo"]:
            yield _row(three)
            at += 3
        else:
            yield children[at]
            at += 1


def _with_scripted_groups(children: Iterator[Element], style: str) -> Iterator[Element]:
    """Let a power stand at the whole bracket, not at the closing sign alone."""
    out: list[Element] = []
    opened: list[int] = []
    for child in children:
        closing = child[0] if child.tag in SCRIPTS and len(child) else child
        kind = _class(closing)
        is_bar = closing.tag == "mo" and closing.text in BARS
        if is_bar:
            same = opened and out[opened[-1]].text == closing.text
            kind = "close" if same else "open"
            closing.set("form", "postfix" if same else "prefix")
        if kind == "open" and child is closing:
            opened.append(len(out))
        elif kind == "close" and opened and closing.text != "!":
            start = opened.pop()
            if child is not closing:
                child[0] = _row(list(_spaced([*out[start:], closing], style)))
                del out[start:]
        out.append(child)
    yield from out


def _class(element: Element) -> str:
    """The class of a part of a formula, as The TeXbook has them."""
    text = element.text or ""
    if element.tag == "mo":
        if text in BARS:
            return "close" if element.get("form") == "postfix" else "open"
        return CLASSES.get(text) or ("rel" if text and _is_sign(text[0]) else "ord")
    if element.tag == "mi":
        return "op" if text.startswith(NAME) else "ord"
    if element.tag in SCRIPTS:
        return _class(element[0])
    if element.tag == "mfrac":
        return "inner"
    if element.tag == "mstyle" and len(element) == 1:
        return _class(element[0])
    if element.tag == "mrow" and len(element) and element[0].get("fence") == "true":
        return "inner"
    return "ord"


def _opens(base: Element) -> bool:
    return base.tag == "mrow" and len(base) > 0 and _class(base[0]) == "open"


def _is_space(element: Element) -> bool:
    return element.tag == "mspace" or (element.tag == "mtext" and not (element.text or "").strip())


def _spaced(children: list[Element], style: str) -> Iterator[Element]:
    """The parts of a row with the spaces that their classes ask for."""
    table = BETWEEN if style == "script" else IN_TEXT
    parts = [each for each in children if not _is_space(each)]
    classes = [_class(each) for each in parts]
    for at, kind in enumerate(classes):
        before = classes[at - 1] if at else "open"
        after = classes[at + 1] if at + 1 < len(classes) else "close"
        if kind == "bin" and (before in NO_LEFT_SIDE or after in NO_RIGHT_SIDE):
            classes[at] = "ord"
    before = ""
    kinds = iter(classes)
    for child in children:
        if not _is_space(child):
            kind = next(kinds)
            # A bracket with a power is ordinary, but nothing parts it from the name before it.
            applied = (before, kind) == ("op", "ord") and child.tag in SCRIPTS and _opens(child[0])
            if not applied and (width := table.get((before, kind))):
                yield Element("mspace", width=width)
            before = kind
        yield child
