"""OpenAI's refusals, word for word where they were recorded, else as documented.

Source: recorded 4xx bodies (2025-2026) and https://platform.openai.com/docs/guides/error-codes (2026-11).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import msgspec

from swebench_runner.simulator.wire import Page, Trouble

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swebench_runner.simulator.prompt import PromptInfo
    from swebench_runner.simulator.reading import Complaint
    from swebench_runner.simulator.state import State

_BOUND_CODES = {
    ("int", "minimum"): "integer_below_min_value",
    ("int", "maximum"): "integer_above_max_value",
    ("float", "minimum"): "decimal_below_min_value",
    ("float", "maximum"): "decimal_above_max_value",
}
_KINDS = {"int": "integer", "float": "decimal", "str": "string", "array": "array"}
_ARTICLES = {
    "str": "a string",
    "int": "an integer",
    "float": "a decimal",
    "bool": "a boolean",
    "null": "null",
    "array": "an array",
    "object": "an object",
}
_CHOICES = {
    "role": " Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'.",
    "reasoning_effort": " Supported values are: 'none', 'minimal', 'low', 'medium', 'high', 'xhigh', and"
    " 'max'.",
}
_QUOTA = (
    "You exceeded your current quota, please check your plan and billing details. For more information on"
    " this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors."
)
_RATE = (
    "Rate limit reached for {model} in organization org-simulator on requests per min (RPM): Limit 3, Used"
    " 3, Requested 1. Please try again in 20s. Visit https://platform.openai.com/account/rate-limits to"
    " learn more."
)
_POLICY = (
    "Your request was rejected as a result of our safety system. Your prompt may contain text that is not"
    " allowed by our safety system."
)
_SERVER = (
    "The server had an error while processing your request. Sorry about that! You can retry your request,"
    " or contact us through our help center at help.openai.com if the error persists."
)
_BUSY = "The engine is currently overloaded, please try again later"
# status, type, code, message
_TROUBLES: Mapping[Trouble, tuple[int, str, str | None, str]] = {
    Trouble.POLICY: (400, "invalid_request_error", "content_policy_violation", _POLICY),
    Trouble.BILLING: (
        402,
        "insufficient_quota",
        "billing_hard_limit_reached",
        "Billing hard limit has been reached",
    ),
    Trouble.FORBIDDEN: (
        403,
        "invalid_request_error",
        "unsupported_country_region_territory",
        "Country, region, or territory not supported",
    ),
    Trouble.REQUEST_TIMEOUT: (408, "server_error", "request_timeout", "Request timed out."),
    Trouble.CONFLICT: (409, "invalid_request_error", "resource_conflict", "The resource is being modified."),
    Trouble.RATE_LIMIT: (429, "requests", "rate_limit_exceeded", _RATE),
    Trouble.QUOTA: (429, "insufficient_quota", "insufficient_quota", _QUOTA),
    Trouble.SERVER: (500, "server_error", None, _SERVER),
    Trouble.BAD_GATEWAY: (502, "server_error", "bad_gateway", "Bad gateway."),
    Trouble.UNAVAILABLE: (503, "server_error", "service_unavailable", _BUSY),
    Trouble.TIMEOUT: (504, "server_error", "gateway_timeout", "Gateway timeout."),
    Trouble.OVERLOADED: (529, "server_error", "overloaded", _BUSY),
}


@dataclass(eq=False)
class Refusal(Exception):  # noqa: N818 - a refusal is sent, it is not a failure of ours
    """What OpenAI would say; a server in its costume says the same in a form of its own.

    Attributes:
        status: HTTP status.
        message: For people.
        kind: `error.type`.
        param: The parameter to blame.
        code: `error.code`.
        trouble: The trouble behind it, where it is not merely a bad request.
        prompt: The request, where it could be read.
    """

    status: int
    message: str
    kind: str = "invalid_request_error"
    param: str | None = None
    code: str | None = None
    trouble: Trouble | None = None
    prompt: PromptInfo | None = None


def openai_page(refusal: Refusal) -> Page:
    """A refusal as OpenAI writes it, indented."""
    body = {
        "error": {
            "message": refusal.message,
            "type": refusal.kind,
            "param": refusal.param,
            "code": refusal.code,
        }
    }
    return Page(msgspec.json.format(msgspec.json.encode(body), indent=2) + b"\n", refusal.status)


def refuse(message: str, *, param: str | None = None, code: str | None = None) -> NoReturn:
    """Raise an `invalid_request_error` with status 400.

    Raises:
        Refusal: Always.
    """
    raise Refusal(400, message, param=param, code=code)


def check_key(state: State, key: str) -> None:
    """Let a request in that carries a key which opens the door.

    Raises:
        Refusal: 401, with one body for no key and one for a wrong one.
    """
    if not key:
        message = (
            "You didn't provide an API key. You need to provide your API key in an Authorization header"
            " using Bearer auth (i.e. Authorization: Bearer YOUR_KEY), or as the password field (with blank"
            " username) if you're accessing the API from your browser and are prompted for a username and"
            " password. You can obtain an API key from https://platform.openai.com/account/api-keys."
        )
        raise Refusal(401, message, trouble=Trouble.AUTH)
    if not state.accepts_key(key):
        raise wrong_key(key)


def wrong_key(key: str) -> Refusal:
    """What a key that opens nothing gets; most of it is starred out."""
    shown = key if len(key) < 12 else f"{key[:8]}{'*' * 8}{key[-4:]}"
    message = (
        f"Incorrect API key provided: {shown}. You can find your API key at"
        " https://platform.openai.com/account/api-keys."
    )
    return Refusal(401, message, code="invalid_api_key", trouble=Trouble.AUTH)


def reject(complaint: Complaint) -> NoReturn:
    """Raise what the provider says about a body of the wrong shape.

    Raises:
        Refusal: 400, with `param` and `code`.
    """
    at = complaint.indexed
    if complaint.flaw == "json":
        refuse(
            "We could not parse the JSON body of your request. (HINT: This likely means you aren't using"
            " your HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not"
            " valid JSON. If you have trouble figuring out how to fix this, please contact us through our"
            " help center at help.openai.com.)"
        )
    if complaint.flaw == "missing":
        refuse(f"Missing required parameter: '{at}'.", param=at, code="missing_required_parameter")
    if complaint.flaw == "unknown":
        refuse(f"Unknown parameter: '{at}'.", param=at, code="unknown_parameter")
    if complaint.flaw == "choice":
        supported = _CHOICES.get(str(complaint.path[-1]), "")
        refuse(f"Invalid value: '{complaint.got}'.{supported}", param=at, code="invalid_value")
    if complaint.flaw == "type":
        wanted = [_ARTICLES.get(word, word) for word in complaint.wanted.split(" | ") if word != "null"]
        expected = wanted[0] if len(wanted) == 1 else "one of " + " or ".join(wanted)
        got = _ARTICLES.get(complaint.got, complaint.got)
        refuse(
            f"Invalid type for '{at}': expected {expected}, but got {got} instead.",
            param=at,
            code="invalid_type",
        )
    refuse(_bound_message(complaint, at), param=at, code=_bound_code(complaint))


def trouble_refusal(trouble: Trouble, prompt: PromptInfo) -> Refusal:
    """A trouble in OpenAI's words."""
    model = prompt.model.name
    if trouble is Trouble.CONTEXT:
        return context_refusal(prompt)
    if trouble is Trouble.AUTH:
        return wrong_key("sk-sim***")
    if trouble is Trouble.NOT_FOUND:
        return unknown_model(model)
    status, kind, code, message = _TROUBLES[trouble]
    return Refusal(status, message.format(model=model), kind, code=code, trouble=trouble, prompt=prompt)


def context_refusal(prompt: PromptInfo) -> Refusal:
    """What a prompt that is too long gets on chat completions."""
    window, tokens = prompt.overflow
    message = (
        f"This model's maximum context length is {window} tokens. However, your messages resulted in"
        f" {tokens} tokens. Please reduce the length of the messages."
    )
    code = "context_length_exceeded"
    return Refusal(400, message, param="messages", code=code, trouble=Trouble.CONTEXT, prompt=prompt)


def unknown_model(model: str, hint: str = "") -> Refusal:
    """What a model that does not exist gets on chat completions."""
    message = f"The model `{model}` does not exist or you do not have access to it."
    message = f"{message} ({hint})" if hint else message
    return Refusal(404, message, code="model_not_found", trouble=Trouble.NOT_FOUND)


def _bound_message(complaint: Complaint, at: str) -> str:
    kind = _KINDS.get(complaint.kind, complaint.kind)
    if complaint.flaw in ("minimum", "maximum"):
        side, sign = ("below minimum", ">=") if complaint.flaw == "minimum" else ("above maximum", "<=")
        return f"Invalid '{at}': {kind} {side} value. Expected a value {sign} {float(complaint.wanted):g}."
    if complaint.flaw == "pattern":
        return (
            f"Invalid '{at}': string does not match pattern. Expected a string that matches the pattern"
            f" {complaint.wanted}."
        )
    if complaint.flaw == "shortest" and complaint.wanted == "1":
        return (
            f"Invalid '{at}': empty {kind}. Expected {_ARTICLES[complaint.kind]} with minimum length 1, but"
            f" got an empty {kind} instead."
        )
    side = "short" if complaint.flaw == "shortest" else "long"
    edge = "minimum" if complaint.flaw == "shortest" else "maximum"
    expected = f"{_ARTICLES[complaint.kind]} with {edge} length {complaint.wanted}"
    return f"Invalid '{at}': {kind} too {side}. Expected {expected}."


def _bound_code(complaint: Complaint) -> str:
    kind = _KINDS.get(complaint.kind, complaint.kind)
    if complaint.flaw == "shortest" and complaint.wanted == "1":
        return f"empty_{kind}"
    if complaint.flaw == "shortest":
        return f"{kind}_below_min_length"
    if complaint.flaw == "longest":
        return f"{kind}_above_max_length"
    return _BOUND_CODES.get((complaint.kind, complaint.flaw), "invalid_value")
