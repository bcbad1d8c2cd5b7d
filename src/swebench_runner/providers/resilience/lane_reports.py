"""What the headers of a response say of a lane, as the integers that a lane works with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from swebench_runner.providers.resilience.rate_headers import Quota, RateLimitState

Report = tuple[int, int, int, int]
"""Which of `RESOURCES`, its limit (0 for unsaid), what remains (-1 for unsaid), microseconds to its reset
(-1 for unsaid)."""
MOST: Final = 50_000_000
LONGEST_RESET_S: Final = 366 * 24 * 3600.0


def reports_of(state: RateLimitState) -> tuple[Report, ...]:
    """What was said, resource by resource; nothing for what was not mentioned.

    Where input and output are reported apart, the figure for tokens is left out: it then repeats the
    tighter of the two (Anthropic).

    Source: https://docs.anthropic.com/en/api/rate-limits (2026-11).
    """
    apart = state.input_tokens is not None or state.output_tokens is not None
    quotas = (state.requests, None if apart else state.tokens, state.input_tokens, state.output_tokens)
    return tuple(_report(resource, quota) for resource, quota in enumerate(quotas) if quota is not None)


def _report(resource: int, quota: Quota) -> Report:
    limit = 0 if quota.limit is None else max(0, min(quota.limit, MOST))
    remaining = -1 if quota.remaining is None else max(0, min(quota.remaining, MOST))
    reset_us = -1 if quota.reset_s is None else int(min(quota.reset_s, LONGEST_RESET_S) * 1e6)
    return (resource, limit, remaining, reset_us)
