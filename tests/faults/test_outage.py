"""A total outage is not multiplied: what ten thousand calls ask of a provider that is down."""

from __future__ import annotations

import asyncio

import pytest

from support_fault_calls import provider_of
from support_fault_scripts import REFUSED, before, page
from support_fault_wires import MemoryTransport, Wire
from support_virtual_time import LoopClock, in_virtual_time
from swebench_runner.providers import ProviderError, ServerError
from swebench_runner.providers.resilience.retry import RetryBudget

CALLS = 10_000
SECONDS = 1_000.0


def test_retries_alone_add_a_fifth_at_most() -> None:
    budget, retries = RetryBudget(), 0
    for number in range(CALLS):
        now_s = number * SECONDS / CALLS
        while budget.spend(ServerError("down"), now_s) is not None:
            retries += 1
    assert 0 < retries <= 0.2 * CALLS
    # An hour later it is no better: one in ten seconds, until answers come again.
    assert budget.spend(ServerError("down"), 5_000.0) == 0.0
    assert budget.spend(ServerError("down"), 5_001.0) is None
    for _ in range(30):
        budget.succeeded(0.0)
    assert budget.spend(ServerError("down"), 5_002.0) == 1.0


@pytest.mark.parametrize("fault", [before(REFUSED), page("sim-503")], ids=["refused", "503"])
def test_with_the_circuit_hardly_anybody_asks(fault: object) -> None:
    script = fault(Wire("openai", stream=False))  # type: ignore[operator]  # from the list above
    network = MemoryTransport(lambda _number: script)

    async def story() -> None:
        clock = LoopClock()
        asked = provider_of("openai", "test-model", "http://far.test", clock, transport=network)

        async def one(number: int) -> str:
            await asyncio.sleep(number * SECONDS / CALLS)
            with pytest.raises(ProviderError) as caught:
                await asked.generate("hello")
            return caught.value.error_type

        outcomes = await asyncio.gather(*map(one, range(CALLS)))
        assert outcomes.count("circuit_open") > 0.95 * CALLS
        assert 10 <= len(network.requests) < 0.02 * CALLS

    in_virtual_time(story)
