"""A stage for the failover scenarios: a provider that misbehaves, a healthy one behind it, and the count."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from support_virtual_time import LoopClock, VirtualLoop, in_virtual_time
from swebench_runner.providers import FallbackProvider, OpenAICompatibleProvider, ProviderCoordinator, collect
from swebench_runner.providers.core.config import Timeouts
from swebench_runner.simulator import SCENARIO_TEXT, Simulator

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from swebench_runner.providers import UnifiedResponse
    from swebench_runner.simulator.ledger import Record

    Story = Callable[["Stage"], Awaitable[None]]

# The benchmark's budget: two retries, 30 s of silence in a stream, and a limit on the first token.
TIMEOUTS = {"connect_s": 5.0, "first_event_s": 12.0, "idle_s": 30.0, "progress_s": 30.0, "attempt_s": 90.0}


@dataclass(frozen=True, slots=True)
class Stage:
    """Two lanes at one simulator.

    Attributes:
        sim: Both providers.
        primary: Model of the first lane.
        fallback: Model of the second.
        route: The lanes as one provider.
        clock: The loop's.
    """

    sim: Simulator
    primary: str
    fallback: str
    route: FallbackProvider
    clock: LoopClock

    async def ask(self, text: str = "hello", **more: Any) -> UnifiedResponse:
        """An answer, streamed and collected."""
        return await self.route.generate(text, stream=True, **more)

    async def ask_by_coordinator(self, text: str = "hello") -> UnifiedResponse:
        """The same by the other door, as a whole answer."""
        return await ProviderCoordinator(self.route.providers).generate_with_fallback(text)

    async def ask_live(self, text: str = "hello") -> UnifiedResponse:
        """An answer of which every piece is seen."""
        return await collect(self.route.generate_stream(text))

    async def answered(self, by: str, text: str = "hello") -> UnifiedResponse:
        """The right answer, whole and exact, from one model, with its tokens."""
        response = await self.ask(text)
        assert response.content == SCENARIO_TEXT
        assert (response.model, response.answered_by) == (by, f"{self.lane}/{by}")
        assert response.usage.source == "provider"
        assert response.usage.completion_tokens > 0
        return response

    @property
    def lane(self) -> str:
        """What the providers are called."""
        return self.route.providers[0].name

    def attempts(self, model: str | None = None) -> list[Record]:
        """Requests for a model, the first lane's if none is named, as the simulator saw them."""
        return [record for record in self.sim.requests if record.model == (model or self.primary)]

    @property
    def counts(self) -> tuple[int, int]:
        """Requests that the first and the second lane saw."""
        return len(self.attempts()), len(self.attempts(self.fallback))

    async def healthy(self) -> None:
        """One healthy call of the first lane's provider succeeds, and nothing is left of the calls before."""
        response = await self.route.providers[0].generate("hello", stream=True, model="scn-ok")
        assert response.content == SCENARIO_TEXT
        for provider in self.route.providers:
            await provider.aclose()
        await asyncio.sleep(0.05)
        assert self.sim.connections == 0
        assert self.sim.in_flight == 0


def provider_at(url: str, model: str, clock: LoopClock, **settings: Any) -> OpenAICompatibleProvider:
    """One lane; its jitter is repeatable."""
    settings.setdefault("timeouts", Timeouts(**TIMEOUTS))
    return OpenAICompatibleProvider(
        model, "sk-scenario", base_url=f"{url}/v1", clock=clock, rng=random.Random(model), **settings
    )


def scenario(number: str, *, fallback: str = "scn-ok") -> Callable[[Story], Callable[..., None]]:
    """A test that tells one scenario: on virtual time, and with `-m full_length` on the real clock."""

    def decorate(story: Story) -> Callable[..., None]:
        @pytest.mark.parametrize(
            "loop",
            [
                pytest.param(VirtualLoop, id="virtual"),
                pytest.param(
                    asyncio.SelectorEventLoop,
                    id="real",
                    marks=[pytest.mark.full_length, pytest.mark.timeout(300)],
                ),
            ],
        )
        def test(loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
            in_virtual_time(lambda: _perform(f"scn-{number}", fallback, story), loop)

        test.__name__ = story.__name__
        return test

    return decorate


async def _perform(primary: str, fallback: str, story: Story) -> None:
    clock = LoopClock()
    async with Simulator(clock=clock) as sim:
        lanes = [provider_at(sim.url, model, clock) for model in (primary, fallback)]
        stage = Stage(sim, primary, fallback, FallbackProvider(lanes, clock=clock), clock)
        await story(stage)
        await stage.healthy()
