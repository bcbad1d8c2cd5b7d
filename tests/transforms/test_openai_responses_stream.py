"""Streams of the Responses API."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_openai import TARGET, UNHURRIED, golden, replay, sse
from swebench_runner.providers.core.errors import (
    IncompleteStreamError,
    ProviderError,
    QuotaExhaustedError,
    RateLimitError,
    ResponseFormatError,
    ServerError,
)
from swebench_runner.providers.core.messages import TextPart, ThinkingPart, ToolCall
from swebench_runner.providers.core.response import FinishReason
from swebench_runner.providers.core.usage import TokenUsage
from swebench_runner.providers.transforms.openai_responses import OpenAIResponses

RESPONSES = OpenAIResponses()


def event(kind: str, **fields: object) -> dict[str, object]:
    return {"type": f"response.{kind}", **fields}


def completed(*output: object, **fields: object) -> dict[str, object]:
    return event("completed", response={"id": "r", "status": "completed", "output": list(output), **fields})


def message(text: str, **fields: object) -> dict[str, object]:
    return {
        "type": "message",
        "role": "assistant",
        "content": [{"type": "output_text", "text": text}],
        **fields,
    }


def text(delta: str, index: int | None = 0) -> dict[str, object]:
    return event("output_text.delta", delta=delta, output_index=index)


def test_an_answer_with_reasoning_text_and_a_call() -> None:
    out = replay(golden("responses_tools.sse"), RESPONSES)
    answer = out.answer
    assert (out.text, answer.content) == ("Looking.", "Looking.")
    assert (out.reasoning, answer.reasoning) == ("First\n\nSecond", "First\n\nSecond")
    assert answer.tool_calls == (ToolCall("call_1", "ls", {"p": 1}, wire_id="fc_1"),)  # trap 26
    assert [type(part) for part in answer.parts] == [ThinkingPart, TextPart, ToolCall]
    assert answer.usage == TokenUsage(30, 20, 50, cache_read_tokens=10, reasoning_tokens=8)
    assert (answer.model, answer.response_id, answer.finish_reason) == (
        "gpt-5-2025-08-07",
        "resp_1",
        "completed",
    )
    assert answer.normalized_finish_reason is FinishReason.TOOL_CALLS
    assert answer.metadata["service_tier"] == "default"
    assert answer.raw_response["status"] == "completed"


def test_the_reasoning_of_the_done_event_is_what_goes_back() -> None:
    answer = replay(golden("responses_tools.sse"), RESPONSES).answer
    [thought] = [part for part in answer.parts if isinstance(part, ThinkingPart)]
    assert thought.raw is not None
    assert (thought.raw["encrypted_content"], thought.dialect) == ("BBB", "openai_responses")


@pytest.mark.parametrize("size", [1, 3, 50, 1000])
def test_the_answer_is_the_same_at_any_size_of_the_pieces(size: int) -> None:
    wire = golden("responses_tools.sse")
    assert replay(wire, RESPONSES, size=size).answer == replay(wire, RESPONSES).answer


def test_streamed_and_whole_answers_are_equal() -> None:
    streamed = replay(golden("responses_tools.sse"), RESPONSES).answer
    whole = RESPONSES.parse(streamed.raw_response, TARGET)
    for field in (
        "content",
        "model",
        "usage",
        "finish_reason",
        "normalized_finish_reason",
        "tool_calls",
        "metadata",
        "reasoning",
    ):
        assert getattr(streamed, field) == getattr(whole, field), field


def test_trap_19_exhausted_credit_inside_a_200_is_not_retried() -> None:
    with pytest.raises(QuotaExhaustedError) as caught:
        replay(golden("responses_quota.sse"), RESPONSES)
    assert not caught.value.retryable


@pytest.mark.parametrize(
    ("failure", "cls"),
    [
        ({"type": "error", "code": "rate_limit_exceeded", "message": "m", "param": None}, RateLimitError),
        ({"type": "error", "error": {"code": "rate_limit_exceeded", "message": "m"}}, RateLimitError),
        ({"error": {"code": "rate_limit_exceeded", "message": "m"}}, RateLimitError),
        (
            event("failed", response={"status": "failed", "error": {"code": "server_error", "message": "m"}}),
            ServerError,
        ),
        (event("failed", response={}), ServerError),
        (event("output_text.delta", delta="x", error={"code": "server_error", "message": "m"}), ServerError),
    ],
)
def test_failures_in_the_stream_are_raised(failure: dict[str, object], cls: type[ProviderError]) -> None:
    with pytest.raises(cls):
        replay(sse(event("created", response={"id": "r"}), text("a"), failure), RESPONSES)


def test_trap_07_a_stream_without_its_terminal_event_is_incomplete() -> None:
    begun = event("created", response={"id": "r", "model": "m-1", "status": "in_progress"})
    for end in ([], ["[DONE]"]):
        with pytest.raises(IncompleteStreamError) as caught:
            replay(sse(begun, text("ha"), text("lf"), *end), RESPONSES)
        assert (caught.value.partial_text, caught.value.model) == ("half", "m-1")


def test_an_answer_that_hit_the_ceiling_is_complete_as_far_as_it_goes() -> None:
    details = {"reason": "max_output_tokens"}
    end = event(
        "incomplete",
        response={"status": "incomplete", "incomplete_details": details, "output": [message("half")]},
    )
    answer = replay(sse(text("half"), end), RESPONSES).answer
    assert (answer.content, answer.finish_reason) == ("half", "max_output_tokens")
    assert answer.normalized_finish_reason is FinishReason.LENGTH


def test_unknown_events_are_left_aside() -> None:
    strange = [event("output_text.annotation.added", annotation={}), event("new_family.delta", delta="x"), {"type": "keepalive"},
               event("new_family.done", delta={"a": 1}), {"sequence_number": 3}, event("output_item.added", item="x")]  # fmt: skip
    out = replay(sse(*strange, text("a"), *strange, completed(message("a"))), RESPONSES)
    assert (out.text, out.answer.content) == ("a", "a")


@pytest.mark.parametrize("output", [[], None])
def test_a_server_that_ends_without_repeating_the_output_is_understood(output: object) -> None:
    done = event("output_item.done", output_index=0, item=message("ab"))
    end = event("completed", response={"status": "completed", "output": output})
    assert replay(sse(text("a"), text("b"), done, end), RESPONSES).answer.content == "ab"
    assert replay(sse(text("a"), text("b"), end), RESPONSES).answer.content == "ab"


def test_text_that_no_delta_gave_out_is_given_out_at_the_end() -> None:
    item = event("output_item.done", output_index=0, item=message("abc"))
    assert [chunk.text for chunk in replay(sse(text("a"), item, completed()), RESPONSES).chunks] == [
        "a",
        "bc",
    ]
    assert replay(sse(completed(message("abc"))), RESPONSES).text == "abc"
    thought = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]}
    out = replay(
        sse(event("output_item.done", output_index=0, item=thought), completed(thought, message("a"))),
        RESPONSES,
    )
    assert (out.reasoning, out.text) == ("hm", "a")


def test_items_are_known_by_their_place_as_ids_may_change() -> None:
    events = [
        event("output_item.added", output_index=0, item={"type": "function_call", "id": "x1", "call_id": "c", "name": "f"}),
        event("function_call_arguments.delta", output_index=0, item_id="x2", delta='{"a":'),
        event("function_call_arguments.delta", output_index=0, item_id="x3", delta="1}"),
        event("output_item.done", output_index=0,
              item={"type": "function_call", "id": "x4", "call_id": "c", "name": "f", "arguments": '{"a":1}'}),
        completed({"type": "function_call", "id": "x5", "call_id": "c", "name": "f", "arguments": '{"a":1}'}),
    ]  # fmt: skip
    [call] = replay(sse(*events), RESPONSES).answer.tool_calls
    assert (call.id, call.input) == ("c", {"a": 1})


def test_items_without_a_place_follow_each_other() -> None:
    events = [
        {
            "type": "response.output_item.added",
            "item": {"type": "message", "role": "assistant", "content": []},
        },
        text("a", None),
        {"type": "response.output_item.done", "item": message("a")},
        {
            "type": "response.output_item.added",
            "item": {"type": "function_call", "call_id": "c", "name": "f"},
        },
        {"type": "response.function_call_arguments.delta", "delta": "{}"},
        {
            "type": "response.output_item.done",
            "item": {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        },
    ]
    answer = replay(sse(*events, event("completed", response={})), RESPONSES).answer
    assert (answer.content, [call.id for call in answer.tool_calls]) == ("a", ["c"])


def test_what_has_arrived_so_far_can_be_had() -> None:
    decoder = RESPONSES.decoder(TARGET)
    events = [
        event("created", response={"id": "r", "status": "in_progress"}),
        event("reasoning_text.delta", delta="hm", output_index=0, content_index=0),
        text("ha", 1),
        event("refusal.delta", delta="no", output_index=1),
        event(
            "output_item.added", output_index=2, item={"type": "function_call", "call_id": "c", "name": "f"}
        ),
        event("function_call_arguments.delta", delta='{"a', output_index=2),
        event("custom_tool_call_input.delta", delta="a b", output_index=3),
        event("output_item.added", output_index=4, item={"type": "web_search_call"}),
        event("refusal.delta", delta="never", output_index=5),
        text("", 6),
    ]
    for frame in RESPONSES.splitter().feed(sse(*events)):
        decoder.feed(frame)
    partial = decoder.partial()
    assert (partial.content, partial.reasoning, partial.refusal) == ("ha", "hm", "nonever")
    assert partial.tool_calls[0].error == "the arguments are cut off"
    assert partial.tool_calls[1].input == {"input": "a b"}
    assert partial.finish_reason == "in_progress"
    assert not decoder.finished
    assert not decoder.complete


def test_a_server_that_answers_with_a_whole_body_is_understood() -> None:
    body = {"object": "response", "id": "r", "output": [message("all")]}
    out = replay(json.dumps(body).encode(), RESPONSES)
    assert (out.text, out.answer.content, out.answer.finish_reason) == ("all", "all", "completed")


@pytest.mark.parametrize("bad", ["{oops}", "3", "null", "[]"])
def test_an_event_that_is_no_json_object_makes_the_stream_untrustworthy(bad: str) -> None:
    with pytest.raises(ResponseFormatError):
        replay(sse(text("a"), bad, completed()), RESPONSES)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["type", "item", "output", "content", "text", "summary", "status", "error", "arguments", "call_id", "usage", "id"]
    ), inner, max_size=4),
    max_leaves=15,
)  # fmt: skip
KINDS = st.sampled_from(
    ["output_text.delta", "output_item.added", "output_item.done", "completed", "incomplete", "failed", "created",
     "reasoning_text.delta", "function_call_arguments.delta", "refusal.delta"]
)  # fmt: skip


@UNHURRIED
@given(
    st.lists(
        st.tuples(
            KINDS, st.dictionaries(st.sampled_from(["response", "item", "delta", "output_index"]), JSON)
        ),
        max_size=5,
    )
)
def test_any_json_gives_an_answer_or_one_of_our_errors(events: list[tuple[str, dict[str, object]]]) -> None:
    wire = sse(*[event(kind, **fields) for kind, fields in events], completed(message("a")))
    try:
        replay(wire, RESPONSES)
    except ProviderError:
        return
