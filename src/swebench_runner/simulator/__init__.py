"""A loopback server that speaks the providers' dialects as strictly as they do, and breaks on purpose.

It is the network of the tests, the model of the demonstration, and the far end of the benchmark.

    async with Simulator(gold={problem_statement: patch}) as simulator:
        client = AsyncOpenAI(base_url=simulator.url + "/v1", api_key="any")

What a model does is in its name: `sim-gold`, `sim-429@n=1`, `scn-08`. `describe_behaviours` lists them and
`describe_options` what may follow any of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from swebench_runner.simulator.answers import SCENARIO_TEXT
    from swebench_runner.simulator.behaviours import describe_behaviours, describe_options
    from swebench_runner.simulator.ledger import Record
    from swebench_runner.simulator.prompt import PromptInfo
    from swebench_runner.simulator.server import Simulator, serve

_HOMES = {
    "SCENARIO_TEXT": "answers",
    "PromptInfo": "prompt",
    "Record": "ledger",
    "Simulator": "server",
    "describe_behaviours": "behaviours",
    "describe_options": "behaviours",
    "serve": "server",
}

__all__ = [
    "SCENARIO_TEXT",
    "PromptInfo",
    "Record",
    "Simulator",
    "describe_behaviours",
    "describe_options",
    "serve",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - only whoever asks for a name pays for it

    return getattr(import_module(f"{__name__}.{home}"), name)
