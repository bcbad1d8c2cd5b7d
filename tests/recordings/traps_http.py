"""HTTP failures that are in no recording here, written after documents and bug reports."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from recordings.expected import Expected, failure


@dataclass(frozen=True, slots=True)
class Failure:
    """An HTTP failure, which error it is, and whether trying again makes sense."""

    name: str
    provider: str
    dialect: str
    status: int
    data: bytes
    expected: Expected
    retryable: bool
    headers: dict[str, str] = field(default_factory=dict)
    retry_after_s: float | None = None


def _openai(name: str, status: int, error: Any, cls: str, *, retryable: bool = False, **more: Any) -> Failure:
    return Failure(
        name,
        "openai",
        "openai_chat",
        status,
        json.dumps({"error": error}).encode(),
        failure(cls),
        retryable,
        **more,
    )


def _anthropic(
    status: int, kind: str, cls: str, message: str = "x", *, retryable: bool = False, **more: Any
) -> Failure:
    body = {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}
    return Failure(
        kind,
        "anthropic",
        "anthropic_messages",
        status,
        json.dumps(body).encode(),
        failure(cls),
        retryable,
        **more,
    )


def _other(
    name: str,
    status: int,
    body: Any,
    cls: str,
    *,
    retryable: bool = False,
    provider: str = "openai-compatible",
    **more: Any,
) -> Failure:
    data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    dialect = "ollama" if provider == "ollama" else "openai_chat"
    return Failure(name, provider, dialect, status, data, failure(cls), retryable, **more)


RATE = {
    "message": "Rate limit reached for requests",
    "type": "requests",
    "param": None,
    "code": "rate_limit_exceeded",
}
QUOTA = {
    "message": "You exceeded your current quota",
    "type": "insufficient_quota",
    "param": None,
    "code": "insufficient_quota",
}
REFUSED = {
    "message": "Unsupported parameter: 'max_tokens'",
    "type": "invalid_request_error",
    "param": "max_tokens",
    "code": "unsupported_parameter",
}
LONG = "This model's maximum context length is 4096 tokens. However, your request has 9000 input tokens"
PAGE = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"

FAILURES = [
    _openai("rate limit", 429, RATE, "RateLimitError", retryable=True, headers={"retry-after": "2"}, retry_after_s=2.0),
    _openai("rate limit in milliseconds", 429, RATE, "RateLimitError", retryable=True, headers={"retry-after-ms": "1500", "retry-after": "9"}, retry_after_s=1.5),
    _openai("quota", 429, QUOTA, "QuotaExhaustedError"),
    _openai("server", 500, {"message": "The server had an error", "type": "server_error", "param": None, "code": None}, "ServerError", retryable=True),
    _openai("overloaded", 503, {"message": "overloaded", "type": "server_error"}, "OverloadedError", retryable=True),
    _openai("parameter", 400, REFUSED, "UnsupportedParameterError"),
    _openai("forbidden", 403, {"message": "Country not supported", "type": "request_forbidden", "code": "unsupported_country_region_territory"}, "PermissionDeniedError"),
    _anthropic(529, "overloaded_error", "OverloadedError", retryable=True),
    _anthropic(500, "api_error", "ServerError", retryable=True),
    _anthropic(429, "rate_limit_error", "RateLimitError", retryable=True, headers={"retry-after": "30"}, retry_after_s=30.0),
    _anthropic(403, "permission_error", "PermissionDeniedError"),
    _anthropic(402, "billing_error", "QuotaExhaustedError"),
    _anthropic(400, "invalid_request_error", "QuotaExhaustedError", "Your credit balance is too low to access the Anthropic API."),
    _anthropic(413, "request_too_large", "InvalidRequestError"),
    _anthropic(504, "timeout_error", "ServerError", retryable=True),
    _other("a page", 502, PAGE, "ServerError", retryable=True),
    _other("nothing", 500, "", "ServerError", retryable=True),
    _other("old vLLM, too long", 400, {"object": "error", "message": LONG, "type": "BadRequestError", "param": None, "code": 400}, "ContextLengthError"),
    _other("vLLM, too long", 400, {"error": {"message": LONG, "type": "BadRequestError", "param": "input_tokens", "code": 400}}, "ContextLengthError"),
    _other("vLLM, no such model", 404, {"error": {"message": "The model `x` does not exist.", "type": "NotFoundError", "code": 404}}, "ModelNotFoundError"),
    _other("vLLM, key", 401, {"error": "Unauthorized"}, "AuthenticationError"),
    _other("llama.cpp, too long", 400, {"error": {"code": 400, "message": "the request exceeds the available context size", "type": "exceed_context_size_error", "n_prompt_tokens": 9000, "n_ctx": 4096}}, "ContextLengthError"),
    _other("llama.cpp, loading", 503, {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}, "OverloadedError", retryable=True),
    _other("llama.cpp, too long as a failure", 500, {"error": {"code": 500, "message": "context size exceeded: the request exceeds the available context size", "type": "server_error"}}, "ContextLengthError"),
    _other("FastChat, too long", 400, {"object": "error", "message": "This model's maximum context length is 4096 tokens. However, you requested 9000 tokens", "code": 40303}, "ContextLengthError"),
    _other("FastChat, key", 401, {"detail": {"error": {"message": "", "type": "invalid_request_error", "param": None, "code": "invalid_api_key"}}}, "AuthenticationError"),
    _other("xAI, key", 400, {"code": "Client specified an invalid argument", "error": "Incorrect API key provided: x. You can obtain an API key from https://console.x.ai."}, "AuthenticationError"),
    _other("Mistral, key", 401, {"detail": "Unauthorized"}, "AuthenticationError"),
    _other("Azure, filter", 400, {"error": {"message": "The response was filtered", "type": None, "param": "prompt", "code": "content_filter", "status": 400, "innererror": {"code": "ResponsibleAIPolicyViolation"}}}, "ContentFilterError"),
    _other("OpenRouter, credits", 402, {"error": {"code": 402, "message": "Insufficient credits"}}, "QuotaExhaustedError", provider="openrouter"),
    _other("OpenRouter, upstream", 502, {"error": {"code": 502, "message": "Provider returned error", "metadata": {"provider_name": "X", "raw": "down"}}}, "ServerError", retryable=True, provider="openrouter"),
    _other("OpenRouter, moderation", 403, {"error": {"code": 403, "message": "Input flagged", "metadata": {"reasons": ["violence"], "flagged_input": "…"}}}, "ContentFilterError", provider="openrouter"),
    _other("no such model", 404, {"error": "model 'x' not found"}, "ModelNotFoundError", provider="ollama"),
    _other("no thinking", 400, {"error": '"x" does not support thinking'}, "InvalidRequestError", provider="ollama"),
    _other("cloud key", 401, {"error": "unauthorized", "signin_url": "https://ollama.com/connect"}, "AuthenticationError", provider="ollama"),
    _other("busy", 503, {"error": "server busy, please try again. maximum pending requests exceeded"}, "OverloadedError", retryable=True, provider="ollama"),
]  # fmt: skip
