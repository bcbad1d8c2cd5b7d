"""Lanes in this process, for limiters that share them without sharing an object."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from swebench_runner.providers.core.clock import SystemClock
from swebench_runner.providers.resilience import lane_state, lane_steps
from swebench_runner.providers.resilience.lane import Lane

if TYPE_CHECKING:
    from swebench_runner.providers.core.clock import Clock
    from swebench_runner.providers.resilience.lane_limits import LaneLimits


class MemoryStore:
    """Lanes in a dict, safe to use from many threads."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._lanes: dict[str, Lane] = {}
        self._lock = threading.Lock()

    async def apply(self, lane: str, limits: LaneLimits, step: lane_steps.Step) -> int:
        """Take one step of a lane."""
        with self._lock:
            now_us = int(self._clock.now_s() * 1e6)
            kept = self._lanes.get(lane)
            if kept is None:
                kept = self._lanes[lane] = Lane(limits, now_us=now_us)
            return lane_steps.apply(kept, step, now_us)

    async def state(self, lane: str) -> dict[str, int] | None:
        """A lane's state; None when there is none."""
        with self._lock:
            kept = self._lanes.get(lane)
            return None if kept is None else lane_state.dump(kept)

    async def aclose(self) -> None:
        """Nothing to let go of."""
