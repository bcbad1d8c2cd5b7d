"""The body of a chat completion request. What is not listed here does not exist, says the server.

Source: openai SDK 3.52 `completion_create_params` and the OpenAPI document of 2026-08-21.
"""

from __future__ import annotations

from collections.abc import Sequence  # noqa: TC003 - msgspec reads the annotations
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

Anything: TypeAlias = object
Name: TypeAlias = Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
AtLeastOne: TypeAlias = Annotated[int, Meta(ge=1)]
Penalty: TypeAlias = Annotated[float, Meta(ge=-2, le=2)]
Effort: TypeAlias = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


class Part(msgspec.Struct):
    """A part of a message's content; which fields it has depends on its type."""

    type: str
    text: str | None = None
    refusal: str | None = None
    image_url: Anything = None
    input_audio: Anything = None
    file: Anything = None
    cache_control: dict[str, str] | None = None


class FunctionCall(msgspec.Struct):
    """A call as the assistant made it."""

    name: str
    arguments: str


class ToolCall(msgspec.Struct):
    """One entry of `tool_calls`."""

    id: str
    type: Literal["function", "custom"]
    function: FunctionCall | None = None
    custom: Anything = None


class Message(msgspec.Struct, forbid_unknown_fields=True):
    """One message of the conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | Sequence[Part] | None = None
    name: str | None = None
    tool_calls: Sequence[ToolCall] | None = None
    tool_call_id: str | None = None
    refusal: str | None = None
    audio: Anything = None
    annotations: Anything = None
    function_call: Anything = None


class ReasoningDetail(msgspec.Struct):
    """A piece of thinking that OpenRouter wants back as it was."""

    type: str
    text: str | None = None
    signature: str | None = None


class LooseMessage(Message, forbid_unknown_fields=False):
    """The same where further fields are ignored, or mean something to one server."""

    reasoning: str | None = None
    reasoning_content: str | None = None
    reasoning_details: Sequence[ReasoningDetail] | None = None


class Function(msgspec.Struct):
    """A function on offer."""

    name: Name
    description: str | None = None
    parameters: dict[str, Anything] | None = None
    strict: bool | None = None


class Tool(msgspec.Struct):
    """One entry of `tools`."""

    type: Literal["function", "custom"]
    function: Function | None = None
    custom: Anything = None


class ChosenFunction(msgspec.Struct):
    """The name inside a `tool_choice`."""

    name: str


class ChosenTool(msgspec.Struct):
    """A `tool_choice` that is more than a word."""

    type: Literal["function", "custom", "allowed_tools"]
    function: ChosenFunction | None = None


class JsonSchema(msgspec.Struct):
    """The schema of a structured answer."""

    name: Name
    schema: dict[str, Anything] | None = None
    strict: bool | None = None
    description: str | None = None


class ResponseFormat(msgspec.Struct):
    """Text, some JSON, or JSON of a schema."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None


class StreamOptions(msgspec.Struct):
    """What a stream carries besides the answer."""

    include_usage: bool | None = None
    include_obfuscation: bool | None = None
    continuous_usage_stats: bool | None = None


class ChatRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The whole body."""

    model: str
    messages: Annotated[Sequence[Message], Meta(min_length=1)]
    audio: Anything = None
    frequency_penalty: Penalty | None = None
    function_call: Anything = None
    functions: Anything = None
    logit_bias: dict[str, float] | None = None
    logprobs: bool | None = None
    max_completion_tokens: AtLeastOne | None = None
    max_tokens: AtLeastOne | None = None
    metadata: dict[str, str] | None = None
    modalities: Sequence[str] | None = None
    moderation: Anything = None
    n: Annotated[int, Meta(ge=1, le=128)] | None = None
    parallel_tool_calls: bool | None = None
    prediction: Anything = None
    presence_penalty: Penalty | None = None
    prompt_cache_key: str | None = None
    prompt_cache_options: Anything = None
    prompt_cache_retention: str | None = None
    reasoning_effort: Effort | None = None
    response_format: ResponseFormat | None = None
    safety_identifier: str | None = None
    seed: int | None = None
    service_tier: str | None = None
    stop: str | Annotated[Sequence[str], Meta(max_length=4)] | None = None
    store: bool | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    tool_choice: Literal["none", "auto", "required"] | ChosenTool | None = None
    tools: Annotated[Sequence[Tool], Meta(min_length=1, max_length=128)] | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    user: str | None = None
    verbosity: Literal["low", "medium", "high"] | None = None
    web_search_options: Anything = None


class Reasoning(msgspec.Struct):
    """OpenRouter's switch for thinking."""

    effort: Effort | None = None
    max_tokens: int | None = None
    exclude: bool | None = None
    enabled: bool | None = None


class LooseChatRequest(ChatRequest, forbid_unknown_fields=False, kw_only=True):
    """The body where unknown keys are ignored: OpenRouter and the compatible servers."""

    messages: Annotated[Sequence[LooseMessage], Meta(min_length=1)]
    stop: str | Sequence[str] | None = None
    reasoning: Reasoning | None = None
    models: Sequence[str] | None = None
