"""OpenAI's own SDK is served as by OpenAI: calls, streams, tools, errors; its types accept every body."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import openai
import pytest
from openai import AsyncOpenAI
from openai.types import Completion
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from support_simulator import PATCH, PROBLEM, ask_body, events_of, text_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from swebench_runner.simulator import Simulator

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city", "days"],
}
TOOLS: list[Any] = [{"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}]
FLAT_TOOLS: list[Any] = [{"type": "function", "name": "weather", "parameters": SCHEMA}]
SAID: list[Any] = [{"role": "user", "content": PROBLEM}]
MODELS = [
    "sim-gold",
    "sim-tools@calls=2",
    "sim-tools@text=yes",
    "sim-thinking",
    "sim-refusal",
    "sim-truncated",
    "sim-empty",
]


@pytest.fixture
async def client(sim: Simulator) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{sim.url}/v1", api_key="sk-test-1234", max_retries=0) as made:
        yield made


async def test_a_chat_call(client: AsyncOpenAI) -> None:
    done = await client.chat.completions.create(model="sim-gold", messages=SAID)
    assert done.choices[0].finish_reason == "stop"
    assert f"```diff\n{PATCH}```" in (done.choices[0].message.content or "")
    assert done.usage is not None
    assert done.usage.total_tokens == done.usage.prompt_tokens + done.usage.completion_tokens > 0
    assert done.model == "sim-gold"


async def test_a_chat_stream_says_what_the_call_says(client: AsyncOpenAI) -> None:
    whole = await client.chat.completions.create(model="sim-gold", messages=SAID)
    text, usages, finishes = "", [], []
    stream = await client.chat.completions.create(
        model="sim-gold", messages=SAID, stream=True, stream_options={"include_usage": True}
    )
    async for chunk in stream:
        text += chunk.choices[0].delta.content or "" if chunk.choices else ""
        finishes += [chunk.choices[0].finish_reason] if chunk.choices else []
        usages.append(chunk.usage)
    assert text == whole.choices[0].message.content
    assert [finish for finish in finishes if finish] == ["stop"] == finishes[-1:]
    assert usages[:-1] == [None] * (len(usages) - 1)
    assert usages[-1] == whole.usage


async def test_a_chat_stream_without_include_usage_has_none(client: AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(model="sim-gold", messages=SAID, stream=True)
    assert [chunk.usage async for chunk in stream if chunk.usage is not None] == []


async def test_chat_tools_there_and_back(client: AsyncOpenAI) -> None:
    first = await client.chat.completions.create(model="sim-tools@calls=2", messages=SAID, tools=TOOLS)
    message = first.choices[0].message
    assert first.choices[0].finish_reason == "tool_calls"
    assert message.content is None
    assert message.tool_calls is not None
    assert [json.loads(call.function.arguments) for call in message.tool_calls] == [  # type: ignore[union-attr]
        {"city": "sample-1", "days": 0},
        {"city": "sample-2", "days": 1},
    ]
    results: list[Any] = [
        {"role": "tool", "tool_call_id": call.id, "content": "sunny"} for call in message.tool_calls
    ]
    history = [*SAID, message.model_dump(exclude_none=True), *results]
    second = await client.chat.completions.create(model="sim-tools", messages=history, tools=TOOLS)
    assert PATCH in (second.choices[0].message.content or "")


async def test_chat_tools_come_in_fragments(client: AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(
        model="sim-tools@calls=2", messages=SAID, tools=TOOLS, stream=True
    )
    arguments: dict[int, str] = {}
    names: dict[int, str] = {}
    fragments = 0
    async for chunk in stream:
        for part in (chunk.choices[0].delta.tool_calls or []) if chunk.choices else []:
            assert part.function is not None
            fragments += 1
            if part.id:
                names[part.index] = part.function.name or ""
            arguments[part.index] = arguments.get(part.index, "") + (part.function.arguments or "")
    assert names == {0: "weather", 1: "weather"}
    assert [json.loads(text)["city"] for text in arguments.values()] == ["sample-1", "sample-2"]
    assert fragments > 6


async def test_a_named_tool_is_called_and_ends_with_stop(client: AsyncOpenAI) -> None:
    choice: Any = {"type": "function", "function": {"name": "weather"}}
    done = await client.chat.completions.create(
        model="gpt-4o", messages=SAID, tools=TOOLS, tool_choice=choice
    )
    assert done.choices[0].finish_reason == "stop"
    assert done.choices[0].message.tool_calls is not None


async def test_structured_output_follows_the_schema(client: AsyncOpenAI) -> None:
    schema = {"type": "object", "properties": {"patch": {"type": "string"}, "sure": {"type": "boolean"}}}
    done = await client.chat.completions.create(
        model="sim-gold",
        messages=SAID,
        response_format={"type": "json_schema", "json_schema": {"name": "fix", "schema": schema}},
    )
    value = json.loads(done.choices[0].message.content or "")
    assert PATCH in value["patch"]
    assert value["sure"] is True


@pytest.mark.parametrize("stream", [False, True])
async def test_errors_arrive_as_the_sdk_knows_them(client: AsyncOpenAI, stream: bool) -> None:
    async def fails(model: str) -> openai.APIStatusError:
        with pytest.raises(openai.APIStatusError) as caught:
            await client.chat.completions.create(model=model, messages=SAID, stream=stream)
        return caught.value

    assert type(await fails("gpt-nonexistent")) is openai.NotFoundError
    limited = await fails("sim-429@retry_after=7")
    assert (type(limited), limited.code) == (openai.RateLimitError, "rate_limit_exceeded")
    assert limited.response.headers["retry-after"] == "7"
    assert (await fails("sim-quota")).code == "insufficient_quota"
    assert type(await fails("sim-500")) is openai.InternalServerError
    assert (await fails("sim-context")).code == "context_length_exceeded"
    assert str(limited.request_id).startswith("req_")


async def test_an_error_in_a_stream_reaches_the_caller(client: AsyncOpenAI) -> None:
    seen: list[object] = []

    async def read(stream: Any) -> None:
        async for event in stream:
            seen.append(event)  # noqa: PERF401 - what was seen before the error is what counts

    with pytest.raises(openai.APIError, match="overloaded"):
        await read(
            await client.chat.completions.create(model="sim-midstream-error", messages=SAID, stream=True)
        )
    assert len(seen) == 1 + 20
    with pytest.raises(openai.APIError, match="overloaded"):
        await read(await client.responses.create(model="sim-midstream-error", input="hi", stream=True))


async def test_responses_call_stream_and_tools(client: AsyncOpenAI) -> None:
    whole = await client.responses.create(model="sim-gold", input=PROBLEM, instructions="Fix it.")
    assert PATCH in whole.output_text
    assert whole.status == "completed"
    last: Any = None
    text = ""
    async for event in await client.responses.create(
        model="sim-gold", input=PROBLEM, instructions="Fix it.", stream=True
    ):
        text += event.delta if event.type == "response.output_text.delta" else ""
        last = event
    assert text == whole.output_text == last.response.output_text
    assert last.response.usage == whole.usage
    called = await client.responses.create(model="sim-tools", input=PROBLEM, tools=FLAT_TOOLS)
    call: Any = called.output[0]
    again: list[Any] = [
        {"role": "user", "content": PROBLEM},
        call.model_dump(exclude_none=True),
        {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"},
    ]
    assert (
        PATCH in (await client.responses.create(model="sim-tools", input=again, tools=FLAT_TOOLS)).output_text
    )


async def test_responses_reasoning_goes_round(client: AsyncOpenAI) -> None:
    first = await client.responses.create(
        model="o3",
        input=PROBLEM,
        tools=FLAT_TOOLS,
        tool_choice="required",
        store=False,
        include=["reasoning.encrypted_content"],
        reasoning={"effort": "low", "summary": "auto"},
    )
    assert [item.type for item in first.output] == ["reasoning", "function_call"]
    assert first.usage is not None
    assert first.usage.output_tokens_details.reasoning_tokens > 0
    items: list[Any] = [item.model_dump(exclude_none=True) for item in first.output]
    result = {"type": "function_call_output", "call_id": items[1]["call_id"], "output": "3"}
    said = {"role": "user", "content": PROBLEM}
    done = await client.responses.create(model="o3", input=[said, *items, result], tools=FLAT_TOOLS)
    assert done.output_text
    items[0]["encrypted_content"] = "gAAAAA" + "x" * 40
    with pytest.raises(openai.BadRequestError) as caught:
        await client.responses.create(model="o3", input=[said, *items, result], tools=FLAT_TOOLS)
    assert caught.value.code == "invalid_encrypted_content"


async def test_responses_errors_and_incompleteness(client: AsyncOpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        await client.responses.create(model="gpt-nonexistent", input="hi")
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")
    cut = await client.responses.create(model="sim-gold", input=PROBLEM, max_output_tokens=16)
    assert cut.status == "incomplete"
    assert cut.incomplete_details is not None
    assert cut.incomplete_details.reason == "max_output_tokens"


async def test_counting_models_and_legacy_completions(client: AsyncOpenAI) -> None:
    counted = await client.responses.input_tokens.count(model="gpt-4o", input=PROBLEM)
    used = await client.responses.create(model="gpt-4o", input=PROBLEM)
    assert used.usage is not None
    assert counted.input_tokens == used.usage.input_tokens
    listed = [model.id async for model in client.models.list()]
    assert {"gpt-4o", "sim-gold", "scn-16"} <= set(listed)
    assert (await client.models.retrieve("sim-gold")).owned_by == "simulator"
    done = await client.completions.create(model="sim-echo", prompt="one two", max_tokens=100)
    streamed = [
        part
        async for part in await client.completions.create(model="sim-echo", prompt="one two", stream=True)
    ]
    assert done.choices[0].text == "".join(part.choices[0].text for part in streamed) == "one two"
    short = await client.completions.create(model="sim-lorem", prompt="go")
    assert short.choices[0].finish_reason == "length"


@pytest.mark.parametrize("model", [*MODELS, "gpt-5"])
async def test_the_types_accept_every_chat_body_and_chunk(model: str, send: Callable[..., Any]) -> None:
    for n in (1, 2):
        body = ask_body("openai", model, PROBLEM, tools=TOOLS, n=n)
        whole = (await send("/v1/chat/completions", body, {"Authorization": "Bearer k"})).json
        assert len(ChatCompletion.model_validate(whole).choices) == n
        streamed = await send(
            "/v1/chat/completions",
            {**body, "stream": True, "stream_options": {"include_usage": True}},
            {"Authorization": "Bearer k"},
        )
        *events, mark = events_of(streamed.body)
        assert mark == "[DONE]"
        chunks = [ChatCompletionChunk.model_validate(event) for event in events]
        assert events[-1]["usage"] == whole["usage"]
        assert chunks[-2].choices[0].finish_reason == whole["choices"][0]["finish_reason"]
        assert text_of("openai", events) == (whole["choices"][0]["message"]["content"] or "") * n


@pytest.mark.parametrize("model", [*MODELS, "o3", "sim-filtered"])
async def test_the_types_accept_every_response_and_event(model: str, send: Callable[..., Any]) -> None:
    body = ask_body("responses", model, PROBLEM, tools=FLAT_TOOLS, reasoning={"summary": "auto"})
    whole = (await send("/v1/responses", body, {"Authorization": "Bearer k"})).json
    Response.model_validate(whole)
    streamed = events_of(
        (await send("/v1/responses", {**body, "stream": True}, {"Authorization": "Bearer k"})).body
    )
    adapter: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
    for event in streamed:
        adapter.validate_python(event)
    assert [event["sequence_number"] for event in streamed] == list(range(len(streamed)))
    last = streamed[-1]["response"]
    assert streamed[-1]["type"] == f"response.{whole['status']}"
    assert last["usage"] == whole["usage"]
    kinds = [item["type"] for item in whole["output"]]
    assert [item["type"] for item in last["output"]] == kinds
    assert text_of("responses", streamed) == ("" if model == "sim-refusal" else text_of("responses", whole))


async def test_the_types_accept_legacy_bodies(send: Callable[..., Any]) -> None:
    body = {"model": "sim-lorem", "prompt": "go", "max_tokens": 200}
    whole = (await send("/v1/completions", body, {"Authorization": "Bearer k"})).json
    Completion.model_validate(whole)
    more = {"stream": True, "stream_options": {"include_usage": True}}
    *events, mark = events_of(
        (await send("/v1/completions", {**body, **more}, {"Authorization": "Bearer k"})).body
    )
    assert mark == "[DONE]"
    # The type wants a reason in every event; the wire, recorded, has null until the last.
    assert [Completion.model_validate(event) for event in events[-2:]][-1].usage is not None
    assert events[-1]["usage"] == whole["usage"]
