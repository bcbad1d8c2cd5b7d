"""Requests in the words of the Responses API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support_openai import TARGET, golden, replay
from swebench_runner.providers.core.capabilities import ModelFacts
from swebench_runner.providers.core.messages import (
    ImagePart,
    Message,
    MessageRole,
    OpaquePart,
    RefusalPart,
    TextPart,
    ThinkingPart,
    ToolCall,
    ToolResult,
)
from swebench_runner.providers.core.protocols import Target
from swebench_runner.providers.core.request import (
    JsonObjectFormat,
    JsonSchemaFormat,
    NamedTool,
    Thinking,
    ToolSpec,
    UnifiedRequest,
)
from swebench_runner.providers.transforms.openai_responses import OpenAIResponses

if TYPE_CHECKING:
    from swebench_runner.providers.core.protocols import WireRequest
    from swebench_runner.providers.core.response import UnifiedResponse

RESPONSES = OpenAIResponses()
LS = ToolSpec("ls", "List files", {"type": "object"})
REASONING = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "BBB"}


def encode(request: UnifiedRequest, responses: OpenAIResponses = RESPONSES, **facts: object) -> WireRequest:
    return responses.encode(request, Target("openai", "gpt-x", ModelFacts("gpt-x", **facts)))  # type: ignore[arg-type]


def items(*messages: Message) -> list[dict[str, object]]:
    return encode(UnifiedRequest(messages=messages)).body["input"]  # type: ignore[return-value]


def parse(*output: object, **fields: object) -> UnifiedResponse:
    return RESPONSES.parse({"status": "completed", "output": list(output), **fields}, TARGET)


def test_a_plain_request_says_what_was_asked_and_no_more() -> None:
    wire = encode(UnifiedRequest("Hi", "Be brief"))
    assert wire.path == "/responses"
    assert wire.body == {
        "model": "gpt-x",
        "instructions": "Be brief",
        "input": [{"role": "user", "content": "Hi"}],
        "stream": False,
        "store": False,
        "temperature": 0.7,
    }
    assert "store" not in encode(UnifiedRequest("Hi"), OpenAIResponses(store=None)).body


def test_every_field_of_a_request_reaches_the_wire() -> None:
    request = UnifiedRequest(
        "Hi",
        max_tokens=9,
        temperature=0.1,
        tools=[LS, ToolSpec("noop", strict=True)],
        tool_choice=NamedTool("ls"),
        parallel_tool_calls=False,
        response_format=JsonSchemaFormat({"type": "object"}, "out", strict=True),
        thinking=Thinking(effort="low", summary="auto"),
        top_p=0.5,
        user="u",
        extra={"truncation": "auto"},
    )
    body = dict(RESPONSES.encode(request, Target("openai", "gpt-x", stream=True)).body)
    body.pop("input")
    assert body == {
        "model": "gpt-x",
        "stream": True,
        "store": False,
        "max_output_tokens": 9,
        "temperature": 0.1,
        "top_p": 0.5,
        "user": "u",
        "tools": [
            {
                "type": "function",
                "name": "ls",
                "parameters": {"type": "object"},
                "description": "List files",
                "strict": False,
            },
            {
                "type": "function",
                "name": "noop",
                "parameters": {"type": "object", "properties": {}},
                "strict": True,
            },
        ],
        "tool_choice": {"type": "function", "name": "ls"},
        "parallel_tool_calls": False,
        "text": {
            "format": {"type": "json_schema", "name": "out", "schema": {"type": "object"}, "strict": True}
        },
        "reasoning": {"effort": "low", "summary": "auto"},
        "include": ["reasoning.encrypted_content"],
        "truncation": "auto",
    }
    plain = encode(
        UnifiedRequest("Hi", response_format=JsonObjectFormat(), tools=[LS], tool_choice="auto")
    ).body
    assert (plain["text"], plain["tool_choice"]) == ({"format": {"type": "json_object"}}, "auto")


def test_what_the_dialect_or_the_model_does_not_take_is_left_out_with_a_sentence() -> None:
    request = UnifiedRequest("Hi", "s", stop_sequences=["x"], seed=0, tool_choice="required", temperature=0.1)
    wire = encode(request, refuses=frozenset({"temperature", "system"}))
    assert set(wire.body) == {"model", "input", "stream", "store"}
    assert [item["role"] for item in wire.body["input"]] == ["user", "user"]  # type: ignore[attr-defined]
    assert len(wire.warnings) == 5
    assert encode(UnifiedRequest("Hi", stop_sequences=[])).warnings == ()


@pytest.mark.parametrize(
    ("thinking", "facts", "included"),
    [
        (None, {}, False),
        (None, {"thinking": "none"}, False),
        (None, {"thinking": "effort"}, True),
        (Thinking(effort="low"), {}, True),
        (Thinking(effort="low", summary="auto"), {"thinking": "none"}, False),
    ],
)
def test_encrypted_reasoning_is_asked_for_only_where_it_may_come(
    thinking: Thinking | None, facts: dict[str, object], included: bool
) -> None:
    body = encode(UnifiedRequest("Hi", thinking=thinking), **facts).body
    assert ("include" in body) is included
    assert (
        "include"
        not in encode(UnifiedRequest("Hi", thinking=thinking), OpenAIResponses(store=True), **facts).body
    )
    if facts.get("thinking") == "none":
        assert "reasoning" not in body


def test_a_conversation_becomes_items_in_order() -> None:
    raw = '{"p":  "."}'
    turn = Message(
        MessageRole.ASSISTANT,
        [
            ThinkingPart("hm", dialect="openai_responses", raw=REASONING),
            ThinkingPart("other", "sig", dialect="anthropic_messages"),
            TextPart("a"),
            TextPart("b"),
            ToolCall("call_1", "ls", {"p": "."}, raw_arguments=raw, wire_id="fc_1"),
            OpaquePart("openai_responses", {"type": "web_search_call", "id": "ws_1"}),
            OpaquePart("ollama", {"x": 1}),
            RefusalPart("no"),
        ],
    )
    wire = encode(
        UnifiedRequest(
            messages=[
                Message(MessageRole.SYSTEM, "one"),
                Message(MessageRole.SYSTEM, "two"),
                Message(
                    MessageRole.USER,
                    [TextPart("see"), ImagePart("https://x", detail="low"), ImagePart(data="QQ==")],
                ),
                turn,
                ToolResult("call_1", "ls", "x.py").to_message(),
                ToolResult("call_1", "ls", "bad", is_error=True).to_message(),
                Message(MessageRole.SYSTEM, "late"),
                Message(MessageRole.TOOL, [TextPart("t"), ImagePart("https://y")], tool_call_id="call_1"),
            ]
        )
    )
    assert wire.body["instructions"] == "one\n\ntwo"
    assert wire.body["include"] == ["reasoning.encrypted_content"]
    assert wire.body["input"] == [
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "see"},
                {"type": "input_image", "image_url": "https://x", "detail": "low"},
                {"type": "input_image", "image_url": "data:image/png;base64,QQ==", "detail": "auto"},
            ],
        },
        REASONING,
        {"type": "message", "role": "assistant", "content": "ab"},
        {"type": "function_call", "call_id": "call_1", "name": "ls", "arguments": raw},
        {"type": "web_search_call", "id": "ws_1"},
        {"type": "message", "role": "assistant", "content": "no"},
        {"type": "function_call_output", "call_id": "call_1", "output": "x.py"},
        {"type": "function_call_output", "call_id": "call_1", "output": "Error: bad"},
        {"role": "system", "content": "late"},
        {
            "type": "function_call_output",
            "call_id": "call_1",
            "output": [
                {"type": "input_text", "text": "t"},
                {"type": "input_image", "image_url": "https://y", "detail": "auto"},
            ],
        },
    ]


def test_instructions_alone_are_the_input() -> None:
    assert items(Message(MessageRole.SYSTEM, "do it")) == [{"role": "system", "content": "do it"}]


def test_an_answer_goes_back_as_it_came() -> None:
    answer = replay(golden("responses_tools.sse"), RESPONSES).answer
    reasoning, text, call, result = items(answer.to_message(), ToolResult("call_1", "ls", "r").to_message())
    assert reasoning["encrypted_content"] == "BBB"
    assert text == {"type": "message", "role": "assistant", "content": "Looking."}
    assert call == {"type": "function_call", "call_id": "call_1", "name": "ls", "arguments": '{"p":1}'}
    assert result["call_id"] == "call_1"


def test_the_phase_of_a_message_goes_back_with_it() -> None:
    texts = [
        {"type": "message", "phase": phase, "content": [{"type": "output_text", "text": phase}]}
        for phase in ("commentary", "final_answer")
    ]
    answer = parse(*texts)
    assert answer.content == "commentaryfinal_answer"
    assert items(answer.to_message()) == [
        {"type": "message", "role": "assistant", "content": p, "phase": p}
        for p in ("commentary", "final_answer")
    ]


def test_free_text_calls_and_their_results_go_back_as_such() -> None:
    call = {
        "type": "custom_tool_call",
        "id": "ctc_1",
        "call_id": "c",
        "name": "grep",
        "input": "a b",
        "status": "completed",
    }
    answer = parse(call)
    assert answer.tool_calls[0].input == {"input": "a b"}
    first, second = items(answer.to_message(), ToolResult("c", "grep", "r").to_message())
    assert first == {"type": "custom_tool_call", "call_id": "c", "name": "grep", "input": "a b"}
    assert second["type"] == "custom_tool_call_output"


def test_further_fields_of_a_call_go_back_with_it() -> None:
    answer = parse(
        {
            "type": "function_call",
            "call_id": "c",
            "name": "f",
            "arguments": "{}",
            "namespace": "n",
            "caller": None,
        }
    )
    [item] = items(answer.to_message())
    assert item["namespace"] == "n"
    assert "caller" not in item


def test_ids_that_are_too_long_are_shortened_alike_in_call_and_result() -> None:
    call, result = items(
        Message(MessageRole.ASSISTANT, "", [ToolCall("x" * 99, "f")]),
        ToolResult("x" * 99, "f", "r").to_message(),
    )
    assert call["call_id"] == result["call_id"]
    assert len(str(call["call_id"])) <= 64


def test_empty_and_opaque_content() -> None:
    assert items(Message(MessageRole.USER, None)) == [{"role": "user", "content": ""}]
    file = OpaquePart("openai_responses", {"type": "input_file", "file_id": "f"})
    assert items(Message(MessageRole.USER, [file])) == [
        {"role": "user", "content": [{"type": "input_file", "file_id": "f"}]}
    ]


def test_files_of_a_tool_stay_in_its_result() -> None:
    file = OpaquePart("openai_responses", {"type": "input_file", "file_id": "f"})
    [item] = items(Message(MessageRole.TOOL, [TextPart("t"), file], tool_call_id="c"))
    assert item["output"] == [{"type": "input_text", "text": "t"}, {"type": "input_file", "file_id": "f"}]
