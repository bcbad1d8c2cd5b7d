"""What a case of the comparison with a vendor's SDK consists of, and the pieces that the cases share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from swebench_runner.providers.core.messages import (
    ImagePart,
    Message,
    MessageRole,
    TextPart,
    ToolCall,
    ToolResult,
)
from swebench_runner.providers.core.request import ToolSpec, UnifiedRequest

USER, ASSISTANT, SYSTEM, TOOL = MessageRole.USER, MessageRole.ASSISTANT, MessageRole.SYSTEM, MessageRole.TOOL
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PICTURE_URL = "https://example.org/cat.png"
WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string", "description": "Where, in any language: Zürich, 東京"}},
    "required": ["city"],
    "additionalProperties": False,
}
NO_PARAMETERS: dict[str, Any] = {
    "type": "object",
    "properties": {},
    "required": [],
    "additionalProperties": False,
}
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"anyOf": [{"type": "integer"}, {"type": "null"}]}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
WEATHER_TOOL = ToolSpec("get_weather", "The weather of a city.", WEATHER)
STRICT_TOOL = ToolSpec("get_weather", "The weather of a city.", WEATHER, strict=True)
CLOCK_TOOL = ToolSpec("clock", "What time it is.", NO_PARAMETERS)
CALL = ToolCall("call_1", "get_weather", {"city": "Zürich"})
CALLS = (CALL, ToolCall("call_2", "get_weather", {"city": "東京"}))
RESULT = ToolResult("call_1", "get_weather", "Sunny, 25 °C")
RESULT_2 = ToolResult("call_2", "get_weather", "Rain")
FAILED = ToolResult("call_1", "get_weather", "no such city", is_error=True)
EMPTY_CALL = ToolCall("call_1", "clock", {})


@dataclass(frozen=True, slots=True)
class Case:
    """One request, said to us and said to a vendor's SDK.

    Attributes:
        name: What it is about.
        request: Ours.
        sdk: Arguments of the SDK's method.
        differs: Paths in the body that differ ("messages.0.role"), and why that is right.
        method: Of the SDK, where it has several.
        config: Settings of the provider (organization and the like).
    """

    name: str
    request: UnifiedRequest
    sdk: dict[str, Any]
    differs: dict[str, str] = field(default_factory=dict)
    method: str = ""
    config: dict[str, Any] = field(default_factory=dict)


def ask(prompt: str | None = None, /, **fields: Any) -> UnifiedRequest:
    """A request without the default temperature, so that a case says all that is in its body."""
    return UnifiedRequest(prompt, **{"temperature": None, **fields})


def user(*parts: Any) -> Message:
    """A turn of the user."""
    return Message(USER, parts[0] if len(parts) == 1 and isinstance(parts[0], str) else tuple(parts))


def said(*parts: Any, calls: tuple[ToolCall, ...] = ()) -> Message:
    """A turn of the model."""
    return Message(
        ASSISTANT, parts[0] if len(parts) == 1 and isinstance(parts[0], str) else tuple(parts), calls
    )


def picture(**fields: Any) -> ImagePart:
    """An image by its content."""
    return ImagePart(data=PIXEL, media_type="image/png", **fields)


def text(words: str, **fields: Any) -> TextPart:
    """A piece of text."""
    return TextPart(words, **fields)
