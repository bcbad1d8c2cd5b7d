"""When a failed attempt is made again, and after how long. Pure: clock and chance come in as arguments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from random import Random

    from swebench_runner.providers.core.errors import ProviderError

THROTTLED: Final = frozenset({"rate_limit", "overloaded"})


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Full jitter over an exponential ceiling, never earlier than the provider said.

    delay_n = U(0, min(cap, base * 2^n)); with `Retry-After` r: max(r, delay_n) + U(0, min(r / 10, 5)).

    Attributes:
        max_attempts: Attempts in all, the first included.
        base_s: Base for transient failures.
        throttled_base_s: Base for rate limits and overload, which take longer to pass.
        cap_s: Ceiling of a delay of our own.
        max_retry_after_s: A provider that asks for a longer wait is not waited for.

    Source: AWS "full jitter" and the retry figures of the standard SDKs (2026).
    """

    max_attempts: int = 3
    base_s: float = 0.5
    throttled_base_s: float = 2.0
    cap_s: float = 30.0
    max_retry_after_s: float = 120.0

    def delay_s(
        self, error: ProviderError, attempts_made: int, *, rng: Random, time_left_s: float | None = None
    ) -> float | None:
        """Seconds to wait before the next attempt, or None when there is to be none.

        Args:
            error: Why the last attempt failed; its `retryable` decides.
            attempts_made: How many attempts there were.
            rng: Source of the jitter.
            time_left_s: What is left of the deadline; None without one.
        """
        if not error.retryable or attempts_made >= self.max_attempts:
            return None
        base_s = self.throttled_base_s if error.error_type in THROTTLED else self.base_s
        delay_s = rng.uniform(0.0, min(self.cap_s, base_s * 2.0 ** (attempts_made - 1)))
        told_s = error.retry_after_s
        if told_s is not None:
            if told_s > self.max_retry_after_s:
                return None
            delay_s = max(told_s, delay_s) + rng.uniform(0.0, min(told_s / 10.0, 5.0))
        if time_left_s is not None and delay_s >= time_left_s:
            return None
        return delay_s
