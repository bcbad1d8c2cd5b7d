"""A limiter that has nothing to limit yet: it only counts the calls in flight, until a provider speaks up.

Most calls go to providers that neither tell of limits nor push back; the whole bookkeeping of a lane would
cost them a quarter of a call. The first rate header and the first push-back wake the lane, and the calls
that are in flight at that moment are entered in its books.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from swebench_runner.providers.resilience.lane_limits import NO_COST

if TYPE_CHECKING:
    from collections.abc import Callable

    from swebench_runner.providers.resilience.lane_limits import Units
    from swebench_runner.providers.resilience.lane_reports import Report
    from swebench_runner.providers.resilience.lane_state import Reservation
    from swebench_runner.providers.resilience.limiter import LocalHome


# What is left of a limit when nobody needs to count yet, by resource: requests, then tokens of any kind.
PLENTY: Final = (1_000, 5_000_000, 5_000_000, 5_000_000)


def _is_plenty(report: Report) -> bool:
    """Whether more than half of a limit is left, and more than calls in flight can use up at once."""
    resource, limit, remaining, _ = report
    return remaining >= PLENTY[resource] and remaining * 2 >= limit


class QuietHome:
    """Where admissions belong while nothing is limited.

    Args:
        awake: The lane that takes over.
        next_name: A new reservation's name.
        lease_us: How long a reservation is held at most.
    """

    __slots__ = ("_awake", "_entered", "_lease_us", "_next_name", "in_flight", "quiet")

    def __init__(self, awake: LocalHome, next_name: Callable[[], Reservation], lease_us: int) -> None:
        self.quiet = True
        self.in_flight = 0
        self._awake = awake
        self._next_name = next_name
        self._lease_us = lease_us
        self._entered: list[Reservation] = []

    def enter(self) -> bool:
        """Count one more call; False once the lane is awake."""
        with self._awake.lock:
            if self.quiet:
                self.in_flight += 1
            return self.quiet

    def settle(self, reservation: Reservation, actual: Units | None, *, answered: bool) -> None:
        """The call came to its end."""
        with self._awake.lock:
            if self.quiet:
                self.in_flight -= 1
            else:
                self._awake.settle(reservation or self._taken(), actual, answered=answered)

    def cancel(self, reservation: Reservation, *, sent: bool) -> None:
        """The call was given up."""
        with self._awake.lock:
            if self.quiet:
                self.in_flight -= 1
            else:
                self._awake.cancel(reservation or self._taken(), sent=sent)

    def push_back(self, reservation: Reservation, pause_us: int) -> None:
        """The provider refused the call for want of room: from now on the lane counts."""
        with self._awake.lock:
            self.wake()
            self._awake.push_back(reservation or self._taken(), pause_us)

    def observe(self, reservation: Reservation, reports: tuple[Report, ...]) -> None:
        """Headers have told of limits: from now on the lane counts, unless they are far away."""
        with self._awake.lock:
            if self.quiet and all(map(_is_plenty, reports)):
                return
            self.wake()
            own = self._entered[-1] if self._entered else 0
            self._awake.observe(reservation or own, reports)

    def wake(self) -> None:
        """Enter the calls in flight in the lane's books."""
        if not self.quiet:
            return
        self.quiet = False
        now_us = self._awake.now_us()
        for _ in range(self.in_flight):
            name = self._next_name()
            self._awake.lane.reserve(name, NO_COST.units, now_us, lease_us=self._lease_us)
            self._entered.append(name)

    def _taken(self) -> Reservation:
        """The entry of one of the calls that were in flight at the awakening; they are all alike."""
        return self._entered.pop() if self._entered else self._next_name()
