"""The body of a Messages request. What is not listed here is not permitted, says the server.

Source: anthropic SDK 2.11 `message_create_params` (and its beta twin), 2026-11.
"""

from __future__ import annotations

from collections.abc import Sequence  # noqa: TC003 - msgspec reads the annotations
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from swebench_runner.simulator.dialects.openai_chat_types import Anything  # noqa: TC001 - msgspec reads it


class CacheControl(msgspec.Struct):
    """A mark up to which the prompt is cached."""

    type: Literal["ephemeral"]
    ttl: Literal["5m", "1h"] | None = None


class Block(msgspec.Struct):
    """A block of content; which fields it has depends on its type."""

    type: str
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    data: str | None = None
    id: str | None = None
    name: str | None = None
    input: dict[str, Anything] | None = None
    tool_use_id: str | None = None
    content: Anything = None
    source: Anything = None
    cache_control: CacheControl | None = None


class Turn(msgspec.Struct, forbid_unknown_fields=True):
    """One message."""

    role: Literal["user", "assistant"]
    content: str | Sequence[Block]


class Tool(msgspec.Struct):
    """A tool on offer; one without a type, or of type custom, has a schema."""

    name: str
    type: str | None = None
    description: str | None = None
    input_schema: dict[str, Anything] | None = None
    strict: bool | None = None
    cache_control: CacheControl | None = None


class ToolChoice(msgspec.Struct):
    """How free the model is to call."""

    type: Literal["auto", "any", "tool", "none"]
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class Thinking(msgspec.Struct):
    """Whether to think, how much, and whether to show it."""

    type: Literal["enabled", "disabled", "adaptive", "between_tools"]
    budget_tokens: int | None = None
    display: Literal["summarized", "omitted"] | None = None


class OutputFormat(msgspec.Struct):
    """The schema of a structured answer."""

    type: Literal["json_schema"]
    schema: dict[str, Anything]


class OutputConfig(msgspec.Struct):
    """Effort and structure."""

    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = None
    format: OutputFormat | None = None


class CountRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The body of count_tokens, and what the body of a request shares with it."""

    model: str
    messages: Sequence[Turn]
    cache_control: CacheControl | None = None
    context_management: Anything = None
    mcp_servers: Anything = None
    output_config: OutputConfig | None = None
    output_format: Anything = None
    speed: str | None = None
    system: str | Sequence[Block] | None = None
    thinking: Thinking | None = None
    tool_choice: ToolChoice | None = None
    tools: Sequence[Tool] | None = None
    user_profile_id: str | None = None
    workspace_id: str | None = None


class MessagesRequest(CountRequest, forbid_unknown_fields=True, kw_only=True):
    """The whole body, beta fields included."""

    max_tokens: Annotated[int, Meta(ge=1)]
    billing_policy: Anything = None
    compaction: Anything = None
    container: Anything = None
    diagnostics: Anything = None
    fallback_credit_token: Anything = None
    fallbacks: Anything = None
    inference_geo: str | None = None
    metadata: Anything = None
    service_tier: str | None = None
    stop_sequences: Sequence[str] | None = None
    stream: bool | None = None
    temperature: Annotated[float, Meta(ge=0, le=1)] | None = None
    thread: Anything = None
    top_k: Annotated[int, Meta(ge=0)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
