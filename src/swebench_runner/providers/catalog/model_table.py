"""What is known of model families, as data; `models.py` looks things up in it.

The first family whose prefix fits wins, so the special stands before the general. Numbers are tokens.

Sources, all read for 2026-11-20: the model pages and migration guides of Anthropic
(https://platform.claude.com/docs/en/about-claude/models/overview), the lists of names, windows and
shutdown dates in the official SDKs (openai 3.52, anthropic 2.11) and in genai-prices 0.2.3, OpenAI's
model pages (https://developers.openai.com/api/docs/models), and the metadata of the model files that
Ollama's library serves (https://ollama.com/library).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from swebench_runner.providers.core.capabilities import ModelFacts

if TYPE_CHECKING:
    from collections.abc import Mapping

AS_OF = date(2026, 11, 20)


@dataclass(frozen=True, slots=True)
class Family:
    """Models that share their facts.

    Attributes:
        prefixes: Beginnings of names, in lower case.
        facts: What holds for all of them.
        contains: A further condition: one of these stands somewhere in the name.
    """

    prefixes: tuple[str, ...]
    facts: ModelFacts
    contains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Alias:
    """A name that people use for another one.

    Attributes:
        model: The name that the provider knows.
        as_of: When this was true.
        source: Who says so.
    """

    model: str
    source: str
    as_of: date = AS_OF


_K = 1_000
_MILLION = 1_000_000

# Anthropic: https://platform.claude.com/docs/en/models/…/migration-guide. Sampling is refused by every
# model from Opus 4.7 on, prefill from 4.6 on; Opus 5.5, Fable and Mythos cannot be kept from thinking.
_SAMPLING = frozenset({"temperature", "top_p"})
_MODERN = _SAMPLING | {"budget_tokens", "prefill"}
_ALWAYS_THINKING = _MODERN | {"thinking_off"}
_STRICTEST = _ALWAYS_THINKING | {"forced_tool_choice"}


def _claude(
    window: int | None, output: int | None, thinking: str, refuses: frozenset[str] = frozenset()
) -> ModelFacts:
    return ModelFacts(
        context_window=window,
        max_output_tokens=output,
        refuses=refuses,
        thinking=thinking,  # type: ignore[arg-type] # one of the literals, spelt in this file
        vision=True,
        tools=True,
    )


_NO_EFFORT = frozenset({"effort"})
_ONE_OF_TWO = frozenset({"temperature_with_top_p"})

ANTHROPIC = (
    Family(
        (
            "claude-opus-5-5",
            "claude-5-5-opus",
            "claude-fable-5-1",
            "claude-fable-5-2",
            "claude-mythos-5-1",
            "claude-mythos-5-2",
        ),
        _claude(_MILLION, 128 * _K, "adaptive", _STRICTEST),
    ),
    Family(("claude-fable", "claude-mythos"), _claude(_MILLION, 128 * _K, "adaptive", _ALWAYS_THINKING)),
    Family(
        ("claude-sonnet-5-5", "claude-5-5-sonnet"),
        # It takes `between_tools` where others take `disabled`.
        _claude(_MILLION, 128 * _K, "adaptive", _MODERN | {"thinking_disabled", "forced_tool_choice"}),
    ),
    Family(
        (
            "claude-opus-5",
            "claude-sonnet-5",
            "claude-haiku-5",
            "claude-5",
            "claude-opus-4-7",
            "claude-4-7-opus",
            "claude-opus-4-8",
            "claude-4-8-opus",
        ),
        _claude(_MILLION, 128 * _K, "adaptive", _MODERN),
    ),
    Family(
        ("claude-opus-4-6", "claude-4-6-opus"),
        _claude(_MILLION, 128 * _K, "adaptive", _ONE_OF_TWO | {"prefill"}),
    ),
    Family(("claude-sonnet-4-6",), _claude(_MILLION, 64 * _K, "adaptive", _ONE_OF_TWO | {"prefill"})),
    Family(("claude-opus-4-5", "claude-4-5-opus"), _claude(200 * _K, 64 * _K, "budget", _ONE_OF_TWO)),
    Family(
        ("claude-sonnet-4-5", "claude-haiku-4", "claude-4-5-haiku", "claude-4-5-sonnet"),
        _claude(200 * _K, 64 * _K, "budget", _NO_EFFORT | _ONE_OF_TWO),
    ),
    Family(("claude-opus-4-1",), _claude(200 * _K, 32 * _K, "budget", _NO_EFFORT | _ONE_OF_TWO)),
    Family(("claude-sonnet-4", "claude-4-sonnet"), _claude(200 * _K, 64 * _K, "budget", _NO_EFFORT)),
    Family(("claude-opus-4", "claude-4-opus"), _claude(200 * _K, 32 * _K, "budget", _NO_EFFORT)),
    Family(("claude-3-7", "claude-sonnet-3-7"), _claude(200 * _K, 64 * _K, "budget", _NO_EFFORT)),
    Family(("claude-3-5",), _claude(200 * _K, 8_192, "none", _NO_EFFORT)),
    Family(("claude-3",), _claude(200 * _K, 4_096, "none", _NO_EFFORT)),
    Family(
        ("claude-1", "claude-2", "claude-v", "claude-instant"),
        ModelFacts("", 100 * _K, 4_096, _NO_EFFORT, thinking="none", vision=False, tools=False),
    ),
    # A Claude newer than this table: each one since Opus 4.7 has refused the same things.
    Family(("claude-",), _claude(None, None, "adaptive", _MODERN)),
)


def _gpt(
    window: int | None, output: int | None, *, refuses: frozenset[str] = frozenset(), api: str | None = None
) -> ModelFacts:
    """A reasoning model of OpenAI."""
    return ModelFacts(
        context_window=window,
        max_output_tokens=output,
        refuses=refuses,
        max_tokens_field="max_completion_tokens",
        thinking="effort",
        api=api,  # type: ignore[arg-type] # one of the literals, spelt in this file
        vision=True,
        tools=True,
    )


def _classic(window: int, output: int, *, vision: bool) -> ModelFacts:
    """A model of OpenAI that does not reason."""
    return ModelFacts("", window, output, thinking="none", vision=vision, tools=True)


# OpenAI: reasoning families as checked live by pydantic-ai (2026-07); windows from genai-prices 0.2.3.
# `…_when_thinking`: accepted while reasoning is off, which is the default of GPT-5.1 to 5.4.
_SAMPLING_WHEN_THINKING = frozenset({"temperature_when_thinking", "top_p_when_thinking"})
_NO_STOP = _SAMPLING | {"stop_sequences"}

OPENAI = (
    Family(("gpt-oss",), ModelFacts("", 131_072, 131_072, thinking="effort", vision=False, tools=True)),
    Family(
        ("o1-mini", "o1-preview"),
        ModelFacts(
            "",
            128 * _K,
            32_768,
            _SAMPLING | {"system", "tools", "response_format", "effort"},
            "max_completion_tokens",
            "none",
            vision=False,
            tools=False,
        ),
    ),
    Family(
        ("o1-pro", "o3-pro", "o3-deep-research", "o4-mini-deep-research", "codex-mini", "computer-use"),
        _gpt(200 * _K, 100 * _K, refuses=_NO_STOP, api="responses"),
    ),
    Family(("o3", "o4-mini"), _gpt(200 * _K, 100 * _K, refuses=_NO_STOP)),
    Family(("o1",), _gpt(200 * _K, 100 * _K, refuses=_SAMPLING)),
    Family(("gpt-5-chat", "chatgpt-", "gpt-4.5"), _classic(128 * _K, 16_384, vision=True)),
    Family(("gpt-5.",), _gpt(128 * _K, 16_384, refuses=_SAMPLING), contains=("-chat",)),
    Family(("gpt-5-pro",), _gpt(400 * _K, 272 * _K, refuses=_SAMPLING, api="responses")),
    Family(
        ("gpt-5.4-pro", "gpt-5.5-pro"),
        _gpt(1_050_000, 128 * _K, refuses=_SAMPLING, api="responses"),
    ),
    Family(("gpt-5",), _gpt(400 * _K, 128 * _K, refuses=_SAMPLING, api="responses"), ("-pro", "-codex")),
    Family(
        ("gpt-5.1", "gpt-5.2", "gpt-5.4-mini", "gpt-5.4-nano"),
        _gpt(400 * _K, 128 * _K, refuses=_SAMPLING_WHEN_THINKING),
    ),
    Family(("gpt-5.3",), _gpt(128 * _K, 16_384, refuses=_SAMPLING_WHEN_THINKING)),
    Family(("gpt-5.4",), _gpt(1_050_000, 128 * _K, refuses=_SAMPLING_WHEN_THINKING)),
    Family(("gpt-5.5",), _gpt(1_000_000, 128 * _K, refuses=_SAMPLING)),
    Family(("gpt-5.",), _gpt(1_050_000, 128 * _K, refuses=_SAMPLING)),
    Family(("gpt-5",), _gpt(400 * _K, 128 * _K, refuses=_SAMPLING)),
    # Chat completions take no tools from these; 6.1 and later cannot be kept from reasoning.
    Family(
        ("gpt-6-sol", "gpt-6-luna", "gpt-6-astra"),
        _gpt(1_050_000, 128 * _K, refuses=_SAMPLING, api="responses"),
    ),
    Family(("gpt-6",), _gpt(1_050_000, 128 * _K, refuses=_SAMPLING | {"thinking_off"}, api="responses")),
    Family(("gpt-4.1",), _classic(1_047_576, 32_768, vision=True)),
    Family(
        ("gpt-4o-search", "gpt-4o-mini-search"),
        ModelFacts("", 128 * _K, 16_384, _SAMPLING, thinking="none", vision=True, tools=False),
    ),
    Family(("gpt-4o-2024-05-13",), _classic(128 * _K, 4_096, vision=True)),
    Family(("gpt-4o",), _classic(128 * _K, 16_384, vision=True)),
    Family(("gpt-4-32k",), _classic(32_768, 32_768, vision=False)),
    Family(("gpt-4-turbo", "gpt-4-vision", "gpt-4-1106-v"), _classic(128 * _K, 4_096, vision=True)),
    Family(("gpt-4-0125", "gpt-4-1106"), _classic(128 * _K, 4_096, vision=False)),
    Family(("gpt-4",), _classic(8_192, 8_192, vision=False)),
    Family(("gpt-3.5", "gpt-35"), _classic(16_385, 4_096, vision=False)),
)


def _local(window: int, thinking: str = "none", *, vision: bool = False, tools: bool = True) -> ModelFacts:
    return ModelFacts(
        context_window=window,
        thinking=thinking,  # type: ignore[arg-type] # one of the literals, spelt in this file
        vision=vision,
        tools=tools,
    )


OLLAMA = (
    Family(("llama3.2-vision",), _local(131_072, vision=True, tools=False)),
    Family(("llama3.1", "llama3.2", "llama3.3"), _local(131_072)),
    Family(("llama3",), _local(8_192, tools=False)),
    Family(("llama2", "vicuna", "llava"), _local(4_096, tools=False)),
    Family(("codellama", "starcoder"), _local(16_384, tools=False)),
    Family(("deepseek-coder-v2",), _local(163_840, tools=False)),
    Family(("deepseek-r1",), _local(131_072, "toggle")),
    Family(("gpt-oss",), _local(131_072, "effort")),
    Family(("devstral", "mistral-nemo"), _local(131_072)),
    Family(("mistral", "mixtral"), _local(32_768)),
    Family(("qwen3-coder",), _local(262_144)),
    Family(("qwen3.", "qwen3-"), ModelFacts()),  # windows differ from one to the next
    Family(("qwen3",), _local(40_960, "toggle")),
    Family(("qwq",), _local(131_072, "toggle")),
    Family(("qwen2.5", "qwen2"), _local(32_768)),
    Family(("gemma3",), _local(131_072, vision=True, tools=False)),
    Family(("gemma2", "gemma"), _local(8_192, tools=False)),
    Family(("phi4",), _local(16_384, tools=False)),
    Family(("phi3",), _local(131_072, tools=False)),
    Family(("tinyllama",), _local(2_048, tools=False)),
)

FAMILIES: Mapping[str, tuple[Family, ...]] = {"openai": OPENAI, "anthropic": ANTHROPIC, "ollama": OLLAMA}

DEFAULTS: Mapping[str, str] = {
    "openai": "gpt-6.1-sol",
    "anthropic": "claude-sonnet-5-5",
    "ollama": "qwen2.5-coder:7b",
    "openrouter": "anthropic/claude-sonnet-5.5",
}

_NEWEST_CLAUDE = "https://platform.claude.com/docs/en/about-claude/models/overview"
_RETIRED_CLAUDE = "Claude 4.0 was retired on 2026-06-15; the newest of its generation that is still served"

ALIASES: Mapping[str, Mapping[str, Alias]] = {
    "anthropic": {
        "sonnet": Alias("claude-sonnet-5-5", _NEWEST_CLAUDE),
        "opus": Alias("claude-opus-5-5", _NEWEST_CLAUDE),
        "haiku": Alias("claude-haiku-5-5", _NEWEST_CLAUDE),
        "fable": Alias("claude-fable-5-2", _NEWEST_CLAUDE),
        "claude": Alias("claude-sonnet-5-5", _NEWEST_CLAUDE),
        "claude-sonnet": Alias("claude-sonnet-5-5", _NEWEST_CLAUDE),
        "claude-opus": Alias("claude-opus-5-5", _NEWEST_CLAUDE),
        "claude-haiku": Alias("claude-haiku-5-5", _NEWEST_CLAUDE),
        "claude-sonnet-4": Alias("claude-sonnet-4-6", _RETIRED_CLAUDE),
        "claude-opus-4": Alias("claude-opus-4-8", _RETIRED_CLAUDE),
        "claude-haiku-4": Alias("claude-haiku-4-5", _RETIRED_CLAUDE),
    },
    "openai": {
        "4o": Alias("gpt-4o", "short for it in conversation"),
        "gpt4o": Alias("gpt-4o", "a common misspelling"),
        "gpt-3.5": Alias("gpt-3.5-turbo", "a common short form"),
        "gpt-5.6": Alias("gpt-5.6-sol", "genai-prices 0.2.3 lists it under this name"),
    },
    "ollama": {
        "llama-3": Alias("llama3", "Ollama's library writes it without the dash"),
        "llama-3.1": Alias("llama3.1", "Ollama's library writes it without the dash"),
        "llama-3.2": Alias("llama3.2", "Ollama's library writes it without the dash"),
        "llama-3.3": Alias("llama3.3", "Ollama's library writes it without the dash"),
    },
}

KNOWN: Mapping[str, tuple[str, ...]] = {
    "openai": (
        "gpt-6.1-sol",
        "gpt-6.1-terra",
        "gpt-6-astra",
        "gpt-6-sol",
        "gpt-6-luna",
        "gpt-5.6-sol",
        "gpt-5.6-terra",
        "gpt-5.6-luna",
        "gpt-5.5",
        "gpt-5.4",
        "gpt-5.4-mini",
        "gpt-5.2",
        "gpt-5.1",
        "gpt-4.1",
        "gpt-4.1-mini",
        "gpt-4o",
        "gpt-4o-mini",
        "gpt-4",
        "gpt-3.5-turbo",
    ),
    "anthropic": (
        "claude-sonnet-5-5",
        "claude-opus-5-5",
        "claude-haiku-5-5",
        "claude-fable-5-2",
        "claude-sonnet-5",
        "claude-opus-5",
        "claude-opus-4-8",
        "claude-opus-4-7",
        "claude-opus-4-6",
        "claude-sonnet-4-6",
        "claude-opus-4-5",
        "claude-sonnet-4-5",
        "claude-haiku-4-5",
    ),
    "ollama": (
        "qwen2.5-coder:7b",
        "qwen3",
        "qwen3-coder",
        "devstral",
        "gpt-oss",
        "llama3",
        "llama3.1",
        "llama3.2",
        "llama3.3",
        "mistral",
        "deepseek-r1",
        "gemma3",
        "codellama",
        "phi4",
    ),
    "openrouter": (
        "anthropic/claude-sonnet-5.5",
        "anthropic/claude-opus-5.5",
        "anthropic/claude-haiku-5.5",
        "openai/gpt-6.1-sol",
        "openai/gpt-6-luna",
        "openai/gpt-4o",
        "openai/gpt-4o-mini",
    ),
}
