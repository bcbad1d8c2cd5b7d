"""Ollama's refusals: one string, whatever happened.

Source: Ollama `server/routes.go` of 2026-08-21 and its documentation of errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import msgspec

from swebench_runner.simulator.wire import ApiError, Page, Trouble

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swebench_runner.simulator.prompt import PromptInfo
    from swebench_runner.simulator.reading import Complaint

CONTEXT_MESSAGE = "the input length exceeds the context length"
_GO_TYPES = {"str": "string", "int": "number", "float": "number", "array": "array", "object": "object"}
_TROUBLES: Mapping[Trouble, tuple[int, str]] = {
    Trouble.CONTEXT: (400, CONTEXT_MESSAGE),
    Trouble.POLICY: (400, "the prompt was rejected by the content policy"),
    Trouble.AUTH: (401, "unauthorized"),
    Trouble.BILLING: (
        402,
        "this model requires a subscription, upgrade for access: https://ollama.com/upgrade",
    ),
    Trouble.FORBIDDEN: (403, "forbidden"),
    Trouble.REQUEST_TIMEOUT: (408, "request timed out"),
    Trouble.CONFLICT: (409, "the model is being changed"),
    Trouble.RATE_LIMIT: (429, "too many requests"),
    Trouble.QUOTA: (
        429,
        "you (simulator) have reached your weekly usage limit, upgrade for higher limits: https://ollama.com/upgrade",
    ),
    Trouble.SERVER: (500, "llama runner process has terminated: exit status 2"),
    Trouble.BAD_GATEWAY: (502, "upstream error"),
    Trouble.UNAVAILABLE: (503, "server busy, please try again.  maximum pending requests exceeded"),
    Trouble.TIMEOUT: (504, "timed out waiting for llama runner to start"),
    Trouble.OVERLOADED: (529, "overloaded"),
}


def error_page(message: str, status: int = 400) -> Page:
    """A message as it goes over the wire."""
    body: dict[str, str] = {"error": message}
    if status == 401:
        body["signin_url"] = "https://ollama.com/connect?name=simulator&key=c2ltdWxhdG9y"
    return Page(msgspec.json.encode(body), status, "application/json; charset=utf-8")


def refuse(message: str, status: int = 400) -> NoReturn:
    """Raise a refusal.

    Raises:
        ApiError: Always.
    """
    raise ApiError(error_page(message, status))


def trouble_page(trouble: Trouble, prompt: PromptInfo) -> Page:
    """A trouble in Ollama's words."""
    if trouble is Trouble.NOT_FOUND:
        return error_page(f"model '{prompt.model.name}' not found", 404)
    status, message = _TROUBLES[trouble]
    return error_page(message, status)


def reject(complaint: Complaint, struct: str) -> NoReturn:
    """Raise what Go says about a body of the wrong shape.

    Raises:
        ApiError: 400.
    """
    if complaint.flaw == "json":
        refuse("missing request body" if not complaint.got else f"invalid JSON: {complaint.got}")
    field = ".".join(step for step in complaint.path if isinstance(step, str))
    if field.endswith("function.arguments"):
        refuse(
            f"json: cannot unmarshal {_GO_TYPES.get(complaint.got, complaint.got)} into Go struct field"
            f" {struct}.{field} of type api.ToolCallFunctionArguments"
        )
    got = _GO_TYPES.get(complaint.got, complaint.got)
    wanted = _GO_TYPES.get(complaint.wanted.split(" | ")[0], complaint.wanted)
    refuse(f"json: cannot unmarshal {got} into Go struct field {struct}.{field} of type {wanted}")
