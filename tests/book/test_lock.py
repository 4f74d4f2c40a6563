"""Two builds do not write the same folder at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import lock
import pytest

TOOLS = Path(lock.__file__).parent
HOLDER = """
import sys
from pathlib import Path
from lock import only_build
with only_build(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def start(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)],
        env={**os.environ, "PYTHONPATH": str(TOOLS)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_the_second_is_told_and_waits_even_for_one_that_is_killed(tmp_path: Path) -> None:
    with start(tmp_path / "_build") as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        with start(tmp_path / "_build") as second:
            assert second.stdout is not None
            assert second.stdout.readline().startswith("Another build is at work in this folder")
            assert second.stdin is not None
            second.stdin.close()  # it would end at once, did it not wait
            with pytest.raises(subprocess.TimeoutExpired):
                second.wait(0.5)
            first.kill()
            assert second.stdout.readline() == "held\n"
            assert second.wait() == 0


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(SystemExit, match="which cannot be written"),
        lock.only_build(tmp_path / "file" / "_build"),
    ):
        pass
