from __future__ import annotations

from typing import Any

import pytest

from swebench_runner.providers.core.errors import InvalidRequestError
from swebench_runner.providers.core.messages import (
    CacheMark,
    ImagePart,
    Message,
    OpaquePart,
    RefusalPart,
    TextPart,
    ThinkingPart,
    ToolCall,
    ToolResult,
)
from swebench_runner.providers.core.request import (
    JsonObjectFormat,
    JsonSchemaFormat,
    NamedTool,
    Thinking,
    ToolSpec,
    UnifiedRequest,
)
from swebench_runner.providers.transforms.anthropic_messages import AnthropicMessages
from transforms.support_native import ASSISTANT, SYSTEM, USER, body_of, golden_json, said, target

MESSAGES = AnthropicMessages()
SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}}}
TOOL = ToolSpec("read_file", "Reads a file.", SCHEMA)
CALL = ToolCall("toolu_1", "read_file", {"path": "a.py"})
RESULT = ToolResult("toolu_1", "read_file", "text").to_message()
EPHEMERAL = {"type": "ephemeral", "ttl": "5m"}


def sent(request: UnifiedRequest, **facts: Any) -> dict[str, Any]:
    return body_of(MESSAGES.encode(request, target(**facts)))


def warned(request: UnifiedRequest, **facts: Any) -> str:
    return "\n".join(MESSAGES.encode(request, target(**facts)).warnings)


def test_a_prompt_becomes_one_user_message_with_a_ceiling() -> None:  # A022, K40
    wire = MESSAGES.encode(UnifiedRequest("Hi", "Be brief.", stop_sequences=["END"]), target("claude-x"))
    assert body_of(wire) == {
        "model": "claude-x",
        "max_tokens": 4000,
        "messages": [{"role": "user", "content": "Hi"}],
        "system": "Be brief.",
        "temperature": 0.7,
        "stop_sequences": ["END"],
    }
    assert (wire.path, wire.headers, wire.warnings) == (
        "/v1/messages",
        {"anthropic-version": "2023-06-01"},
        (),
    )


def test_streaming_is_said_only_where_it_is_wanted() -> None:
    from dataclasses import replace

    assert sent(UnifiedRequest("Hi")).get("stream") is None
    assert MESSAGES.encode(UnifiedRequest("Hi"), replace(target(), stream=True)).body["stream"] is True


def test_the_ceiling_is_never_above_the_models_own() -> None:
    assert sent(said("Hi"), max_output_tokens=2000)["max_tokens"] == 2000
    assert sent(said("Hi"), max_output_tokens=64_000)["max_tokens"] == 4000
    asked = said("Hi", max_tokens=9000)
    assert sent(asked)["max_tokens"] == 9000
    assert sent(asked, max_output_tokens=8192)["max_tokens"] == 8192
    assert "lowered from 9000 to the 8192" in warned(asked, max_output_tokens=8192)


def test_several_system_messages_are_joined_in_order_and_never_stand_among_the_turns() -> None:  # A062, B020
    request = said(
        Message(SYSTEM, "One."), Message(USER, "Hi"), Message(SYSTEM, "Two."), system_message="Zero."
    )
    body = sent(request)
    assert body["system"] == "Zero.\n\nOne.\n\nTwo."
    assert body["messages"] == [{"role": "user", "content": "Hi"}]
    assert "moved to its beginning" in warned(request)
    assert warned(said(Message(SYSTEM, "One."), Message(USER, "Hi"))) == ""


def test_a_system_message_of_several_parts_or_with_marks_keeps_its_blocks() -> None:
    plain = said(Message(SYSTEM, [TextPart("A"), TextPart("B")]), Message(USER, "Hi"))
    assert sent(plain)["system"] == [{"type": "text", "text": "A"}, {"type": "text", "text": "B"}]
    marked = said(Message(SYSTEM, "A"), Message(SYSTEM, "B", cache=CacheMark("1h")), Message(USER, "Hi"))
    mark = {"type": "ephemeral", "ttl": "1h"}
    assert sent(marked)["system"] == [
        {"type": "text", "text": "A"},
        {"type": "text", "text": "B", "cache_control": mark},
    ]
    assert "system" not in sent(said(Message(SYSTEM, ""), Message(USER, "Hi")))


def test_neighbours_of_one_role_become_one_turn() -> None:  # B022
    request = said(
        Message(USER, "a"),
        Message(USER, "b"),
        Message(ASSISTANT, "c"),
        Message(ASSISTANT, "d"),
        Message(USER, "e"),
    )
    assert sent(request)["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
        {"role": "assistant", "content": [{"type": "text", "text": "c"}, {"type": "text", "text": "d"}]},
        {"role": "user", "content": "e"},
    ]


def test_tool_results_go_back_in_one_user_turn_with_their_failure() -> None:  # B019
    second = ToolResult("toolu_2", "f", [TextPart("see"), ImagePart(data="AAAA")], is_error=True).to_message()
    request = said(
        "go",
        Message(ASSISTANT, "well", [CALL, ToolCall("toolu_2", "f")]),
        RESULT,
        second,
        Message(USER, "and?"),
    )
    assistant, answers = sent(request, tools=True)["messages"][1:]
    assert assistant["content"] == [
        {"type": "text", "text": "well"},
        {"type": "tool_use", "id": "toolu_1", "name": "read_file", "input": {"path": "a.py"}},
        {"type": "tool_use", "id": "toolu_2", "name": "f", "input": {}},
    ]
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}
    assert answers["content"] == [
        {"type": "tool_result", "tool_use_id": "toolu_1", "content": "text"},
        {
            "type": "tool_result",
            "tool_use_id": "toolu_2",
            "content": [{"type": "text", "text": "see"}, image],
            "is_error": True,
        },
        {"type": "text", "text": "and?"},
    ]


def test_ids_of_other_providers_are_rewritten_alike_in_call_and_result() -> None:  # B035
    call = ToolCall("call|a.b:1", "f")
    request = said("go", Message(ASSISTANT, "", [call]), ToolResult("call|a.b:1", "f", "x").to_message())
    turns = sent(request)["messages"]
    assert turns[1]["content"][0]["id"] == turns[2]["content"][0]["tool_use_id"] == "call_a_b_1"


def test_a_tool_message_that_answers_no_call_is_refused_before_it_is_sent() -> None:
    with pytest.raises(InvalidRequestError, match="which call it answers"):
        sent(said("go", Message(ASSISTANT, "", [CALL]), Message("tool", "text")))


def test_thinking_goes_back_byte_for_byte_and_what_is_unsigned_or_foreign_stays_here() -> None:  # trap 21
    history = [
        ThinkingPart("a", "sig+/=", dialect="anthropic_messages"),
        ThinkingPart(redacted="ZGF0YQ==", dialect="anthropic_messages"),
        ThinkingPart("", "only-signed"),
        ThinkingPart("unsigned", dialect="anthropic_messages"),
        ThinkingPart("blank", "", dialect="anthropic_messages"),
        ThinkingPart("foreign", "sig", dialect="openai_responses"),
        OpaquePart("openai_responses", {"type": "x"}),
        OpaquePart("anthropic_messages", {"type": "server_tool_use", "id": "s"}),
        RefusalPart("no"),
        CALL,
    ]
    content = sent(said("go", Message(ASSISTANT, history), RESULT))["messages"][1]["content"]
    assert content == [
        {"type": "thinking", "thinking": "a", "signature": "sig+/="},
        {"type": "redacted_thinking", "data": "ZGF0YQ=="},
        {"type": "thinking", "thinking": "", "signature": "only-signed"},
        {"type": "server_tool_use", "id": "s"},
        {"type": "text", "text": "no"},
        {"type": "tool_use", "id": "toolu_1", "name": "read_file", "input": {"path": "a.py"}},
    ]


@pytest.mark.parametrize("name", ["text", "tools"])
def test_an_answer_goes_back_as_it_came(name: str) -> None:  # B015
    body = golden_json(f"anthropic/{name}.json")
    history = MESSAGES.parse(body, target()).to_message()
    turn = sent(said("go", history, Message(USER, "go on")))["messages"][1]
    content = (
        turn["content"] if isinstance(turn["content"], list) else [{"type": "text", "text": turn["content"]}]
    )
    assert content == body["content"]


def test_the_caller_of_a_call_goes_back_and_other_vendors_fields_do_not() -> None:
    caller = {"type": "code_execution_20250825", "tool_id": "s"}
    ours = ToolCall("t1", "f", extra={"caller": caller})
    theirs = ToolCall("t2", "f", extra={"thought_signature": "x"})
    blocks = sent(said("go", Message(ASSISTANT, "", [ours, theirs]), RESULT))["messages"][1]["content"]
    assert blocks[0]["caller"] == caller
    assert set(blocks[1]) == {"type", "id", "name", "input"}


@pytest.mark.parametrize(
    ("image", "source"),
    [
        (ImagePart("https://x/y.png"), {"type": "url", "url": "https://x/y.png"}),
        (
            ImagePart(data="AAAA", media_type="image/jpeg"),
            {"type": "base64", "media_type": "image/jpeg", "data": "AAAA"},
        ),
        (
            ImagePart("data:image/webp;base64,QUJD"),
            {"type": "base64", "media_type": "image/webp", "data": "QUJD"},
        ),
        (ImagePart("data:,odd"), {"type": "url", "url": "data:,odd"}),
    ],
)
def test_images(image: ImagePart, source: dict[str, str]) -> None:
    content = sent(said([TextPart("?"), image]))["messages"][0]["content"]
    assert content[1] == {"type": "image", "source": source}


def test_empty_texts_are_left_out_because_the_api_refuses_them() -> None:
    request = said(
        Message(USER, [TextPart(""), TextPart("Hi")]), Message(ASSISTANT, ""), Message(USER, "again")
    )
    assert sent(request)["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "Hi"}, {"type": "text", "text": "again"}]}
    ]
    with pytest.raises(InvalidRequestError, match="nothing to answer"):
        sent(said(""))


def test_marks_stand_on_parts_messages_tools_and_at_the_top() -> None:  # A061
    request = said(
        Message(USER, [TextPart("a", cache=CacheMark("1h")), TextPart("b")]),
        Message(ASSISTANT, [TextPart("c"), ThinkingPart("t", "s")], cache=CacheMark()),
        Message("tool", "r", tool_call_id="x", cache=CacheMark()),
        tools=[ToolSpec("f", cache=CacheMark())],
        cache=CacheMark("1h"),
    )
    body = sent(request)
    user, assistant, result = body["messages"]
    assert user["content"][0]["cache_control"] == {"type": "ephemeral", "ttl": "1h"}
    assert "cache_control" not in user["content"][1]
    assert assistant["content"][0]["cache_control"] == EPHEMERAL
    assert "cache_control" not in assistant["content"][1]
    assert result["content"][0]["cache_control"] == EPHEMERAL
    assert body["tools"] == [
        {"name": "f", "input_schema": {"type": "object", "properties": {}}, "cache_control": EPHEMERAL}
    ]
    assert body["cache_control"] == {"type": "ephemeral", "ttl": "1h"}


def test_a_tools_schema_goes_through_unchanged() -> None:  # B016
    strict = ToolSpec("f", "", {"$defs": {"x": {}}, "type": "object", "x-own": 1}, strict=True)
    assert sent(said("Hi", tools=[TOOL, strict]))["tools"] == [
        {"name": "read_file", "description": "Reads a file.", "input_schema": SCHEMA},
        {"name": "f", "input_schema": {"$defs": {"x": {}}, "type": "object", "x-own": 1}, "strict": True},
    ]


@pytest.mark.parametrize(
    ("choice", "parallel", "wire"),
    [
        ("auto", None, {"type": "auto"}),
        ("none", False, {"type": "none"}),
        ("required", None, {"type": "any"}),
        (NamedTool("f"), True, {"type": "tool", "name": "f", "disable_parallel_tool_use": False}),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        (None, None, None),
    ],
)
def test_which_tool_may_be_called(choice: Any, parallel: bool | None, wire: dict[str, Any] | None) -> None:
    request = said("Hi", tools=[TOOL], tool_choice=choice, parallel_tool_calls=parallel)
    assert sent(request).get("tool_choice") == wire


def test_a_choice_without_tools_is_not_sent_unless_the_tools_come_as_extra() -> None:
    assert "tool_choice" not in sent(said("Hi", tool_choice="required"))
    server_tool = {"type": "web_search_20250305", "name": "web_search"}
    body = sent(said("Hi", tool_choice="auto", extra={"tools": [server_tool]}))
    assert (body["tools"], body["tool_choice"]) == ([server_tool], {"type": "auto"})
    both = sent(said("Hi", tools=[TOOL], extra={"tools": [server_tool]}))
    assert [tool["name"] for tool in both["tools"]] == ["read_file", "web_search"]


def test_a_model_that_cannot_be_forced_is_asked_and_that_is_said() -> None:
    request = said("Hi", tools=[TOOL], tool_choice="required")
    assert sent(request, refuses=frozenset({"forced_tool_choice"}))["tool_choice"] == {"type": "auto"}
    assert "refuses to be forced" in warned(request, refuses=frozenset({"forced_tool_choice"}))


def test_what_else_a_request_may_say() -> None:  # A064
    request = said(
        "Hi",
        betas=["a-2025", "b-2026", "a-2025"],
        user="u-1",
        response_format=JsonSchemaFormat({"type": "object"}),
        extra={"service_tier": "auto", "metadata": {"x": 1}, "max_tokens": 7},
    )
    wire = MESSAGES.encode(request, target())
    body = body_of(wire)
    assert wire.headers["anthropic-beta"] == "a-2025,b-2026"
    assert body["metadata"] == {"user_id": "u-1", "x": 1}
    assert body["output_config"] == {"format": {"type": "json_schema", "schema": {"type": "object"}}}
    assert (body["service_tier"], body["max_tokens"]) == ("auto", 7)


def test_what_anthropic_has_no_word_for_is_left_out_and_said() -> None:
    request = said("Hi", seed=7, response_format=JsonObjectFormat(), stop_sequences=["END", " \n"])
    body = sent(request)
    assert body["stop_sequences"] == ["END"]
    assert not {"seed", "output_config"} & set(body)
    for word in ("seed", "response_format", "stop sequence"):
        assert word in warned(request)
    assert "stop_sequences" not in sent(said("Hi", stop_sequences=[" "]))


def test_counting_asks_with_the_same_prompt_and_nothing_about_the_answer() -> None:  # A060
    request = UnifiedRequest(
        "Hi", "Be brief.", 100, stop_sequences=["x"], tools=[TOOL], tool_choice="auto", user="u", betas=["b"],
        thinking=Thinking(enabled=True, budget_tokens=2000), extra={"service_tier": "auto"},
    )  # fmt: skip
    wire = MESSAGES.encode_count(request, target(thinking="budget"))
    assert wire.path == "/v1/messages/count_tokens"
    assert set(wire.body) == {"model", "messages", "system", "tools", "tool_choice"}
    assert wire.headers == {"anthropic-version": "2023-06-01", "anthropic-beta": "b"}


def test_the_request_is_left_as_it_was() -> None:  # A008
    request = said(
        "Hi", Message(ASSISTANT, "x", [CALL]), RESULT, tools=[TOOL], extra={"metadata": {"x": 1}}, user="u"
    )
    before = repr(request)
    MESSAGES.encode(request, target())
    assert repr(request) == before
