"""Every recorded answer again, this time over a socket and through a whole provider."""

from __future__ import annotations

import random
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from oracles.capture import Answer, CaptureServer, capture_server
from recordings.compare import differences, wrong_error
from recordings.kinds import dialect_of, left_out, wire
from recordings.loaders import load_files
from recordings.product import APIS, SPECS
from recordings.reference import expectation
from swebench_runner.providers import create_provider
from swebench_runner.providers.core.errors import ProviderError
from swebench_runner.providers.core.request import UnifiedRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recordings.loaders import Interaction
    from swebench_runner.providers.core.response import UnifiedResponse

TYPES = {"whole": "application/json", "sse": "text/event-stream", "json_lines": "application/x-ndjson"}


@pytest.fixture(scope="module")
def server() -> Iterator[CaptureServer]:
    with capture_server() as kept:
        yield kept


class Providers:
    """One provider for each pair of name and dialect."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._made: dict[tuple[str, str], Any] = {}

    def of(self, one: Interaction) -> Any:
        dialect = str(dialect_of(one))
        name = SPECS.get(one.provider, "openai_compatible")
        if (name == "ollama") != (dialect == "ollama") or (name == "openrouter" and dialect != "openai_chat"):
            name = "openai_compatible"
        if (name, dialect) not in self._made:
            settings = {} if name in {"ollama", "anthropic"} else {"api": APIS[dialect]}
            settings |= {} if name == "ollama" else {"api_key": "sk-recorded"}
            self._made[name, dialect] = create_provider(
                name, model="m", base_url=self._url, max_retries=0, **settings
            )
        return self._made[name, dialect]

    async def aclose(self) -> None:
        for provider in self._made.values():
            await provider.aclose()


def as_recorded(one: Interaction) -> Answer:
    """The recorded answer, in pieces and with the content type that it had where that was kept."""
    framing, data = wire(one)
    kept = one.headers.get("content-type", "")
    rng = random.Random(zlib.crc32(one.name.encode()))
    places = sorted({rng.randrange(1, len(data)) for _ in range(3)}) if len(data) > 4 else []
    headers = {
        name: value for name, value in one.headers.items() if name in {"retry-after", "x-should-retry"}
    }
    return Answer(data, kept if "/" in kept else TYPES[framing], one.status, headers, places)


async def answer_of(provider: Any, request: UnifiedRequest) -> tuple[UnifiedResponse, str]:
    """The answer, and the text that a reader of the stream saw on the way."""
    if not request.stream:
        answer = await provider.generate(request)
        return answer, answer.content
    seen = [chunk async for chunk in provider.generate_stream(request)]
    assert [chunk for chunk in seen if chunk.response] == seen[-1:], "the whole answer comes once, at the end"
    return seen[-1].response, "".join(chunk.text for chunk in seen)


async def wrong_over_http(one: Interaction, providers: Providers, server: CaptureServer) -> list[str]:
    server.answer = as_recorded(one)
    streamed = wire(one)[0] != "whole"
    request = UnifiedRequest("Hi", model=one.model or "m", max_tokens=100, temperature=None, stream=streamed)
    expected = expectation(one)
    try:
        got, text = await answer_of(providers.of(one), request)
    except ProviderError as error:
        return wrong_error(expected, error)
    found = differences(expected, got)
    if text != got.content:
        found.append(f"the reader saw {text[:80]!r}, the answer is {got.content[:80]!r}")
    # OpenRouter's Responses API is read here as any compatible server's, whose `cost` is nobody's dollars.
    return [] if one.provider == "openrouter" and found and all("'cost'" in line for line in found) else found


async def test_recorded_answers_read_the_same_over_a_socket(
    recorded_files: list[str], server: CaptureServer
) -> None:
    providers = Providers(server.url)
    try:
        found = [
            f"{one.name}: {line}"
            for one in load_files(recorded_files)
            if not left_out(one)
            for line in await wrong_over_http(one, providers, server)
        ]
    finally:
        await providers.aclose()
    assert not found, "\n".join(found)
