"""What a provider's headers say is left of its rate limits."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_GO_UNITS_S: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_GO_PIECE: Final = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)")
_RESOURCES: Final = {
    "requests": ("x-ratelimit-{}-requests", "anthropic-ratelimit-requests-{}"),
    "tokens": ("x-ratelimit-{}-tokens", "anthropic-ratelimit-tokens-{}"),
    "input_tokens": ("anthropic-ratelimit-input-tokens-{}",),
    "output_tokens": ("anthropic-ratelimit-output-tokens-{}",),
}


@dataclass(frozen=True, slots=True)
class Quota:
    """One limit as the provider reports it; None is what it did not say.

    Attributes:
        limit: Units a minute.
        remaining: Units left now.
        reset_s: Seconds until it is full again.
    """

    limit: int | None = None
    remaining: int | None = None
    reset_s: float | None = None


@dataclass(frozen=True, slots=True)
class RateLimitState:
    """What is left of each limit; None for a limit that the provider did not mention."""

    requests: Quota | None = None
    tokens: Quota | None = None
    input_tokens: Quota | None = None
    output_tokens: Quota | None = None

    def __bool__(self) -> bool:
        return any((self.requests, self.tokens, self.input_tokens, self.output_tokens))


NOTHING_SAID: Final = RateLimitState()


def read_rate_headers(headers: Mapping[str, str], wall_s: float) -> RateLimitState:
    """What the provider says is left.

    Args:
        headers: Response headers, names in lower case.
        wall_s: Seconds since the epoch, for resets given as a time.

    Returns:
        Requests and tokens left, and seconds until each refills. A figure the provider did not send, or
        sent as 0 or -1 for a limit (Azure does), is None, which is not zero.

    Raises:
        Nothing: a malformed header counts as absent.

    Source: https://platform.openai.com/docs/guides/rate-limits, Go durations ("6m0s", "12ms");
        https://docs.anthropic.com/en/api/rate-limits, RFC 3339 times;
        https://openrouter.ai/docs/api-reference/limits, milliseconds since the epoch (2026-11).
    """
    found = {}
    for resource, patterns in _RESOURCES.items():
        for pattern in patterns:
            quota = _quota(headers, pattern, wall_s)
            if quota is not None:
                found[resource] = quota
                break
    if not found:
        quota = _quota(headers, "x-ratelimit-{}", wall_s)
        if quota is None:
            return NOTHING_SAID
        found["requests"] = quota
    return RateLimitState(**found)


def reset_seconds(value: str, wall_s: float) -> float | None:
    """Seconds until a reset, from a Go duration, seconds, an RFC 3339 time, or a time since the epoch."""
    value = value.strip()[:64]
    pieces = _GO_PIECE.findall(value)
    if pieces and "".join(number + unit for number, unit in pieces) == value:
        return sum(float(number) * _GO_UNITS_S[unit] for number, unit in pieces)
    number = _number(value)
    if number is None:
        return _until(value, wall_s)
    if number > 1e11:  # milliseconds since the epoch
        return max(0.0, number / 1000 - wall_s)
    return max(0.0, number - wall_s) if number > 1e8 else number


def _quota(headers: Mapping[str, str], pattern: str, wall_s: float) -> Quota | None:
    limit = _count(headers.get(pattern.format("limit")), least=1)
    remaining = _count(headers.get(pattern.format("remaining")), least=0)
    reset = headers.get(pattern.format("reset"))
    if limit is None and remaining is None:
        return None
    return Quota(limit, remaining, None if reset is None else reset_seconds(reset, wall_s))


def _count(value: str | None, *, least: int) -> int | None:
    number = None if value is None else _number(value)
    return None if number is None or number < least else int(number)


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _until(value: str, wall_s: float) -> float | None:
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return None if at.tzinfo is None else max(0.0, at.timestamp() - wall_s)
