"""How many calls may be in flight where nobody says: more while all goes well, fewer on a push-back.

Additive increase, multiplicative decrease, in thousandths of a call so that another language computes the
same. Latency plays no part: it follows the length of the answers, not the load.

Figures to start from: 8 calls, doubled each round up to the first push-back, then one more each round;
times 0.7 on a push-back, at most once in 2 s.
"""

from __future__ import annotations

from typing import Final

THOUSAND: Final = 1000
OPEN: Final = 0
START: Final = 8 * THOUSAND
MOST: Final = 1_000_000 * THOUSAND
REST_US: Final = 2_000_000
REMEMBERED: Final = 256
ENOUGH: Final = 8


class AdaptiveWindow:
    """The number of calls that may be in flight.

    A lane whose rate is known, set by a person or told by headers, is trusted: its window stays open until
    most answers contradict it, since a stray push-back says nothing about a rate.

    Attributes:
        window: Thousandths of a call; `OPEN` for no bound.
        threshold: Up to here the window doubles each round.
        cut_at_us: When it was last lowered.
        answered: Calls that came to an end lately.
        pushed: Those of them that were pushed back.
        peak: Most calls in flight in this round: a window that is not used does not grow.
        round: Calls that were answered in this round, which is as long as the window is wide.
    """

    __slots__ = ("answered", "cut_at_us", "peak", "pushed", "round", "threshold", "window")

    def __init__(self, *, enforced: bool) -> None:
        self.window = START if enforced else OPEN
        self.threshold = MOST
        self.cut_at_us = -REST_US
        self.answered = self.pushed = self.peak = self.round = 0

    def has_room(self, in_flight: int) -> bool:
        """Whether one more call may be in flight."""
        return self.window == OPEN or (in_flight + 1) * THOUSAND <= self.window

    def grow(self, in_flight: int) -> None:
        """Learn from a call that was answered, counted in `in_flight`."""
        self._count(pushed=0)
        window = self.window
        if window == OPEN:
            return
        self.peak = max(self.peak, in_flight)
        if self.peak * 2 * THOUSAND >= window:
            step = THOUSAND if window < self.threshold else max(1, THOUSAND * THOUSAND // window)
            self.window = min(MOST, window + step)
        self.round += 1
        if self.round * THOUSAND >= window:
            self.round, self.peak = 0, in_flight

    def cut(self, in_flight: int, now_us: int, *, began_us: int, trusted: bool) -> None:
        """Learn from a call that was pushed back, counted in `in_flight`.

        One that began before the last cut tells of the same crowd, and lowers nothing again.
        """
        self._count(pushed=1)
        if now_us - self.cut_at_us < REST_US or began_us < self.cut_at_us:
            return
        if trusted and (self.answered < ENOUGH or self.pushed * 2 <= self.answered):
            return
        base = self.window if self.window != OPEN else in_flight * THOUSAND
        self.window = max(THOUSAND, base * 7 // 10)
        self.threshold = MOST if trusted else self.window
        self.cut_at_us = now_us
        self.answered = self.pushed = 0

    def restart(self) -> None:
        """Begin small again after a pause that the provider asked for."""
        self.window = min(self.window, START)

    def trust(self) -> None:
        """The rate is known now: lift the bound."""
        self.window = OPEN
        self.threshold = MOST

    def _count(self, *, pushed: int) -> None:
        if self.answered >= REMEMBERED:
            self.answered //= 2
            self.pushed //= 2
        self.answered += 1
        self.pushed += pushed
