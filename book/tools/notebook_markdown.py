"""The Markdown of a chapter as Markdown that any notebook shows.

JupyterLab would show MyST in part as raw text. Here exercises and notes become boxes, package
source stands in the text, numbers computed by a cell are filled in, and references are resolved.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

from labels import EQUATION, FENCE, SECTION_LABEL, Labels, SyncError
from listings import NoSuchListing, package_source
from paths import CHAPTERS
from pybtex.database import Entry
from references import authors_and_year, listed

from pdl._typography import with_minus_signs

BOX = (
    '<div style="border-left: 4px solid {colour}; padding: 0.2em 1em; margin: 1em 0;'
    ' background-color: {tint};">\n\n'
)
BOX_COLOURS = {
    "exercise": ("#1f5fa8", "rgba(31, 95, 168, 0.09)"),
    "solution": ("#23805a", "rgba(35, 128, 90, 0.09)"),
    "autopsy": ("#c8541c", "rgba(200, 84, 28, 0.09)"),
    "note": ("#5b6570", "rgba(91, 101, 112, 0.09)"),
}
OPTION = re.compile(r"^:([a-z_-]+):[ ]*(.*)$")
ROLE = re.compile(r"\{([A-Za-z][\w:.-]*)\}`([^`]+)`")
UNKNOWN = re.compile(
    r"^\s*(?:`{3,}|~{3,}|:{3,})\s*\{|^:::|^\(\S+\)=$|^%|^\$\$.+\$\$ *\(|\[\^|^\s*</?[a-z]", re.M
)
"""Markup that none of the patterns here turns into a notebook's: refused, never shown raw."""


def _box(kind: str, heading: str, body: str) -> str:
    colour, tint = BOX_COLOURS[kind]
    title, end = f"**{heading}**", ""
    if kind == "solution":
        title, end = f"<details><summary><b>{heading}</b></summary>", "</details>\n"
    box = BOX.format(colour=colour, tint=tint)
    return f"{box}{title}\n\n{body.strip()}\n\n{end}</div>"


class Renderer:
    """Turn the Markdown of one chapter into Markdown that any notebook shows.

    Parameters
    ----------
    labels : Labels
        The book's labels.
    values : dict of str to str
        The values that the chapter's cells glued, as their ``repr``.
    references : dict
        The bibliography.
    """

    def __init__(
        self, labels: Labels, values: dict[str, str], references: dict[str, Entry]
    ) -> None:
        self.labels, self.values, self.references = labels, values, references
        self.cited: dict[str, None] = {}

    def markdown(self, text: str) -> str:
        """The text with every directive, role, label and equation number resolved."""
        text = SECTION_LABEL.sub(r"\2 \3", text)
        self._refuse_unknown(text)
        text = FENCE.sub(self._directive, text)
        text = self._gates(text)
        text = EQUATION.sub(self._equation, text)
        text = self._outside_code(text)
        return text.strip()

    def _refuse_unknown(self, text: str) -> None:
        """Raise an error for markup that would stand raw in the notebook."""
        rest = EQUATION.sub("", FENCE.sub("", text))
        rest = re.sub(r"^```\w*\n.*?^```[ ]*$", "", rest, flags=re.S | re.M)
        found = UNKNOWN.search(re.sub(r"(?<!`)`[^`\n]+`(?!`)", "", ROLE.sub("", rest)))
        if found:
            line = rest[found.start() :].strip().splitlines()[0]
            raise SyncError(f"markup that a notebook cannot show: {line[:200]}")

    def _outside_code(self, text: str) -> str:
        parts = re.split(r"(^```.*?^```[ ]*$)", text, flags=re.S | re.M)
        for number in range(0, len(parts), 2):
            parts[number] = ROLE.sub(self._role, parts[number])
        return "".join(parts)

    def _equation(self, found: re.Match[str]) -> str:
        tag = f" \\tag{{{self.labels[found[2]]}}}" if found[2] else ""
        return f"$$\n{found[1]}{tag}\n$$"

    def _directive(self, found: re.Match[str]) -> str:
        name, argument, body = found[1], found[2], found[3]
        options: dict[str, str] = {}
        lines = body.splitlines()
        while lines and (option := OPTION.match(lines[0])):
            options[option[1]] = option[2]
            lines.pop(0)
        content = "\n".join(lines)
        if name == "literalinclude":
            if "pyobject" not in options:
                raise SyncError(f"literalinclude of {argument}: expected :pyobject:")
            try:
                source = package_source((CHAPTERS / argument).resolve(), options["pyobject"])
            except NoSuchListing as error:
                raise SyncError(str(error)) from None
            where = argument.split("src/")[-1]
            return f"From `{where}`:\n\n```python\n{source}\n```"
        if name == "admonition":
            kind = "autopsy" if "autopsy" in options.get("class", "") else "note"
            return _box(kind, argument, content)
        if name == "exercise-start":
            if "label" not in options:
                raise SyncError(f"exercise {argument!r} has no label")
            return f"%%exercise {self.labels[options['label']]} · {argument}\n{content}"
        if name == "solution-start":
            return f"%%solution Solution to {self.labels[argument]}\n{content}"
        if name in {"exercise-end", "solution-end"}:
            return "%%end"
        raise SyncError(f"the directive {{{name}}} has no form in a notebook")

    def _gates(self, text: str) -> str:
        """Box what stands between a gate's start and its end, or the end of the cell."""
        out = []
        gate: tuple[str, str] | None = None
        body: list[str] = []
        for line in [*text.splitlines(), None]:
            opening = line and re.match(r"%%(exercise|solution) (.*)", line)
            if gate and (line is None or line == "%%end" or opening):
                out.append(_box(gate[0], gate[1], "\n".join(body)))
                gate, body = None, []
            if opening:
                gate = (opening[1], opening[2])
            elif line is not None and line != "%%end":
                (body if gate else out).append(line)
        return "\n".join(out)

    def _role(self, found: re.Match[str]) -> str:
        role, content = found[1], found[2]
        target = re.fullmatch(r"(.+?)\s*<(\S+)>", content)
        label = target[2] if target else content
        if role == "glue:text":
            return self._glued(content)
        if role == "eq":
            return f"equation {self.labels[label]}"
        if role in {"numref", "ref"}:
            words = self.labels[label]
            number = words.rpartition(" ")[2]
            return target[1].replace("%s", number) if target else words
        if role == "doc":
            stem = Path(label).name
            words = self.labels[stem]
            return f"[{target[1]}]({stem}.ipynb)" if target else words
        if role in {"cite:p", "cite:t", "cite"}:
            return self._cited(role, [each.strip() for each in content.split(",")])
        raise SyncError(f"the role {{{role}}} has no form in a notebook")

    def _glued(self, content: str) -> str:
        key, _, form = content.partition(":")
        if key not in self.values:
            raise SyncError(f"no cell glues {key!r}")
        try:
            value = ast.literal_eval(self.values[key])
            return with_minus_signs(format(value, form) if form else str(value))
        except ValueError as error:
            raise SyncError(f"the glued value {key!r} is {self.values[key]}: {error}") from None

    def _cited(self, role: str, keys: list[str]) -> str:
        words = []
        for key in keys:
            if key not in self.references:
                raise SyncError(f"book/references.bib has no {key!r}")
            self.cited[key] = None
            who, year = authors_and_year(self.references[key])
            words.append(f"{who} ({year})" if role == "cite:t" else f"{who}, {year}")
        return ", ".join(words) if role == "cite:t" else f"({'; '.join(words)})"

    def bibliography(self) -> str:
        """The references cited so far, as a list."""
        return "\n".join(listed(self.references[key]) for key in sorted(self.cited))
