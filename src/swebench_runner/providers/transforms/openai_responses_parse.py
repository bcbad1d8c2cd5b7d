"""What an answer of the Responses API says, whether it came whole or in pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from swebench_runner.providers.core.errors import ResponseFormatError
from swebench_runner.providers.core.messages import OpaquePart, ThinkingPart
from swebench_runner.providers.core.response import FinishReason
from swebench_runner.providers.transforms.building import AnswerBuilder
from swebench_runner.providers.transforms.errors import classify_error, has_error
from swebench_runner.providers.transforms.json_body import mapping_of, objects_of, optional_text, text_of
from swebench_runner.providers.transforms.openai_usage import read_usage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swebench_runner.providers.core.json import JSON
    from swebench_runner.providers.core.protocols import Target
    from swebench_runner.providers.core.response import UnifiedResponse

DIALECT: Final = "openai_responses"
REASONS: Final[Mapping[str, FinishReason]] = {
    "completed": FinishReason.STOP,
    "complete": FinishReason.STOP,
    "incomplete": FinishReason.LENGTH,
    "max_output_tokens": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "content_filter": FinishReason.CONTENT_FILTER,
}
"""There is no finish reason on this wire: the status stands for it, or why the answer is incomplete."""

_FACTS: Final = ("created_at", "service_tier", "status", "incomplete_details", "background", "conversation")
_CALL_FIELDS: Final = frozenset({"id", "type", "status", "call_id", "name", "arguments", "input"})
_ANNOTATIONS: Final = "annotations"


def parse_answer(body: Mapping[str, object], target: Target, *, cost_in_usage: bool) -> UnifiedResponse:
    """The answer in a whole body.

    Raises:
        ProviderError: The answer failed.
        ResponseFormatError: The body has no output.
    """
    refuse_failed(body, target)
    output = body.get("output")
    if not isinstance(output, list):
        raise ResponseFormatError("the answer has no output", target.provider, model=target.model or None)
    builder = AnswerBuilder(target, DIALECT)
    note_facts(builder, body, cost_in_usage=cost_in_usage)
    for item in objects_of(output):
        add_item(builder, item)
    return builder.build(REASONS, body)  # type: ignore[arg-type]  # decoded JSON by contract


def refuse_failed(body: Mapping[str, object], target: Target) -> None:
    """Raise where a response says that it failed.

    Raises:
        ProviderError: It does.
    """
    if has_error(body):
        raise classify_error(200, {}, body, target)
    if body.get("status") == "failed":
        raise classify_error(200, {}, {"error": {"message": "the answer failed, without a reason"}}, target)


def note_facts(builder: AnswerBuilder, body: Mapping[str, object], *, cost_in_usage: bool) -> None:
    """What the response says about itself."""
    builder.model = optional_text(body.get("model")) or builder.model
    builder.response_id = optional_text(body.get("id")) or builder.response_id
    details = mapping_of(body.get("incomplete_details"))
    status = optional_text(body.get("status"))
    builder.finish_reason = (
        (optional_text(details.get("reason")) if status == "incomplete" else None)
        or status
        or builder.finish_reason
    )
    for name in _FACTS:
        if (value := body.get(name)) is not None:
            builder.metadata[name] = value  # type: ignore[assignment]  # decoded JSON by contract
    builder.seed = str(builder.metadata.get("created_at", ""))
    builder.usage = read_usage(body.get("usage"), cost_in_usage=cost_in_usage) or builder.usage


def add_item(builder: AnswerBuilder, item: Mapping[str, JSON]) -> None:
    """Add one item of the output."""
    kind = item.get("type")
    if kind == "message" and item.get("role", "assistant") == "assistant":
        _add_message(builder, item)
    elif kind == "function_call":
        _add_call(builder, item, item.get("arguments"))
    elif kind == "custom_tool_call":
        _add_call(builder, item, item.get("input"))
    elif kind == "reasoning":
        builder.add_part(ThinkingPart(reasoning_text(item), dialect=DIALECT, raw=item))
    else:
        builder.add_part(OpaquePart(DIALECT, item))


def message_text(item: Mapping[str, JSON]) -> str:
    """The visible text of a message item."""
    parts = objects_of(item.get("content"))
    return "".join([text_of(part.get("text")) for part in parts if part.get("type") != "refusal"])


def reasoning_text(item: Mapping[str, JSON]) -> str:
    """What is readable of a reasoning item: its summaries, then its text, as paragraphs."""
    parts = [*objects_of(item.get("summary")), *objects_of(item.get("content"))]
    return "\n\n".join([text for part in parts if (text := text_of(part.get("text")))])


def _add_message(builder: AnswerBuilder, item: Mapping[str, JSON]) -> None:
    if (phase := item.get("phase")) is not None:  # wants to be sent back
        builder.add_part(OpaquePart(DIALECT, {"type": "message", "phase": phase}))
    builder.close()
    for part in objects_of(item.get("content")):
        if part.get("type") == "refusal":
            builder.add_refusal(text_of(part.get("refusal")))
            continue
        builder.add_text(text_of(part.get("text")))
        notes = part.get(_ANNOTATIONS)
        if isinstance(notes, list) and notes:
            known = builder.metadata.get(_ANNOTATIONS)
            builder.metadata[_ANNOTATIONS] = [*(known if isinstance(known, list) else ()), *notes]


def _add_call(builder: AnswerBuilder, item: Mapping[str, JSON], arguments: JSON) -> None:
    """A call is answered by its `call_id`; the item's own `id` is another thing."""
    call_id = text_of(item.get("call_id")) or text_of(item.get("id"))
    call = builder.add_call(
        call_id, text_of(item.get("name")), arguments, wire_id=optional_text(item.get("id"))
    )
    extra = {name: value for name, value in item.items() if name not in _CALL_FIELDS and value is not None}
    if item.get("type") == "custom_tool_call":
        call.free_text = True
        extra["type"] = "custom"
    if extra:
        call.extra = {DIALECT: extra}
