"""Make the paired notebooks in book/notebooks from the chapters.

A chapter is MyST Markdown, which JupyterLab would show in part as raw text. Here each piece becomes
what a notebook can show by itself: exercises and notes are boxes, package source stands in the
text, numbers computed by a cell are filled in, equations and figures have their numbers. Outputs
are stored only for cells whose text is compared (tags ``checked``, ``exercise``, ``solution``).
"""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

import jupytext
import nbformat
from build import offer_notebooks
from execute import console, execute
from listings import NoSuchListing, package_source
from lock import only_build
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from paths import BUILD, CHAPTERS, EXECUTED, NOTEBOOKS, ROOT, SITE, chapter_files
from pybtex.database import Entry, parse_file
from rounding import differing_lines

from pdl._typography import with_minus_signs

STORED_TAGS = {"checked", "exercise", "solution"}
HIDDEN_TAGS = {"solution", "hide-input", "hide-cell"}
CURTAIN = "# The book's solution: click here to open it."
"""The first line of a solution: JupyterLab shows that line of a folded cell."""
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
FENCE = re.compile(r"^```\{([a-z-]+)\}[ ]*(.*?)\n(.*?)^```[ ]*$", re.S | re.M)
OPTION = re.compile(r"^:([a-z_-]+):[ ]*(.*)$")
ROLE = re.compile(r"\{([A-Za-z][\w:.-]*)\}`([^`]+)`")
UNKNOWN = re.compile(
    r"^\s*(?:`{3,}|~{3,}|:{3,})\s*\{|^:::|^\(\S+\)=$|^%|^\$\$.+\$\$ *\(|\[\^|^\s*</?[a-z]", re.M
)
"""Markup that none of the patterns here turns into a notebook's: refused, never shown raw."""
EQUATION = re.compile(r"^\$\$\n(.*?)\n\$\$ *(?:\((\S+)\))?$", re.S | re.M)
SECTION_LABEL = re.compile(r"^\((\S+)\)=\n+(#+) (.+)$", re.M)


class SyncError(Exception):
    """A chapter uses markup that has no form in a notebook, or names something absent."""


@dataclass
class Labels:
    """What the chapters' cross-references point to: the words that stand for each label."""

    words: dict[str, str] = field(default_factory=dict)

    def add(self, label: str, words: str) -> None:
        """Remember a label, which may exist only once in the book."""
        if label in self.words:
            raise SyncError(f"the label {label!r} is used twice")
        self.words[label] = words

    def __getitem__(self, label: str) -> str:
        if label not in self.words:
            raise SyncError(f"no such label: {label!r}")
        return self.words[label]


def _tags(cell: NotebookNode) -> set[str]:
    return set(cell.metadata.get("tags", []))


def collect_labels() -> Labels:
    """Number the equations, figures and exercises of every chapter, as the site does."""
    labels = Labels()
    for path in chapter_files():
        chapter = int(path.name[:2])
        equations = figures = exercises = 0
        heading = re.search(r"^# (.+)$", path.read_text("utf8"), re.M)
        labels.add(path.stem, f"[{heading[1] if heading else path.stem}]({path.stem}.ipynb)")
        for cell in jupytext.read(path).cells:
            figure = cell.metadata.get("mystnb", {}).get("figure")
            if figure:
                figures += 1
                if "name" not in figure or "caption" not in figure:
                    raise SyncError(f"{path.name}: figure {figures} lacks a name or a caption")
                labels.add(figure["name"], f"Figure {chapter}.{figures}")
            if cell.cell_type != "markdown":
                continue
            for found in EQUATION.finditer(cell.source):
                if found[2]:
                    equations += 1
                    labels.add(found[2], f"{chapter}.{equations}")
            for found in SECTION_LABEL.finditer(cell.source):
                labels.add(found[1], f"*{found[3]}*")
            for found in FENCE.finditer(cell.source):
                if found[1] == "exercise-start":
                    exercises += 1
                    label = re.search(r"^:label: (\S+)", found[3], re.M)
                    if not label:
                        raise SyncError(f"{path.name}: exercise {found[2]!r} has no label")
                    labels.add(label[1], f"Exercise {chapter}.{exercises}")
    return labels


def _box(kind: str, heading: str, body: str) -> str:
    colour, tint = BOX_COLOURS[kind]
    title, end = f"**{heading}**", ""
    if kind == "solution":
        title, end = f"<details><summary><b>{heading}</b></summary>", "</details>\n"
    box = BOX.format(colour=colour, tint=tint)
    return f"{box}{title}\n\n{body.strip()}\n\n{end}</div>"


def _short(entry: Entry) -> tuple[str, str]:
    """Authors and year of a reference."""
    people = entry.persons.get("author") or entry.persons.get("editor") or []
    names = [" ".join(person.last_names) for person in people]
    who = names[0] if names else entry.fields.get("title", "")
    if len(names) == 2:
        who = " and ".join(names)
    elif len(names) > 2:
        who += " et al."
    return who.replace("{", "").replace("}", ""), entry.fields.get("year", "n.d.")


def _reference(entry: Entry) -> str:
    fields = {key: value.replace("{", "").replace("}", "") for key, value in entry.fields.items()}
    who, year = _short(entry)
    where = fields.get("journal") or fields.get("booktitle") or fields.get("publisher") or ""
    doi = f" https://doi.org/{fields['doi']}" if "doi" in fields else ""
    return f"- {who} ({year}). *{fields.get('title', '')}*. {where}.{doi}"


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
            who, year = _short(self.references[key])
            words.append(f"{who} ({year})" if role == "cite:t" else f"{who}, {year}")
        return ", ".join(words) if role == "cite:t" else f"({'; '.join(words)})"

    def bibliography(self) -> str:
        """The references cited so far, as a list."""
        return "\n".join(_reference(self.references[key]) for key in sorted(self.cited))


def glued_values(executed: NotebookNode) -> dict[str, str]:
    """The values glued by the cells of an executed chapter, by their keys."""
    values = {}
    for cell in executed.cells:
        for output in cell.get("outputs", []):
            name = output.get("metadata", {}).get("scrapbook", {}).get("name")
            if name:
                values[name] = output.data["application/papermill.record/text/plain"]
    return values


def _stored(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """The outputs of a cell whose text is compared, without execution counts.

    The comparison takes all outputs of a cell or none, so such a cell prints, and nothing else.
    """
    kept: list[NotebookNode] = []
    for output in outputs:
        if output.output_type == "stream" and output.name == "stdout":
            # A kernel sends what is printed in pieces, cut where its clock fell.
            if kept and kept[-1].output_type == "stream":
                kept[-1].text += output.text
            else:
                kept.append(nbformat.v4.new_output("stream", name="stdout", text=output.text))
        elif output.output_type == "execute_result" and "image/png" not in output.data:
            text = {"text/plain": output.data["text/plain"]}
            kept.append(nbformat.v4.new_output("execute_result", text, execution_count=None))
        else:
            raise SyncError(
                "a cell whose text is stored (tags checked, exercise, solution) glues or draws"
            )
    return kept


def paired(path: Path, executed: NotebookNode, labels: Labels) -> NotebookNode:
    """The notebook of a chapter.

    Parameters
    ----------
    path : Path
        The chapter's Markdown.
    executed : NotebookNode
        The same chapter with its outputs.
    labels : Labels
        The labels of all chapters.

    Returns
    -------
    NotebookNode

    Raises
    ------
    SyncError
        If the chapter uses markup that has no form in a notebook, or names something absent.
    """
    references = dict(parse_file(str(ROOT / "book" / "references.bib")).entries)
    renderer = Renderer(labels, glued_values(executed), references)
    source = jupytext.read(path)
    ran = [cell for cell in executed.cells if cell.cell_type == "code"]
    sources = [cell.source.strip() for cell in source.cells if cell.cell_type == "code"]
    if sources != [cell.source.strip() for cell in ran]:
        raise SyncError(f"{path.name}: the executed chapter is out of date; run `make book`")
    twins = iter(ran)
    cells: list[NotebookNode] = []
    for cell in source.cells:
        if cell.cell_type == "markdown":
            cells.append(new_markdown_cell(renderer.markdown(cell.source)))
            continue
        twin = next(twins)
        tags = _tags(cell)
        code = new_code_cell(cell.source)
        if tags:
            code.metadata["tags"] = sorted(tags)
        if tags & HIDDEN_TAGS:
            code.metadata["jupyter"] = {"source_hidden": True}
        if "solution" in tags:
            code.source = f"{CURTAIN}\n{cell.source}"
            code.metadata["jupyter"]["outputs_hidden"] = True
        if tags & STORED_TAGS:
            try:
                code.outputs = _stored(twin.outputs)
            except SyncError as error:
                raise SyncError(f"{path.name}: {error}:\n{cell.source}") from None
            # nbval compares only the cells that have a number.
            code.execution_count = len(cells) if code.outputs else None
        cells.append(code)
        figure = cell.metadata.get("mystnb", {}).get("figure")
        if figure:
            caption = renderer.markdown(figure["caption"])
            cells.append(new_markdown_cell(f"**{labels[figure['name']]}.** {caption}"))
    if renderer.cited:
        cells.append(new_markdown_cell("## References\n\n" + renderer.bibliography()))
    for number, cell in enumerate(cells):
        cell["id"] = f"{path.stem[:2]}-{number:03d}"
    notebook = new_notebook(cells=[cell for cell in cells if cell.source])
    notebook.metadata["kernelspec"] = dict(source.metadata["kernelspec"])
    notebook.metadata["language_info"] = {"name": "python"}
    return notebook


def make(path: Path, labels: Labels) -> str:
    """The text of a chapter's notebook file; the chapter must have been executed."""
    executed = EXECUTED / f"{path.stem}.ipynb"
    if not executed.exists():
        raise SyncError(f"{path.name}: not executed yet; run `make book`")
    notebook = paired(path, nbformat.read(executed, as_version=4), labels)
    return nbformat.writes(notebook) + "\n"


def main() -> int:
    """Bring every notebook into step; the exit status is 0 only if all went well."""
    with only_build(BUILD):
        return sync()


def sync() -> int:
    """Run the chapters, write the notebooks that are out of step; the site offers them, too."""
    if not execute():
        return 1
    NOTEBOOKS.mkdir(parents=True, exist_ok=True)
    try:
        labels = collect_labels()
        texts = {NOTEBOOKS / f"{path.stem}.ipynb": make(path, labels) for path in chapter_files()}
    except SyncError as error:
        console.print(str(error), style="bold red", markup=False)
        return 1
    for stale in set(NOTEBOOKS.glob("*.ipynb")) - set(texts):
        stale.unlink()
        console.print(f"  {stale.name} removed")
    for path, text in texts.items():
        if path.exists() and not any(differing_lines(path.read_text("utf8"), text)):
            continue
        beside = path.with_suffix(".new")
        beside.write_text(text, "utf8", newline="\n")
        beside.replace(path)
        console.print(f"  {path.name} written")
    if SITE.exists():
        offer_notebooks(NOTEBOOKS, SITE)
    console.print("The notebooks are in step with the chapters.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
