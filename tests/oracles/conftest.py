"""The loopback server that both sides talk to, and the SDKs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from oracles.capture import CaptureServer, capture_server
from oracles.sdk import Sdks

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def running_server() -> Iterator[CaptureServer]:
    """One server for all tests of a process."""
    with capture_server() as kept:
        yield kept


@pytest.fixture
def server(running_server: CaptureServer) -> CaptureServer:
    """The server with nothing in its memory."""
    running_server.requests.clear()
    return running_server


@pytest.fixture(scope="session")
def sdks(running_server: CaptureServer) -> Iterator[Sdks]:
    """The vendors' clients."""
    clients = Sdks(running_server.url)
    yield clients
    clients.close()
