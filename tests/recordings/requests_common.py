"""Recorded requests read back into `UnifiedRequest`s, and bodies brought to a form that compares by meaning."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from swebench_runner.providers.core.capabilities import ModelFacts
from swebench_runner.providers.core.messages import CacheMark, ImagePart, OpaquePart, TextPart
from swebench_runner.providers.core.request import NamedTool, ToolSpec

if TYPE_CHECKING:
    from swebench_runner.providers.core.messages import ContentPart
    from swebench_runner.providers.core.request import ToolChoice, UnifiedRequest

# What may differ between a recorded body and ours, and why that is right.
TOLERATED = {
    "null for absent": "clients that dump their objects send every field that is not set as null",
    "stream: false": "the default of every dialect but Ollama's; ours says it only where it matters",
    "stream_options": "ours asks every stream for its usage",
    "text as string or as one part": "the same to every server",
    "system or developer": "OpenAI renames the role for newer models and takes both for either",
    "instructions or a system item": "the Responses API puts instructions before the input",
    "system apart or first": "where the instructions stand is the dialect's affair",
    "consecutive messages of one role": "Anthropic merges them itself",
    "is_error: false": "the default",
    "type: custom, type: function, type: message": "the defaults",
    "description or parameters that are empty": "the defaults",
    "arguments written with other blanks": "the same JSON",
    "tools: []": "no tools",
    "stop as string or list": "the same to every server",
    "reasoning, reasoning_content": "two names of one field; some clients send both",
    "id, status, phase, annotations of items": "the server's own marks on its earlier answers; accepted without them",
    "citations on replayed text": "marks on an earlier answer; accepted without them",
    "caller on replayed calls": "'direct' is the default",
    "store, include": "ours is stateless unless told otherwise and asks for what a stateless replay needs",
    "num_ctx": "ours raises Ollama's window to fit the prompt, so that nothing is cut silently",
    "a cache mark's ttl of five minutes": "the default",
    "strict: false on Responses tools": "absent means strict where the schema allows; ours asks for strict only when told",
    "truncate, shift": "ours asks Ollama to refuse what does not fit rather than to cut it",
    "name of tool results": "some dialects want the tool's name beside the id of its call",
    "index of tool calls": "a mark of streams that some clients replay; servers number calls by their order",
}


class InexpressibleError(Exception):
    """The request says something that `UnifiedRequest` has no word for; the reason is the message."""


@dataclass(slots=True)
class Decoded:
    """A recorded request in our words.

    Attributes:
        request: What was asked.
        facts: What has to be known of the model for the same words to come out.
        stream: Whether the answer was streamed.
        through_extra: Fields that went through `extra` unseen.
    """

    request: UnifiedRequest
    facts: ModelFacts = field(default_factory=ModelFacts)
    stream: bool = False
    through_extra: tuple[str, ...] = ()


def without_nulls(value: Any) -> Any:
    """The value without nulls and default lifetimes, at every depth but inside schemas and arguments."""
    if isinstance(value, dict):
        if value.get("type") == "ephemeral":
            return {k: v for k, v in value.items() if (k, v) != ("ttl", "5m")}
        return {
            k: without_nulls(v) if k not in {"parameters", "input_schema", "schema", "input"} else v
            for k, v in value.items()
            if v is not None
        }
    if isinstance(value, list):
        return [without_nulls(one) for one in value]
    return value


def cache_mark(block: dict[str, Any]) -> CacheMark | None:
    """The cache mark of a block."""
    mark = block.get("cache_control")
    return None if mark is None else CacheMark(mark.get("ttl", "5m"))


def image_of_url(url: str, *, detail: str | None = None, cache: CacheMark | None = None) -> ImagePart:
    """An image from an address or a data URL."""
    if not url.startswith("data:"):
        return ImagePart(url, detail=detail, cache=cache)
    head, _, data = url.partition(",")
    return ImagePart(None, data, head.removeprefix("data:").partition(";")[0], detail=detail, cache=cache)


def text_or_opaque(
    block: dict[str, Any], dialect: str, *, known: frozenset[str] = frozenset({"type", "text"})
) -> ContentPart:
    """Plain text as text; a block with fields of its own kept whole."""
    if set(block) <= known | {"cache_control"}:
        return TextPart(block["text"], cache=cache_mark(block))
    return OpaquePart(dialect, block)


def tools_of_functions(
    functions: list[dict[str, Any]], schema_key: str, known: frozenset[str]
) -> list[ToolSpec] | None:
    """Tool specs; None where a tool has fields that a spec does not carry."""
    specs = []
    for function in functions:
        if set(function) - known - {"cache_control"}:
            return None
        schema = function.get(schema_key) or {}
        specs.append(
            ToolSpec(
                function["name"],
                function.get("description") or "",
                schema,
                function.get("strict"),
                cache_mark(function),
            )
        )
    return specs


def choice_of(value: object, words: dict[str, ToolChoice]) -> ToolChoice | None:
    """A tool choice; None where it has no word for it."""
    if isinstance(value, str):
        return words.get(value)
    if isinstance(value, dict):
        kind = value.get("type")
        name = value.get("name") or (value.get("function") or {}).get("name")
        if kind in {"function", "tool"} and name:
            return NamedTool(name)
        return words.get(str(kind)) if set(value) == {"type"} else None
    return None


def joined(parts: list[Any]) -> list[Any]:
    """Neighbouring plain texts as one; empty texts left out."""
    out: list[Any] = []
    for part in parts:
        if part == {"text": ""}:
            continue
        if out and set(part) == {"text"} and set(out[-1]) == {"text"}:
            out[-1] = {"text": out[-1]["text"] + part["text"]}
        else:
            out.append(part)
    return out


def json_value(value: object) -> object:
    """Decoded JSON text; other values as they are."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value.strip() else {}
    except ValueError:
        return value
