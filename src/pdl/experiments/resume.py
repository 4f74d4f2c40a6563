"""What a long experiment has found so far: a run that is killed goes on where it was."""

from __future__ import annotations

import json
import shutil
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from pdl._files import UnusableFileError, write_whole
from pdl.data.store.cache import cache_folder

Found = dict[str, Any]
OTHERS = (".safetensors", ".csv", "")  # endings


class Cost(NamedTuple):
    """What was spent: seconds on the wall, and of the processor (None if that is not known)."""

    seconds: float
    processor_seconds: float | None

    def plus(self, other: Cost) -> Cost:
        """Both together."""
        known = None not in (self.processor_seconds, other.processor_seconds)
        processor = (self.processor_seconds or 0) + (other.processor_seconds or 0)
        return Cost(self.seconds + other.seconds, processor if known else None)


# Of the parts that this run took over from earlier ones, by file.
_taken_over: dict[Path, Cost] = {}
# The other processes that have worked for this run.
_processes: set[str] = set()


def folder_of(name: str) -> Path:
    """Where the parts of the experiment are kept until its record is written."""
    return cache_folder().parent / "unfinished" / name


def once(
    folder: Path, part: str, settings: Mapping[str, Any], compute: Callable[[Path], Found]
) -> Found:
    """Compute a part of an experiment, unless an earlier run has done so.

    What is damaged is named in a warning, and computed anew.

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
        can say. What else it keeps beside it has the same name and an ending of ``OTHERS``.

    Returns
    -------
    dict
        What ``compute`` returned, now or then.
    """
    kept, checkpoint = _file_of(folder, part), folder / f"{part}.safetensors"
    earlier = recall(folder, part, settings)
    if earlier is not None:
        return earlier
    wanted, before = json.loads(json.dumps(settings)), _taken_over[kept]

    def computed(before: Cost) -> Found:
        begun = {"began": time.time(), "seconds": before.seconds}
        _write(kept, {"settings": wanted, **begun})
        return compute(checkpoint)

    started, processor_started = time.perf_counter(), time.process_time()
    try:
        found = computed(before)
    except UnusableFileError as error:
        warnings.warn(f"{error}; {part!r} is computed anew", stacklevel=2)
        _clear(kept)
        before = _taken_over[kept] = Cost(0.0, 0.0)
        found = computed(before)
    spent = Cost(time.perf_counter() - started, time.process_time() - processor_started)
    _write(kept, {"settings": wanted, "found": found, **before.plus(spent)._asdict()})
    checkpoint.unlink(missing_ok=True)
    return dict(json.loads(json.dumps(found)))


def recall(folder: Path, part: str, settings: Mapping[str, Any]) -> Found | None:
    """What an earlier run has found with these settings, or None.

    What is damaged, which a warning names, or has other settings is deleted.
    """
    kept = _file_of(folder, part)
    earlier = _read(kept)
    if earlier.get("settings") != json.loads(json.dumps(settings)):
        earlier = {}
        _clear(kept)
    _taken_over.setdefault(kept, _cost_so_far(kept, earlier))
    return dict(earlier["found"]) if "found" in earlier else None


def adopt(
    folder: Path,
    part: str,
    settings: Mapping[str, Any],
    found: Found,
    before: Cost,
    spent: Cost,
    process: str,
) -> None:
    """Keep and count what another process has found, which may have no disk in common with this.

    Parameters
    ----------
    folder, part, settings, found
        As for :func:`once`.
    before, spent : Cost
        Of earlier runs, and of this one in that process. Its seconds have passed here too, but
        its processor was another one's.
    process : str
        A name of that process, of which :func:`other_processes` counts the different ones.
    """
    _processes.add(process)
    kept = _file_of(folder, part)
    total = before.plus(spent)
    _taken_over[kept] = Cost(before.seconds, total.processor_seconds)
    if "found" not in _read(kept):
        _write(kept, {"settings": dict(settings), "found": found, **total._asdict()})


def other_processes() -> int:
    """How many others have worked for this run."""
    return len(_processes)


def cost_before(folder: Path, part: str) -> Cost:
    """What earlier runs have spent on a part that this one has asked for."""
    return _taken_over[_file_of(folder, part)]


def start_counting() -> None:
    """Begin a run: what it takes over from now on is counted by :func:`taken_over`."""
    _taken_over.clear()
    _processes.clear()


def taken_over() -> Cost:
    """What earlier runs have spent on the parts that this one did not have to compute again."""
    return reduce(Cost.plus, _taken_over.values(), Cost(0.0, 0.0))


def forget(name: str) -> None:
    """Delete the parts of an experiment: its record is written."""
    shutil.rmtree(folder_of(name), ignore_errors=True)


def _file_of(folder: Path, part: str) -> Path:
    return folder / f"{part}.json"


def _cost_so_far(kept: Path, earlier: Found) -> Cost:
    """What was spent on a part; of one that was killed, until the last file that it wrote."""
    if "found" in earlier:
        return Cost(earlier["seconds"], earlier["processor_seconds"])
    last = max((each.stat().st_mtime for each in _others(kept)), default=None)
    if not earlier or last is None:
        return Cost(0.0, 0.0)
    return Cost(earlier["seconds"] + max(0.0, last - earlier["began"]), None)


def _others(kept: Path) -> Iterator[Path]:
    """What a part wrote besides its own file; the folder without an ending is Keras's."""
    for ending in OTHERS:
        if (path := kept.with_name(kept.stem + ending)).exists():
            yield path


def _clear(kept: Path) -> None:
    """Delete what there is of a part."""
    for each in [kept, *_others(kept)]:
        if each.is_dir():
            shutil.rmtree(each)
        else:
            each.unlink(missing_ok=True)


def _read(path: Path) -> Found:
    """What was written to a part's file; nothing, with a warning, if it is damaged."""
    if not path.is_file():
        return {}
    try:
        content: Found = json.loads(path.read_bytes())
        if content.pop("sha256") != _checksum(content):
            raise ValueError("its checksum is another one")
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        warnings.warn(
            f"{path} is damaged or of an earlier version ({type(error).__name__}: {error}); "
            f"{path.stem!r} is computed anew",
            stacklevel=3,
        )
        return {}
    return content


def _write(path: Path, content: Found) -> None:
    plain = json.loads(json.dumps(content))  # keys are strings from here on, as when it is read
    write_whole(path, json.dumps({**plain, "sha256": _checksum(plain)}).encode())


def _checksum(content: Found) -> str:
    """The SHA-256 of what JSON says of it."""
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
