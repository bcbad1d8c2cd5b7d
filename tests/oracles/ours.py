"""The same requests through the product: a provider that talks to a loopback address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oracles.sdk import KEY

if TYPE_CHECKING:
    from oracles.cases import Case
    from swebench_runner.providers.core.response import UnifiedResponse

# Provider, what follows the server's address in its base URL, and which of its dialects.
PROVIDERS: dict[str, tuple[str, str, str | None]] = {
    "openai_chat": ("openai", "/v1", "chat"),
    "openai_responses": ("openai", "/v1", "responses"),
    "anthropic_messages": ("anthropic", "", None),
    "ollama": ("ollama", "", None),
    "openrouter": ("openrouter", "/api/v1", None),
}


async def send(dialect: str, url: str, case: Case) -> UnifiedResponse:
    """What the product makes of the server's answer to this request.

    Raises:
        ProviderError: As the provider does.
    """
    from swebench_runner.providers import create_provider

    name, path, api = PROVIDERS[dialect]
    settings: dict[str, Any] = {
        "model": case.sdk["model"],
        "base_url": url + path,
        "max_retries": 0,
        **case.config,
    }
    if name != "ollama":
        settings["api_key"] = KEY
    if api:
        settings["api"] = api
    provider = create_provider(name, **settings)
    try:
        return await provider.generate(case.request)
    finally:
        await provider.aclose()
