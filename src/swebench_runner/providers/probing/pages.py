"""Asking one server for its pages: an answer, or nothing, and never an exception."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from swebench_runner.providers.core.config import Timeouts
from swebench_runner.providers.core.errors import ProviderError
from swebench_runner.providers.core.protocols import HttpRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swebench_runner.providers.core.protocols import Transport

MAX_TEXT: Final = 200


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of the server.

    Attributes:
        status: Of HTTP; 0 when there was no answer.
        headers: Names in lower case.
        body: As received.
        json: The body decoded; {} where it is no object.
        failure: Why there was no answer; "" when there was one.
    """

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    json: Mapping[str, Any] = field(default_factory=dict)
    failure: str = ""

    @property
    def ok(self) -> bool:
        """Whether it is the page that was asked for."""
        return self.status == 200

    @property
    def refused(self) -> bool:
        """Whether a key is wanted, or another one."""
        return self.status in {401, 403}

    def entries(self, name: str) -> list[Mapping[str, Any]]:
        """The objects in a list of the page; empty where there is none."""
        found = self.json.get(name) if self.ok else None
        return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []

    def complaint(self) -> str:
        """The server's words about a refusal, short."""
        error = self.json.get("error", self.json)
        words = error.get("message") if isinstance(error, dict) else error
        text = words if isinstance(words, str) and words else self.body.decode("utf-8", "replace")
        return " ".join(text.split())[:MAX_TEXT] or f"HTTP {self.status}"


class Door:
    """One server, asked over one transport.

    Args:
        transport: The network.
        key: Sent as a bearer token where `with_key` says so.
        timeout_s: Ceiling of one page, in seconds.
    """

    def __init__(self, transport: Transport, *, key: str = "", timeout_s: float = 5.0) -> None:
        self._transport = transport
        self._timeout_s = timeout_s
        self.key = key

    async def get(self, url: str, *, with_key: bool = False) -> Page:
        """A page."""
        return await self._ask("GET", url, None, self._timeout_s, with_key=with_key)

    async def post(
        self, url: str, body: Mapping[str, Any], *, with_key: bool = True, timeout_s: float | None = None
    ) -> Page:
        """The answer to a body of JSON."""
        return await self._ask("POST", url, body, timeout_s or self._timeout_s, with_key=with_key)

    async def _ask(
        self, method: str, url: str, body: Mapping[str, Any] | None, timeout_s: float, *, with_key: bool
    ) -> Page:
        headers = {"Authorization": f"Bearer {self.key}"} if with_key and self.key else {}
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        timeouts = Timeouts(connect_s=min(timeout_s, 5.0), attempt_s=timeout_s)
        try:
            reply = await self._transport.send(HttpRequest(method, url, headers, data), timeouts)
        except ProviderError as error:
            return Page(failure=error.message)
        try:
            decoded = json.loads(reply.body)
        except ValueError:
            decoded = None
        return Page(reply.status, reply.headers, reply.body, decoded if isinstance(decoded, dict) else {})
