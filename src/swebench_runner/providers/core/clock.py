"""Time as an argument: the system's clock, and one that a test moves by hand."""

from __future__ import annotations

import asyncio
import heapq
import time
from typing import Protocol


class Clock(Protocol):
    """Where every timer, limiter and retry of the layer asks for the time and waits."""

    def now_s(self) -> float:
        """Monotonic seconds; only differences mean anything."""
        ...

    def wall_s(self) -> float:
        """Seconds since the Unix epoch, for dates in headers."""
        ...

    async def sleep(self, delay_s: float) -> None:
        """Return after `delay_s` seconds of this clock."""
        ...


class SystemClock:
    """The machine's clock."""

    __slots__ = ()

    def now_s(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()

    def wall_s(self) -> float:
        """Seconds since the Unix epoch."""
        return time.time()

    async def sleep(self, delay_s: float) -> None:
        """Wait for real."""
        await asyncio.sleep(delay_s)


class ManualClock:
    """A clock that stands still until `advance`; sleepers wake in order of their time. For tests."""

    __slots__ = ("_order", "_sleepers", "_wall_offset_s", "now")

    def __init__(self, now_s: float = 0.0, *, wall_s: float = 1_800_000_000.0) -> None:
        self.now = now_s
        self._wall_offset_s = wall_s - now_s
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = 0

    def now_s(self) -> float:
        """Seconds as last set."""
        return self.now

    def wall_s(self) -> float:
        """Epoch seconds that move with `advance`."""
        return self.now + self._wall_offset_s

    async def sleep(self, delay_s: float) -> None:
        """Wait until `advance` has moved the clock far enough."""
        if delay_s <= 0:
            await asyncio.sleep(0)
            return
        self._order += 1
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + delay_s, self._order, future))
        await future

    async def advance(self, delta_s: float) -> None:
        """Move on by `delta_s`, waking sleepers one by one and letting each run before the next."""
        end_s = self.now + delta_s
        while self._sleepers and self._sleepers[0][0] <= end_s:
            at_s, _, future = heapq.heappop(self._sleepers)
            self.now = at_s
            if not future.done():
                future.set_result(None)
            for _ in range(5):
                await asyncio.sleep(0)
        self.now = end_s
        await asyncio.sleep(0)
