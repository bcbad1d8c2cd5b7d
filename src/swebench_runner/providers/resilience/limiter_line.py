"""The line in front of a lane: first come, first served; a small call may pass a large one, but not for ever.

Only the head of the line asks the lane and keeps a timer; everybody else sleeps until it is their turn.
Every method is called under the limiter's lock.
"""

from __future__ import annotations

import asyncio
import heapq
import threading
from collections import deque
from contextlib import suppress
from itertools import count, islice
from typing import TYPE_CHECKING, Final

from swebench_runner.providers.core.clock import SystemClock
from swebench_runner.providers.resilience.lane import FAR

if TYPE_CHECKING:
    from collections.abc import Callable

    from swebench_runner.providers.core.clock import Clock
    from swebench_runner.providers.resilience.limiter_admission import Admission

PASSED_AT_MOST: Final = 8
LOOKED_AT: Final = 16


class Waiter:
    """One call in the line.

    Attributes:
        admission: What it waits for.
        deadline_us: When it gives up; `FAR` for never.
        granted: Whether it may go; set by whoever asked the lane for it.
        late: Whether its deadline came first.
        passed: How many later calls went before it.
        future: What it sleeps on.
    """

    __slots__ = ("_loop", "_thread", "admission", "deadline_us", "future", "granted", "late", "passed")

    def __init__(self, admission: Admission, deadline_us: int) -> None:
        self.admission = admission
        self.deadline_us = deadline_us
        self.granted = self.late = False
        self.passed = 0
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self.future = self._loop.create_future()

    def arm(self) -> None:
        """Be ready to be woken. This comes before asking, so that no change in between is missed."""
        if self.future.done():
            self.future = self._loop.create_future()

    def wake(self) -> bool:
        """Wake it, from any thread; False when its event loop is closed, so that it will never go."""
        future = self.future
        if self._thread == threading.get_ident() and self._loop.is_running():
            _finish(future)
            return True
        try:
            self._loop.call_soon_threadsafe(_finish, future)
        except RuntimeError:
            return False
        return True


class Line:
    """The calls that wait, in order."""

    __slots__ = ("_deadlines", "_order", "_waiters")

    def __init__(self) -> None:
        self._waiters: deque[Waiter] = deque()
        self._deadlines: list[tuple[int, int, Waiter]] = []
        self._order = count()

    def __len__(self) -> int:
        return len(self._waiters)

    @property
    def head(self) -> Waiter | None:
        """Whose turn it is."""
        return self._waiters[0] if self._waiters else None

    def enter(self, waiter: Waiter) -> None:
        """Stand at the end; the head is told where this changes when it has to look again."""
        self._waiters.append(waiter)
        head = self._waiters[0]
        if waiter.deadline_us < FAR:
            if len(self._deadlines) > 2 * len(self._waiters) + LOOKED_AT:
                self._deadlines = [entry for entry in self._deadlines if entry[2] in self._waiters]
                heapq.heapify(self._deadlines)
            heapq.heappush(self._deadlines, (waiter.deadline_us, next(self._order), waiter))
            if head is not waiter and self._deadlines[0][2] is waiter:
                self.wake_head()
        if waiter.admission.units[1] < head.admission.units[1] and len(self._waiters) <= LOOKED_AT:
            self.wake_head()

    def leave(self, waiter: Waiter) -> None:
        """Go, served or not; whoever is at the head then is told."""
        if not self._waiters:
            return
        was_head = self._waiters[0] is waiter
        with suppress(ValueError):
            self._waiters.remove(waiter)
        if was_head:
            self.wake_head()

    def wake_head(self) -> None:
        """Tell the head that something has changed."""
        while self._waiters and not self._waiters[0].wake():
            self._waiters.popleft()

    def may_pass(self) -> list[Waiter]:
        """Smaller calls than the head's that may go before it without anybody being passed too often."""
        largest = self._waiters[0].admission.units[1]
        smaller: list[Waiter] = []
        for waiter in islice(self._waiters, LOOKED_AT):
            if waiter.admission.units[1] < largest:
                smaller.append(waiter)
            if waiter.passed >= PASSED_AT_MOST:
                break
        return smaller

    def let_pass(self, waiter: Waiter) -> None:
        """It was granted before those who stand ahead of it."""
        for other in self._waiters:
            if other is waiter:
                break
            other.passed += 1
        self._waiters.remove(waiter)
        waiter.granted = True
        waiter.wake()

    def expire(self, now_us: int) -> int:
        """Send away those whose deadline has come; returns the next deadline, `FAR` for none."""
        deadlines = self._deadlines
        while deadlines and (deadlines[0][0] <= now_us or deadlines[0][2].granted or deadlines[0][2].late):
            waiter = heapq.heappop(deadlines)[2]
            if not waiter.granted and not waiter.late and waiter in self._waiters:
                waiter.late = True
                self.leave(waiter)
                waiter.wake()
        return deadlines[0][0] if deadlines else FAR


async def sleep_until_woken(waiter: Waiter, clock: Clock, delay_s: float | None) -> None:
    """Return when the waiter is woken, or after `delay_s` seconds; None for no timer."""
    future = waiter.future
    cancel = None if delay_s is None else _alarm(clock, delay_s, lambda: _finish(future))
    try:
        await future
    finally:
        if cancel is not None:
            cancel()


def _alarm(clock: Clock, delay_s: float, ring: Callable[[], None]) -> Callable[[], object]:
    loop = asyncio.get_running_loop()
    if isinstance(clock, SystemClock):  # the same as its sleep, without a task
        return loop.call_later(delay_s, ring).cancel
    timer = loop.create_task(_sleep(clock, delay_s))
    timer.add_done_callback(lambda _: ring())
    return timer.cancel


async def _sleep(clock: Clock, delay_s: float) -> None:
    await clock.sleep(delay_s)


def _finish(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
