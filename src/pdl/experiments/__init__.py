"""The book's experiments: one module for each result that is recorded.

``pdl reproduce --list`` names them; ``pdl reproduce NAME`` runs one and writes its record.
"""

from __future__ import annotations
