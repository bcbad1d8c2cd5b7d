from __future__ import annotations

import json
from typing import Any

import pytest

from swebench_runner.providers.core.errors import (
    AuthenticationError,
    IncompleteStreamError,
    OverloadedError,
    ProviderError,
    ResponseFormatError,
)
from swebench_runner.providers.core.messages import OpaquePart, ThinkingPart
from swebench_runner.providers.core.stream import Frame
from swebench_runner.providers.core.usage import UNKNOWN_USAGE, TokenUsage
from swebench_runner.providers.transforms.anthropic_messages import AnthropicMessages
from transforms.support_native import (
    START,
    STOP,
    block,
    ends,
    events,
    golden,
    golden_json,
    replay,
    target,
    words,
)

MESSAGES = AnthropicMessages()


def test_usage_is_cumulative_and_not_added_up() -> None:  # trap 23
    wire = events(
        START,
        *words("x"),
        ends("end_turn", input_tokens=7, output_tokens=40, cache_read_input_tokens=None),
        STOP,
    )
    assert replay(wire, MESSAGES).answer.usage == TokenUsage(7, 40)
    older = events(START, *words("x"), ends("end_turn", output_tokens=40), STOP)
    assert replay(older, MESSAGES).answer.usage == TokenUsage(5, 40)


@pytest.mark.parametrize(
    ("deltas", "arguments", "error"),
    [
        ([], {}, None),
        ([""], {}, None),
        (['{"a"', ": 1}"], {"a": 1}, None),
        (['{"a": '], {}, "the arguments are cut off"),
        (["[1]"], {}, "the arguments are not a JSON object"),
    ],
)
def test_arguments_that_are_empty_or_cut_spoil_the_call_and_not_the_answer(
    deltas: list[str], arguments: dict[str, Any], error: str | None
) -> None:  # trap 13
    pieces = [{"type": "input_json_delta", "partial_json": piece} for piece in deltas]
    wire = events(
        START,
        *block(0, {"type": "tool_use", "id": "t", "name": "f", "input": {}}, *pieces),
        ends("tool_use"),
        STOP,
    )
    (call,) = replay(wire, MESSAGES).answer.tool_calls
    assert (call.input, call.error) == (arguments, error)


def test_arguments_at_the_start_of_a_block_give_way_to_those_that_follow() -> None:
    start = {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}}
    alone = events(START, *block(0, start), ends("tool_use"), STOP)
    empty = events(
        START, *block(0, start, {"type": "input_json_delta", "partial_json": ""}), ends("tool_use"), STOP
    )
    more = events(
        START,
        *block(
            0,
            start,
            {"type": "input_json_delta", "partial_json": '{"b"'},
            {"type": "input_json_delta", "partial_json": ":2}"},
        ),
        ends("tool_use"),
        STOP,
    )
    assert replay(alone, MESSAGES).answer.tool_calls[0].input == {"a": 1}
    assert replay(empty, MESSAGES).answer.tool_calls[0].input == {"a": 1}
    assert replay(more, MESSAGES).answer.tool_calls[0].input == {"b": 2}


def test_signed_thinking_without_text_is_kept() -> None:  # trap 21
    thinking = block(
        0, {"type": "thinking", "thinking": ""}, {"type": "signature_delta", "signature": "c2ln"}
    )
    answer = replay(events(START, *thinking, ends("end_turn"), STOP), MESSAGES).answer
    assert answer.parts == (ThinkingPart("", "c2ln", dialect="anthropic_messages"),)


def test_several_thinking_blocks_stay_apart() -> None:  # trap 21
    def thinking(index: int, text: str, signature: str) -> list[dict[str, Any]]:
        deltas = [
            {"type": "thinking_delta", "thinking": text},
            {"type": "signature_delta", "signature": signature},
        ]
        return block(index, {"type": "thinking", "thinking": "", "signature": ""}, *deltas)

    wire = events(START, *thinking(0, "one", "s1"), *thinking(1, "two", "s2"), ends("end_turn"), STOP)
    parts = replay(wire, MESSAGES).answer.parts
    assert [(part.text, part.signature) for part in parts] == [("one", "s1"), ("two", "s2")]  # type: ignore[union-attr]


@pytest.mark.parametrize("place", [1, 2, 3, 4])
def test_a_repeated_message_start_changes_nothing(place: int) -> None:  # trap 22
    whole = [START, *words("Hello"), ends("end_turn", output_tokens=3), STOP]
    answer = replay(events(*whole[:place], START, *whole[place:]), MESSAGES).answer
    assert (answer.content, answer.response_id, answer.usage.prompt_tokens) == ("Hello", "m", 5)


def test_an_unknown_block_is_kept_and_an_unknown_event_passed_over() -> None:
    new = block(0, {"type": "hologram", "text": "a"}, {"type": "text_delta", "text": "b"}, {"type": "glow_delta", "glow": 3, "x": None},
                {"type": "citations_delta", "citation": {"u": 1}})  # fmt: skip
    wire = events(START, {"type": "weather", "sun": True}, *new, ends("end_turn"), STOP)
    (part,) = replay(wire, MESSAGES).answer.parts
    assert part == OpaquePart(
        "anthropic_messages", {"type": "hologram", "text": "ab", "glow": 3, "citations": [{"u": 1}]}
    )


def test_blocks_that_nobody_began_or_ended_are_read_all_the_same() -> None:
    def loose(index: int, **delta: Any) -> dict[str, Any]:
        return {"type": "content_block_delta", "index": index, "delta": delta}

    wire = events(
        START,
        loose(0, type="thinking_delta", thinking="hm"),
        loose(1, type="signature_delta", signature="sig"),
        loose(2, type="text_delta", text="Hi"),
        loose(3, type="input_json_delta", partial_json="{}"),
        {"type": "content_block_start", "index": 4, "content_block": {"type": "server_tool_use", "id": "s"}},
        ends("end_turn"),
        STOP,
    )
    answer = replay(wire, MESSAGES).answer
    assert (answer.reasoning, answer.content) == ("hm", "Hi")
    assert answer.parts[-1] == OpaquePart("anthropic_messages", {"type": "server_tool_use", "id": "s"})


def test_text_that_stands_in_the_start_of_a_block_or_message_is_not_lost() -> None:
    message = {**START["message"], "content": [{"type": "text", "text": "Oh. "}]}
    wire = events(
        {"type": "message_start", "message": message},
        *block(0, {"type": "text", "text": "Hi"}),
        ends("end_turn"),
        STOP,
    )
    out = replay(wire, MESSAGES)
    assert out.answer.content == "Oh. Hi"
    assert out.text == "Hi"


def test_events_without_a_name_and_blanks_before_the_brace_are_read() -> None:  # trap 4
    wire = golden("anthropic/text.sse")
    nameless = b"\n".join(line for line in wire.split(b"\n") if not line.startswith(b"event:"))
    tight = nameless.replace(b"data: ", b"data:")
    assert (
        replay(nameless, MESSAGES).answer.content
        == replay(tight, MESSAGES).answer.content
        == "Hello, wörld 🙂"
    )


def test_null_where_text_should_be_and_a_stray_done_are_no_error() -> None:
    wire = events(
        START,
        *block(
            0,
            {"type": "text", "text": None},
            {"type": "text_delta", "text": None},
            {"type": "text_delta", "text": "x"},
        ),
        ends("end_turn"),
    )
    answer = replay(wire + b"data: [DONE]\n\n" + events(STOP), MESSAGES).answer
    assert answer.content == "x"


def test_an_error_event_raises_at_once_and_the_text_before_it_is_not_an_answer() -> None:  # trap 18, A065
    with pytest.raises(OverloadedError) as caught:
        replay(golden("anthropic/overloaded.sse"), MESSAGES)
    assert caught.value.retryable
    assert caught.value.request_id == "req_011"
    assert caught.value.message == "Overloaded"


@pytest.mark.parametrize("cut", ["content_block_stop", "message_delta", "message_stop"])
def test_a_stream_without_message_stop_is_not_an_answer(cut: str) -> None:  # trap 7
    wire = golden("anthropic/text.sse").split(f"event: {cut}".encode())[0]
    with pytest.raises(IncompleteStreamError) as caught:
        replay(wire, MESSAGES)
    assert caught.value.partial_text == "Hello, wörld 🙂"
    assert caught.value.usage is not None
    assert caught.value.usage.prompt_tokens == 2312
    assert caught.value.usage.source == "estimate"
    assert caught.value.retryable


def test_what_arrived_counts_its_output_by_its_length() -> None:
    decoder = MESSAGES.decoder(target())
    assert decoder.partial().usage == UNKNOWN_USAGE
    for event in (START, *words("a" * 400)):
        decoder.feed(Frame(str(event["type"]), json.dumps(event).encode()))
    assert decoder.partial().usage == TokenUsage(5, 100, source="estimate")
    assert decoder.partial().content == "a" * 400


def test_an_answer_that_was_not_streamed_is_read_as_a_stream_of_one_piece() -> None:
    body = json.dumps(golden_json("anthropic/tools.json")).encode()
    out = replay(body, MESSAGES)
    assert out.text == "I look."
    assert out.answer == MESSAGES.parse(golden_json("anthropic/tools.json"), target())


@pytest.mark.parametrize(
    ("wire", "error"),
    [
        (
            b'{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}',
            AuthenticationError,
        ),
        (b"<html><body>Bad gateway</body></html>", ResponseFormatError),
        (b"data: not json\n\n", ResponseFormatError),
        (b"data: [1]\n\n", ResponseFormatError),
    ],
)
def test_a_stream_that_is_something_else_is_an_error(
    wire: bytes, error: type[ProviderError]
) -> None:  # traps 16, 17
    with pytest.raises(error):
        replay(wire, MESSAGES)
