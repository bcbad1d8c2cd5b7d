"""The socket side: every HTTP request becomes a page, a refusal or an exchange with a model."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from swebench_runner.simulator.exchange import Exchange, respond
from swebench_runner.simulator.ledger import masked
from swebench_runner.simulator.routes import Routes, make_routes
from swebench_runner.simulator.wire import ApiError, Visit

if TYPE_CHECKING:
    from aiohttp.abc import AbstractStreamWriter
    from aiohttp.http_parser import RawRequestMessage
    from aiohttp.streams import StreamReader
    from aiohttp.web_protocol import RequestHandler

    from swebench_runner.simulator.ledger import Outcome, Record
    from swebench_runner.simulator.state import State
    from swebench_runner.simulator.wire import Dialect

MAX_BODY_BYTES = 64 << 20
BACKLOG = 4096
STOP_TIMEOUT_S = 1.0
OWN_PATHS = "/__sim/"
ELSEWHERE = "/__sim/elsewhere"


class CountingServer(web.Server):
    """aiohttp's low-level server, which also knows how many connections there are and were."""

    def __init__(self, listener: Listener) -> None:
        # A client that goes away cancels its handler, which is how an aborted call is noticed at once.
        super().__init__(
            listener.handle, request_factory=_make_request, handler_cancellation=True, access_log=None
        )
        self.transports: set[asyncio.Transport] = set()
        self.connections_made = 0

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        """Count a connection."""
        super().connection_made(handler, transport)
        self.transports.add(transport)
        self.connections_made += 1

    def connection_lost(self, handler: RequestHandler, exc: BaseException | None = None) -> None:
        """Count it out."""
        self.transports = {transport for transport in self.transports if not transport.is_closing()}
        super().connection_lost(handler, exc)


class Listener:
    """A simulator's open port.

    Args:
        state: What the simulator remembers.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._routes: Routes = make_routes()
        self._server: CountingServer | None = None
        self._runner: web.ServerRunner | None = None

    async def open(self, host: str, port: int) -> int:
        """Start to listen.

        Returns:
            The port, which is a free one if 0 was asked for.

        Raises:
            OSError: The port is taken, or the host is not this machine's.
        """
        self._server = CountingServer(self)
        self._runner = web.ServerRunner(self._server, shutdown_timeout=STOP_TIMEOUT_S)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, backlog=BACKLOG)
        await site.start()
        return int(self._runner.addresses[0][1])

    async def close(self) -> None:
        """Stop listening and break every connection that is open, so that nothing is waited for."""
        if self._runner is None or self._server is None:
            return
        for site in self._runner.sites:
            await site.stop()
        for transport in self._server.transports:
            transport.abort()
        await self._runner.cleanup()
        self._runner = self._server = None

    @property
    def connections(self) -> tuple[int, int]:
        """Connections open now, and ever made."""
        if self._server is None:
            return 0, 0
        return len(self._server.connections), self._server.connections_made

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one HTTP request and note what became of it."""
        body = await request.read()
        path = request.path
        query = request.query if request.query_string else {}
        if path.startswith(OWN_PATHS) and path != ELSEWHERE:
            return self._page(Visit(self._state, 0, request.method, path, request.headers, query, body))
        record = self._state.ledger.begin(request.method, path, body)
        visit = Visit(self._state, record.serial, request.method, path, request.headers, query, body)
        settle = self._state.ledger.settle
        try:
            dialect = self._routes.talks.get(path) if request.method == "POST" else None
            if dialect is not None:
                return await self._talk(request, visit, record, dialect)
            return self._counted_page(visit, record)
        except ConnectionError:
            settle(record, "aborted", record.status)
            return web.Response()
        except asyncio.CancelledError:
            settle(record, "aborted", record.status)
            raise
        finally:
            settle(record, "broken", 500)

    async def _talk(
        self, request: web.BaseRequest, visit: Visit, record: Record, dialect: Dialect
    ) -> web.StreamResponse:
        self._state.ledger.asks(record)
        record.dialect = dialect.name
        record.key = masked(dialect.key(visit))
        try:
            asked = dialect.read(visit)
        except ApiError as error:
            page = error.page
            self._state.ledger.settle(record, "refused", page.status)
            return respond(page, dialect.headers(visit))
        record.model, record.stream = asked.prompt.model.name, asked.prompt.stream
        return await Exchange(request, visit=visit, record=record, dialect=dialect, asked=asked).run()

    def _counted_page(self, visit: Visit, record: Record) -> web.Response:
        record.key = masked(visit.bearer or visit.headers.get("x-api-key", ""))
        response = self._page(visit)
        outcome: Outcome = "finished" if response.status < 400 else "refused"
        self._state.ledger.settle(record, outcome, response.status)
        return response

    def _page(self, visit: Visit) -> web.Response:
        endpoint = self._routes.page(visit.method, visit.path)
        try:
            return respond(endpoint(visit))
        except ApiError as error:
            return respond(error.page)


def _make_request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
) -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=MAX_BODY_BYTES)
