"""What an answer in the Anthropic Messages dialect says, read without the code under test."""

from __future__ import annotations

import copy
import json
from typing import Any

from recordings.expected import Call, Expected, Usage, arguments_of, failure, number
from recordings.reference_frames import events_of

MEANING = {
    "end_turn": "stop", "stop_sequence": "stop_sequence", "max_tokens": "length", "tool_use": "tool_calls",
    "pause_turn": "pause", "compaction": "pause", "refusal": "refusal",
    "model_context_window_exceeded": "context_overflow",
}  # fmt: skip
DELTAS = {
    "text_delta": "text",
    "thinking_delta": "thinking",
    "signature_delta": "signature",
    "input_json_delta": "partial_json",
}


def streamed(data: bytes) -> Expected:
    """The answer of a stream, up to the first `message_stop`."""
    message: dict[str, Any] = {}
    blocks: dict[int, dict[str, Any]] = {}
    for event in events_of(data):
        kind = event.get("type")
        if kind == "error":
            return failure(_error_class(event["error"]["type"]))
        if kind == "message_start":
            message = copy.deepcopy(event["message"])
        elif kind == "content_block_start":
            blocks[event["index"]] = {**event["content_block"], "_json": ""}
        elif kind == "content_block_delta":
            _grow(blocks[event["index"]], event["delta"])
        elif kind == "message_delta":
            message.update(event["delta"])
            counted = {key: value for key, value in (event.get("usage") or {}).items() if value is not None}
            message["usage"] = {**(message.get("usage") or {}), **counted}
        elif kind == "message_stop":
            return whole({**message, "content": [_closed(blocks[i]) for i in sorted(blocks)]})
    return failure("IncompleteStreamError")


def _grow(block: dict[str, Any], delta: dict[str, Any]) -> None:
    kind = delta["type"]
    if kind == "input_json_delta":
        block["_json"] += delta["partial_json"]
    elif kind == "citations_delta":
        block["citations"] = [*(block.get("citations") or []), delta["citation"]]
    elif kind == "compaction_delta":
        block.update({key: value for key, value in delta.items() if key != "type" and value is not None})
    elif kind in DELTAS:
        block[DELTAS[kind]] = (block.get(DELTAS[kind]) or "") + delta[DELTAS[kind]]


def _closed(block: dict[str, Any]) -> dict[str, Any]:
    text = block.pop("_json")
    if text:
        value = arguments_of(text)
        block["input"] = json.loads(text) if value is not None else None
    return block


def whole(body: dict[str, Any]) -> Expected:
    """The answer of a whole body."""
    if body.get("type") == "error":
        return failure(_error_class(body["error"]["type"]))
    blocks = body["content"]
    known = {"text", "tool_use", "thinking", "redacted_thinking"}
    reason = body.get("stop_reason")
    proofs = [block.get("signature") or block.get("data") for block in blocks if "thinking" in block["type"]]
    return Expected(
        text="".join(block["text"] for block in blocks if block["type"] == "text"),
        calls=[
            Call(block["id"], block["name"], block["input"])
            for block in blocks
            if block["type"] == "tool_use"
        ],
        reasoning="".join(block["thinking"] for block in blocks if block["type"] == "thinking"),
        proofs=[proof for proof in proofs if proof],
        opaque=[block for block in blocks if block["type"] not in known],
        finish=(reason,) if reason else (),
        meaning=_meaning(reason, blocks),
        usage=usage(body.get("usage")),
        explained=(body.get("stop_details") or {}).get("explanation"),
        response_id=body.get("id"),
        model=body.get("model"),
    )


def _meaning(reason: str | None, blocks: list[dict[str, Any]]) -> tuple[str, ...]:
    """What the reason says; calls that stand in an answer which says it ended may be meant either way."""
    meaning = MEANING.get(reason or "", "unknown")
    if meaning == "stop" and any(block["type"] == "tool_use" for block in blocks):
        return (meaning, "tool_calls")
    return (meaning,)


def _error_class(kind: str) -> str:
    return {
        "overloaded_error": "OverloadedError",
        "rate_limit_error": "RateLimitError",
        "api_error": "ServerError",
        "authentication_error": "AuthenticationError",
        "invalid_request_error": "InvalidRequestError",
    }.get(kind, "ProviderError")


def usage(block: dict[str, Any] | None) -> Usage | None:
    """Figures of a usage block; `input_tokens` leaves out what the cache served or took."""
    if not block:
        return None
    read, write = (
        number(block.get("cache_read_input_tokens")),
        number(block.get("cache_creation_input_tokens")),
    )
    prompt = number(block.get("input_tokens")) + read + write
    output = number(block.get("output_tokens"))
    return Usage(
        prompt,
        output,
        prompt + output,
        cache_read=read,
        cache_write=write,
        cache_write_1h=number((block.get("cache_creation") or {}).get("ephemeral_1h_input_tokens")),
        reasoning=number((block.get("output_tokens_details") or {}).get("thinking_tokens")),
    )
