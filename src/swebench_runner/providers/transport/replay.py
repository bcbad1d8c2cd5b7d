"""A transport that answers from a script: for tests of other people's code, without sockets."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from swebench_runner.providers.core.protocols import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence

    from swebench_runner.providers.core.config import Timeouts


@dataclass(frozen=True, slots=True)
class Reply:
    """One scripted answer: a status, headers, and the body in the pieces the network would deliver.

    `failure` is raised after the last piece, or instead of an answer when there are no pieces and
    `before_headers` is set.
    """

    status: int = 200
    pieces: Sequence[bytes] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    failure: Exception | None = None
    before_headers: bool = False


class ReplayTransport:
    """Answers each call with the next reply; a function may choose by request instead.

    Attributes:
        requests: Every call that was made, in order.
    """

    def __init__(self, replies: Iterable[Reply] | Callable[[HttpRequest], Reply]) -> None:
        self.requests: list[HttpRequest] = []
        if callable(replies):
            self._next = replies
        else:
            script = iter(replies)
            self._next = lambda _request: next(script)

    def _answer(self, request: HttpRequest) -> Reply:
        self.requests.append(request)
        reply = self._next(request)
        if reply.failure is not None and reply.before_headers:
            raise reply.failure
        return reply

    async def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:  # noqa: ARG002 - nothing takes time here
        """The next reply as a whole."""
        reply = self._answer(request)
        if reply.failure is not None:
            raise reply.failure
        return HttpResponse(reply.status, dict(reply.headers), b"".join(reply.pieces))

    @asynccontextmanager
    async def stream(self, request: HttpRequest, timeouts: Timeouts) -> AsyncIterator[ReplayStream]:  # noqa: ARG002 - nothing takes time here
        """The next reply, piece by piece."""
        yield ReplayStream(self._answer(request))

    async def aclose(self) -> None:
        """Nothing is open."""


class ReplayStream:
    """A scripted answer that arrives in pieces."""

    def __init__(self, reply: Reply) -> None:
        self.status = reply.status
        self.headers = dict(reply.headers)
        self._reply = reply

    async def chunks(self) -> AsyncIterator[bytes]:
        """The pieces, then the failure if there is one."""
        for piece in self._reply.pieces:
            yield piece
        if self._reply.failure is not None:
            raise self._reply.failure

    async def read(self) -> bytes:
        """All pieces at once."""
        return b"".join([piece async for piece in self.chunks()])

    def content_arrived(self) -> None:
        """No timer runs here."""

    def answer_complete(self, grace_s: float) -> None:
        """No timer runs here."""
