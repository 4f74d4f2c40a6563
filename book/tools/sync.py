"""Make the paired notebooks in book/notebooks from the chapters, and keep them in step."""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from build import offer_notebooks
from execute import console, execute
from labels import Labels, SyncError, collect_labels
from lock import only_build
from notebook_cells import paired
from paths import BUILD, EXECUTED, NOTEBOOKS, SITE, chapter_files
from rounding import differing_lines


def make(path: Path, labels: Labels) -> str:
    """The text of a chapter's notebook file; the chapter must have been executed."""
    executed = EXECUTED / f"{path.stem}.ipynb"
    if not executed.exists():
        raise SyncError(f"{path.name}: not executed yet; run `make book`")
    notebook = paired(path, nbformat.read(executed, as_version=4), labels)
    return nbformat.writes(notebook) + "\n"


def main() -> int:
    """Bring every notebook into step; the exit status is 0 only if all went well."""
    with only_build(BUILD):
        return sync()


def sync() -> int:
    """Run the chapters, write the notebooks that are out of step; the site offers them, too."""
    if not execute():
        return 1
    NOTEBOOKS.mkdir(parents=True, exist_ok=True)
    try:
        labels = collect_labels()
        texts = {NOTEBOOKS / f"{path.stem}.ipynb": make(path, labels) for path in chapter_files()}
    except SyncError as error:
        console.print(str(error), style="bold red", markup=False)
        return 1
    for stale in set(NOTEBOOKS.glob("*.ipynb")) - set(texts):
        stale.unlink()
        console.print(f"  {stale.name} removed")
    for path, text in texts.items():
        if path.exists() and not any(differing_lines(path.read_text("utf8"), text)):
            continue
        beside = path.with_suffix(".new")
        beside.write_text(text, "utf8", newline="\n")
        beside.replace(path)
        console.print(f"  {path.name} written")
    if SITE.exists():
        offer_notebooks(NOTEBOOKS, SITE)
    console.print("The notebooks are in step with the chapters.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
