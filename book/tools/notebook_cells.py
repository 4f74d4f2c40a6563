"""The cells of a paired notebook: rendered text, code with its tags, and the outputs it stores.

Outputs are stored only for cells whose text is compared (tags ``checked``, ``exercise``,
``solution``).
"""

from __future__ import annotations

from pathlib import Path

import jupytext
import nbformat
from labels import Labels, SyncError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from notebook_markdown import Renderer
from references import read_references

STORED_TAGS = {"checked", "exercise", "solution"}
HIDDEN_TAGS = {"solution", "hide-input", "hide-cell"}
CURTAIN = "# The book's solution: click here to open it."
"""The first line of a solution: JupyterLab shows that line of a folded cell."""


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
    renderer = Renderer(labels, glued_values(executed), read_references())
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
        tags = set(cell.metadata.get("tags", []))
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
