"""How much of a limit is used, how much is overshot, and who gets it: with 1, 2 and 8 processes."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress

import pytest

from support_lane import PatientClock, busiest_minute
from swebench_runner.providers.core.errors import OverloadedError, RateLimitError, ServerError
from swebench_runner.providers.resilience.lane_limits import Cost, LaneLimits, pace
from swebench_runner.providers.resilience.limiter import RateLimiter
from swebench_runner.providers.resilience.limiter_shared import SharedRateLimiter
from swebench_runner.providers.resilience.stores.memory import MemoryStore

SPAN_S = 120.0


async def run(
    limiters: list[RateLimiter], clock: PatientClock, *, workers: int, tokens: int, latency_s: float
) -> list[list[tuple[float, int]]]:
    """Who went when with how much, of callers that always want more."""
    went: list[list[tuple[float, int]]] = [[] for _ in limiters]
    rng = random.Random(7)

    async def work(index: int) -> None:
        while True:
            used = rng.randint(tokens // 2, tokens) if tokens else 0
            async with limiters[index].admit(Cost(tokens)) as admission:
                went[index].append((clock.now, used))
                await clock.sleep(rng.uniform(0.5, 1.5) * latency_s)
                admission.settle(Cost(used))

    tasks = [asyncio.create_task(work(index)) for index in range(len(limiters)) for _ in range(workers)]
    await clock.advance(SPAN_S)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for limiter in limiters:
        if isinstance(limiter, SharedRateLimiter):
            await limiter.aclose()
    return went


@pytest.mark.parametrize("processes", [1, 2, 8])
async def test_requests_a_minute_are_used_and_not_overshot(processes: int) -> None:
    limits = LaneLimits(requests_per_minute=300, adaptive=False)
    clock = PatientClock(1_000.0)
    store = MemoryStore(clock=clock)
    limiters: list[RateLimiter] = [
        SharedRateLimiter(limits, store=store, name="lane", clock=clock, rng=random.Random(number))
        for number in range(processes)
    ]
    went = await run(limiters, clock, workers=24 // processes, tokens=0, latency_s=2.0)
    everybody = [call for one in went for call in one]
    assert 0.95 <= len(everybody) / (300 * SPAN_S / 60) <= 1.01
    assert busiest_minute([(at_s, 1) for at_s, _ in everybody]) <= 300
    shares = [len(one) for one in went]
    assert sum(shares) ** 2 / (len(shares) * sum(share**2 for share in shares)) >= 0.98  # Jain


@pytest.mark.parametrize("shared", [False, True])
async def test_tokens_a_minute_are_used_although_estimates_are_too_high(shared: bool) -> None:
    limits = LaneLimits(tokens_per_minute=100_000, adaptive=False)
    clock = PatientClock(1_000.0)
    if shared:
        store = MemoryStore(clock=clock)
        limiter: RateLimiter = SharedRateLimiter(limits, store=store, name="lane", clock=clock)
    else:
        limiter = RateLimiter(limits, clock=clock)
    (went,) = await run([limiter], clock, workers=30, tokens=1_000, latency_s=3.0)
    used = sum(tokens for at_s, tokens in went)
    in_flight = 30 * 1_000
    assert (used + in_flight) / (100_000 * SPAN_S / 60) >= 0.95
    assert used / (100_000 * SPAN_S / 60) <= 1.01
    assert busiest_minute(went) <= 100_000 * 1.01 + pace(100_000, 1.2).burst


async def test_a_lane_alone_uses_what_the_headers_allow() -> None:
    """Nothing is configured; a server that counts a bucket of its own tells what is left."""
    clock = PatientClock(1_000.0)
    limiter = RateLimiter(clock=clock)
    level, since, refused, served = [300.0], [clock.now], [0], [0]

    async def work() -> None:
        while True:
            async with limiter.admit() as admission:
                level[0] = min(300.0, level[0] + (clock.now - since[0]) * 5.0)
                since[0] = clock.now
                refused[0] += level[0] < 1
                served[0] += 1
                level[0] -= 1
                headers = {
                    "x-ratelimit-limit-requests": "300",
                    "x-ratelimit-remaining-requests": str(max(0, int(level[0]))),
                }
                await clock.sleep(1.0)
                admission.observe_headers(headers, clock.wall_s())
                admission.settle(None)

    tasks = [asyncio.create_task(work()) for _ in range(50)]
    await clock.advance(SPAN_S)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert refused[0] == 0
    assert served[0] / (300 * SPAN_S / 60) >= 0.95


async def test_a_stray_push_back_now_and_then_costs_a_known_rate_nothing() -> None:
    """One call in ten is refused and three in ten fail, whatever we do: the rate is used all the same."""
    clock = PatientClock(1_000.0)
    limiter = RateLimiter(LaneLimits(requests_per_minute=300), clock=clock)
    rng, went = random.Random(3), [0]

    async def work() -> None:
        while True:
            with suppress(ServerError, RateLimitError):
                async with limiter.admit():
                    went[0] += 1
                    await clock.sleep(rng.uniform(1, 5))
                    fate = rng.random()
                    if fate < 0.4:
                        raise RateLimitError("no") if fate < 0.1 else OverloadedError("no")

    tasks = [asyncio.create_task(work()) for _ in range(60)]
    await clock.advance(SPAN_S)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert 0.95 <= went[0] / (300 * SPAN_S / 60) <= 1.01
