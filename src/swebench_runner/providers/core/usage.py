"""Tokens of one call, in disjoint buckets, with the provider's own figures beside them."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from swebench_runner.providers.core.json import JSON

UsageSource = Literal["provider", "estimate", "unknown"]


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """What a call consumed, in tokens.

    Attributes:
        prompt_tokens: All input, cached or not.
        completion_tokens: All output, reasoning included.
        total_tokens: Their sum, unless the provider said otherwise.
        cache_read_tokens: Part of the prompt that was served from a cache.
        cache_write_tokens: Part of the prompt that was written to a cache.
        cache_write_1h_tokens: Part of the writes that was kept for an hour (priced apart).
        reasoning_tokens: Part of the output that was thinking.
        source: "provider" for measured figures, "estimate" for ours, "unknown" when nobody counted
            (the figures are then 0 and mean nothing).
        reported_cost_usd: What the provider says this call cost; None when it does not say.
        raw: The provider's usage block as it came.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    _: KW_ONLY
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cache_write_1h_tokens: int = 0
    reasoning_tokens: int = 0
    source: UsageSource = "provider"
    reported_cost_usd: Decimal | None = None
    raw: Mapping[str, JSON] | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if not self.total_tokens:
            object.__setattr__(self, "total_tokens", self.prompt_tokens + self.completion_tokens)

    @property
    def fresh_input_tokens(self) -> int:
        """Input that was neither read from nor written to a cache."""
        return max(0, self.prompt_tokens - self.cache_read_tokens - self.cache_write_tokens)

    def __add__(self, other: TokenUsage) -> TokenUsage:
        """The sum of two calls; it is an estimate as soon as one of them is."""
        costs = (self.reported_cost_usd, other.reported_cost_usd)
        order = ("provider", "estimate", "unknown")
        return TokenUsage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.total_tokens + other.total_tokens,
            cache_read_tokens=self.cache_read_tokens + other.cache_read_tokens,
            cache_write_tokens=self.cache_write_tokens + other.cache_write_tokens,
            cache_write_1h_tokens=self.cache_write_1h_tokens + other.cache_write_1h_tokens,
            reasoning_tokens=self.reasoning_tokens + other.reasoning_tokens,
            source=max(self.source, other.source, key=order.index),
            reported_cost_usd=None if costs[0] is None or costs[1] is None else costs[0] + costs[1],
        )


UNKNOWN_USAGE = TokenUsage(source="unknown")
