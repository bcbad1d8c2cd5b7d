"""Pacing together with other processes: the lane is in a store, the line in front of it is ours.

What is reported at the end of a call goes to the store in the background; nobody waits for it. When the
store does not answer, calls go by a lane of this process alone until it does.
"""

from __future__ import annotations

import asyncio
import os
import random
from functools import partial
from typing import TYPE_CHECKING, Final, Literal
from uuid import uuid4

from swebench_runner.providers.core.errors import RateLimitError
from swebench_runner.providers.resilience import lane_steps
from swebench_runner.providers.resilience.lane_limits import NO_COST, LaneLimits
from swebench_runner.providers.resilience.lane_reports import reports_of
from swebench_runner.providers.resilience.limiter import LEASE_S, LimiterView, RateLimiter
from swebench_runner.providers.resilience.stores import StoreLostError

if TYPE_CHECKING:
    from swebench_runner.providers.core.clock import Clock
    from swebench_runner.providers.resilience.lane_limits import Cost, Units
    from swebench_runner.providers.resilience.lane_reports import Report
    from swebench_runner.providers.resilience.lane_state import Reservation
    from swebench_runner.providers.resilience.limiter_admission import Admission
    from swebench_runner.providers.resilience.limiter_line import Waiter
    from swebench_runner.providers.resilience.rate_headers import RateLimitState
    from swebench_runner.providers.resilience.stores import LimiterStore

OnLoss = Literal["local_share", "open", "closed"]
ASK_AGAIN_S: Final = 5.0


class SharedRateLimiter(RateLimiter):
    """Admits calls to a lane that other processes use too.

    Only the head of the line asks the store, at least every `poll_s` seconds, since calls of other
    processes come to their ends unseen. Small calls do not pass large ones here.

    Args:
        limits: What may go, of all processes together.
        store: Where the lane is kept.
        name: Of the lane, the same in all processes.
        clock: Source of time for waits and deadlines.
        lease_s: As `RateLimiter`.
        on_loss: What to do while the store does not answer: "local_share" goes on with a share of the
            limits, "open" without any, "closed" not at all.
        workers: Among how many the limits are shared then.
        poll_s: Longest sleep of the head.
        rng: Spreads the sleeps of the heads of several processes.
    """

    def __init__(
        self,
        limits: LaneLimits | None = None,
        *,
        store: LimiterStore,
        name: str = "",
        clock: Clock | None = None,
        lease_s: float = LEASE_S,
        on_loss: OnLoss = "local_share",
        workers: int = 4,
        poll_s: float = 0.1,
        rng: random.Random | None = None,
    ) -> None:
        limits = limits or LaneLimits()
        super().__init__(limits.share(workers), name=name, clock=clock, lease_s=lease_s)
        self.limits = limits
        self._store = store
        self._on_loss: OnLoss = on_loss
        self._poll_s = poll_s
        self._rng = rng or random.Random()  # noqa: S311 - spreads sleeps, no secret
        self._process = f"{os.getpid():x}-{uuid4().hex[:12]}"
        self._away = _StoreHome(self)
        self._lost_until_s = float("-inf")
        self._told_of = [bool(rate) for rate in limits.rates]
        self._wait_s = 0.0
        self._posts: set[asyncio.Task[None]] = set()

    @property
    def store_lost(self) -> bool:
        """Whether the store did not answer lately."""
        return self._clock.now_s() < self._lost_until_s

    async def try_acquire(self, cost: Cost = NO_COST) -> Admission | None:
        """An admission if there is room now and nobody waits here; else None."""
        admission = self.admit(cost)
        if self._line:
            return None
        return admission if await self._try(admission) == 0 else None

    async def look(self) -> LimiterView:
        """As it stands, for all processes; the queue is this one's."""
        try:
            state = await self._store.state(self.name)
        except StoreLostError:
            state = None
        if state is None:
            return await super().look()
        rates = [
            min(ceiling, learnt) if ceiling and learnt else ceiling or learnt
            for ceiling, learnt in zip(
                self.limits.rates, (state[f"learnt{index}"] for index in range(4)), strict=True
            )
        ]
        places = [state["window"] // 1000 or None, self.limits.max_concurrency]
        return LimiterView(
            self.name,
            self.queue_depth,
            state["in_flight"],
            min((some for some in places if some), default=None),
            max(0, state["paused_until_us"] - state["now_us"]) / 1e6,
            (rates[0] or None, rates[1] or None, rates[2] or None, rates[3] or None),
        )

    def at_once(self, admission: Admission) -> bool:  # noqa: ARG002 - the store has to be asked first
        """Never: the store has to be asked."""
        return False

    def pause(self, pause_s: float) -> None:
        """Nobody goes for so many seconds, in any process. Call it in an event loop."""
        super().pause(pause_s)
        self.post(lane_steps.Pause(int(pause_s * 1e6)))

    def observe(self, state: RateLimitState) -> None:
        """As `RateLimiter.observe`, for all processes. Call it in an event loop."""
        self._away.observe("", reports_of(state))

    async def aclose(self) -> None:
        """Wait until everything has been reported. The store stays open: others may use it."""
        await asyncio.gather(*self._posts, return_exceptions=True)

    def post(self, step: lane_steps.Step) -> None:
        """Report a step in the background. Outside an event loop nothing is reported, and the lease
        runs out instead.
        """
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        task = loop.create_task(self._report(step))
        self._posts.add(task)
        task.add_done_callback(self._posts.discard)

    def heard(self, reports: tuple[Report, ...]) -> None:
        """Remember what the provider counts."""
        for report in reports:
            self._told_of[report[0]] = True

    # -- within -------------------------------------------------------------------------------

    def _rates(self) -> Units:
        """Whether each resource is limited, as far as this process has heard."""
        requests, tokens, asked, told = self._told_of
        return (int(requests), int(tokens), int(asked), int(told))

    async def _ask(self, waiter: Waiter) -> float | None:
        with self._lock:
            waiter.arm()
            if waiter.granted or waiter.late or self._line.head is not waiter:
                return None
            now_us = self._home.now_us()
            next_deadline_us = self._line.expire(now_us)
            if waiter.late:
                return None
        wait_us = await self._try(waiter.admission)
        if not wait_us:
            with self._lock:
                waiter.granted = True
                self._line.leave(waiter)
            return None
        self._wait_s = (wait_us + 1) / 1e6
        poll_s = self._poll_s * self._rng.uniform(0.5, 1.0)
        return min(self._wait_s, poll_s, (next_deadline_us - now_us + 1) / 1e6)

    async def _try(self, admission: Admission) -> int:
        """Microseconds to wait; 0 when it was granted.

        Raises:
            RateLimitError: The store is lost, and nothing may go without it.
        """
        if not self.store_lost:
            try:
                return await self._reserve_away(admission)
            except StoreLostError:
                self._lost()
        if self._on_loss == "closed":
            raise RateLimitError(
                f"the store that paces {self.name or 'this lane'} does not answer",
                retry_after_s=ASK_AGAIN_S,
                hint="start it again, or choose another policy for its loss",
            )
        if self._on_loss == "open":
            return 0
        with self._lock:
            reservation = next(self._names)
            now_us = self._home.now_us()
            wait_us = self._home.lane.reserve(reservation, admission.units, now_us, lease_us=self._lease_us)
            if not wait_us:
                admission.reservation, admission.home = reservation, self._home
        return wait_us

    async def _reserve_away(self, admission: Admission) -> int:
        reservation = f"{self._process}-{next(self._names)}"
        step = lane_steps.Reserve(reservation, admission.units, self._lease_us)
        asking = asyncio.ensure_future(self._store.apply(self.name, self.limits, step))
        try:
            wait_us = await asyncio.shield(asking)
        except asyncio.CancelledError:
            asking.add_done_callback(partial(self._undo, reservation))
            raise
        if not wait_us:
            admission.reservation, admission.home = reservation, self._away
        return wait_us

    def _seconds_left(self, admission: Admission) -> float:  # noqa: ARG002 - as the store last said
        return self._wait_s

    def _undo(self, reservation: Reservation, asked: asyncio.Future[int]) -> None:
        """The caller was cancelled while the store was asked: give back what it may have granted."""
        if not asked.cancelled() and (asked.exception() is not None or asked.result() == 0):
            self.post(lane_steps.Cancel(reservation, sent=False))

    async def _report(self, step: lane_steps.Step) -> None:
        try:
            await self._store.apply(self.name, self.limits, step)
        except StoreLostError:
            self._lost()
        with self._lock:
            self._line.wake_head()

    def _lost(self) -> None:
        self._lost_until_s = self._clock.now_s() + ASK_AGAIN_S


class _StoreHome:
    """A lane in a store: what is told of it is reported in the background."""

    __slots__ = ("_limiter",)

    def __init__(self, limiter: SharedRateLimiter) -> None:
        self._limiter = limiter

    def settle(self, reservation: Reservation, actual: Units | None, *, answered: bool) -> None:
        self._limiter.post(lane_steps.Settle(reservation, actual, answered))

    def cancel(self, reservation: Reservation, *, sent: bool) -> None:
        self._limiter.post(lane_steps.Cancel(reservation, sent))

    def push_back(self, reservation: Reservation, pause_us: int) -> None:
        if pause_us:
            RateLimiter.pause(self._limiter, pause_us / 1e6)  # should the store be lost meanwhile
        self._limiter.post(lane_steps.PushBack(reservation, pause_us))

    def observe(self, reservation: Reservation, reports: tuple[Report, ...]) -> None:
        self._limiter.heard(reports)
        self._limiter.post(lane_steps.Observe(reservation, reports))
