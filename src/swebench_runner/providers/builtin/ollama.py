"""Ollama: models on hardware of one's own, over its native API. https://docs.ollama.com/api (2026-11)."""

from __future__ import annotations

from functools import partial
from typing import ClassVar, Final

from swebench_runner.providers.auth import BearerTokenAuth
from swebench_runner.providers.catalog.models import default_model, facts, known_models
from swebench_runner.providers.core.capabilities import ProviderCapabilities
from swebench_runner.providers.core.protocols import ProviderSpec
from swebench_runner.providers.settings.urls import ollama_style
from swebench_runner.providers.spec_provider import SpecProvider
from swebench_runner.providers.transforms.ollama import Ollama

SPEC: Final = ProviderSpec(
    name="ollama",
    title="Ollama",
    base_url="http://localhost:11434",
    auth=BearerTokenAuth,
    transforms={"ollama": Ollama()},
    key_env=("OLLAMA_API_KEY",),
    url_env=("OLLAMA_HOST", "OLLAMA_BASE_URL"),
    model_env=("OLLAMA_MODEL",),
    requires_api_key=False,
    default_model=default_model("ollama"),
    capabilities=ProviderCapabilities(
        json_mode=True, thinking=True, paradigm="local", max_concurrency=4, models=known_models("ollama")
    ),
    facts=partial(facts, "ollama"),
    free=True,
    models_path="/api/tags",
    normalize_url=ollama_style,
    hints={
        "network": "start the server with `ollama serve`, or set OLLAMA_HOST",
        "not_found": "fetch the model first: `ollama pull MODEL`",
    },
    docs_url="https://ollama.com/download",
    provider_class="swebench_runner.providers.builtin.ollama:OllamaProvider",
)


class OllamaProvider(SpecProvider):
    """Ollama as a class: `OllamaProvider(model="llama3.2")`."""

    spec: ClassVar[ProviderSpec] = SPEC
