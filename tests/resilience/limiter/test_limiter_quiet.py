"""Nothing is limited, and nothing is kept, until a provider speaks up; then everything in flight counts."""

from __future__ import annotations

import asyncio

import pytest

from swebench_runner.providers import ManualClock, RateLimitError, ServerError, TokenUsage
from swebench_runner.providers.resilience.lane_limits import LaneLimits
from swebench_runner.providers.resilience.limiter import RateLimiter
from swebench_runner.providers.resilience.rate_headers import Quota, RateLimitState


@pytest.fixture
def limiter() -> RateLimiter:
    return RateLimiter(LaneLimits(slow_start=False), clock=ManualClock())


async def test_any_number_of_calls_goes_at_once_and_is_counted(limiter: RateLimiter) -> None:
    admissions = [await limiter.acquire() for _ in range(500)]
    assert (await limiter.look()).in_flight == 500
    assert not limiter.counts_tokens
    for number, admission in enumerate(admissions):
        if number % 3 == 0:
            admission.settle(TokenUsage(5, 5))
        elif number % 3 == 1:
            admission.cancel(sent=True)
        else:
            admission.fail(ServerError("x"))
    assert (await limiter.look()).in_flight == 0


async def test_the_first_push_back_lowers_the_number_in_flight(limiter: RateLimiter) -> None:
    admissions = [await limiter.acquire() for _ in range(20)]
    admissions[0].fail(RateLimitError("slow down"))
    view = await limiter.look()
    assert view.in_flight == 19
    assert view.window == 14  # seven tenths of twenty
    assert await limiter.try_acquire() is None
    for admission in admissions[1:]:
        admission.settle(None)
    assert (await limiter.look()).in_flight == 0
    assert await limiter.try_acquire() is not None


async def test_a_pause_that_is_asked_for_holds_for_everyone() -> None:
    clock = ManualClock()
    limiter = RateLimiter(LaneLimits(slow_start=False), clock=clock)
    admission = await limiter.acquire()
    admission.fail(RateLimitError("slow down", retry_after_s=7.0))
    assert await limiter.try_acquire() is None
    assert (await limiter.look()).paused_s == pytest.approx(7.0)
    waiting = asyncio.create_task(limiter.acquire())
    for _ in range(10):
        await asyncio.sleep(0)
    assert limiter.queue_depth == 1
    await clock.advance(7.1)
    (await waiting).settle(None)
    limiter.pause(3.0)
    assert await limiter.try_acquire() is None


async def test_of_a_flood_of_headers_a_few_are_read() -> None:
    clock = ManualClock()
    limiter = RateLimiter(LaneLimits(slow_start=False), clock=clock)
    admission = await limiter.acquire()
    for pause_s, limit, heard in ((0, "60", 60), (0, "30", 60), (0.05, "30", 30)):
        clock.now += pause_s
        admission.observe_headers({"x-ratelimit-limit-requests": limit}, clock.wall_s())
        assert (await limiter.look()).per_minute[0] == heard
    admission.settle(None)


async def test_the_first_header_teaches_the_limits(limiter: RateLimiter) -> None:
    running = [await limiter.acquire() for _ in range(3)]
    running[0].observe(RateLimitState(requests=Quota(60, 50, 10.0), tokens=Quota(30_000, 20_000, 20.0)))
    assert limiter.counts_tokens
    for admission in running:
        admission.settle(TokenUsage(100, 10))
    assert (await limiter.look()).in_flight == 0
    assert (await limiter.look()).per_minute[0] == 60


async def test_limits_that_are_far_away_wake_nobody(limiter: RateLimiter) -> None:
    admission = await limiter.acquire()
    far = RateLimitState(requests=Quota(10_000, 9_000, 1.0), tokens=Quota(30_000_000, 29_000_000, 1.0))
    admission.observe(far)
    assert not limiter.counts_tokens
    admission.observe(RateLimitState(requests=Quota(10_000, 4_000, 40.0)))
    assert (await limiter.look()).per_minute[0] == 10_000
    admission.settle(None)
    assert (await limiter.look()).in_flight == 0


async def test_what_a_response_of_nobodys_says_counts_too(limiter: RateLimiter) -> None:
    limiter.observe(RateLimitState(requests=Quota(60, 0, 10.0)))
    assert (await limiter.look()).per_minute[0] == 60


async def test_a_cancelled_call_after_the_awakening_gives_its_place_back(limiter: RateLimiter) -> None:
    one, two = await limiter.acquire(), await limiter.acquire()
    one.fail(RateLimitError("slow down"))
    two.cancel(sent=True)
    assert (await limiter.look()).in_flight == 0
