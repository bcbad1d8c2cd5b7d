"""The examples of the three plans that the layer unites, unchanged but for the import line."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from swebench_runner.simulator import Simulator


@pytest.fixture
def at_the_simulator(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in simulator.env().items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("at_the_simulator")
async def test_the_batch_plans_example(capsys: pytest.CaptureFixture[str]) -> None:  # A118
    from swebench_runner.providers import ProviderCoordinator, UnifiedRequest, get_registry

    provider = get_registry().get_provider("openai")
    response = await provider.generate_unified(
        UnifiedRequest(prompt="Fix it", system_message="You fix bugs", max_tokens=1000)
    )
    print(response.content, response.cost, response.usage.total_tokens)
    assert capsys.readouterr().out.strip()
    assert response.usage.total_tokens > 0
    assert response.cost is None or isinstance(response.cost, Decimal)

    coordinator = ProviderCoordinator(["openai", "anthropic", "ollama"])
    answer = await coordinator.generate_with_fallback(UnifiedRequest(prompt="Fix it"))
    assert answer.answered_by
    await coordinator.aclose()


@pytest.mark.usefixtures("at_the_simulator")
async def test_the_chat_plans_example(capsys: pytest.CaptureFixture[str]) -> None:  # B048
    from swebench_runner.providers import Message, MessageRole, create_provider

    provider = create_provider(name="openai", model="gpt-4", api_key="sk-test", temperature=0.7)
    messages = [Message(role=MessageRole.USER, content="Hello!")]
    response = await provider.generate(messages)
    assert response.content
    async for chunk in provider.generate_stream(messages):
        print(chunk.text, end="")
    assert capsys.readouterr().out == response.content
    await provider.aclose()


def test_the_manager_plans_example() -> None:  # C012
    from swebench_runner.providers import ModelDiscoveryService, ProviderConfig, ProviderManager

    providers = {
        "openai": ProviderConfig(
            name="OpenAI", base_api_url="https://api.openai.com/v1", valid_models={"gpt-4o": "4o"}
        )
    }
    config, model = ProviderManager(providers).get_api_for_model_string("openai/gpt-4o")
    assert (config.base_api_url, model) == ("https://api.openai.com/v1", "gpt-4o")
    assert ModelDiscoveryService().validate_api_key(config) is False
