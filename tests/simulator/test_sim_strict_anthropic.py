"""What Anthropic refuses, the simulator refuses, with the same status, type and words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support_simulator import HEADERS, PATHS, ask_body
from swebench_runner.simulator.signing import sign

if TYPE_CHECKING:
    from collections.abc import Callable

USER = {"role": "user", "content": "hi"}
SCHEMA = {"type": "object", "properties": {}}
TOOL = {"name": "f", "input_schema": SCHEMA}
USE = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "ok"}
THOUGHT = {"type": "thinking", "thinking": "hm", "signature": sign("hm")}
REDACTED = {"type": "redacted_thinking", "data": sign("secret")}
MARKED = {"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}
THINK = {"type": "enabled", "budget_tokens": 1024}


def said(*blocks: dict[str, Any], role: str = "assistant") -> dict[str, Any]:
    return {"role": role, "content": list(blocks)}


RULES: list[tuple[dict[str, Any], str]] = [
    ({"model": None}, "model: Input should be a valid string"),
    ({"messages": None}, "messages: Input should be a valid list"),
    ({"max_tokens": None}, "max_tokens: Input should be a valid integer"),
    ({"max_tokens": 0}, "max_tokens: must be greater than or equal to 1"),
    ({"messages": []}, "messages: at least one message is required"),
    ({"messages": [{"role": "user"}]}, "messages.0.content: Field required"),
    ({"messages": [{"role": "user", "content": 3}]}, "messages.0.content: Input should be a valid string"),
    ({"messages": [{**USER, "name": "x"}]}, "messages.0.name: Extra inputs are not permitted"),
    ({"messages": [{"role": "tool", "content": "x"}]}, "messages.0.role: Input should be 'user' or 'assistant'"),
    ({"messages": [{"role": "system", "content": "x"}, USER]}, 'messages: Unexpected role "system".'),
    ({"messages": [said({"type": "text", "text": "x"}), USER]}, 'first message must use the "user" role'),
    ({"messages": [{"role": "user", "content": ""}]}, "all messages must have non-empty content"),
    ({"messages": [said({"type": "text", "text": ""}, role="user")]}, "text content blocks must be non-empty"),
    ({"messages": [said({"type": "text", "text": " "}, role="user")]}, "must contain non-whitespace text"),
    ({"messages": [said({"type": "text"}, role="user")]}, "messages.0.content.0.text.text: Field required"),
    ({"messages": [USER, said({"type": "text", "text": "x "})]}, "cannot end with trailing whitespace"),
    ({"messages": [USER, said(USE)], "tools": [TOOL]}, "`tool_use` ids were found without `tool_result` blocks"),
    ({"messages": [USER, said(USE), USER], "tools": [TOOL]}, "immediately after: toolu_1"),
    ({"messages": [said(RESULT, role="user")]}, "unexpected `tool_use_id` found in `tool_result` blocks: toolu_1"),
    ({"messages": [USER, said({**USE, "input": None}), said(RESULT, role="user")]}, "tool_use.input: Field required"),
    ({"messages": [USER, said({**THOUGHT, "thinking": "hmm"}), USER]}, "Invalid `signature` in `thinking` block"),
    ({"messages": [USER, said({**THOUGHT, "signature": ""}), USER]}, "messages.1.content.0: Invalid `signature`"),
    ({"messages": [USER, said({**THOUGHT, "signature": "!!"}), USER]}, "messages.1.content.0: Invalid `signature`"),
    ({"messages": [USER, said({"type": "redacted_thinking", "data": "x"}), USER]}, "Invalid `data`"),
    ({"foo": 1}, "foo: Extra inputs are not permitted"),
    ({"frequency_penalty": 1}, "frequency_penalty: Extra inputs are not permitted"),
    ({"temperature": 1.5}, "temperature: range: 0..1"),
    ({"top_k": -1}, "top_k: Input should be greater than or equal to 0"),
    ({"stop_sequences": [" "]}, "each stop sequence must contain non-whitespace"),
    ({"model": "claude-opus-4-8", "temperature": 1}, "`temperature` is deprecated for this model."),
    ({"model": "claude-opus-4-7", "top_p": 1}, "`top_p` is deprecated for this model."),
    ({"model": "claude-sonnet-5", "top_k": 1}, "`top_k` is deprecated for this model."),
    ({"model": "claude-opus-5", "thinking": THINK, "max_tokens": 3000}, '"thinking.type.enabled" is not supported'),
    ({"model": "claude-opus-4-6", "messages": [USER, said({"type": "text", "text": "A"})]}, "does not support assistant message prefill"),
    ({"model": "claude-haiku-4-5", "temperature": 0.5, "top_p": 0.5}, "cannot both be specified"),
    ({"model": "claude-3-5-haiku-latest", "max_tokens": 9000}, "max_tokens: 9000 > 8192, which is the maximum allowed"),
    ({"model": "claude-opus-4-1", "max_tokens": 40_000}, "40000 > 32000"),
    ({"thinking": {"type": "enabled"}}, "thinking.enabled.budget_tokens: Field required"),
    ({"thinking": {"type": "enabled", "budget_tokens": 100}}, "greater than or equal to 1024"),
    ({"thinking": THINK, "max_tokens": 1024}, "`max_tokens` must be greater than `thinking.budget_tokens`"),
    ({"thinking": THINK, "temperature": 0.5}, "`temperature` may only be set to 1 when thinking is enabled"),
    ({"thinking": THINK, "top_k": 5}, "`top_k` must be unset when thinking is enabled"),
    ({"thinking": THINK, "tools": [TOOL], "tool_choice": {"type": "any"}}, "Thinking may not be enabled when tool_choice forces"),
    ({"thinking": THINK, "tools": [TOOL], "messages": [USER, said(USE), said(RESULT, role="user")]}, "Expected `thinking` or `redacted_thinking`, but found `tool_use`"),
    ({"thinking": THINK, "messages": [USER, said({"type": "text", "text": "A"})]}, "prefill"),
    ({"tools": [{"name": "a b", "input_schema": SCHEMA}]}, "tools.0.custom.name: String should match pattern"),
    ({"tools": [{"name": "f"}]}, "tools.0.custom.input_schema: Field required"),
    ({"tools": [{"name": "f", "input_schema": {}}]}, "input_schema.type: Field required"),
    ({"tools": [{"name": "f", "input_schema": {"type": "string"}}]}, "input_schema.type: Input should be 'object'"),
    ({"tools": [TOOL, TOOL]}, "Tool names must be unique"),
    ({"tool_choice": {"type": "auto"}}, "Tools must be specified"),
    ({"tools": [TOOL], "tool_choice": {"type": "tool", "name": "g"}}, "Tool 'g' not found in provided tools"),
    ({"tools": [TOOL], "tool_choice": {"type": "required"}}, "tool_choice.type: Input should be a permitted value"),
    ({"system": [MARKED] * 5}, "A maximum of 4 blocks with cache_control may be provided. Found 5."),
    ({"model": "sim-echo@ctx=1"}, "prompt is too long: 2 tokens > 1 maximum"),
    ({"model": "sim-echo@refuses=temperature", "temperature": 1}, "`temperature` is deprecated for this model."),
]  # fmt: skip
FINE: list[dict[str, Any]] = [
    {"messages": [USER, said(USE), said(RESULT, role="user")], "tools": [TOOL]},
    {"messages": [USER, said({**RESULT, "type": "text", "text": "A"})]},
    {"messages": [USER, said(THOUGHT, {"type": "text", "text": "x"}), USER], "thinking": THINK},
    {"messages": [USER, said(REDACTED, {"type": "text", "text": "x"}), USER]},
    {"messages": [USER, USER]},
    {"system": "be brief", "temperature": 1, "top_k": 5, "stop_sequences": ["END"], "metadata": {"user_id": "u"}},
    {"system": [MARKED], "tools": [{**TOOL, "cache_control": {"type": "ephemeral", "ttl": "1h"}}]},
    {"tools": [{"type": "web_search_20250305", "name": "web_search"}, TOOL], "tool_choice": {"type": "none"}},
    {"model": "claude-opus-4-8", "thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}},
    {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
    {"messages": [said({"type": "image", "source": {"type": "url", "url": "x"}}, role="user")]},
    {"messages": [USER, said(USE), said({**RESULT, "content": [{"type": "text", "text": "ok"}]}, role="user")], "tools": [TOOL]},
]  # fmt: skip


@pytest.mark.parametrize(("change", "message"), RULES)
async def test_messages_refuse(change: dict[str, Any], message: str, send: Callable[..., Any]) -> None:
    answer = await send(PATHS["anthropic"], ask_body("anthropic", "sim-echo") | change, HEADERS["anthropic"])
    told = answer.json
    assert answer.status == 400
    assert told["type"] == "error"
    assert told["error"]["type"] == "invalid_request_error"
    assert message in told["error"]["message"]
    assert told["request_id"] == answer.headers["request-id"]
    assert answer.headers["x-should-retry"] == "false"


@pytest.mark.parametrize("change", FINE)
@pytest.mark.parametrize("stream", [False, True])
async def test_messages_accept(change: dict[str, Any], stream: bool, send: Callable[..., Any]) -> None:
    body = ask_body("anthropic", "sim-echo", stream=stream) | change
    answer = await send(PATHS["anthropic"], body, HEADERS["anthropic"])
    assert answer.status == 200, answer.body


@pytest.mark.parametrize(
    ("headers", "status", "kind", "message"),
    [
        ({}, 401, "authentication_error", "x-api-key header is required"),
        ({"x-api-key": "sk-bad"}, 401, "authentication_error", "invalid x-api-key"),
        ({"Authorization": "Bearer bad-key"}, 401, "authentication_error", "Invalid bearer token"),
        ({"x-api-key": "k"}, 400, "invalid_request_error", "anthropic-version: header is required"),
        (
            {"x-api-key": "k", "anthropic-version": "1"},
            400,
            "invalid_request_error",
            'anthropic-version: "1" is not',
        ),
        (
            {
                "x-api-key": "k",
                "anthropic-version": "2023-06-01",
                "anthropic-beta": "files-api-2025-04-14, magic",
            },
            400,
            "invalid_request_error",
            "Unexpected value(s) `magic` for the `anthropic-beta` header.",
        ),
    ],
)
@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
async def test_the_door_is_shut(  # noqa: PLR0917 - a row of the table
    path: str, headers: dict[str, str], status: int, kind: str, message: str, send: Callable[..., Any]
) -> None:
    answer = await send(path, b"{", headers)
    assert (answer.status, answer.json["error"]["type"]) == (status, kind)
    assert answer.json["error"]["message"].startswith(message)


async def test_a_token_in_the_other_header_is_as_good(send: Callable[..., Any]) -> None:
    headers = {"Authorization": "Bearer oauth", "anthropic-version": "2023-06-01"}
    assert (await send("/v1/messages", ask_body("anthropic", "sim-echo"), headers)).status == 200


async def test_models_bodies_and_paths_that_do_not_exist(send: Callable[..., Any]) -> None:
    headers = HEADERS["anthropic"]
    for name in ("claude-nonexistent", "gpt-4o", "sim-golf"):
        answer = await send("/v1/messages", ask_body("anthropic", name), headers)
        assert (answer.status, answer.json["error"]["type"]) == (404, "not_found_error")
        assert answer.json["error"]["message"].startswith(f"model: {name}")
    broken = await send("/v1/messages", b"{", headers)
    assert "The request body is not valid JSON" in broken.json["error"]["message"]
    huge = await send("/v1/messages", b" " * (33 << 20), headers)
    assert (huge.status, huge.json["error"]["type"]) == (413, "request_too_large")
    assert (await send("/v1/messages/nowhere", {}, headers)).json["error"]["type"] == "not_found_error"
    assert (await send("/v1/messages", None, headers, "GET")).status == 405
    assert (await send("/v1/models/claude-missing", None, headers, "GET")).status == 404
    assert (await send("/v1/models", None, {"anthropic-version": "2023-06-01"}, "GET")).status == 401


async def test_counting_refuses_what_only_asking_takes(send: Callable[..., Any]) -> None:
    body = ask_body("anthropic", "sim-echo")
    wrong = await send("/v1/messages/count_tokens", body, HEADERS["anthropic"])
    assert wrong.json["error"]["message"] in (
        "stream: Extra inputs are not permitted",
        "max_tokens: Extra inputs are not permitted",
    )
    del body["max_tokens"], body["stream"]
    counted = await send("/v1/messages/count_tokens", body | {"tools": [TOOL]}, HEADERS["anthropic"])
    assert counted.json["input_tokens"] > 2
    empty = await send("/v1/messages/count_tokens", body | {"messages": []}, HEADERS["anthropic"])
    assert empty.status == 400


async def test_limits_of_the_request_hold(ask: Callable[..., Any]) -> None:
    cut = (await ask("anthropic", "sim-lorem", max_tokens=5)).json
    assert (cut["stop_reason"], cut["usage"]["output_tokens"]) == ("max_tokens", 5)
    stopped = (await ask("anthropic", "sim-echo", "one STOP two", stop_sequences=["nothing", "STOP"])).json
    assert (stopped["stop_reason"], stopped["stop_sequence"], stopped["content"][0]["text"]) == (
        "stop_sequence",
        "STOP",
        "one ",
    )
    schema = {"type": "object", "properties": {"text": {"type": "string"}}}
    form = {"format": {"type": "json_schema", "schema": schema}}
    shaped = (await ask("anthropic", "sim-echo", "hi", output_config=form)).json
    assert shaped["content"][0]["text"] == '{"text":"hi"}'
