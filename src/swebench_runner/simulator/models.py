"""What a model's name means: a behaviour with options, and the manners of the family it belongs to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from swebench_runner.simulator.behaviours import BEHAVIOURS, GOLD, Behaviour, Option

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_CONTEXT_TOKENS = 128_000
OLLAMA_CONTEXT_TOKENS = 4_096
REAL_NAMES: Mapping[str, re.Pattern[str]] = {
    "openai": re.compile(r"gpt-|o\d|chatgpt-|text-|davinci|babbage|codex|computer-use|ft:"),
    "anthropic": re.compile(r"claude"),
    "ollama": re.compile(
        r"llama|codellama|qwen|qwq|mi[sx]tral|devstral|codestral|gemma|phi|deepseek|granite|gpt-oss|starcoder"
        r"|command-r|smollm|tinyllama|yi|glm|kimi|minimax|nemotron|cogito|olmo"
    ),
}
UNKNOWN = re.compile(r"missing|non-?existent|does-not-exist|unknown-model")


@dataclass(frozen=True, slots=True)
class Family:
    """How models of one kind differ from the plain one.

    Attributes:
        pattern: Matches the start of the name.
        context_tokens: Prompt and answer together.
        reasoning: "always", "on" or "off" by default (and then a choice of the caller), or "never".
        refuses: Parameters that get a 400.
        prefill: Whether the conversation may end with the assistant.
    """

    pattern: re.Pattern[str]
    context_tokens: int = DEFAULT_CONTEXT_TOKENS
    reasoning: Literal["always", "on", "off", "never"] = "never"
    refuses: frozenset[str] = frozenset()
    prefill: bool = True


# Windows and refusals as the providers publish them (2026-11); the first match wins.
_SAMPLING = frozenset({"temperature", "top_p", "top_k", "thinking.enabled"})
_LEGACY_CAP = frozenset({"max_tokens"})
_PLAIN = Family(re.compile(""))
FAMILIES: tuple[Family, ...] = (
    Family(
        re.compile(r"claude-(opus-4-[78]|opus-[5-9]|sonnet-[5-9]|fable|mythos)"),
        200_000,
        refuses=_SAMPLING,
        prefill=False,
    ),
    Family(re.compile(r"claude-(opus|sonnet|haiku)-4-[6-9]"), 200_000, prefill=False),
    Family(re.compile(r"claude"), 200_000),
    Family(re.compile(r"gpt-5-chat"), 400_000),
    Family(re.compile(r"gpt-5\.[1-4](?!.*(codex|chat|pro))"), 400_000, "off", _LEGACY_CAP),
    Family(re.compile(r"gpt-5\.[56](?!.*(chat|pro))"), 400_000, "on", _LEGACY_CAP),
    Family(re.compile(r"gpt-5"), 400_000, "always", _LEGACY_CAP),
    Family(re.compile(r"o\d"), 200_000, "always", _LEGACY_CAP),
    Family(re.compile(r"gpt-4\.1"), 1_047_576),
    Family(re.compile(r"gpt-4o|gpt-4-turbo|gpt-oss|chatgpt"), 128_000),
    Family(re.compile(r"gpt-4"), 8_192),
    Family(re.compile(r"gpt-3\.5"), 16_385),
)


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model as the simulator plays it.

    Attributes:
        name: As it was asked for.
        behaviour: What it does.
        given: The options in its name.
        family: Its manners.
        hint: Why the name means nothing, beyond what the real provider would say; "" for a plain stranger.
        known: Whether it exists.
    """

    name: str
    behaviour: Behaviour = GOLD
    given: Mapping[str, str] = field(default_factory=dict)
    family: Family = _PLAIN
    hint: str = ""
    known: bool = True

    def number(self, option: str) -> float:
        """The value of a numeric option, or its default."""
        given = self.given.get(option)
        return float(self._option(option).default if given is None else given)

    def text(self, option: str) -> str:
        """The value of an option as text, or its default."""
        given = self.given.get(option)
        return str(self._option(option).default) if given is None else given

    @property
    def first_s(self) -> float:
        """Seconds before the first piece of an answer."""
        return self.number("first") if "first" in self.given else 0.0

    @property
    def gap_s(self) -> float:
        """Seconds between two pieces."""
        if "rate" in self.given and self.number("rate") > 0:
            return 1 / self.number("rate")
        return self.number("idle") if "idle" in self.given else 0.0

    @property
    def context_tokens(self) -> int:
        """Size of the window."""
        return int(self.number("ctx")) or self.family.context_tokens

    @property
    def refuses(self) -> frozenset[str]:
        """Parameters that this model does not take."""
        more = self.text("refuses")
        return self.family.refuses | frozenset(more.split("+")) if more else self.family.refuses

    @property
    def prefill(self) -> bool:
        """Whether a conversation may end with the assistant."""
        return self.family.prefill and self.text("prefill") != "no"

    def _option(self, name: str) -> Option:
        option = self.behaviour.option(name)
        if option is None:
            raise KeyError(name)
        return option


@lru_cache(maxsize=4096)
def model_card(name: str, provider: str = "") -> ModelCard:
    """The model behind a name.

    Args:
        name: `sim-<behaviour>` or `scn-<nn>`, with `@option=value` added; or the name of a real model.
        provider: Whose real names are known: "openai", "anthropic", "ollama"; "" knows every name.
    """
    base, *options = name.split("@")
    leaf = base.rsplit("/", 1)[-1]
    if leaf.startswith(("sim-", "scn-")):
        return _simulated(name, leaf.split(":", 1)[0], options)
    real = REAL_NAMES.get(provider)
    if not leaf or UNKNOWN.search(base) or (real and not real.match(leaf)):
        return ModelCard(name, known=False)
    family = next((family for family in FAMILIES if family.pattern.match(leaf)), _PLAIN)
    return _with_options(name, GOLD, options, family)


def _simulated(name: str, leaf: str, options: list[str]) -> ModelCard:
    behaviour = BEHAVIOURS.get(leaf)
    if behaviour is None:
        hint = "" if UNKNOWN.search(leaf) else f"the simulator has no behaviour '{leaf}'"
        return ModelCard(name, known=False, hint=hint)
    return _with_options(name, behaviour, options, _PLAIN)


def _with_options(name: str, behaviour: Behaviour, options: list[str], family: Family) -> ModelCard:
    given = dict(behaviour.preset)
    for option in options:
        key, _, value = option.partition("=")
        declared = behaviour.option(key)
        if declared is None:
            return ModelCard(name, known=False, hint=f"'{behaviour.name}' has no option '{key}'")
        if not declared.accepts(value):
            return ModelCard(name, known=False, hint=f"option '{key}' cannot be '{value}'")
        given[key] = value
    return ModelCard(name, behaviour, given, family)
