"""Each construct that a chapter may use has its form in a notebook; anything else is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import notebook_cells
import notebook_markdown
import paths
import pytest
import references
import sync
from labels import Labels, SyncError, collect_labels
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from notebook_markdown import Renderer
from pybtex.database import parse_string

HEAD = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

"""

REFERENCES = """
@article{otsu1979, author = {Otsu, Nobuyuki}, title = {A {Threshold} Selection Method},
  journal = {IEEE Transactions}, year = {1979}, doi = {10.1109/TSMC.1979.4310076}}
@book{oppenheim2009, author = {Oppenheim, Alan V. and Schafer, Ronald W.},
  title = {Discrete-Time Signal Processing}, publisher = {Pearson}, year = {2009}}
@inproceedings{wang2004, author = {Wang, Zhou and Bovik, Alan and Sheikh, Hamid},
  title = {Image Quality}, booktitle = {Transactions}, year = {2004}}
"""

SOURCE = '''"""A module."""

import functools

LIMIT = 3


@functools.cache
def convolve(x: int) -> int:
    """Convolve, see {eq}`eq:none`."""
    return x


class Net:
    """A network."""

    def forward(self, x: int) -> int:
        """Pass forward."""
        return 2 * x
'''


@pytest.fixture(autouse=True)
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small repository in a folder of its own, which `sync` takes for its own."""
    monkeypatch.setenv("PDL_HOME", str(tmp_path / "home"))
    root = tmp_path / "tree"
    for folder in ("chapters", "book", "src/pdl", "executed"):
        (root / folder).mkdir(parents=True)
    (root / "src" / "pdl" / "layers.py").write_text(SOURCE, "utf8")
    (root / "book" / "references.bib").write_text(REFERENCES, "utf8")
    monkeypatch.setattr(paths, "CHAPTERS", root / "chapters")
    monkeypatch.setattr(notebook_markdown, "CHAPTERS", root / "chapters")
    monkeypatch.setattr(references, "ROOT", root)
    monkeypatch.setattr(sync, "EXECUTED", root / "executed")
    monkeypatch.setattr(sync, "NOTEBOOKS", root / "book" / "notebooks")
    monkeypatch.setattr(sync, "BUILD", root / "_build")
    monkeypatch.setattr(sync, "SITE", root / "_build" / "html")
    return root


@pytest.fixture
def renderer() -> Renderer:
    labels = Labels()
    for label, words in {
        "eq:conv": "2.1",
        "fig-conv": "Figure 2.3",
        "sec:flip": "*The flip*",
        "ex-hand": "Exercise 2.4",
        "02_convolution": "[Convolution](02_convolution.ipynb)",
    }.items():
        labels.add(label, words)
    values = {
        "gap": "0.12345",
        "count": "7",
        "word": "'left'",
        "loss": "-0.2512",
        "small": "1.5e-09",
    }
    return Renderer(labels, values, dict(parse_string(REFERENCES, "bibtex").entries))


# Plain Markdown


@pytest.mark.parametrize(
    "text",
    [
        "# Title\n\n## Section\n\n*Two* **lines**\nwith `code` and [a link](x.html).",
        "- one\n- two\n  1. three",
        "| a | b |\n|---|---|\n| $x_1$ | {x} |",
        "Inline $x \\star w$ and a price of \\$5.",
        "$$\na = b\n$$",
        "$$ a = b, $$",
        "> A quotation: 5 % of it.",
    ],
)
def test_plain_markdown_stays(text: str, renderer: Renderer) -> None:
    assert renderer.markdown(text + "\n") == text


@pytest.mark.parametrize("language", ["python", "text", ""])
def test_code_fences_are_untouched(language: str, renderer: Renderer) -> None:
    code = "{eq}`eq:none` and {nosuch}`role`\n% a comment\n(label)=\n:::"
    fence = f"```{language}\n{code}\n```"
    text = f"Before.\n\n{fence}\n\nAfter."
    assert renderer.markdown(text) == text


def test_text_around_a_fence_is_still_rendered(renderer: Renderer) -> None:
    fence = "```python\n{eq}`eq:none`\n```"
    got = renderer.markdown(f"{{eq}}`eq:conv`\n\n{fence}\n\n{{eq}}`eq:conv`")
    assert got == f"equation 2.1\n\n{fence}\n\nequation 2.1"


# Labels and roles


def test_a_section_label_goes_and_its_heading_stays(renderer: Renderer) -> None:
    assert renderer.markdown("(sec:flip)=\n\n## The flip\n\nText.") == "## The flip\n\nText."


def test_a_labelled_equation_gets_its_number(renderer: Renderer) -> None:
    got = renderer.markdown("$$\ny = x * w\n$$ (eq:conv)\n\nand more")
    assert got == "$$\ny = x * w \\tag{2.1}\n$$\n\nand more"


def test_two_equations_are_kept_apart(renderer: Renderer) -> None:
    got = renderer.markdown("$$\na\n$$\n\nbetween\n\n$$\nb\n$$ (eq:conv)")
    assert got == "$$\na\n$$\n\nbetween\n\n$$\nb \\tag{2.1}\n$$"


@pytest.mark.parametrize(
    ("role", "shown"),
    [
        ("{eq}`eq:conv`", "equation 2.1"),
        ("{numref}`fig-conv`", "Figure 2.3"),
        ("{numref}`the figure <fig-conv>`", "the figure"),
        ("{ref}`sec:flip`", "*The flip*"),
        ("{ref}`that section <sec:flip>`", "that section"),
        ("{ref}`ex-hand`", "Exercise 2.4"),
        ("{doc}`02_convolution`", "[Convolution](02_convolution.ipynb)"),
        ("{doc}`chapter 2 <02_convolution>`", "[chapter 2](02_convolution.ipynb)"),
        ("{glue:text}`gap:.2f`", "0.12"),
        ("{glue:text}`gap`", "0.12345"),
        ("{glue:text}`count`", "7"),
        ("{glue:text}`count:,`", "7"),
        ("{glue:text}`loss:.2f`", "−0.25"),
        ("{glue:text}`word`", "left"),
        ("{glue:text}`small:.1e`", "1.5e-09"),
        ("{cite:p}`otsu1979`", "(Otsu, 1979)"),
        ("{cite:t}`otsu1979`", "Otsu (1979)"),
        ("{cite:p}`oppenheim2009`", "(Oppenheim and Schafer, 2009)"),
        ("{cite:t}`wang2004`", "Wang et al. (2004)"),
        ("{cite:p}`otsu1979, wang2004`", "(Otsu, 1979; Wang et al., 2004)"),
    ],
)
def test_a_role_becomes_words(role: str, shown: str, renderer: Renderer) -> None:
    assert renderer.markdown(f"See {role}.") == f"See {shown}."


def test_several_roles_in_a_line(renderer: Renderer) -> None:
    got = renderer.markdown("By {eq}`eq:conv`, {glue:text}`count` in {numref}`fig-conv`.")
    assert got == "By equation 2.1, 7 in Figure 2.3."


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{nosuch}`x`", r"the role \{nosuch\}"),
        ("{math}`x`", r"the role \{math\}"),
        ("{py:func}`x`", r"the role \{py:func\}"),
        ("{eval}`x`", r"the role \{eval\}"),
        ("{glue:figure}`x`", r"the role \{glue:figure\}"),
        ("{eq}`eq:none`", "no such label: 'eq:none'"),
        ("{numref}`fig-none`", "no such label: 'fig-none'"),
        ("{ref}`sec:none`", "no such label: 'sec:none'"),
        ("{doc}`09_none`", "no such label: '09_none'"),
        ("$$\na\n$$ (eq:none)", "no such label: 'eq:none'"),
        ("{glue:text}`none`", "no cell glues 'none'"),
        ("{glue:text}`none:.2f`", "no cell glues 'none'"),
        ("{cite:p}`none2000`", "references.bib has no 'none2000'"),
        ("{cite:t}`otsu1979,none2000`", "references.bib has no 'none2000'"),
        ("```{nosuch} title\nbody\n```", r"the directive \{nosuch\}"),
        ("```{figure} a.png\n```", r"the directive \{figure\}"),
        ("```{math}\nx\n```", r"the directive \{math\}"),
        (":::{note}\ntext\n:::", "markup that a notebook cannot show"),
        ("(sec:flip)=\nNo heading follows.", "markup that a notebook cannot show"),
        ("% a comment", "markup that a notebook cannot show"),
        ("```{admonition} Never closed", "markup that a notebook cannot show"),
    ],
)
def test_what_is_unknown_is_refused_by_name(text: str, words: str, renderer: Renderer) -> None:
    with pytest.raises(SyncError, match=words):
        renderer.markdown(f"Before.\n\n{text}\n")


def test_the_bibliography_lists_what_was_cited(renderer: Renderer) -> None:
    assert renderer.bibliography() == ""
    renderer.markdown("{cite:p}`wang2004` {cite:t}`otsu1979` {cite:p}`wang2004`")
    otsu, wang = renderer.bibliography().splitlines()
    assert otsu == (
        "- Otsu (1979). *A Threshold Selection Method*. IEEE Transactions."
        " https://doi.org/10.1109/TSMC.1979.4310076"
    )
    assert wang == "- Wang et al. (2004). *Image Quality*. Transactions."


# Directives


def test_literalinclude_shows_the_source_of_a_function(renderer: Renderer) -> None:
    got = renderer.markdown(
        "```{literalinclude} ../src/pdl/layers.py\n:language: python\n:pyobject: convolve\n```"
    )
    assert got == (
        "From `pdl/layers.py`:\n\n```python\n@functools.cache\ndef convolve(x: int) -> int:\n"
        '    """Convolve, see {eq}`eq:none`."""\n    return x\n```'
    )


def test_literalinclude_of_a_class_and_of_its_method(renderer: Renderer) -> None:
    include = "```{literalinclude} ../src/pdl/layers.py\n:pyobject: NAME\n```"
    whole = renderer.markdown(include.replace("NAME", "Net"))
    assert "class Net:" in whole and "    def forward" in whole and "convolve" not in whole
    method = renderer.markdown(include.replace("NAME", "Net.forward"))
    assert "```python\ndef forward(self, x: int) -> int:\n" in method
    assert "class Net" not in method


@pytest.mark.parametrize("name", ["nothing", "Net.backward", "LIMIT", "convolve.inner"])
def test_literalinclude_of_what_is_absent_is_refused(name: str, renderer: Renderer) -> None:
    with pytest.raises(SyncError, match=rf"layers\.py has no {name}"):
        renderer.markdown(f"```{{literalinclude}} ../src/pdl/layers.py\n:pyobject: {name}\n```")


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ("", "note"),
        (":class: tip\n", "note"),
        (":class: autopsy\n", "autopsy"),
        (":class: warning\n\n", "note"),
    ],
)
def test_an_admonition_is_a_box(options: str, kind: str, renderer: Renderer) -> None:
    got = renderer.markdown(
        f"```{{admonition}} Autopsy: {{numref}}`fig-conv`\n{options}The *body* with $x$.\n"
        "\n$$\na\n$$ (eq:conv)\n\nBy {eq}`eq:conv`.\n```\n\nAfter."
    )
    colour = notebook_markdown.BOX_COLOURS[kind][0]
    opening, title, *body = got.split("\n\n")
    assert opening.startswith("<div ") and colour in opening
    assert title == "**Autopsy: Figure 2.3**"
    assert body == [
        "The *body* with $x$.", "$$\na \\tag{2.1}\n$$", "By equation 2.1.", "</div>", "After.",
    ]  # fmt: skip


START = "```{exercise-start} Convolve by hand\n:label: ex-hand\n```"


def test_an_exercise_is_boxed_between_its_gates(renderer: Renderer) -> None:
    got = renderer.markdown(f"Before.\n\n{START}\nThe task.\n\n```{{exercise-end}}\n```\n\nAfter.")
    before, opening, title, body, closing, after = [part for part in got.split("\n\n") if part]
    assert (before, body, after.strip()) == ("Before.", "The task.", "After.")
    assert notebook_markdown.BOX_COLOURS["exercise"][0] in opening
    assert title == "**Exercise 2.4 · Convolve by hand**"
    assert closing.strip() == "</div>"


def test_a_solution_is_boxed_under_its_exercises_number(renderer: Renderer) -> None:
    got = renderer.markdown(
        "```{solution-start} ex-hand\n:class: dropdown\n```\nThe idea.\n\n```{solution-end}\n```"
    )
    shown, _, folded = got.partition("<details>")
    assert folded == (
        "<summary><b>Solution to Exercise 2.4</b></summary>\n\nThe idea.\n\n</details>\n</div>"
    )
    assert shown.startswith("<div ") and "The idea" not in shown
    assert notebook_markdown.BOX_COLOURS["solution"][0] in got
    assert "dropdown" not in got


def test_a_gate_that_a_code_cell_interrupts_is_closed_in_its_own_cell(renderer: Renderer) -> None:
    assert renderer.markdown(f"{START}\nThe task.").endswith("The task.\n\n</div>")
    after = renderer.markdown("```{exercise-end}\n```\n\n```{solution-start} ex-hand\n```\nIdea.")
    assert after.count("<div") == after.count("</div>") == 1
    assert "%%" not in after
    assert renderer.markdown("```{solution-end}\n```") == ""


def test_one_gate_closes_at_the_next(renderer: Renderer) -> None:
    got = renderer.markdown(f"{START}\nOne.\n\n```{{solution-start}} ex-hand\n```\nTwo.")
    assert got.count("<div") == got.count("</div>") == 2
    assert got.index("One.") < got.index("</div>") < got.index("Two.")


def test_a_solution_of_no_exercise_is_refused(renderer: Renderer) -> None:
    with pytest.raises(SyncError, match="no such label: 'ex-none'"):
        renderer.markdown("```{solution-start} ex-none\n```\nText.")


# The labels of the book

FIGURE = """```{{code-cell}} ipython3
---
mystnb:
  figure:
    name: {name}
    caption: |
      What to see in {{eq}}`eq:a`.
  image:
    alt: A plot.
tags: [hide-input]
---
draw();
```
"""


def write(tree: Path, name: str, text: str) -> Path:
    path = tree / "chapters" / name
    path.write_text(HEAD + text, "utf8")
    return path


def test_labels_are_numbered_by_chapter_as_the_site_does(tree: Path) -> None:
    write(
        tree,
        "02_convolution.md",
        "# Convolution\n\n$$\nunlabelled\n$$\n\n$$\na\n$$ (eq:a)\n\n(sec:flip)=\n## The flip\n\n"
        + FIGURE.format(name="fig-one")
        + "\n```{exercise-start} First\n:label: ex-one\n```\n\n```{exercise-end}\n```\n\n"
        + FIGURE.format(name="fig-two")
        + "\n$$\nb\n$$ (eq:b)\n\n```{exercise-start} Second\n:label: ex-two\n```\nTask.\n",
    )
    write(tree, "03_filters.md", "# Filters\n\n$$\nc\n$$ (eq:c)\n")
    assert collect_labels().words == {
        "02_convolution": "[Convolution](02_convolution.ipynb)",
        "03_filters": "[Filters](03_filters.ipynb)",
        "eq:a": "2.1",
        "eq:b": "2.2",
        "eq:c": "3.1",
        "sec:flip": "*The flip*",
        "fig-one": "Figure 2.1",
        "fig-two": "Figure 2.2",
        "ex-one": "Exercise 2.1",
        "ex-two": "Exercise 2.2",
    }


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("$$\na\n$$ (same)", "$$\nb\n$$ (same)"),
        ("(same)=\n## One", "(same)=\n## Two"),
        (FIGURE.format(name="same"), FIGURE.format(name="same")),
        ("$$\na\n$$ (same)", "(same)=\n## Two"),
        (
            "```{exercise-start} One\n:label: same\n```",
            "```{exercise-start} Two\n:label: same\n```",
        ),
    ],
    ids=["equations", "sections", "figures", "equation and section", "exercises"],
)
@pytest.mark.parametrize("apart", [True, False])
def test_a_label_used_twice_is_refused(first: str, second: str, apart: bool, tree: Path) -> None:
    if apart:
        write(tree, "01_images.md", f"# Images\n\n{first}\n")
        write(tree, "02_convolution.md", f"# Convolution\n\n{second}\n")
    else:
        write(tree, "01_images.md", f"# Images\n\n{first}\n\nText.\n\n{second}\n")
    with pytest.raises(SyncError, match="the label 'same' is used twice"):
        collect_labels()


def test_an_exercise_without_a_label_is_refused(tree: Path) -> None:
    write(tree, "01_images.md", "# Images\n\n```{exercise-start} Count\n```\n")
    with pytest.raises(SyncError, match=r"01_images\.md: exercise 'Count' has no label"):
        collect_labels()


# The notebook

CELLS = {
    "plain": ([], "print('plain')"),
    "checked": (["checked"], "print('checked')"),
    "exercise": (["exercise"], "answer = ...\nprint('exercise')"),
    "solution": (["solution"], "print('solution')"),
    "result": (["checked"], "6 * 7"),
    "setup": (["setup"], "import os"),
    "hidden": (["hide-input"], "glue('gap', 0.5)"),
}


def chapter_of(cells: dict[str, tuple[list[str], str]], text: str = "") -> str:
    parts = [f"# Convolution\n\n{text}\n"]
    for tags, source in cells.values():
        option = f":tags: [{', '.join(tags)}]\n\n" if tags else ""
        parts.append(f"```{{code-cell}} ipython3\n{option}{source}\n```\n")
    return "\n".join(parts)


def ran(source: str) -> NotebookNode:
    """The cell as the kernel leaves it."""
    cell = new_code_cell(source, execution_count=3)
    if source.startswith("glue"):
        prefix = "application/papermill.record/"
        scrap = {"scrapbook": {"name": "gap", "mime_prefix": prefix}}
        cell.outputs = [new_output("display_data", {f"{prefix}text/plain": "0.5"}, metadata=scrap)]
    elif source == "6 * 7":
        cell.outputs = [new_output("execute_result", {"text/plain": "42"}, execution_count=3)]
    elif "print" in source:
        words = source.rpartition("('")[2].removesuffix("')")
        cell.outputs = [new_output("stream", name="stdout", text=f"{words}\n")]
    return cell


def executed(cells: dict[str, tuple[list[str], str]]) -> NotebookNode:
    return new_notebook(
        cells=[new_markdown_cell("# Convolution"), *(ran(source) for _, source in cells.values())]
    )


def paired(tree: Path, cells: dict[str, tuple[list[str], str]], text: str = "") -> NotebookNode:
    path = write(tree, "02_convolution.md", chapter_of(cells, text))
    return notebook_cells.paired(path, executed(cells), collect_labels())


def test_outputs_are_stored_only_for_the_tags(tree: Path) -> None:
    notebook = paired(tree, CELLS)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    sources = [cell.source.removeprefix(f"{notebook_cells.CURTAIN}\n") for cell in code]
    assert sources == [source for _, source in CELLS.values()]
    assert [bool(cell.outputs) for cell in code] == [False, True, True, True, True, False, False]
    assert [cell.outputs[0].text for cell in code[1:4]] == ["checked\n", "exercise\n", "solution\n"]
    assert dict(code[4].outputs[0].data) == {"text/plain": "42"}
    assert code[4].outputs[0].execution_count is None
    assert [bool(cell.execution_count) for cell in code] == [bool(cell.outputs) for cell in code]
    assert [cell.metadata.get("tags", []) for cell in code] == [tags for tags, _ in CELLS.values()]


def test_solutions_and_long_plots_are_folded(tree: Path) -> None:
    code = [cell for cell in paired(tree, CELLS).cells if cell.cell_type == "code"]
    folded = [cell.metadata.get("jupyter", {}).get("source_hidden", False) for cell in code]
    assert folded == [name in {"solution", "hidden"} for name in CELLS]


def test_a_folded_solution_shows_neither_its_first_line_nor_its_outcome(tree: Path) -> None:
    code = [cell for cell in paired(tree, CELLS).cells if cell.cell_type == "code"]
    curtains = [cell.source.startswith("# The book's solution") for cell in code]
    silent = [cell.metadata.get("jupyter", {}).get("outputs_hidden", False) for cell in code]
    assert curtains == silent == [name == "solution" for name in CELLS]


def test_glued_numbers_citations_and_references_stand_in_the_text(tree: Path) -> None:
    notebook = paired(tree, CELLS, "A gap of {glue:text}`gap:.2f` {cite:p}`otsu1979`.")
    assert notebook.cells[0].source == "# Convolution\n\nA gap of 0.50 (Otsu, 1979)."
    last = notebook.cells[-1].source
    assert last.startswith("## References\n\n- Otsu (1979).")
    assert "References" not in paired(tree, CELLS).cells[-1].source


def test_a_figure_has_its_caption_below(tree: Path) -> None:
    path = write(
        tree, "02_convolution.md", "# Title\n\n$$\na\n$$ (eq:a)\n\n" + FIGURE.format(name="fig-a")
    )
    notebook = new_notebook(cells=[new_markdown_cell("# Title"), new_code_cell("draw();")])
    *_, figure, caption = notebook_cells.paired(path, notebook, collect_labels()).cells
    assert (figure.cell_type, caption.cell_type) == ("code", "markdown")
    assert caption.source == "**Figure 2.1.** What to see in equation 2.1."
    assert not figure.outputs


def test_the_notebook_names_its_kernel_and_its_cells_always_alike(tree: Path) -> None:
    first, second = paired(tree, CELLS), paired(tree, CELLS)
    assert first == second
    assert first.metadata.kernelspec.name == "python3"
    ids = [cell["id"] for cell in first.cells]
    assert len(set(ids)) == len(ids)
    assert all(each.startswith("02-") for each in ids)
    assert all(cell.source for cell in first.cells)


@pytest.mark.parametrize(
    "output",
    [
        new_output("display_data", {"image/png": "iVBO", "text/plain": "<Figure>"}),
        new_output("execute_result", {"image/png": "iVBO", "text/plain": "x"}, execution_count=1),
        new_output("stream", name="stderr", text="a warning\n"),
    ],
    ids=["figure", "picture", "stderr"],
)
def test_a_cell_whose_text_is_stored_prints_only(output: Any, tree: Path) -> None:
    cells = {"checked": (["checked"], "print('x')")}
    path = write(tree, "02_convolution.md", chapter_of(cells))
    notebook = executed(cells)
    notebook.cells[1].outputs.append(output)
    with pytest.raises(SyncError, match=r"(?s)02_convolution\.md: a cell whose text .*print\('x'"):
        notebook_cells.paired(path, notebook, collect_labels())


def test_a_chapter_edited_since_it_ran_is_refused(tree: Path) -> None:
    path = write(tree, "02_convolution.md", chapter_of({"one": ([], "print('new')")}))
    with pytest.raises(SyncError, match=r"02_convolution\.md: the executed chapter is out of date"):
        notebook_cells.paired(path, executed({"one": ([], "print('old')")}), collect_labels())


def test_a_chapter_that_never_ran_is_refused(tree: Path) -> None:
    path = write(tree, "02_convolution.md", chapter_of(CELLS))
    with pytest.raises(SyncError, match=r"02_convolution\.md: not executed yet; run `make book`"):
        sync.make(path, collect_labels())


# The command


def test_sync_writes_once_removes_stale_ones_and_keeps_what_is_in_step(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sync, "execute", lambda: True)
    write(tree, "02_convolution.md", chapter_of(CELLS))
    nbformat.write(executed(CELLS), tree / "executed" / "02_convolution.ipynb")
    notebooks = tree / "book" / "notebooks"
    notebooks.mkdir()
    (notebooks / "09_old.ipynb").write_text("{}", "utf8")
    assert sync.main() == 0
    printed = capsys.readouterr().out
    assert "09_old.ipynb removed" in printed
    assert "02_convolution.ipynb written" in printed
    assert [path.name for path in notebooks.iterdir()] == ["02_convolution.ipynb"]
    written = (notebooks / "02_convolution.ipynb").read_text("utf8")
    assert written.endswith("\n")
    assert json.loads(written)["nbformat"] == 4
    assert sync.main() == 0
    assert "written" not in capsys.readouterr().out


def test_sync_leaves_a_notebook_that_differs_by_rounding(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last digit is another one on another machine; the site offers what is stored."""
    monkeypatch.setattr(sync, "execute", lambda: True)
    cells = {"one": (["checked"], "print(gap)")}
    write(tree, "02_convolution.md", chapter_of(cells))
    (tree / "_build" / "html").mkdir(parents=True)
    stored = tree / "book" / "notebooks" / "02_convolution.ipynb"
    offered = tree / "_build" / "html" / "notebooks" / "02_convolution.ipynb"
    for gap, kept in (("0.123", "0.123"), ("0.124", "0.123"), ("0.131", "0.131")):
        notebook = executed(cells)
        notebook.cells[-1].outputs = [new_output("stream", name="stdout", text=f"{gap}\n")]
        nbformat.write(notebook, tree / "executed" / "02_convolution.ipynb")
        assert sync.main() == 0
        assert f'"{kept}\\n"' in stored.read_text("utf8")
        assert offered.read_bytes() == stored.read_bytes()


def test_sync_fails_where_a_chapter_cannot_be_run_or_rendered(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sync, "execute", lambda: False)
    assert sync.main() == 1
    monkeypatch.setattr(sync, "execute", lambda: True)
    write(tree, "02_convolution.md", chapter_of(CELLS, "See {ref}`[nowhere]`."))
    nbformat.write(executed(CELLS), tree / "executed" / "02_convolution.ipynb")
    assert sync.main() == 1
    assert "no such label: '[nowhere]'" in capsys.readouterr().out
    assert not list((tree / "book" / "notebooks").glob("*"))
