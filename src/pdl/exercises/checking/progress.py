"""Remember which exercises a reader has solved."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock
from platformdirs import user_data_path

from pdl._files import path_setting, write_whole


def progress_file() -> Path:
    """The file that holds the progress: in ``PDL_HOME``, or the system's folder for user data."""
    return (path_setting("PDL_HOME") or user_data_path("pdl")) / "exercises.json"


def read() -> dict[str, dict[str, str]]:
    """What is remembered: by exercise, its best ``status`` and ``when`` it was reached.

    Raises
    ------
    ValueError
        If the file is damaged; the message names it.
    """
    path = progress_file()
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))  # with or without a mark
    except FileNotFoundError:
        return {}
    except ValueError as error:  # of the JSON or of its encoding
        raise ValueError(f"{path} is not valid JSON ({error}); mend or remove it") from None
    if not isinstance(found, dict) or not all(isinstance(each, dict) for each in found.values()):
        raise ValueError(f"{path} is not a record of exercises; mend or remove it")
    return found


def record(name: str, status: str) -> str:
    """Remember an outcome. A solved exercise stays solved; an unwritable folder is no error.

    Returns
    -------
    str
        Why it was not saved, or an empty string.
    """
    path = progress_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock"), timeout=5):
            try:
                known = read()
            except ValueError:
                path.replace(path.with_suffix(".damaged.json"))
                known = {}
            if known.get(name, {}).get("status") == "passed":
                return ""
            known[name] = {"status": status, "when": datetime.now(UTC).isoformat("T", "seconds")}
            write_whole(path, json.dumps(known, indent=1, sort_keys=True).encode())
    except (OSError, TimeoutError) as error:
        return str(error)
    return ""
