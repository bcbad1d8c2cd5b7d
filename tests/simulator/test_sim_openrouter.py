"""OpenRouter's accent: comments, two finishes, a cost in every answer, errors with the status as a number."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import openai
import pytest
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from support_simulator import HEADERS, PATCH, PATHS, PROBLEM, ask_body, events_of, text_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from swebench_runner.simulator import Simulator

SAID: list[Any] = [{"role": "user", "content": PROBLEM}]
TOOLS: list[Any] = [
    {
        "type": "function",
        "function": {"name": "f", "parameters": {"type": "object", "properties": {"a": {"type": "string"}}}},
    }
]


@pytest.fixture(params=["/openrouter/api/v1", "/api/v1"])
async def client(sim: Simulator, request: pytest.FixtureRequest) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=sim.url + request.param, api_key="sk-or-1", max_retries=0) as made:
        yield made


async def test_calls_and_streams_through_the_sdk(client: AsyncOpenAI) -> None:
    whole = await client.chat.completions.create(model="openai/gpt-4o", messages=SAID)
    stream = await client.chat.completions.create(model="openai/gpt-4o", messages=SAID, stream=True)
    chunks = [chunk async for chunk in stream]
    assert PATCH in (whole.choices[0].message.content or "")
    assert (
        "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == whole.choices[0].message.content
    )
    assert chunks[-1].usage == whole.usage
    assert whole.id.startswith("gen-")


async def test_the_stream_has_its_comments_and_two_finishes(ask: Callable[..., Any]) -> None:
    answer = await ask("openrouter", "sim-gold", PROBLEM, stream=True)
    assert answer.body.startswith(b": OPENROUTER PROCESSING\n\n")
    *events, mark = events_of(answer.body)
    assert mark == "[DONE]"
    finishes = [event["choices"][0]["finish_reason"] for event in events]
    assert finishes[-2:] == ["stop", "stop"]
    assert set(finishes[:-2]) == {None}
    assert [("usage" in event, len(event["choices"])) for event in events[-2:]] == [(False, 1), (True, 1)]
    assert events[-1]["choices"][0]["native_finish_reason"] == "end_turn"
    assert answer.headers["X-Generation-Id"] == events[0]["id"]


async def test_the_cost_is_the_price_list_times_the_tokens(
    ask: Callable[..., Any], send: Callable[..., Any]
) -> None:
    usage = (await ask("openrouter", "sim-gold", PROBLEM)).json["usage"]
    listed = (await send("/openrouter/api/v1/models", method="GET")).json["data"]
    prices = next(model["pricing"] for model in listed if model["id"] == "sim-gold")
    cost = usage["prompt_tokens"] * Decimal(prices["prompt"]) + usage["completion_tokens"] * Decimal(
        prices["completion"]
    )
    assert Decimal(str(usage["cost"])) == cost > 0
    free = (await ask("openrouter", "sim/sim-gold:free", PROBLEM)).json
    assert free["usage"]["cost"] == 0


async def test_marked_parts_are_cached(ask: Callable[..., Any]) -> None:
    parts = [
        {"type": "text", "text": "Context. " * 100, "cache_control": {"type": "ephemeral"}},
        {"type": "text", "text": PROBLEM},
    ]
    message = {"messages": [{"role": "user", "content": parts}]}
    first, second = [(await ask("openrouter", "sim-gold", **message)).json["usage"] for _ in range(2)]
    details = [usage["prompt_tokens_details"] for usage in (first, second)]
    assert [(one["cached_tokens"], one["cache_write_tokens"]) for one in details] == [(0, 225), (225, 0)]
    assert second["cost"] < first["cost"]
    assert first["prompt_tokens"] == second["prompt_tokens"]


async def test_thinking_comes_in_two_forms_and_is_checked_on_return(client: AsyncOpenAI) -> None:
    body = {"reasoning": {"effort": "low"}}
    whole: Any = await client.chat.completions.create(model="sim-gold", messages=SAID, extra_body=body)
    message = whole.choices[0].message
    assert message.reasoning == message.reasoning_details[0]["text"]
    stream = await client.chat.completions.create(
        model="sim-gold", messages=SAID, stream=True, extra_body=body
    )
    deltas: list[Any] = [chunk.choices[0].delta async for chunk in stream]
    assert "".join(getattr(delta, "reasoning", None) or "" for delta in deltas) == message.reasoning
    details = [detail for delta in deltas for detail in getattr(delta, "reasoning_details", [])]
    assert details[-1]["signature"] == message.reasoning_details[0]["signature"]
    back: list[Any] = [*SAID, message.model_dump(exclude_none=True), {"role": "user", "content": "more"}]
    assert await client.chat.completions.create(model="sim-gold", messages=back)
    back[1]["reasoning_details"][0]["text"] += "!"
    with pytest.raises(openai.BadRequestError, match="Provider returned error"):
        await client.chat.completions.create(model="sim-gold", messages=back)
    hidden: Any = await client.chat.completions.create(
        model="sim-gold", messages=SAID, extra_body={"reasoning": {"enabled": True, "exclude": True}}
    )
    assert hidden.choices[0].message.reasoning is None
    assert hidden.usage.completion_tokens_details.reasoning_tokens > 0


@pytest.mark.parametrize(
    ("model", "status", "message"),
    [
        ("nobody/missing", 400, "nobody/missing is not a valid model ID"),
        ("gpt-4o", 400, "gpt-4o is not a valid model ID"),
        ("sim-gold@ctx=5", 400, "This endpoint's maximum context length is 5 tokens"),
        ("sim-401", 401, "User not found."),
        ("sim-quota", 402, "Insufficient credits"),
        ("sim-policy", 403, "requires moderation"),
        ("sim-404", 404, "No endpoints found"),
        ("sim-429", 429, "Provider returned error"),
        ("sim-502", 502, "Provider returned error"),
    ],
)
async def test_errors_repeat_the_status(
    model: str, status: int, message: str, ask: Callable[..., Any]
) -> None:
    answer = await ask("openrouter", model, PROBLEM)
    error = answer.json["error"]
    assert answer.status == error["code"] == status
    assert message in error["message"]
    if message == "Provider returned error":
        assert error["metadata"]["raw"]


async def test_keys_and_pages(send: Callable[..., Any], ask: Callable[..., Any]) -> None:
    for headers, message in (
        ({}, "No auth credentials found"),
        ({"Authorization": "Bearer sk-bad"}, "User not found."),
    ):
        pages = ("/openrouter/api/v1/key", "/openrouter/api/v1/generation")
        for path, method in ((PATHS["openrouter"], "POST"), *((page, "GET") for page in pages)):
            answer = await send(path, ask_body("openrouter", "sim-gold"), headers, method)
            assert (answer.status, answer.json["error"]["message"]) == (401, message)
    made = await ask("openrouter", "sim-gold", PROBLEM)
    path = f"/openrouter/api/v1/generation?id={made.json['id']}"
    told = (await send(path, headers=HEADERS["openrouter"], method="GET")).json["data"]
    assert told["total_cost"] == made.json["usage"]["cost"]
    unknown = await send(
        "/openrouter/api/v1/generation?id=gen-x", headers=HEADERS["openrouter"], method="GET"
    )
    assert unknown.status == 404
    assert (await send("/openrouter/api/v1/key", headers=HEADERS["openrouter"], method="GET")).json["data"][
        "usage"
    ] == 0
    assert (await send("/openrouter/nowhere", method="GET")).body.startswith(b"<!DOCTYPE html>")


async def test_thinking_has_two_switches(ask: Callable[..., Any]) -> None:
    for more, thinks in (
        ({"reasoning_effort": "low"}, True),
        ({"reasoning_effort": "none"}, False),
        ({}, False),
    ):
        message = (await ask("openrouter", "sim-gold", PROBLEM, **more)).json["choices"][0]["message"]
        assert bool(message["reasoning"]) == thinks
    hidden = await ask(
        "openrouter", "sim-gold", PROBLEM, stream=True, reasoning={"enabled": True, "exclude": True}
    )
    assert b'"reasoning"' not in hidden.body


async def test_an_error_in_a_stream_stands_beside_the_choices(ask: Callable[..., Any]) -> None:
    *_, event, mark = events_of((await ask("openrouter", "sim-midstream-error", stream=True)).body)
    assert event["error"]["code"] == 529
    assert event["choices"][0]["finish_reason"] == "error"
    assert mark == "[DONE]"


async def test_the_first_known_of_several_models_answers(ask: Callable[..., Any]) -> None:
    answer = await ask("openrouter", "nobody/missing", models=["nobody/nonexistent", "sim-echo"])
    assert (answer.status, answer.json["model"]) == (200, "sim-echo")


@pytest.mark.parametrize(
    "model", ["sim-gold", "sim-tools@calls=2", "sim-thinking", "sim-refusal", "sim-truncated"]
)
async def test_the_types_accept_every_body_and_chunk(model: str, ask: Callable[..., Any]) -> None:
    whole = (await ask("openrouter", model, PROBLEM, tools=TOOLS)).json
    ChatCompletion.model_validate({**whole, "service_tier": None})
    *events, _ = events_of((await ask("openrouter", model, PROBLEM, stream=True, tools=TOOLS)).body)
    for event in events:
        ChatCompletionChunk.model_validate(event)
    assert text_of("openrouter", events) == text_of("openrouter", whole)
    assert events[-1]["usage"] == whole["usage"]
