"""A server that does exactly what a script says, down to the reset: for tests of the transport."""

from __future__ import annotations

import asyncio
import struct
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    Script = Callable[["Peer"], Awaitable[None]]


@dataclass
class Peer:
    """One connection as the script sees it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    head: str = ""
    body: bytes = b""

    async def read_request(self) -> None:
        """Read one request, if one comes."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        self.head = head.decode("latin-1")
        length = next(
            (
                int(line.split(":")[1])
                for line in self.head.splitlines()
                if line.lower().startswith("content-length")
            ),
            0,
        )
        self.body = await self.reader.readexactly(length)

    async def send(self, data: bytes) -> None:
        """Write and flush."""
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, body: bytes, *, status: str = "200 OK", headers: str = "") -> None:
        """A whole answer with its length."""
        await self.send(f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n{headers}\r\n".encode() + body)

    async def begin(self, kind: str = "text/event-stream") -> None:
        """The head of a chunked answer."""
        await self.send(
            f"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-type: {kind}\r\n\r\n".encode()
        )

    async def chunk(self, data: bytes) -> None:
        """One HTTP chunk; an empty one ends the answer."""
        await self.send(b"%x\r\n%b\r\n" % (len(data), data))

    def reset(self) -> None:
        """Break the connection with RST."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(1, 13, struct.pack("ii", 1, 0))  # SOL_SOCKET, SO_LINGER: RST on close
        self.writer.transport.abort()

    async def gone(self) -> bool:
        """Wait until the other side has closed."""
        try:
            return await self.reader.read(1) == b""
        except ConnectionError:
            return True


@dataclass
class Scripted:
    """A running server: its address and what it saw."""

    url: str
    heads: list[str] = field(default_factory=list)
    connections: int = 0
    closed: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def scripted(script: Script, *, keep_alive: bool = False) -> AsyncIterator[Scripted]:
    """Serve `script` once per request; the connection is closed afterwards unless `keep_alive`."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(peer: Peer) -> None:
        state.connections += 1
        try:
            while True:
                await peer.read_request()
                state.heads.append(peer.head)
                await script(peer)
                if not keep_alive:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            peer.writer.close()
            state.closed.set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(serve(Peer(reader, writer)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    state = Scripted(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/x")
    try:
        yield state
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
