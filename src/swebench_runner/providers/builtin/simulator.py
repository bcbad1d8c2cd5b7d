"""The package's own simulator: real HTTP on this machine, answers from a script, no money."""

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

SPEC: Final = ProviderSpec(
    name="simulator",
    title="Simulator (answers are made up)",
    base_url="http://127.0.0.1:8089/v1",
    auth=BearerTokenAuth,
    transforms={"chat": OpenAIChat()},
    url_env=("SWEBENCH_SIMULATOR_URL",),
    model_env=("SWEBENCH_SIMULATOR_MODEL",),
    requires_api_key=False,
    default_model="sim-mixed",
    capabilities=ProviderCapabilities(
        tools=True,
        json_mode=True,
        thinking=True,
        paradigm="local",
        models=("sim-gold", "sim-mixed", "sim-echo"),
    ),
    facts=partial(facts, "simulator"),
    free=True,
    normalize_url=openai_style,
    # The simulator is as strict as the real thing: any key will do, none will not.
    headers=lambda config: {} if config.key else {"Authorization": "Bearer sk-simulated"},
    hints={"network": "start it in another terminal: `swebench simulator`"},
    provider_class="swebench_runner.providers.builtin.simulator:SimulatorProvider",
)


class SimulatorProvider(SpecProvider):
    """The simulator as a class."""

    spec: ClassVar[ProviderSpec] = SPEC
