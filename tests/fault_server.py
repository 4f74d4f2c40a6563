"""A server that misbehaves as told, and a home of its own for each test."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest


@dataclass
class Reply:
    """How one request is answered; the defaults are those of an honest server."""

    body: bytes = b""
    status: int = 200
    ranges: bool = True
    announced: int | None = None  # instead of the true length
    cut: int | None = None  # bytes after which the connection is closed
    stall: int | None = None  # bytes after which nothing comes for a long time
    hold: bool = False  # nothing is sent before the test lets go
    chunked: bool = False  # no length is announced
    trickle: float = 0  # seconds between bytes
    shift: int = 0  # a part that begins elsewhere than asked
    location: str = ""


@dataclass
class FaultServer:
    """Serves what ``replies`` says, request by request; the last reply of a path stays."""

    address: str = ""
    replies: dict[str, list[Reply]] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)

    def serve(self, name: str, *replies: Reply) -> str:
        """Set the replies of a path, and return its address."""
        self.replies[f"/{name}"] = list(replies)
        return f"{self.address}/{name}"

    def ranges_of(self, name: str) -> list[str | None]:
        """The Range headers of the requests for a path."""
        return [asked for path, asked in self.asked if path == f"/{name}"]


def _handler(server: FaultServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            server.asked.append((self.path, asked))
            server.arrived.set()
            queue = server.replies.get(self.path, [Reply(status=404)])
            reply = queue.pop(0) if len(queue) > 1 else queue[0]
            self.close_connection = True
            if reply.hold:
                server.let_go.wait(20)
            with contextlib.suppress(OSError):  # the client may have gone
                self.answer(reply, asked)

        def answer(self, reply: Reply, asked: str | None) -> None:
            body, status, start = reply.body, reply.status, 0
            if asked and reply.ranges and status == 200:
                start = int(asked.removeprefix("bytes=").rstrip("-"))
                status = 206 if start < len(body) else 416
                start += reply.shift
            self.send_response(status)
            self.send_header("Connection", "close")
            if reply.location:
                self.send_header("Location", reply.location)
            if status == 206:
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            if status == 416:
                self.send_header("Content-Range", f"bytes */{len(body)}")
                body = b""
            body = body[start:]
            if reply.chunked:
                self.send_header("Transfer-Encoding", "chunked")
            else:
                announced = len(body) if reply.announced is None else reply.announced
                self.send_header("Content-Length", str(announced))
            self.end_headers()
            self.send_body(reply, body)

        def send_body(self, reply: Reply, body: bytes) -> None:
            if reply.chunked:
                body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
            if reply.trickle:
                for each in body[:40]:
                    self.wfile.write(bytes([each]))
                    if server.let_go.wait(reply.trickle):
                        return
                return
            until = reply.cut if reply.cut is not None else reply.stall
            self.wfile.write(body[:until])
            self.wfile.flush()
            if reply.stall is not None:
                server.let_go.wait(20)

    return Handler


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultServer]:
    monkeypatch.setenv("NO_PROXY", "*")
    told = FaultServer()
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(told))
    http.daemon_threads = True
    told.address = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield told
    told.let_go.set()
    http.shutdown()
    thread.join()
    http.server_close()


@pytest.fixture
def reply() -> type[Reply]:
    return Reply


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that data are fetched to; PDL_DATA_DIR is not set."""
    monkeypatch.setenv("PDL_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PDL_DATA_DIR", raising=False)
    return tmp_path / "home" / "data"
