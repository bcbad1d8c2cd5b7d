"""Faults that are answered in order: an HTTP error, in the provider's own words or a proxy's."""

from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING

from swebench_runner.simulator.wire import HTML_TYPE, TEXT_TYPE, Page, Trouble

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp import web

    from swebench_runner.simulator.exchange import Exchange

REASONS = {502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Time-out"}


def status(code: int) -> Callable[[Exchange], Awaitable[web.StreamResponse]]:
    """The fault that answers with one HTTP status."""

    async def answer_with_status(exchange: Exchange) -> web.StreamResponse:
        await exchange.pause(exchange.model.first_s)
        return exchange.page(_page(exchange, exchange.trouble(code)))

    return answer_with_status


def trouble(kind: Trouble) -> Callable[[Exchange], Awaitable[web.StreamResponse]]:
    """The fault that answers with one of the provider's troubles."""

    async def answer_with_trouble(exchange: Exchange) -> web.StreamResponse:
        await exchange.pause(exchange.model.first_s)
        return exchange.page(exchange.trouble(kind))

    return answer_with_trouble


async def outage(exchange: Exchange) -> web.StreamResponse:
    """503 for the first seconds after the model was first asked, then healthy."""
    if exchange.visit.state.seconds_since_first(exchange.model) >= exchange.model.number("s"):
        return await exchange.answer()
    return exchange.page(_page(exchange, exchange.trouble(Trouble.UNAVAILABLE)))


def retry_headers(exchange: Exchange) -> dict[str, str]:
    """The `Retry-After` that the options ask for, in the asked form."""
    wait_s = exchange.model.number("retry_after")
    form = exchange.model.text("header")
    if form == "none":
        return {}
    if form == "ms":
        return {"retry-after-ms": f"{wait_s * 1000:.0f}"}
    if form == "date":
        return {"Retry-After": formatdate(exchange.visit.state.clock.wall_s() + wait_s, usegmt=True)}
    if form == "seconds":
        return {"Retry-After": f"{wait_s:g}"}
    return {"Retry-After": "soon" if form == "garbage" else form}


def _page(exchange: Exchange, page: Page) -> Page:
    headers = {**page.headers, **retry_headers(exchange)}
    form = exchange.model.text("body")
    reason = REASONS.get(page.status, "Error")
    if form == "html":
        title = f"{page.status} {reason}"
        html = f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>"
        html += "\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
        return Page(html.encode(), page.status, HTML_TYPE, headers)
    if form == "text":
        return Page(reason.encode(), page.status, TEXT_TYPE, headers)
    if form == "empty":
        return Page(b"", page.status, TEXT_TYPE, headers)
    return Page(page.body, page.status, page.content_type, headers)
