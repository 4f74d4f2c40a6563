"""What a long experiment has found so far: a run that is killed goes on where it was."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pdl._files import write_whole
from pdl.data.cache import cache_folder

Found = dict[str, Any]


def folder_of(name: str) -> Path:
    """Where the parts of the experiment are kept until its record is written."""
    return cache_folder().parent / "unfinished" / name


def once(
    folder: Path, part: str, settings: Mapping[str, Any], compute: Callable[[Path], Found]
) -> Found:
    """Compute a part of an experiment, unless an earlier run has done so.

    Parameters
    ----------
    folder : Path
        See :func:`folder_of`.
    part : str
        Of the experiment, for instance "seed 3".
    settings : mapping
        What the part was computed with; with other settings it is computed again.
    compute : callable
        Takes the path of a checkpoint, which it may write and go on from, and returns what JSON
        can say.

    Returns
    -------
    dict
        What ``compute`` returned, now or then.
    """
    kept, checkpoint = folder / f"{part}.json", folder / f"{part}.safetensors"
    wanted = json.loads(json.dumps(settings))
    earlier = json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else {}
    if earlier.get("settings") != wanted:
        checkpoint.unlink(missing_ok=True)
        _write(kept, {"settings": wanted})
    elif "found" in earlier:
        return dict(earlier["found"])
    found = compute(checkpoint)
    _write(kept, {"settings": wanted, "found": found})
    checkpoint.unlink(missing_ok=True)
    return found


def _write(path: Path, content: Found) -> None:
    write_whole(path, json.dumps(content).encode())


def forget(name: str) -> None:
    """Delete the parts of an experiment: its record is written."""
    shutil.rmtree(folder_of(name), ignore_errors=True)
