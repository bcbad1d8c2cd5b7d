"""Anthropic's own SDK is served as by Anthropic: calls, streams, tools, thinking, caching, errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anthropic
import pytest
from anthropic import AsyncAnthropic
from anthropic.types import Message, RawMessageStreamEvent
from pydantic import TypeAdapter

from support_simulator import HEADERS, PATCH, PROBLEM, ask_body, events_of, text_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from swebench_runner.simulator import Simulator

TOOLS: list[Any] = [
    {
        "name": "weather",
        "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
    {"name": "now", "input_schema": {"type": "object", "properties": {}}},
]
SAID: list[Any] = [{"role": "user", "content": PROBLEM}]
THINK: Any = {"type": "enabled", "budget_tokens": 1024}


@pytest.fixture
async def client(sim: Simulator) -> AsyncIterator[AsyncAnthropic]:
    async with AsyncAnthropic(base_url=sim.url, api_key="sk-ant-test", max_retries=0) as made:
        yield made


async def test_a_call_and_a_stream_say_the_same(client: AsyncAnthropic) -> None:
    whole = await client.messages.create(model="sim-gold", max_tokens=500, messages=SAID, system="Fix it.")
    assert isinstance(whole.content[0], anthropic.types.TextBlock)
    assert PATCH in whole.content[0].text
    assert whole.stop_reason == "end_turn"
    async with client.messages.stream(
        model="sim-gold", max_tokens=500, messages=SAID, system="Fix it."
    ) as stream:
        text = "".join([part async for part in stream.text_stream])
        final = await stream.get_final_message()
    assert text == whole.content[0].text
    assert (final.stop_reason, final.usage.input_tokens) == (whole.stop_reason, whole.usage.input_tokens)
    assert final.usage.output_tokens == whole.usage.output_tokens


async def test_tools_there_and_back_with_thinking_kept(client: AsyncAnthropic) -> None:
    first = await client.messages.create(
        model="sim-tools@calls=2", max_tokens=3000, messages=SAID, tools=TOOLS, thinking=THINK
    )
    assert first.stop_reason == "tool_use"
    assert [block.type for block in first.content] == ["thinking", "tool_use", "tool_use"]
    content: list[Any] = [block.model_dump(exclude_none=True) for block in first.content]
    assert [block["input"] for block in content[1:]] == [{"city": "sample-1"}, {}]
    results = [
        {"type": "tool_result", "tool_use_id": block["id"], "content": "sunny"} for block in content[1:]
    ]
    history = [*SAID, {"role": "assistant", "content": content}, {"role": "user", "content": results}]
    done = await client.messages.create(
        model="sim-tools", max_tokens=3000, messages=history, tools=TOOLS, thinking=THINK
    )
    assert done.stop_reason == "end_turn"
    content[0]["thinking"] += " (changed)"
    with pytest.raises(anthropic.BadRequestError, match="Invalid `signature` in `thinking` block"):
        await client.messages.create(model="sim-tools", max_tokens=3000, messages=history, tools=TOOLS)
    del content[0]
    with pytest.raises(anthropic.BadRequestError, match="Expected `thinking` or `redacted_thinking`"):
        await client.messages.create(
            model="sim-tools", max_tokens=3000, messages=history, tools=TOOLS, thinking=THINK
        )


async def test_streamed_tools_and_thinking(client: AsyncAnthropic) -> None:
    request: dict[str, Any] = {"model": "sim-tools", "max_tokens": 3000, "messages": SAID, "tools": TOOLS[:1]}
    async with client.messages.stream(**request, thinking=THINK) as stream:
        final = await stream.get_final_message()
    thinking, call = final.content
    assert thinking.type == "thinking"
    assert thinking.signature
    assert call.type == "tool_use"
    assert call.input == {"city": "sample-1"}
    omitted: Any = {"type": "adaptive", "display": "omitted"}
    hidden = await client.messages.create(model="sim-gold", max_tokens=3000, messages=SAID, thinking=omitted)
    assert hidden.content[0].type == "thinking"
    assert hidden.content[0].thinking == ""
    again = [*SAID, {"role": "assistant", "content": hidden.content}, {"role": "user", "content": "more"}]
    assert (await client.messages.create(model="sim-gold", max_tokens=99, messages=again)).content


async def test_a_tool_without_arguments_streams_only_an_empty_fragment(send: Callable[..., Any]) -> None:
    body = ask_body("anthropic", "sim-tools", tools=TOOLS[1:], stream=True)
    events = events_of((await send("/v1/messages", body, HEADERS["anthropic"])).body)
    deltas = [event["delta"] for event in events if event["type"] == "content_block_delta"]
    assert deltas == [{"type": "input_json_delta", "partial_json": ""}]


async def test_errors_arrive_as_the_sdk_knows_them(client: AsyncAnthropic) -> None:
    async def fails(model: str, **more: Any) -> anthropic.APIStatusError:
        with pytest.raises(anthropic.APIStatusError) as caught:
            await client.messages.create(model=model, max_tokens=10, messages=SAID, **more)
        return caught.value

    assert type(await fails("claude-nonexistent")) is anthropic.NotFoundError
    assert type(await fails("sim-429")) is anthropic.RateLimitError
    overloaded = await fails("sim-529")
    assert overloaded.status_code == 529
    body: Any = overloaded.body
    assert body["error"] == {"type": "overloaded_error", "message": "Overloaded"}
    assert body["request_id"] == overloaded.response.headers["request-id"]
    too_long = await fails("sim-gold@ctx=3")
    assert "prompt is too long" in too_long.message
    assert too_long.response.headers["x-should-retry"] == "false"
    assert (
        "prefill"
        in (
            await fails(
                "scn-noprefill", extra_body={"messages": [*SAID, {"role": "assistant", "content": "A"}]}
            )
        ).message
    )


async def test_an_error_event_ends_the_stream(client: AsyncAnthropic) -> None:
    async def read() -> None:
        async for _ in await client.messages.create(
            model="sim-midstream-error@kind=overloaded", max_tokens=500, messages=SAID, stream=True
        ):
            pass

    with pytest.raises(anthropic.APIStatusError, match="Overloaded"):
        await read()


async def test_the_cache_is_written_then_read(client: AsyncAnthropic) -> None:
    system: list[Any] = [
        {"type": "text", "text": "Context. " * 500, "cache_control": {"type": "ephemeral", "ttl": "1h"}}
    ]
    first = await client.messages.create(model="sim-gold", max_tokens=500, messages=SAID, system=system)
    async with client.messages.stream(
        model="sim-gold", max_tokens=500, messages=SAID, system=system
    ) as stream:
        second = await stream.get_final_message()
    assert first.usage.cache_creation is not None
    assert first.usage.cache_creation.ephemeral_1h_input_tokens == 1125
    assert (first.usage.cache_read_input_tokens, second.usage.cache_read_input_tokens) == (0, 1125)
    assert second.usage.cache_creation_input_tokens == 0
    assert first.usage.input_tokens == second.usage.input_tokens < 100
    automatic = await client.messages.create(
        model="sim-gold", max_tokens=500, messages=SAID, cache_control={"type": "ephemeral"}
    )
    assert automatic.usage.cache_creation is not None
    assert automatic.usage.cache_creation.ephemeral_5m_input_tokens > 0


async def test_counting_and_the_list_of_models(client: AsyncAnthropic) -> None:
    counted = await client.messages.count_tokens(model="claude-haiku-4-5", messages=SAID, tools=TOOLS)
    used = await client.messages.create(model="claude-haiku-4-5", max_tokens=500, messages=SAID, tools=TOOLS)
    assert counted.input_tokens == used.usage.input_tokens
    with pytest.raises(anthropic.NotFoundError, match="model: claude-nonexistent"):
        await client.messages.count_tokens(model="claude-nonexistent", messages=SAID)
    listed = [model.id async for model in client.models.list(limit=7)]
    assert len(listed) == len(set(listed)) > 50
    assert (await client.models.retrieve("claude-haiku-4-5")).max_input_tokens == 200_000
    with pytest.raises(anthropic.NotFoundError):
        await client.models.retrieve("claude-nonexistent")


@pytest.mark.parametrize(
    "model",
    [
        "sim-gold",
        "sim-tools@calls=2",
        "sim-thinking",
        "sim-refusal",
        "sim-truncated",
        "sim-empty",
        "sim-filtered",
    ],
)
@pytest.mark.parametrize("thinking", [None, {"type": "adaptive"}])
async def test_the_types_accept_every_body_and_event(
    model: str, thinking: Any, ask: Callable[..., Any]
) -> None:
    more = {"tools": TOOLS} | ({"thinking": thinking} if thinking else {})
    whole = (await ask("anthropic", model, PROBLEM, **more)).json
    Message.model_validate(whole)
    events = events_of((await ask("anthropic", model, PROBLEM, stream=True, **more)).body)
    adapter: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)
    for event in events:
        if event["type"] != "ping":
            adapter.validate_python(event)
    delta = next(event for event in events if event["type"] == "message_delta")
    assert text_of("anthropic", events) == text_of("anthropic", whole)
    assert delta["delta"]["stop_reason"] == whole["stop_reason"]
    assert delta["usage"]["output_tokens"] == whole["usage"]["output_tokens"]
    starts = [event["index"] for event in events if event["type"] == "content_block_start"]
    stops = [event["index"] for event in events if event["type"] == "content_block_stop"]
    assert starts == stops == list(range(len(whole["content"])))
    assert events[-1] == {"type": "message_stop"}
