"""Make no page from what an earlier build knew: outputs, and numbers and titles of other pages.

Sphinx reads a page again if its own text has changed, and writes only the pages that it has read.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment


def outputs_digest(notebook: Path) -> str:
    """A hash of the outputs of an executed chapter."""
    cells = json.loads(notebook.read_text("utf8"))["cells"]
    outputs = [cell.get("outputs") for cell in cells]
    return hashlib.sha256(json.dumps(outputs, sort_keys=True).encode()).hexdigest()


def _with_other_outputs(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """The chapters that show other outputs than when they were read."""
    executed = (Path(app.outdir).parent / "executed").glob("*.ipynb")
    now = {f"chapters/{path.stem}": outputs_digest(path) for path in executed}
    before: dict[str, str] = getattr(env, "pdl_outputs", {})
    env.pdl_outputs = now  # type: ignore[attr-defined]
    return [name for name in now if name in env.found_docs and now[name] != before.get(name)]


def _with_other_numbers(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Every page, if a title, or a number of a figure, an equation or an exercise is another."""
    titles = {name: title.astext() for name, title in env.titles.items()}
    shared = [titles, env.toc_secnumbers, env.toc_fignumbers]
    shared += [env.domaindata["std"][name] for name in ("labels", "anonlabels")]
    shared.append(env.domaindata["math"]["objects"])
    now = json.dumps(shared, sort_keys=True, default=str)
    before = getattr(env, "pdl_numbers", "")
    env.pdl_numbers = now  # type: ignore[attr-defined]
    return sorted(env.found_docs) if now != before else []


def setup(app: Sphinx) -> dict[str, Any]:
    """Say which pages are to be read, and which to be written."""
    app.connect("env-get-outdated", _with_other_outputs)
    # Sphinx numbers sections and figures on this event itself, with the usual priority of 500.
    app.connect("env-get-updated", _with_other_numbers, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
