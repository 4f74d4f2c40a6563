"""Run Lighthouse on the landing page and each chapter, served compressed as static hosts do."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mimetypes import guess_type
from pathlib import Path
from typing import Any

from build import pages
from execute import console
from paths import SITE
from rich.table import Table

LIGHTHOUSE = "lighthouse@13.5.0"
MARKS = ("performance", "accessibility", "best-practices", "seo")
LEAST = 90
COMPRESSED = {".html", ".css", ".js", ".svg", ".json", ".txt", ".ipynb"}


@cache
def _packed(path: Path) -> bytes:
    return gzip.compress(path.read_bytes())


class _Compressed(BaseHTTPRequestHandler):
    """Serve the site with gzip and a cache lifetime."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = (SITE / self.path.split("?")[0].lstrip("/")).resolve()
        if path.is_dir():
            path = path / "index.html"
        if not path.is_relative_to(SITE) or not path.is_file():
            if self.path != "/robots.txt":
                self.send_error(404)
                return
            body, kind, packed = b"User-agent: *\nAllow: /\n", "text/plain", False
        else:
            kind = guess_type(path.name)[0] or "application/octet-stream"
            packed = path.suffix in COMPRESSED
            body = _packed(path) if packed else path.read_bytes()
        self.send_response(200)
        text = kind.startswith("text/") or kind.endswith(("javascript", "json"))
        self.send_header("Content-Type", f"{kind}; charset=utf-8" if text else kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "max-age=31536000")
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def audit(address: str, report: Path) -> dict[str, Any]:
    """The marks of one page, 0 to 100, and the weight of what was sent, in bytes."""
    command = [
        "npx", "--yes", LIGHTHOUSE, address, "--quiet", "--output=json", f"--output-path={report}",
        "--chrome-flags=--headless=new --no-sandbox --disable-gpu",
    ]  # fmt: skip
    subprocess.run(command, check=True)
    found = json.loads(report.read_text("utf8"))
    marks = {name: round(100 * (found["categories"][name]["score"] or 0)) for name in MARKS}
    marks["bytes"] = int(found["audits"]["total-byte-weight"]["numericValue"])
    return marks


def main() -> int:
    """Audit every page; the exit status is 0 only if each mark is 90 or more."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if shutil.which("npx") is None or chromium is None:
        console.print("The audit needs Node (npx) and Chromium.", style="bold red")
        return 2
    os.environ.setdefault("CHROME_PATH", chromium)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Compressed)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    table = Table("page", *MARKS, "kB sent", box=None)
    good = True
    with tempfile.TemporaryDirectory() as folder:
        for name in [page for page in pages() if page == "book/index" or "chapters/" in page]:
            report = Path(folder) / "report.json"
            marks = audit(f"http://127.0.0.1:{server.server_port}/{name}.html", report)
            kept = SITE.parent / "audit" / f"{Path(name).name}.json"
            kept.parent.mkdir(exist_ok=True)
            shutil.copyfile(report, kept)
            row = [str(marks[mark]) for mark in MARKS]
            table.add_row(name, *row, str(round(marks["bytes"] / 1000)))
            console.print(f"  {name} {' '.join(row)}")
            good &= all(marks[mark] >= LEAST for mark in MARKS)
    server.shutdown()
    console.print(table)
    console.print("Every mark is 90 or more." if good else f"A mark is below {LEAST}.")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
