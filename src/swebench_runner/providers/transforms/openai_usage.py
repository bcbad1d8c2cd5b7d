"""Token counts as OpenAI's two dialects and their imitators give them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from swebench_runner.providers.core.usage import TokenUsage
from swebench_runner.providers.transforms.json_body import count_of, mapping_of
from swebench_runner.providers.transforms.money import usd_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from swebench_runner.providers.core.json import JSON

_NOTHING: Final[Mapping[str, int]] = {}
_PLAIN_FIELDS: Final = frozenset(
    {
        "prompt_tokens",
        "completion_tokens",
        "total_tokens",
        "prompt_tokens_details",
        "completion_tokens_details",
    }
)


def read_usage(value: object, *, cost_in_usage: bool = False) -> TokenUsage | None:
    """Tokens from a usage block; None when there is none or it counts nothing.

    Chat completions say prompt and completion, Responses say input and output. Cached tokens are part of
    the prompt and reasoning is part of the completion; xAI counts reasoning beside the completion, which
    its total gives away.

    Args:
        value: The block.
        cost_in_usage: Whether a plain `cost` in it is the charge in US dollars (OpenRouter).
    """
    usage = mapping_of(value)
    if usage.keys() <= _PLAIN_FIELDS and (plain := _read_plain(usage)) is not None:
        return plain
    prompt = count_of(usage.get("prompt_tokens", usage.get("input_tokens")))
    completion = count_of(usage.get("completion_tokens", usage.get("output_tokens")))
    if prompt is None and completion is None:
        return None
    prompt, completion = prompt or 0, completion or 0
    total = count_of(usage.get("total_tokens")) or 0
    inputs = mapping_of(usage.get("prompt_tokens_details", usage.get("input_tokens_details")))
    outputs = mapping_of(usage.get("completion_tokens_details", usage.get("output_tokens_details")))
    reasoning = count_of(outputs.get("reasoning_tokens")) or 0
    if reasoning and total == prompt + completion + reasoning:
        completion += reasoning
    reads = (
        inputs.get("cached_tokens"),
        usage.get("prompt_cache_hit_tokens"),  # DeepSeek
        usage.get("cached_tokens"),  # Together, Moonshot
        usage.get("num_cached_tokens"),  # Mistral
        usage.get("cache_read_input_tokens"),  # gateways before Anthropic
    )
    writes = (inputs.get("cache_write_tokens"), usage.get("cache_creation_input_tokens"))
    return TokenUsage(
        prompt,
        completion,
        total,
        cache_read_tokens=_first(reads),
        cache_write_tokens=_first(writes),
        reasoning_tokens=reasoning,
        reported_cost_usd=_cost(usage, flat=cost_in_usage),
        raw=usage,
    )


def _read_plain(usage: Mapping[str, Any]) -> TokenUsage | None:
    """OpenAI's own block, where every figure is what it should be: the way most answers take."""
    try:
        prompt, completion, total = usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]
        inputs = usage.get("prompt_tokens_details") or _NOTHING
        outputs = usage.get("completion_tokens_details") or _NOTHING
        reads, writes = inputs.get("cached_tokens", 0), inputs.get("cache_write_tokens", 0)
        reasoning = outputs.get("reasoning_tokens", 0)
    except (KeyError, AttributeError):
        return None
    for figure in (prompt, completion, total, reads, writes, reasoning):
        if type(figure) is not int or figure < 0:
            return None
    if total != prompt + completion:
        return None
    return TokenUsage(
        prompt,
        completion,
        total,
        cache_read_tokens=reads,
        cache_write_tokens=writes,
        reasoning_tokens=reasoning,
        raw=usage,
    )


def _first(values: tuple[JSON, ...]) -> int:
    return next((count for value in values if (count := count_of(value))), 0)


def _cost(usage: Mapping[str, JSON], *, flat: bool) -> Decimal | None:
    """The charge in US dollars, where the block says it.

    Perplexity itemises it, so that its unit is known. OpenRouter gives one figure, which is credits; with
    a key of one's own the provider behind it charges too.
    """
    value = usage.get("cost")
    if isinstance(value, dict):
        return usd_of(value.get("total_cost"))
    cost = usd_of(value) if flat else None
    if cost is not None and usage.get("is_byok") is True:
        upstream = usd_of(mapping_of(usage.get("cost_details")).get("upstream_inference_cost"))
        return cost + (upstream or 0)
    return cost
