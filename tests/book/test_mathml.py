"""LaTeX becomes MathML when the site is built, or says why it cannot."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from mathml import to_mathml
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.front_matter import front_matter_plugin

CHAPTERS = Path(__file__).parents[2] / "chapters"
NAMESPACE = "{http://www.w3.org/1998/Math/MathML}"


def read(latex: str, display: str = "block") -> ET.Element:
    """The formula as a tree, without the namespace in the names."""
    root = ET.fromstring(to_mathml(latex, display))
    for element in root.iter():
        element.tag = element.tag.removeprefix(NAMESPACE)
    return root


def text(element: ET.Element) -> str:
    return "".join(element.itertext())


def table(root: ET.Element) -> list[list[str]]:
    (found,) = root.iter("mtable")
    return [[text(cell) for cell in row] for row in found]


# What comes out


@pytest.mark.parametrize("display", ["inline", "block"])
def test_a_formula_is_a_math_element(display: str) -> None:
    root = read("x + 1", display)
    assert root.tag == "math"
    assert root.get("display") == display
    assert [(each.tag, each.text) for each in root.iter() if each.text] == [
        ("mi", "x"), ("mo", "+"), ("mn", "1"),
    ]  # fmt: skip


def test_a_sum_has_its_limits_below_and_above() -> None:
    (limits,) = read(r"\sum_{i=0}^{n-1} x_i").iter("munderover")
    assert [text(each) for each in limits] == ["∑", "i=0", "n−1"]
    (index,) = read(r"\sum_{i=0}^{n-1} x_i").iter("msub")
    assert [text(each) for each in index] == ["x", "i"]


def test_a_fraction_and_a_power() -> None:
    (fraction,) = read(r"\frac{a+b}{2^{k}}").iter("mfrac")
    assert [text(each) for each in fraction] == ["a+b", "2k"]
    assert len(list(fraction.iter("msup"))) == 1


@pytest.mark.parametrize(
    ("kind", "left", "right"), [("bmatrix", "[", "]"), ("pmatrix", "(", ")"), ("vmatrix", "|", "|")]
)
def test_a_matrix_has_rows_columns_and_its_brackets(kind: str, left: str, right: str) -> None:
    root = read(rf"K = \begin{{{kind}}} 1 & 0 & -1 \\ 2 & 0 & -2 \end{{{kind}}}")
    assert table(root) == [["1", "0", "−1"], ["2", "0", "−2"]]
    assert text(root).startswith(f"K={left}")
    assert text(root).endswith(right)


def test_aligned_lines_are_a_table_aligned_at_the_sign() -> None:
    root = read(r"\begin{aligned} a + b &= c \\ d &= e - f \end{aligned}")
    assert table(root) == [["a+b", "=c"], ["d", "=e−f"]]
    sides = [cell.get("columnalign") for cell in root.iter("mtd")]
    assert sides == ["right", "left"] * 2
    assert "\\" not in text(root)


def test_aligned_within_brackets_and_twice() -> None:
    once = r"\begin{aligned} a &= b \end{aligned}"
    assert len(list(read(rf"{once} \quad {once}").iter("mtable"))) == 2


def test_cases_have_a_brace_and_words() -> None:
    root = read(r"f(x) = \begin{cases} 1 & x > t \\ 0 & \text{otherwise} \end{cases}")
    assert table(root) == [["1", "x>t"], ["0", "otherwise"]]
    braces = [each for each in root.iter("mo") if each.text == "{"]
    assert [brace.get("stretchy") for brace in braces] == ["true"]
    assert [each.text for each in root.iter("mtext")] == ["otherwise"]


@pytest.mark.parametrize(
    ("latex", "shown"),
    [
        (r"x \star w", "x⋆w"),
        (r"x \ast h", "x*h"),
        (r"\lfloor x \rfloor", "⌊x⌋"),
        (r"\lVert x \rVert", "‖x‖"),
        (r"\operatorname{ReLU}(x)", "ReLU(x)"),
        (r"a \le b \ne c", "a≤b≠c"),
        (r"\tau \in \mathbb{R}", "τ∈ℝ"),
        (r"0.5 \times 10^{-3}", "0.5×10−3"),
        (r"\left( \frac{1}{2} \right)", "(12)"),
    ],
)
def test_the_symbols_of_the_book(latex: str, shown: str) -> None:
    got = re.sub(r"\s", "", text(read(latex, "inline"))).replace("∗", "*").replace("∥", "‖")
    assert got == shown


def test_less_than_in_a_formula_is_no_tag() -> None:
    assert ">&lt;</mo>" in to_mathml("a < b", "inline")
    assert text(read("a < b & c".replace("& ", ""))) == "a<bc"


# What is refused


@pytest.mark.parametrize(
    ("latex", "command"),
    [(r"\nosuchcommand x", r"\\nosuchcommand"), (r"a + \foo{b}", r"\\foo"), (r"\RR", r"\\RR")],
)
def test_an_unknown_command_is_refused_by_name(latex: str, command: str) -> None:
    with pytest.raises(ValueError, match=f"uses {command}, which the converter does not know"):
        to_mathml(latex, "inline")


@pytest.mark.parametrize(
    "latex",
    [
        "",
        "x^",
        "x_",
        "{",
        r"\frac",
        r"\sqrt",
        r"\hat",
        r"\left( x",
        r"x \right)",
        r"\begin{bmatrix} 1 & 2",
        r"\begin{bmatrix} 1 \end{pmatrix}",
        r"\begin{aligned} a &= b \\ c &= d",
        r"\end{aligned}",
        "a}{b",
    ],
)
def test_broken_latex_is_refused_with_the_formula(latex: str) -> None:
    with pytest.raises(ValueError) as caught:
        to_mathml(latex, "block")
    assert repr(latex) in str(caught.value)


# The chapters


def formulas(markdown: str) -> Iterator[tuple[str, str]]:
    """Each formula of a chapter with its display, the ones within directives included."""
    parser = MarkdownIt("commonmark").enable("table").use(front_matter_plugin)
    parser.use(dollarmath_plugin, allow_labels=True, double_inline=True)
    waiting = parser.parse(markdown)
    while waiting:
        token = waiting.pop(0)
        if token.type in {"math_inline", "math_inline_double", "math_block", "math_block_label"}:
            inline = token.type == "math_inline"
            yield token.content.strip(), "inline" if inline else "block"
        directive = re.match(r"\{([a-z-]+)\}", token.info) if token.type == "fence" else None
        if directive and directive[1] not in {"code-cell", "literalinclude"}:
            yield from formulas(token.content)
        waiting = [*(token.children or []), *waiting]


def test_formulas_are_found_where_a_chapter_has_them() -> None:
    chapter = r"""---
price: $5$ and $6$
---
# Title with $a$

Text with $b_i$, `$not$`, \$3 and {eq}`eq:x`.

$$
c = \frac{1}{2}
$$ (eq:x)

| head | $d$ |
|---|---|
| cell | $e$ |

```{code-cell} ipython3
print("$no$")
```

```{admonition} Autopsy
:class: autopsy
- Inside: $f$.
```
"""
    found = [latex for latex, _ in formulas(chapter)]
    assert found == ["a", "b_i", r"c = \frac{1}{2}", "d", "e", "f"]
    assert [display for _, display in formulas(chapter)].count("block") == 1


@pytest.mark.parametrize("path", sorted(CHAPTERS.glob("*.md")), ids=lambda path: path.stem)
def test_every_formula_of_the_book_converts(path: Path) -> None:
    refused = []
    for latex, display in formulas(path.read_text("utf8")):
        try:
            ET.fromstring(to_mathml(latex, display))
        except (ValueError, ET.ParseError) as error:
            refused.append(str(error))
    assert refused == []
