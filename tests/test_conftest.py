"""Ids of tests that change from process to process are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

FILE = """
import gzip
import pytest

{tests}
"""
TEST = """
@pytest.mark.parametrize("value", [{value}], ids={ids})
def test_{name}(value): ...
"""
CONFTEST = Path(__file__).with_name("conftest.py")
CHANGING = {
    "set": ("{'6', '9'}", "str"),
    "frozenset": ("frozenset({'6', '9'})", "str"),
    "address": ("object()", "repr"),
    "gzip": ("gzip.compress(b'1')", "None"),
}
STEADY = {
    "number": ("{'6', '9'}", "None"),
    "mapping": ("{'kernel': 3}", "str"),
    "bytes": ("b'\\x00'", "None"),
}


@pytest.mark.parametrize(
    ("values", "status"),
    [(CHANGING, pytest.ExitCode.USAGE_ERROR), (STEADY, pytest.ExitCode.OK)],
    ids=["changing", "steady"],
)
def test_ids_that_change_are_refused(
    values: dict[str, tuple[str, str]],
    status: pytest.ExitCode,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST.read_text("utf8"), "utf8")
    path = tmp_path / f"{tmp_path.name}.py"  # a name of its own: pytest keeps what it imports
    tests = (TEST.format(name=name, value=v, ids=ids) for name, (v, ids) in values.items())
    path.write_text(FILE.format(tests="".join(tests)), "utf8")
    monkeypatch.chdir(tmp_path)
    options = ["--collect-only", "-q", "-p", "no:cacheprovider", "--import-mode=importlib"]
    assert pytest.main([*options, str(path)]) == status
    said = capfd.readouterr()
    refused = said.err.partition("ids of their own: ")[2]
    assert [name for name in values if f"::test_{name}[" in refused] == list(
        values if values is CHANGING else []
    )
