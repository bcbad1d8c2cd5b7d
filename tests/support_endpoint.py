"""An OpenAI-compatible endpoint whose models behave as their names say, over real HTTP."""

from __future__ import annotations

import json
import threading
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class Endpoint:
    """What it lists, how it fails, and what it was asked.

    A model "ok-…" answers pong, "chatty-…" something else, "cut-…" nothing before its ceiling, "picky-…"
    refuses the temperature, and "<status>-…" is answered with that status.
    """

    def __init__(self) -> None:
        self.models: list[str] = []
        self.list_status = 200
        self.url = ""
        self.lists = 0
        self.probes: Counter[str] = Counter()
        self.keys: set[str] = set()
        self.lock = threading.Lock()
        self.in_flight = self.most_in_flight = 0

    def answer(self, model: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Status and body for one question."""
        kind = model.partition("-")[0]
        if kind == "picky" and "temperature" in body:
            return 400, _error("Unsupported parameter: 'temperature'", "unsupported_parameter", "temperature")
        if kind.isdecimal():
            return int(kind), _error(f"status {kind}", "model_not_found" if kind == "404" else None)
        text = {"chatty": "Hello there!", "cut": ""}.get(kind, "pong")
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": text},
            "finish_reason": "length" if kind == "cut" else "stop",
        }
        usage = {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10}
        return 200, {
            "id": "x",
            "object": "chat.completion",
            "model": model,
            "choices": [choice],
            "usage": usage,
        }


def _error(message: str, code: str | None, parameter: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "code": code, "param": parameter}}


@contextmanager
def serving() -> Iterator[Endpoint]:
    """A running endpoint."""
    endpoint = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            with endpoint.lock:
                endpoint.lists += 1
                endpoint.keys.add(self.headers.get("Authorization", ""))
            models = [{"id": model, "object": "model", "owned_by": "test"} for model in endpoint.models]
            self.reply(endpoint.list_status, {"object": "list", "data": models})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with endpoint.lock:
                endpoint.probes[body["model"]] += 1
                endpoint.in_flight += 1
                endpoint.most_in_flight = max(endpoint.most_in_flight, endpoint.in_flight)
            status, answer = endpoint.answer(body["model"], body)
            with endpoint.lock:
                endpoint.in_flight -= 1
            self.reply(status, answer)

        def reply(self, status: int, answer: dict[str, Any]) -> None:
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    endpoint.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
