"""What a lane may let through: in a person's words, and in the integers that the arithmetic works with."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Final, Literal

from swebench_runner.providers.core.errors import ConfigurationError
from swebench_runner.providers.resilience.gcra import Limit

if TYPE_CHECKING:
    from swebench_runner.providers.core.usage import TokenUsage

RESOURCES: Final = ("requests", "tokens", "input_tokens", "output_tokens")
Units = tuple[int, int, int, int]
"""How much of each of `RESOURCES`."""
Algorithm = Literal["token_bucket", "sliding_window"]
NOTHING: Final[Units] = (0, 0, 0, 0)
MOST_UNITS: Final = 50_000_000  # keeps every product below 2^52, exact in a language of doubles


@dataclass(frozen=True, slots=True)
class Cost:
    """What one request is expected to take, in tokens.

    Attributes:
        input_tokens: The prompt, as far as it counts against the limits.
        output_tokens: The answer; `max_tokens` where the provider books that much at the start.
    """

    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def units(self) -> Units:
        """The same as units of each resource."""
        return units_of(self.input_tokens, self.output_tokens)


NO_COST: Final = Cost()


def units_of(input_tokens: int, output_tokens: int, total_tokens: int | None = None) -> Units:
    """One request with its tokens, each figure kept within what the arithmetic can hold."""
    asked = max(0, min(input_tokens, MOST_UNITS))
    told = max(0, min(output_tokens, MOST_UNITS))
    total = asked + told if total_tokens is None else max(0, total_tokens)
    return (1, min(total, MOST_UNITS), asked, told)


def units_used(usage: TokenUsage | None) -> Units | None:
    """What a call took; None when nobody counted.

    Input read from a cache is not counted as input tokens, as Anthropic does, but as tokens, as OpenAI does.

    Source: https://docs.anthropic.com/en/api/rate-limits (2026-11).
    """
    if usage is None or usage.source == "unknown":
        return None
    fresh = usage.prompt_tokens - usage.cache_read_tokens
    return units_of(fresh, usage.completion_tokens, usage.prompt_tokens + usage.completion_tokens)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneLimits:
    """The limits of one lane; None is no limit.

    A lane is whatever a provider counts together: usually one key and one model.

    Attributes:
        requests_per_minute: Ceiling; what the provider's headers say may lower it, never raise it.
        tokens_per_minute: The same for input and output together.
        input_tokens_per_minute: The same where the provider counts input apart.
        output_tokens_per_minute: The same for output.
        requests_per_day: Requests in the 24 hours that begin with the first of them.
        max_concurrency: Calls in flight at once.
        burst_s: How many seconds' worth may go at once after a rest. The refill is lowered by the burst,
            so that no minute sees more than its limit.
        adaptive: Whether pushed-back calls lower the number in flight, where no rate is known.
        slow_start: Whether that begins with few calls and finds its way up; else it begins with the first
            push-back.
        learn: Whether the provider's headers are believed.
        algorithm: "token_bucket" spreads calls evenly; "sliding_window" lets a minute's worth go at once,
            counts exactly, and works within one process only.

    Raises:
        ConfigurationError: A figure is out of range.
    """

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    input_tokens_per_minute: int | None = None
    output_tokens_per_minute: int | None = None
    requests_per_day: int | None = None
    max_concurrency: int | None = None
    burst_s: float = 1.2
    adaptive: bool = True
    slow_start: bool = True
    learn: bool = True
    algorithm: Algorithm = "token_bucket"

    def __post_init__(self) -> None:
        for name in _CEILINGS:
            value = getattr(self, name)
            if value is not None and not 1 <= value <= MOST_UNITS:
                raise ConfigurationError(
                    f"{name} is {value!r}", hint=f"give a number from 1 to {MOST_UNITS:,}, or leave it out"
                )
        if not 0 < self.burst_s <= 30:
            raise ConfigurationError(f"burst_s is {self.burst_s!r}", hint="give 0 to 30 seconds")
        if self.algorithm not in {"token_bucket", "sliding_window"}:
            raise ConfigurationError(
                f"algorithm is {self.algorithm!r}", hint='choose "token_bucket" or "sliding_window"'
            )

    @property
    def rates(self) -> Units:
        """Units a minute of each resource; 0 for no limit."""
        return (
            self.requests_per_minute or 0,
            self.tokens_per_minute or 0,
            self.input_tokens_per_minute or 0,
            self.output_tokens_per_minute or 0,
        )

    @property
    def unlimited(self) -> bool:
        """Whether nothing is limited, as far as configured."""
        return all(getattr(self, name) is None for name in _CEILINGS)

    def share(self, workers: int) -> LaneLimits:
        """What each of `workers` may use when they cannot count together; at least 1 of everything."""
        ceilings = {name: getattr(self, name) for name in _CEILINGS}
        parts = {name: max(1, value // workers) for name, value in ceilings.items() if value is not None}
        return replace(self, **parts)


_CEILINGS: Final = tuple(field.name for field in fields(LaneLimits) if field.name.startswith("max_")) + tuple(
    field.name for field in fields(LaneLimits) if field.name.endswith(("_per_minute", "_per_day"))
)


def pace(per_minute: int, burst_s: float) -> Limit:
    """A burst and a refill that together never exceed `per_minute` in any minute."""
    burst = max(1, per_minute * round(burst_s * 1000) // 60_000)
    return Limit(per_minute - burst + 1, burst)
