"""Whole answers of the Responses API."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_openai import TARGET, UNHURRIED
from swebench_runner.providers.core.errors import (
    ProviderError,
    QuotaExhaustedError,
    ResponseFormatError,
    ServerError,
)
from swebench_runner.providers.core.response import FinishReason, UnifiedResponse
from swebench_runner.providers.core.usage import TokenUsage
from swebench_runner.providers.transforms.openai_responses import OpenAIResponses

RESPONSES = OpenAIResponses()
REASONING = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "BBB"}


def parse(*output: object, **fields: object) -> UnifiedResponse:
    return RESPONSES.parse({"status": "completed", "output": list(output), **fields}, TARGET)


def test_a_whole_answer_says_everything() -> None:
    answer = parse(
        REASONING,
        {"type": "message", "role": "assistant", "content": [
            {"type": "output_text", "text": "a", "annotations": [{"type": "url_citation"}]},
            {"type": "output_text", "text": "b", "annotations": [{"type": "file_citation"}]},
        ]},
        {"type": "web_search_call", "id": "ws"},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "kept"}]},
        {"type": "function_call", "id": "fc", "call_id": "c", "name": "f", "arguments": ""},
        id="resp_1", model="gpt-5", created_at=3,
        usage={"input_tokens": 4, "output_tokens": 2, "total_tokens": 6, "input_tokens_details": {"cached_tokens": 1, "cache_write_tokens": 2}},
    )  # fmt: skip
    assert (answer.content, answer.model, answer.response_id) == ("ab", "gpt-5", "resp_1")
    assert answer.usage == TokenUsage(4, 2, 6, cache_read_tokens=1, cache_write_tokens=2)
    assert [type(part).__name__ for part in answer.parts] == [
        "ThinkingPart",
        "TextPart",
        "OpaquePart",
        "OpaquePart",
        "ToolCall",
    ]
    assert (answer.tool_calls[0].input, answer.tool_calls[0].wire_id) == ({}, "fc")
    assert len(answer.metadata["annotations"]) == 2  # type: ignore[arg-type]
    assert answer.normalized_finish_reason is FinishReason.TOOL_CALLS


def test_a_refusal_is_told_apart_from_an_answer() -> None:
    answer = parse({"type": "message", "content": [{"type": "refusal", "refusal": "No."}]})
    assert (answer.refusal, answer.content, answer.normalized_finish_reason) == (
        "No.",
        "",
        FinishReason.REFUSAL,
    )


@pytest.mark.parametrize(
    ("fields", "raw", "unified"),
    [
        ({}, "completed", FinishReason.STOP),
        ({"status": None}, "stop", FinishReason.STOP),
        ({"status": "complete"}, "complete", FinishReason.STOP),
        (
            {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}},
            "max_output_tokens",
            FinishReason.LENGTH,
        ),
        (
            {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}},
            "content_filter",
            FinishReason.CONTENT_FILTER,
        ),
        (
            {"status": "incomplete", "incomplete_details": {"reason": "steered"}},
            "steered",
            FinishReason.UNKNOWN,
        ),
        ({"status": "incomplete"}, "incomplete", FinishReason.LENGTH),
        ({"status": "queued"}, "queued", FinishReason.UNKNOWN),
    ],
)
def test_the_status_stands_for_the_finish_reason(
    fields: dict[str, object], raw: str, unified: FinishReason
) -> None:
    answer = parse({"type": "message", "content": [{"type": "output_text", "text": "a"}]}, **fields)
    assert (answer.finish_reason, answer.normalized_finish_reason) == (raw, unified)


@pytest.mark.parametrize(
    ("body", "cls"),
    [
        (
            {"status": "failed", "error": {"code": "insufficient_quota", "message": "m"}, "output": []},
            QuotaExhaustedError,
        ),
        ({"status": "failed", "error": None, "output": []}, ServerError),
        ({"output": "x"}, ResponseFormatError),
        ({}, ResponseFormatError),
    ],
)
def test_a_body_that_is_no_answer_is_an_error(body: dict[str, object], cls: type[ProviderError]) -> None:
    with pytest.raises(cls):
        RESPONSES.parse(body, TARGET)


def test_a_minimal_body_is_an_answer() -> None:
    answer = RESPONSES.parse(
        {"output": [{"type": "message", "content": [{"type": "output_text", "text": "x"}]}]}, TARGET
    )
    assert (answer.content, answer.model, answer.usage.source) == ("x", "model-1", "unknown")


def test_the_cost_is_taken_where_it_is_in_dollars() -> None:
    usage = {"input_tokens": 1, "output_tokens": 1, "cost": 0.25}
    body: dict[str, object] = {"output": [], "usage": usage}
    assert OpenAIResponses(cost_in_usage=True).parse(body, TARGET).usage.reported_cost_usd == Decimal("0.25")
    assert RESPONSES.parse(body, TARGET).usage.reported_cost_usd is None


def test_the_model_list_is_the_one_of_openai() -> None:
    assert [info.id for info in RESPONSES.parse_models({"data": [{"id": "m"}]})] == ["m"]
    assert RESPONSES.dialect == "openai_responses"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["type", "content", "text", "summary", "status", "error", "arguments", "call_id", "id", "phase", "annotations", "refusal"]
    ), inner, max_size=4),
    max_leaves=15,
)  # fmt: skip


@UNHURRIED
@given(
    st.dictionaries(st.sampled_from(["output", "usage", "error", "status", "incomplete_details"]), JSON),
    st.lists(JSON, max_size=3),
)
def test_any_json_gives_an_answer_or_one_of_our_errors(body: dict[str, object], output: list[object]) -> None:
    for candidate in (body, {"output": output}):
        try:
            RESPONSES.parse(candidate, TARGET)
        except ProviderError:
            continue
