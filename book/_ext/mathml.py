"""Write equations as MathML when the site is built: no script, no network, and readable aloud.

Browsers draw MathML themselves, given a font with mathematical glyphs. STIX Two Math (SIL Open
Font License) comes with the package `ziamath`; the site gets a subset of it with the characters
that the book uses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape, unescape
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from docutils import nodes
from fontTools import subset
from fontTools.ttLib import TTFont
from latex2mathml.converter import convert
from math_spacing import NAME, set_formula
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)

NAMESPACE = ' xmlns="http://www.w3.org/1998/Math/MathML"'
ENVIRONMENTS = {"aligned", "array", "bmatrix", "cases", "matrix", "pmatrix", "split", "vmatrix"}
FONT = "stix-two-math.woff2"
WHOLE_FONT = Path(str(files("ziamath") / "fonts" / "STIXTwoMath-Regular.ttf"))
FORMULA = re.compile(r"<math.*?</math>", re.S)


def _fault(latex: str) -> str:
    """What the converter would let pass although it is no LaTeX, or none that it can show."""
    depth = 0
    for brace in re.findall(r"(?<!\\)[{}]", latex):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            break
    if depth:
        return "its braces do not match"
    for name in re.findall(r"\\begin\{([^}]*)\}", latex):
        if name not in ENVIRONMENTS:
            return f"the environment {name} is not known"
    if re.search(r"\\(frac|dfrac|tfrac|binom)\s*\{[^{}]*\}\s*($|[^{\s\w\\])", latex):
        return "a fraction or binomial lacks its second part"
    if found := re.search(r"\\(under|over)brace\b", latex):
        return f"a browser cannot draw a wide {found[0]}; say what the parts are in words"
    if "\\operatorname*" in latex:
        return r"\operatorname* is not known; write \operatorname"
    return ""


def to_mathml(latex: str, display: str) -> str:
    """Turn LaTeX into MathML.

    Parameters
    ----------
    latex : str
        The formula, without dollar signs.
    display : {"inline", "block"}
        Within a sentence, or on its own.

    Returns
    -------
    str
        A ``<math>`` element.

    Raises
    ------
    ValueError
        If the formula is not LaTeX that the converter knows.
    """
    fault = _fault(latex)
    if fault:
        raise ValueError(f"cannot read the formula {latex!r}: {fault}")
    # The converter knows `aligned` by the name of its sister `split` alone, and spells a name of
    # letters and digits as a product.
    known = re.sub(r"\\(begin|end)\{aligned\}", r"\\\1{split}", latex)
    known = re.sub(r"\\arg(?![A-Za-z])", r"\\operatorname{arg}", known)
    known = re.sub(r"\\operatorname\{(\w+)\}", rf"\\text{{{NAME}\1}}", known)
    known = re.sub(r"\\mathrm\{(\w+)\}", r"\\text{\1}", known)
    try:
        mathml = convert(known, display=display)
    except Exception as error:  # its errors share no base class
        raise ValueError(f"cannot read the formula {latex!r}: {error!r}") from error
    unknown = re.search(r"\\[A-Za-z]*", mathml)
    if unknown:
        raise ValueError(
            f"the formula {latex!r} uses {unknown[0]}, which the converter does not know"
        )
    root = ElementTree.fromstring(mathml.replace(NAMESPACE, ""))
    set_formula(root)
    return ElementTree.tostring(root, "unicode", short_empty_elements=False)


def _formula(self: HTML5Translator, node: nodes.Element, display: str) -> str:
    try:
        mathml = to_mathml(node.astext().strip(), display)
    except ValueError as error:
        logger.warning("%s", error, location=node, type="mathml")
        return f"<code>{escape(node.astext())}</code>"
    return mathml


def _inline(self: HTML5Translator, node: nodes.math) -> None:
    self.body.append(f'<span class="math">{_formula(self, node, "inline")}</span>')
    raise nodes.SkipNode


def _block(self: HTML5Translator, node: nodes.math_block) -> None:
    self.body.append(self.starttag(node, "div", CLASS="math-block", tabindex="0"))
    self.body.append(_formula(self, node, "block"))
    if node["number"]:
        number = get_node_equation_number(self, node)
        self.body.append(f'<span class="eqno">({number})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


def _text_to_draw(formulas: Iterable[str]) -> str:
    """The characters that a browser draws for formulas, also those that stand nowhere in them."""
    used = {char for formula in formulas for char in unescape(re.sub(r"<[^>]*>", "", formula))}
    # Letters become their mathematical italics when drawn, which the text does not show.
    italic = [chr(c) for c in range(0x1D434, 0x1D468)] + ["\u210e"]
    greek = [chr(c) for c in range(0x1D6FC, 0x1D71C)] + [chr(c) for c in range(0x1D6E2, 0x1D6FB)]
    # <msqrt> and <mroot> hold no radical sign: the browser takes it from the font itself.
    return "".join(sorted(used)) + "".join(italic + greek) + "√0123456789()[]{}|+-−=<>,.·"


def narrow_roots(font: TTFont) -> None:
    """Make the tall radical signs of a font as wide as the small one.

    MathML Core has a browser leave room for the widest form of a stretchy sign, and Chromium
    leaves it to the right of each root, however small: √2 /4.
    """
    radical = font.getBestCmap()[ord("√")]
    variants = font["MATH"].table.MathVariants
    forms = variants.VertGlyphConstruction[variants.VertGlyphCoverage.glyphs.index(radical)]
    names = {each.VariantGlyph for each in forms.MathGlyphVariantRecord}
    names |= {each.glyph for each in forms.GlyphAssembly.PartRecords}
    width = font["hmtx"][radical][0]
    for name in names:
        glyph = font["glyf"][name]
        glyph.coordinates.scale((width / font["hmtx"][name][0], 1))
        glyph.recalcBounds(font["glyf"])
        font["hmtx"][name] = (width, glyph.xMin)


def write_font(formulas: Iterable[str], target: Path) -> Path:
    """Write the part of the font that draws some formulas.

    Parameters
    ----------
    formulas : iterable of str
        MathML.
    target : Path
        The file to write, in the format WOFF2.

    Returns
    -------
    Path
        The file; one that was made for the same characters stays.
    """
    text = _text_to_draw(formulas)
    stamp = target.with_suffix(".txt")
    if target.exists() and stamp.exists() and stamp.read_text("utf8") == text:
        return target
    options = subset.Options()
    options.flavor = "woff2"
    options.layout_features = ["ssty", "dtls", "kern"]
    font = subset.load_font(str(WHOLE_FONT), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=text)
    subsetter.subset(font)
    narrow_roots(font)
    subset.save_font(font, str(target), options)
    stamp.write_text(text, "utf8")
    return target


def _write_font(app: Sphinx, error: Exception | None) -> None:
    """Subset the font to what the pages use; an incremental build reads the pages that stand."""
    if error is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    pages = (page.read_text("utf8") for page in out.rglob("*.html"))
    formulas = (formula for page in pages for formula in FORMULA.findall(page))
    write_font(formulas, out / "_static" / FONT)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the renderer under the name ``mathml``."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    app.connect("build-finished", _write_font)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}
