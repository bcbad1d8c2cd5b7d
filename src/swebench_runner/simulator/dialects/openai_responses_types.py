"""The body of a Responses request. What is not listed here does not exist, says the server.

Source: openai SDK 3.52 `response_create_params` and the OpenAPI document of 2026-08-21.
"""

from __future__ import annotations

from collections.abc import Sequence  # noqa: TC003 - msgspec reads the annotations
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from swebench_runner.simulator.dialects.openai_chat_types import (  # noqa: TC001 - msgspec reads them
    Anything,
    Effort,
    Name,
    StreamOptions,
)


class ContentPart(msgspec.Struct):
    """A part of a message; which fields it has depends on its type."""

    type: Literal[
        "input_text",
        "output_text",
        "input_image",
        "input_file",
        "input_audio",
        "refusal",
        "summary_text",
        "reasoning_text",
    ]
    text: str | None = None
    refusal: str | None = None


class Item(msgspec.Struct):
    """One input item; which fields it has depends on its type, and without one it is a message."""

    type: str = "message"
    id: str | None = None
    role: Literal["user", "assistant", "system", "developer"] | None = None
    content: str | Sequence[ContentPart] | None = None
    status: str | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None
    output: str | Sequence[ContentPart] | None = None
    encrypted_content: str | None = None
    summary: Sequence[ContentPart] | None = None


class Reasoning(msgspec.Struct):
    """How to think."""

    effort: Effort | None = None
    summary: Literal["auto", "concise", "detailed"] | None = None
    generate_summary: str | None = None
    mode: str | None = None
    context: str | None = None


class TextFormat(msgspec.Struct):
    """Text, some JSON, or JSON of a schema."""

    type: Literal["text", "json_object", "json_schema"]
    name: Name | None = None
    schema: dict[str, Anything] | None = None
    strict: bool | None = None
    description: str | None = None


class Text(msgspec.Struct):
    """The `text` of a request."""

    format: TextFormat | None = None
    verbosity: Literal["low", "medium", "high"] | None = None


class FlatTool(msgspec.Struct):
    """A tool; a function has its name at the top."""

    type: str
    name: Name | None = None
    description: str | None = None
    parameters: dict[str, Anything] | None = None
    strict: bool | None = None


class FlatChoice(msgspec.Struct):
    """A `tool_choice` that is more than a word."""

    type: str
    name: str | None = None


class CountRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The body of POST /v1/responses/input_tokens."""

    model: str | None = None
    input: str | Sequence[Item] | None = None
    instructions: str | None = None
    conversation: Anything = None
    parallel_tool_calls: bool | None = None
    personality: Anything = None
    previous_response_id: str | None = None
    reasoning: Reasoning | None = None
    text: Text | None = None
    tool_choice: Literal["none", "auto", "required"] | FlatChoice | None = None
    tools: Sequence[FlatTool] | None = None
    truncation: Literal["auto", "disabled"] | None = None


class ResponsesRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The whole body."""

    model: str | None = None
    input: str | Sequence[Item] | None = None
    instructions: str | None = None
    access_programs: Anything = None
    background: bool | None = None
    context_management: Anything = None
    conversation: Anything = None
    image: Anything = None
    include: Sequence[str] | None = None
    max_output_tokens: Annotated[int, Meta(ge=16)] | None = None
    max_tool_calls: int | None = None
    metadata: dict[str, str] | None = None
    moderation: Anything = None
    parallel_tool_calls: bool | None = None
    previous_response_id: str | None = None
    prompt: Anything = None
    prompt_cache_key: str | None = None
    prompt_cache_options: Anything = None
    prompt_cache_retention: str | None = None
    reasoning: Reasoning | None = None
    safety_identifier: str | None = None
    service_tier: str | None = None
    store: bool | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    text: Text | None = None
    tool_choice: Literal["none", "auto", "required"] | FlatChoice | None = None
    tools: Sequence[FlatTool] | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    truncation: Literal["auto", "disabled"] | None = None
    user: str | None = None
