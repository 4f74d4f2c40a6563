"""The chapters run into a cache, and run again when something that they depend on has changed."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import execute
import nbformat
import paths
import pytest

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

# A small chapter

"""


def chapter(*cells: str) -> str:
    return HEAD + "\n".join(f"```{{code-cell}} ipython3\n{cell}\n```\n" for cell in cells)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A small repository in a folder of its own, which `paths` and `execute` take for theirs."""
    monkeypatch.setenv("PDL_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PDL_PROFILE", raising=False)
    root = tmp_path / "tree"
    for name, text in {
        "src/pdl/__init__.py": "",
        "src/pdl/deep/one.py": "ONE = 1\n",
        "constraints.txt": "numpy==2.4.6\n",
        "data/results/speed.json": "{}",
        "chapters/01_images.md": chapter("print(6 * 7)"),
        "README.md": "Read me.",
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf8")
    monkeypatch.setattr(paths, "ROOT", root)
    monkeypatch.setattr(paths, "CHAPTERS", root / "chapters")
    monkeypatch.setattr(execute, "CACHE", root / "_build" / "cache")
    monkeypatch.setattr(execute, "EXECUTED", root / "_build" / "executed")
    left: list[str] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda found: left.append(str(found.exc_value)))
    yield root
    gc.collect()
    assert not left, "what nobody closed is left to the garbage collector"


@pytest.fixture
def _no_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells that print 42, without a kernel: what becomes of their outputs is tested."""

    def run(notebook: nbformat.NotebookNode, path: Path, environment: dict[str, str]) -> float:
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs = [nbformat.v4.new_output("stream", text="42\n")]
        return 0.0

    monkeypatch.setattr(execute, "run_notebook", run)


def printed_by_cells(tree: Path, stem: str) -> list[str]:
    notebook = nbformat.read(tree / "_build" / "executed" / f"{stem}.ipynb", as_version=4)
    return [
        output.text
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "stream"
    ]


# The key


def rewrite(name: str, text: str) -> Callable[[Path], object]:
    return lambda root: (root / name).write_text(text, "utf8")


@pytest.mark.parametrize(
    "change",
    [
        rewrite("src/pdl/deep/one.py", "ONE = 2\n"),
        rewrite("src/pdl/__init__.py", "# A comment.\n"),
        rewrite("src/pdl/deep/new.py", ""),
        rewrite("constraints.txt", "numpy==2.4.5\n"),
        rewrite("data/results/speed.json", '{"a": 1}'),
        rewrite("data/new.npy", "weights"),
        lambda root: (root / "src/pdl/deep/one.py").unlink(),
        lambda root: (root / "data/results/speed.json").unlink(),
        lambda root: (root / "src/pdl/deep/one.py").rename(root / "src/pdl/one.py"),
    ],
    ids=[
        "source changed",
        "top of the package changed",
        "source added",
        "constraints changed",
        "result changed",
        "data added",
        "source removed",
        "data removed",
        "source moved",
    ],
)
def test_the_key_changes_with_what_a_chapter_depends_on(
    change: Callable[[Path], object], tree: Path
) -> None:
    before = paths.key()
    change(tree)
    assert paths.key() != before


def test_the_key_changes_with_the_profile(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = paths.key()
    monkeypatch.setenv("PDL_PROFILE", "full")
    assert paths.key() != before
    monkeypatch.setenv("PDL_PROFILE", "quick")
    assert paths.key() == before, "quick is the profile by default"


def test_the_key_stays_with_all_else(tree: Path) -> None:
    before = paths.key()
    assert paths.key() == before
    (tree / "README.md").write_text("Another text.", "utf8")
    (tree / "chapters" / "01_images.md").write_text(chapter("print(1)"), "utf8")
    (tree / "src" / "pdl" / "deep" / "__pycache__").mkdir()
    (tree / "src" / "pdl" / "deep" / "__pycache__" / "one.cpython-311.pyc").write_bytes(b"\0")
    (tree / "src" / "pdl" / "deep" / "one.py").touch()
    assert paths.key() == before


# The chapters' files


def test_chapters_are_chosen_by_the_beginning_of_their_names(tree: Path) -> None:
    for name in ("03_filters.md", "02_convolution.md", "notes.md", "2_short.md"):
        (tree / "chapters" / name).write_text(chapter("1"), "utf8")
    stems = ["01_images", "02_convolution", "03_filters"]
    assert [path.stem for path in paths.chapter_files()] == stems
    assert [path.stem for path in paths.chapter_files("02")] == ["02_convolution"]
    assert [path.stem for path in paths.chapter_files("0")] == stems
    with pytest.raises(ValueError, match="begins with '7'; there are 01_images, 02_convolution"):
        paths.chapter_files("7")


# The cache


def test_the_cache_is_emptied_only_when_the_key_changes(tree: Path) -> None:
    execute.fresh_cache()
    kept = tree / "_build" / "cache" / "kept"
    kept.touch()
    execute.fresh_cache()
    assert kept.exists()
    (tree / "constraints.txt").write_text("numpy==2.4.5\n", "utf8")
    execute.fresh_cache()
    assert not kept.exists()
    kept.touch()
    execute.fresh_cache()
    assert kept.exists()


def test_a_chapter_runs_once_until_the_package_changes(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    counter = tree / "runs.txt"
    path = tree / "chapters" / "01_images.md"
    path.write_text(
        chapter(
            f"with open({str(counter)!r}, 'a') as runs:\n    _ = runs.write('x')",
            "import os\nprint(os.environ['PDL_BUILD'], os.environ['OMP_NUM_THREADS'])\n"
            "print(*(os.environ[f'TF_NUM_{kind}_THREADS'] for kind in ('INTRAOP', 'INTEROP')))",
            "import tempfile\nleft = tempfile.mkdtemp()\n"
            "home = os.environ['PDL_HOME']\n"
            "print(os.path.basename(home)[:9], home == os.getcwd() == os.path.dirname(left))",
        ),
        "utf8",
    )
    assert execute.execute() is True
    assert "1 chapter(s)" in capsys.readouterr().out
    assert counter.read_text() == "x"
    assert printed_by_cells(tree, "01_images") == ["site 1\n1 1\n", "pdl-build True\n"]
    assert not (tree.parent / "home").exists()
    kept = nbformat.read(tree / "_build" / "executed" / "01_images.ipynb", as_version=4).metadata
    assert "version" not in kept.get("language_info", {}), "the same file on any Python"

    path.write_text(path.read_text("utf8").replace("A small", "A rewritten"), "utf8")
    assert execute.execute() is True
    assert "unchanged" in capsys.readouterr().out
    assert counter.read_text() == "x", "a chapter whose prose alone has changed is not run"
    assert len(printed_by_cells(tree, "01_images")) == 2

    (tree / "src" / "pdl" / "deep" / "one.py").write_text("ONE = 2\n", "utf8")
    assert execute.execute() is True
    assert "unchanged" not in capsys.readouterr().out
    assert counter.read_text() == "xx"


def test_a_failing_cell_fails_the_run_and_names_the_chapter_alone(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tree / "chapters" / "02_convolution.md").write_text(
        chapter("kernel = [1, 2]", "kernel[7]"), "utf8"
    )
    assert execute.execute(workers=2) is False
    printed = capsys.readouterr().out
    assert "02_convolution         FAILED" in printed
    assert "02_convolution.md: " in printed
    assert "IndexError" in printed
    assert "kernel[7]" in printed
    assert "01_images              FAILED" not in printed
    assert printed_by_cells(tree, "01_images") == ["42\n"]
    assert not (tree / "_build" / "executed" / "02_convolution.ipynb").exists()

    assert execute.execute("01") is True
    assert "01_images              unchanged" in capsys.readouterr().out


@pytest.mark.usefixtures("_no_kernel")
def test_the_last_chapter_begins(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It trains most: begun last, it would run alone."""
    (tree / "chapters" / "02_convolution.md").write_text(chapter("2"), "utf8")
    assert execute.execute(workers=1) is True
    printed = capsys.readouterr().out
    assert printed.index("02_convolution") < printed.index("01_images")


def test_an_unknown_chapter_is_refused(tree: Path) -> None:
    with pytest.raises(ValueError, match="no chapter begins with '09'"):
        execute.execute("09")


# What a chapter may not do, and what a cache may be


def test_a_kernel_that_dies_is_reported_with_its_cell_and_a_remedy(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    killed = "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)"
    (tree / "chapters" / "01_images.md").write_text(chapter("1 + 1", killed), "utf8")
    assert execute.execute() is False
    printed = capsys.readouterr().out
    assert "01_images.md: the kernel died of the signal SIGSEGV in the cell" in printed
    assert killed in printed
    assert "1 + 1" not in printed
    assert "import pdl before" in printed


@pytest.mark.parametrize(
    ("status", "words"),
    [(-9, "of the signal SIGKILL"), (3, "with exit status 3"), (None, "for a reason that is not")],
)
def test_what_is_said_of_a_dead_kernel(status: int | None, words: str) -> None:
    process: Any = SimpleNamespace(poll=lambda: status)
    assert f"the kernel died {words}" in execute.how_it_died("x = 1", process)


def test_a_warning_is_refused_and_not_kept(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flag = tree / "flag"
    flag.touch()
    source = f"import os, sys\nif os.path.exists({str(flag)!r}): print('beware', file=sys.stderr)"
    (tree / "chapters" / "01_images.md").write_text(chapter(source), "utf8")
    assert execute.execute() is False
    printed = capsys.readouterr().out
    assert "01_images.md: a cell writes to stderr" in printed
    assert "beware" in printed
    flag.unlink()
    assert execute.execute() is True
    assert "running 1 chapter(s)" in capsys.readouterr().out


def halve(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.usefixtures("_no_kernel")
@pytest.mark.parametrize(
    "damage",
    [
        lambda cache: halve(next(cache.rglob("base.ipynb"))),
        lambda cache: next(cache.rglob("base.ipynb")).write_bytes(b""),
        lambda cache: next(cache.rglob("base.ipynb")).write_bytes(b"\xff\xfe"),
        lambda cache: (cache / "global.db").write_bytes(b""),
        lambda cache: (cache / "global.db").write_bytes(b"no database" * 999),
        lambda cache: (cache / "key").write_bytes(b"\xff"),
    ],
    ids=["half", "empty", "no text", "empty index", "no index", "no key"],
)
def test_what_cannot_be_read_is_run_again(
    damage: Callable[[Path], object], tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute.execute() is True
    damage(tree / "_build" / "cache")
    capsys.readouterr()
    for expected in ("running 1 chapter(s)", "01_images              unchanged"):
        assert execute.execute() is True
        assert expected in capsys.readouterr().out
    assert printed_by_cells(tree, "01_images") == ["42\n"]


def test_the_same_outputs_make_the_same_file(tree: Path) -> None:
    executed = tree / "_build" / "executed" / "01_images.ipynb"
    execute.execute()
    first = executed.read_bytes()
    execute.execute()
    assert executed.read_bytes() == first


def test_chapters_run_where_the_home_cannot_be_written(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Matplotlib would warn of it, in the first cell."""
    monkeypatch.setenv("HOME", "/dev/null/home")
    source = "import os, matplotlib.pyplot\nopen(os.path.expanduser('~/it'), 'w').close()"
    (tree / "chapters" / "01_images.md").write_text(chapter(source), "utf8")
    assert execute.execute() is True
    assert "/dev/null/home cannot be written" in capsys.readouterr().out
