"""`pdl data list`, `fetch`, `verify` and `prepare`, as a reader runs them."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pooch
import pytest
import yaml
from click.testing import Result
from PIL import Image
from typer.testing import CliRunner

from pdl.cli.app import app
from pdl.data.store import registry
from pdl.data.store.converters import CONVERTERS

CONTENT = b"content"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["data", *arguments])


@pytest.fixture
def tiny(
    tmp_path: Path, home: Path, server: Any, reply: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A registry of one set of one file."""
    url = server.serve("tiny.bin", reply(CONTENT))
    digest = hashlib.sha256(CONTENT).hexdigest()
    file = {"path": "tiny.bin", "urls": [url], "sha256": digest, "size": len(CONTENT)}
    entry = {"what": "w", "licence": "l", "source": "s", "cite": "c", "way": "fetch"}
    path = tmp_path / "registry.yaml"
    path.write_text(yaml.safe_dump({"tiny": {**entry, "files": [file]}}), "utf8")
    monkeypatch.setattr(registry, "REGISTRY", path)
    registry.data_sets.cache_clear()
    yield home / "tiny"
    registry.data_sets.cache_clear()


def test_list_shows_every_set_and_where_it_is(home: Path) -> None:
    (home / "bccd").mkdir(parents=True)
    (home / "bccd" / "LICENSE").touch()
    (home / "nuclei").mkdir()
    (home / "nuclei" / ".half.part").touch()
    (home / "cervix").mkdir()
    (home / "cervix" / "prepared.json").write_text("{")
    result = run("list")
    assert result.exit_code == 0
    for name in registry.data_sets():
        assert f"\n{name}: " in f"\n{result.output}"
    assert f"{home / 'bccd'}, not whole: 732 files are missing" in result.output
    assert "not here; pdl data fetch nuclei\n" in result.output
    assert f"{home / 'cervix'}, not whole: " in result.output
    assert "not here; pdl data fetch mnist" in result.output
    assert "not here; pdl data prepare carvana" in result.output
    assert "PDL_DATA_DIR, looked at first: not set" in result.output


def test_list_shows_a_set_in_full(home: Path) -> None:
    said = run("list", "mnist").output
    assert "Gradient-based learning" in said
    assert "CC BY-SA 3.0" in said
    assert "https://ossci-datasets.s3.amazonaws.com/mnist/t10k-labels-idx1-ubyte.gz" in said
    assert "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db" in said
    assert "archive: SHA-256 varies" in run("list", "bccd").output
    assert "prepare from: train.zip" in run("list", "catsdogs").output


def test_fetch_then_verify(tiny: Path) -> None:
    result = run("fetch", "tiny")
    assert result.exit_code == 0
    assert "tiny: tiny.bin from http://127.0.0.1" in result.output
    assert (tiny / "tiny.bin").read_bytes() == CONTENT
    assert str(tiny) in result.output
    result = run("verify")
    assert result.exit_code == 0
    assert "tiny" in result.output and "whole (1 files" in result.output
    (tiny / "tiny.bin").write_bytes(b"CONTENT")
    result = run("verify", "tiny")
    assert result.exit_code == 1
    assert "tiny.bin: the SHA-256 of its content is" in result.output
    assert run("fetch", "tiny").exit_code == 1
    assert run("fetch", "tiny", "--replace").exit_code == 0
    assert run("verify", "tiny").exit_code == 0


def test_fetch_into_another_folder(tiny: Path, tmp_path: Path) -> None:
    assert run("fetch", "tiny", "--into", str(tmp_path / "there")).exit_code == 0
    assert (tmp_path / "there" / "tiny" / "tiny.bin").read_bytes() == CONTENT
    assert not tiny.exists()


def test_the_folder_one_has_is_verified(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own" / "tiny"
    own.mkdir(parents=True)
    (own / "mine.txt").touch()
    monkeypatch.setenv("PDL_DATA_DIR", str(own.parent))
    result = run("verify", "tiny")
    assert result.exit_code == 1
    assert "tiny.bin: is missing" in result.output and str(own) in result.output


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["fetch", "minst"], 1, "no data set 'minst' in the registry; there are mnist"),
        (["fetch", "carvana"], 1, "pdl data prepare carvana SOURCE"),
        (["fetch"], 2, "name one or more data sets"),
        (["list", "minst"], 1, "no data set 'minst'"),
        (["verify", "mnist"], 1, "mnist is neither in"),
        (["prepare", "bccd", "."], 1, "run `pdl data fetch bccd`"),
        (["prepare", "carvana", "absent"], 1, "absent is missing"),
    ],
)
def test_errors_are_sentences(
    arguments: list[str], code: int, message: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    result = run(*arguments)
    assert result.exit_code == code
    assert message in result.output
    assert isinstance(result.exception, SystemExit)


def test_verify_with_nothing_here(home: Path) -> None:
    result = run("verify")
    assert result.exit_code == 0
    assert "nothing to verify" in result.output


def test_a_data_folder_that_is_not_there(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PDL_DATA_DIR", str(tmp_path / "absent"))
    result = run("list")
    assert result.exit_code == 1
    assert "absent is no folder; name one, or unset PDL_DATA_DIR" in result.output


def test_prepare(home: Path, tmp_path: Path) -> None:
    for kind in ("Type_1", "Type_2", "Type_3"):
        for number in range(5):
            path = tmp_path / "train" / kind / f"{number}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.zeros((20, 20, 3), dtype=np.uint8)).save(path)
    (tmp_path / "train" / "Type_1" / "2.jpg").write_bytes(b"")
    result = run("prepare", "cervix", str(tmp_path / "train"))
    assert result.exit_code == 1
    assert "2.jpg: is empty" in result.output and "--skip-damaged" in result.output
    result = run("prepare", "cervix", str(tmp_path / "train"), "--skip-damaged")
    assert result.exit_code == 0, result.output
    assert "left out" in result.output and "2.jpg" in result.output
    assert "14 files as they were prepared" in run("verify", "cervix").output


def test_prepare_and_a_home(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    result = run("prepare", "cervix", "~/absent", "--into=~/there")
    assert f"{tmp_path / 'absent'} is missing" in result.output
    assert not (tmp_path / "~").exists()


def test_a_command_that_is_ended_removes_what_it_began(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def converter(source: Path, target: Path, notes: object) -> None:
        (target / "half").write_bytes(bytes(1000))
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setitem(CONVERTERS, "cervix", converter)
    before = signal.getsignal(signal.SIGTERM)
    assert run("prepare", "cervix", str(tmp_path)).exit_code == 128 + signal.SIGTERM
    assert [path.name for path in home.iterdir()] == [".cervix.lock"]
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_fetch_that_is_ended_removes_what_it_began(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(self: object, url: str, output_file: str, pup: object) -> None:
        Path(output_file).write_bytes(CONTENT[:3])
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", half)
    assert run("fetch", "tiny").exit_code == 128 + signal.SIGTERM
    assert [path.name for path in tiny.parent.iterdir()] == [".tiny.lock"]


@pytest.mark.skipif(sys.platform == "win32", reason="pipes break otherwise there")
@pytest.mark.parametrize(
    "command",
    [["data", "list"], ["data", "list", "mnist"], ["data", "verify"], ["exercises"]],
    ids=" ".join,
)
def test_a_reader_that_stops_reading_is_no_error(command: list[str], home: Path) -> None:
    """As in ``pdl data list | head``."""
    pipe, end = os.pipe()
    os.close(pipe)
    ran = subprocess.run(
        [sys.executable, "-m", "pdl.cli", *command], stdout=end, stderr=subprocess.PIPE, text=True
    )
    os.close(end)
    assert ran.stderr == ""
