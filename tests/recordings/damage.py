"""Recorded streams as bad networks and chatty servers deliver them: cut short, or with noise between the events."""

from __future__ import annotations

import json
import random
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CUTS = 6
NOISE = {
    "openai_chat": b'data: {"object":"chat.completion.chunk","created":1,"choices":[],"news":{}}\n\n',
    "openai_responses": b'event: response.news\ndata: {"type":"response.news","news":{"delta":"not text"}}\n\n',
    "anthropic_messages": b'event: news\ndata: {"type":"news","index":0,"delta":{"type":"news_delta","text":"not text"}}\n\n',
}
PING = b": keep-alive\n\n:\n\nid: 7\nretry: 100\n\nevent: ping\n\n"


def cut_short(data: bytes, framing: str, seed: str) -> Iterator[bytes]:
    """Beginnings of a stream: ends between events, and ends inside one."""
    rng = random.Random(zlib.crc32(seed.encode()))
    ends = _event_ends(data, framing)
    yield from (data[:end] for end in sorted(rng.sample(ends, min(len(ends), CUTS))))
    yield from (data[: rng.randrange(1, len(data))] for _ in range(CUTS))


def readable(data: bytes, framing: str) -> bytes:
    """A beginning of a stream without the event that the cut went through.

    An event that is whole but for the blank line behind it counts: servers forget that line.
    """
    ends = _event_ends(data, framing)
    kept = data[: ends[-1]] if ends else b""
    rest = data[len(kept) :]
    payload = rest if framing == "json_lines" else _payload(rest)
    try:
        json.loads(payload)
    except ValueError:
        return kept + (rest if payload.strip() == b"[DONE]" else b"")
    return data


def noisy(data: bytes, dialect: str, seed: str) -> bytes:
    """The stream with comments, keep-alives, blank lines and news of the vendor between its events."""
    rng = random.Random(zlib.crc32(seed.encode()))
    framing = "json_lines" if dialect == "ollama" else "sse"
    noise = [b"\n", b"\n \n"] if dialect == "ollama" else [PING, NOISE[dialect], b"\n\n\n"]
    ends = [0, *_event_ends(data, framing)]
    places = sorted(rng.sample(ends, min(len(ends), 20)))
    out, last = [], 0
    for place in places:
        out += [data[last:place], rng.choice(noise)]
        last = place
    return b"".join([*out, data[last:]])


def _event_ends(data: bytes, framing: str) -> list[int]:
    mark = b"\n" if framing == "json_lines" else b"\r\n\r\n" if b"\r\n\r\n" in data else b"\n\n"
    ends, at = [], data.find(mark)
    while at >= 0:
        ends.append(at + len(mark))
        at = data.find(mark, at + len(mark))
    return ends


def _payload(event: bytes) -> bytes:
    lines = event.replace(b"\r\n", b"\n").split(b"\n")
    return b"\n".join(line.removeprefix(b"data:") for line in lines if line.startswith(b"data:"))
