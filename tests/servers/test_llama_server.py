"""The provider layer against a server that nobody here wrote: llama.cpp, over real sockets.

The model is random, so what it says is nonsense; with temperature 0 it is always the same nonsense.
Where this server departs from the vendor whose dialect it speaks, the test says so.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from support_llama import CONTEXT_TOKENS, SLOTS, LlamaServer
from swebench_runner.providers import Message, MessageRole, UnifiedRequest, create_provider
from swebench_runner.providers.core.errors import (
    ContextLengthError,
    InvalidRequestError,
    ModelNotFoundError,
    ProviderConnectionError,
    ServerError,
)
from swebench_runner.providers.core.request import JsonSchemaFormat
from swebench_runner.providers.core.response import FinishReason, UnifiedResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

pytestmark = pytest.mark.servers

ENDLESS_TOKENS = 100_000_000
SYSTEM = "You are terse."


@dataclass(frozen=True, slots=True)
class Dialect:
    """One of the three ways to ask this server.

    Attributes:
        name: For the test's name.
        provider: Which provider of ours.
        suffix: What the base URL ends with.
        options: Further arguments for `create_provider`.
    """

    name: str
    provider: str
    suffix: str
    options: dict[str, Any]

    def connect(self, url: str) -> Any:
        """Our provider for the server at this address."""
        return create_provider(self.provider, model="tiny", base_url=url + self.suffix, **self.options)


CHAT = Dialect("chat", "openai_compatible", "/v1", {})
RESPONSES = Dialect("responses", "openai_compatible", "/v1", {"api": "responses"})
MESSAGES = Dialect("messages", "anthropic", "", {"api_key": "x"})


@pytest.fixture(params=[CHAT, RESPONSES, MESSAGES], ids=lambda dialect: dialect.name)
def dialect(request: pytest.FixtureRequest) -> Dialect:
    """Each of the three dialects in turn."""
    chosen: Dialect = request.param
    return chosen


@pytest.fixture
async def connect(llama_server: LlamaServer) -> AsyncIterator[Callable[[Dialect], Any]]:
    """Make providers for the server; they are closed after the test."""
    async with contextlib.AsyncExitStack() as stack:

        def make(dialect: Dialect) -> Any:
            provider = dialect.connect(llama_server.url)
            stack.push_async_callback(provider.aclose)
            return provider

        yield make


def ask(prompt: str = "Hello", max_tokens: int = 8, **fields: Any) -> UnifiedRequest:
    return UnifiedRequest(prompt=prompt, max_tokens=max_tokens, temperature=0.0, **fields)


def endless() -> UnifiedRequest:
    return ask(max_tokens=ENDLESS_TOKENS, extra={"ignore_eos": True})


async def stream(provider: Any, request: UnifiedRequest) -> tuple[str, int, UnifiedResponse]:
    """The text of the pieces, how many of them had text, and the whole answer at the end."""
    chunks = [chunk async for chunk in provider.generate_stream(request)]
    assert [chunk.response for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    return (
        "".join(chunk.text for chunk in chunks),
        sum(bool(chunk.text) for chunk in chunks),
        chunks[-1].response,
    )


async def test_an_answer_has_text_usage_and_names(connect: Any, dialect: Dialect) -> None:
    response = await connect(dialect).generate(ask())
    assert response.content
    assert response.model == "tiny"
    assert response.provider == dialect.provider
    assert response.usage.source == "provider"
    assert response.usage.prompt_tokens == 9
    assert response.usage.completion_tokens == 8
    assert response.usage.total_tokens == 17
    assert response.response_id


async def test_a_stream_says_the_same_as_a_whole_answer(connect: Any, dialect: Dialect) -> None:
    provider = connect(dialect)
    whole = await provider.generate(ask(max_tokens=24))
    text, pieces, streamed = await stream(provider, ask(max_tokens=24))
    assert text == streamed.content == whole.content
    assert pieces > 5
    assert streamed.usage.prompt_tokens == whole.usage.prompt_tokens
    assert streamed.usage.completion_tokens == whole.usage.completion_tokens == 24
    assert streamed.normalized_finish_reason == whole.normalized_finish_reason
    assert streamed.model == whole.model == "tiny"


async def test_the_three_dialects_ask_the_same_question(connect: Any) -> None:
    answers = [await connect(dialect).generate(ask("Say it", 16)) for dialect in (CHAT, RESPONSES, MESSAGES)]
    assert len({answer.content for answer in answers}) == 1
    assert len({answer.usage.prompt_tokens for answer in answers}) == 1


async def test_a_request_for_streaming_is_collected_by_generate(connect: Any, dialect: Dialect) -> None:
    provider = connect(dialect)
    assert (await provider.generate(ask(stream=True))).content == (await provider.generate(ask())).content


async def test_a_conversation_with_a_system_message(connect: Any, dialect: Dialect) -> None:
    history = (
        Message(MessageRole.SYSTEM, SYSTEM),
        Message(MessageRole.USER, "One?"),
        Message(MessageRole.ASSISTANT, "Two."),
        Message(MessageRole.USER, "Three?"),
    )
    request = UnifiedRequest(messages=history, max_tokens=4, temperature=0.0)
    response = await connect(dialect).generate(request)
    short = await connect(dialect).generate(ask("Three?", 4))
    assert response.content
    assert response.usage.prompt_tokens > short.usage.prompt_tokens + 10


async def test_a_system_message_reaches_the_model(connect: Any, dialect: Dialect) -> None:
    provider = connect(dialect)
    plain = await provider.generate(ask())
    instructed = await provider.generate(ask(system_message=SYSTEM))
    assert instructed.usage.prompt_tokens > plain.usage.prompt_tokens
    assert instructed.content != plain.content


async def test_a_prompt_that_was_asked_before_is_counted_in_full(connect: Any, dialect: Dialect) -> None:
    provider = connect(dialect)
    first = await provider.generate(ask("The very same question twice", 2))
    second = await provider.generate(ask("The very same question twice", 2))
    assert second.usage.prompt_tokens == first.usage.prompt_tokens
    assert 0 < second.usage.cache_read_tokens < second.usage.prompt_tokens
    assert second.usage.fresh_input_tokens == second.usage.prompt_tokens - second.usage.cache_read_tokens


async def test_tokens_are_counted_by_the_server(connect: Any) -> None:
    provider = connect(MESSAGES)
    request = ask("How many tokens is this, one wonders?", 1, system_message=SYSTEM)
    count = await provider.acount_tokens(request)
    response = await provider.generate(request)
    assert count.exact
    assert count.tokens == response.usage.prompt_tokens


async def test_a_count_without_an_endpoint_is_an_estimate_near_the_truth(connect: Any) -> None:
    provider = connect(CHAT)
    request = ask("This is a sentence of ordinary English, and here is another one. " * 20, 1)
    count = await provider.acount_tokens(request)
    measured = (await provider.generate(request)).usage.prompt_tokens
    assert not count.exact
    assert measured / 2 < count.tokens < measured * 2


@pytest.mark.parametrize("dialect", [CHAT, MESSAGES], ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_a_stop_sequence_ends_the_answer_before_it(
    connect: Any, dialect: Dialect, *, streamed: bool
) -> None:
    provider = connect(dialect)
    free = (await provider.generate(ask(max_tokens=24))).content
    word = free[len(free) // 2 :][:4]
    request = ask(max_tokens=24, stop_sequences=[word])
    response = (await stream(provider, request))[2] if streamed else await provider.generate(request)
    assert response.content == free[: free.index(word)]
    assert response.normalized_finish_reason in {FinishReason.STOP, FinishReason.STOP_SEQUENCE}
    assert response.usage.completion_tokens < 24
    if dialect is MESSAGES:  # the chat dialect does not say which; this server says "end_turn" all the same
        assert response.stop_sequence == word


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_an_answer_cut_at_the_length_says_so(connect: Any, dialect: Dialect, *, streamed: bool) -> None:
    provider = connect(dialect)
    request = ask(max_tokens=5)
    response = (await stream(provider, request))[2] if streamed else await provider.generate(request)
    assert response.usage.completion_tokens == 5
    # This server's Responses dialect has no "incomplete": a cut answer is "completed".
    expected = FinishReason.STOP if dialect is RESPONSES else FinishReason.LENGTH
    assert response.normalized_finish_reason is expected


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_a_prompt_over_the_window_is_one_clear_error(
    connect: Any, dialect: Dialect, *, streamed: bool
) -> None:
    provider = connect(dialect)
    request = ask("word " * (CONTEXT_TOKENS + 500))
    with pytest.raises(ContextLengthError) as caught:
        _ = await stream(provider, request) if streamed else await provider.generate(request)
    assert caught.value.status_code == 400
    assert caught.value.limit == CONTEXT_TOKENS
    assert caught.value.token_count is not None
    assert caught.value.token_count > CONTEXT_TOKENS + 500
    assert not caught.value.retryable
    assert len(caught.value.attempts) <= 1


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_a_wrong_path_is_a_typed_error(
    llama_server: LlamaServer, dialect: Dialect, *, streamed: bool
) -> None:
    provider = dialect.connect(f"{llama_server.url}/nowhere")
    try:
        with pytest.raises(ModelNotFoundError) as caught:
            _ = await stream(provider, ask()) if streamed else await provider.generate(ask())
    finally:
        await provider.aclose()
    assert caught.value.status_code == 404
    assert not caught.value.retryable
    assert "Not Found" in str(caught.value)


async def test_nobody_listening_is_a_connection_error(dialect: Dialect) -> None:
    with socket.socket() as taken:  # bound but not listening: refused for as long as it is held
        taken.bind(("127.0.0.1", 0))
        provider = dialect.connect(f"http://127.0.0.1:{taken.getsockname()[1]}")
        try:
            with pytest.raises(ProviderConnectionError):
                await provider.generate(ask(timeout_s=5))
        finally:
            await provider.aclose()


async def test_a_refused_field_is_an_error_with_the_servers_words(connect: Any) -> None:
    broken = ask(extra={"response_format": {"type": "no such format"}})
    with pytest.raises((InvalidRequestError, ServerError)) as caught:
        await connect(CHAT).generate(broken)
    assert "response_format" in str(caught.value)


async def test_structured_output_is_held_to_its_schema(connect: Any) -> None:
    schema = {
        "type": "object",
        "properties": {"ok": {"type": "boolean"}},
        "required": ["ok"],
        "additionalProperties": False,
    }
    response = await connect(CHAT).generate(ask(max_tokens=200, response_format=JsonSchemaFormat(schema)))
    assert "".join(response.content.split()) in {'{"ok":true}', '{"ok":false}'}


async def test_leaving_a_stream_frees_the_slot(
    llama_server: LlamaServer, connect: Any, dialect: Dialect
) -> None:
    chunks = connect(dialect).generate_stream(endless())
    pieces = 0
    async for chunk in chunks:
        pieces += bool(chunk.text)
        if pieces == 3:
            break
    assert llama_server.busy_slots() == 1
    await chunks.aclose()
    await llama_server.wait_until(lambda busy: busy == 0, within_s=1)


async def test_cancelling_a_stream_frees_the_slot(
    llama_server: LlamaServer, connect: Any, dialect: Dialect
) -> None:
    provider = connect(dialect)
    task = asyncio.ensure_future(stream(provider, endless()))
    await llama_server.wait_until(lambda busy: busy == 1, within_s=10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await llama_server.wait_until(lambda busy: busy == 0, within_s=1)
    assert (await provider.generate(ask())).content, "the provider still answers"


async def test_cancelling_a_whole_answer_frees_the_slot_when_the_server_looks(
    llama_server: LlamaServer, connect: Any, dialect: Dialect
) -> None:
    provider = connect(dialect)
    task = asyncio.ensure_future(provider.generate(endless()))
    await llama_server.wait_until(lambda busy: busy == 1, within_s=10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    # Without a stream this server looks at the connection once a second, and any other request
    # (`/slots` too) makes it begin that second anew: so it is left in peace between two looks.
    await llama_server.wait_until(lambda busy: busy == 0, within_s=10, first_look_s=1.5, every_s=1.5)


async def test_cancelling_one_of_several_leaves_the_others_alone(
    llama_server: LlamaServer, connect: Any
) -> None:
    provider = connect(CHAT)
    doomed = asyncio.ensure_future(stream(provider, endless()))
    await llama_server.wait_until(lambda busy: busy == 1, within_s=10)
    others = [asyncio.ensure_future(stream(provider, ask(f"Question {i}", 64))) for i in range(SLOTS - 1)]
    doomed.cancel()
    answers = await asyncio.gather(*others)
    assert [answer.usage.completion_tokens for _, _, answer in answers] == [64] * len(others)
    assert doomed.cancelled()
    await llama_server.wait_until(lambda busy: busy == 0, within_s=1)


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_32_calls_in_flight_are_all_answered(connect: Any, dialect: Dialect, *, streamed: bool) -> None:
    provider = connect(dialect)
    requests = [ask(f"Question number {i}: why?", 8) for i in range(32)]
    if streamed:
        answers = [answer for _, _, answer in await asyncio.gather(*(stream(provider, r) for r in requests))]
    else:
        answers = await asyncio.gather(*(provider.generate(request) for request in requests))
    assert all(answer.content for answer in answers)
    assert [answer.usage.completion_tokens for answer in answers] == [8] * 32
    assert len({answer.response_id for answer in answers}) == 32
    assert all(len(answer.attempts) == 1 for answer in answers)


async def test_the_model_list_and_the_check_work(connect: Any, dialect: Dialect) -> None:
    provider = connect(dialect)
    models = await provider.list_models()
    assert [model.id for model in models] == ["tiny"]
    report = await provider.check()
    assert report.ok, report


def test_the_synchronous_twins_answer(llama_server: LlamaServer, dialect: Dialect) -> None:
    provider = dialect.connect(llama_server.url)
    try:
        whole = provider.generate_sync(ask())
        chunks = list(provider.generate_stream_sync(ask()))
    finally:
        provider.close()
    assert "".join(chunk.text for chunk in chunks) == whole.content != ""
