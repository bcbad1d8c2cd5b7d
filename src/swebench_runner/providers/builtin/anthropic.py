"""Anthropic: the Messages API, with exact token counts. https://docs.anthropic.com/en/api (2026-11)."""

from __future__ import annotations

from functools import partial
from typing import ClassVar, Final

from swebench_runner.providers.auth import ApiKeyAuth
from swebench_runner.providers.catalog.models import default_model, facts, known_models
from swebench_runner.providers.core.capabilities import ProviderCapabilities
from swebench_runner.providers.core.protocols import ProviderSpec
from swebench_runner.providers.settings.urls import anthropic_style
from swebench_runner.providers.spec_provider import SpecProvider
from swebench_runner.providers.transforms.anthropic_messages import AnthropicMessages

SPEC: Final = ProviderSpec(
    name="anthropic",
    title="Anthropic",
    base_url="https://api.anthropic.com",
    auth=ApiKeyAuth,
    transforms={"messages": AnthropicMessages()},
    key_env=("ANTHROPIC_API_KEY",),
    url_env=("ANTHROPIC_BASE_URL",),
    model_env=("ANTHROPIC_MODEL",),
    default_model=default_model("anthropic"),
    capabilities=ProviderCapabilities(
        tools=True,
        json_mode=True,
        vision=True,
        thinking=True,
        prompt_cache=True,
        token_counting=True,
        models=known_models("anthropic"),
    ),
    facts=partial(facts, "anthropic"),
    price_provider="anthropic",
    models_path="/v1/models?limit=1000",
    count_path="/v1/messages/count_tokens",
    normalize_url=anthropic_style,
    headers=lambda _config: {"anthropic-version": "2023-06-01"},
    hints={
        "authentication": "check ANTHROPIC_API_KEY; keys are made at https://console.anthropic.com/settings/keys",
        "quota": "the account has no credit left: https://console.anthropic.com/settings/billing",
    },
    docs_url="https://console.anthropic.com/settings/keys",
    provider_class="swebench_runner.providers.builtin.anthropic:AnthropicProvider",
)


class AnthropicProvider(SpecProvider):
    """Anthropic as a class: `AnthropicProvider(model="sonnet", api_key="sk-ant-…")`."""

    spec: ClassVar[ProviderSpec] = SPEC
