"""Every fault, streamed and not, at five providers: its class, its attempts, what is booked, how long it took."""

from __future__ import annotations

import pytest

from support_fault_calls import outcome
from support_fault_table import FAULTS, Fault
from support_fault_wires import PROVIDERS


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_what_comes_of_a_fault(fault: Fault, provider: str, stream: bool) -> None:
    said, _network = outcome(fault, provider, stream=stream)
    assert said == fault.expected(provider, stream=stream)


def test_the_table_is_as_large_as_it_says() -> None:
    assert len(FAULTS) >= 46
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
