"""The short way of reading a plain answer says exactly what the general way says, or nothing."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swebench_runner.providers import ProviderError, Target, UnifiedResponse
from swebench_runner.providers.transforms.openai_chat import OpenAIChat

CHAT, TARGET = OpenAIChat(), Target("openai", "gpt-4o")
COUNTS = st.integers(-1, 5000) | st.none()


def body(**changes: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": "hello", "refusal": None, "annotations": []}
    usage = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4o-2024-08-06",
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
        "usage": usage,
        "system_fingerprint": "fp",
        **changes,
    }


def told(response: UnifiedResponse) -> dict[str, Any]:
    skipped = {"timestamp"}
    return {f.name: getattr(response, f.name) for f in fields(response) if f.name not in skipped}


def read_both(wire: dict[str, Any]) -> tuple[UnifiedResponse | None, Any]:
    data = json.dumps(wire).encode()
    try:
        general: Any = CHAT.parse(json.loads(data), TARGET)
    except ProviderError as error:
        general = error
    return CHAT.parse_bytes(data, TARGET), general


def test_a_plain_answer_goes_the_short_way_and_says_the_same() -> None:
    short, general = read_both(body())
    assert short is not None
    assert told(short) == told(general)
    assert short.raw_response == body()
    assert short.usage.raw == body()["usage"]


@pytest.mark.parametrize(
    "changes",
    [
        {"error": {"message": "x"}},
        {"choices": []},
        {"provider": "DeepInfra"},
        {"usage": None},
        {"id": ""},
        {"choices": [{"index": 0, "message": {"content": "x", "tool_calls": []}, "finish_reason": "stop"}]},
        {"choices": [{"index": 0, "message": {"content": ""}, "finish_reason": "stop"}]},
        {"choices": [{"index": 0, "message": {"content": None}, "finish_reason": "stop"}]},
        {"choices": [{"index": 0, "message": {"content": "x", "refusal": "no"}, "finish_reason": "stop"}]},
        {"choices": [{"index": 0, "message": {"content": "x", "reasoning": "r"}, "finish_reason": "stop"}]},
        {"choices": [{"index": 0, "message": {"content": "x"}, "finish_reason": "eos"}]},
        {"choices": [{"index": 0, "message": {"content": "x"}, "finish_reason": None}]},
    ],
)
def test_anything_else_is_left_to_the_general_way(changes: dict[str, Any]) -> None:
    assert read_both(body(**changes))[0] is None


@given(
    usage=st.fixed_dictionaries(
        {},
        optional={
            "prompt_tokens": COUNTS,
            "completion_tokens": COUNTS,
            "total_tokens": COUNTS,
            "prompt_tokens_details": st.none()
            | st.dictionaries(st.sampled_from(["cached_tokens", "x"]), COUNTS),
            "completion_tokens_details": st.none() | st.dictionaries(st.just("reasoning_tokens"), COUNTS),
            "prompt_cache_hit_tokens": COUNTS,
            "cost": st.floats(0, 1) | st.none(),
        },
    ),
    text=st.text(),
    finish=st.sampled_from(["stop", "length", "tool_calls", "error", "", None]),
)
def test_both_ways_agree_on_any_answer(usage: dict[str, Any], text: str, finish: str | None) -> None:
    wire = body(usage=usage, choices=[{"index": 0, "message": {"content": text}, "finish_reason": finish}])
    short, general = read_both(wire)
    if short is not None:
        assert told(short) == told(general)
        assert short.usage.raw == general.usage.raw


def test_what_is_no_json_is_left_to_the_general_way() -> None:
    for data in (b"", b"<html>", b"[1]", b'{"id": "x", "cho', b"\xff\xfe"):
        assert CHAT.parse_bytes(data, TARGET) is None
