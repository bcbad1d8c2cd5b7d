"""A loopback server that answers like the hub, as far as huggingface_hub asks when a dataset is loaded."""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

COMMIT = "c" * 40


@dataclass
class Hub:
    """Datasets by id, each a mapping of path to bytes; and what was asked.

    Attributes:
        token: Asked of everyone if set.
        refuses: An answer to everything: status, headers, body.
    """

    datasets: dict[str, dict[str, bytes]] = field(default_factory=dict)
    token: str | None = None
    refuses: tuple[int, dict[str, str], bytes] | None = None
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)

    def __enter__(self) -> Self:
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hub.answer(self)

            def do_HEAD(self) -> None:
                hub.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = request.path.partition("?")[0]
        if path == "/api/agent-harnesses":
            return _send(request, 404, {}, b"")
        sent = request.headers.get("authorization")
        self.requests.append((request.command, path, sent))
        if self.refuses is not None:
            return _send(request, *self.refuses)
        if self.token is not None and sent != f"Bearer {self.token}":
            code = "GatedRepo" if sent is None else ""
            said = "Invalid credentials in Authorization header" if sent else "Access is restricted"
            return _send(request, 401, {"X-Error-Code": code, "X-Error-Message": said}, b"{}")
        if path.startswith("/api/datasets/"):
            return self._describe(request, path.removeprefix("/api/datasets/"))
        return self._file(request, path.removeprefix("/datasets/"))

    def _describe(self, request: BaseHTTPRequestHandler, path: str) -> None:
        hub_id, _, revision = path.partition("/revision/")
        if hub_id not in self.datasets:
            return _send(request, 404, {"X-Error-Code": "RepoNotFound"}, b"{}")
        if revision != "main":
            return _send(request, 404, {"X-Error-Code": "RevisionNotFound"}, b"{}")
        files = [{"rfilename": name} for name in self.datasets[hub_id]]
        info = {
            "id": hub_id,
            "sha": COMMIT,
            "siblings": files,
            "tags": [],
            "private": False,
            "downloads": 0,
            "likes": 0,
        }
        return _send(request, 200, {"content-type": "application/json"}, json.dumps(info).encode())

    def _file(self, request: BaseHTTPRequestHandler, path: str) -> None:
        hub_id, _, rest = path.partition("/resolve/")
        _, _, name = rest.partition("/")
        content = self.datasets.get(hub_id, {}).get(name)
        if content is None:
            return _send(request, 404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT}, b"")
        etag = hashlib.sha256(content).hexdigest()
        return _send(request, 200, {"X-Repo-Commit": COMMIT, "ETag": f'"{etag}"'}, content)


def _send(request: BaseHTTPRequestHandler, status: int, headers: dict[str, str], body: bytes) -> None:
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name, value)
    request.send_header("content-length", str(len(body)))
    request.end_headers()
    if request.command != "HEAD":
        request.wfile.write(body)
