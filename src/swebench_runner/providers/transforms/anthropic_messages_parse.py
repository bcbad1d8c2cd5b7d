"""Anthropic's content blocks, stop reasons and usage in our words, for whole bodies and for streams."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, cast

from swebench_runner.providers.core.errors import ResponseFormatError
from swebench_runner.providers.core.messages import OpaquePart
from swebench_runner.providers.core.response import FinishReason
from swebench_runner.providers.core.usage import TokenUsage
from swebench_runner.providers.transforms.anthropic_messages_turns import DIALECT
from swebench_runner.providers.transforms.building import AnswerBuilder
from swebench_runner.providers.transforms.errors import classify_error, has_error
from swebench_runner.providers.transforms.json_body import (
    count_of,
    items_of,
    mapping_of,
    objects_of,
    optional_text,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swebench_runner.providers.core.json import JSON
    from swebench_runner.providers.core.protocols import Target
    from swebench_runner.providers.core.response import UnifiedResponse
    from swebench_runner.providers.transforms.building import PendingCall

REASONS: Final = {
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP_SEQUENCE,
    "max_tokens": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.CONTEXT_OVERFLOW,
    "tool_use": FinishReason.TOOL_CALLS,
    "refusal": FinishReason.REFUSAL,
    "pause_turn": FinishReason.PAUSE,
    "compaction": FinishReason.PAUSE,
}
_FACTS: Final = ("container", "context_management", "diagnostics")
_USAGE_FACTS: Final = ("service_tier", "speed", "inference_geo")
_DIRECT: Final = {"type": "direct"}


def parse_answer(body: Mapping[str, object], target: Target) -> UnifiedResponse:
    """The answer in a whole body.

    Raises:
        ProviderError: The body is an error under a success status.
        ResponseFormatError: The body has no content.
    """
    if has_error(body):
        raise classify_error(200, {}, body, target)
    content = body.get("content")
    if not isinstance(content, list | str):
        raise ResponseFormatError(
            f"an answer without 'content', only {', '.join(sorted(body)[:8]) or 'nothing'}",
            target.provider,
            model=target.model,
        )
    builder = AnswerBuilder(target, DIALECT)
    note_message(builder, body)
    note_end(builder, body)
    note_usage(builder, mapping_of(body.get("usage")))
    if isinstance(content, str):
        builder.add_text(content)
    for block in objects_of(content):
        add_block(builder, block)
    return finished(builder, cast("Mapping[str, JSON]", body))


def finished(builder: AnswerBuilder, raw: Mapping[str, JSON] | None = None) -> UnifiedResponse:
    """The response.

    Calls that a program of the model's made on the server, and that were answered there, wait for nobody:
    an answer that ends its turn behind them is no wish for tools.
    """
    response = builder.build(REASONS, raw)
    calls = response.tool_calls
    if builder.finish_reason == "end_turn" and calls and all(call.extra for call in calls):
        return replace(response, normalized_finish_reason=FinishReason.STOP)
    return response


def add_block(builder: AnswerBuilder, block: Mapping[str, Any]) -> None:
    """A whole block as a part of the answer; one that only Anthropic understands is kept as it is."""
    kind = block.get("type")
    if kind == "text":
        builder.open("text").pieces.append(text_of(block.get("text")))
        note_citations(builder, block.get("citations"))
    elif kind == "thinking":
        thought = builder.open("thinking")
        thought.pieces.append(text_of(block.get("thinking")))
        thought.signature = optional_text(block.get("signature"))
    elif kind == "redacted_thinking":
        builder.open("thinking").redacted = text_of(block.get("data"))
    elif kind == "tool_use":
        add_call(builder, block)
    else:
        builder.add_part(OpaquePart(DIALECT, block))


def add_call(builder: AnswerBuilder, block: Mapping[str, Any]) -> PendingCall:
    """A call of a tool, with its arguments so far."""
    call = builder.add_call(text_of(block.get("id")), text_of(block.get("name")), block.get("input") or None)
    caller = block.get("caller")
    if caller is not None and caller != _DIRECT:
        call.extra = {"caller": caller}
    return call


def note_message(builder: AnswerBuilder, message: Mapping[str, Any]) -> None:
    """Who answers, under which id."""
    builder.model = optional_text(message.get("model")) or builder.model
    builder.response_id = optional_text(message.get("id")) or builder.response_id


def note_end(builder: AnswerBuilder, source: Mapping[str, Any]) -> None:
    """Why the model stopped, from a whole body or from a `message_delta`."""
    builder.finish_reason = optional_text(source.get("stop_reason")) or builder.finish_reason
    stop = source.get("stop_sequence")
    if isinstance(stop, str):
        builder.stop_sequence = stop
    details = mapping_of(source.get("stop_details"))
    if details:
        builder.metadata["stop_details"] = details
    for name in _FACTS:
        if source.get(name) is not None:
            builder.metadata[name] = source[name]


def note_citations(builder: AnswerBuilder, citations: object) -> None:
    """Sources of the text, which a text part has no place for."""
    if found := items_of(citations):
        kept = builder.metadata.setdefault("citations", [])
        cast("list[JSON]", kept).extend(found)


def note_usage(builder: AnswerBuilder, block: Mapping[str, Any]) -> None:
    """Tokens; Anthropic leaves out of `input_tokens` what a cache served or took."""
    counts = [count_of(block.get(name)) for name in ("input_tokens", "output_tokens")]
    if counts == [None, None]:
        return
    read = count_of(block.get("cache_read_input_tokens")) or 0
    write = count_of(block.get("cache_creation_input_tokens")) or 0
    kept = mapping_of(block.get("cache_creation"))
    thinking = mapping_of(block.get("output_tokens_details")).get("thinking_tokens")
    builder.usage = TokenUsage(
        (counts[0] or 0) + read + write,
        counts[1] or 0,
        cache_read_tokens=read,
        cache_write_tokens=write,
        cache_write_1h_tokens=count_of(kept.get("ephemeral_1h_input_tokens")) or 0,
        reasoning_tokens=count_of(thinking) or 0,
        raw=block,
    )
    for name in _USAGE_FACTS:
        if block.get(name) is not None:
            builder.metadata[name] = block[name]
