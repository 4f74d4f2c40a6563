"""Recorded results and weights: the files that the book shows again.

A record says what was measured, on which data, with which machine, versions and commit. Every
result of the book, of an experiment or of a benchmark, is one such file in ``data/results``.
Weights are safetensors files, which hold arrays with their names and no code.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pdl._files import write_whole

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "data" / "results"
WEIGHTS = ROOT / "data" / "weights"

Interval = Sequence[float]


class Model(Protocol):
    """What has learned numbers: a layer of `pdl.layers`, or several."""

    @property
    def parameters(self) -> Mapping[str, NDArray[Any]]:
        """The arrays that training changes, by name."""

    @property
    def buffers(self) -> Mapping[str, NDArray[Any]]:
        """The arrays that are remembered beside them, by name."""


def recorded_result(name: str) -> dict[str, Any]:
    """Read a recorded result.

    Parameters
    ----------
    name : str
        The result's name, for instance ``"convolution-speed"``.

    Returns
    -------
    dict
        What ``data/results/NAME.json`` holds: ``metrics``, ``hardware``, ``command`` and more.

    Raises
    ------
    ValueError
        If there is no such result.
    """
    path = RESULTS / f"{name}.json"
    if not path.is_file():
        known = ", ".join(sorted(each.stem for each in RESULTS.glob("*.json"))) or "none"
        raise ValueError(f"name: no recorded result {name!r} in {RESULTS}; there are: {known}")
    found: dict[str, Any] = json.loads(path.read_text("utf8"))
    return found


def cpu_model() -> str:
    """The processor's name, as the system gives it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def current_commit() -> str | None:
    """The commit that is checked out, or None outside a repository that has one."""
    command = ["git", "rev-parse", "--verify", "HEAD"]
    try:
        found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()


def current_profile() -> str:
    """The profile in use: what ``PDL_PROFILE`` says, or ``quick``."""
    return os.environ.get("PDL_PROFILE") or "quick"


def pixels_sha256(arrays: Iterable[NDArray[Any]]) -> str:
    """The SHA-256 of the values of some arrays, in order; integers count as little-endian.

    Examples
    --------
    >>> pixels_sha256([np.zeros(2, np.uint8)]) == pixels_sha256(np.zeros((2, 1), np.uint8))
    True
    """
    digest = sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes())
    return digest.hexdigest()


def make_record(
    name: str,
    metrics: Mapping[str, float],
    *,
    seed: int,
    seconds: float,
    command: str,
    intervals: Mapping[str, Interval] | None = None,
    data: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    details: Mapping[str, Any] | None = None,
    packages: Sequence[str] = ("numpy",),
    threads: int = 1,
    profile: str | None = None,
) -> dict[str, Any]:
    """Put a result together with all that one needs to judge and to repeat it.

    Parameters
    ----------
    name : str
        The result's name, which is also the file's.
    metrics : mapping of str to float
        Names in snake_case and what was measured.
    seed : int
        Of everything random.
    seconds : float
        How long it took, on the wall.
    command : str
        What to type to get the same.
    intervals : mapping of str to (float, float), optional
        For some of the metrics the ends of the 95 % interval.
    data : mapping or sequence of mappings, optional
        What was measured on: ``name``, ``sha256`` and ``sizes``.
    details : mapping, optional
        Whatever else belongs to this result.
    packages : sequence of str
        Installed packages whose versions matter.
    threads : int
        How many threads the arithmetic used.
    profile : {"quick", "full"}, optional
        That of the data; what ``PDL_PROFILE`` says, if left out.

    Returns
    -------
    dict
        Ready for :func:`write_record`.
    """
    optional = {"intervals": intervals, "data": data}
    return {
        "name": name,
        "metrics": dict(metrics),
        **{key: value for key, value in optional.items() if value is not None},
        **(details or {}),
        "seed": seed,
        "profile": profile or current_profile(),
        "hardware": {"cpu": cpu_model(), "cores": os.cpu_count(), "threads_used": threads},
        "versions": {
            "python": platform.python_version(),
            **{package: version(package) for package in packages},
        },
        "seconds": round(seconds, 1),
        "commit": current_commit(),
        "command": command,
    }


def write_record(record: Mapping[str, Any], path: Path) -> None:
    """Write a record as JSON; the file appears whole or not at all.

    Parameters
    ----------
    record : mapping
        See :func:`make_record`.
    path : Path
        The file; a folder that is missing is made.

    Raises
    ------
    TypeError, ValueError
        If the record holds something that JSON has no form for; NaN and infinity count as such.
    OSError
        If the file cannot be written.
    """
    write_whole(path, record_bytes(record))


def record_bytes(record: Mapping[str, Any]) -> bytes:
    """The content of the file that :func:`write_record` writes; it raises as that does."""
    return (json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def weights_bytes(model: Model) -> bytes:
    """Everything that a model has learned and remembered, as a file in float32.

    Parameters
    ----------
    model : Model
        Its parameters and buffers are saved under their names.

    Returns
    -------
    bytes
        The same for the same numbers.
    """
    from safetensors.numpy import save

    arrays = {**model.parameters, **model.buffers}
    return save({name: arrays[name].astype(np.float32) for name in sorted(arrays)})


def load_weights(model: Model, path: Path) -> None:
    """Put saved weights into a model, in place.

    Parameters
    ----------
    model : Model
        Of the same layers as the one that was saved.
    path : Path
        What :func:`weights_bytes` gave, as a file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged, or its names or shapes are not those of the model.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    if not path.is_file():
        raise FileNotFoundError(f"{path}: there are no such weights")
    try:
        saved = load_file(path)
    except SafetensorError as error:
        raise ValueError(f"{path} is not a whole safetensors file ({error})") from None
    arrays = {**model.parameters, **model.buffers}
    expected = {name: array.shape for name, array in arrays.items()}
    found = {name: array.shape for name, array in saved.items()}
    if found != expected:
        differing = sorted(set(found.items()) ^ set(expected.items()))
        name = differing[0][0]
        raise ValueError(
            f"{path} holds other weights: {name} has the shape {found.get(name)} there and "
            f"{expected.get(name)} in the model"
        )
    for name, array in arrays.items():
        array[...] = saved[name]
