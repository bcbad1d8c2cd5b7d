"""What a type checker sees of the public API. Checked by mypy, never run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from typing import assert_type

from swebench_runner.providers import (
    FinishReason,
    Message,
    MessageRole,
    MockProvider,
    OpenAIProvider,
    Provider,
    ProviderChunk,
    ProviderError,
    TokenUsage,
    ToolCall,
    ToolSpec,
    UnifiedRequest,
    UnifiedResponse,
    create_provider,
    get_registry,
    list_providers,
)


async def asking() -> None:
    provider = create_provider("openai", model="gpt-4o", api_key="sk-x", temperature=0.2)
    assert_type(provider, Provider)
    response = await provider.generate("hi", tools=[ToolSpec("t"), {"name": "u"}], max_tokens=5)
    assert_type(response, UnifiedResponse)
    assert_type(response.cost, Decimal | None)
    assert_type(response.usage, TokenUsage)
    assert_type(response.tool_calls, tuple[ToolCall, ...])
    assert_type(response.normalized_finish_reason, FinishReason)
    assert_type(provider.generate_stream([Message(MessageRole.USER, "hi")]), AsyncIterator[ProviderChunk])
    assert_type(await OpenAIProvider("m").generate(UnifiedRequest("x")), UnifiedResponse)


def synchronously() -> None:
    assert_type(MockProvider(["x"]).generate_sync([{"role": "user", "content": "hi"}]), UnifiedResponse)
    assert_type(MockProvider().generate_stream_sync("x"), Iterator[ProviderChunk])
    assert_type(list_providers(), list[str])
    assert_type(get_registry().get_provider_class("openai"), type[Provider])
    try:
        get_registry().get_provider("x")
    except ProviderError as error:
        assert_type(error.retry_after_s, float | None)
