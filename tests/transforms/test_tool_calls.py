"""Tool calls out of fragments, whatever servers make of indexes, ids, names and arguments."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_openai import TARGET, UNHURRIED, delta, fragment, replay, sse
from swebench_runner.providers.core.response import FinishReason
from swebench_runner.providers.transforms.openai_chat import OpenAIChat
from swebench_runner.providers.transforms.tool_calls import (
    CUT_OFF,
    NOT_AN_OBJECT,
    PendingCall,
    finished_calls,
    parse_arguments,
)

if TYPE_CHECKING:
    from swebench_runner.providers.core.messages import ToolCall

CHAT = OpenAIChat()


def calls_of(*fragments: object, finish: str = "tool_calls") -> list[tuple[str, object]]:
    events = [
        delta(tool_calls=[piece]) if isinstance(piece, dict) else delta(tool_calls=piece)
        for piece in fragments
    ]
    return [(call.name, call.input) for call in answer(*events, finish=finish)]


def answer(*events: object, finish: str = "tool_calls") -> tuple[ToolCall, ...]:
    return replay(sse(delta(role="assistant"), *events, delta(finish)), CHAT).answer.tool_calls


def test_trap_11_parallel_calls_that_share_an_index_are_told_apart_by_their_ids() -> None:
    assert calls_of(fragment(0, "a", "f", '{"x":1}'), fragment(0, "b", "g", '{"x":2}'), fragment(0, "c", "f", '{"x":3}')) == [
        ("f", {"x": 1}), ("g", {"x": 2}), ("f", {"x": 3}),
    ]  # fmt: skip


def test_trap_11_a_new_id_on_the_same_index_is_a_new_call_even_in_fragments() -> None:
    assert calls_of(
        fragment(0, "a", "f", ""), fragment(0, arguments='{"x"'), fragment(0, arguments=":1}"),
        fragment(0, "b", "f", ""), fragment(0, arguments='{"x":2}'),
    ) == [("f", {"x": 1}), ("f", {"x": 2})]  # fmt: skip


def test_trap_11_calls_without_index_or_id_are_told_apart_by_being_whole() -> None:
    assert calls_of([fragment(None, None, "f", "{}"), fragment(None, None, "f", '{"x":2}')]) == [
        ("f", {}),
        ("f", {"x": 2}),
    ]
    assert calls_of(fragment(0, None, "f", '{"x":1}'), fragment(0, None, "g")) == [("f", {"x": 1}), ("g", {})]
    assert calls_of(fragment(0, None, "f"), fragment(0, None, "g", '{"x":1}')) == [("f", {}), ("g", {"x": 1})]


def test_trap_11_calls_may_start_at_index_one() -> None:
    assert calls_of(fragment(1, "a", "f", ""), fragment(1, arguments='{"x":1}')) == [("f", {"x": 1})]


def test_trap_11_interleaved_fragments_belong_to_their_index() -> None:
    assert calls_of(
        fragment(0, "a", "f", ""), fragment(1, "b", "g", ""),
        fragment(0, arguments='{"x"'), fragment(1, arguments='{"y"'), fragment(0, arguments=":1}"), fragment(1, arguments=":2}"),
    ) == [("f", {"x": 1}), ("g", {"y": 2})]  # fmt: skip


def test_fragments_without_index_belong_to_their_id_or_to_the_last_call() -> None:
    assert calls_of(
        fragment(None, "a", "f", ""), fragment(None, "b", "g", ""),
        fragment(None, "a", None, '{"x":1}'), fragment(None, None, None, '{"y":2}'),
    ) == [("f", {"x": 1}), ("g", {"y": 2})]  # fmt: skip


def test_trap_12_a_name_repeated_in_every_fragment_is_one_name() -> None:
    repeated = [fragment(0, "a", "f", piece) for piece in ("", '{"x', '":', "1}")]
    assert calls_of(*repeated) == [("f", {"x": 1})]
    assert calls_of(*[fragment(0, None, "f", piece) for piece in ('{"x', '":', "1}")]) == [("f", {"x": 1})]
    assert calls_of(*[fragment(0, "a", "f", piece) for piece in ("{}", '{"x":', "1}")]) == [("f", {"x": 1})]


def test_trap_10_a_whole_call_given_twice_is_one_call() -> None:
    call = fragment(0, "a", "f", '{"x":1}')
    assert calls_of(call, call) == [("f", {"x": 1})]
    whole = fragment(0, "a", "f", {"x": 1})
    assert calls_of(whole, whole) == [("f", {"x": 1})]


def test_a_name_or_an_id_that_comes_late_is_taken() -> None:
    assert calls_of(fragment(0, "a", None, ""), fragment(0, "a", "f", '{"x":1}')) == [("f", {"x": 1})]
    [call] = answer(
        delta(tool_calls=[fragment(0, None, "f", "")]), delta(tool_calls=[fragment(0, "late", None, "{}")])
    )
    assert call.id == "late"


def test_a_call_without_a_name_cannot_be_run() -> None:
    [call] = answer(delta(tool_calls=[fragment(0, "a", None, "{}")]))
    assert call.error == "the call names no tool"


ARGUMENTS = [
    (None, {}, None),
    ("", {}, None),
    ("  ", {}, None),
    ("null", {}, None),
    ("{}", {}, None),
    ({"a": 1}, {"a": 1}, None),
    ('{"a": 1}', {"a": 1}, None),
    ('"{\\"a\\": 1}"', {"a": 1}, None),  # encoded twice
    ('""', {}, None),
    ('{"a": "line\nbreak"}', {"a": "line\nbreak"}, None),  # models write them
    ('{"a": ', {}, CUT_OFF),
    ('{"a": "b', {}, CUT_OFF),
    ("[1]", {}, NOT_AN_OBJECT),
    ("3", {}, NOT_AN_OBJECT),
    ([1], {}, NOT_AN_OBJECT),
    (3, {}, NOT_AN_OBJECT),
    ("{'a': 1}", {}, "the arguments are not JSON"),
    ("x" * 9, {}, "the arguments are not JSON"),
    ("[" * 100_000, {}, "the arguments"),
    ("{\ud800", {}, "the arguments"),
]


@pytest.mark.parametrize(("value", "expected", "error"), ARGUMENTS)
def test_traps_13_and_14_arguments_of_any_shape_give_an_object_or_say_why_not(
    value: object, expected: object, error: str | None
) -> None:
    read = parse_arguments(value)
    assert read.input == expected
    assert (read.error or "").startswith(error or "")
    assert (read.error is None) == (error is None)
    assert read.raw == (
        value
        if isinstance(value, str)
        else None
        if value is None or isinstance(value, dict)
        else json.dumps(value)
    )


@UNHURRIED
@given(st.text(max_size=60))
def test_no_text_is_too_odd_for_arguments(text: str) -> None:
    read = parse_arguments(text)
    assert read.raw == text
    assert isinstance(read.input, dict)


@pytest.mark.parametrize("value", ["", "null", None, "{}"])
def test_trap_13_a_call_without_arguments_can_be_run(value: str | None) -> None:
    [call] = answer(delta(tool_calls=[fragment(0, "a", "f", value)]))
    assert (call.input, call.error) == ({}, None)


@pytest.mark.parametrize("finish", ["tool_calls", "stop", "length"])
def test_trap_29_a_call_cut_by_the_ceiling_is_an_error_whatever_the_server_says(finish: str) -> None:
    out = replay(sse(delta(tool_calls=[fragment(0, "a", "f", '{"path": "a.p')]), delta(finish)), CHAT).answer
    assert out.tool_calls[0].error == CUT_OFF
    assert out.tool_calls[0].raw_arguments == '{"path": "a.p'
    assert out.normalized_finish_reason is FinishReason.LENGTH
    assert out.finish_reason == finish


@pytest.mark.parametrize("finish", ["stop", "tool_calls", "function_call", "eos", "made_up"])
def test_tool_use_is_decided_by_the_presence_of_calls(finish: str) -> None:
    with_call = replay(sse(delta(tool_calls=[fragment(0, "a", "f", "{}")]), delta(finish)), CHAT).answer
    assert with_call.normalized_finish_reason is FinishReason.TOOL_CALLS
    without = replay(sse(delta(content="a"), delta(finish)), CHAT).answer
    assert without.normalized_finish_reason in {FinishReason.STOP, FinishReason.UNKNOWN}


def test_trap_30_ids_that_are_missing_or_shared_are_replaced_and_the_wire_id_is_kept() -> None:
    events = [
        delta(
            tool_calls=[
                fragment(0, "x", "f", '{"n":1}'),
                fragment(1, "x", "g", '{"n":2}'),
                fragment(2, None, "h", "{}"),
            ]
        )
    ]
    first, second, third = answer(*events)
    assert (first.id, first.wire_id) == ("x", None)
    assert (second.id.startswith("call_"), second.wire_id) == (True, "x")
    assert (third.id.startswith("call_"), third.wire_id) == (True, None)
    assert len({first.id, second.id, third.id}) == 3
    assert answer(*events) == (first, second, third)


def test_trap_30_made_ids_differ_from_answer_to_answer() -> None:
    made = {
        replay(sse({**delta(tool_calls=[fragment(0, None, "f", "{}")]), "id": "chatcmpl-893", "created": at}, delta("stop")), CHAT)
        .answer.tool_calls[0].id
        for at in (1, 2, 3)
    }  # fmt: skip
    assert len(made) == 3


def test_trap_15_text_and_calls_keep_their_order() -> None:
    out = replay(
        sse(
            delta(content="a"),
            delta(tool_calls=[fragment(0, "x", "f", "{}")]),
            delta(content="b"),
            delta("stop"),
        ),
        CHAT,
    )
    assert [type(part).__name__ for part in out.answer.parts] == ["TextPart", "ToolCall", "TextPart"]
    assert out.answer.content == "ab"


def test_vendor_fields_of_a_call_are_kept_for_the_way_back() -> None:
    wire = {
        **fragment(0, "a", "f", "{}"),
        "type": "function",
        "extra_content": {"google": {"thought_signature": "s"}},
    }
    [call] = answer(delta(tool_calls=[wire]))
    assert call.extra == {"openai_chat": {"extra_content": {"google": {"thought_signature": "s"}}}}


def test_free_text_tools_give_their_text() -> None:
    [call] = answer(
        delta(
            tool_calls=[{"index": 0, "id": "a", "type": "custom", "custom": {"name": "grep", "input": "a b"}}]
        )
    )
    assert (call.name, call.input, call.error) == ("grep", {"input": "a b"}, None)
    assert call.extra == {"openai_chat": {"type": "custom"}}


def test_the_old_function_call_is_a_call() -> None:
    events = [
        delta(function_call={"name": "f", "arguments": '{"x"'}),
        delta(function_call={"arguments": ":1}"}),
    ]
    [call] = answer(*events, finish="function_call")
    assert (call.name, call.input) == ("f", {"x": 1})


def test_whole_arguments_replace_fragments() -> None:
    call = PendingCall("a", "f")
    call.add('{"x"')
    call.replace('{"x": 1}')
    assert call.complete
    assert finished_calls([call], "seed")[0].input == {"x": 1}


@UNHURRIED
@given(
    st.dictionaries(st.text(max_size=8), st.integers() | st.text(max_size=8), max_size=4),
    st.lists(st.integers(1, 5), max_size=30),
)
def test_arguments_survive_any_split(arguments: dict[str, object], sizes: list[int]) -> None:
    text, pieces = json.dumps(arguments), []
    for size in sizes:
        pieces.append(text[:size])
        text = text[size:]
    events = [fragment(0, "a", "f", "")] + [fragment(0, arguments=piece) for piece in [*pieces, text]]
    assert calls_of(*events) == [("f", arguments)]


def test_the_target_names_the_provider() -> None:
    assert CHAT.parse({"choices": [{"message": {"content": "x"}}]}, TARGET).provider == "acme"
