"""The timers of one streamed answer. A library's read timeout never sees a server that dribbles."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from swebench_runner.providers.core.config import Timeouts


class Watchdog:
    """Fires once when a phase of a stream takes too long; costs one timer a stream, none an event.

    Time in which the caller holds the stream up (it is busy with a chunk) counts for no timer.

    Args:
        loop: The running loop; its clock is used.
        timeouts: Seconds for each phase.
        expire: Called with the timer's name and its seconds; it has to end the pending read.
        sent_s: When the request went out, on the loop's clock.
    """

    __slots__ = (
        "_attempt_from_s", "_content_s", "_expire", "_handle", "_idle_limit_s", "_loop", "_read_s",
        "_started", "_timeouts", "_waiting", "expired",
    )  # fmt: skip

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        timeouts: Timeouts,
        expire: Callable[[str, float], None],
        sent_s: float,
    ) -> None:
        self._loop = loop
        self._timeouts = timeouts
        self._expire = expire
        self._attempt_from_s = self._content_s = sent_s
        self._read_s = loop.time()
        self._idle_limit_s = timeouts.idle_s
        self._started = False
        self._waiting = True
        self.expired: str | None = None
        self._handle: asyncio.TimerHandle | None = None
        self._arm()

    def wait_begins(self) -> None:
        """The caller wants more: what it did in between is not held against the provider."""
        pause_s = self._loop.time() - self._read_s
        self._attempt_from_s += pause_s
        self._content_s += pause_s
        self._read_s += pause_s
        self._waiting = True

    def bytes_arrived(self) -> None:
        """The wait is over: the provider is alive."""
        self._read_s = self._loop.time()
        self._waiting = False

    def content_arrived(self) -> None:
        """The provider gets on with the answer."""
        self._content_s = self._read_s
        if not self._started:
            self._started = True
            self._cancel()
            self._arm()

    def answer_complete(self, grace_s: float) -> None:
        """Nothing more is needed: wait only `grace_s` for what may still come."""
        self._idle_limit_s = grace_s
        self._content_s = self._read_s
        self._cancel()
        self._arm()

    def close(self) -> None:
        """Forget the timer."""
        self._cancel()
        self.expired = self.expired or "closed"

    def _cancel(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _deadlines(self) -> list[tuple[float, str, float]]:
        limits = self._timeouts
        first_s = None if self._started else limits.first_event_s
        phases = (
            ("idle", self._read_s, self._idle_limit_s if self._started else None),
            ("first_event", self._content_s, first_s),
            ("progress", self._content_s, limits.progress_s if self._started else None),
            ("attempt", self._attempt_from_s, limits.attempt_s),
        )
        return [(from_s + limit_s, name, limit_s) for name, from_s, limit_s in phases if limit_s is not None]

    def _arm(self) -> None:
        deadlines = self._deadlines()
        if deadlines:
            self._handle = self._loop.call_at(min(deadlines)[0], self._check)

    def _check(self) -> None:
        self._handle = None
        if self.expired:
            return
        if not self._waiting:
            self._handle = self._loop.call_later(1.0, self._check)
            return
        now_s = self._loop.time()
        due = [deadline for deadline in self._deadlines() if deadline[0] <= now_s]
        if not due:
            self._arm()
            return
        _, name, limit_s = min(due)
        self.expired = name
        self._expire(name, limit_s)
