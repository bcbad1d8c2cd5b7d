"""What OpenAI refuses, the simulator refuses, with the same status, code and parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support_simulator import HEADERS, PATHS, ask_body

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
STRICT = {**SCHEMA, "additionalProperties": False, "required": ["a"]}
FUNCTION = {"name": "f", "parameters": SCHEMA}
TOOL = {"type": "function", "function": FUNCTION}
CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
USER = {"role": "user", "content": "hi"}
CALLER = {"role": "assistant", "content": None, "tool_calls": [CALL]}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "ok"}
PART = {"type": "text", "text": "hi"}

# change of the minimal body -> (status, code, param, part of the message)
CHAT: list[tuple[dict[str, Any], int, str | None, str | None, str]] = [
    ({"model": "gpt-nonexistent"}, 404, "model_not_found", None, "does not exist or you do not have access"),
    ({"model": "claude-sonnet-4-5"}, 404, "model_not_found", None, "`claude-sonnet-4-5`"),
    ({"model": "sim-golf"}, 404, "model_not_found", None, "no behaviour 'sim-golf'"),
    ({"model": "sim-gold@tokens=3"}, 404, "model_not_found", None, "has no option 'tokens'"),
    ({"model": "sim-lorem@tokens=x"}, 404, "model_not_found", None, "option 'tokens' cannot be 'x'"),
    ({"model": 4}, 400, "invalid_type", "model", "expected a string, but got an integer"),
    ({"model": None}, 400, "invalid_type", "model", "but got null"),
    ({"messages": None}, 400, "invalid_type", "messages", "expected an array"),
    ({"messages": []}, 400, "empty_array", "messages", "minimum length 1"),
    ({"messages": [{"content": "hi"}]}, 400, "missing_required_parameter", "messages[0].role", "Missing required"),
    ({"messages": [{"role": "robot", "content": "hi"}]}, 400, "invalid_value", "messages[0].role", "'robot'. Supported"),
    ({"messages": [{"role": "user"}]}, 400, None, "messages[0].content", "got null"),
    ({"messages": [{"role": "user", "content": 3}]}, 400, "invalid_type", "messages[0].content", "one of a string or an array"),
    ({"messages": [{**USER, "reasoning": "x"}]}, 400, "unknown_parameter", "messages[0].reasoning", "Unknown parameter"),
    ({"messages": [{"role": "user", "content": [{"type": "thinking"}]}]}, 400, "invalid_value", "messages[0].content[0].type", "'text', 'image_url'"),
    ({"messages": [{"role": "system", "content": [{"type": "image_url"}]}, USER]}, 400, "invalid_value", "messages[0].content[0].type", "are: 'text'"),
    ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, 400, "missing_required_parameter", "messages[0].content[0].text", "Missing"),
    ({"messages": [USER, RESULT]}, 400, None, "messages.[1].role", "must be a response to a preceeding message"),
    ({"messages": [USER, CALLER]}, 400, None, "messages.[2].role", "did not have response messages: call_1"),
    ({"messages": [USER, CALLER, USER]}, 400, None, "messages.[2].role", "must be followed by tool messages"),
    ({"messages": [USER, CALLER, {"role": "tool", "content": "ok"}]}, 400, "missing_required_parameter", "messages[2].tool_call_id", "Missing"),
    ({"messages": [USER, {"role": "assistant", "content": "x", "tool_calls": []}]}, 400, "empty_array", "messages[1].tool_calls", "empty array"),
    ({"messages": [USER, {"role": "assistant", "content": "x"}], "model": "scn-noprefill"}, 400, "invalid_value", "messages", "prefill"),
    ({"foo": 1}, 400, "unknown_parameter", "foo", "Unknown parameter: 'foo'."),
    ({"top_k": 3}, 400, "unknown_parameter", "top_k", "Unknown parameter"),
    ({"temperature": 3}, 400, "decimal_above_max_value", "temperature", "a value <= 2"),
    ({"temperature": -1}, 400, "decimal_below_min_value", "temperature", "a value >= 0"),
    ({"temperature": "hot"}, 400, "invalid_type", "temperature", "expected a decimal, but got a string"),
    ({"max_tokens": 0}, 400, "integer_below_min_value", "max_tokens", "a value >= 1"),
    ({"n": 200}, 400, "integer_above_max_value", "n", "a value <= 128"),
    ({"max_tokens": 5, "max_completion_tokens": 5}, 400, "invalid_parameter_combination", None, "at the same time"),
    ({"stop": ["a", "b", "c", "d", "e"]}, 400, "array_above_max_length", "stop", "maximum length 4"),
    ({"stream_options": {"include_usage": True}}, 400, None, "stream_options", "only allowed when 'stream'"),
    ({"top_logprobs": 3}, 400, None, "top_logprobs", "only allowed when 'logprobs'"),
    ({"tools": []}, 400, "empty_array", "tools", "minimum length 1"),
    ({"tools": [{"type": "function"}]}, 400, "missing_required_parameter", "tools[0].function", "Missing"),
    ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, 400, "invalid_value", "tools[0].function.name", "does not match pattern"),
    ({"tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "string"}}}]}, 400, "invalid_function_parameters", "tools[0].function.parameters", "schema must be a JSON Schema"),
    ({"tools": [{"type": "function", "function": {**FUNCTION, "strict": True}}]}, 400, "invalid_function_parameters", "tools[0].function.parameters", "'additionalProperties' is required"),
    ({"tools": [{"type": "function", "function": {"name": "f", "strict": True, "parameters": {**SCHEMA, "additionalProperties": False}}}]}, 400, "invalid_function_parameters", "tools[0].function.parameters", "Missing 'a'"),
    ({"tool_choice": "auto"}, 400, None, "tool_choice", "only allowed when 'tools'"),
    ({"parallel_tool_calls": True}, 400, None, "parallel_tool_calls", "only allowed when 'tools'"),
    ({"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "g"}}}, 400, None, "tool_choice", "'g' not found"),
    ({"response_format": {"type": "json_object"}}, 400, None, "messages", "must contain the word 'json'"),
    ({"response_format": {"type": "json_schema"}}, 400, "missing_required_parameter", "response_format.json_schema", "Missing"),
    ({"response_format": {"type": "json_schema", "json_schema": {"name": "x"}}}, 400, "missing_required_parameter", "response_format.json_schema.schema", "Missing"),
    ({"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA, "strict": True}}}, 400, None, "response_format", "Invalid schema for response_format 'x'"),
    ({"response_format": {"type": "xml"}}, 400, "invalid_value", "response_format.type", "'xml'"),
    ({"model": "o3", "max_tokens": 5}, 400, "unsupported_parameter", "max_tokens", "Use 'max_completion_tokens' instead."),
    ({"model": "gpt-5.2", "max_tokens": 5}, 400, "unsupported_parameter", "max_tokens", "Use 'max_completion_tokens'"),
    ({"model": "o3-mini", "temperature": 0.5}, 400, "unsupported_parameter", "temperature", "'temperature' is not supported"),
    ({"model": "gpt-5", "temperature": 0.5}, 400, "unsupported_value", "temperature", "does not support 0.5 with this model"),
    ({"model": "gpt-5.5", "top_p": 0.5}, 400, "unsupported_value", "top_p", "Only the default (1) value"),
    ({"model": "gpt-5.1", "reasoning_effort": "low", "temperature": 0.5}, 400, "unsupported_value", "temperature", "0.5"),
    ({"model": "o1", "logprobs": True}, 400, "unsupported_parameter", "logprobs", "'logprobs' is not supported"),
    ({"model": "o1-mini", "messages": [{"role": "system", "content": "x"}, USER]}, 400, "unsupported_value", "messages[0].role", "does not support 'system'"),
    ({"model": "gpt-4o", "reasoning_effort": "low"}, 400, None, None, "reasoning_effort"),
    ({"reasoning_effort": "extreme"}, 400, "invalid_value", "reasoning_effort", "'minimal', 'low'"),
    ({"model": "sim-echo@refuses=seed+stop", "stop": "x"}, 400, "unsupported_parameter", "stop", "'stop' is not supported"),
    ({"model": "sim-gold@ctx=1"}, 400, "context_length_exceeded", "messages", "maximum context length is 1 tokens"),
    ({"model": "gpt-4", "messages": [{"role": "user", "content": "x" * 33_000}]}, 400, "context_length_exceeded", "messages", "8192 tokens. However, your messages resulted in 8250"),
]  # fmt: skip
FINE: list[dict[str, Any]] = [
    {"model": "gpt-5", "temperature": 1, "max_completion_tokens": 5},
    {"model": "gpt-5.1", "temperature": 0.5},
    {"model": "gpt-5.5", "reasoning_effort": "none", "temperature": 0.5},
    {"model": "gpt-5-chat-latest", "temperature": 0.5, "max_tokens": 5},
    {"messages": [USER, CALLER, RESULT], "tools": [TOOL]},
    {"messages": [{"role": "system", "content": [PART]}, {"role": "developer", "content": "x"}, USER]},
    {"messages": [{"role": "user", "content": [PART, {"type": "image_url", "image_url": {"url": "data:"}}]}]},
    {"messages": [USER, {"role": "assistant", "content": "A"}], "model": "gpt-4o"},
    {
        "stop": ["a", "b"],
        "seed": 1,
        "user": "u",
        "metadata": {"a": "b"},
        "store": False,
        "service_tier": "flex",
    },
    {"tools": [TOOL], "tool_choice": {"type": "allowed_tools"}},
    {"response_format": {"type": "text"}},
    {"tools": [{"type": "function", "function": {"name": "f", "strict": True, "parameters": STRICT}}]},
    {
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "x", "schema": STRICT, "strict": True},
        }
    },
]


@pytest.mark.parametrize(("change", "status", "code", "param", "message"), CHAT)
async def test_chat_completions_refuse(  # noqa: PLR0917 - a row of the table
    change: dict[str, Any],
    status: int,
    code: str | None,
    param: str | None,
    message: str,
    send: Callable[..., Any],
) -> None:
    answer = await send(PATHS["openai"], ask_body("openai", "sim-echo") | change, HEADERS["openai"])
    error = answer.json["error"]
    assert (answer.status, error["code"], error["param"]) == (status, code, param)
    assert message in error["message"]
    assert answer.headers["x-request-id"].startswith("req_")
    assert set(error) == {"message", "type", "param", "code"}


@pytest.mark.parametrize("change", FINE)
@pytest.mark.parametrize("stream", [False, True])
async def test_chat_completions_accept(
    change: dict[str, Any], stream: bool, send: Callable[..., Any]
) -> None:
    body = ask_body("openai", "sim-echo", stream=stream) | change
    answer = await send(PATHS["openai"], body, HEADERS["openai"])
    assert answer.status == 200, answer.body


async def test_a_json_mode_that_is_mentioned_gives_json(ask: Callable[..., Any]) -> None:
    answer = await ask("openai", "sim-echo", "as json please", response_format={"type": "json_object"})
    assert answer.json["choices"][0]["message"]["content"] == '{"answer":"as json please"}'


@pytest.mark.parametrize(
    ("headers", "message", "code"),
    [
        ({}, "You didn't provide an API key.", None),
        ({"Authorization": "Basic abc"}, "You didn't provide an API key.", None),
        ({"Authorization": "Bearer sk-bad"}, "Incorrect API key provided: sk-bad.", "invalid_api_key"),
        ({"Authorization": "Bearer bad-key"}, "Incorrect API key provided: bad-key.", "invalid_api_key"),
    ],
)
@pytest.mark.parametrize(
    "path", ["/v1/chat/completions", "/v1/responses", "/v1/completions", "/v1/responses/input_tokens"]
)
async def test_the_door_is_shut(
    path: str, headers: dict[str, str], message: str, code: str | None, send: Callable[..., Any]
) -> None:
    answer = await send(path, b"{", headers)
    assert answer.status == 401
    assert answer.json["error"]["message"].startswith(message)
    assert answer.json["error"]["code"] == code


@pytest.mark.parametrize("body", [b"", b"{", b'{"model":}', b'{"model":"\xff"}'])
async def test_a_body_that_is_not_json(body: bytes, send: Callable[..., Any]) -> None:
    answer = await send(PATHS["openai"], body, HEADERS["openai"])
    assert answer.status == 400
    assert "could not parse the JSON body" in answer.json["error"]["message"]


async def test_paths_and_methods_that_do_not_exist(send: Callable[..., Any]) -> None:
    wrong = await send("/v1/chat/completions/chat/completions", {}, HEADERS["openai"])
    assert (wrong.status, wrong.json["error"]["message"]) == (
        404,
        "Invalid URL (POST /v1/chat/completions/chat/completions)",
    )
    get = await send("/v1/chat/completions", None, HEADERS["openai"], "GET")
    assert (get.status, get.json["error"]["code"]) == (405, "method_not_supported")
    assert (await send("/v1/models", None, {}, "GET")).status == 401
    assert (await send("/v1/models/gpt-missing", None, HEADERS["openai"], "GET")).status == 404
    assert (await send("/v1/models/gpt-4o", None, {}, "GET")).status == 401


@pytest.mark.parametrize(
    ("change", "text"),
    [({"prompt": "hi", "foo": 1}, "Unknown parameter: 'foo'."), ({"prompt": ["a", "b"]}, "Several prompts")],
)
async def test_legacy_completions_refuse(change: dict[str, Any], text: str, send: Callable[..., Any]) -> None:
    answer = await send("/v1/completions", {"model": "sim-echo", **change}, HEADERS["openai"])
    assert answer.status == 400
    assert text in answer.json["error"]["message"]
