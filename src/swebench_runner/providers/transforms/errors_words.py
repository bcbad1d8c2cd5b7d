"""What the structured words, codes and statuses of errors mean: one table for all providers.

Sources, all 2026-11: https://platform.openai.com/docs/guides/error-codes,
https://docs.anthropic.com/en/api/errors, https://openrouter.ai/docs/api-reference/errors, the sources of
Ollama, vLLM, llama.cpp and FastChat, and recorded answers.
"""

from __future__ import annotations

from typing import Final, Literal

Kind = Literal[
    "key",
    "permission",
    "quota",
    "rate",
    "not_found",
    "path",
    "bad",
    "parameter",
    "context",
    "policy",
    "server",
    "overloaded",
    "timeout",
    "conflict",
    "redirect",
]

_STRONG: Final[dict[Kind, str]] = {
    "context": """
        context_length_exceeded exceed_context_size_error model_context_window_exceeded
        too_many_prompt_tokens context_window_exceeded prompt_too_long context_too_long
        tokens_limit_reached max_context_length_exceeded 40303
    """,
    "quota": """
        insufficient_quota credit_balance_exhausted organization_spend_limit_exceeded billing_error
        project_spend_limit_exceeded organization_usage_limit_exceeded billing_hard_limit_reached
        billing_not_active enforced_spend_limit_reached insufficient_credits insufficient_balance
        payment_required exceeded_current_quota_error usage_limit_reached 42902
    """,
    "rate": """
        rate_limit_exceeded rate_limit_error slow_down too_many_requests rate_limited
        resource_exhausted throttlingexception throttling ratelimiterror concurrency_limit_exceeded
        42901
    """,
    "key": """
        invalid_api_key authentication_error incorrect_api_key unauthenticated
        invalid_authentication missing_api_key invalid_token token_expired authenticationerror
        unauthorized 40101 40102
    """,
    "permission": """
        permission_error permission_denied forbidden unsupported_country_region_territory
        access_denied permissiondeniederror account_deactivated organization_restricted
        insufficient_permissions 40103
    """,
    "not_found": """
        model_not_found invalid_model unknown_model model_not_available deploymentnotfound
        model_not_supported 40301
    """,
    "parameter": """
        unsupported_parameter unsupported_value unknown_parameter
    """,
    "policy": """
        content_filter content_policy_violation moderation_blocked responsibleaipolicyviolation
        content_filtered data_inspection_failed prohibited_content content_policy safety refusal
    """,
    "overloaded": """
        overloaded_error server_is_overloaded provider_overloaded engine_overloaded_error
        engine_overloaded unavailable_error service_unavailable serviceunavailable overloaded
        model_overloaded unavailable 42903
    """,
    "server": """
        server_error internal_error internal_server_error provider_unavailable bad_gateway
        internalservererror upstream_error 50001 50002 50003 50004 50005
    """,
    "timeout": """
        timeout_error request_timeout gateway_timeout deadline_exceeded timeout 50006
    """,
}
STRONG: Final[dict[str, Kind]] = {word: kind for kind, words in _STRONG.items() for word in words.split()}

WEAK: Final[dict[str, Kind]] = {
    "invalid_request_error": "bad",
    "badrequesterror": "bad",
    "bad_request": "bad",
    "invalid_request": "bad",
    "invalid_prompt": "bad",
    "invalid_value": "bad",
    "request_too_large": "bad",
    "not_supported_error": "bad",
    "not_found_error": "path",
    "notfounderror": "path",
    "not_found": "path",
    "api_error": "server",
    "error": "server",
}
"""Words that say little: they count only where there is no status to go by."""

STATUSES: Final[dict[int, Kind]] = {
    401: "key",
    402: "quota",
    403: "permission",
    404: "path",
    405: "path",
    407: "permission",
    408: "timeout",
    409: "conflict",
    410: "path",
    425: "server",
    429: "rate",
    501: "bad",
    503: "overloaded",
    504: "timeout",
    524: "timeout",
    529: "overloaded",
}


def kind_of_status(status: int) -> Kind | None:
    """What an HTTP status means by itself; None for a success."""
    if status in STATUSES:
        return STATUSES[status]
    if 300 <= status < 400:
        return "redirect"
    if 400 <= status < 500:
        return "bad"
    return "server" if status >= 500 else None
