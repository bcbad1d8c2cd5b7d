"""Which class of error a recorded HTTP failure is, read without the code under test."""

from __future__ import annotations

import re
from typing import Any

TOO_LONG = re.compile(
    r"context.{0,10}length|prompt is too long|context window|too long; exceeded|total length of all messages is too long"
    r"|maximum context|too many tokens|exceed.{0,20}context",
    re.IGNORECASE,
)
BY_CODE = {
    "invalid_api_key": "AuthenticationError",
    "authentication_error": "AuthenticationError",
    "model_not_found": "ModelNotFoundError",
    "insufficient_quota": "QuotaExhaustedError",
    "context_length_exceeded": "ContextLengthError",
    "too_many_prompt_tokens": "ContextLengthError",
    "unsupported_parameter": "UnsupportedParameterError",
    "unsupported_value": "UnsupportedParameterError",
    "content_filter": "ContentFilterError",
}
BY_STATUS = {
    400: "InvalidRequestError", 401: "AuthenticationError", 402: "QuotaExhaustedError", 403: "PermissionDeniedError",
    404: "ModelNotFoundError", 413: "InvalidRequestError", 422: "InvalidRequestError", 429: "RateLimitError",
    503: "OverloadedError", 529: "OverloadedError",
}  # fmt: skip


def expected_class(status: int, body: dict[str, Any] | None, text: str) -> str:
    """The name of the class: by code first, then by the text of over-long prompts, then by status."""
    for code in _codes(body or {}):
        if code in BY_CODE:
            return BY_CODE[code]
    if status in {400, 413, 422} and TOO_LONG.search(text):
        return "ContextLengthError"
    return BY_STATUS.get(status, "ServerError" if status >= 500 else "ProviderError")


def _codes(body: dict[str, Any]) -> list[str]:
    error = body.get("error")
    holder = error if isinstance(error, dict) else body
    return [str(holder[key]) for key in ("code", "type") if holder.get(key)]
