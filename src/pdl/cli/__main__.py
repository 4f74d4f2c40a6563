"""``python -m pdl.cli`` is ``pdl``."""

from __future__ import annotations

from pdl.cli.app import app

app()
