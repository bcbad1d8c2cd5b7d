from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from swebench_runner.providers.core.errors import (
    OverloadedError,
    ResponseFormatError,
)
from swebench_runner.providers.core.messages import OpaquePart, TextPart, ThinkingPart, ToolCall
from swebench_runner.providers.core.response import FinishReason
from swebench_runner.providers.core.usage import UNKNOWN_USAGE, TokenUsage
from swebench_runner.providers.transforms.anthropic_messages import AnthropicMessages
from transforms.support_native import (
    START,
    STOP,
    ends,
    events,
    golden,
    golden_json,
    replay,
    target,
    words,
)

MESSAGES = AnthropicMessages()


@pytest.mark.parametrize("size", [None, 1, 7, 64])
@pytest.mark.parametrize("name", ["text", "tools"])
def test_a_stream_reads_as_the_whole_body_at_any_split_of_its_bytes(
    name: str, size: int | None
) -> None:  # A036, A038
    streamed = replay(golden(f"anthropic/{name}.sse"), MESSAGES, size=size)
    whole = MESSAGES.parse(golden_json(f"anthropic/{name}.json"), target())
    assert replace(streamed.answer, raw_response={}) == replace(whole, raw_response={})
    assert streamed.text == whole.content
    assert streamed.reasoning == whole.reasoning


def test_what_a_plain_answer_says() -> None:  # A023
    answer = MESSAGES.parse(golden_json("anthropic/text.json"), target())
    assert answer.content == "Hello, wörld 🙂"
    assert (answer.model, answer.provider, answer.response_id) == (
        "claude-sonnet-4-5-20250929",
        "acme",
        "msg_01",
    )
    assert (answer.finish_reason, answer.stop_sequence) == ("stop_sequence", "END")
    assert answer.normalized_finish_reason is FinishReason.STOP_SEQUENCE
    assert answer.metadata == {"service_tier": "standard", "inference_geo": "global"}
    assert answer.raw_response["id"] == "msg_01"


def test_the_prompt_counts_what_a_cache_served_and_took() -> None:  # A061
    usage = MESSAGES.parse(golden_json("anthropic/text.json"), target()).usage
    assert usage == TokenUsage(
        2312, 9, 2321, cache_read_tokens=2000, cache_write_tokens=300, cache_write_1h_tokens=100
    )
    assert usage.fresh_input_tokens == 12


def test_thinking_stands_before_its_calls_and_keeps_its_signature_byte_for_byte() -> None:
    answer = replay(golden("anthropic/tools.sse"), MESSAGES).answer
    assert answer.parts == (
        ThinkingPart("The user wants two files.", "EqQBCkYIBxgCKkB+/signed==", dialect="anthropic_messages"),
        ThinkingPart(redacted="EmwKAhgBEgy3va3=", dialect="anthropic_messages"),
        TextPart("I look."),
        ToolCall("toolu_a", "read_file", {"path": "ä.py"}),
        ToolCall("toolu_b", "list_files", {}),
    )
    assert answer.usage.reasoning_tokens == 40
    assert answer.normalized_finish_reason is FinishReason.TOOL_CALLS


def test_a_servers_tools_are_kept_for_the_way_back_and_the_turn_is_paused() -> None:
    answer = replay(golden("anthropic/search.sse"), MESSAGES).answer
    search, result, text = answer.parts
    assert isinstance(search, OpaquePart)
    assert search.value == {
        "type": "server_tool_use",
        "id": "srvtoolu_1",
        "name": "web_search",
        "input": {"query": "weather"},
    }
    assert isinstance(result, OpaquePart)
    assert result.value["content"][0]["encrypted_content"] == "EqA="
    assert text == TextPart("Sunny.")
    assert answer.metadata["citations"][0]["url"] == "https://example.org"
    assert (answer.normalized_finish_reason, answer.tool_calls) == (FinishReason.PAUSE, ())
    assert answer.usage.raw["server_tool_use"] == {"web_search_requests": 1}


@pytest.mark.parametrize(
    ("reason", "meaning"),
    [
        ("end_turn", FinishReason.STOP),
        ("max_tokens", FinishReason.LENGTH),
        ("model_context_window_exceeded", FinishReason.CONTEXT_OVERFLOW),
        ("refusal", FinishReason.REFUSAL),
        ("pause_turn", FinishReason.PAUSE),
        ("compaction", FinishReason.PAUSE),
        ("brand_new", FinishReason.UNKNOWN),
    ],
)
def test_every_reason_keeps_its_own_word_beside_ours(reason: str, meaning: FinishReason) -> None:  # K12
    answer = replay(events(START, *words("x"), ends(reason), STOP), MESSAGES).answer
    assert (answer.finish_reason, answer.normalized_finish_reason) == (reason, meaning)


def test_a_refusal_says_why_where_the_provider_does() -> None:
    body = {"content": [], "stop_reason": "refusal", "stop_details": {"type": "refusal", "category": "cyber"}}
    answer = MESSAGES.parse(body, target())
    assert (answer.content, answer.normalized_finish_reason) == ("", FinishReason.REFUSAL)
    assert answer.metadata["stop_details"]["category"] == "cyber"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"id": "m"},
        {"content": None},
        {"content": {}},
        {"choices": [{"message": {"content": "x"}}]},
        {"completion": "x"},
    ],
)
def test_a_body_that_is_no_answer_is_an_error(body: dict[str, Any]) -> None:
    with pytest.raises(ResponseFormatError, match="content"):
        MESSAGES.parse(body, target())


def test_an_error_under_a_success_status_is_that_error() -> None:  # trap 16
    with pytest.raises(OverloadedError):
        MESSAGES.parse(
            {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, target()
        )


@pytest.mark.parametrize(
    ("body", "content"),
    [
        ({"content": [{"type": "text", "text": "Hi"}]}, "Hi"),
        ({"content": []}, ""),
        ({"content": "Hi"}, "Hi"),
        ({"content": [{"type": "text"}, {"type": "text", "text": "Hi"}, None]}, "Hi"),
    ],
)
def test_a_minimal_body_is_an_answer(body: dict[str, Any], content: str) -> None:  # A026, K03, K11
    answer = MESSAGES.parse(body, target("asked-for"))
    assert (answer.content, answer.model, answer.usage) == (content, "asked-for", UNKNOWN_USAGE)
    assert answer.normalized_finish_reason is FinishReason.STOP


def test_calls_that_a_program_made_on_the_server_wait_for_nobody() -> None:
    caller = {"type": "code_execution_20250825", "tool_id": "srvtoolu_1"}
    use = {"type": "tool_use", "id": "t", "name": "f", "input": {}, "caller": caller}
    done = MESSAGES.parse({"content": [use], "stop_reason": "end_turn"}, target())
    assert done.normalized_finish_reason is FinishReason.STOP
    assert done.tool_calls[0].extra == {"caller": caller}
    waiting = MESSAGES.parse({"content": [use], "stop_reason": "tool_use"}, target())
    assert waiting.normalized_finish_reason is FinishReason.TOOL_CALLS
    direct = {**use, "caller": {"type": "direct"}}
    assert (
        MESSAGES.parse({"content": [direct], "stop_reason": "end_turn"}, target()).tool_calls[0].extra is None
    )


def test_facts_about_the_whole_message_are_metadata() -> None:
    extra = {"container": {"id": "c"}, "context_management": {"applied_edits": []}}
    answer = MESSAGES.parse({"content": [], **extra}, target())
    assert answer.metadata == extra
    wire = events(
        START, *words("x"), {**ends("end_turn"), "context_management": {"applied_edits": [1]}}, STOP
    )
    assert replay(wire, MESSAGES).answer.metadata == {"context_management": {"applied_edits": [1]}}


def test_the_model_list_says_how_much_a_model_holds() -> None:
    entry = {"type": "model", "id": "claude-sonnet-5-5", "max_input_tokens": 1_000_000, "max_tokens": 128_000}
    first, second = MESSAGES.parse_models(
        {"data": [entry, {"id": "claude-x"}, {"no": "id"}], "has_more": False}
    )
    assert (first.id, first.context_window, first.max_output_tokens) == (
        "claude-sonnet-5-5",
        1_000_000,
        128_000,
    )
    assert (second.id, second.context_window, second.owned_by) == ("claude-x", None, "anthropic")
    with pytest.raises(ResponseFormatError, match="data"):
        MESSAGES.parse_models({"models": []})


def test_a_token_count_is_a_number_or_an_error() -> None:  # A060
    assert MESSAGES.parse_count({"input_tokens": 14}) == 14
    with pytest.raises(ResponseFormatError, match="input_tokens"):
        MESSAGES.parse_count({"input_tokens": None})


def test_blocks_of_a_whole_body_that_only_anthropic_understands_are_kept() -> None:
    result = {"type": "web_search_tool_result", "tool_use_id": "s", "content": []}
    cited = {"type": "text", "text": "Sunny.", "citations": [{"url": "https://example.org"}]}
    answer = MESSAGES.parse({"content": [result, cited]}, target())
    assert answer.parts == (OpaquePart(MESSAGES.dialect, result), TextPart("Sunny."))
    assert answer.metadata["citations"] == cited["citations"]
