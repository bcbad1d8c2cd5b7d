"""Answers that are compressed: wholly, only in part, or far too well."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp import web

    from swebench_runner.simulator.exchange import Exchange

MEGABYTE = 1 << 20
_GZIP_WINDOW = 31


async def compressed(exchange: Exchange) -> web.StreamResponse:
    """The answer in gzip, whatever the client accepts; `cut=yes` loses its end, `bomb_mb` swells it."""
    packer = zlib.compressobj(wbits=_GZIP_WINDOW)
    line = await exchange.open(headers={"Content-Encoding": "gzip"})
    for _ in range(int(exchange.model.number("bomb_mb"))):
        await line.send(packer.compress(b" " * MEGABYTE))
    await line.send(packer.compress(b"\n\n") if exchange.model.number("bomb_mb") else b"")
    events = exchange.parts()
    for part in (events.head, *events.pieces, *events.tail, events.mark):
        await line.send(packer.compress(part) + packer.flush(zlib.Z_SYNC_FLUSH))
    if exchange.model.text("cut") == "yes":
        exchange.broken()
        return await line.end()
    exchange.finished()
    return await line.end(packer.flush())
