"""Anthropic's refusals, word for word where they were recorded, else as documented.

Source: recorded 4xx bodies (2025-2026) and https://docs.anthropic.com/en/api/errors (2026-11).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import msgspec

from swebench_runner.simulator.wire import Page, Trouble

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swebench_runner.simulator.prompt import PromptInfo
    from swebench_runner.simulator.reading import Complaint

_TYPES = {
    "str": "a valid string",
    "int": "a valid integer",
    "float": "a valid number",
    "bool": "a valid boolean",
    "array": "a valid list",
    "object": "a valid dictionary",
}
_CHOICES = {"role": "'user' or 'assistant'"}
_RATE = (
    "This request would exceed your organization's rate limit of 50 requests per minute. For details, refer"
    " to: https://docs.claude.com/en/api/rate-limits."
)
_QUOTA = (
    "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or"
    " purchase credits."
)
_TROUBLES: Mapping[Trouble, tuple[int, str, str]] = {
    Trouble.POLICY: (400, "invalid_request_error", "Output blocked by content filtering policy"),
    Trouble.AUTH: (401, "authentication_error", "invalid x-api-key"),
    Trouble.BILLING: (402, "billing_error", "There is a problem with your billing or payment information."),
    Trouble.FORBIDDEN: (
        403,
        "permission_error",
        "Your API key does not have permission to use the specified resource.",
    ),
    Trouble.REQUEST_TIMEOUT: (408, "timeout_error", "Request timed out"),
    Trouble.CONFLICT: (409, "conflict_error", "The request conflicts with the state of the resource."),
    Trouble.RATE_LIMIT: (429, "rate_limit_error", _RATE),
    Trouble.QUOTA: (400, "invalid_request_error", _QUOTA),
    Trouble.SERVER: (500, "api_error", "Internal server error"),
    Trouble.BAD_GATEWAY: (502, "api_error", "Bad gateway"),
    Trouble.UNAVAILABLE: (503, "api_error", "Service unavailable"),
    Trouble.TIMEOUT: (504, "timeout_error", "Request timed out"),
    Trouble.OVERLOADED: (529, "overloaded_error", "Overloaded"),
}


class Refusal(Exception):  # noqa: N818 - a refusal is sent, it is not a failure of ours
    """What Anthropic would say, without the id of the request."""

    def __init__(self, message: str, *, status: int = 400, kind: str = "invalid_request_error") -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.kind = kind


def refuse(message: str) -> NoReturn:
    """Raise an `invalid_request_error` with status 400.

    Raises:
        Refusal: Always.
    """
    raise Refusal(message)


def error_page(refusal: Refusal, request_id: str) -> Page:
    """A refusal as it goes over the wire."""
    error = {"type": refusal.kind, "message": refusal.message}
    body = msgspec.json.encode({"type": "error", "error": error, "request_id": request_id})
    should_retry = "true" if refusal.status in (408, 409, 429) or refusal.status >= 500 else "false"
    return Page(body, refusal.status, headers={"request-id": request_id, "x-should-retry": should_retry})


def unknown_model(name: str, hint: str = "") -> Refusal:
    """What a model that does not exist gets."""
    return Refusal(
        f"model: {name} ({hint})" if hint else f"model: {name}", status=404, kind="not_found_error"
    )


def context(prompt: PromptInfo) -> Refusal:
    """What a prompt that is too long gets."""
    window, tokens = prompt.overflow
    return Refusal(f"prompt is too long: {tokens} tokens > {window} maximum")


def trouble_refusal(trouble: Trouble, prompt: PromptInfo) -> Refusal:
    """A trouble in Anthropic's words."""
    if trouble is Trouble.CONTEXT:
        return context(prompt)
    if trouble is Trouble.NOT_FOUND:
        return unknown_model(prompt.model.name)
    status, kind, message = _TROUBLES[trouble]
    return Refusal(message, status=status, kind=kind)


def reject(complaint: Complaint) -> NoReturn:
    """Raise what the provider says about a body of the wrong shape.

    Raises:
        Refusal: 400.
    """
    at = complaint.dotted
    if complaint.flaw == "json":
        refuse(f"The request body is not valid JSON: {complaint.got}")
    if complaint.flaw == "missing":
        refuse(f"{at}: Field required")
    if complaint.flaw == "unknown":
        refuse(f"{at}: Extra inputs are not permitted")
    if complaint.flaw == "choice" and complaint.got == "system":
        refuse(
            'messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter,'
            ' not "system"'
            " as an input message role."
        )
    if complaint.flaw == "choice":
        refuse(f"{at}: Input should be {_CHOICES.get(str(complaint.path[-1]), 'a permitted value')}")
    if complaint.flaw in ("minimum", "maximum"):
        _refuse_bound(complaint, at)
    wanted = complaint.wanted.split(" | ")[0]
    refuse(f"{at}: Input should be {_TYPES.get(wanted, wanted)}")


def _refuse_bound(complaint: Complaint, at: str) -> NoReturn:
    if at == "max_tokens":
        refuse("max_tokens: must be greater than or equal to 1")
    if complaint.kind == "float":
        refuse(f"{at}: range: 0..1")
    side = "greater" if complaint.flaw == "minimum" else "less"
    refuse(f"{at}: Input should be {side} than or equal to {float(complaint.wanted):g}")
