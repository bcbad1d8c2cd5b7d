"""A call that is given up, at any moment, leaves nothing behind: no task, no connection, no permit, no warning."""

from __future__ import annotations

import asyncio
import gc
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from support_fault_calls import provider_of
from support_fault_scripts import plain
from support_fault_wires import PROVIDERS, MemoryTransport, Wire
from support_virtual_time import LoopClock, in_virtual_time
from swebench_runner.providers import FallbackProvider, RetryPolicy
from swebench_runner.providers.resilience.circuit_breaker import CircuitState
from swebench_runner.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

AT_ONCE = RetryPolicy(base_s=0.0, throttled_base_s=0.0)


async def whole(provider: Any) -> None:
    await provider.generate("hello")


async def collected(provider: Any) -> None:
    await provider.generate("hello", stream=True)


async def live(provider: Any) -> None:
    async for _chunk in provider.generate_stream("hello"):
        await asyncio.sleep(0)


async def by_fallback(provider: Any) -> None:
    await FallbackProvider([provider, provider]).generate("hello", stream=True)


CALLS = [whole, collected, live, by_fallback]


async def cancelled_after(steps: int, call: Awaitable[None]) -> bool:
    """Let a call run so many turns of the loop, then cancel it; whether it was still going on."""
    task = asyncio.ensure_future(call)
    for _ in range(steps):
        await asyncio.sleep(0)
    if task.done():
        await task
        return False
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return True


async def closed_by_the_loop() -> None:
    """A reader who is cancelled between two pieces has nobody to close his stream but the loop's own hook."""
    for _ in range(10):
        await asyncio.sleep(0)


def still_running() -> set[asyncio.Task[Any]]:
    return asyncio.all_tasks() - {asyncio.current_task()}  # type: ignore[arg-type]  # there is one


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_cancelled_at_every_step_in_memory(provider: str, call: Callable[[Any], Awaitable[None]]) -> None:
    wire = Wire(provider, call is not whole)
    refused, healthy = (
        plain(500)(wire),
        wire.script(*wire.parts[:9], wire.body[len(b"".join(wire.parts[:9])) :]),
    )

    async def story() -> None:
        clock = LoopClock()
        for steps in range(1000):
            network = MemoryTransport(lambda number: refused if number == 1 else healthy)
            asked = provider_of(
                provider, "test-model", "http://far.test", clock, transport=network, policy=AT_ONCE
            )
            going_on = await cancelled_after(steps, call(asked))
            await closed_by_the_loop()
            assert network.open == 0
            assert still_running() == set()
            if not going_on:
                return
        raise AssertionError("the call never ends")

    in_virtual_time(story)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__)
def test_cancelled_at_every_step_over_a_socket(call: Callable[[Any], Awaitable[None]]) -> None:
    async def story() -> None:
        clock = LoopClock()
        async with Simulator(clock=clock) as sim:
            asked = provider_of("openai", "sim-lorem@tokens=8", sim.url, clock)
            for steps in range(0, 400, 3):
                if not await cancelled_after(steps, call(asked)):
                    break
            await asked.aclose()
            await asyncio.sleep(0.2)
            assert (sim.connections, sim.in_flight) == (0, 0)

    in_virtual_time(story)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__)
def test_a_cancelled_probe_gives_its_permit_back(call: Callable[[Any], Awaitable[None]]) -> None:
    wire = Wire("openai", call is not whole)
    slow = wire.script(wire.body, before=[5.0])

    async def story() -> None:
        clock = LoopClock()
        network = MemoryTransport(lambda _number: slow)
        asked = provider_of("openai", "test-model", "http://far.test", clock, transport=network)
        await asked.generate("hello", stream=call is not whole)
        (lane,) = asked._pipeline().lanes.values()
        lane.breaker.isolate()
        lane.breaker._isolated = False
        assert lane.breaker.state is CircuitState.HALF_OPEN
        assert await cancelled_after(20, call(asked))
        await asked.generate("hello", stream=call is not whole)
        await asked.generate("hello", stream=call is not whole)
        assert lane.breaker.state is CircuitState.CLOSED

    in_virtual_time(story)


@pytest.mark.parametrize(
    "many", [400, pytest.param(10_000, marks=[pytest.mark.full_length, pytest.mark.timeout(600)])]
)
def test_many_cancelled_streams_leave_nothing(many: int) -> None:
    async def give_up_in_the_middle(provider: Any, number: int) -> None:
        seen = 0
        async for _chunk in provider.generate_stream(f"hello {number}"):
            seen += 1
            if seen > number % 7:
                raise asyncio.CancelledError

    async def story() -> None:
        clock = LoopClock()
        async with Simulator(clock=clock, keep_requests=10) as sim:
            asked = provider_of("openai", "sim-endless@every=0.01", sim.url, clock)
            for start in range(0, many, 50):
                calls = [give_up_in_the_middle(asked, start + number) for number in range(50)]
                gone = await asyncio.gather(*calls, return_exceptions=True)
                assert all(isinstance(one, asyncio.CancelledError) for one in gone)
            await asyncio.sleep(1.0)
            assert (sim.connections, sim.in_flight) == (0, 0)
            (lane,) = asked._pipeline().lanes.values()
            assert lane.breaker.state is CircuitState.CLOSED
            await asked.aclose()

    in_virtual_time(story)


def test_a_loop_that_ends_during_a_stream_leaves_no_task_and_no_warning() -> None:
    pending: list[asyncio.Task[None]] = []

    async def read(provider: Any, begun: asyncio.Event) -> None:
        async for _chunk in provider.generate_stream("hello"):
            begun.set()

    async def story(url: str) -> None:
        begun = asyncio.Event()
        asked = provider_of("openai", "sim-stall@s=0", url, LoopClock())
        pending.append(asyncio.ensure_future(read(asked, begun)))
        await begun.wait()

    with Simulator().start_in_thread() as sim, warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        asyncio.run(story(sim.url))
        gc.collect()
    assert pending[0].cancelled()
    assert [str(warning.message) for warning in told] == []
