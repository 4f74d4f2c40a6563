"""The space between the signs of a formula is TeX's; a power stands at its whole bracket."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from mathml import to_mathml

SPACES = {"0.1667em": "'", "0.2222em": "~", "0.2778em": "_"}
"""Thin, medium and thick, as they are written below."""


def read(latex: str, display: str = "block") -> ET.Element:
    root = ET.fromstring(to_mathml(latex, display))
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def spelled(latex: str, display: str = "block") -> str:
    """The signs of a formula in a line, with the spaces between them."""
    return "".join(
        SPACES.get(each.get("width", ""), " ") if each.tag == "mspace" else each.text or ""
        for each in read(latex, display).iter()
    )


# By hand, from the table of The TeXbook, chapter 18
@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"x+y=\max\{x,y\}+z", "x~+~y_=_max{x,'y}~+~z"),
        (r"-x = -\infty", "−x_=_−∞"),
        (r"a - (-b)", "a~−~(−b)"),
        (r"\log p_t", "log'pt"),
        (r"2\cos\omega", "2'cos'ω"),
        (r"10 \log_{10} x", "10'log10'x"),
        (r"\operatorname{atan2}(y, x)", "atan2(y,'x)"),
        (r"\operatorname{E}[x^2]", "E[x2]"),
        (r"n / f_s.", "n/fs."),
        (r"|\nabla| = 2\,|x - 1|", "|∇|_=_2 |x~−~1|"),
        (r"\lVert x \rVert + \lvert y \rvert", "‖x‖~+~|y|"),
        (r"0, 1, \dots, 255", "0,'1,'…','255"),
        (r"f(x) \pm h f'(x)", "f(x)~±~hf′(x)"),
        (r"(a + b) \bmod 256", "(a~+~b)~mod~256"),
        (r"\tfrac12 x", "12'x"),
        (r"N' + 1", "N′~+~1"),
        (r"x'_n + 1", "x′n~+~1"),
        (r"a +", "a+"),
        (r"x, (y)", "x,'(y)"),
        (r"\frac1n (a + b)", "1n'(a~+~b)"),
        (r"x \left( a \right) y", "x'(a)'y"),
        (r"\left( a + b \right)^2", "(a~+~b)2"),
        (r"\log (a + b)^2", "log(a~+~b)2"),
        (r"x \left( a \right)^2 y", "x'(a)2'y"),
        (r"\log \left( a \right)^2", "log'(a)2"),
        (r"x (a)^2 y", "x(a)2y"),
        (r"\log x^2", "log'x2"),
        (r"\hat{\operatorname{Var}} x", "Varˆx"),
        (r"x =\ -1", "x_=\xa0_−1"),
    ],
)
def test_spaces_are_those_of_tex(latex: str, expected: str) -> None:
    assert spelled(latex) == expected
    assert spelled(latex, "inline") == expected


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"\sum_{k=0}^{N-1} x", "∑k=0N−1'x"),
        (r"e^{i(n - k)}", "ei(n−k)"),
        (r"e^{2\log x}", "e2'log'x"),
        (r"x_{n,t}", "xn,t"),
    ],
)
def test_an_index_is_set_close(latex: str, expected: str) -> None:
    assert spelled(latex) == expected


@pytest.mark.parametrize("display", ["block", "inline"])
def test_a_fraction_in_a_line_is_set_close(display: str) -> None:
    apart, close = "a~+~bc", "a+bc"
    assert spelled(r"\frac{a + b}{c}", display) == (apart if display == "block" else close)
    assert spelled(r"\dfrac{a + b}{c}", display) == apart
    assert spelled(r"\tfrac{a + b}{c}", display) == close


def test_the_browser_adds_no_space_of_its_own() -> None:
    signs = list(read(r"a = |b| / c . \sum_i -x").iter("mo"))
    assert len(signs) == 7
    assert {(each.get("lspace"), each.get("rspace")) for each in signs} == {("0", "0")}


@pytest.mark.parametrize(
    ("latex", "group"),
    [
        (r"(a + b)^2", "(a+b)"),
        (r"c\,(a (x) + b)^2", "(a(x)+b)"),
        (r"\{0, 1\}^{H \times W}", "{0,1}"),
        (r"|G|^2 |H|", "|G|"),
        (r"\lVert x - c \rVert^2", "‖x−c‖"),
        (r"\Big( \frac{a}{b} \Big)_k", "(ab)"),
        (r"[0, 1)^2", "[0,1)"),
        (r"(n!)^2", "(n!)"),
    ],
)
def test_a_power_stands_at_its_whole_bracket(latex: str, group: str) -> None:
    scripts = [each for each in read(latex).iter() if each.tag in {"msup", "msub"}]
    assert ["".join(each[0].itertext()) for each in scripts] == [group]


def test_a_closing_sign_without_its_opening_one_is_left() -> None:
    (power,) = read(r"a )^2").iter("msup")
    assert "".join(power[0].itertext()) == ")"


def test_a_bracket_is_as_tall_as_its_own_matrix() -> None:
    root = read(r"\begin{bmatrix} 1 \\ 2 \end{bmatrix} \begin{bmatrix} 3 & 4 \end{bmatrix}")
    groups = [row for row in root.iter("mrow") if any(child.tag == "mtable" for child in row)]
    assert ["".join(row.itertext()) for row in groups] == ["[12]", "[34]"]


def test_limits_stand_below_in_a_displayed_formula_only() -> None:
    for name in ("max", "min", "lim"):
        assert len(list(read(rf"\{name}_{{j}} x_j").iter("munder"))) == 1
    assert len(list(read(r"\max_{j}^{n} x_j").iter("munderover"))) == 1
    assert len(list(read(r"\begin{aligned} a &= \max_{j} x_j \end{aligned}").iter("munder"))) == 1
    assert not list(read(r"\max_{j} x_j", "inline").iter("munder"))
    assert len(list(read(r"\left( \sum_i x_i \right)").iter("munder"))) == 1


def test_brackets_grow_only_where_it_is_asked_for() -> None:
    signs = read(r"(|x|) [z] \left( y \right)").iter("mo")
    assert [sign.get("stretchy") for sign in signs] == ["false"] * 6 + ["true"] * 2


def test_a_bar_is_as_wide_as_what_it_is_on_and_other_accents_are_not() -> None:
    accents = list(read(r"\bar{x} \overline{ab} \vec{v} \hat{u}").iter("mover"))
    assert {each.get("accent") for each in accents} == {"true"}
    assert [each[1].text for each in accents] == ["‾", "‾", "→", "ˆ"]
    assert [each[1].get("stretchy") == "true" for each in accents] == [True, True, False, False]


def test_names_and_capital_greek_are_upright_and_letters_are_not() -> None:
    upright = [e.text for e in read(r"\operatorname{E} x \Delta \delta \mathrm{d}t").iter()
               if e.get("mathvariant") == "normal" or e.tag == "mtext"]  # fmt: skip
    assert upright == ["E", "Δ", "d"]


def test_cases_are_columns_apart_and_aligned_lines_are_not() -> None:
    (cases,) = read(r"\begin{cases} 1 & n = 0 \\ 0 & n \ne 0 \end{cases}").iter("mtable")
    (lines,) = read(r"\begin{aligned} a &= 1 \\ b &= 2 \end{aligned}").iter("mtable")
    assert (cases.get("class"), lines.get("class")) == ("cases", None)


@pytest.mark.parametrize("name", ["underbrace", "overbrace"])
def test_a_brace_that_browsers_cannot_stretch_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name}; say what the parts are in words"):
        to_mathml(rf"\{name}{{a + b + c + d}}_{{e}}", "block")
