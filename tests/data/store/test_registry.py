"""The registry: what it says of each set, and what it refuses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pdl.data.errors import DataError
from pdl.data.store import registry
from pdl.data.store.converters import CONVERTERS
from pdl.data.store.hashes import manifest_sha256, manifest_text, read_manifest
from pdl.data.store.registry import DataSet, data_set, data_sets, read_registry

FILES = {
    "mnist": 4,
    "fashion_mnist": 4,
    "mobilenet_v2": 2,
    "bccd": 364 + 364 + 4 + 1,
    "nuclei": 2 * 334,
    "nuclei_original_sample": 6 + 27 + 36 + 70 + 86 + 7 + 16,
    "camvid": 2 * (367 + 101 + 233),
    "catsdogs": 4000,
    "carvana": 0,
    "cervix": 0,
}
KERAS = ("vgg16", "vgg19", "resnet50", "inception_v3", "mobilenet_v2")
FILES |= {f"keras_{name}": 0 for name in KERAS}
NO_SHA256 = {name for name in FILES if name.startswith("keras_")}
"""Keras gives an MD5 of its weights, and none of one of them."""


@pytest.mark.parametrize("name", FILES)
def test_every_set_is_described(name: str) -> None:
    found = data_set(name)
    assert len(found.recorded()) == FILES[name]
    assert found.what and found.licence and found.source and found.cite
    assert (found.way == "prepare") <= (name in CONVERTERS)
    for file in found.files:
        assert file.size and file.urls
        assert bool(file.sha256) == (name not in NO_SHA256)
        assert file.hashed == (name != "keras_mobilenet_v2")


def test_no_set_is_forgotten() -> None:
    assert set(data_sets()) == set(FILES)


def every_url(found: DataSet) -> list[str]:
    archive = found.archive.urls if found.archive else ()
    return [url for file in found.files for url in file.urls] + list(archive)


@pytest.mark.parametrize("name", FILES)
def test_addresses_are_encrypted_or_the_content_is_hashed(name: str) -> None:
    found = data_set(name)
    plain = [url for url in every_url(found) if url.startswith("http://")]
    assert not plain or all(file.sha256 for file in found.files)
    if found.way == "fetch":
        assert every_url(found)


def test_an_unknown_set_is_refused_with_the_known_ones() -> None:
    with pytest.raises(DataError, match=r"'minst'.*there are mnist, fashion_mnist"):
        data_set("minst")


GOOD = {
    "what": "w",
    "licence": "l",
    "source": "s",
    "cite": "c",
    "way": "fetch",
    "files": [{"path": "a", "urls": ["https://example.org/a"], "sha256": "0" * 64, "size": 3}],
}


def read(tmp_path: Path, entry: object) -> DataSet:
    path = tmp_path / "registry.yaml"
    path.write_text(yaml.safe_dump({"tiny": entry}), "utf8")
    return read_registry(path)["tiny"]


def test_what_is_not_recorded_is_none(tmp_path: Path) -> None:
    file = {"path": "a", "urls": ["https://example.org/a"], "sha256": "not recorded"}
    found = read(tmp_path, {**GOOD, "files": [file]})
    assert found.files[0].sha256 is None
    assert found.recorded() == {}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"licens": "l"}, "tiny: unknown key 'licens'"),
        ({"name": "other"}, "unknown key 'name'"),
        ({"way": "guess"}, "way must be one of"),
        ({"way": "prepare"}, "prepare_from is missing"),
        ({"files": []}, "neither files nor an archive"),
        ({"files": [{"path": "a"}]}, "file 1: missing key 'urls'"),
        ({"files": [{"path": "a", "urls": []}]}, "urls is empty"),
        ({"files": [{"path": "a", "urls": ["ftp://x"]}]}, r"expected an http\(s\) address"),
        ({"files": [{**GOOD["files"][0], "sha256": "abc"}]}, "64 hexadecimal digits"),  # type: ignore[index]
        ({"files": [{**GOOD["files"][0], "sha256_of": "x"}]}, "sha256_of must be"),  # type: ignore[index]
        ({"files": [{**GOOD["files"][0], "md5": "0" * 64}]}, "md5 must be 32 hexadecimal"),  # type: ignore[index]
        ({"sha256_of": "x"}, "sha256_of must be"),
        ({"archive": {"urls": ["https://x"], "root": "r"}}, "needs a manifest"),
        ({"archive": []}, "archive: expected a mapping, got list"),
    ],
)
def test_a_wrong_entry_is_named(change: dict[str, object], message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message) as error:
        read(tmp_path, {**GOOD, **change})
    assert "registry.yaml, tiny" in str(error.value)


@pytest.mark.parametrize("key", ["what", "licence", "source", "cite", "way"])
def test_a_missing_key_is_named(key: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"tiny: missing key '{key}'"):
        read(tmp_path, {each: value for each, value in GOOD.items() if each != key})


@pytest.mark.parametrize(
    ("text", "message"), [("a: [", "is no YAML"), ("- a", "expected a mapping"), (None, "missing")]
)
def test_a_damaged_registry(text: str | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "registry.yaml"
    if text is not None:
        path.write_text(text, "utf8")
    with pytest.raises(DataError, match=message):
        read_registry(path)


def test_an_altered_manifest_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = registry.DATA / "manifests" / "bccd.txt"
    (tmp_path / "manifests").mkdir()
    monkeypatch.setattr(registry, "DATA", tmp_path)
    altered = tmp_path / "manifests" / "bccd.txt"
    altered.write_bytes(source.read_bytes().replace(b"\n", b"\r\n"))
    assert len(data_set("bccd").recorded()) == FILES["bccd"]
    altered.write_bytes(source.read_bytes().replace(b"0", b"1", 1))
    with pytest.raises(DataError, match=r"bccd.txt: its SHA-256 is"):
        data_set("bccd").recorded()


def test_manifests_are_read_as_they_were_written(tmp_path: Path) -> None:
    manifest = {"b c": "1" * 64, "a": "2" * 64}
    path = tmp_path / "m.txt"
    path.write_text(manifest_text(manifest), "utf8")
    assert read_manifest(path) == manifest
    assert manifest_sha256(read_manifest(path)) == manifest_sha256(manifest)
    path.write_text(manifest_text(manifest) + "oops\n", "utf8")
    with pytest.raises(DataError, match=r"m.txt, line 3"):
        read_manifest(path)


def test_the_package_of_data_stays_light() -> None:
    heavy = (
        "torch",
        "matplotlib",
        "cv2",
        "skimage",
        "sklearn",
        "pooch",
        "requests",
        "rich",
        "typer",
    )
    code = f"import sys, pdl.data; print([name for name in {heavy} if name in sys.modules])"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert ran.stdout.strip() == "[]"


def test_the_bytes_of_an_archive_may_vary_those_of_a_file_may_not(tmp_path: Path) -> None:
    packed = [found.archive for found in data_sets().values() if found.archive]
    assert packed and all(archive.sha256 is None for archive in packed)
    file = {"path": "a", "urls": ["https://example.org/a"], "sha256": "varies"}
    with pytest.raises(DataError, match=r"tiny, file 1: sha256 must be 64 hexadecimal digits"):
        read(tmp_path, {**GOOD, "files": [file]})
