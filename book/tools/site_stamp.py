"""Whether the site that stands is whole, and made by what is here now.

Sphinx trusts each file that an earlier build left, even one that a full disk cut short, and reads
a page again only if the page's own text has changed. So a site is stamped at the end of a build
in which all went well, with hashes of what it was made by, what it was made from and itself.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from enum import Enum
from pathlib import Path

from paths import BUILD, EXECUTED, ROOT, SITE, key

STAMP = BUILD / "stamp.json"
MADE = (SITE, BUILD / ".doctrees", BUILD / "jupyter_execute")
"""The folders that Sphinx writes."""


class State(Enum):
    """What has to be done for the site."""

    WHOLE = "nothing"
    EDITED = "the pages whose texts have changed are made again"
    UNSOUND = "it is made anew"


def site_state() -> State:
    """Compare the site, and all that it comes from, with the last stamp."""
    try:
        stamped = json.loads(STAMP.read_text("utf8"))
        tools, texts, pages = stamped["tools"], stamped["texts"], stamped["pages"]
    except (OSError, ValueError, LookupError, TypeError):
        return State.UNSOUND
    if tools != tools_digest() or pages != pages_digest():
        return State.UNSOUND
    return State.WHOLE if texts == texts_digest() else State.EDITED


def invalidate(found: State) -> None:
    """Begin to change the site; what is not sound is removed first."""
    STAMP.unlink(missing_ok=True)
    if found is State.UNSOUND:
        for folder in MADE:
            shutil.rmtree(folder, ignore_errors=True)


def stamp_site() -> None:
    """Say that the site is whole, and is what is here now makes."""
    digests = {"tools": tools_digest(), "texts": texts_digest(), "pages": pages_digest()}
    STAMP.write_text(json.dumps(digests), "utf8")


def tools_digest() -> str:
    """A hash of what every page depends on; which pages there are is part of it."""
    folders = (ROOT / "book" / name for name in ("_ext", "_static", "tools"))
    files = [path for folder in folders for path in folder.rglob("*")]
    files += [ROOT / "_config.yml", ROOT / "book" / "_toc.yml", ROOT / "book" / "references.bib"]
    code = _digest(path for path in files if path.suffix != ".pyc")
    names = " ".join(sorted(path.name for path in _texts()))
    return "\n".join([code, key(), os.environ.get("PDL_REPOSITORY", ""), names])


def _texts() -> list[Path]:
    return [path for name in ("chapters", "book") for path in (ROOT / name).glob("*.*")]


def texts_digest() -> str:
    """A hash of the texts, and of the chapters' outputs."""
    return _digest([*_texts(), *EXECUTED.rglob("*")])


def pages_digest() -> str:
    """A hash of all that Sphinx made; the notebooks that the site offers are not its own."""
    notebooks = SITE / "notebooks"
    made = [path for folder in MADE for path in folder.rglob("*")]
    return _digest(path for path in made if notebooks not in path.parents)


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in paths if path.is_file()):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
