from __future__ import annotations

import re

import pytest

from swebench_runner.providers.catalog import models
from swebench_runner.providers.catalog.model_table import ALIASES, AS_OF, DEFAULTS, FAMILIES, KNOWN
from swebench_runner.providers.core.capabilities import ModelFacts

PRICED = pytest.importorskip("genai_prices.data").providers


def priced_models(provider: str) -> dict[str, object]:
    return {model.id: model for entry in PRICED if entry.id == provider for model in entry.models}


def is_priced(provider: str, name: str) -> bool:
    return any(model.is_match(name) for entry in PRICED if entry.id == provider for model in entry.models)


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        (
            "claude-opus-5-5",
            {"temperature", "top_p", "budget_tokens", "prefill", "thinking_off", "forced_tool_choice"},
        ),
        (
            "claude-sonnet-5-5",
            {"temperature", "top_p", "budget_tokens", "prefill", "thinking_disabled", "forced_tool_choice"},
        ),
        ("claude-haiku-5-5", {"temperature", "top_p", "budget_tokens", "prefill"}),
        ("claude-opus-4-8", {"temperature", "top_p", "budget_tokens", "prefill"}),
        ("claude-opus-4-7-20260301", {"temperature", "top_p", "budget_tokens", "prefill"}),
        ("claude-sonnet-4-6", {"prefill", "temperature_with_top_p"}),
        ("claude-opus-4-6", {"prefill", "temperature_with_top_p"}),
        ("claude-opus-4-5", {"temperature_with_top_p"}),
        ("claude-sonnet-4-20250514", {"effort"}),
        ("claude-haiku-4-5-20251001", {"effort", "temperature_with_top_p"}),
        ("claude-opus-7", {"temperature", "top_p", "budget_tokens", "prefill"}),
    ],
)
def test_what_a_claude_refuses(name: str, refused: set[str]) -> None:
    assert models.facts("anthropic", name).refuses == refused


@pytest.mark.parametrize(
    ("name", "style"),
    [
        ("claude-3-5-haiku-20241022", "none"),
        ("claude-3-7-sonnet-latest", "budget"),
        ("claude-sonnet-4-5", "budget"),
        ("claude-opus-4-6", "adaptive"),
        ("claude-sonnet-5", "adaptive"),
    ],
)
def test_how_a_claude_is_asked_to_think(name: str, style: str) -> None:
    assert models.facts("anthropic", name).thinking == style


@pytest.mark.parametrize(
    ("name", "field", "refused", "api"),
    [
        ("gpt-4o", "max_tokens", set(), None),
        ("gpt-4.1-mini", "max_tokens", set(), None),
        ("gpt-3.5-turbo", "max_tokens", set(), None),
        ("gpt-5-chat-latest", "max_tokens", set(), None),
        ("gpt-5.1-chat-latest", "max_completion_tokens", {"temperature", "top_p"}, None),
        ("gpt-5", "max_completion_tokens", {"temperature", "top_p"}, None),
        ("gpt-5.2", "max_completion_tokens", {"temperature_when_thinking", "top_p_when_thinking"}, None),
        ("gpt-5.5", "max_completion_tokens", {"temperature", "top_p"}, None),
        ("gpt-5.1-codex", "max_completion_tokens", {"temperature", "top_p"}, "responses"),
        ("gpt-5.2-pro", "max_completion_tokens", {"temperature", "top_p"}, "responses"),
        ("gpt-6.1-sol", "max_completion_tokens", {"temperature", "top_p", "thinking_off"}, "responses"),
        ("gpt-6-luna", "max_completion_tokens", {"temperature", "top_p"}, "responses"),
        ("o3-2025-04-16", "max_completion_tokens", {"temperature", "top_p", "stop_sequences"}, None),
        ("o4-mini", "max_completion_tokens", {"temperature", "top_p", "stop_sequences"}, None),
        ("o3-pro", "max_completion_tokens", {"temperature", "top_p", "stop_sequences"}, "responses"),
        ("ft:gpt-4o-mini-2024-07-18:me::abc", "max_tokens", set(), None),
    ],
)
def test_openai_families(name: str, field: str, refused: set[str], api: str | None) -> None:
    facts = models.facts("openai", name)
    assert (facts.max_tokens_field, facts.refuses, facts.api) == (field, refused, api)


def test_early_o1_takes_neither_system_messages_nor_tools() -> None:
    facts = models.facts("openai", "o1-mini-2024-09-12")
    assert {"system", "tools", "temperature"} <= facts.refuses
    assert facts.tools is False


@pytest.mark.parametrize(
    "provider", ["openai", "anthropic", "ollama", "openrouter", "openai_compatible", "who"]
)
def test_an_unknown_name_is_welcome_and_nothing_is_claimed_of_it(provider: str) -> None:  # A047, K23
    assert models.facts(provider, "brand-new-9000") == ModelFacts(model="brand-new-9000")


def test_an_alias_has_the_facts_of_what_it_stands_for_and_its_name() -> None:
    assert models.facts("anthropic", "sonnet") == models.facts("anthropic", "claude-sonnet-5-5")
    assert models.facts("anthropic", "sonnet").model == "claude-sonnet-5-5"
    assert models.facts("openrouter", "gpt-4o").model == "openai/gpt-4o"
    assert models.facts("anthropic", "claude-opus-4-8").model == "claude-opus-4-8"


@pytest.mark.parametrize(
    "spelling",
    [
        "claude-sonnet-4.5",
        "claude-sonnet-4-5@20250929",
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "Claude-Sonnet-4-5",
    ],
)
def test_spellings_of_other_hosts_find_the_same_facts(spelling: str) -> None:
    assert models.facts("anthropic", spelling).context_window == 200_000
    assert models.facts("anthropic", spelling).thinking == "budget"


def test_a_router_has_the_vendors_facts_but_not_its_dialect() -> None:
    routed = models.facts("openrouter", "openai/gpt-5.1-codex:batch")
    assert (routed.api, routed.max_tokens_field) == (None, "max_tokens")
    assert "temperature" in routed.refuses
    assert models.facts("openrouter", "anthropic/claude-sonnet-4.5").thinking == "budget"
    assert models.facts("openai_compatible", "gpt-5").max_tokens_field == "max_completion_tokens"
    assert models.facts("openai_compatible", "gpt-5").api is None


@pytest.mark.parametrize(
    ("name", "window"),
    [
        ("llama3", 8_192),
        ("llama3.3:70b", 131_072),
        ("library/qwen2.5-coder:7b", 32_768),
        ("qwen3:8b", 40_960),
    ],
)
def test_ollama_tags_and_namespaces_belong_to_their_family(name: str, window: int) -> None:
    assert models.facts("ollama", name).context_window == window


def test_a_newer_qwen_is_not_mistaken_for_an_older_one() -> None:
    assert models.facts("ollama", "qwen3.5:9b").context_window is None
    assert models.facts("ollama", "qwen3-coder:30b").context_window == 262_144


@pytest.mark.parametrize(
    ("parameter", "name"),
    [
        ("temperature", "temperature"),
        ("stop", "stop_sequences"),
        ("reasoning.effort", "effort"),
        ("reasoning_effort", "effort"),
        ("thinking.type", "budget_tokens"),
        ("messages[0].role", "system"),
        ("logprobs", "logprobs"),
    ],
)
def test_a_refusal_is_learnt_under_the_name_that_requests_use(parameter: str, name: str) -> None:
    known = models.facts("openai", "gpt-4o")
    learnt = models.with_refusal(known, parameter)
    assert learnt.refuses == {name}
    assert known.refuses == frozenset()
    assert models.with_refusal(learnt, parameter) == learnt


def test_a_refused_max_tokens_is_renamed_not_dropped() -> None:
    learnt = models.with_refusal(models.facts("openai", "gpt-4o"), "max_tokens")
    assert learnt.max_tokens_field == "max_completion_tokens"
    assert learnt.refuses == frozenset()


@pytest.mark.parametrize(
    ("provider", "name", "model"),
    [
        ("anthropic", "sonnet", "claude-sonnet-5-5"),
        ("anthropic", " Opus ", "claude-opus-5-5"),
        ("anthropic", "haiku", "claude-haiku-5-5"),
        ("anthropic", "claude-sonnet-4", "claude-sonnet-4-6"),
        ("anthropic", "claude-haiku-4-5-20251001", "claude-haiku-4-5-20251001"),
        ("openai", "gpt-4o", "gpt-4o"),
        ("openai", "gpt-4", "gpt-4"),
        ("ollama", "llama3", "llama3"),
        ("ollama", "llama3.3", "llama3.3"),
        ("openrouter", "sonnet", "anthropic/claude-sonnet-5.5"),
        ("openrouter", "claude-sonnet-4", "anthropic/claude-sonnet-4"),
        ("openrouter", "claude-opus-4-8", "anthropic/claude-opus-4.8"),
        ("openrouter", "claude-haiku-4-5-20251001", "anthropic/claude-haiku-4.5-20251001"),
        ("openrouter", "gpt-4o", "openai/gpt-4o"),
        ("openrouter", "4o", "openai/gpt-4o"),
        ("openrouter", "mistralai/mistral-large", "mistralai/mistral-large"),
        ("openrouter", "something", "something"),
        ("elsewhere", "sonnet", "sonnet"),
    ],
)
def test_other_names(provider: str, name: str, model: str) -> None:  # A058, A076
    assert models.resolve_alias(provider, name) == model


def test_every_alias_is_dated_and_sourced() -> None:
    for table in ALIASES.values():
        for alias in table.values():
            assert alias.as_of == AS_OF == models.models_as_of()
            assert alias.source
    assert models.alias("anthropic", "sonnet") is not None
    assert models.alias("anthropic", "claude-sonnet-5-5") is None


def test_defaults_are_real_models_that_are_priced_and_not_about_to_go() -> None:  # A106
    for provider in ("openai", "anthropic", "openrouter"):
        name = models.default_model(provider)
        assert name is not None
        assert name in models.known_models(provider)
        assert is_priced(provider, name)
    sdk = pytest.importorskip("anthropic.resources.messages.messages")
    assert DEFAULTS["anthropic"] not in sdk.DEPRECATED_MODELS
    assert models.default_model("ollama") in models.known_models("ollama")
    assert models.default_model("openai_compatible") is None
    assert models.known_models("openai_compatible") == ()


def test_known_names_exist_in_the_price_catalogue_or_in_the_sdks() -> None:
    for provider in ("openai", "anthropic", "openrouter"):
        assert [name for name in KNOWN[provider] if not is_priced(provider, name)] == []


def test_aliases_lead_to_known_or_priced_names() -> None:
    for provider in ("openai", "anthropic"):
        for alias in ALIASES[provider].values():
            assert is_priced(provider, alias.model), alias


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_windows_agree_with_the_price_catalogue(provider: str) -> None:
    skipped = re.compile(
        r"image|audio|realtime|transcribe|tts|embedding|computer-use|gpt-oss|claude-2|mini-deep"
    )
    # Both sides round 1,047,576 and 1,050,000 in their own way, and the catalogue gives o1-mini's input alone.
    for name, model in priced_models(provider).items():
        theirs, ours = model.context_window, models.facts(provider, name).context_window  # type: ignore[attr-defined]
        if theirs and ours and not skipped.search(name):
            assert ours == pytest.approx(theirs, rel=0.06), name


def test_families_are_reachable() -> None:
    """A family behind a more general prefix would never be found."""
    for families in FAMILIES.values():
        seen: list[tuple[str, ...]] = []
        for family in families:
            for prefix in family.prefixes:
                assert not any(prefix.startswith(earlier) for earlier in seen), prefix
            if not family.contains:
                seen.append(family.prefixes)


@pytest.mark.parametrize(
    ("typed", "best"),
    [
        ("claude-sonet-5-5", "claude-sonnet-5-5"),
        ("claude-opus", "claude-opus-5"),
        ("CLAUDE-HAIKU-5-5", "claude-haiku-5-5"),
        ("4-8", "claude-opus-4-8"),
    ],
)
def test_suggestions_put_the_nearest_first(typed: str, best: str) -> None:  # A111
    assert models.suggest(typed, models.known_models("anthropic"))[0] == best


def test_suggestions_are_few_and_never_far_fetched() -> None:
    assert models.suggest("zzzzzz", models.known_models("openai")) == []
    assert models.suggest("  ", models.known_models("openai")) == []
    assert len(models.suggest("gpt", models.known_models("openai"), limit=2)) == 2
    assert models.suggest("GPT-4O", ["gpt-4o"]) == ["gpt-4o"]
