"""Corners of viz, doctor, the equations and the notebook tools: odd input gets a clear error."""

import matplotlib

matplotlib.use("agg")
import execute
import matplotlib.pyplot as plt
import notebook_markdown
import numpy as np
import paths
import pytest
import references
from labels import Labels, SyncError, collect_labels
from mathml import to_mathml
from nbformat.v4 import new_code_cell, new_notebook
from notebook_cells import paired
from notebook_markdown import Renderer

from pdl import viz
from pdl.cli import doctor

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


@pytest.fixture
def tree(tmp_path, monkeypatch):
    monkeypatch.setenv("PDL_HOME", str(tmp_path / "home"))
    for folder in ("chapters", "book", "executed", "src", "data"):
        (tmp_path / folder).mkdir()
    (tmp_path / "book/references.bib").write_text("")
    (tmp_path / "constraints.txt").write_text("")
    (tmp_path / "src/a.py").write_text("def f():\n    return 1\n")
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(references, "ROOT", tmp_path)
    monkeypatch.setattr(paths, "CHAPTERS", tmp_path / "chapters")
    monkeypatch.setattr(notebook_markdown, "CHAPTERS", tmp_path / "chapters")
    monkeypatch.setattr(execute, "EXECUTED", tmp_path / "executed")
    monkeypatch.setattr(execute, "CACHE", tmp_path / "cache")
    return tmp_path


def renderer(**values):
    labels = Labels(
        {"eq:a": "2.1", "fig-a": "Figure 2.1", "02_convolution": "[C](02_convolution.ipynb)"}
    )
    return Renderer(labels, values, {})


def test_play_refuses_what_json_cannot_say():
    still, _ = plt.subplots()
    with pytest.raises((TypeError, ValueError), match="data"):
        viz.play("slide", {"a": float("nan")}, still, "alt")


def test_play_refuses_data_at_once_and_not_when_displayed():
    still, _ = plt.subplots()
    with pytest.raises(TypeError, match="data"):
        viz.play("slide", {"a": {1, 2}}, still, "alt")


def test_a_comment_and_script_in_data_cannot_hold_the_page_open(monkeypatch):
    monkeypatch.setenv("PDL_BUILD", "site")
    still, _ = plt.subplots()
    page = viz.play("slide", {"a": "<!--<script>"}, still, "alt")._repr_mimebundle_()["text/html"]
    assert "<!--" not in page


@pytest.mark.parametrize(
    "image", [np.zeros((4, 4, 2)), np.zeros((5, 0)), np.zeros((0, 5)), np.zeros((4, 4), complex)]
)
def test_what_is_no_image_is_a_value_error(image):
    with pytest.raises((ValueError, TypeError), match="images"):
        viz.show_images([image])


@pytest.mark.parametrize("folder", ["/data[/old]/x", "/data [bold] x"])
def test_brackets_in_a_path_are_shown(folder, monkeypatch, capsys):
    monkeypatch.setenv("PDL_DATA_DIR", folder)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(doctor, "_device", lambda: doctor.Finding("Device", "cpu"))
    doctor.report()
    assert folder in capsys.readouterr().out


@pytest.mark.parametrize("latex", ["a_b_c", "a^b^c", r"\begin{array}{l}\limits_x\end{array}"])
def test_every_latex_error_is_a_value_error(latex):
    with pytest.raises(ValueError):
        to_mathml(latex, "block")


@pytest.mark.parametrize(
    "latex",
    [
        "x^{2",
        "x}",
        r"\frac{1}",
        r"\binom{1}",
        r"\text{abc",
        r"\begin{nosuch}x\end{nosuch}",
        r"\operatorname*{argmax}_x",
        "\\",
    ],
)
def test_broken_latex_does_not_pass(latex):
    with pytest.raises(ValueError):
        to_mathml(latex, "block")


def test_a_kernel_that_dies_fails_the_run_and_names_the_chapter(tree, capsys):
    (tree / "chapters/02_a.md").write_text(
        HEAD + "```{code-cell} ipython3\nimport os\nos._exit(1)\n```\n"
    )
    assert execute.execute() is False
    assert "02_a" in capsys.readouterr().out


def test_an_equation_on_one_line_keeps_its_number_or_is_refused(tree):
    try:
        got = renderer().markdown("$$ y = x $$ (eq:a)")
    except SyncError:
        return
    assert "(eq:a)" not in got and "2.1" in got


@pytest.mark.parametrize(
    "role", ["{numref}`text <fig-none>`", "{ref}`text <sec:none>`", "{doc}`text <09_none>`"]
)
def test_a_titled_reference_to_nothing_is_refused(role):
    with pytest.raises(SyncError):
        renderer().markdown(role)


def test_numref_fills_in_the_number():
    assert renderer().markdown("{numref}`Figure %s <fig-a>`") == "Figure 2.1"


@pytest.mark.parametrize(
    "text",
    [
        "````{admonition} Title\n```python\nx\n```\n````",
        "~~~{note}\ntext\n~~~",
        "- item\n\n  ```{admonition} Title\n  text\n  ```",
        "```{code-cell2} x\nq\n```",
        "```{Admonition} T\nq\n```",
    ],
)
def test_a_directive_in_another_fence_is_refused(text):
    with pytest.raises(SyncError):
        renderer().markdown(text)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"k": "nan"}, "{glue:text}`k`"),
        ({"k": "inf"}, "{glue:text}`k:.1f`"),
        ({"k": "'word'"}, "{glue:text}`k:.2f`"),
    ],
)
def test_a_value_that_cannot_be_shown_is_a_sync_error(values, text):
    with pytest.raises(SyncError):
        renderer(**values).markdown(text)


@pytest.mark.parametrize(
    "text",
    [
        "```{literalinclude} ../src/a.py\n:language: python\n```",
        "```{literalinclude} ../src/none.py\n:pyobject: f\n```",
        "```{exercise-start} Title\n```",
    ],
)
def test_a_directive_without_what_it_needs_is_a_sync_error(text, tree):
    with pytest.raises(SyncError):
        renderer().markdown(text)


def test_a_figure_without_a_name_is_a_sync_error(tree):
    (tree / "chapters/02_a.md").write_text(
        HEAD
        + "# T\n\n```{code-cell} ipython3\n---\n"
        + "mystnb:\n  figure:\n    caption: text\n---\ndraw();\n```\n"
    )
    with pytest.raises(SyncError):
        collect_labels()


@pytest.mark.parametrize("ran", [["a"], ["a", "b", "c"]])
def test_an_executed_chapter_of_another_length_is_out_of_date(ran, tree):
    path = tree / "chapters/02_a.md"
    path.write_text(
        HEAD + "# T\n\n```{code-cell} ipython3\na\n```\n\n```{code-cell} ipython3\nb\n```\n"
    )
    executed = new_notebook(cells=[new_code_cell(s) for s in ran])
    with pytest.raises(SyncError, match="out of date"):
        paired(path, executed, collect_labels())


@pytest.mark.parametrize(
    "text", ["A note[^1].\n\n[^1]: text", "<div>html</div>", "Text {role-x}`y`."]
)
def test_other_markup_is_refused(text):
    with pytest.raises(SyncError):
        renderer().markdown(text)
