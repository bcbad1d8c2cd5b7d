"""The arithmetic of pacing: several limits, each with its own weight, taken in one step or not at all.

Each limit is one number, its theoretical arrival time (TAT) in whole microseconds: the moment at which
everything admitted so far is paid for by the refill. Pure functions over integers, so that a store in
another language can compute exactly the same.

Source: ITU-T I.371, generic cell rate algorithm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MINUTE_US: Final = 60_000_000


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit.

    Attributes:
        per_minute: Units that refill in a minute; at least 1.
        burst: Units that may go at once after a rest.
    """

    per_minute: int
    burst: int

    def cost_us(self, units: int) -> int:
        """The time in which `units` refill, rounded up."""
        return -(-units * MINUTE_US // self.per_minute)

    @property
    def burst_us(self) -> int:
        """The time in which the burst refills."""
        return self.cost_us(self.burst)


def wait_us(limit: Limit, tat_us: int, units: int, now_us: int) -> int:
    """Microseconds until `units` may go; 0 for now.

    More than the burst is admitted as soon as the bucket is full, and goes into debt: it never waits
    for ever.
    """
    cost_us = limit.cost_us(units)
    free_at_us = max(tat_us, now_us) + cost_us - max(limit.burst_us, cost_us)
    return max(0, free_at_us - now_us)


def take(limit: Limit, tat_us: int, units: int, now_us: int) -> int:
    """The TAT after `units` have gone."""
    return max(tat_us, now_us) + limit.cost_us(units)


def give_back(limit: Limit, tat_us: int, units: int) -> int:
    """The TAT after `units` turned out not to be used; fewer than 0 units are taken in addition."""
    if units >= 0:
        return tat_us - limit.cost_us(units)
    return tat_us + limit.cost_us(-units)


def tighten(limit: Limit, tat_us: int, remaining: int, now_us: int) -> int:
    """The TAT at which no more than `remaining` units are left; it never loosens."""
    left = min(remaining, limit.burst)
    return max(tat_us, now_us + limit.burst_us - limit.cost_us(left))
