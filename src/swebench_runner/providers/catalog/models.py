"""Facts about models by name: windows, what they refuse, defaults, other names, suggestions.

`ModelFacts.refuses` holds names of `UnifiedRequest` fields, and these words for what has no field:
"budget_tokens" and "effort" (the two ways of asking for thinking), "thinking_off" (cannot be kept from
thinking), "thinking_disabled" (only under another word), "prefill" (a last message of the assistant),
"forced_tool_choice" ("required" or one named tool), "system" (system messages),
"temperature_when_thinking", "top_p_when_thinking" (refused as soon as reasoning is asked for), and
"temperature_with_top_p" (one of the two, not both).
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from swebench_runner.providers.core.capabilities import ModelFacts

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from swebench_runner.providers.catalog.model_table import Alias, Family

# What a 400 calls a parameter -> what a request calls it.
_REFUSED_AS = {
    "max_tokens": "max_tokens",
    "stop": "stop_sequences",
    "reasoning_effort": "effort",
    "reasoning": "effort",
    "output_config": "effort",
    "thinking": "budget_tokens",
    "role": "system",
    "messages": "prefill",
}
_VENDORS = {"openai", "anthropic"}


@lru_cache(maxsize=1024)
def facts(provider: str, model: str) -> ModelFacts:
    """What is known of a model; a name that nobody knows gives facts full of None.

    Args:
        provider: Whom the model is asked from. For a router or a compatible server the vendor's facts
            apply, without the dialect.
        model: Any name: an alias, a dated id, `vendor/name`, `name:tag`.

    Returns:
        Facts whose `model` is the name to ask for: an alias is resolved.
    """
    from swebench_runner.providers.catalog.model_table import FAMILIES  # noqa: PLC0415 - start-up

    model = resolve_alias(provider, model)
    name = model.lower()
    if provider in FAMILIES:
        return replace(_family_facts(FAMILIES[provider], _canonical(provider, name)), model=model)
    vendor, _, bare = name.rpartition("/")
    found = ModelFacts()
    for guess in (vendor,) if vendor in _VENDORS else sorted(_VENDORS):
        found = _family_facts(FAMILIES[guess], _canonical(guess, bare))
        if found != ModelFacts():
            break
    field = "max_tokens" if provider == "openrouter" else found.max_tokens_field
    return replace(found, model=model, api=None, max_tokens_field=field)


def _family_facts(families: tuple[Family, ...], name: str) -> ModelFacts:
    for family in families:
        fits = name.startswith(family.prefixes)
        if fits and (not family.contains or any(part in name for part in family.contains)):
            return family.facts
    return ModelFacts()


def _canonical(provider: str, name: str) -> str:
    if provider == "ollama":
        return name.rpartition("/")[2]
    if provider == "anthropic":
        # claude-sonnet-4.5, us.anthropic.claude-…-v1:0 and claude-…@20250929 are spellings of other hosts.
        return name[max(0, name.find("claude")) :].replace(".", "-")
    return name.removeprefix("ft:")


def with_refusal(known: ModelFacts, parameter: str) -> ModelFacts:
    """The facts after a 400 that named a parameter, so that the next request leaves it out.

    Args:
        known: The facts so far.
        parameter: As the provider calls it ("temperature", "stop", "reasoning.effort", "messages[0].role").
    """
    path = re.sub(r"\[\d+\]", "", parameter).split(".")
    name = path[-1] if path[-1] == "role" else path[0]
    name = _REFUSED_AS.get(name, name)
    if name == "max_tokens":
        return replace(known, max_tokens_field="max_completion_tokens")
    return replace(known, refuses=known.refuses | {name})


def default_model(provider: str) -> str | None:
    """The model to ask when nobody names one; None where the user has to."""
    from swebench_runner.providers.catalog.model_table import DEFAULTS  # noqa: PLC0415 - start-up

    return DEFAULTS.get(provider)


def known_models(provider: str) -> tuple[str, ...]:
    """Names to offer when the provider's own list cannot be had; hints, never a whitelist."""
    from swebench_runner.providers.catalog.model_table import KNOWN  # noqa: PLC0415 - start-up

    return KNOWN.get(provider, ())


def models_as_of() -> date:
    """The day this knowledge was gathered."""
    from swebench_runner.providers.catalog.model_table import AS_OF  # noqa: PLC0415 - start-up

    return AS_OF


def alias(provider: str, name: str) -> Alias | None:
    """What stands behind a short name, with the date and the source; None for a name that is no alias."""
    from swebench_runner.providers.catalog.model_table import ALIASES  # noqa: PLC0415 - start-up

    return ALIASES.get(provider, {}).get(name.strip().lower())


def resolve_alias(provider: str, name: str) -> str:
    """The name that the provider knows; a name that is no alias comes back as it is.

    On OpenRouter a bare name gets its vendor: "claude-sonnet-4-5" is "anthropic/claude-sonnet-4.5".
    """
    if provider == "openrouter":
        return _routed(name)
    found = alias(provider, name)
    return name if found is None else found.model


def _routed(name: str) -> str:
    lower = name.strip().lower()
    if "/" in lower:
        return name
    vendor = next((v for v in sorted(_VENDORS) if alias(v, lower) is not None), None)
    # A generation name such as claude-sonnet-4 is a model of its own there, so only the newest ones resolve.
    if vendor is not None and not lower.startswith("claude-") and (found := alias(vendor, lower)):
        lower = found.model
    if lower.startswith("claude"):
        return "anthropic/" + re.sub(r"-(\d)-(\d)(?!\d)", r"-\1.\2", lower)
    return f"openai/{lower}" if re.match(r"(chat)?gpt-|o\d", lower) else name


def suggest(name: str, known: Iterable[str], limit: int = 3) -> list[str]:
    """Near names, best first: those that continue or contain what was typed, then those spelt alike."""
    import difflib  # noqa: PLC0415 - only for a person who mistyped

    typed = name.strip().lower()
    by_lower = {candidate.lower(): candidate for candidate in known}
    if not typed:
        return []
    containing = [low for low in by_lower if typed in low]
    containing.sort(key=lambda low: (not low.startswith(typed), len(low), low))
    alike = difflib.get_close_matches(typed, by_lower, n=limit, cutoff=0.6)
    return [by_lower[low] for low in dict.fromkeys([*containing, *alike])][:limit]
