"""Write equations as MathML when the site is built: no script, no network, and readable aloud.

Browsers draw MathML themselves, given a font with mathematical glyphs. STIX Two Math (SIL Open
Font License) comes with the package `ziamath`; the site gets a subset of it with the characters
that the book uses.
"""

from __future__ import annotations

import re
from html import escape, unescape
from importlib.resources import files
from pathlib import Path
from typing import Any

from docutils import nodes
from fontTools import subset
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)

ENVIRONMENTS = {"aligned", "array", "bmatrix", "cases", "matrix", "pmatrix", "split", "vmatrix"}
FONT = "stix-two-math.woff2"


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
    # The converter knows `aligned` by the name of its sister `split` alone, and no `arg`.
    known = re.sub(r"\\(begin|end)\{aligned\}", r"\\\1{split}", latex)
    known = re.sub(r"\\arg(?![A-Za-z])", r"\\operatorname{arg}", known)
    try:
        mathml = convert(known, display=display)
    except Exception as error:  # its errors share no base class
        raise ValueError(f"cannot read the formula {latex!r}: {error!r}") from error
    unknown = re.search(r"\\[A-Za-z]*", mathml)
    if unknown:
        raise ValueError(
            f"the formula {latex!r} uses {unknown[0]}, which the converter does not know"
        )
    return mathml


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


def _write_font(app: Sphinx, error: Exception | None) -> None:
    """Subset the font to what the pages use; an incremental build reads the pages that stand."""
    if error is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    used: set[str] = set()
    for page in out.rglob("*.html"):
        for formula in re.findall(r"<math.*?</math>", page.read_text("utf8"), re.S):
            used.update(unescape(re.sub(r"<[^>]*>", "", formula)))
    # Letters become their mathematical italics when drawn, which the text does not show.
    italic = [chr(c) for c in range(0x1D434, 0x1D468)] + ["\u210e"]
    greek = [chr(c) for c in range(0x1D6FC, 0x1D71C)] + [chr(c) for c in range(0x1D6E2, 0x1D6FB)]
    text = "".join(sorted(used)) + "".join(italic + greek) + "0123456789()[]{}|+-−=<>,.·"
    source = files("ziamath") / "fonts" / "STIXTwoMath-Regular.ttf"
    target = out / "_static" / FONT
    stamp = target.with_suffix(".txt")
    if target.exists() and stamp.exists() and stamp.read_text("utf8") == text:
        return
    options = subset.Options()
    options.flavor = "woff2"
    options.layout_features = ["ssty", "dtls", "kern"]
    font = subset.load_font(str(source), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=text)
    subsetter.subset(font)
    subset.save_font(font, str(target), options)
    stamp.write_text(text, "utf8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the renderer under the name ``mathml``."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    app.connect("build-finished", _write_font)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}
