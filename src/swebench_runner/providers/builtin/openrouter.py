"""OpenRouter: many vendors' models behind one OpenAI-style endpoint. https://openrouter.ai/docs (2026-11)."""

from __future__ import annotations

from functools import partial
from typing import ClassVar, Final

from swebench_runner.providers.auth import BearerTokenAuth
from swebench_runner.providers.catalog.models import default_model, facts, known_models
from swebench_runner.providers.core.capabilities import ProviderCapabilities
from swebench_runner.providers.core.protocols import ProviderSpec
from swebench_runner.providers.settings.urls import openai_style
from swebench_runner.providers.spec_provider import SpecProvider
from swebench_runner.providers.transforms.openai_chat import OpenAIChat

_DIALECT: Final = OpenAIChat(
    reasoning="object",
    replay="details",
    replay_extra=True,
    cache_models=("anthropic/", "google/"),
    cost_in_usage=True,
)

SPEC: Final = ProviderSpec(
    name="openrouter",
    title="OpenRouter",
    base_url="https://openrouter.ai/api/v1",
    auth=BearerTokenAuth,
    transforms={"chat": _DIALECT},
    key_env=("OPENROUTER_API_KEY",),
    url_env=("OPENROUTER_BASE_URL",),
    model_env=("OPENROUTER_MODEL",),
    default_model=default_model("openrouter"),
    capabilities=ProviderCapabilities(
        tools=True,
        json_mode=True,
        vision=True,
        thinking=True,
        prompt_cache=True,
        models=known_models("openrouter"),
    ),
    facts=partial(facts, "openrouter"),
    price_provider="openrouter",
    normalize_url=openai_style,
    headers=lambda _config: {"X-OpenRouter-Title": "swebench-runner"},
    hints={
        "authentication": "check OPENROUTER_API_KEY; keys are made at https://openrouter.ai/keys",
        "quota": "add credits at https://openrouter.ai/credits",
    },
    docs_url="https://openrouter.ai/keys",
    provider_class="swebench_runner.providers.builtin.openrouter:OpenRouterProvider",
)


class OpenRouterProvider(SpecProvider):
    """OpenRouter as a class: `OpenRouterProvider(model="openai/gpt-4o", api_key="sk-or-…")`."""

    spec: ClassVar[ProviderSpec] = SPEC
