"""Records: what they hold, and that a file is whole or not there."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pdl import results as records
from pdl.results import make_record, pixels_sha256, write_record

KEYS = [
    *("name", "metrics", "seed", "profile", "hardware", "versions"),
    *("seconds", "commit", "command"),
]


def example(**more):
    return make_record("one", {"error": 0.5}, seed=3, seconds=1.26, command="pdl x", **more)


def test_the_keys_that_every_record_has(monkeypatch):
    monkeypatch.delenv("PDL_PROFILE", raising=False)
    found = example()
    assert list(found) == KEYS
    assert found["metrics"] == {"error": 0.5}
    assert (found["seed"], found["seconds"], found["profile"]) == (3, 1.3, "quick")
    assert found["hardware"].keys() == {"cpu", "cores", "threads_used"}
    assert found["hardware"]["cpu"]
    assert found["versions"]["numpy"] == np.__version__


def test_what_may_be_added():
    found = example(
        intervals={"error": [0.4, 0.6]},
        data={"name": "d", "sha256": "0", "sizes": {}},
        details={"curve": [1, 2]},
        packages=("scipy",),
        profile="full",
    )
    order = ["name", "metrics", "intervals", "data", "curve", *KEYS[2:]]
    assert list(found) == order
    assert found["profile"] == "full"
    assert found["versions"].keys() == {"python", "scipy"}


def test_the_profile_is_that_of_the_environment(monkeypatch):
    monkeypatch.setenv("PDL_PROFILE", "full")
    assert example()["profile"] == "full"


def test_the_commit_is_a_hash_or_none(monkeypatch, tmp_path):
    commit = records.current_commit()
    assert commit is None or len(commit) == 40
    monkeypatch.setattr(records, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert records.current_commit() is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert records.current_commit() is None


def test_the_processor_has_a_name_on_every_system(monkeypatch):
    def absent(self, **options):
        raise OSError

    monkeypatch.setattr(Path, "read_text", absent)
    assert records.cpu_model()


def test_a_record_comes_back(tmp_path):
    path = tmp_path / "new folder" / "one.json"
    write_record(example(), path)
    assert json.loads(path.read_text("utf8")) == example()
    assert path.read_bytes().endswith(b"}\n")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_json_cannot_hold_changes_no_file(tmp_path, value):
    path = tmp_path / "one.json"
    path.write_text("old")
    with pytest.raises(ValueError):
        write_record({"metrics": {"x": value}}, path)
    assert [each.name for each in tmp_path.iterdir()] == ["one.json"]
    assert path.read_text() == "old"


def test_the_hash_knows_values_and_not_the_byte_order():
    numbers = np.arange(6, dtype="<i4").reshape(2, 3)
    assert pixels_sha256([numbers]) == pixels_sha256([numbers.astype(">i4")])
    assert pixels_sha256([numbers]) == pixels_sha256([np.asfortranarray(numbers)])
    assert pixels_sha256([numbers]) == pixels_sha256(numbers)
    assert pixels_sha256([numbers]) != pixels_sha256([numbers + 1])
