"""Faults inside an answer that began well. A JSON body is cut and spoiled where a stream would be."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from swebench_runner.simulator.reply import json_pieces
from swebench_runner.simulator.wire import EventStream, Page, Trouble

if TYPE_CHECKING:
    from aiohttp import web

    from swebench_runner.simulator.exchange import Exchange

MEGABYTE = 1 << 20


async def cut(exchange: Exchange) -> web.StreamResponse:
    """The first `after` pieces and no word of an end; HTTP itself ends as `end` says.

    With `finish=yes` all pieces arrive, and the first of the finishing events if there are several.
    """
    events, end = exchange.parts(), exchange.model.text("end")
    length = len(events.whole()) if end == "length" else None
    line = await exchange.open(length=length, close_delimited=end == "eof")
    if exchange.model.text("finish") == "yes":
        await exchange.play(line, events)
        await line.send(b"".join(events.tail[:-1][:1]))
    else:
        await exchange.play(line, events, int(exchange.model.number("after")))
    exchange.broken()
    return line.hang_up() if end in ("length", "close") else await line.end()


async def bad_json(exchange: Exchange) -> web.StreamResponse:
    """One event that is not JSON among healthy ones."""
    broken = b'{"broken": [1, 2'
    spoilt = exchange.dialect.event(broken) if exchange.asked.prompt.stream else broken
    events, at = exchange.parts(), int(exchange.model.number("at"))
    pieces = [spoilt if number == at else piece for number, piece in enumerate(events.pieces, 1)]
    return await _send_spoilt(exchange, events._replace(pieces=pieces))


async def bad_utf8(exchange: Exchange) -> web.StreamResponse:
    """One piece of the text with a byte that no UTF-8 text has."""
    at = int(exchange.model.number("at"))
    before, after = _around_text(exchange, at)
    return await _send_spoilt(exchange, EventStream(before + b"\xff" + after, (), ()))


async def midstream_error(exchange: Exchange) -> web.StreamResponse:
    """Some of the answer, then the provider's error event; without a stream, a 200 with an error body."""
    kind = Trouble(exchange.model.text("kind"))
    if not exchange.asked.prompt.stream:
        return exchange.page(replace(exchange.trouble(kind), status=200))
    line = await exchange.open()
    await exchange.play(line, exchange.parts(), int(exchange.model.number("after")))
    exchange.broken()
    return await line.end(exchange.asked.failure(exchange.trouble(kind)))


async def error_body(exchange: Exchange) -> web.StreamResponse:
    """Status 200, and the body of an error."""
    return exchange.page(replace(exchange.trouble(Trouble(exchange.model.text("kind"))), status=200))


async def no_done(exchange: Exchange) -> web.StreamResponse:
    """A complete answer without the mark that follows it (`[DONE]`), where the dialect has one."""
    return await _send_complete(exchange, exchange.parts()._replace(mark=b""))


async def no_usage(exchange: Exchange) -> web.StreamResponse:
    """A complete answer that does not say what it cost."""
    return await exchange.answer(replace(exchange.reply, usage=None))


async def endless(exchange: Exchange) -> web.StreamResponse:
    """An answer that goes round and round until the client has had enough."""
    events, every_s = exchange.parts(), exchange.model.number("every")
    line = await exchange.open()
    if exchange.asked.prompt.stream:
        await line.send(events.head)
        block = b"".join(events.pieces)
    else:
        before, _ = _around_text(exchange, 1)
        await line.send(before)
        block = b"x" * 4096
    while True:
        await line.send(block)
        # A client that reads fast enough would otherwise keep the loop for itself.
        await asyncio.sleep(0)
        await exchange.pause(every_s)


async def huge_line(exchange: Exchange) -> web.StreamResponse:
    """A healthy answer with one piece of text (and so one line) of many megabytes."""
    before, after = _around_text(exchange, 1)
    line = await exchange.open()
    await line.send(before)
    for _ in range(int(exchange.model.number("mb"))):
        await line.send(b"x" * MEGABYTE)
    exchange.finished()
    return await line.end(after)


async def pings(exchange: Exchange) -> web.StreamResponse:
    """Signs of life and no answer, for `s` seconds or for ever; then the answer."""
    line = await exchange.open()
    until_s, every_s = exchange.model.number("s"), exchange.model.number("every")
    keepalive = exchange.dialect.keepalive if exchange.asked.prompt.stream else b"\n"
    waited_s = 0.0
    while not until_s or waited_s < until_s:
        await line.send(keepalive)
        await exchange.pause(every_s)
        waited_s += every_s
    events = exchange.parts()
    await exchange.play(line, events)
    exchange.finished()
    return await line.end(b"".join((*events.tail, events.mark)))


async def html(exchange: Exchange) -> web.StreamResponse:
    """A login page with status 200, as captive portals and wrong base URLs have it."""
    text = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><h1>Welcome</h1></body></html>\n"
    return exchange.page(Page(text.encode(), 200, "text/html; charset=utf-8"))


async def empty_body(exchange: Exchange) -> web.StreamResponse:
    """Status 200 and not one byte."""
    line = await exchange.open(length=0)
    exchange.broken()
    return await line.end()


async def truncated_json(exchange: Exchange) -> web.StreamResponse:
    """A body whose JSON ends in the middle, though HTTP is content with it."""
    whole = exchange.parts().whole()
    line = await exchange.open()
    exchange.broken()
    return await line.end(whole[: len(whole) // 2])


def _around_text(exchange: Exchange, number: int) -> tuple[bytes, bytes]:
    """The whole answer as it goes out, parted inside the `number`-th piece of its text."""
    texts = json_pieces(exchange.reply.text)
    events = exchange.parts()
    if not exchange.asked.prompt.stream or not texts:
        whole = events.whole()
        start = whole.find(b"".join(text[1:-1] for text in texts[:3])) if texts else -1
        at = start + 1 if start >= 0 else len(whole) // 2
        return whole[:at], whole[at:]
    first = min(number, len(texts)) - 1
    word = texts[first]
    # Thinking comes before the text and has pieces of its own.
    at = next(at for at, piece in enumerate(events.pieces) if at >= first and word in piece)
    piece = events.pieces[at]
    inside = piece.index(word) + 1
    rest = (*events.pieces[at + 1 :], *events.tail, events.mark)
    before = events.head + b"".join(events.pieces[:at])
    return before + piece[:inside], piece[inside:] + b"".join(rest)


async def _send_spoilt(exchange: Exchange, events: EventStream) -> web.StreamResponse:
    line = await exchange.open()
    await exchange.play(line, events)
    exchange.broken()
    return await line.end(b"".join((*events.tail, events.mark)))


async def _send_complete(exchange: Exchange, events: EventStream) -> web.StreamResponse:
    line = await exchange.open()
    await exchange.play(line, events)
    exchange.finished()
    return await line.end(b"".join((*events.tail, events.mark)))
