"""What an answer in the Responses dialect says, read without the code under test."""

from __future__ import annotations

from typing import Any

from recordings.expected import Call, Expected, Usage, arguments_of, failure, number
from recordings.reference_frames import MalformedError, events_of

TERMINAL = ("response.completed", "response.incomplete", "response.failed")
CALLS = {"function_call", "custom_tool_call"}
CLIENT_CALLS = {"local_shell_call", "shell_call", "apply_patch_call", "computer_call"}


def streamed(data: bytes) -> Expected:
    """The answer of a stream: the items that were finished, the envelope of the terminal event."""
    try:
        events = events_of(data)
    except MalformedError:
        return failure("ResponseFormatError", "IncompleteStreamError")
    for event in events:
        if event.get("type") == "error":
            return failure(_error_class(event.get("error") or event))
        if event.get("type") in TERMINAL:
            done = [e["item"] for e in events if e.get("type") == "response.output_item.done"]
            body = event["response"]
            # The terminal event repeats the items, with their reasoning encrypted anew; some servers leave
            # them out there. Either copy can be sent back.
            return whole({**body, "output": done or body.get("output")})
    return failure("IncompleteStreamError")


def whole(body: dict[str, Any]) -> Expected:
    """The answer of a whole body."""
    if body.get("status") == "failed" or body.get("error"):
        return failure(_error_class(body.get("error") or {}))
    items = body.get("output") or []
    text, refusal = _spoken(items)
    calls = [_call(item) for item in items if item["type"] in CALLS]
    thoughts = [item for item in items if item["type"] == "reasoning"]
    reason = (body.get("incomplete_details") or {}).get("reason")
    return Expected(
        text=text,
        calls=calls,
        reasoning="".join("\n\n".join(_thoughts(item)) for item in thoughts),
        proofs=[item["encrypted_content"] for item in thoughts if item.get("encrypted_content")],
        opaque=[item for item in items if item["type"] not in {"message", "reasoning"} | CALLS],
        finish=tuple(word for word in (body.get("status"), reason) if word),
        meaning=_meaning(body.get("status"), reason, items, bool(refusal)),
        usage=usage(body.get("usage")),
        refusal=refusal or None,
        response_id=body.get("id"),
        model=body.get("model"),
    )


def _call(item: dict[str, Any]) -> Call:
    """A function gets an object; a custom tool gets text, which stands under the name `input` with us."""
    given = item.get("arguments") if item["type"] == "function_call" else {"input": item["input"]}
    return Call(item["call_id"], item["name"], arguments_of(given))


def _spoken(items: list[dict[str, Any]]) -> tuple[str, str]:
    text = refusal = ""
    for item in items:
        if item["type"] == "message":
            for part in item.get("content") or []:
                text += part.get("text") or ""
                refusal += part.get("refusal") or ""
    return text, refusal


def _thoughts(item: dict[str, Any]) -> list[str]:
    """The whole reasoning where it is given (open models), else the parts of its summary, a paragraph each."""
    return [part.get("text") or "" for part in item.get("content") or item.get("summary") or []]


def _meaning(
    status: str | None, reason: str | None, items: list[dict[str, Any]], refused: bool
) -> tuple[str, ...]:
    kinds = {item["type"] for item in items}
    if reason:
        return ({"max_output_tokens": "length", "content_filter": "content_filter"}.get(reason, "unknown"),)
    if kinds & CALLS:
        return ("tool_calls",)
    if kinds & CLIENT_CALLS:
        return ("tool_calls", "stop")
    if refused:
        return ("refusal",)
    if status == "completed":
        return ("stop",)
    return ("stop", "unknown") if status == "complete" else ("unknown",)


def _error_class(error: dict[str, Any]) -> str:
    code = error.get("code") or error.get("type")
    known = {
        "insufficient_quota": "QuotaExhaustedError",
        "credit_balance_exhausted": "QuotaExhaustedError",
        "rate_limit_exceeded": "RateLimitError",
        "server_error": "ServerError",
        "context_length_exceeded": "ContextLengthError",
    }
    return known.get(str(code), "ProviderError")


def usage(block: dict[str, Any] | None) -> Usage | None:
    """Figures of a usage block."""
    if not block:
        return None
    read = block.get("input_tokens_details") or {}
    written = block.get("output_tokens_details") or {}
    cost = block.get("cost")
    return Usage(
        number(block.get("input_tokens")),
        number(block.get("output_tokens")),
        number(block.get("total_tokens")),
        cache_read=number(read.get("cached_tokens")),
        cache_write=number(read.get("cache_write_tokens")),
        reasoning=number(written.get("reasoning_tokens")),
        cost_usd=None if cost is None else str(cost),
    )
