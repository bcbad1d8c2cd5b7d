"""Faults of the connection: it breaks, stays silent, crawls, or points elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from swebench_runner.simulator.wire import TEXT_TYPE, Page

if TYPE_CHECKING:
    from aiohttp import web

    from swebench_runner.simulator.exchange import Exchange


async def reset(exchange: Exchange) -> web.StreamResponse:
    """A TCP reset before the headers, after them, or after some of the answer."""
    at = exchange.model.text("at")
    if at == "headers":
        return exchange.reset()
    line = await exchange.open()
    if at == "mid":
        await exchange.play(line, exchange.parts(), int(exchange.model.number("after")))
    exchange.broken()
    return line.reset()


async def silent(exchange: Exchange) -> web.StreamResponse:
    """No byte at all; after `s` seconds the connection is closed."""
    await exchange.hang(exchange.model.number("s"))
    return exchange.reset()


async def stall(exchange: Exchange) -> web.StreamResponse:
    """Some of the answer, then silence, then the connection is closed."""
    line = await exchange.open()
    await exchange.play(line, exchange.parts(), int(exchange.model.number("after")))
    await exchange.hang(exchange.model.number("s"))
    exchange.broken()
    return line.hang_up()


async def slow_loris(exchange: Exchange) -> web.StreamResponse:
    """The whole healthy answer, one byte at a time."""
    line = await exchange.open()
    for byte in exchange.parts().whole():
        await line.send(bytes((byte,)))
        await exchange.pause(exchange.model.number("every"))
    exchange.finished()
    return await line.end()


async def redirect(exchange: Exchange) -> web.StreamResponse:
    """A redirect, by default to a page of this simulator that only logs who comes."""
    target = exchange.model.text("to") or f"{exchange.visit.state.url}/__sim/elsewhere"
    status = int(exchange.model.number("status"))
    return exchange.page(Page(b"", status, TEXT_TYPE, {"Location": target}))
