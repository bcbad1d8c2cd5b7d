"""A loopback HTTP server that keeps what reaches it and gives a ready answer."""

from __future__ import annotations

import itertools
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(slots=True)
class Captured:
    """A request as it reached the server; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        """The decoded JSON body."""
        return json.loads(self.raw)


@dataclass(slots=True)
class Answer:
    """What the server says; `places` are where the body is cut into pieces that are sent one by one."""

    body: bytes
    content_type: str = "application/json"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    places: list[int] = field(default_factory=list)


class CaptureServer:
    """Keeps every request; gives `answer` to each.

    Attributes:
        url: Its address, without a slash at the end.
        answer: What it says from now on.
        requests: What reached it, in order.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.answer = Answer(b"{}")
        self.requests: list[Captured] = []

    @property
    def last(self) -> Captured:
        """The latest request."""
        return self.requests[-1]


@contextmanager
def capture_server() -> Iterator[CaptureServer]:
    """A running server; it is gone when the block ends."""
    http = _Server(("127.0.0.1", 0), _Handler)
    http.kept = CaptureServer(f"http://127.0.0.1:{http.server_port}")
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield http.kept
    finally:
        http.shutdown()
        http.server_close()
        thread.join(5)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    kept: CaptureServer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body go out apart; a delayed ACK would cost 40 ms each time
    server: _Server

    def do_POST(self) -> None:
        """Keep and answer."""
        kept = self.server.kept
        headers = {name.lower(): value for name, value in self.headers.items()}
        kept.requests.append(Captured(self.command, self.path, headers, self._read(headers)))
        answer = kept.answer
        self.send_response(answer.status)
        for name, value in {"content-type": answer.content_type, **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(answer.body)))
        self.end_headers()
        for start, end in itertools.pairwise([0, *answer.places, len(answer.body)]):
            self.wfile.write(answer.body[start:end])

    def _read(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(headers.get("content-length", 0)))
        data = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return data

    def log_message(self, *_: object) -> None:
        """Say nothing."""
