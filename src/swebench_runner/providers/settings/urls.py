"""From what people set as an address to what paths can be appended to."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit, urlunsplit

_ENDPOINTS: Final = (
    "/chat/completions",
    "/responses",
    "/completions",
    "/models",
    "/messages",
    "/api/chat",
    "/api/generate",
)
_OLLAMA_PORT: Final = 11434


def openai_style(url: str) -> str:
    """An address for paths like `/chat/completions`: endpoint names cut off, `/v1` added to a bare host."""
    url = _without_endpoint(url)
    parts = urlsplit(url)
    return url if parts.path.strip("/") or not parts.netloc else url + "/v1"


def anthropic_style(url: str) -> str:
    """An address for paths like `/v1/messages`: the host, without `/v1`."""
    return _without_endpoint(url).removesuffix("/v1")


def ollama_style(url: str) -> str:
    """An address for paths like `/api/chat` from any form that OLLAMA_HOST takes.

    "host", "host:port", "http://host:port/path" and the server's own "0.0.0.0" are all understood;
    without a scheme the port is 11434.

    Source: https://docs.ollama.com/faq (2026-11)
    """
    url = url.strip()
    if "://" not in url:
        host = url if ":" in url.rsplit("]", 1)[-1] else f"{url}:{_OLLAMA_PORT}"
        url = f"http://{host}"
    parts = urlsplit(_without_endpoint(url))
    netloc = parts.netloc.replace("0.0.0.0", "127.0.0.1", 1)  # noqa: S104 - an address to call, not to listen on
    path = parts.path.rstrip("/").removesuffix("/v1").removesuffix("/api")
    return urlunsplit((parts.scheme, netloc, path, "", ""))


def _without_endpoint(url: str) -> str:
    url = url.strip().rstrip("/")
    for endpoint in _ENDPOINTS:
        url = url.removesuffix(endpoint)
    return url
