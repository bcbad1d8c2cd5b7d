"""What can be asked of a lane, as values: one step is one atomic change, wherever the lane is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from swebench_runner.providers.resilience.lane import Lane
    from swebench_runner.providers.resilience.lane_limits import Units
    from swebench_runner.providers.resilience.lane_reports import Report
    from swebench_runner.providers.resilience.lane_state import Reservation


@dataclass(frozen=True, slots=True)
class Reserve:
    """`Lane.reserve`."""

    reservation: Reservation
    units: Units
    lease_us: int


@dataclass(frozen=True, slots=True)
class Settle:
    """`Lane.settle`, or `Lane.release` where there was no answer."""

    reservation: Reservation
    actual: Units | None
    answered: bool = True


@dataclass(frozen=True, slots=True)
class Cancel:
    """`Lane.cancel`."""

    reservation: Reservation
    sent: bool


@dataclass(frozen=True, slots=True)
class PushBack:
    """`Lane.push_back`."""

    reservation: Reservation
    pause_us: int


@dataclass(frozen=True, slots=True)
class Observe:
    """`Lane.observe`."""

    reservation: Reservation
    reports: tuple[Report, ...]


@dataclass(frozen=True, slots=True)
class Pause:
    """`Lane.pause`."""

    pause_us: int


Step = Reserve | Settle | Cancel | PushBack | Observe | Pause


def apply(lane: Lane, step: Step, now_us: int) -> int:
    """Take one step.

    Returns:
        Microseconds to wait for `Reserve`, where 0 is granted. For the others 1 where the reservation was
        known, else 0.
    """
    match step:
        case Reserve():
            return lane.reserve(step.reservation, step.units, now_us, lease_us=step.lease_us)
        case Settle(answered=True):
            return int(lane.settle(step.reservation, step.actual, now_us))
        case Settle():
            return int(lane.release(step.reservation, step.actual, now_us))
        case Cancel():
            return int(lane.cancel(step.reservation, now_us, sent=step.sent))
        case PushBack():
            return int(lane.push_back(step.reservation, now_us, pause_us=step.pause_us))
        case Observe():
            lane.observe(step.reservation, step.reports, now_us)
        case Pause():
            lane.pause(step.pause_us, now_us)
    return 0
