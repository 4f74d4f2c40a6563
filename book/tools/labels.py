"""What a cross-reference points to: equations, figures, sections and exercises, numbered."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import jupytext
from paths import chapter_files

FENCE = re.compile(r"^```\{([a-z-]+)\}[ ]*(.*?)\n(.*?)^```[ ]*$", re.S | re.M)
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
