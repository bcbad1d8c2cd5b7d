"""From what people type to a provider and a model: plan C's rules of resolution, without state."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final, NamedTuple

from swebench_runner.providers.core.errors import UnknownModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swebench_runner.providers.core.config import ProviderConfig

_SHOWN: Final = re.compile(r"(?P<name>.+/.+) \((?P<short>.*)\)")


class Match(NamedTuple):
    """A model that was found.

    Attributes:
        provider: Name of the provider.
        given: The model as plan C returns it: as typed after a prefix, else the long name.
        long: The long name.
    """

    provider: str
    given: str
    long: str


def split_first_slash(text: str) -> tuple[str, str]:
    """What stands before the first slash, and after it.

    Without a slash, or with nothing after it, there is nothing before: `("", text)`.
    """
    before, _, after = text.partition("/")
    return (before, after) if after else ("", before)


def merged_models(providers: Mapping[str, ProviderConfig]) -> list[tuple[str, tuple[str, str]]]:
    """(provider, (long name, short name)) of all models; providers without a table of models have none."""
    return [
        (name, (long, short))
        for name, config in providers.items()
        if isinstance(config.valid_models, dict)
        for long, short in config.valid_models.items()
    ]


def match(providers: Mapping[str, ProviderConfig], text: str) -> Match:
    """The model that a text means.

    A provider's name before the first slash comes first, in any case of its letters; then the whole text
    as a name of a model of any provider (`Qwen/QwQ-32B`); then, where no such provider is known, what
    follows the slash. Long and short names count alike; a text as it is shown, with the short name in
    brackets, is understood too.

    Raises:
        UnknownModelError: `Invalid model for provider p: m` or `Invalid model: m`; near names are in
            `suggestions`.
    """
    shown = _SHOWN.fullmatch(text)
    for form in (text, shown["name"]) if shown else (text,):
        found = _match(providers, form)
        if found is not None:
            return found
    prefix, model = split_first_slash(shown["name"] if shown else text)
    named = provider_named(providers, prefix)
    error = UnknownModelError(
        f"Invalid model for provider {prefix.lower()}: {model}" if named else f"Invalid model: {model}"
    )
    names = {long for name, (long, _) in merged_models(providers) if named in (None, name)}
    error.suggestions = tuple(get_close_matches(model, sorted(names), n=3, cutoff=0.4))
    raise error


def provider_named(providers: Mapping[str, ProviderConfig], text: str) -> str | None:
    """The provider's name as it is kept; an equal one first, then one in other letters."""
    if text in providers:
        return text
    return next((name for name in providers if name.lower() == text.lower()), None) if text else None


def _match(providers: Mapping[str, ProviderConfig], text: str) -> Match | None:
    prefix, model = split_first_slash(text)
    named = provider_named(providers, prefix)
    everywhere = merged_models(providers)
    if named is not None:
        for name, (long, short) in everywhere:
            if name == named and model in (long, short):
                return Match(name, model, _long_name(providers[name], model))
    wanted = [text] if named is not None else [text, model]
    for form in wanted:
        for name, (long, short) in everywhere:
            if form in (long, short):
                return Match(name, long, long)
    return None


def _long_name(config: ProviderConfig, model: str) -> str:
    """An equal long name goes before an equal short one."""
    if model in config.valid_models:
        return model
    return next(long for long, short in config.valid_models.items() if short == model)
