"""Make the book: run the chapters, then make the site."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import yaml
from execute import console, execute
from lock import only_build
from paths import BUILD, NOTEBOOKS, ROOT, SITE
from site_stamp import State, invalidate, site_state, stamp_site


def run_jupyter_book() -> bool:
    """Run Jupyter Book with warnings as errors."""
    # Its script would not start from a folder whose name has a quotation mark.
    command = [
        sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", str(ROOT),
        "--toc", str(ROOT / "book" / "_toc.yml"), "-W", "--keep-going", "-q",
    ]  # fmt: skip
    environment = {**os.environ, "PDL_BUILD": "site", "PYTHONWARNINGS": "ignore"}
    return subprocess.run(command, env=environment, check=False).returncode == 0


def make_site() -> bool:
    """Bring the site up to date; say what is wrong with it."""
    found = site_state()
    if found is State.WHOLE:
        return True
    invalidate(found)
    if not run_jupyter_book():
        console.print("Jupyter Book reported the warnings above.", style="bold red")
        return False
    absent = absent_pages()
    for name in absent:
        console.print(f"{name}: the table of contents names it, the site lacks it", style="red")
    if not absent:
        stamp_site()
    return not absent


def offer_notebooks(notebooks: Path, site: Path) -> None:
    """Put the chapters' notebooks where the pages of the site link to them."""
    target = site / "notebooks"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for notebook in sorted(notebooks.glob("*.ipynb")):
        shutil.copyfile(notebook, target / notebook.name)


def pages() -> list[str]:
    """The pages that the table of contents names, without their endings."""
    toc = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text("utf8"))
    files = [each["file"] for part in toc["parts"] for each in part["chapters"]]
    return [toc["root"], *files]


def absent_pages() -> list[str]:
    """The pages that the table of contents names and the site lacks, or has without a text."""
    files = {name: SITE / f"{name}.html" for name in pages()}
    return [
        name
        for name, file in files.items()
        if not (file.exists() and "<article" in file.read_text("utf8"))
    ]


def build(wanted: str) -> int:
    """Run the chapters, the wanted ones before the others; make the site; return the status."""
    started = time.perf_counter()
    console.print("Chapters", style="bold")
    try:
        if not execute(wanted) or (wanted and not execute()):
            return 1
    except ValueError as error:
        console.print(str(error), style="bold red")
        return 2
    console.print("Site", style="bold")
    if not make_site():
        return 1
    offer_notebooks(NOTEBOOKS, SITE)
    console.print(f"  {len(pages())} pages in {time.perf_counter() - started:.0f} s")
    console.print(f"\nOpen {(SITE / 'index.html').as_uri()}", style="bold green")
    return 0


def main() -> int:
    """Build; the exit status is 0 only if every step went well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "chapter", nargs="?", default="", help="run this one first, for instance 03"
    )
    wanted = parser.parse_args().chapter
    with only_build(BUILD):
        return build(wanted)


if __name__ == "__main__":
    sys.exit(main())
