"""Say what a reader's machine has, and what to do about what is missing."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pdl._files import path_setting

PACKAGES = (
    "numpy",
    "scipy",
    "scikit-image",
    "scikit-learn",
    "opencv-python-headless",
    "matplotlib",
    "torch",
    "jupyterlab",
    "jupyter-book",
)


@dataclass(frozen=True)
class Finding:
    """One line of the report: what was looked at, what was found, and the remedy if it is bad."""

    subject: str
    found: str
    remedy: str = ""
    needed: bool = True


def _python() -> Finding:
    version = platform.python_version()
    good = (3, 11) <= sys.version_info[:2] <= (3, 13)
    remedy = "" if good else "install Python 3.11, 3.12 or 3.13 and run `make book` again"
    return Finding("Python", f"{version} in {sys.prefix}", remedy)


def _package(name: str) -> Finding:
    try:
        return Finding(name, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, "not installed", "run `make book`, which installs what the book needs")


def _memory() -> Finding:
    gib = psutil.virtual_memory().total / 2**30
    remedy = "" if gib >= 3.5 else "4 GiB or more is advised: build with one chapter at a time"
    return Finding("Memory", f"{gib:.1f} GiB", remedy, needed=False)


def _disk() -> Finding:
    try:
        free = shutil.disk_usage(Path.cwd()).free / 2**30
    except OSError as error:  # the folder was removed, or is not to be looked at
        return Finding("Free disk", f"unknown: {error.strerror}", needed=False)
    remedy = "" if free >= 2 else "free 2 GiB or more before you build"
    return Finding("Free disk", f"{free:.1f} GiB", remedy, needed=False)


def _device() -> Finding:
    try:
        import torch
    except ImportError:
        return Finding("Device", "unknown: PyTorch is absent", "run `make book`")
    except OSError as error:  # a library that it needs is missing, or is another version
        return Finding("Device", f"unknown: PyTorch does not load ({error})", "run `make book`")
    if torch.cuda.is_available():
        return Finding("Device", f"cuda ({torch.cuda.get_device_name(0)})")
    if torch.backends.mps.is_available():
        return Finding("Device", "mps (Apple GPU)")
    return Finding("Device", "cpu; every chapter runs on it")


def _data() -> Finding:
    try:
        folder = path_setting("PDL_DATA_DIR")
    except ValueError as error:
        return Finding("Data", str(error), "set PDL_DATA_DIR to a folder, or unset it")
    if folder is None:
        return Finding("Data", "what ships with the book; PDL_DATA_DIR is not set")
    try:
        within = list(folder.iterdir())
    except OSError as error:
        found = f"{folder} cannot be read: {error.strerror}"
        return Finding("Data", found, "set PDL_DATA_DIR to a folder, or unset it")
    sets = sorted(each.name for each in within if each.is_dir())
    return Finding("Data", f"{folder}: {', '.join(sets) or 'empty'}")


def _profile() -> Finding:
    profile = os.environ.get("PDL_PROFILE", "quick")
    good = profile in {"quick", "full"}
    return Finding("Profile", profile, "" if good else "set PDL_PROFILE to quick or full")


def _browser() -> Finding:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    remedy = "" if found else "only the tests of the site need it: install your system's Chromium"
    return Finding("Chromium", found or "not found", remedy, needed=False)


def findings() -> list[Finding]:
    """All that is looked at, in the order of the report."""
    return [
        _python(),
        Finding("System", f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"),
        _memory(),
        _disk(),
        _device(),
        _profile(),
        _data(),
        *map(_package, PACKAGES),
        _browser(),
    ]


def report(console: Console | None = None) -> int:
    """Print the findings.

    Parameters
    ----------
    console : Console, optional
        Where to print.

    Returns
    -------
    int
        Exit status: 1 if something that the book needs is missing, else 0.
    """
    console = console or Console(highlight=False)
    found = findings()
    table = Table(show_header=False, box=None)
    for each in found:
        mark = "✓" if not each.remedy else ("✗" if each.needed else "!")
        table.add_row(mark, each.subject, escape(each.found))
        if each.remedy:
            table.add_row("", "", escape(f"→ {each.remedy}"))
    console.print(table)
    missing = [each for each in found if each.remedy and each.needed]
    console.print(
        "Something that the book needs is missing: see the arrows above."
        if missing
        else "All that the book needs is here."
    )
    return 1 if missing else 0
