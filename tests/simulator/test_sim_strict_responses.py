"""What OpenAI's Responses API refuses, the simulator refuses, with the same status, code and parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support_simulator import HEADERS, PATHS, ask_body
from swebench_runner.simulator.signing import seal

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
TOOL = {"type": "function", "name": "f", "parameters": SCHEMA}
USER = {"role": "user", "content": "hi"}
CALL = {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "call_1", "output": "ok"}
THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": []}

RULES: list[tuple[dict[str, Any], str | None, str | None, str]] = [
    ({"model": "gpt-nonexistent"}, "model_not_found", "model", "The requested model 'gpt-nonexistent' does not exist."),
    ({"model": "sim-golf"}, "model_not_found", "model", "no behaviour 'sim-golf'"),
    ({"model": None}, "missing_required_parameter", "model", "Missing required parameter"),
    ({"input": None}, "missing_required_parameter", "input", "Missing required parameter"),
    ({"input": []}, "empty_array", "input", "minimum length 1"),
    ({"input": 3}, "invalid_type", "input", "one of a string or an array"),
    ({"foo": 1}, "unknown_parameter", "foo", "Unknown parameter: 'foo'."),
    ({"messages": [USER]}, "unsupported_parameter", "messages", "has moved to 'input'"),
    ({"response_format": {}}, "unsupported_parameter", "response_format", "has moved to 'text.format'"),
    ({"max_tokens": 5}, "unsupported_parameter", "max_tokens", "has moved to 'max_output_tokens'"),
    ({"max_output_tokens": 5}, "integer_below_min_value", "max_output_tokens", "a value >= 16"),
    ({"stream_options": {}}, None, "stream_options", "only allowed when 'stream'"),
    ({"previous_response_id": "resp_1"}, "previous_response_not_found", "previous_response_id", "not found"),
    ({"model": "o3", "temperature": 0.5}, "unsupported_parameter", "temperature", "is not supported with this model"),
    ({"model": "gpt-4o", "reasoning": {"effort": "low"}}, "unsupported_parameter", "reasoning.effort", "not supported"),
    ({"model": "sim-echo@refuses=top_p", "top_p": 0.5}, "unsupported_parameter", "top_p", "not supported"),
    ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "missing_required_parameter", "tools[0].name", "Missing"),
    ({"tools": [{**TOOL, "parameters": {"type": "array"}}]}, "invalid_function_parameters", "tools[0].parameters", "JSON Schema"),
    ({"tools": [{**TOOL, "strict": True}]}, "invalid_function_parameters", "tools[0].parameters", "additionalProperties"),
    ({"tool_choice": "required"}, None, "tool_choice", "must not be specified when tools are not"),
    ({"tools": [TOOL], "tool_choice": {"type": "function", "name": "g"}}, None, "tool_choice", "'g' not found"),
    ({"text": {"format": {"type": "json_schema", "schema": SCHEMA}}}, "missing_required_parameter", "text.format.name", "Missing"),
    ({"text": {"format": {"type": "json_schema", "name": "x", "schema": SCHEMA, "strict": True}}}, "invalid_json_schema", "text.format.schema", "additionalProperties"),
    ({"input": [{"role": "user"}]}, "missing_required_parameter", "input[0].content", "Missing"),
    ({"input": [{"role": "user", "content": [{"type": "text", "text": "x"}]}]}, "invalid_value", "input[0].content[0].type", "'text'"),
    ({"input": [{"role": "user", "content": [{"type": "output_text", "text": "x"}]}]}, "invalid_value", "input[0].content[0].type", "are: 'input_text'"),
    ({"input": [{"role": "assistant", "content": [{"type": "input_text", "text": "x"}]}]}, "invalid_value", "input[0].content[0].type", "are: 'output_text'"),
    ({"input": [USER, CALL]}, None, "input", "No tool output found for function call call_1."),
    ({"input": [USER, OUTPUT]}, None, "input", "No tool call found for function call output with call_id call_1."),
    ({"input": [USER, {"type": "function_call", "call_id": "c"}]}, "missing_required_parameter", "input[1].name", "Missing"),
    ({"input": [USER, THOUGHT]}, None, "input", "without its required following item"),
    ({"input": [USER, THOUGHT, USER]}, None, "input", "Item 'rs_1' of type 'reasoning'"),
    ({"input": [USER, {**THOUGHT, "encrypted_content": "nonsense"}, CALL, OUTPUT]}, "invalid_encrypted_content", None, "could not be verified"),
    ({"input": [USER, {**THOUGHT, "encrypted_content": "gAAAAA%%"}, CALL, OUTPUT]}, "invalid_encrypted_content", None, "could not be verified"),
    ({"model": "sim-echo@ctx=1", "input": "a long question"}, "context_length_exceeded", "input", "exceeds the context window"),
]  # fmt: skip
FINE: list[dict[str, Any]] = [
    {"input": [USER, CALL, OUTPUT], "tools": [TOOL]},
    {"input": [USER, {**THOUGHT, "encrypted_content": seal("x")}, CALL, OUTPUT], "tools": [TOOL]},
    {"input": [{"role": "user", "content": [{"type": "input_text", "text": "x"}, {"type": "input_image"}]}]},
    {"input": [USER, {"role": "assistant", "content": [{"type": "output_text", "text": "y"}]}, USER]},
    {"model": "sim-echo@ctx=1", "input": "a long question", "truncation": "auto"},
    {"model": "gpt-5.2", "temperature": 0.2},
    {"tools": [{"type": "web_search"}], "tool_choice": {"type": "web_search"}},
    {"text": {"format": {"type": "text"}, "verbosity": "low"}, "store": False, "metadata": {}, "user": "u"},
    {"tools": [TOOL], "tool_choice": {"type": "function", "name": "f"}},
]


@pytest.mark.parametrize(("change", "code", "param", "message"), RULES)
async def test_responses_refuse(
    change: dict[str, Any], code: str | None, param: str | None, message: str, send: Callable[..., Any]
) -> None:
    answer = await send(PATHS["responses"], ask_body("responses", "sim-echo") | change, HEADERS["responses"])
    error = answer.json["error"]
    assert (answer.status, error["code"], error["param"]) == (400, code, param)
    assert message in error["message"]


@pytest.mark.parametrize("change", FINE)
@pytest.mark.parametrize("stream", [False, True])
async def test_responses_accept(change: dict[str, Any], stream: bool, send: Callable[..., Any]) -> None:
    body = ask_body("responses", "sim-echo", stream=stream) | change
    answer = await send(PATHS["responses"], body, HEADERS["responses"])
    assert answer.status == 200, answer.body


async def test_counting_refuses_too(send: Callable[..., Any]) -> None:
    path = "/v1/responses/input_tokens"
    wrong = await send(
        path, {"model": "sim-echo", "input": "x", "max_output_tokens": 50}, HEADERS["responses"]
    )
    assert (wrong.status, wrong.json["error"]["code"]) == (400, "unknown_parameter")
    counted = await send(path, {"model": "sim-echo", "input": "12345", "tools": [TOOL]}, HEADERS["responses"])
    assert counted.json["input_tokens"] > 2


async def test_structured_output_and_prompt_caching(
    ask: Callable[..., Any], send: Callable[..., Any]
) -> None:
    form = {"format": {"type": "json_schema", "name": "x", "schema": SCHEMA}}
    body = ask_body("responses", "sim-echo", "value") | {"text": form}
    answer = await send(PATHS["responses"], body, HEADERS["responses"])
    assert answer.json["output"][0]["content"][0]["text"] == '{"a":"value"}'
    for dialect, place in (("responses", "input_tokens_details"), ("openai", "prompt_tokens_details")):
        system = {"role": "system", "content": dialect[0] * 5000}
        key = "input" if dialect == "responses" else "messages"
        more = {key: [system, USER], "prompt_cache_key": dialect}
        cached = [
            (await ask(dialect, "sim-echo", **more)).json["usage"][place]["cached_tokens"] for _ in range(2)
        ]
        assert cached == [0, 1250]
        short = [
            (await ask(dialect, "sim-echo", prompt_cache_key="s")).json["usage"][place]["cached_tokens"]
            for _ in "ab"
        ]
        assert short == [0, 0]
