"""The part of the table that the simulator can act out, over real sockets; the loop's clock stays virtual."""

from __future__ import annotations

import pytest

from support_fault_calls import attempts_of, provider_of, told
from support_fault_table import FAULTS, Fault
from support_fault_wires import PROVIDERS
from support_virtual_time import LoopClock, in_virtual_time
from swebench_runner.simulator import Simulator

ACTED = [fault for fault in FAULTS if fault.model]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("fault", ACTED, ids=lambda fault: fault.name)
def test_the_same_over_a_socket(fault: Fault, provider: str, stream: bool) -> None:
    wanted = fault.expected(provider, stream=stream)

    async def call() -> str:
        clock = LoopClock()
        async with Simulator(clock=clock) as sim:
            asked = provider_of(provider, fault.model, sim.url, clock)
            attempts = await attempts_of(asked, stream=stream)
            assert sim.count(model=fault.model) == len(attempts)
            await asked.aclose()
        return told(attempts, clock.waits, wanted)

    assert in_virtual_time(call) == wanted
