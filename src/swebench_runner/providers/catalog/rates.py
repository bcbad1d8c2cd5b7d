"""Prices of one model as whole numbers, ready to be multiplied with a call's token counts."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from swebench_runner.providers.core.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swebench_runner.providers.core.json import JSON
    from swebench_runner.providers.core.usage import TokenUsage

Price: TypeAlias = "Decimal | int | float | str"
_PER_MILLION = 6
_THOUSANDS_TO_MILLION = 1_000


class _Table(NamedTuple):
    """Prices of one unit each, times 10**(scale + 6)."""

    fresh: int
    cache_read: int
    cache_write: int
    cache_write_1h: int
    output: int
    reasoning: int
    request: int
    web_search: int


class Rates:
    """What a model costs; `cost` is the exact product, in US dollars.

    Where prices rise with the length of the prompt, the whole call is charged at the higher price, as
    Anthropic, OpenAI and Google do.
    """

    __slots__ = ("_base", "_lacks_input", "_lacks_output", "_scale", "_tiers")

    def __init__(self, prices: Mapping[str, Decimal], tiers: Mapping[int, Mapping[str, Decimal]]) -> None:
        """Take prices under genai-prices' names ("input_mtok", …); `tiers` by the tokens they start after."""
        listed = [*prices.values(), *(price for tier in tiers.values() for price in tier.values())]
        places = max((-int(price.as_tuple().exponent) for price in listed), default=0)
        shift = max(0, places)
        self._scale = -(shift + _PER_MILLION)
        self._base = _table(prices, shift)
        self._tiers = [
            (start, _table({**prices, **tiers[start]}, shift)) for start in sorted(tiers, reverse=True)
        ]
        self._lacks_input = "input_mtok" not in prices
        self._lacks_output = "output_mtok" not in prices

    def cost(self, usage: TokenUsage) -> Decimal | None:
        """US dollars; None when tokens were used that have no price."""
        prompt = usage.prompt_tokens
        output = usage.completion_tokens
        if (self._lacks_input and prompt) or (self._lacks_output and output):
            return None
        searches = 0
        if usage.raw is not None:
            if _has_audio(usage.raw):
                return None
            searches = _web_searches(usage.raw)
        table = self._base
        for start, tier in self._tiers:
            if prompt > start:
                table = tier
                break
        read, write, write_1h = usage.cache_read_tokens, usage.cache_write_tokens, usage.cache_write_1h_tokens
        reasoning = usage.reasoning_tokens
        total = (
            table.request
            + max(0, prompt - read - write) * table.fresh
            + read * table.cache_read
            + max(0, write - write_1h) * table.cache_write
            + write_1h * table.cache_write_1h
            + max(0, output - reasoning) * table.output
            + reasoning * table.reasoning
            + searches * table.web_search
        )
        return Decimal(total).scaleb(self._scale)


def _table(prices: Mapping[str, Decimal], shift: int) -> _Table:
    def scaled(*names: str, times: int = 1) -> int:
        """The first of these prices that is listed, else nothing."""
        price = next((prices[name] for name in names if name in prices), Decimal(0))
        return int(price.scaleb(shift)) * times

    return _Table(
        fresh=scaled("input_mtok"),
        cache_read=scaled("cache_read_mtok", "input_mtok"),
        cache_write=scaled("cache_write_5m_mtok", "cache_write_mtok", "input_mtok"),
        cache_write_1h=scaled("cache_write_1h_mtok", "cache_write_mtok", "input_mtok"),
        output=scaled("output_mtok"),
        reasoning=scaled("output_reasoning_mtok", "output_mtok"),
        request=scaled("requests_kcount", times=_THOUSANDS_TO_MILLION),
        web_search=scaled("web_searches_kcount", times=_THOUSANDS_TO_MILLION),
    )


def _has_audio(raw: Mapping[str, JSON]) -> bool:
    """Whether part of the tokens was sound, which is priced apart and which our buckets do not hold."""
    for block in ("prompt_tokens_details", "completion_tokens_details"):
        details = raw.get(block)
        if isinstance(details, dict) and details.get("audio_tokens"):
            return True
    return False


def _web_searches(raw: Mapping[str, JSON]) -> int:
    server_tools = raw.get("server_tool_use")
    if isinstance(server_tools, dict):
        count = server_tools.get("web_search_requests")
        return count if isinstance(count, int) else 0
    return 0


_OVERRIDES = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cache_read": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
    "cache_write_1h": "cache_write_1h_mtok",
}


def rates_from_user(model: str, prices: Mapping[str, Price]) -> Rates:
    """Rates as a person writes them down: US dollars for a million tokens.

    Args:
        model: For the error.
        prices: "input" and "output"; "cache_read", "cache_write", "cache_write_1h" default to "input".

    Raises:
        ConfigurationError: A name is unknown or a price is not a number of at least 0.
    """
    known: dict[str, Decimal] = {}
    for name, price in prices.items():
        try:
            value = Decimal(str(price))
        except ArithmeticError:
            value = Decimal(-1)
        if name not in _OVERRIDES or not value.is_finite() or value < 0:
            raise ConfigurationError(
                f"the price {name!r} = {price!r} of {model!r} is not usable",
                hint=f"give US dollars for a million tokens under {', '.join(_OVERRIDES)}",
            )
        known[_OVERRIDES[name]] = value
    return Rates(known, {})
