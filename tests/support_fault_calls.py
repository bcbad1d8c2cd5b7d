"""One call under a fault, and what came of it in the words of the table."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from support_fault_wires import BASES, PROVIDERS, MemoryTransport, Wire
from support_virtual_time import LoopClock, in_virtual_time
from swebench_runner.providers import ProviderError
from swebench_runner.simulator import SCENARIO_TEXT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support_fault_table import Fault
    from swebench_runner.providers.core.response import Attempt


def provider_of(name: str, model: str, base: str, clock: LoopClock, **more: Any) -> Any:
    """One of the five, without chance."""
    return PROVIDERS[name](
        model, "sk-fault", base_url=base + BASES[name], clock=clock, rng=random.Random(7), **more
    )


def outcome(fault: Fault, name: str, *, stream: bool) -> tuple[str, MemoryTransport]:
    """What a fault does to one call on virtual time, said as the table says it."""
    script = fault.script(Wire(name, stream))
    network = MemoryTransport(lambda _number: script)

    async def call() -> str:
        clock = LoopClock()
        provider = provider_of(name, "test-model", "http://far.test", clock, transport=network)
        attempts = await attempts_of(provider, stream=stream)
        assert len(attempts) == len(network.requests)
        assert network.open == 0
        return told(attempts, clock.waits, fault.expected(name, stream=stream))

    return in_virtual_time(call), network


async def attempts_of(provider: Any, *, stream: bool) -> Sequence[Attempt]:
    """The ledger of one call; an answer has to be whole, and an error has to be said to a person."""
    try:
        response = await provider.generate("hello", stream=stream)
    except ProviderError as error:
        failure = error
    else:
        assert response.content == SCENARIO_TEXT
        return response.attempts
    assert failure.provider == provider.name
    assert str(failure)
    assert failure.attempts[-1].outcome == failure.error_type
    return failure.attempts


# The lane's line may hold a call back for a moment more than its own wait; that is no wait of the policy's.
IN_LINE_S = 0.02


def told(attempts: Sequence[Attempt], waits: Sequence[float], wanted: str) -> str:
    """A ledger as the table would say it; times and waits only where the table speaks of them."""
    last = attempts[-1]
    words = [f"{last.outcome} x{len(attempts)}"]
    seconds = next((word for word in wanted.split() if word[:-1].isdigit() and word.endswith("s")), None)
    if seconds is not None:
        took_s, limit_s = last.latency_ms / 1000, float(seconds[:-1])
        words.append(seconds if 0.9 * limit_s <= took_s <= 1.1 * limit_s else f"{took_s:g}s")
    waits = [wait for wait in waits if wait > IN_LINE_S]
    if "waits" in wanted:
        least_s = float(wanted.rsplit(maxsplit=1)[-1])
        words.append(
            f"waits {least_s:g}" if all(waited_matches(wait, least_s) for wait in waits) else f"waits {waits}"
        )
    if last.usage is not None:
        words.append({"provider": "measured", "estimate": "estimated"}.get(last.usage.source, "unknown"))
    return " ".join(words)


def waited_matches(wait_s: float, told_s: float) -> bool:
    """Never earlier than told, and not much later: the jitter of a wait of our own is four seconds at most."""
    return told_s <= wait_s <= max(told_s * 1.1, 4.0 if told_s < 4 else 0.0) + 0.001
