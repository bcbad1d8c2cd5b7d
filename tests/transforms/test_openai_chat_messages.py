"""Conversations in the words of chat completions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support_openai import TARGET, golden, golden_json, replay
from swebench_runner.providers.core.capabilities import ModelFacts
from swebench_runner.providers.core.messages import (
    CacheMark,
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
    ToolSpec,
    UnifiedRequest,
)
from swebench_runner.providers.transforms.openai_chat import OpenAIChat

if TYPE_CHECKING:
    from swebench_runner.providers.core.protocols import WireRequest

CHAT = OpenAIChat()


def encode(request: UnifiedRequest, chat: OpenAIChat = CHAT, **facts: object) -> WireRequest:
    return chat.encode(request, Target("openai", "gpt-x", ModelFacts("gpt-x", **facts)))  # type: ignore[arg-type]


def ask(
    *messages: Message, chat: OpenAIChat = CHAT, model: str = "gpt-x", **fields: object
) -> list[dict[str, object]]:
    wire = chat.encode(UnifiedRequest(messages=messages, **fields), Target("openai", model))  # type: ignore[arg-type]
    return wire.body["messages"]  # type: ignore[return-value]


def test_images_are_parts() -> None:
    [message] = ask(
        Message(
            MessageRole.USER,
            [
                TextPart("see"),
                ImagePart("https://x/a.png", detail="low"),
                ImagePart(data="QUJD", media_type="image/jpeg"),
            ],
            name="ann",
        )
    )
    assert message == {
        "role": "user",
        "content": [
            {"type": "text", "text": "see"},
            {"type": "image_url", "image_url": {"url": "https://x/a.png", "detail": "low"}},
            {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,QUJD"}},
        ],
        "name": "ann",
    }


def test_a_conversation_with_calls_and_results() -> None:
    call = ToolCall("call_1", "ls", {"p": "."}, raw_arguments='{"p":  "."}')
    messages = ask(
        Message(MessageRole.SYSTEM, "a"),
        Message(MessageRole.SYSTEM, "b"),
        Message(MessageRole.USER, "go"),
        Message(MessageRole.ASSISTANT, "ok", [call, ToolCall("call_2", "pwd")]),
        ToolResult("call_1", "ls", "x.py").to_message(),
        ToolResult("call_2", "pwd", "denied", is_error=True).to_message(),
        Message(MessageRole.ASSISTANT, ""),
    )
    assert messages == [
        {"role": "system", "content": "a"},
        {"role": "system", "content": "b"},
        {"role": "user", "content": "go"},
        {
            "role": "assistant",
            "content": "ok",
            "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "ls", "arguments": '{"p":  "."}'}},
                {"id": "call_2", "type": "function", "function": {"name": "pwd", "arguments": "{}"}},
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "x.py"},
        {"role": "tool", "tool_call_id": "call_2", "content": "Error: denied"},
        {"role": "assistant", "content": ""},
    ]


@pytest.mark.parametrize("raw", ["", "  ", "null", '{"p": ', '"{}"', '{"p": "other"}', None])
def test_trap_13_arguments_that_servers_choke_on_are_not_sent_back(raw: str | None) -> None:
    call = ToolCall("c", "ls", {"p": 1}, raw_arguments=raw, error="cut" if raw == '{"p": ' else None)
    [message] = ask(Message(MessageRole.ASSISTANT, None, [call]))
    assert message["content"] is None
    assert message["tool_calls"][0]["function"]["arguments"] == '{"p":1}'  # type: ignore[index]


def test_images_of_a_tool_follow_its_result_in_a_message_of_the_user() -> None:
    pictures = [TextPart("shot"), ImagePart(data="QQ==")]
    messages = ask(
        Message(MessageRole.ASSISTANT, "", [ToolCall("1", "see"), ToolCall("2", "see")]),
        ToolResult("1", "see", pictures).to_message(),
        ToolResult("2", "see", [ImagePart(data="Qg==")], is_error=True).to_message(),
        Message(MessageRole.USER, "and?"),
    )
    assert [message["role"] for message in messages] == ["assistant", "tool", "tool", "user", "user"]
    assert messages[1]["content"] == "shot\nThe images of this result are in the next message."
    assert str(messages[2]["content"]).startswith("Error: The images")
    kinds = [part["type"] for part in messages[3]["content"]]  # type: ignore[attr-defined]
    assert kinds == ["text", "image_url", "text", "image_url"]
    alone = ask(Message(MessageRole.TOOL, [ImagePart(data="QQ==")], tool_call_id="1"))
    assert [message["role"] for message in alone] == ["tool", "user"]


def test_reasoning_is_sent_back_only_where_the_server_wants_it() -> None:
    raw = {"type": "reasoning.text", "text": "hm", "signature": "s"}
    turn = Message(
        MessageRole.ASSISTANT,
        [
            ThinkingPart("hm", dialect="openai_chat", raw=raw),
            ThinkingPart("no", "sig", dialect="anthropic_messages"),
            OpaquePart("anthropic_messages", {"type": "server_tool_use"}),
            TextPart("a"),
        ],
    )
    assert ask(turn) == [{"role": "assistant", "content": "a"}]
    assert ask(turn, chat=OpenAIChat(replay="details")) == [
        {"role": "assistant", "content": "a", "reasoning_details": [raw]}
    ]
    assert ask(turn, chat=OpenAIChat(replay="content")) == [
        {"role": "assistant", "content": "a", "reasoning_content": "hm"}
    ]
    assert ask(Message(MessageRole.ASSISTANT, "a"), chat=OpenAIChat(replay="content")) == [
        {"role": "assistant", "content": "a"}
    ]


def test_an_answer_goes_back_as_it_came() -> None:
    router = OpenAIChat(replay="details")
    answer = replay(golden("openrouter_reasoning.sse"), router).answer
    [message] = ask(answer.to_message(), chat=router)
    [detail] = message["reasoning_details"]  # type: ignore[misc]
    assert (detail["text"], detail["signature"]) == ("Let me see.", "c2ln")  # type: ignore[index]
    assert [call["id"] for call in message["tool_calls"]] == ["toolu_1"]  # type: ignore[attr-defined]
    tools = CHAT.parse(golden_json("chat_tools.json"), TARGET)
    assert ask(tools.to_message())[0]["tool_calls"][0]["function"]["arguments"] == '{"path": "a.py"}'  # type: ignore[index]


def test_a_refusal_goes_back_as_one() -> None:
    assert ask(Message(MessageRole.ASSISTANT, [RefusalPart("no")])) == [
        {"role": "assistant", "content": None, "refusal": "no"}
    ]


def test_vendor_fields_of_calls_go_back_only_where_wanted() -> None:
    call = ToolCall("1", "f", extra={"openai_chat": {"extra_content": {"s": 1}}})
    [plain] = ask(Message(MessageRole.ASSISTANT, "", [call]))
    assert "extra_content" not in plain["tool_calls"][0]  # type: ignore[index]
    [kept] = ask(Message(MessageRole.ASSISTANT, "", [call]), chat=OpenAIChat(replay_extra=True))
    assert kept["tool_calls"][0]["extra_content"] == {"s": 1}  # type: ignore[index]


def test_free_text_calls_go_back_as_free_text() -> None:
    call = ToolCall("1", "grep", {"input": "a b"}, extra={"openai_chat": {"type": "custom"}})
    [message] = ask(Message(MessageRole.ASSISTANT, "", [call], name="bot"))
    assert message["tool_calls"] == [
        {"id": "1", "type": "custom", "custom": {"name": "grep", "input": "a b"}}
    ]
    assert message["name"] == "bot"


def test_ids_that_are_too_long_are_shortened_alike_in_call_and_result() -> None:
    long = "toolu_" + "x" * 80
    call, result = ask(
        Message(MessageRole.ASSISTANT, "", [ToolCall(long, "f")]), ToolResult(long, "f", "r").to_message()
    )
    short = call["tool_calls"][0]["id"]  # type: ignore[index]
    assert len(short) <= 40
    assert result["tool_call_id"] == short


def test_cache_marks_go_only_to_models_that_know_them() -> None:
    router = OpenAIChat(cache_models=("anthropic/",))
    hour = CacheMark("1h")
    turns = (
        Message(MessageRole.SYSTEM, "s", cache=CacheMark()),
        Message(MessageRole.USER, [TextPart("a", cache=hour), ImagePart("https://x", cache=CacheMark())]),
        Message(MessageRole.ASSISTANT, [TextPart("b", cache=hour)], [ToolCall("1", "f")]),
        Message(MessageRole.ASSISTANT, "c", cache=CacheMark()),
        Message(MessageRole.TOOL, "r", tool_call_id="1", cache=CacheMark()),
        Message(MessageRole.USER, "end"),
    )
    marked = ask(*turns, chat=router, model="anthropic/claude", cache=hour)
    marks = [[part.get("cache_control") for part in message["content"]] for message in marked]  # type: ignore[attr-defined]
    short, long = {"type": "ephemeral"}, {"type": "ephemeral", "ttl": "1h"}
    assert marks == [[short], [long, short], [long], [short], [short], [long]]
    for unmarked in (ask(*turns, chat=router, model="openai/gpt", cache=hour), ask(*turns, cache=hour)):
        assert "cache_control" not in str(unmarked)
    empty = ask(
        Message(MessageRole.ASSISTANT, None, [ToolCall("1", "f")], cache=CacheMark()),
        chat=router,
        model="anthropic/x",
    )
    assert empty[0]["content"] is None


def test_instructions_have_the_role_that_the_model_knows() -> None:
    system = Message(MessageRole.SYSTEM, "s")
    assert ask(system, chat=OpenAIChat(system_role="developer"))[0]["role"] == "developer"
    wire = encode(UnifiedRequest("Hi", "s"), refuses=frozenset({"system"}))
    assert [message["role"] for message in wire.body["messages"]] == ["user", "user"]  # type: ignore[attr-defined]
    assert "refuses system messages" in wire.warnings[0]


def test_a_begun_answer_is_left_out_where_the_model_refuses_it() -> None:
    turns = [Message(MessageRole.USER, "q"), Message(MessageRole.ASSISTANT, "begin")]
    wire = encode(UnifiedRequest(messages=turns), refuses=frozenset({"prefill"}))
    assert wire.body["messages"] == [{"role": "user", "content": "q"}]
    assert len(wire.warnings) == 1


def test_opaque_parts_of_the_own_dialect_are_sent_as_they_are() -> None:
    [message] = ask(
        Message(MessageRole.USER, [OpaquePart("openai_chat", {"type": "file"}), OpaquePart("ollama", {})])
    )
    assert message["content"] == [{"type": "file"}]


def test_cache_marks_on_tools() -> None:
    request = UnifiedRequest("Hi", tools=[ToolSpec("ls", cache=CacheMark())])
    router = OpenAIChat(cache_models=("anthropic/",))
    [marked] = router.encode(request, Target("openrouter", "anthropic/claude")).body["tools"]  # type: ignore[misc]
    assert marked["cache_control"] == {"type": "ephemeral"}  # type: ignore[index]
    [plain] = router.encode(request, Target("openrouter", "openai/gpt")).body["tools"]  # type: ignore[misc]
    assert "cache_control" not in plain


def test_files_of_a_tool_follow_its_result_like_images() -> None:
    file = OpaquePart("openai_chat", {"type": "file", "file": {"file_id": "f"}})
    messages = ask(Message(MessageRole.TOOL, [TextPart("t"), file], tool_call_id="1"))
    assert messages[1]["content"][1] == file.value  # type: ignore[index]
