"""The environment file, the constraints and pyproject.toml say the same."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]
PYTHON = SpecifierSet(PROJECT["requires-python"])


def read_pins(text: str) -> dict[str, Version]:
    """The pinned version of each package; anything but `name==version` is an error."""
    pins: dict[str, Version] = {}
    for line in text.splitlines():
        words = line.partition("#")[0].strip()
        if not words:
            continue
        found = re.fullmatch(r"([A-Za-z0-9._-]+)==([^\s;]+)", words)
        assert found, f"constraints.txt: not a pin: {line!r}"
        name = canonicalize_name(found[1])
        assert name not in pins, f"constraints.txt pins {name} twice"
        pins[name] = Version(found[2])
    return pins


def read_requirements() -> list[Requirement]:
    groups = PROJECT["optional-dependencies"].values()
    lines = [*PROJECT["dependencies"], *(line for group in groups for line in group)]
    named = [Requirement(line) for line in lines]
    return [each for each in named if canonicalize_name(each.name) != PROJECT["name"]]


PINS = read_pins((ROOT / "constraints.txt").read_text("utf8"))
ENVIRONMENT: dict[str, Any] = yaml.safe_load((ROOT / "environment.yml").read_text("utf8"))


@pytest.mark.parametrize("requirement", read_requirements(), ids=lambda each: each.name)
def test_every_dependency_is_pinned_to_a_version_that_pyproject_admits(
    requirement: Requirement,
) -> None:
    name = canonicalize_name(requirement.name)
    assert name in PINS, f"constraints.txt lacks {name}"
    assert requirement.specifier.contains(PINS[name], prereleases=True)


def test_torch_is_the_build_at_hand() -> None:
    assert PINS["torch"] == Version("2.13.0")


def test_the_pins_do_not_name_this_project() -> None:
    assert PROJECT["name"] not in PINS


def test_jupyter_book_is_of_the_first_kind() -> None:
    assert PINS["jupyter-book"].major == 1


def test_the_environment_is_python_pip_and_this_project() -> None:
    assert ENVIRONMENT["name"] == PROJECT["name"]
    plain = [each for each in ENVIRONMENT["dependencies"] if isinstance(each, str)]
    nested = [each for each in ENVIRONMENT["dependencies"] if not isinstance(each, str)]
    assert [re.split(r"[=<> ]", each)[0] for each in plain] == ["python", "pip"]
    assert [list(each) for each in nested] == [["pip"]]
    extras = set(PROJECT["optional-dependencies"])
    for line in nested[0]["pip"]:
        if line.split() == ["-c", "constraints.txt"]:
            continue
        found = re.fullmatch(r"-e \.(?:\[([a-z,]+)\])?", line)
        assert found, f"environment.yml: neither the constraints nor this project: {line!r}"
        assert set((found[1] or "").split(",")) - {""} <= extras


def test_the_environment_uses_the_constraints() -> None:
    (nested,) = (each for each in ENVIRONMENT["dependencies"] if not isinstance(each, str))
    assert "-c constraints.txt" in nested["pip"]


def test_the_environment_has_a_python_that_pyproject_admits() -> None:
    (line,) = (
        each
        for each in ENVIRONMENT["dependencies"]
        if isinstance(each, str) and each.startswith("python")
    )
    wanted = line.removeprefix("python").strip()
    pinned = re.fullmatch(r"=?=?(3\.\d+)(?:\.\*)?", wanted)
    if pinned:
        assert Version(pinned[1]) in PYTHON
    else:
        assert SpecifierSet(wanted) == PYTHON


def test_a_line_that_is_no_pin_is_noticed() -> None:
    assert read_pins("# a comment\nNumPy==2.4.6\n\n") == {"numpy": Version("2.4.6")}
    for bad in ("numpy>=2", "numpy", "numpy==2.4.6\nNumPy==2.4.5"):
        with pytest.raises(AssertionError):
            read_pins(bad)
