"""Streams read the slow and obvious way: the whole text at once, line by line, as the standards say."""

from __future__ import annotations

import json
from typing import Any


class MalformedError(Exception):
    """A payload that is not JSON."""


def sse_events(data: bytes) -> list[tuple[str, str]]:
    """(event name, data) of every event, after https://html.spec.whatwg.org/multipage/server-sent-events.html.

    An event that the end of input completes counts, as it does for the official SDKs.
    """
    text = data.decode("utf-8").removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    events = []
    name, lines = "", []
    for line in [*text.split("\n"), ""]:
        if not line:
            if lines:
                events.append((name, "\n".join(lines)))
            name, lines = "", []
        elif not line.startswith(":"):
            key, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if key == "data":
                lines.append(value)
            elif key == "event":
                name = value
            elif key == "error":  # llama-box and older llama.cpp servers, outside the standard
                name = "error"
                lines.append(value)
    return [(name, data) for name, data in events if data]


def json_lines(data: bytes) -> list[dict[str, Any]]:
    """Every line that holds something, decoded."""
    return [json.loads(line) for line in data.decode("utf-8").splitlines() if line.strip()]


def events_of(data: bytes) -> list[dict[str, Any]]:
    """The decoded payloads of a stream of server-sent events, without `[DONE]`.

    Raises:
        MalformedError: A payload is not JSON.
    """
    decoded = []
    for _, payload in sse_events(data):
        if payload.strip() == "[DONE]":
            continue
        try:
            decoded.append(json.loads(payload))
        except ValueError as error:
            raise MalformedError(payload[:80]) from error
    return decoded


def said_done(data: bytes) -> bool:
    """Whether the stream says `[DONE]`."""
    return any(payload.strip() == "[DONE]" for _, payload in sse_events(data))
