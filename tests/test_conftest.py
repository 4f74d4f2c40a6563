"""Ids of tests that change from process to process are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

FILE = """
import gzip
import pytest

@pytest.mark.parametrize("value", [{value}], ids={ids})
def test_it(value): ...
"""
CONFTEST = Path(__file__).with_name("conftest.py")


@pytest.mark.parametrize(
    ("value", "ids", "refused"),
    [
        ("{'6', '9'}", "str", True),
        ("frozenset({'6', '9'})", "str", True),
        ("object()", "repr", True),
        ("gzip.compress(b'1')", "None", True),
        ("{'6', '9'}", "None", False),
        ("{'kernel': 3}", "str", False),
        ("b'\\x00'", "None", False),
    ],
    ids=["set", "frozenset", "address", "gzip", "number", "mapping", "bytes"],
)
def test_an_id_that_changes_is_refused(
    value: str, ids: str, refused: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST.read_text("utf8"), "utf8")
    path = tmp_path / f"{tmp_path.name}.py"  # a name of its own: pytest keeps what it imports
    path.write_text(FILE.format(value=value, ids=ids), "utf8")
    monkeypatch.chdir(tmp_path)
    arguments = [
        "--collect-only",
        "-q",
        "-p",
        "no:cacheprovider",
        "--import-mode=importlib",
        str(path),
    ]
    status = pytest.main(arguments)
    assert status == (pytest.ExitCode.USAGE_ERROR if refused else pytest.ExitCode.OK)
