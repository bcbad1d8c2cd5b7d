"""Cancelled at any moment, in any thread: every permit comes back, and nobody sleeps through their turn."""

from __future__ import annotations

import asyncio
import gc
import threading
from typing import TYPE_CHECKING

import pytest

from support_lane import PatientClock, settled
from swebench_runner.providers.resilience.lane_limits import Cost, LaneLimits
from swebench_runner.providers.resilience.limiter import RateLimiter
from swebench_runner.providers.resilience.limiter_shared import SharedRateLimiter
from swebench_runner.providers.resilience.stores.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from swebench_runner.providers.resilience import lane_steps

LIMITS = LaneLimits(requests_per_minute=60, tokens_per_minute=60_000, max_concurrency=2, adaptive=False)
MOMENTS = range(70)


class SlowStore(MemoryStore):
    """A store that is asked over something like a network."""

    async def apply(self, lane: str, limits: LaneLimits, step: lane_steps.Step) -> int:
        for _ in range(3):
            await asyncio.sleep(0)
        result = await super().apply(lane, limits, step)
        for _ in range(3):
            await asyncio.sleep(0)
        return result


def local(clock: PatientClock) -> RateLimiter:
    return RateLimiter(LIMITS, clock=clock)


def shared(clock: PatientClock) -> SharedRateLimiter:
    return SharedRateLimiter(LIMITS, store=SlowStore(clock=clock), name="lane", clock=clock)


@pytest.mark.parametrize("make", [local, shared])
async def test_cancelled_at_any_moment_every_permit_comes_back(
    make: Callable[[PatientClock], RateLimiter],
) -> None:
    for moment in MOMENTS:
        clock = PatientClock(1_000.0)
        limiter = make(clock)
        went: list[str] = []

        async def call(name: str, limiter: RateLimiter = limiter, went: list[str] = went) -> None:
            async with limiter.admit(Cost(40_000 if name == "large" else 10)) as admission:
                went.append(name)
                await asyncio.sleep(0)
                admission.settle(Cost(10))

        tasks = {name: asyncio.create_task(call(name)) for name in ("a", "victim", "large", "b", "c")}
        moving = asyncio.create_task(clock.advance(30))
        for _ in range(moment):
            await asyncio.sleep(0)
        tasks["victim"].cancel()
        await moving
        await clock.advance(120)
        assert all(task.done() for task in tasks.values())
        assert {"a", "large", "b", "c"} <= set(went)
        view = await limiter.look()
        assert (view.in_flight, view.queue_depth, clock.timers) == (0, 0, 0)
        assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_waiter_that_was_let_pass_and_cancelled_at_once_gives_its_place_back() -> None:
    clock = PatientClock(1_000.0)
    limiter = RateLimiter(LaneLimits(tokens_per_minute=60_000, adaptive=False), clock=clock)
    (await limiter.acquire(1_100)).settle(None)
    large = asyncio.create_task(limiter.acquire(30_000))
    await settled()
    small = asyncio.create_task(limiter.acquire(5))
    for _ in range(40):
        if limiter._home.lane.in_flight:
            break
        await asyncio.sleep(0)
    assert limiter._home.lane.in_flight == 1  # granted by the head, and not yet awake
    small.cancel()
    await settled()
    assert small.cancelled()
    assert limiter._home.lane.in_flight == 0
    large.cancel()
    await settled()


def test_callers_in_several_threads_share_one_lane() -> None:
    limiter = RateLimiter(LaneLimits(max_concurrency=3, adaptive=False))
    in_flight, peak, done = [0], [0], [0]
    lock = threading.Lock()

    async def call() -> None:
        async with limiter.admit():
            with lock:
                in_flight[0] += 1
                peak[0] = max(peak[0], in_flight[0])
            await asyncio.sleep(0)
            with lock:
                in_flight[0] -= 1
                done[0] += 1

    async def caller() -> None:
        await asyncio.gather(*(call() for _ in range(100)))

    threads = [threading.Thread(target=asyncio.run, args=(caller(),), daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert done[0] == 400
    assert peak[0] <= 3
    assert (limiter.queue_depth, limiter._home.lane.in_flight) == (0, 0)


def test_a_loop_that_ended_while_waiting_does_not_hold_up_the_others() -> None:
    limiter = RateLimiter(LaneLimits(max_concurrency=1, adaptive=False))

    async def first_come() -> asyncio.Task[object]:
        waiting = asyncio.create_task(limiter.acquire())
        await settled()
        return waiting

    async def wait_for_turn() -> None:
        waiting = asyncio.create_task(limiter.acquire())
        await settled()
        held.settle(None)
        (await waiting).settle(None)

    held = asyncio.run(_held(limiter))
    dead = asyncio.new_event_loop()
    abandoned = dead.run_until_complete(first_come())
    dead.close()
    assert limiter.queue_depth == 1
    asyncio.run(wait_for_turn())
    assert limiter.queue_depth == 0
    abandoned._log_destroy_pending = False  # type: ignore[attr-defined]  # what was done to it is the point


async def _held(limiter: RateLimiter) -> object:
    return await limiter.acquire()


async def test_settling_from_another_thread_wakes_the_next_one() -> None:
    limiter = RateLimiter(LaneLimits(max_concurrency=1, adaptive=False))
    held = await limiter.acquire()
    waiting = asyncio.create_task(limiter.acquire())
    await settled()
    thread = threading.Thread(target=held.settle, args=(None,))
    thread.start()
    thread.join()
    (await waiting).settle(None)


async def test_ten_thousand_cancelled_calls_leave_nothing() -> None:
    clock = PatientClock(1_000.0)
    limiter = RateLimiter(LaneLimits(max_concurrency=4, adaptive=False), clock=clock)

    async def call() -> None:
        async with limiter.admit(deadline_s=clock.now + 600):
            await asyncio.sleep(3_600)

    for _ in range(100):
        tasks = [asyncio.create_task(call()) for _ in range(100)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await settled()
    gc.collect()
    lane, line = limiter._home.lane, limiter._line
    assert (lane.in_flight, len(dict(lane.leases.items())), limiter.queue_depth) == (0, 0, 0)
    assert len(line._deadlines) <= 300
    assert clock.timers == 0
