"""An answer in pieces: complete or an error, tried again only before anybody saw a piece."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support_replies import END, SSE, USAGE, InstantClock, answer, event, failure, streamed
from swebench_runner.providers import (
    IncompleteStreamError,
    OpenAIProvider,
    ProviderChunk,
    ProviderConnectionError,
    ProviderError,
    ProviderTimeoutError,
    Reply,
    ServerError,
    TokenUsage,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[..., OpenAIProvider]


async def read(provider: OpenAIProvider, seen: list[ProviderChunk] | None = None) -> list[ProviderChunk]:
    chunks = [] if seen is None else seen
    async for chunk in provider.generate_stream("hi"):
        chunks.append(chunk)
    return chunks


async def test_usage_and_finish_reason_are_the_last_thing_a_stream_says(provider_of: Make) -> None:  # B039
    chunks = await read(provider_of(streamed("Hello", ", world")))
    assert "".join(chunk.text for chunk in chunks) == "Hello, world"
    assert [chunk.usage for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert chunks[-1].usage == TokenUsage(9, 3)
    assert chunks[-1].finish_reason == "stop"
    assert chunks[-1].tokens == 3
    response = chunks[-1].response
    assert response is not None
    assert (response.content, response.answered_by) == ("Hello, world", "openai/gpt-4o")


@pytest.mark.parametrize(
    "end", [[], [b"data: [DONE]\n\n"], [event({"content": "x"})]], ids=["cut", "done alone", "no finish"]
)
async def test_a_stream_without_its_terminator_is_an_error_that_keeps_what_came(
    provider_of: Make, end: list[bytes]
) -> None:
    seen: list[ProviderChunk] = []
    with pytest.raises(IncompleteStreamError) as caught:
        await read(provider_of(streamed("Hel", "lo", end=end)), seen)
    assert caught.value.partial_text.startswith("Hello")
    assert caught.value.usage is not None
    assert caught.value.usage.source == "estimate"
    assert "".join(chunk.text for chunk in seen).startswith("Hello")
    assert len(caught.value.attempts) == 1


async def test_a_missing_done_after_a_finish_reason_is_fine(provider_of: Make) -> None:
    chunks = await read(provider_of(streamed("Hello", end=END[:2])))
    assert chunks[-1].usage == TokenUsage(9, 3)


async def test_nothing_is_tried_again_after_the_first_piece(provider_of: Make, clock: InstantClock) -> None:
    broken = streamed("Hel", end=[], failure=ProviderConnectionError("lost"))
    with pytest.raises(IncompleteStreamError, match="the stream broke: lost"):
        await read(provider_of(broken, streamed("Hello")))
    assert clock.waits == []


async def test_before_the_first_piece_it_is_tried_again(provider_of: Make) -> None:
    replies = [failure(503), Reply(200, [], SSE, ProviderConnectionError("lost")), streamed("Hello")]
    chunks = await read(provider_of(*replies))
    assert "".join(chunk.text for chunk in chunks) == "Hello"
    assert chunks[-1].response is not None
    assert [a.outcome for a in chunks[-1].response.attempts] == ["overloaded", "incomplete_stream", "ok"]


async def test_a_collected_stream_starts_again_since_nobody_saw_it(provider_of: Make) -> None:
    response = await provider_of(streamed("Hel", end=[]), streamed("Hello")).generate("hi", stream=True)
    assert response.content == "Hello"
    cut = response.attempts[0]
    assert (cut.outcome, cut.usage is not None) == ("incomplete_stream", True)


async def test_an_error_in_the_stream_is_raised_as_its_class(provider_of: Make) -> None:
    bad = b'data: {"error": {"message": "The server had an error", "type": "server_error", "code": null}}\n\n'
    seen: list[ProviderChunk] = []
    with pytest.raises(ServerError):
        await read(provider_of(streamed("Hel", end=[bad])), seen)
    assert [chunk.text for chunk in seen] == ["Hel"]


@pytest.mark.parametrize("bad", [b"data: {not json}\n\n", b'data: {"choices": 5}\n\n', b"data: [1]\n\n"])
async def test_a_malformed_event_is_an_error_of_ours(provider_of: Make, bad: bytes) -> None:
    with pytest.raises(ProviderError):
        await read(provider_of(*[streamed("a", end=[bad, *END])] * 3))


async def test_a_server_that_does_not_stream_is_understood(provider_of: Make) -> None:
    chunks = await read(provider_of(answer("hello")))
    assert len(chunks) == 1
    assert chunks[0].response is not None
    assert chunks[0].response.content == "hello"


async def test_an_error_document_under_200_is_an_error(provider_of: Make) -> None:
    page = Reply(200, [b"<html><body>maintenance</body></html>"], {"content-type": "text/html"})
    with pytest.raises(ProviderError):
        await read(provider_of(*[page] * 3))


async def test_a_timeout_before_any_text_stays_a_timeout(provider_of: Make) -> None:
    silent = Reply(200, [], SSE, ProviderTimeoutError("no answer began"))
    with pytest.raises(ProviderTimeoutError) as caught:
        await read(provider_of(silent, policy=None, max_retries=0))
    assert caught.value.provider == "openai"


async def test_the_last_frame_may_lack_its_blank_line(provider_of: Make) -> None:
    end = [event({}, "stop"), event(usage=USAGE).rstrip(b"\n")]
    chunks = await read(provider_of(streamed("Hello", end=end)))
    assert chunks[-1].usage == TokenUsage(9, 3)


async def test_leaving_a_stream_early_closes_it(provider_of: Make) -> None:
    stream = provider_of(streamed("a", "b", "c")).generate_stream("hi")
    assert (await anext(stream)).text == "a"
    await stream.aclose()  # type: ignore[attr-defined]
    with pytest.raises(StopAsyncIteration):
        await anext(stream)
