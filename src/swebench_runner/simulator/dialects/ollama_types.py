"""The bodies of Ollama's native API. Keys that are not listed here are ignored, as Go does.

Source: Ollama `docs/api.md` and `api/types.go` of 2026-08-21.
"""

from __future__ import annotations

from collections.abc import Sequence  # noqa: TC003 - msgspec reads the annotations

import msgspec

from swebench_runner.simulator.dialects.openai_chat_types import Anything  # noqa: TC001 - msgspec reads it


class CalledFunction(msgspec.Struct):
    """A call as the assistant made it; its arguments are an object, both ways."""

    name: str = ""
    arguments: dict[str, Anything] = {}


class ToolCall(msgspec.Struct):
    """One entry of `tool_calls`."""

    function: CalledFunction
    id: str = ""


class Message(msgspec.Struct):
    """One message."""

    role: str = ""
    content: str = ""
    thinking: str = ""
    images: Sequence[str] | None = None
    tool_calls: Sequence[ToolCall] | None = None
    tool_name: str = ""
    tool_call_id: str = ""


class Function(msgspec.Struct):
    """A function on offer."""

    name: str = ""
    description: str = ""
    parameters: dict[str, Anything] = {}


class Tool(msgspec.Struct):
    """One entry of `tools`."""

    type: str = ""
    function: Function = msgspec.field(default_factory=Function)


class CommonRequest(msgspec.Struct, kw_only=True):
    """What both ways of asking share."""

    model: str = ""
    format: Anything = None
    options: dict[str, Anything] | None = None
    stream: bool | None = None
    think: bool | str | None = None
    keep_alive: str | float | None = None
    truncate: bool | None = None
    shift: bool | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None


class ChatRequest(CommonRequest, kw_only=True):
    """The body of POST /api/chat."""

    messages: Sequence[Message] | None = None
    tools: Sequence[Tool] | None = None


class GenerateRequest(CommonRequest, kw_only=True):
    """The body of POST /api/generate."""

    prompt: str = ""
    suffix: str = ""
    system: str = ""
    template: str = ""
    context: Sequence[int] | None = None
    raw: bool | None = None
    images: Sequence[str] | None = None


class ModelRequest(msgspec.Struct, kw_only=True):
    """The body of show, pull and delete."""

    model: str = ""
    name: str = ""
    stream: bool | None = None
    verbose: bool | None = None
