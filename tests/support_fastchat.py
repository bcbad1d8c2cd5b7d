"""The real API server of FastChat with a made-up worker behind it: no model, but FastChat's own HTTP."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = "0.2.36"
RECIPE = 2  # raise it when the requirements change: what is cached is then installed anew
# What the API server imports, of the time before pydantic 2, whose JSON it cannot write; FastChat's own list
# brings a whole machine-learning stack.
REQUIREMENTS = (
    "aiohttp", "fastapi<0.111", "httpx", "numpy", "pydantic>=1.10,<2", "requests", "shortuuid", "tiktoken", "uvicorn",
)  # fmt: skip
CONTEXT_TOKENS = 2048
MODEL = "stub"
START_S = 60
_CONVERSATION = {
    "name": "stub", "system_template": "{system_message}", "system_message": "", "roles": ["USER", "ASSISTANT"],
    "messages": [], "offset": 0, "sep_style": 1, "sep": "\n", "sep2": None, "stop_str": None, "stop_token_ids": None,
}  # fmt: skip


def find_environment() -> Path:
    """The folder of the environment that FastChat is installed in: `SWEBENCH_TEST_SERVERS_CACHE`, or the user's."""
    chosen = os.environ.get("SWEBENCH_TEST_SERVERS_CACHE")
    user_cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    root = Path(chosen) if chosen else Path(user_cache) / "swebench-runner-tests"
    return root.absolute() / f"fastchat-{VERSION}-{RECIPE}"


def is_ready(folder: Path) -> bool:
    """Whether the installation was finished."""
    return (folder / "ready").is_file()


class Worker(BaseHTTPRequestHandler):
    """Controller and worker in one; what a prompt says decides the answer."""

    def do_POST(self) -> None:
        """Answer a page of FastChat's inner protocol."""
        asked = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"null") or {}
        prompt = str(asked.get("prompt", ""))
        failing = {"text": "CUDA out of memory", "error_code": 50002}
        said = (
            failing
            if "break" in prompt
            else {"text": "hello there", "error_code": 0, "finish_reason": "stop"}
        )
        usage = {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}
        pages: dict[str, Any] = {
            "/refresh_all_workers": {},
            "/list_models": {"models": [MODEL]},
            "/get_worker_address": {"address": f"http://{self.headers['Host']}"},
            "/worker_get_conv_template": {"conv": _CONVERSATION},
            "/model_details": {"context_length": CONTEXT_TOKENS},
            "/count_token": {"count": len(prompt) // 4, "error_code": 0},
            "/worker_generate": {**said, "usage": usage},
        }
        if self.path == "/worker_generate_stream":
            begun = {"text": "hello", "error_code": 0, "finish_reason": None}
            steps = [begun, failing] if "break" in prompt else [begun, {**said, "finish_reason": None}, said]
            data = b"".join(json.dumps(step).encode() + b"\0" for step in steps)
        else:
            data = json.dumps(pages[self.path]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Say nothing."""


@contextmanager
def fastchat_server(environment: Path, work: Path, *, key: str | None = None) -> Iterator[str]:
    """The address of a running API server.

    Args:
        environment: Where FastChat is installed.
        work: A folder for its log files.
        key: The only one that opens the door; None lets everybody in.

    Raises:
        TimeoutError: It did not start; the message is the end of its log.
    """
    worker = ThreadingHTTPServer(("127.0.0.1", 0), Worker)
    threading.Thread(target=worker.serve_forever, daemon=True).start()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    python = environment / "env" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    command = [
        str(python), "-m", "fastchat.serve.openai_api_server", "--host", "127.0.0.1", "--port", str(port),
        "--controller-address", f"http://127.0.0.1:{worker.server_port}", *(["--api-keys", key] if key else []),
    ]  # fmt: skip
    log = work / "fastchat.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=work, stdout=output, stderr=subprocess.STDOUT)
    try:
        _wait(f"http://127.0.0.1:{port}/v1/models", process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)
        worker.shutdown()
        worker.server_close()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline_s = time.monotonic() + START_S
    while time.monotonic() < deadline_s and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except urllib.error.HTTPError as answer:  # it wants a key: it listens
            answer.close()
            return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"FastChat did not start:\n{log.read_text(errors='replace')[-2000:]}")
