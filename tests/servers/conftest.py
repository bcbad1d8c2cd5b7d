"""A running llama.cpp server for the tests in this folder, and providers of ours that talk to it."""

from __future__ import annotations

import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support_llama import LlamaServer, find_installation, server_command

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
START_TIMEOUT_S = 60
INSTALLATION = find_installation()  # now: the environment of each test points to another home


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A plain run of the suite leaves these alone: they want the machine's cores to themselves."""
    if "servers" in config.option.markexpr:
        return
    skip = pytest.mark.skip(reason="runs against a real llama.cpp server: make test-servers")
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def llama_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaServer]:
    """llama-server with four slots of 2,048 tokens; with context shift, so that an answer can be endless."""
    if not INSTALLATION.is_complete():
        pytest.skip(f"no llama-server in {INSTALLATION.folder}: tests/servers/build.py says why")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("llama") / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            server_command(INSTALLATION, port), stdout=output, stderr=subprocess.STDOUT
        )
    try:
        server = LlamaServer(f"http://127.0.0.1:{port}")
        wait_for_health(server, process, log)
        yield server
    finally:
        process.terminate()
        process.wait(10)


def wait_for_health(server: LlamaServer, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the model is loaded; fail with the end of the log when the server cannot start."""
    deadline_s = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline_s and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{server.url}/health", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):  # not listening yet, or 503 while loading
            time.sleep(0.05)
    pytest.fail(f"llama-server did not start:\n{log.read_text(errors='replace')[-2000:]}")
