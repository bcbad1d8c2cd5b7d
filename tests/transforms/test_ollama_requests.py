from __future__ import annotations

from typing import Any

import pytest

from swebench_runner.providers.core.errors import InvalidRequestError
from swebench_runner.providers.core.messages import (
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
from swebench_runner.providers.transforms.ollama import Ollama
from swebench_runner.providers.transforms.ollama_encode import prompt_tokens
from transforms.support_native import ASSISTANT, SYSTEM, USER, body_of, said, target

OLLAMA = Ollama()
SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}}}
TOOL = ToolSpec("read_file", "Reads a file.", SCHEMA)
FUNCTION = {
    "type": "function",
    "function": {"name": "read_file", "description": "Reads a file.", "parameters": SCHEMA},
}


def sent(request: UnifiedRequest, **facts: Any) -> dict[str, Any]:
    return body_of(OLLAMA.encode(request, target(**facts)))


def warned(request: UnifiedRequest, **facts: Any) -> str:
    return "\n".join(OLLAMA.encode(request, target(**facts)).warnings)


def window(request: UnifiedRequest, **facts: Any) -> int:
    size = sent(request, **facts)["options"]["num_ctx"]
    assert isinstance(size, int)
    return size


def test_a_bare_prompt_is_generated_from() -> None:  # A024, K46
    request = UnifiedRequest("Hi", "Be brief.", 100, 0.5, stop_sequences=["END"], top_p=0.9, seed=7)
    wire = OLLAMA.encode(request, target("llama3"))
    assert wire.path == "/api/generate"
    assert body_of(wire) == {
        "model": "llama3",
        "prompt": "Hi",
        "system": "Be brief.",
        "stream": False,
        "options": {
            "temperature": 0.5,
            "top_p": 0.9,
            "seed": 7,
            "num_predict": 100,
            "stop": ["END"],
            "num_ctx": 4096,
        },
        "truncate": False,
        "shift": False,
    }
    assert wire.warnings == ()


def test_what_is_not_set_is_not_sent_but_for_the_window() -> None:
    body = sent(UnifiedRequest("Hi", temperature=None))
    assert body["options"] == {"num_ctx": 4096}
    assert "system" not in body


def test_streaming_is_always_said_because_the_server_streams_by_itself() -> None:
    from dataclasses import replace

    for stream in (False, True):
        for request in (UnifiedRequest("Hi"), said("Hi")):
            assert OLLAMA.encode(request, replace(target(), stream=stream)).body["stream"] is stream


@pytest.mark.parametrize(
    "request_", [said("Hi"), UnifiedRequest("Hi", tools=[TOOL])], ids=["messages", "tools"]
)
def test_messages_and_tools_are_a_chat(request_: UnifiedRequest) -> None:  # K46
    wire = OLLAMA.encode(request_, target())
    assert wire.path == "/api/chat"
    assert wire.body["messages"] == [{"role": "user", "content": "Hi"}]


def test_a_conversation_with_tools_images_and_thinking() -> None:
    call = ToolCall("call_1", "read_file", {"path": "ä.py"})
    seen = ToolResult("call_1", "", [TextPart("see"), ImagePart(data="QUJD")]).to_message()
    request = said(
        Message(SYSTEM, "Be brief."),
        Message(USER, [TextPart("What "), ImagePart(data="AAAA"), TextPart("is it?")]),
        Message(ASSISTANT, [ThinkingPart("hm", dialect="ollama"), TextPart("I look.")], [call]),
        seen,
        Message(
            ASSISTANT,
            [ThinkingPart("x", "sig", dialect="anthropic_messages"), RefusalPart("No."), OpaquePart("a", {})],
        ),
        tools=[TOOL, ToolSpec("f")],
    )
    body = sent(request)
    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "What is it?", "images": ["AAAA"]},
        {
            "role": "assistant",
            "content": "I look.",
            "thinking": "hm",
            "tool_calls": [
                {"id": "call_1", "function": {"name": "read_file", "arguments": {"path": "ä.py"}}}
            ],
        },
        {
            "role": "tool",
            "content": "see",
            "images": ["QUJD"],
            "tool_name": "read_file",
            "tool_call_id": "call_1",
        },
        {"role": "assistant", "content": "No."},
    ]
    bare = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
    assert body["tools"] == [FUNCTION, bare]


def test_arguments_are_an_object_and_never_text() -> None:  # trap 14
    call = ToolCall("", "f", {"a": 1}, raw_arguments='{"a": 1}')
    message = sent(said("go", Message(ASSISTANT, "", [call])))["messages"][1]
    assert message["tool_calls"] == [{"function": {"name": "f", "arguments": {"a": 1}}}]


def test_a_tool_message_without_a_name_or_a_call_is_sent_without_them() -> None:
    assert sent(said("go", Message(ASSISTANT, ""), Message("tool", "x")))["messages"][-1] == {
        "role": "tool",
        "content": "x",
    }


@pytest.mark.parametrize(
    ("said_", "sent_"), [("no such file", "Error: no such file"), ("Error 404", "Error 404")]
)
def test_a_tools_failure_is_said_in_words(said_: str, sent_: str) -> None:
    failed = ToolResult("1", "f", said_, is_error=True).to_message()
    assert (
        sent(said("go", Message(ASSISTANT, "", [ToolCall("1", "f")]), failed))["messages"][-1]["content"]
        == sent_
    )


def test_an_image_by_its_address_is_refused_before_it_is_sent() -> None:
    request = said([TextPart("?"), ImagePart("https://x/y.png")])
    with pytest.raises(InvalidRequestError, match="content of an image, not its address") as caught:
        OLLAMA.encode(request, target())
    assert "base64" in str(caught.value.hint)
    data = said([TextPart("?"), ImagePart("data:image/png;base64,QUJD")])
    assert sent(data)["messages"][0]["images"] == ["QUJD"]


@pytest.mark.parametrize(
    ("wanted", "wire"),
    [(JsonObjectFormat(), "json"), (JsonSchemaFormat(SCHEMA), SCHEMA), (None, None)],
)
def test_structured_answers(wanted: Any, wire: Any) -> None:
    assert sent(UnifiedRequest("Hi", response_format=wanted)).get("format") == wire


@pytest.mark.parametrize(
    ("style", "wish", "think", "warning"),
    [
        (None, {"enabled": True}, True, ""),
        (None, {"enabled": False}, False, ""),
        (None, {"effort": "high"}, "high", ""),
        ("effort", {"effort": "minimal"}, "low", ""),
        ("effort", {"effort": "xhigh"}, "max", ""),
        ("effort", {"effort": "none"}, False, ""),
        ("toggle", {"effort": "high"}, True, ""),
        ("toggle", {"budget_tokens": 500}, True, "thinking budget was left out"),
        ("none", {"enabled": True}, None, "does not think"),
        ("none", {"effort": "low"}, None, "does not think"),
        ("none", {"enabled": False}, None, ""),
        ("none", {"effort": "none"}, None, ""),
        (None, {"summary": "auto"}, None, ""),
    ],
)
def test_thinking_is_a_switch_or_a_level(style: Any, wish: dict[str, Any], think: Any, warning: str) -> None:
    request = UnifiedRequest("Hi", thinking=Thinking(**wish))
    assert sent(request, thinking=style).get("think") == think
    assert warning in warned(request, thinking=style)
    assert bool(warning) == bool(warned(request, thinking=style))


@pytest.mark.parametrize(
    ("choice", "names", "warning"),
    [
        (None, ["read_file", "f"], ""),
        ("auto", ["read_file", "f"], ""),
        ("none", [], ""),
        ("required", ["read_file", "f"], "cannot force one"),
        (NamedTool("f"), ["f"], "cannot force one"),
    ],
)
def test_which_tool_may_be_called(choice: Any, names: list[str], warning: str) -> None:
    request = said("Hi", tools=[TOOL, ToolSpec("f")], tool_choice=choice)
    assert [tool["function"]["name"] for tool in sent(request).get("tools", [])] == names
    assert warning in warned(request)
    assert bool(warning) == bool(warned(request))


def test_one_call_at_a_time_cannot_be_asked_for() -> None:
    assert "parallel_tool_calls" in warned(said("Hi", tools=[TOOL], parallel_tool_calls=False))


def test_extra_fields_are_merged_and_options_joined() -> None:
    request = UnifiedRequest(
        "Hi", extra={"keep_alive": "5m", "options": {"top_k": 5, "num_ctx": 2048}, "truncate": True}
    )
    body = sent(request)
    assert body["options"] == {"temperature": 0.7, "top_k": 5, "num_ctx": 2048}
    assert (body["keep_alive"], body["truncate"]) == ("5m", True)


def test_a_refused_temperature_goes_without_a_word_unless_it_was_wished_for() -> None:
    refuses = frozenset({"temperature"})
    assert sent(UnifiedRequest("Hi"), refuses=refuses)["options"] == {"num_ctx": 4096}
    assert warned(UnifiedRequest("Hi"), refuses=refuses) == ""
    assert "temperature" in warned(UnifiedRequest("Hi", temperature=0.0), refuses=refuses)


@pytest.mark.parametrize(
    ("characters", "max_tokens", "size"),
    [
        (100, None, 4096),
        (5_000, None, 4096),
        (9_000, None, 8192),
        (100, 4_000, 8192),
        (40_000, 2_000, 16_384),
        (300_000, 100, 131_072),
    ],
)
def test_the_window_is_raised_to_fit_prompt_and_answer(
    characters: int, max_tokens: int | None, size: int
) -> None:  # K13
    request = UnifiedRequest("x" * characters, max_tokens=max_tokens)
    assert window(request) == size
    assert window(request, context_window=131_072) == size
    assert warned(request, context_window=131_072) == ""


def test_the_window_comes_in_few_sizes_because_each_change_loads_the_model_anew() -> None:
    sizes = {window(UnifiedRequest("x" * characters)) for characters in range(0, 90_000, 500)}
    assert sizes == {4096, 8192, 16_384, 32_768}


def test_the_window_is_never_above_the_models_own_and_what_does_not_fit_is_said() -> None:  # K13, trap 24
    long = UnifiedRequest("x" * 60_000)
    assert window(long, context_window=8192) == 8192
    assert "may not fit into the 8192" in warned(long, context_window=8192)
    fits = UnifiedRequest("x" * 9_000)
    assert window(fits, context_window=6000) == 6000
    assert warned(fits, context_window=6000) == ""


def test_nothing_is_ever_cut_in_silence() -> None:  # trap 24
    for request in (UnifiedRequest("x" * 60_000), said("Hi")):
        body = sent(request, context_window=4096)
        assert (body["truncate"], body["shift"]) == (False, False)


@pytest.mark.parametrize(
    ("text", "least"),
    [
        ("word " * 1000, 1_000),
        ("東京都" * 1000, 3_000),
        ("def f(x):\n    return x\n" * 200, 1_400),
        ("Привет " * 1000, 2_000),
    ],
)
def test_the_prompt_is_taken_for_rather_too_long_than_too_short(text: str, least: int) -> None:
    assert least <= prompt_tokens({"prompt": text}) <= 5 * least


def test_everything_that_is_sent_counts_as_prompt() -> None:
    alone = prompt_tokens(sent(said("Hi")))
    for more in (
        said("Hi", system_message="x" * 300),
        said("Hi", tools=[ToolSpec("f", "x" * 300)]),
        said("Hi", response_format=JsonSchemaFormat({"description": "x" * 300})),
        said([TextPart("Hi"), ImagePart(data="AAAA")]),
        said("Hi", Message(ASSISTANT, [ThinkingPart("x" * 300)])),
        said("Hi", Message(ASSISTANT, "", [ToolCall("1", "f", {"a": "x" * 300})])),
    ):
        assert prompt_tokens(sent(more)) >= alone + 100
    assert prompt_tokens({"prompt": "a", "system": "x" * 300}) >= prompt_tokens({"prompt": "a"}) + 100


@pytest.mark.parametrize(
    ("counted", "doubted"), [(0, False), (300, True), (999, True), (1_250, False), (4_000, False)]
)
def test_a_prompt_that_was_read_in_part_only_is_doubted(counted: int, doubted: bool) -> None:  # trap 24
    answer = OLLAMA.parse({"response": "x", "prompt_eval_count": counted, "eval_count": 1}, target())
    for request in (UnifiedRequest("x" * 8_000), said("x" * 4_000, "x" * 4_000)):
        doubts = OLLAMA.doubts(request, answer)
        assert bool(doubts) is doubted
        assert all(f"read {counted} tokens of a prompt that has at least 1000" in doubt for doubt in doubts)
