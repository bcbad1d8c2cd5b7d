"""What an answer of chat completions says, whether it came whole or in pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from swebench_runner.providers.core.errors import ResponseFormatError, ServerError
from swebench_runner.providers.core.response import FinishReason
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
from swebench_runner.providers.transforms.openai_usage import read_usage
from swebench_runner.providers.transforms.reasoning_details import DetailCollector

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swebench_runner.providers.core.json import JSON
    from swebench_runner.providers.core.protocols import Target
    from swebench_runner.providers.core.response import UnifiedResponse
    from swebench_runner.providers.transforms.building import PendingCall

DIALECT: Final = "openai_chat"
REASONS: Final[Mapping[str, FinishReason]] = {
    "stop": FinishReason.STOP,
    "eos": FinishReason.STOP,
    "eos_token": FinishReason.STOP,
    "end_turn": FinishReason.STOP,
    "complete": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP_SEQUENCE,
    "length": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "model_length": FinishReason.LENGTH,
    "tool_calls": FinishReason.TOOL_CALLS,
    "tool_use": FinishReason.TOOL_CALLS,
    "function_call": FinishReason.TOOL_CALLS,
    "content_filter": FinishReason.CONTENT_FILTER,
    "safety": FinishReason.CONTENT_FILTER,
    "sensitive": FinishReason.CONTENT_FILTER,
    "refusal": FinishReason.REFUSAL,
    "error": FinishReason.ERROR,
    "network_error": FinishReason.ERROR,
    "insufficient_system_resource": FinishReason.ERROR,
    "abort": FinishReason.ERROR,
}
"""Words of OpenAI and of the servers that speak its dialect (Together, Mistral, Z.ai, DeepSeek, vLLM)."""

_FACTS: Final = (
    "created", "service_tier", "system_fingerprint", "provider", "timings", "citations", "search_results",
)  # fmt: skip
_CHOICE_FACTS: Final = ("native_finish_reason", "content_filter_results")
_MESSAGE_FACTS: Final = ("annotations", "audio", "images", "executed_tools")
_CALL_FIELDS: Final = frozenset({"id", "type", "index", "function", "custom"})


def parse_answer(body: Mapping[str, object], target: Target, *, cost_in_usage: bool) -> UnifiedResponse:
    """The answer in a whole body.

    Raises:
        ProviderError: The body is an error under a success status.
        ResponseFormatError: The body is not an answer.
    """
    if has_error(body):
        raise classify_error(200, {}, body, target)
    choices = objects_of(body.get("choices"))
    if not choices:
        raise ResponseFormatError("the answer has no choices", target.provider, model=target.model or None)
    builder = AnswerBuilder(target, DIALECT)
    note_facts(builder, body)
    choice = choices[0]
    if has_error(choice):
        raise classify_error(200, {}, choice, target)
    note_choice(builder, choice)
    message = choice.get("message", choice.get("delta"))
    if isinstance(message, dict):
        add_message(builder, message, DetailCollector(builder, pieces=False))
    elif isinstance(text := choice.get("text"), str):
        builder.add_text(text)
    elif builder.finish_reason is None:  # Azure sends no message where it filtered all of it
        raise ResponseFormatError("the answer has no message", target.provider, model=target.model or None)
    builder.usage = read_usage(body.get("usage", choice.get("usage")), cost_in_usage=cost_in_usage)
    refuse_failed(builder, target)
    return builder.build(REASONS, body)  # type: ignore[arg-type]  # decoded JSON by contract


def note_facts(builder: AnswerBuilder, body: Mapping[str, object]) -> None:
    """What the body says about itself."""
    builder.model = optional_text(body.get("model")) or builder.model
    builder.response_id = builder.response_id or optional_text(body.get("id"))
    for name in _FACTS:
        if (value := body.get(name)) is not None:
            builder.metadata[name] = value  # type: ignore[assignment]  # decoded JSON by contract
    builder.seed = str(builder.metadata.get("created", ""))


def note_choice(builder: AnswerBuilder, choice: Mapping[str, JSON]) -> None:
    """Why the model stopped, and what else stands beside its message."""
    builder.finish_reason = optional_text(choice.get("finish_reason")) or builder.finish_reason
    if isinstance(stopped_by := choice.get("stop_reason"), str):  # vLLM names the stop text
        builder.stop_sequence = stopped_by
    for name in _CHOICE_FACTS:
        if choice.get(name):
            builder.metadata[name] = choice[name]


def add_message(
    builder: AnswerBuilder, message: Mapping[str, JSON], details: DetailCollector
) -> tuple[str, str]:
    """Add everything a message or a delta holds.

    Returns:
        Its visible text and its readable reasoning.
    """
    reasoning = text_of(message.get("reasoning_content")) or text_of(message.get("reasoning"))
    reasoning = add_reasoning(builder, reasoning, message.get("reasoning_details"), details)
    text, thought = _add_content(builder, message.get("content"))
    if refusal := text_of(message.get("refusal")):
        builder.add_refusal(refusal)
    for call in objects_of(message.get("tool_calls")):
        _add_call(builder, call)
    function = mapping_of(message.get("function_call"))
    if any(function.values()):
        builder.add_call_fragment(0, "", text_of(function.get("name")), function.get("arguments"))
    for name in _MESSAGE_FACTS:
        value = message.get(name)
        if any(value.values()) if isinstance(value, dict) else value:
            builder.metadata[name] = value
    return text, reasoning + thought


def add_reasoning(builder: AnswerBuilder, reasoning: str, entries: object, details: DetailCollector) -> str:
    """Add thinking, which OpenRouter gives twice: as text, and as entries to be sent back."""
    readable = details.add(objects_of(entries)) if entries else ""
    if reasoning and not readable:
        builder.add_reasoning(reasoning)
    return reasoning or readable


def _add_content(builder: AnswerBuilder, content: JSON) -> tuple[str, str]:
    """Text, or a list of parts (Mistral thinks in them)."""
    if isinstance(content, str):
        if content:
            builder.add_text(content)
        return content, ""
    text = thought = ""
    for part in items_of(content):
        if isinstance(part, str):
            part = {"type": "text", "text": part}  # noqa: PLW2901 - the short form of the same
        if not isinstance(part, dict):
            continue
        if part.get("type") == "thinking":
            inner = part.get("thinking")
            piece = (
                inner
                if isinstance(inner, str)
                else "".join(text_of(p.get("text")) for p in objects_of(inner))
            )
            thought += piece
            if piece:
                builder.add_reasoning(piece)
        elif part.get("type") == "refusal":
            builder.add_refusal(text_of(part.get("refusal")))
        elif piece := text_of(part.get("text")):
            text += piece
            builder.add_text(piece)
    return text, thought


def _add_call(builder: AnswerBuilder, wire: Mapping[str, JSON]) -> PendingCall | None:
    """A call or a fragment of one; some servers fill in what is not there with empty values."""
    custom = mapping_of(wire.get("custom"))
    if not any(custom.values()):
        custom = {}
    function = custom or mapping_of(wire.get("function"))
    call = builder.add_call_fragment(
        count_of(wire.get("index")),
        text_of(wire.get("id")),
        text_of(function.get("name")),
        function.get("input") if custom else function.get("arguments"),
    )
    if call is not None:
        extra = {name: value for name, value in wire.items() if name not in _CALL_FIELDS}
        if custom:
            call.free_text = True
            extra["type"] = "custom"
        if extra:
            call.extra = {DIALECT: extra}
    return call


def refuse_failed(builder: AnswerBuilder, target: Target) -> None:
    """Raise where the finish reason says that the answer failed.

    Raises:
        ServerError: It does; what arrived is no answer.
    """
    word = builder.finish_reason or ""
    if REASONS.get(word.lower()) is FinishReason.ERROR:
        raise ServerError(
            f"the answer ended with the finish reason {word!r}",
            target.provider,
            model=target.model or None,
            code=word,
        )
