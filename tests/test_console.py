"""What a console cannot print is spelled in what it can."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest

from pdl._console import printable


@pytest.mark.parametrize(
    ("text", "encoding", "expected"),
    [
        ("✓ σ ≥ 0…", "utf-8", "✓ σ ≥ 0…"),
        ("✓ é × 3", "cp1252", "+ é × 3"),
        ("✗ – é × 3 − 1…", "ascii", "x - e x 3 - 1..."),
        ("σ Δ ά", "ascii", "sigma delta alpha"),
        ("漢", "ascii", "?"),
        ("✓ é", "no such encoding", "+ e"),
        ("✓", None, "✓"),
    ],
)
def test_a_stream_gets_what_it_can_print(text: str, encoding: str | None, expected: str) -> None:
    class Stream(io.StringIO):
        pass

    Stream.encoding = encoding  # type: ignore[assignment, misc]
    assert printable(text, Stream()) == expected


def test_a_command_prints_whatever_comes_to_both_streams() -> None:
    program = (
        "import sys; from pdl._console import print_whatever_comes; print_whatever_comes()\n"
        "print('✓'); print('✗', file=sys.stderr)\n"
        "sys.stdout = None; print_whatever_comes()"
    )
    done = subprocess.run(
        [sys.executable, "-X", "utf8=0", "-c", program],
        env={**os.environ, "PYTHONIOENCODING": "cp1252:strict"},
        capture_output=True,
        text=True,
        encoding="cp1252",
        check=True,
    )
    assert (done.stdout, done.stderr) == ("+\n", "x\n")
