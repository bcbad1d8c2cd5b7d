"""Rate limits by provider, under the names that the first plan gave them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

from swebench_runner.providers.core.clock import SystemClock
from swebench_runner.providers.core.errors import ConfigurationError, RateLimitError
from swebench_runner.providers.resilience.lane_limits import Cost, LaneLimits
from swebench_runner.providers.resilience.limiter import RateLimiter
from swebench_runner.providers.resilience.limiter_shared import SharedRateLimiter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swebench_runner.providers.core.clock import Clock
    from swebench_runner.providers.resilience.limiter import LimiterView
    from swebench_runner.providers.resilience.limiter_admission import Admission
    from swebench_runner.providers.resilience.stores import LimiterStore

NESTED: Final = ("rate_limits", "limits")
ALIASES: Final = {
    "max_concurrent_requests": "max_concurrency",
    "concurrency": "max_concurrency",
    "rpm": "requests_per_minute",
    "tpm": "tokens_per_minute",
}
KNOWN: Final = frozenset(field.name for field in fields(LaneLimits))


class TokenBucketLimiter(RateLimiter):
    """Requests and tokens a minute, spread evenly with a small burst; never more in any minute."""

    def __init__(
        self,
        requests_per_minute: int | None = None,
        tokens_per_minute: int | None = None,
        *,
        clock: Clock | None = None,
        name: str = "",
    ) -> None:
        limits = LaneLimits(
            requests_per_minute=requests_per_minute, tokens_per_minute=tokens_per_minute, adaptive=False
        )
        super().__init__(limits, clock=clock, name=name)


class SlidingWindowLimiter(RateLimiter):
    """Requests and tokens a minute, at once if need be; never more in any minute."""

    def __init__(
        self,
        requests_per_minute: int | None = None,
        tokens_per_minute: int | None = None,
        *,
        clock: Clock | None = None,
        name: str = "",
    ) -> None:
        limits = LaneLimits(
            requests_per_minute=requests_per_minute,
            tokens_per_minute=tokens_per_minute,
            adaptive=False,
            algorithm="sliding_window",
        )
        super().__init__(limits, clock=clock, name=name)


@dataclass(frozen=True, slots=True)
class Acquired:
    """What became of asking for room.

    Attributes:
        granted: Whether the call may be made.
        waited_s: Seconds spent in the line.
        retry_after_s: When not granted: seconds after which it may be; None when nobody knows.
        queue_depth: Calls that still wait.
        admission: To settle the call with; None when not granted, or where nothing is limited.
    """

    granted: bool
    waited_s: float = 0.0
    retry_after_s: float | None = None
    queue_depth: int = 0
    admission: Admission | None = None


class RateLimitCoordinator:
    """One limiter for each configured provider; as many lanes of it as are asked for.

    Args:
        provider_config: Provider to its limits: a `LaneLimits`, or a mapping of its fields, flat or under
            "rate_limits". A mapping may hold other settings of the provider beside them. A provider
            without limits is never waited for.
        clock: Source of time.
        store: Where the lanes are kept when other processes use them too.

    Raises:
        ConfigurationError: A limit is out of range, or unknown.
    """

    def __init__(
        self,
        provider_config: Mapping[str, Mapping[str, object] | LaneLimits | None],
        *,
        clock: Clock | None = None,
        store: LimiterStore | None = None,
    ) -> None:
        self._clock = clock or SystemClock()
        self._store = store
        self._limits = {name: limits_from(config, name) for name, config in provider_config.items()}
        self._limiters = {(name, ""): self._create_limiter(of, name) for name, of in self._limits.items()}
        self._held: dict[str, deque[Admission]] = {name: deque() for name in self._limits}

    # -- the plan's form ----------------------------------------------------------------------

    async def acquire(self, provider: str, estimated_tokens: int = 0, timeout: float | None = None) -> bool:  # noqa: ASYNC109 - the plan's name; it is a deadline of the line, not of the task
        """Whether the call may be made; True at once when the provider has no limits.

        Where the number of calls in flight is limited, `release` gives the place back.

        Args:
            provider: Who is to be asked.
            estimated_tokens: What the call is expected to take.
            timeout: Seconds to wait at most; None waits as long as it takes, 0 not at all.
        """
        acquired = await self.acquire_detailed(provider, estimated_tokens, timeout)
        if acquired.admission is not None:
            if self._limits[provider].max_concurrency is None:
                acquired.admission.settle(None)
            else:
                self._held[provider].append(acquired.admission)
        return acquired.granted

    async def acquire_detailed(
        self,
        provider: str,
        estimated_tokens: int = 0,
        timeout: float | None = None,  # noqa: ASYNC109 - as above
    ) -> Acquired:
        """As `acquire`, with the reason and the admission, which the caller settles."""
        limiter = self._limiters.get((provider, ""))
        if limiter is None or limiter.unlimited:
            return Acquired(granted=True)
        cost = Cost(estimated_tokens)
        deadline_s = None if timeout is None else self._clock.now_s() + timeout
        try:
            if timeout == 0:
                admission = await limiter.try_acquire(cost)
                return Acquired(admission is not None, 0.0, None, limiter.queue_depth, admission)
            admission = await limiter.acquire(cost, deadline_s=deadline_s)
        except RateLimitError as error:
            return Acquired(granted=False, retry_after_s=error.retry_after_s, queue_depth=limiter.queue_depth)
        return Acquired(
            granted=True,
            waited_s=admission.waited_s,
            queue_depth=limiter.queue_depth,
            admission=admission,
        )

    def release(self, provider: str, actual_tokens: int | None = None) -> None:
        """The call that was longest under way has ended.

        Args:
            provider: Who was asked.
            actual_tokens: What it took; None lets the estimate stand.
        """
        held = self._held.get(provider)
        if held:
            held.popleft().settle(None if actual_tokens is None else Cost(actual_tokens))

    # -- lanes --------------------------------------------------------------------------------

    def limiter(self, provider: str, lane: str = "") -> RateLimiter | None:
        """The limiter of one of the provider's lanes, usually a model and a key; None without limits."""
        limits = self._limits.get(provider)
        if limits is None:
            return None
        known = self._limiters.get((provider, lane))
        if known is None:
            made = self._create_limiter(limits, f"{provider}/{lane}")
            known = self._limiters.setdefault((provider, lane), made)
        return known

    async def look(self) -> list[LimiterView]:
        """Every lane as it stands."""
        return [await limiter.look() for limiter in list(self._limiters.values())]

    def _create_limiter(self, limits: Mapping[str, object] | LaneLimits, name: str = "") -> RateLimiter:
        """A limiter for `limits`; their `algorithm` chooses between token bucket and sliding window.

        Raises:
            ConfigurationError: A sliding window cannot be shared between processes.
        """
        lane_limits = limits_from(limits, name)
        if self._store is None:
            return RateLimiter(lane_limits, name=name, clock=self._clock)
        if lane_limits.algorithm == "sliding_window":
            raise ConfigurationError(
                f"the sliding window of {name!r} cannot be shared between processes",
                name,
                hint="choose the algorithm token_bucket",
            )
        return SharedRateLimiter(lane_limits, store=self._store, name=name, clock=self._clock)


def limits_from(config: Mapping[str, object] | LaneLimits | None, provider: str = "") -> LaneLimits:
    """The limits in a provider's settings.

    Raises:
        ConfigurationError: A limit is out of range, or unknown.
    """
    if isinstance(config, LaneLimits):
        return config
    settings = dict(config or {})
    nested = next((settings[key] for key in NESTED if settings.get(key) is not None), None)
    if isinstance(nested, LaneLimits):
        return nested
    if isinstance(nested, dict):
        settings = nested
    named = {ALIASES.get(name, name): value for name, value in settings.items()}
    unknown = sorted(set(named) - KNOWN) if nested is not None else []
    if unknown:
        raise ConfigurationError(
            f"{provider!r} has no limit called {unknown[0]!r}",
            provider,
            hint="limits are " + ", ".join(sorted(KNOWN)),
        )
    chosen = {name: value for name, value in named.items() if name in KNOWN and value is not None}
    try:
        return LaneLimits(**chosen)  # type: ignore[arg-type]  # names are checked above, values by LaneLimits
    except TypeError as error:
        raise ConfigurationError(f"a limit of {provider!r} is not a number", provider) from error
