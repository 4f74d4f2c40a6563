"""The guides name files that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
A_PATH = re.compile(r"`((?:src|tests|book|chapters|data|benchmarks)/[\w./-]+)`")
STANDS_FOR_ANY = re.compile(r"NAME|WORD|NN")


@pytest.mark.parametrize("guide", ["README.md", "CONTRIBUTING.md"])
def test_each_path_is_there(guide: str) -> None:
    named = [
        path
        for path in A_PATH.findall((ROOT / guide).read_text("utf8"))
        if not STANDS_FOR_ANY.search(path)
    ]
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []
