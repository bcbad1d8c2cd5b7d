"""A lane in a store: asked by the head alone, told in the background, and done without when it is lost."""

from __future__ import annotations

import asyncio
import random

import pytest

from support_lane import ONE, PatientClock, redis_url, settled
from swebench_runner.providers.core.errors import RateLimitError
from swebench_runner.providers.resilience.lane_limits import Cost, LaneLimits
from swebench_runner.providers.resilience.lane_steps import Cancel, Observe, Pause, Reserve, Step
from swebench_runner.providers.resilience.limiter_shared import ASK_AGAIN_S, OnLoss, SharedRateLimiter
from swebench_runner.providers.resilience.rate_headers import Quota, RateLimitState
from swebench_runner.providers.resilience.stores import LimiterStore, StoreLostError
from swebench_runner.providers.resilience.stores.memory import MemoryStore
from swebench_runner.providers.resilience.stores.redis import RedisStore
from swebench_runner.providers.resilience.stores.sqlite import SQLiteStore

__all__ = ["redis_url"]


class Flaky(MemoryStore):
    """A store that can be switched off, and that remembers what it was asked."""

    lost = False

    def __init__(self, clock: PatientClock) -> None:
        super().__init__(clock=clock)
        self.steps: list[Step] = []

    async def apply(self, lane: str, limits: LaneLimits, step: Step) -> int:
        await asyncio.sleep(0)
        self.steps.append(step)
        if self.lost:
            raise StoreLostError("gone")
        return await super().apply(lane, limits, step)

    async def state(self, lane: str) -> dict[str, int] | None:
        if self.lost:
            raise StoreLostError("gone")
        return await super().state(lane)


@pytest.fixture
def clock() -> PatientClock:
    return PatientClock(1_000.0)


@pytest.fixture
def store(clock: PatientClock) -> Flaky:
    return Flaky(clock)


def limiter_of(
    store: LimiterStore, clock: PatientClock, limits: LaneLimits, on_loss: OnLoss = "local_share"
) -> SharedRateLimiter:
    rng = random.Random(1)
    return SharedRateLimiter(
        limits, store=store, name="lane", clock=clock, on_loss=on_loss, workers=4, rng=rng
    )


async def test_a_place_that_another_process_gives_back_is_found(clock: PatientClock, store: Flaky) -> None:
    one = limiter_of(store, clock, LaneLimits(max_concurrency=1))
    other = limiter_of(store, clock, LaneLimits(max_concurrency=1))
    held = await one.acquire()
    waiting = [asyncio.create_task(other.acquire()) for _ in range(5)]
    await clock.advance(1)
    assert other.queue_depth == 5
    asked = sum(isinstance(step, Reserve) for step in store.steps)
    assert asked <= 2 + 1 / 0.05  # only the head asks
    held.settle(None)
    await clock.advance(0.2)
    (await waiting[0]).settle(None)
    await clock.advance(1)
    for task in waiting[1:]:
        (await task).settle(None)
        await settled()
    assert (await other.look()).in_flight == 0


async def test_what_one_process_hears_holds_for_all(clock: PatientClock, store: Flaky) -> None:
    one, other = (limiter_of(store, clock, LaneLimits()) for _ in range(2))
    assert (await one.look()).in_flight == 0
    assert not one.counts_tokens
    async with one.admit(Cost(10)) as admission:
        admission.observe_headers(
            {"x-ratelimit-limit-tokens": "60000", "x-ratelimit-remaining-tokens": "0"}, clock.wall_s()
        )
    await one.aclose()
    assert one.counts_tokens
    view = await other.look()
    assert view.per_minute == (None, 60_000, None, None)
    assert await other.try_acquire(Cost(30_000)) is None
    one.observe(RateLimitState(requests=Quota(600, 599, 0.1)))
    one.pause(20)
    await one.aclose()
    assert (await other.look()).per_minute[0] == 600
    assert (await other.look()).paused_s == pytest.approx(20)


async def test_a_push_back_pauses_every_process(clock: PatientClock, store: Flaky) -> None:
    one, other = (limiter_of(store, clock, LaneLimits(max_concurrency=9)) for _ in range(2))
    with pytest.raises(RateLimitError):
        async with one.admit():
            raise RateLimitError("no", retry_after_s=30)
    await one.aclose()
    view = await other.look()
    assert (view.paused_s, view.window) == (pytest.approx(30), 5)
    waiting = asyncio.create_task(other.acquire(deadline_s=clock.now + 10))
    await clock.advance(10.5)
    with pytest.raises(RateLimitError) as caught:
        await waiting
    assert caught.value.retry_after_s == pytest.approx(20, abs=1)


async def test_trying_does_not_jump_the_queue(clock: PatientClock, store: Flaky) -> None:
    limiter = limiter_of(store, clock, LaneLimits(max_concurrency=1))
    held = await limiter.try_acquire()
    assert held is not None
    waiting = asyncio.create_task(limiter.acquire())
    await settled()
    assert await limiter.try_acquire() is None
    held.cancel(sent=False)
    await clock.advance(0.2)
    (await waiting).settle(None)
    await limiter.aclose()


# -- when the store is lost ---------------------------------------------------------------------


async def test_without_its_store_a_process_takes_its_share(clock: PatientClock, store: Flaky) -> None:
    limiter = limiter_of(store, clock, LaneLimits(max_concurrency=8, adaptive=False))
    await store.apply("lane", LaneLimits(max_concurrency=8), Reserve("elsewhere", ONE, 10**9))
    store.lost = True
    assert not limiter.store_lost
    held = [await limiter.acquire(), await limiter.acquire()]
    assert limiter.store_lost
    third = asyncio.create_task(limiter.acquire())
    await clock.advance(1)
    assert not third.done()
    held.pop().settle(None)
    await clock.advance(0.2)
    assert third.done()
    asked = len(store.steps)
    await clock.advance(ASK_AGAIN_S - 2)
    assert len(store.steps) == asked  # it is left alone for a while
    assert (await limiter.look()).in_flight == 2
    store.lost = False
    await clock.advance(2)
    (await limiter.acquire()).settle(None)
    await limiter.aclose()
    assert not limiter.store_lost
    assert (await limiter.look()).in_flight == 1


async def test_a_pause_survives_the_loss_of_the_store(clock: PatientClock, store: Flaky) -> None:
    limiter = limiter_of(store, clock, LaneLimits(requests_per_minute=60_000))
    admission = await limiter.acquire()
    store.lost = True
    admission.fail(RateLimitError("no", retry_after_s=3))
    await limiter.aclose()
    assert limiter.store_lost
    waiting = asyncio.create_task(limiter.acquire())
    await clock.advance(2.9)
    assert not waiting.done()
    await clock.advance(0.3)
    (await waiting).settle(None)


async def test_open_lets_everybody_go_and_closed_nobody(clock: PatientClock, store: Flaky) -> None:
    store.lost = True
    limits = LaneLimits(max_concurrency=1)
    opened = limiter_of(store, clock, limits, "open")
    for _ in range(5):
        async with opened.admit() as admission:
            assert not admission.held
    closed = limiter_of(store, clock, limits, "closed")
    with pytest.raises(RateLimitError, match="does not answer") as caught:
        await closed.acquire()
    assert (caught.value.retry_after_s, caught.value.retryable) == (ASK_AGAIN_S, True)
    assert closed.queue_depth == 0


async def test_cancelled_while_the_store_is_asked(clock: PatientClock, store: Flaky) -> None:
    limiter = limiter_of(store, clock, LaneLimits(max_concurrency=1))
    for lost in (False, True):
        store.lost = lost
        task = asyncio.create_task(limiter.acquire())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await settled()
        await limiter.aclose()
        assert isinstance(store.steps[-1], Cancel)
    store.lost = False
    await clock.advance(ASK_AGAIN_S)
    assert (await limiter.look()).in_flight == 0


def test_outside_an_event_loop_nothing_is_reported(clock: PatientClock, store: Flaky) -> None:
    limiter = limiter_of(store, clock, LaneLimits(max_concurrency=1))
    admission = asyncio.run(_acquired(limiter))
    admission.settle(None)  # type: ignore[attr-defined]
    assert len(store.steps) == 1  # the lease runs out instead


async def _acquired(limiter: SharedRateLimiter) -> object:
    return await limiter.acquire()


# -- real stores --------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "redis"])
def real_store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> LimiterStore:
    if request.param == "sqlite":
        return SQLiteStore(tmp_path_factory.mktemp("lanes") / "lanes.db")
    return RedisStore(request.getfixturevalue("redis_url"), prefix=f"test-{random.random()}")


async def test_calls_go_through_a_real_store(real_store: LimiterStore) -> None:
    limits = LaneLimits(requests_per_minute=60_000, max_concurrency=3)
    limiters = [SharedRateLimiter(limits, store=real_store, name="a{b}c", poll_s=0.002) for _ in range(2)]
    in_flight, peak = 0, 0

    async def call(index: int) -> None:
        nonlocal in_flight, peak
        async with limiters[index % 2].admit(Cost(5)) as admission:
            in_flight += 1
            peak = max(peak, in_flight)
            await asyncio.sleep(0)
            admission.observe(RateLimitState(requests=Quota(60_000, 59_000, 0.1)))
            in_flight -= 1
            admission.settle(Cost(3))

    await asyncio.gather(*(call(index) for index in range(40)))
    await asyncio.gather(*(limiter.aclose() for limiter in limiters))
    view = await limiters[0].look()
    assert (view.in_flight, view.per_minute[0]) == (0, 60_000)
    assert peak <= 3
    await real_store.apply("a{b}c", limits, Pause(5_000_000))
    await real_store.apply("a{b}c", limits, Observe("nobody", ((0, 60_000, -1, -1),)))
    assert (await limiters[1].look()).paused_s > 4
    await real_store.aclose()


async def test_a_redis_that_is_not_there_is_a_lost_store() -> None:
    pytest.importorskip("redis", reason="the package redis is not installed (extra `redis`)")
    store = RedisStore("unix:///nowhere/redis.sock")
    with pytest.raises(StoreLostError):
        await store.apply("lane", LaneLimits(), Reserve("a", ONE, 1_000_000))
    with pytest.raises(StoreLostError):
        await store.state("lane")
    await store.aclose()
    await store.aclose()
