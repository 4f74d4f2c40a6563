"""TensorFlow is never loaded before triton: the process would die (both carry LLVM)."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import jupytext
import pytest

ROOT = Path(__file__).parents[1]
FAKES = {
    "triton": "import sys\nassert 'tensorflow' not in sys.modules, 'Segmentation fault'\n",
    "tensorflow": "",
    "keras": "import tensorflow\n",
}


def run(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a program to which the modules in a folder are installed."""
    path = os.pathsep.join([str(folder), str(ROOT / "src")])
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("program", "triton_loads"),
    [
        ("import pdl, tensorflow, triton", True),
        ("import pdl.cli, keras, triton", True),
        ("import pdl.models.keras._tensorflow, triton", True),
        ("import tensorflow, pdl, triton", False),
        ("import triton, tensorflow, pdl, triton", True),
    ],
)
def test_triton_comes_first_or_not_at_all(program: str, triton_loads: bool, tmp_path: Path) -> None:
    for name, source in FAKES.items():
        (tmp_path / f"{name}.py").write_text(source, "utf8")
    done = run(program, tmp_path)
    assert "Segmentation fault" not in done.stderr
    assert ("ModuleNotFoundError: import of triton halted" in done.stderr) is not triton_loads
    assert (done.returncode == 0) is triton_loads, done.stderr


def test_without_triton_nothing_changes(tmp_path: Path) -> None:
    (tmp_path / "tensorflow.py").write_text("", "utf8")
    program = "import sys; sys.modules['triton'] = None; import pdl, tensorflow"
    assert run(program, tmp_path).returncode == 0


def test_keras_is_imported_without_a_stderr(tmp_path: Path) -> None:
    (tmp_path / "keras.py").write_text("", "utf8")
    program = "import os; os.close(2); import pdl.models.keras._tensorflow; print('imported')"
    assert run(program, tmp_path).stdout == "imported\n"


def imported(source: str) -> list[str]:
    """The top-level packages that a source imports anywhere, in the order of its lines."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [(node.lineno, each.name.partition(".")[0]) for each in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.append((node.lineno, node.module.partition(".")[0]))
    return [name for _, name in sorted(found)]


def code_of(path: Path) -> str:
    if path.suffix == ".py":
        return path.read_text("utf8")
    return "\n".join(c.source for c in jupytext.read(path).cells if c.cell_type == "code")


SOURCES = [
    path
    for folder, pattern in [("chapters", "*.md"), ("benchmarks", "*.py"), ("tests", "*.py")]
    for path in sorted((ROOT / folder).rglob(pattern))
    if {"tensorflow", "keras"} & set(imported(code_of(path)))
]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_whoever_imports_tensorflow_imports_pdl_before_it(path: Path) -> None:
    names = imported(code_of(path))
    theirs = min(names.index(name) for name in ("tensorflow", "keras") if name in names)
    assert "pdl" in names[:theirs]


def test_the_search_finds_the_chapters_that_use_tensorflow() -> None:
    assert {path.name[:2] for path in SOURCES} >= {"05", "06", "07", "08"}
