"""Streams of chat completions: the ordinary ones, and every trap that broke other libraries."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_openai import TARGET, UNHURRIED, delta, golden, golden_json, replay, sse
from swebench_runner.providers.core.errors import (
    IncompleteStreamError,
    ProviderError,
    RateLimitError,
    ResponseFormatError,
    ServerError,
)
from swebench_runner.providers.core.messages import ThinkingPart
from swebench_runner.providers.core.response import FinishReason
from swebench_runner.providers.core.stream import Frame
from swebench_runner.providers.core.usage import TokenUsage
from swebench_runner.providers.transforms.openai_chat import OpenAIChat

CHAT = OpenAIChat()
STOP = delta("stop")


def test_usage_is_the_last_thing_a_stream_says() -> None:
    out = replay(golden("chat_text.sse"), CHAT)
    assert [chunk.text for chunk in out.chunks] == ["Hello", ", wörld"]
    assert out.answer.content == "Hello, wörld"
    assert out.answer.usage == TokenUsage(9, 3, 12, cache_read_tokens=4, reasoning_tokens=1)
    assert out.answer.model == "gpt-4o-2024-08-06"
    assert out.answer.response_id == "chatcmpl-B1"
    assert out.answer.metadata["service_tier"] == "default"
    assert out.answer.provider == "acme"
    assert len(out.answer.raw_response["events"]) == 2  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["chat_text", "chat_tools"])
def test_streamed_and_whole_answers_are_equal(name: str) -> None:
    streamed = replay(golden(f"{name}.sse"), CHAT).answer
    whole = CHAT.parse(golden_json(f"{name}.json"), TARGET)
    for field in ("content", "model", "usage", "finish_reason", "normalized_finish_reason", "tool_calls", "parts",
                  "refusal", "response_id", "metadata"):  # fmt: skip
        assert getattr(streamed, field) == getattr(whole, field), field


@pytest.mark.parametrize("name", ["chat_text", "chat_tools", "openrouter_reasoning"])
@pytest.mark.parametrize("size", [1, 2, 7, 100, 1000])
def test_the_answer_is_the_same_at_any_size_of_the_pieces(name: str, size: int) -> None:
    wire = golden(f"{name}.sse")
    assert replay(wire, CHAT, size=size).answer == replay(wire, CHAT).answer


@pytest.mark.parametrize(
    "first",
    [
        {"choices": [], "prompt_filter_results": []},  # Azure
        {"id": "c", "model": "m"},  # no choices at all
        {"choices": None},
    ],
)
def test_trap_01_events_without_choices_are_no_crash(first: dict[str, object]) -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 2}
    out = replay(sse(first, delta(content="a"), STOP, {"choices": [], "usage": usage}, "[DONE]"), CHAT)
    assert out.answer.content == "a"
    assert out.answer.usage.total_tokens == 3


def test_trap_07_a_missing_done_is_no_loss_and_a_missing_finish_reason_is() -> None:
    assert replay(sse(delta(content="a"), STOP), CHAT).answer.content == "a"
    cut = sse(delta(content="ha"), delta(content="lf"))
    with pytest.raises(IncompleteStreamError) as caught:
        replay(cut, CHAT)
    assert caught.value.partial_text == "half"
    assert caught.value.retryable
    with pytest.raises(IncompleteStreamError, match="without a finish reason") as caught:
        replay(cut + sse("[DONE]"), CHAT)
    assert "done_only" in str(caught.value.hint)


def test_trap_07_servers_that_never_send_a_finish_reason_have_a_setting() -> None:
    cut = sse(delta(content="a"))
    assert replay(cut + sse("[DONE]"), OpenAIChat(terminator="done_only")).answer.content == "a"
    assert (
        replay(sse(delta(content="a"), STOP), OpenAIChat(terminator="done_only")).answer.finish_reason
        == "stop"
    )
    with pytest.raises(IncompleteStreamError):
        replay(cut, OpenAIChat(terminator="done_only"))
    answer = replay(cut, OpenAIChat(terminator="none")).answer
    assert (answer.content, answer.finish_reason, answer.normalized_finish_reason) == (
        "a",
        "stop",
        FinishReason.STOP,
    )


def test_trap_07_done_behind_the_final_count_is_an_end_without_a_finish_reason() -> None:  # Snowflake
    count = {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1}}
    answer = replay(sse(delta("", content="a"), count, "[DONE]"), CHAT).answer
    assert (answer.content, answer.finish_reason, answer.usage.total_tokens) == ("a", "stop", 2)
    with pytest.raises(IncompleteStreamError):
        replay(sse(delta("", content="a"), count), CHAT)


def test_trap_08_an_empty_finish_reason_and_usage_in_every_chunk_end_nothing() -> None:
    events = []
    for count, text in enumerate("abc", 1):
        events.append({**delta("", content=text), "usage": {"prompt_tokens": 1, "completion_tokens": count}})
    out = replay(sse(*events, delta("stop", content=""), "[DONE]"), CHAT)
    assert out.answer.content == "abc"
    assert out.answer.usage.completion_tokens == 3


def test_trap_08_a_finish_reason_in_every_chunk_does_not_cut_the_text() -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 1}
    events = [{**delta("stop", content=text), "usage": usage} for text in "abc"]
    assert replay(sse(*events, "[DONE]"), CHAT).answer.content == "abc"


def test_trap_09_text_in_the_finish_chunk_is_kept() -> None:
    out = replay(sse(delta(content="a"), delta("stop", content="b")), CHAT)
    assert (out.text, out.answer.content) == ("ab", "ab")


def test_trap_10_two_finish_chunks_give_one_set_of_calls() -> None:
    out = replay(golden("openrouter_reasoning.sse"), OpenAIChat(cost_in_usage=True))
    assert [(call.id, call.name, call.input) for call in out.answer.tool_calls] == [("toolu_1", "ls", {})]
    assert out.answer.usage.reported_cost_usd == Decimal("0.000837")
    assert out.answer.usage.cache_write_tokens == 50
    assert out.answer.metadata["native_finish_reason"] == "tool_use"
    assert out.answer.metadata["provider"] == "Anthropic"


def test_openrouter_reasoning_is_kept_so_that_it_can_be_sent_back() -> None:
    out = replay(golden("openrouter_reasoning.sse"), CHAT)
    assert (out.reasoning, out.answer.reasoning) == ("Let me see.", "Let me see.")
    [thought] = [part for part in out.answer.parts if isinstance(part, ThinkingPart)]
    assert thought.raw == {
        "type": "reasoning.text", "text": "Let me see.", "index": 0, "format": "anthropic-claude-v1", "signature": "c2ln",
    }  # fmt: skip


def test_several_reasoning_details_are_not_merged() -> None:
    details = [
        [{"type": "reasoning.summary", "summary": "a", "index": 0}],
        [{"type": "reasoning.summary", "summary": "b", "index": 0}, {"type": "reasoning.encrypted", "data": "x", "id": "1", "index": 1}],
        [{"type": "reasoning.encrypted", "data": "y", "id": "2", "index": 1}, {"type": "reasoning.new", "x": 1}],
    ]  # fmt: skip
    out = replay(sse(*[delta(reasoning_details=d) for d in details], STOP), CHAT)
    raws = [part.raw for part in out.answer.parts if isinstance(part, ThinkingPart)]
    assert raws == [
        {"type": "reasoning.summary", "summary": "ab", "index": 0},
        {"type": "reasoning.encrypted", "data": "x", "id": "1", "index": 1},
        {"type": "reasoning.encrypted", "data": "y", "id": "2", "index": 1},
        {"type": "reasoning.new", "x": 1},
    ]
    assert (out.reasoning, out.answer.reasoning) == ("ab", "ab")


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_text_is_apart_from_the_answer(field: str) -> None:
    out = replay(
        sse(delta(role="assistant"), delta(**{field: "h"}), delta(**{field: "m"}), delta(content="a"), STOP),
        CHAT,
    )
    assert (out.reasoning, out.text) == ("hm", "a")
    assert out.answer.parts[0] == ThinkingPart("hm", dialect="openai_chat")


def test_thinking_in_content_parts_is_reasoning() -> None:  # Mistral
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
        {"type": "text", "text": "a"},
        "b",
        3,
    ]
    out = replay(
        sse(
            delta(content=[]),
            delta(content=parts),
            delta(content=[{"type": "thinking", "thinking": "m"}]),
            STOP,
        ),
        CHAT,
    )
    assert (out.reasoning, out.text) == ("hmm", "ab")


def test_trap_16_an_error_in_the_stream_wins_over_the_finish_reasons_before_it() -> None:
    with pytest.raises(ServerError, match="Upstream error") as caught:
        replay(golden("openrouter_error.sse"), CHAT)
    assert (caught.value.status_code, caught.value.retryable) == (502, True)


@pytest.mark.parametrize(
    "event",
    [
        {"error": {"message": "m", "code": "rate_limit_exceeded"}},
        {"choices": [{"index": 0, "delta": {}, "error": {"message": "m", "code": "rate_limit_exceeded"}}]},
        {"text": "m", "error_code": 42901, "code": "rate_limit_exceeded"},
    ],
)
def test_errors_are_found_wherever_servers_put_them(event: dict[str, object]) -> None:
    for before in ([], [delta(content="a")]):
        with pytest.raises(RateLimitError):
            replay(sse(*before, event, "[DONE]"), CHAT)


@pytest.mark.parametrize("field", [b"error: ", b"event: error\ndata: "])
def test_errors_under_an_event_name_of_their_own_are_errors(field: bytes) -> None:
    with pytest.raises(ProviderError, match="failed to decode"):
        replay(sse(delta(content="a")) + field + b'{"message":"failed to decode"}\n\n', CHAT)


@pytest.mark.parametrize("word", ["error", "network_error", "abort", "insufficient_system_resource"])
def test_a_finish_reason_that_means_failure_is_no_answer(word: str) -> None:
    with pytest.raises(ServerError, match=word):
        replay(sse(delta(content="half"), delta(word)), CHAT)


@pytest.mark.parametrize("bad", ["{oops}", "3", "null", '"text"', "[]", '{"choices": 5}', '{"choices": [5]}'])
def test_an_event_that_is_no_json_object_makes_the_stream_untrustworthy(bad: str) -> None:
    for before in ([], [delta(content="a")]):
        with pytest.raises(ResponseFormatError):
            replay(sse(*before, bad, STOP), CHAT)


def test_trap_16_a_server_that_answers_with_a_whole_body_is_understood() -> None:
    body = golden("chat_text.json").split(b"\n", 2)[2]
    assert replay(body, CHAT).answer.content == "Hello, wörld"


def test_text_completions_are_understood() -> None:
    out = replay(
        sse({"choices": [{"text": "a", "index": 0}]}, {"choices": [{"text": "b", "finish_reason": "stop"}]}),
        CHAT,
    )
    assert out.answer.content == "ab"


def test_only_the_first_of_several_choices_is_the_answer() -> None:
    other = {"choices": [{"index": 1, "delta": {"content": "z"}, "finish_reason": "length"}]}
    answer = replay(sse(delta(content="a"), other, STOP), CHAT).answer
    assert (answer.content, answer.finish_reason) == ("a", "stop")


@pytest.mark.parametrize(
    "usage",
    [
        {"x_groq": {"usage": {"prompt_tokens": 1, "completion_tokens": 2}}},
        {"usage": {"input_tokens": 1, "output_tokens": 2}},
    ],
)
def test_usage_is_found_where_servers_put_it(usage: dict[str, object]) -> None:
    assert replay(sse(delta(content="a"), {**STOP, **usage}), CHAT).answer.usage.total_tokens == 3
    beside = {"choices": [{"index": 0, "delta": {}, "usage": {"prompt_tokens": 1, "completion_tokens": 2}}]}
    assert replay(sse(delta(content="a"), STOP, beside), CHAT).answer.usage.total_tokens == 3


def test_a_stream_is_over_once_usage_follows_the_finish_reason() -> None:
    """A connection that stays open without `[DONE]` must not cost the idle timer."""
    decoder = CHAT.decoder(TARGET)
    splitter = CHAT.splitter()
    for frame in splitter.feed(sse(delta(content="a"), STOP)):
        decoder.feed(frame)
    assert not decoder.finished
    for frame in splitter.feed(sse({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1}})):
        decoder.feed(frame)
    assert decoder.finished
    assert decoder.finish().content == "a"


@pytest.mark.parametrize(
    ("terminator", "events", "complete"),
    [
        ("strict", [], False),
        ("strict", [STOP], True),
        ("strict", ["[DONE]"], False),
        ("done_only", ["[DONE]"], True),
        ("done_only", [STOP], True),
        ("none", [], False),  # more may come, though the end of input would do
        ("none", ["[DONE]"], True),
    ],
)
def test_a_decoder_says_whether_the_answer_may_end_here(
    terminator: Any, events: list[object], complete: bool
) -> None:
    decoder = OpenAIChat(terminator=terminator).decoder(TARGET)
    for frame in CHAT.splitter().feed(sse(delta(content="a"), *events)):
        decoder.feed(frame)
    assert decoder.complete is complete


def test_what_has_arrived_so_far_can_be_had() -> None:
    decoder = CHAT.decoder(TARGET)
    assert decoder.partial().content == ""
    for frame in CHAT.splitter().feed(sse(delta(content="ha"), delta(content="lf"))):
        decoder.feed(frame)
    partial = decoder.partial()
    assert (partial.content, partial.finish_reason) == ("half", "incomplete")
    assert partial.normalized_finish_reason is FinishReason.UNKNOWN


def test_a_streamed_refusal_is_a_refusal() -> None:
    answer = replay(sse(delta(refusal="I "), delta(refusal="won't."), STOP), CHAT).answer
    assert (answer.content, answer.refusal) == ("", "I won't.")
    assert answer.normalized_finish_reason is FinishReason.REFUSAL


def test_zero_values_of_a_server_written_in_go_are_nothing() -> None:  # Snowflake
    empty = {
        "function_call": {"arguments": "", "name": ""},
        "audio": {"data": "", "id": ""},
        "refusal": "",
        "tool_calls": None,
    }
    answer = replay(sse(delta(content="a", **empty), delta("stop", **empty)), CHAT).answer
    assert (answer.content, answer.tool_calls, answer.refusal, answer.metadata) == ("a", (), None, {})


def test_blank_data_is_nothing() -> None:
    assert CHAT.decoder(TARGET).feed(Frame("", b" ")) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["choices", "delta", "message", "content", "tool_calls", "function", "name", "arguments", "index", "id", "usage",
         "finish_reason", "error", "reasoning_details", "type", "text", "refusal", "prompt_tokens", "custom", "model"]
    ), inner, max_size=4),
    max_leaves=15,
)  # fmt: skip


@UNHURRIED
@given(
    st.lists(st.dictionaries(st.sampled_from(["choices", "usage", "error", "model", "id"]), JSON), max_size=4)
)
def test_any_json_gives_an_answer_or_one_of_our_errors(events: list[dict[str, object]]) -> None:
    for wire in (sse(*events), sse(delta(content="a"), *events, STOP)):
        try:
            replay(wire, OpenAIChat(terminator="none"))
        except ProviderError:
            continue
