"""Loops that are compiled: late, once, and wherever the machine code can be kept."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TRIANGULAR = """
from pdl._compiled import compiled

@compiled
def triangular(n):
    total = 0
    for i in range(n + 1):
        total += i
    return total

print(triangular(4))
"""


def run(code: str, **environment: str) -> str:
    """What a Python of its own prints."""
    finished = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.strip()


def test_no_framework_and_no_compiler_is_imported_before_it_is_used() -> None:
    modules = "pdl.filters, pdl.layers, pdl.metrics, pdl.segmentation, pdl.signals"
    code = f"import sys, {modules}; print(*{{'numba', 'tensorflow', 'torch'}} & {{*sys.modules}})"
    assert run(code) == ""
    code = (
        "import sys; from pdl.segmentation import watershed; watershed([1, 2], [1, 0])\n"
        "print('numba' in sys.modules)"
    )
    assert run(code) == "True"


@pytest.mark.parametrize("kept", ["beside the source", "in the user's cache", "nowhere"])
def test_a_loop_runs_wherever_its_machine_code_can_be_kept(kept: str, tmp_path: Path) -> None:
    """A file stands where a folder would be made: that stops an administrator as well."""
    beside, of_the_user = tmp_path / "__pycache__", tmp_path / "home"
    if kept != "beside the source":
        beside.write_text("a file")
    if kept == "nowhere":
        of_the_user.write_text("a file")
    (tmp_path / "loops.py").write_text(TRIANGULAR)
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import loops"
    home = str(of_the_user)
    assert run(code, HOME=home, XDG_CACHE_HOME=home, PYTHONDONTWRITEBYTECODE="1") == "10"
    found = sorted(path.suffix for path in tmp_path.rglob("*.nb?"))
    assert found == ([] if kept == "nowhere" else [".nbc", ".nbi"])
    assert beside.is_dir() == (kept == "beside the source")
