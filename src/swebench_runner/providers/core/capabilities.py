"""What a provider and a model can do, and what they refuse: facts as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

Api = Literal["chat", "responses", "messages", "ollama"]
Paradigm = Literal["cloud", "local"]


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is known of one model.

    Attributes:
        model: The name these facts were looked up for.
        context_window: Tokens of prompt and answer together; None when unknown.
        max_output_tokens: Ceiling of an answer; None when unknown.
        refuses: Fields of `UnifiedRequest` that the model answers with a 400 ("temperature", "top_p",
            "stop_sequences", "budget_tokens", "prefill", "system"…); they are dropped with a warning.
        max_tokens_field: The name of the ceiling on the chat-completions wire.
        thinking: How reasoning is asked for: levels, token budgets, adaptive, always on, or not at all.
        api: The dialect that the model must be spoken to in; None for the provider's default.
        vision: Whether images are understood; None when unknown.
        tools: Whether tools are understood; None when unknown.
    """

    model: str = ""
    context_window: int | None = None
    max_output_tokens: int | None = None
    refuses: frozenset[str] = frozenset()
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    thinking: Literal["effort", "budget", "adaptive", "toggle", "none"] | None = None
    api: Api | None = None
    vision: bool | None = None
    tools: bool | None = None


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """One entry of a provider's model list.

    Attributes:
        id: The name to ask for.
        context_window: Tokens; None when the list does not say.
        max_output_tokens: Tokens; None when the list does not say.
        input_usd_per_million: Price of a million input tokens; None when the list does not say.
        output_usd_per_million: The same for output.
        owned_by: Whom the list names as owner.
        details: Whatever else the list says.
    """

    id: str
    context_window: int | None = None
    max_output_tokens: int | None = None
    input_usd_per_million: Decimal | None = None
    output_usd_per_million: Decimal | None = None
    owned_by: str | None = None
    details: Mapping[str, object] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class ProviderCapabilities:
    """What a provider offers as such; `None` means nobody knows, models may differ.

    Attributes:
        streaming: Answers can be streamed.
        tools: Tools are understood.
        json_mode: Structured output is understood.
        vision: Images are understood.
        thinking: Reasoning can be asked for and is reported.
        prompt_cache: Marks for keeping the prompt are understood.
        token_counting: An endpoint counts tokens exactly.
        model_list: An endpoint lists the models.
        paradigm: "cloud": limits by requests, tokens and money; "local": limits by hardware, free.
        context_window: Tokens, where one figure holds for all models.
        max_concurrency: How many calls at once make sense; None for no limit of ours.
        requests_per_minute: A documented default limit; None when it depends on the account.
        tokens_per_minute: The same for tokens.
        models: Models as hints; never a whitelist.
    """

    streaming: bool = True
    tools: bool | None = None
    json_mode: bool | None = None
    vision: bool | None = None
    thinking: bool | None = None
    prompt_cache: bool = False
    token_counting: bool = False
    model_list: bool = True
    paradigm: Paradigm = "cloud"
    context_window: int | None = None
    max_concurrency: int | None = None
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    models: Sequence[str] = ()
