"""Acme, a made-up cloud that speaks OpenAI's dialect: a provider as one value."""

from swebench_runner.providers import BearerTokenAuth, ModelFacts, ProviderCapabilities, ProviderSpec
from swebench_runner.providers.transforms.openai_chat import OpenAIChat

SPEC = ProviderSpec(
    name="acme",
    title="Acme Intelligence",
    base_url="https://api.acme.example/v1",
    auth=BearerTokenAuth,
    transforms={"chat": OpenAIChat(max_tokens_field="max_tokens")},
    key_env=("ACME_API_KEY",),
    url_env=("ACME_BASE_URL",),
    model_env=("ACME_MODEL",),
    default_model="acme-large",
    capabilities=ProviderCapabilities(tools=True, json_mode=True, models=("acme-large", "acme-small")),
    facts=lambda model: ModelFacts(model, context_window=128_000, max_output_tokens=16_384),
    hints={"authentication": "check ACME_API_KEY; keys are made at https://acme.example/keys"},
    docs_url="https://acme.example/keys",
)
