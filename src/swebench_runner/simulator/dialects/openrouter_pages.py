"""OpenRouter's pages beside the models: the list with prices, the key, what a generation was."""

from __future__ import annotations

import msgspec

from swebench_runner.simulator.behaviours import BEHAVIOURS
from swebench_runner.simulator.dialects.openai_errors import Refusal
from swebench_runner.simulator.dialects.openrouter import MILLION, PRICES, OpenRouterDialect
from swebench_runner.simulator.models import model_card
from swebench_runner.simulator.wire import HTML_TYPE, Page, Visit

REAL_MODELS = (
    "openai/gpt-4o",
    "openai/gpt-5",
    "anthropic/claude-sonnet-4.5",
    "meta-llama/llama-3.3-70b-instruct",
)
CREATED_S = 1_770_000_000
PARAMETERS = (
    "max_tokens",
    "temperature",
    "top_p",
    "stop",
    "seed",
    "tools",
    "tool_choice",
    "response_format",
    "structured_outputs",
    "reasoning",
    "include_reasoning",
    "frequency_penalty",
    "presence_penalty",
    "top_k",
    "min_p",
)
_DIALECT = OpenRouterDialect()
_encode = msgspec.json.encode


def models(_visit: Visit) -> Page:
    """GET /models; no key is needed."""
    return Page(_encode({"data": [_entry(name) for name in (*REAL_MODELS, *BEHAVIOURS)]}))


def key(visit: Visit) -> Page:
    """GET /key."""
    try:
        _DIALECT.let_in(visit)
    except Refusal as refusal:
        return _DIALECT.page(refusal)
    data = {
        "label": "sk-or-v1-sim...ulator",
        "limit": None,
        "limit_remaining": None,
        "usage": 0,
        "is_free_tier": False,
        "rate_limit": {"requests": -1, "interval": "10s"},
    }
    return Page(_encode({"data": data}))


def generation(visit: Visit) -> Page:
    """GET /generation with the `id` of a completion."""
    try:
        _DIALECT.let_in(visit)
    except Refusal as refusal:
        return _DIALECT.page(refusal)
    wanted = visit.query.get("id", "")
    told = visit.state.generations.get(wanted)
    if told is None:
        return _DIALECT.page(Refusal(404, f"Generation {wanted} not found"))
    return Page(_encode({"data": told}))


def stranger(_visit: Visit) -> Page:
    """A path that does not exist is a page of the web site, as on the real host."""
    return Page(
        b"<!DOCTYPE html><html><head><title>OpenRouter</title></head><body>404</body></html>", 404, HTML_TYPE
    )


def _entry(name: str) -> dict[str, object]:
    window = model_card(name).context_tokens
    modalities = {"input_modalities": ["text", "image"], "output_modalities": ["text"]}
    return {
        "id": name,
        "canonical_slug": name,
        "name": name.rpartition("/")[2],
        "created": CREATED_S,
        "description": "",
        "context_length": window,
        "architecture": {
            "modality": "text+image->text",
            **modalities,
            "tokenizer": "Other",
            "instruct_type": None,
        },
        "pricing": {
            "prompt": _dollars("prompt"),
            "completion": _dollars("completion"),
            "input_cache_read": _dollars("cache_read"),
            "input_cache_write": _dollars("cache_write"),
            "request": "0",
            "image": "0",
        },
        "top_provider": {"context_length": window, "max_completion_tokens": None, "is_moderated": False},
        "per_request_limits": None,
        "supported_parameters": PARAMETERS,
    }


def _dollars(what: str) -> str:
    return f"{PRICES[what] / MILLION:.10f}".rstrip("0")
