"""One attempt that goes wrong, for each way in which one can; the table says what is right then."""

from __future__ import annotations

import gzip
import json
from email.utils import formatdate
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import aiohttp

from support_fault_wires import Script, Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MEGABYTE = b"x" * (1 << 20)
PING = {False: b": ping\n\n", True: b"\n"}
KEY: Any = SimpleNamespace(host="far.test", port=443, ssl=True, is_ssl=True)


def page(model: str, **headers: str) -> Callable[[Wire], Script]:
    """An error page in the words of the provider."""

    def script(wire: Wire) -> Script:
        told = wire.recorded(model)
        return Script([told.body], status=told.status, headers={**told.headers, **_dashed(headers)})

    return script


def proxy_page(_wire: Wire) -> Script:
    """What stands between us and the provider speaks."""
    return Script([b"<html>Bad Gateway"], status=502, headers={"content-type": "text/html"})


def plain(status: int, **headers: str) -> Callable[[Wire], Script]:
    """An error page of nobody in particular."""
    return lambda wire: Script(
        [b'{"error": {"message": "no"}}'], status=status, headers={**wire.headers, **_dashed(headers)}
    )


def before(*steps: Any) -> Callable[[Wire], Script]:
    """Something instead of an answer."""
    return lambda wire: wire.script(before=steps)


def after(count: int, *steps: Any) -> Callable[[Wire], Script]:
    """So many parts of a healthy answer, then something."""
    return lambda wire: wire.script(*wire.parts[:count], *steps)


def body(content: bytes, kind: str = "", **headers: str) -> Callable[[Wire], Script]:
    """Status 200 and these bytes."""
    return lambda wire: wire.script(
        content, headers={**wire.headers, **({"content-type": kind} if kind else {}), **_dashed(headers)}
    )


def dribble(wire: Wire) -> Script:
    """A byte every five seconds."""
    return wire.script(*(step for byte in wire.body for step in (5.0, bytes((byte,)))))


def slower_and_slower(wire: Wire) -> Script:
    """Some of the answer at once, the rest a byte every five seconds."""
    begun, rest = b"".join(wire.parts[:30]), b"".join(wire.parts[30:])
    return wire.script(begun, *(step for byte in rest for step in (5.0, bytes((byte,)))))


def pings(wire: Wire) -> Script:
    """Signs of life for ever."""
    return wire.script(*(step for _ in range(2000) for step in (10.0, PING[wire.lines])))


def spoilt_event(data: bytes) -> Callable[[Wire], Script]:
    """The tenth event is something else; a whole body is that and nothing more."""

    def script(wire: Wire) -> Script:
        if not wire.stream:
            return wire.script(data)
        return wire.script(*wire.parts[:10], wire.event(data), *wire.parts[11:])

    return script


def bad_utf8(wire: Wire) -> Script:
    """A byte that no UTF-8 has, inside the text."""
    start, end = wire.body.rsplit(b"lorem", 1)
    return wire.script(start, b"lo\xffrem" + end)


def split_everywhere(wire: Wire) -> Script:
    """Every byte in a packet of its own."""
    return wire.script(*(bytes((byte,)) for byte in wire.body))


def other_line_ends(wire: Wire) -> Script:
    """A byte-order mark, CRLF, and no line end at the end."""
    if not wire.stream:
        return wire.script(wire.body)
    return wire.script(b"\xef\xbb\xbf" * (not wire.lines) + wire.body.replace(b"\n", b"\r\n").rstrip(b"\r\n"))


def huge_event(wire: Wire) -> Script:
    """A line without an end."""
    return wire.script(*wire.parts[:6], *([MEGABYTE] * 70))


def told_twice(wire: Wire) -> Script:
    """Everything once more after the end."""
    return wire.script(*wire.parts, *wire.parts) if wire.stream else wire.script(wire.body)


def without_usage(wire: Wire) -> Script:
    """No word about tokens."""
    told = wire.recorded("sim-nousage")
    return Script([told.body], headers=told.headers)


def trouble_inside(model: str) -> Callable[[Wire], Script]:
    """A success status, and an error after some of the answer."""

    def script(wire: Wire) -> Script:
        told = wire.recorded(model)
        return Script([told.body], headers=told.headers)

    return script


def cut_gzip(wire: Wire) -> Script:
    """What the HTTP library makes of compressed bytes that stop."""
    half = gzip.compress(wire.body)[:40]
    error = aiohttp.ClientPayloadError(f"400, message: Can not decode content-encoding ({len(half)} bytes)")
    return wire.script(*wire.parts[:1], error)


def no_status_line() -> aiohttp.ClientResponseError:
    """What the HTTP library makes of an answer that is not HTTP, or whose headers never end."""
    return aiohttp.ClientResponseError(
        aiohttp.RequestInfo(None, "POST", {}, None), (), status=400, message="x"
    )  # type: ignore[arg-type]  # only its class matters


def _dashed(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def date_in(seconds: float) -> Callable[[Wire], Script]:
    """A rate limit until a date, by the server's own clock, which is an hour slow."""
    then_s = 1_700_000_000.0
    return plain(
        429, retry_after=formatdate(then_s + seconds, usegmt=True), date=formatdate(then_s, usegmt=True)
    )


REFUSED = aiohttp.ClientConnectorError(KEY, OSError(111, "Connection refused"))
UNKNOWN_HOST = aiohttp.ClientConnectorDNSError(KEY, OSError(-2, "Name or service not known"))
BAD_CERTIFICATE = aiohttp.ClientConnectorCertificateError(KEY, Exception("self-signed"))
LOST = aiohttp.ServerDisconnectedError()
RESET = aiohttp.ClientOSError(104, "Connection reset by peer")
BROKEN = aiohttp.ClientPayloadError("Response payload is not completed")
OPENROUTER_BUSY = json.dumps(
    {"error": {"code": 402, "message": "busy", "metadata": {"limit_source": "openrouter_in_flight_budget"}}}
).encode()
