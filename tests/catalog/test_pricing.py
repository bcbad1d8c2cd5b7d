from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swebench_runner.providers.catalog.pricing import (
    PriceBook,
    estimate_cost,
    price,
    price_as_of,
    price_source,
)
from swebench_runner.providers.core.errors import ConfigurationError
from swebench_runner.providers.core.usage import UNKNOWN_USAGE, TokenUsage

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
# 1,000 fresh, 2,000 read, 300 written for 5 minutes, 100 for an hour; 500 out.
MIXED = TokenUsage(
    3_400,
    500,
    cache_read_tokens=2_000,
    cache_write_tokens=400,
    cache_write_1h_tokens=100,
    reasoning_tokens=200,
)


def theirs(
    usage: TokenUsage, provider: str, model: str, at: datetime, context: dict[str, str] | None
) -> Decimal:
    import genai_prices

    asked = genai_prices.Usage(
        input_tokens=usage.prompt_tokens,
        output_tokens=usage.completion_tokens,
        cache_read_tokens=usage.cache_read_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        cache_write_1h_tokens=usage.cache_write_1h_tokens,
        output_reasoning_tokens=usage.reasoning_tokens,
    )
    return genai_prices.calc_price(
        asked, model, provider_id=provider, genai_request_timestamp=at, price_context=context
    ).total_price


def text_models() -> list[tuple[str, str]]:
    from genai_prices.data import providers

    return [
        (entry.id, model.id)
        for entry in providers
        if entry.id in {"openai", "anthropic", "openrouter", "deepseek", "mistral", "perplexity"}
        for model in entry.models
        # Only an id that leads back to its own model can be asked for by name.
        if entry.find_model(model.id, all_providers=providers) is model
    ]


@st.composite
def usages(draw: st.DrawFn) -> TokenUsage:
    fresh, read, write, write_1h = (draw(st.integers(0, 150_000)) for _ in range(4))
    output = draw(st.integers(0, 50_000))
    return TokenUsage(
        fresh + read + write + write_1h,
        output,
        cache_read_tokens=read,
        cache_write_tokens=write + write_1h,
        cache_write_1h_tokens=write_1h,
        reasoning_tokens=draw(st.integers(0, output)),
    )


@given(
    target=st.sampled_from(text_models()),
    usage=usages(),
    at=st.integers(1_704_067_200, 1_811_808_000).map(lambda epoch_s: datetime.fromtimestamp(epoch_s, UTC)),
    context=st.sampled_from(
        [None, {"processing": "batch"}, {"service_tier": "flex"}, {"speed": "fast"}, {"x": "y"}]
    ),
)
@settings(max_examples=300, deadline=None)
def test_every_price_is_the_librarys_own(
    target: tuple[str, str], usage: TokenUsage, at: datetime, context: dict[str, str] | None
) -> None:
    ours = price(usage, *target, at, context=context)
    if ours is not None:
        assert ours == theirs(usage, *target, at, context)


def test_the_buckets_are_priced_apart() -> None:  # A061
    # claude-sonnet-4-6 since 2026-03-13: 3 in, 0.30 read, 3.75 and 6 written, 15 out, for a million.
    expected = Decimal(3_000) + Decimal(2_000) * Decimal("0.3") + Decimal(300) * Decimal("3.75")
    expected += 100 * 6 + 500 * 15
    assert price(MIXED, "anthropic", "claude-sonnet-4-6", NOW) == expected / 1_000_000


def test_reasoning_is_part_of_the_output_and_not_paid_twice() -> None:
    assert price(TokenUsage(10, 500, reasoning_tokens=500), "openai", "gpt-5.2", NOW) == price(
        TokenUsage(10, 500), "openai", "gpt-5.2", NOW
    )


def test_a_long_prompt_is_charged_at_the_higher_price_as_a_whole() -> None:
    short = price(TokenUsage(200_000, 0), "anthropic", "claude-sonnet-4-5", NOW)
    long = price(TokenUsage(200_001, 0), "anthropic", "claude-sonnet-4-5", NOW)
    assert short == Decimal("0.6")
    assert long == Decimal(200001) * 6 / 1_000_000


def test_a_price_is_the_one_of_its_day() -> None:
    usage = TokenUsage(1_000_000, 0)
    assert price(usage, "openai", "o3", datetime(2025, 6, 9, tzinfo=UTC)) == 10
    assert price(usage, "openai", "o3", datetime(2025, 6, 10, tzinfo=UTC)) == 2
    assert price(usage, "openai", "o3") == 2


def test_the_kind_of_call_decides_where_the_table_knows_it() -> None:
    usage = TokenUsage(1_000_000, 1_000_000)
    whole = price(usage, "anthropic", "claude-opus-4-8", NOW)
    assert price(usage, "anthropic", "claude-opus-4-8", NOW, context={"processing": "batch"}) == whole / 2
    assert price(usage, "anthropic", "claude-opus-4-8", NOW, context={"service_tier": "standard"}) == whole


def test_web_searches_are_paid_by_the_piece() -> None:
    plain = TokenUsage(10, 10)
    searched = TokenUsage(10, 10, raw={"server_tool_use": {"web_search_requests": 3}})
    odd = TokenUsage(10, 10, raw={"server_tool_use": {"web_search_requests": None}})
    extra = price(searched, "anthropic", "claude-haiku-4-5", NOW) - price(
        plain, "anthropic", "claude-haiku-4-5", NOW
    )
    assert extra == Decimal("0.03")
    assert price(odd, "anthropic", "claude-haiku-4-5", NOW) == price(
        plain, "anthropic", "claude-haiku-4-5", NOW
    )


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "brand-new-9000"),
        ("nobody", "gpt-4o"),
        ("openai_compatible", "gpt-4o"),
        ("ollama", "llama3"),
        (None, "gpt-4o"),
    ],
)
def test_an_unknown_price_is_none_and_not_nought(provider: str | None, model: str) -> None:  # A051
    assert price(TokenUsage(1_000, 1_000), provider, model) is None
    assert estimate_cost(1_000, 1_000, provider=provider, model=model) is None
    assert PriceBook().cost(TokenUsage(1_000, 1_000), provider, model) == (None, None)


def test_unknown_tokens_have_no_price() -> None:
    assert price(UNKNOWN_USAGE, "openai", "gpt-4o") is None


def test_sound_among_the_tokens_makes_the_price_unknown() -> None:
    usage = TokenUsage(10, 10, raw={"prompt_tokens_details": {"audio_tokens": 4}})
    silent = TokenUsage(
        10, 10, raw={"prompt_tokens_details": {"audio_tokens": 0}, "completion_tokens_details": None}
    )
    assert price(usage, "openai", "gpt-4o") is None
    assert price(silent, "openai", "gpt-4o") is not None


def test_tokens_without_a_price_make_the_price_unknown() -> None:
    assert price(TokenUsage(100, 0), "openai", "text-embedding-3-small") == Decimal("0.000002")
    assert price(TokenUsage(100, 1), "openai", "text-embedding-3-small") is None
    assert price(TokenUsage(100, 0), "openai", "whisper-1") is None


def test_aliases_and_routers_are_found() -> None:
    usage = TokenUsage(1_000_000, 0)
    assert (
        price(usage, "anthropic", "sonnet", NOW) == price(usage, "anthropic", "claude-sonnet-5-5", NOW) == 2
    )
    assert price(usage, "openrouter", "anthropic/claude-sonnet-5.5", NOW) == 2


def test_what_the_provider_reports_wins_over_the_table() -> None:
    usage = TokenUsage(1_000, 1_000, reported_cost_usd=Decimal("0.0123"))
    assert PriceBook().cost(usage, "openai", "gpt-4o") == (Decimal("0.0123"), "provider")
    assert PriceBook().cost(usage, None, "who") == (Decimal("0.0123"), "provider")


def test_the_source_tells_an_estimate_from_a_measurement() -> None:
    book = PriceBook()
    assert book.cost(TokenUsage(1_000, 0), "openai", "gpt-4o").source == "prices"
    assert book.cost(TokenUsage(1_000, 0, source="estimate"), "openai", "gpt-4o").source == "estimate"


def test_ones_own_prices_win_by_full_name_then_by_model() -> None:
    book = PriceBook(
        {
            "openai/GPT-4o": {"input": 1, "output": "2.5"},
            "my-model": {"input": 0.1, "output": 0, "cache_read": 0.01},
        }
    )
    usage = TokenUsage(1_000_000, 1_000_000, cache_read_tokens=500_000)
    assert book.price(usage, "openai", "gpt-4o") == Decimal("3.5")
    assert book.price(usage, None, "My-Model") == Decimal("0.055")
    assert book.price(usage, "openai", "gpt-4o-mini") == price(usage, "openai", "gpt-4o-mini")


@pytest.mark.parametrize(
    "bad", [{"input": -1}, {"input": "free"}, {"input": "NaN"}, {"inputs": 1}, {"input": None}]
)
def test_a_price_that_is_none_is_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match="US dollars for a million tokens"):
        PriceBook({"m": bad})  # type: ignore[dict-item]


def test_an_estimate_covers_the_longest_answer() -> None:  # B043
    assert estimate_cost(1_000_000, 100_000, provider="openai", model="gpt-4o") == Decimal("3.5")
    cheaper = PriceBook().estimate(1_000_000, 0, "openai", "gpt-4o", cache_read_tokens=1_000_000)
    assert cheaper == Decimal("1.25")


def test_the_table_says_how_old_it_is() -> None:
    assert date(2026, 1, 1) < price_as_of() <= datetime.now(UTC).date()
    assert price_source().startswith("genai-prices ")


def test_a_price_is_looked_up_once_also_when_there_is_none() -> None:
    book = PriceBook()
    for _ in range(5):
        book.price(TokenUsage(1, 1), "openai", "gpt-3.5-turbo-0613")
        book.price(TokenUsage(1, 1), "openai", "unknown-model")
    assert set(book._entries) == {("openai", "gpt-3.5-turbo-0613"), ("openai", "unknown-model")}
    assert book._entries["openai", "unknown-model"] is None


def test_importing_the_module_does_not_load_the_table_and_using_it_starts_no_updater() -> None:
    code = (
        "import sys, threading\n"
        "from swebench_runner.providers.catalog import models, pricing\n"
        "assert not {'genai_prices', 'pydantic'} & set(sys.modules)\n"
        "from swebench_runner.providers.core.usage import TokenUsage\n"
        "assert pricing.price(TokenUsage(1, 1), 'openai', 'gpt-4o') is not None\n"
        "assert threading.active_count() == 1\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
