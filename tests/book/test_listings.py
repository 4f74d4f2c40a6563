"""What the book lists of the package's source."""

from __future__ import annotations

from pathlib import Path

import pytest
from listings import NoSuchListing, package_source

SOURCE = '''
"""A module."""


@decorated
def outer(x):
    """Say what it does,
    in a paragraph of two lines.

    Parameters
    ----------
    x : ndarray
    """
    text = """Not a docstring.

    At all."""
    return text


class Layer:
    r"""One line."""

    def forward(self, x):
        """Go forward.

        Returns
        -------
        ndarray
        """
        return x
'''


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "source.py"
    found.write_text(SOURCE, "utf8")
    return found


def test_a_docstring_is_cut_after_its_first_paragraph_and_nothing_else_is(path: Path) -> None:
    assert package_source(path, "outer") == (
        "@decorated\n"
        "def outer(x):\n"
        '    """Say what it does,\n'
        '    in a paragraph of two lines."""\n'
        '    text = """Not a docstring.\n'
        "\n"
        '    At all."""\n'
        "    return text"
    )


def test_a_method_stands_without_its_indentation(path: Path) -> None:
    expected = 'def forward(self, x):\n    """Go forward."""\n    return x'
    assert package_source(path, "Layer.forward") == expected
    assert package_source(path, "Layer").startswith('class Layer:\n    r"""One line."""\n\n')


@pytest.mark.parametrize("name", ["inner", "Layer.backward", "outer.x"])
def test_what_is_not_there_is_named(path: Path, name: str) -> None:
    with pytest.raises(NoSuchListing, match=f"source.py has no {name}"):
        package_source(path, name)
    with pytest.raises(NoSuchListing, match="no file"):
        package_source(path.with_name("other.py"), name)
