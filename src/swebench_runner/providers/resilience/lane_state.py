"""What a lane remembers: its calls in flight, and everything else as named integers for a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from swebench_runner.providers.resilience.aimd import AdaptiveWindow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from swebench_runner.providers.resilience.lane import Lane
    from swebench_runner.providers.resilience.lane_limits import Units

Reservation = int | str
"""The name of a call; a number is enough within one process."""
Lease = tuple[int, int, int, "Units"]
"""Its number in order, when it was reserved, until when it holds a place, what was reserved."""


class Leases(Protocol):
    """Leases by the name of their reservation; a dict is one."""

    def __setitem__(self, reservation: Reservation, lease: Lease, /) -> None: ...

    def get(self, reservation: Reservation, /) -> Lease | None:
        """The lease, if it is still held."""
        ...

    def pop(self, reservation: Reservation, default: None, /) -> Lease | None:
        """The lease, which is held no more; None if it was not."""
        ...

    def items(self) -> Iterable[tuple[Reservation, Lease]]:
        """All that are held."""
        ...

    def clear(self) -> None:
        """Forget all."""
        ...


NUMBERS: Final = (
    "now_us",
    "seq",
    "in_flight",
    "paused_until_us",
    "day_start_us",
    "day_used",
    "next_expiry_us",
)
WINDOW: Final = AdaptiveWindow.__slots__
LISTS: Final = ("tats", "learnt", "agreed_limit", "agreed_count", "held")


def dump(lane: Lane) -> dict[str, int]:
    """The state; the leases are kept apart."""
    state = {name: getattr(lane, name) for name in NUMBERS}
    state |= {name: getattr(lane.window, name) for name in WINDOW}
    for name in LISTS:
        state |= {f"{name}{index}": value for index, value in enumerate(getattr(lane, name))}
    return state


def load(lane: Lane, state: Mapping[str, int]) -> None:
    """Continue where `dump` left off.

    Raises:
        KeyError: The state is not one of ours.
    """
    for name in NUMBERS:
        setattr(lane, name, state[name])
    for name in LISTS:
        values = getattr(lane, name)
        values[:] = [state[f"{name}{index}"] for index in range(len(values))]
    lane.survey()
    for name in WINDOW:
        setattr(lane.window, name, state[name])
