"""The calls in flight through a lane: each holds a place until it ends, or until it is thought dead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

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
