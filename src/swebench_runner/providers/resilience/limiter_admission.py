"""One call's way through a limiter: from asking to settling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, Self

from swebench_runner.providers.core.errors import IncompleteStreamError, ProviderError, ProviderTimeoutError
from swebench_runner.providers.resilience.lane_limits import Cost, units_used
from swebench_runner.providers.resilience.lane_reports import reports_of
from swebench_runner.providers.resilience.rate_headers import read_rate_headers

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from swebench_runner.providers.core.usage import TokenUsage
    from swebench_runner.providers.resilience.lane_limits import Units
    from swebench_runner.providers.resilience.lane_reports import Report
    from swebench_runner.providers.resilience.lane_state import Reservation
    from swebench_runner.providers.resilience.rate_headers import RateLimitState

PUSHED_BACK: Final = frozenset({"rate_limit", "overloaded"})
NEVER_SENT: Final = frozenset({"circuit_open", "budget", "configuration"})
# A provider that tells of its limits tells of one of these.
_RATE_HEADERS: Final = (
    "x-ratelimit-limit-requests",
    "anthropic-ratelimit-requests-limit",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-limit",
    "x-ratelimit-remaining-requests",
    "anthropic-ratelimit-tokens-remaining",
    "anthropic-ratelimit-input-tokens-remaining",
)


class Home(Protocol):
    """Where a reservation was made, and is to be given back."""

    def settle(self, reservation: Reservation, actual: Units | None, *, answered: bool) -> None:
        """`Lane.settle` or `Lane.release`."""
        ...

    def cancel(self, reservation: Reservation, *, sent: bool) -> None:
        """`Lane.cancel`."""
        ...

    def push_back(self, reservation: Reservation, pause_us: int) -> None:
        """`Lane.push_back`."""
        ...

    def observe(self, reservation: Reservation, reports: tuple[Report, ...]) -> None:
        """`Lane.observe`."""
        ...


class Gate(Protocol):
    """What admits."""

    def at_once(self, admission: Admission) -> bool:
        """Whether it was admitted without waiting."""
        ...

    async def in_line(self, admission: Admission) -> None:
        """Wait until it is admitted."""
        ...

    def listens(self) -> bool:
        """Whether another response's headers are worth reading now."""
        ...

    def learn_output(self, output_tokens: int) -> None:
        """An answer had so many tokens."""
        ...


class Admission:
    """The leave to make one call. It ends exactly once: the first of `settle`, `fail` and `cancel` counts.

    As a context manager it asks on entering; on leaving without a word it settles what was reserved, and on
    an error it learns from it: a 429 or an overload slows the lane down and pauses it for as long as told.

    Attributes:
        cost: What the call is expected to take.
        deadline_s: When to stop waiting, in seconds of the limiter's clock; None for never.
        waited_s: Seconds spent in the line.
    """

    __slots__ = ("_gate", "cost", "deadline_s", "home", "reservation", "units", "waited_s")

    def __init__(self, gate: Gate, cost: Cost, units: Units, deadline_s: float | None) -> None:
        self._gate = gate
        self.cost = cost
        self.units = units
        self.deadline_s = deadline_s
        self.waited_s = 0.0
        self.reservation: Reservation = 0
        self.home: Home | None = None

    async def __aenter__(self) -> Self:
        if not self._gate.at_once(self):
            await self._gate.in_line(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.home is None:
            return
        if error is None:
            self.settle(None)
        elif isinstance(error, ProviderError):
            self.fail(error)
        else:
            self.cancel(sent=True)

    @property
    def held(self) -> bool:
        """Whether it still holds its place."""
        return self.home is not None

    def settle(self, usage: TokenUsage | Cost | None) -> None:
        """The call was answered.

        Args:
            usage: What it took; None or unknown usage lets the estimate stand.
        """
        home, self.home = self.home, None
        if home is not None:
            units = _units(usage)
            if units is not None:
                self._gate.learn_output(units[3])
            home.settle(self.reservation, units, answered=True)

    def fail(self, error: ProviderError) -> None:
        """The call failed: give back what it did not take, and slow down if the provider asks for it."""
        home, self.home = self.home, None
        if home is None:
            return
        if error.error_type in PUSHED_BACK:
            home.push_back(self.reservation, int(max(0.0, error.retry_after_s or 0.0) * 1e6))
        elif _never_sent(error):
            home.cancel(self.reservation, sent=False)
        else:
            usage = error.usage if isinstance(error, IncompleteStreamError) else None
            home.settle(self.reservation, units_used(usage), answered=False)

    def cancel(self, *, sent: bool) -> None:
        """The call was given up.

        Args:
            sent: Whether the provider may have seen it; what was reserved then counts as used.
        """
        home, self.home = self.home, None
        if home is not None:
            home.cancel(self.reservation, sent=sent)

    def observe(self, state: RateLimitState) -> None:
        """Learn what is left of the provider's limits, before the call ends."""
        if self.home is not None and state:
            self.home.observe(self.reservation, reports_of(state))

    def observe_headers(self, headers: Mapping[str, str], wall_s: float) -> None:
        """As `observe`, from a response's headers; cheap when they say nothing of limits.

        Args:
            headers: Looked up in lower case; the mapping may ignore case.
            wall_s: Seconds since the epoch, for resets given as a time.
        """
        if self.home is None:
            return
        for name in _RATE_HEADERS:
            if name in headers:
                if self._gate.listens():
                    self.observe(read_rate_headers(headers, wall_s))
                return


def _units(usage: TokenUsage | Cost | None) -> Units | None:
    return usage.units if isinstance(usage, Cost) else units_used(usage)


def _never_sent(error: ProviderError) -> bool:
    if error.error_type in NEVER_SENT:
        return True
    return isinstance(error, ProviderTimeoutError) and error.timer == "connect"
