"""Any server that speaks OpenAI's dialect (vLLM, llama.cpp, FastChat, LM Studio, …): an address is enough."""

from __future__ import annotations

from functools import partial
from typing import ClassVar, Final

from swebench_runner.providers.auth import BearerTokenAuth
from swebench_runner.providers.catalog.models import facts
from swebench_runner.providers.core.capabilities import ProviderCapabilities
from swebench_runner.providers.core.protocols import ProviderSpec
from swebench_runner.providers.settings.urls import openai_style
from swebench_runner.providers.spec_provider import SpecProvider
from swebench_runner.providers.transforms.openai_chat import OpenAIChat
from swebench_runner.providers.transforms.openai_responses import OpenAIResponses

SPEC: Final = ProviderSpec(
    name="openai_compatible",
    title="OpenAI-compatible server",
    base_url="",
    auth=BearerTokenAuth,
    transforms={"chat": OpenAIChat(terminator="done_only"), "responses": OpenAIResponses()},
    key_env=("OPENAI_COMPATIBLE_API_KEY",),
    url_env=("OPENAI_COMPATIBLE_BASE_URL",),
    model_env=("OPENAI_COMPATIBLE_MODEL",),
    requires_api_key=False,
    capabilities=ProviderCapabilities(),
    facts=partial(facts, "openai_compatible"),
    normalize_url=openai_style,
    hints={"network": "check that the server runs and that OPENAI_COMPATIBLE_BASE_URL is its address"},
    provider_class="swebench_runner.providers.builtin.openai_compatible:OpenAICompatibleProvider",
)


class OpenAICompatibleProvider(SpecProvider):
    """A compatible server as a class: `OpenAICompatibleProvider(model="…", base_url="http://localhost:8000/v1")`."""

    spec: ClassVar[ProviderSpec] = SPEC
