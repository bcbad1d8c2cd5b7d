"""Every provider in front of the simulator, under one name each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from swebench_runner.providers import Provider, ProviderRegistry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from swebench_runner.simulator import Simulator

COSTUMES = ["vllm", "llamacpp", "fastchat", "lmstudio"]
LANES = [
    "openai", "openai-responses", "anthropic", "ollama", "openrouter", "openai_compatible", "simulator", *COSTUMES,
]  # fmt: skip


@pytest.fixture(params=LANES)
def lane(request: pytest.FixtureRequest) -> str:
    """The provider under test."""
    return str(request.param)


@pytest.fixture
async def make(lane: str, simulator: Simulator) -> AsyncIterator[Callable[..., Provider]]:
    """Make the provider of this lane; what was made is closed in the end."""
    environ = {**simulator.env(), "OPENAI_COMPATIBLE_BASE_URL": f"{simulator.url}/vllm/v1"}
    environ |= {f"{name.upper()}_BASE_URL": f"{simulator.url}/{name}/v1" for name in COSTUMES}
    registry = ProviderRegistry(environ=environ)
    made: list[Provider] = []

    def create(model: str = "sim-echo", **settings: Any) -> Provider:
        name, _, api = lane.partition("-")
        provider = registry.create_provider(name, model, **({"api": api} if api else {}), **settings)
        made.append(provider)
        return provider

    yield create
    for provider in made:
        await provider.aclose()
