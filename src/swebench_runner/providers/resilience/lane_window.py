"""A lane that counts exactly what went in the last minute, instead of spreading it evenly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from swebench_runner.providers.resilience.gcra import MINUTE_US
from swebench_runner.providers.resilience.lane import Lane

if TYPE_CHECKING:
    from swebench_runner.providers.resilience.lane import Gauge
    from swebench_runner.providers.resilience.lane_limits import Units
    from swebench_runner.providers.resilience.lane_state import Lease, Reservation


class SlidingWindowLane(Lane):
    """As `Lane`, but a whole minute's worth may go at once, and then nothing until it is a minute old.

    A request larger than the limit goes alone, when nothing went for a minute. One entry a call, whatever
    its size; kept in this process only.
    """

    __slots__ = ("_log", "_sums")

    def wait_us(self, units: Units, now_us: int) -> int:
        """Microseconds until `units` may go as things stand; 0 for now."""
        wait = super().wait_us(units, now_us)
        now_us = self.now_us
        self._forget(now_us)
        for resource, limit in enumerate(self.rates):
            if limit:
                wait = max(wait, self._wait_for(resource, limit, units[resource], now_us))
        return wait

    def reserve(self, reservation: Reservation, units: Units, now_us: int, *, lease_us: int) -> int:
        """As `Lane.reserve`."""
        wait = self.wait_us(units, now_us) or super().reserve(reservation, units, now_us, lease_us=lease_us)
        if not wait:
            self._log[self.seq] = [self.now_us, *units]
            for resource in range(4):
                self._sums[resource] += units[resource]
        return wait

    def _wait_for(self, resource: int, limit: int, units: int, now_us: int) -> int:
        excess = self._sums[resource] + min(units, limit) - limit
        if excess <= 0:
            return 0
        for entry in self._log.values():
            excess -= entry[1 + resource]
            if excess <= 0:
                return entry[0] + MINUTE_US - now_us
        raise AssertionError("the sums are those of the log")

    def _correct(self, lease: Lease, actual: Units, now_us: int) -> None:
        super()._correct(lease, actual, now_us)
        entry = self._log.get(lease[0])
        if entry is not None:
            for resource in range(4):
                self._sums[resource] += actual[resource] - entry[1 + resource]
                entry[1 + resource] = actual[resource]

    def _forget(self, now_us: int) -> None:
        log = self._log
        while log:
            seq, entry = next(iter(log.items()))
            if now_us - entry[0] < MINUTE_US:
                return
            del log[seq]
            for resource in range(4):
                self._sums[resource] -= entry[1 + resource]

    def _begin(self, now_us: int, *, half: bool) -> None:
        self._log: dict[int, list[int]] = {}
        self._sums = [0, 0, 0, 0]
        super()._begin(now_us, half=half)

    def _paced(self, rate: int, resource: int) -> list[Gauge]:  # noqa: ARG002 - the log keeps the pace here
        return []
