"""OpenAI: chat completions, and the Responses API for models that speak only it.

https://platform.openai.com/docs/api-reference (2026-11)
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from swebench_runner.providers.auth import BearerTokenAuth
from swebench_runner.providers.catalog.models import default_model, facts, known_models
from swebench_runner.providers.core.capabilities import ProviderCapabilities
from swebench_runner.providers.core.protocols import ProviderSpec
from swebench_runner.providers.settings.urls import openai_style
from swebench_runner.providers.spec_provider import SpecProvider
from swebench_runner.providers.tokens.tiktoken import TiktokenCounter
from swebench_runner.providers.transforms.openai_chat import OpenAIChat
from swebench_runner.providers.transforms.openai_responses import OpenAIResponses

if TYPE_CHECKING:
    from swebench_runner.providers.core.config import ProviderConfig


def _account_headers(config: ProviderConfig) -> dict[str, str]:
    """Which organisation and project are billed."""
    named = {"OpenAI-Organization": config.organization, "OpenAI-Project": config.project}
    return {name: value for name, value in named.items() if value}


SPEC: Final = ProviderSpec(
    name="openai",
    title="OpenAI",
    base_url="https://api.openai.com/v1",
    auth=BearerTokenAuth,
    transforms={"chat": OpenAIChat(), "responses": OpenAIResponses()},
    key_env=("OPENAI_API_KEY",),
    url_env=("OPENAI_BASE_URL", "OPENAI_API_BASE"),
    model_env=("OPENAI_MODEL",),
    default_model=default_model("openai"),
    capabilities=ProviderCapabilities(
        tools=True, json_mode=True, vision=True, thinking=True, models=known_models("openai")
    ),
    counter=TiktokenCounter,
    facts=partial(facts, "openai"),
    price_provider="openai",
    normalize_url=openai_style,
    headers=_account_headers,
    hints={
        "authentication": "check OPENAI_API_KEY; keys are made at https://platform.openai.com/api-keys",
        "quota": "the account has no credit left: https://platform.openai.com/settings/organization/billing",
    },
    docs_url="https://platform.openai.com/api-keys",
    provider_class="swebench_runner.providers.builtin.openai:OpenAIProvider",
)


class OpenAIProvider(SpecProvider):
    """OpenAI as a class: `OpenAIProvider(model="gpt-4o", api_key="sk-…")`."""

    spec: ClassVar[ProviderSpec] = SPEC
