"""Make the environment in `.venv`, or bring it up to date; say nothing if it is.

Nothing is imported that would have to be installed first.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OLDEST_PIP = 22
"""Pips before it do not know a project that has a pyproject.toml alone."""


class CannotSetUp(Exception):
    """Why there is no environment, and what to do about it."""


def python_in(folder: Path) -> Path:
    """The Python of an environment."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def fingerprint(root: Path) -> str:
    """What an environment is made from: this Python, the place, what is to be installed."""
    wanted = hashlib.sha256()
    for name in ("pyproject.toml", "constraints.txt"):
        wanted.update((root / name).read_bytes())
    version = "{}.{}".format(*sys.version_info[:2])
    return "\n".join([version, str(root), wanted.hexdigest()])


def unfit(folder: Path, root: Path) -> str:
    """Why an environment that stands cannot be brought up to date; empty if it can."""
    program = "import sys, pip; print(*sys.version_info[:2], pip.__version__.split('.')[0])"
    try:
        done = subprocess.run(
            [python_in(folder), "-c", program], capture_output=True, text=True, check=True
        )
        *version, pip = map(int, done.stdout.split())
    except (OSError, ValueError, subprocess.CalledProcessError):
        return "its Python or its pip does not run"
    if tuple(version) != sys.version_info[:2]:
        ours = "{}.{}".format(*sys.version_info[:2])
        return f"it was made with Python {version[0]}.{version[1]}, and this is {ours}"
    if pip < OLDEST_PIP:
        return f"its pip {pip} is too old"
    stamp = folder / ".installed"
    place = stamp.read_text("utf8").splitlines()[1:2] if stamp.exists() else []
    if place not in ([], [str(root)]):
        return f"it was made in {place[0]}"
    return ""


def set_up(root: Path) -> None:
    """Make the environment of a checkout, or bring it up to date.

    Parameters
    ----------
    root : Path
        The checkout.

    Raises
    ------
    CannotSetUp
        With words for the reader.
    """
    folder = root / ".venv"
    stamp = folder / ".installed"
    now = fingerprint(root)
    if python_in(folder).exists() and stamp.exists() and stamp.read_text("utf8") == now:
        return
    try:
        why = unfit(folder, root) if folder.exists() else ""
        if why:
            print(f"Making .venv anew: {why}")
        print("Setting up .venv (a few minutes, once)", flush=True)
        if why or not folder.exists():
            venv.EnvBuilder(clear=True, with_pip=True, symlinks=os.name != "nt").create(folder)
        install = "-m pip install --quiet --disable-pip-version-check -c constraints.txt -e .[dev]"
        command = [str(python_in(folder)), *install.split()]
        if subprocess.run(command, cwd=root, check=False).returncode:
            raise CannotSetUp("pip could not install what the book needs; its words stand above")
        stamp.write_text(now, "utf8")
    except (OSError, subprocess.CalledProcessError) as error:
        raise CannotSetUp(
            f"cannot make {folder}: {error}\nThe book is built in its own folder: put it where you "
            "may write and where a few gigabytes are free."
        ) from None


def main() -> int:
    """Set up; the exit status is 0 if the environment stands."""
    try:
        set_up(ROOT)
    except CannotSetUp as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
