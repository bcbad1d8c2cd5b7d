"""Ready answers of Anthropic's and Ollama's dialects."""

from __future__ import annotations

import json
from typing import Any

from oracles.answers import Ready, lines, openai_chat, openai_responses, sse, whole

USAGE = {
    "input_tokens": 10, "output_tokens": 9, "cache_creation_input_tokens": 6, "cache_read_input_tokens": 4,
    "cache_creation": {"ephemeral_5m_input_tokens": 4, "ephemeral_1h_input_tokens": 2}, "service_tier": "standard",
}  # fmt: skip
TEXT = {"type": "text", "text": "Grüße, 東京 🙂!"}
USE = {"type": "tool_use", "id": "toolu_a", "name": "get_weather", "input": {"city": "Zürich"}}
CLOCK = {"type": "tool_use", "id": "toolu_b", "name": "clock", "input": {}}
THINKING = {"type": "thinking", "thinking": "Look it up.", "signature": "EuYB+/=="}
SILENT = {"type": "thinking", "thinking": "", "signature": "EuYB+/=="}
REDACTED = {"type": "redacted_thinking", "data": "Emw="}


def message(blocks: list[dict[str, Any]], reason: str, **more: Any) -> dict[str, Any]:
    """A whole message."""
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5-20250929",
        "content": blocks, "stop_reason": reason, "stop_sequence": None, "usage": USAGE, **more,
    }  # fmt: skip


def events(blocks: list[dict[str, Any]], reason: str, **more: Any) -> list[dict[str, Any]]:
    """The events of a streamed message."""
    start = {**message([], reason), "stop_reason": None, "usage": {**USAGE, "output_tokens": 1}}
    out: list[dict[str, Any]] = [{"type": "message_start", "message": start}, {"type": "ping"}]
    for index, block in enumerate(blocks):
        empty = {
            "text": {"text": ""},
            "thinking": {"thinking": "", "signature": ""},
            "tool_use": {"input": {}},
            "redacted_thinking": {},
        }
        out.append(
            {
                "type": "content_block_start",
                "index": index,
                "content_block": {**block, **empty[block["type"]]},
            }
        )
        out += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in _deltas(block)]
        out.append({"type": "content_block_stop", "index": index})
    delta = {"stop_reason": reason, "stop_sequence": None, **more}
    return [
        *out,
        {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 9}},
        {"type": "message_stop"},
    ]


def _deltas(block: dict[str, Any]) -> list[dict[str, Any]]:
    kind = block["type"]
    if kind == "text":
        return [
            {"type": "text_delta", "text": block["text"][i : i + 3]} for i in range(0, len(block["text"]), 3)
        ]
    if kind == "thinking":
        words = [{"type": "thinking_delta", "thinking": block["thinking"]}] if block["thinking"] else []
        return [*words, {"type": "signature_delta", "signature": block["signature"]}]
    if kind == "tool_use":
        if not block["input"]:
            return [{"type": "input_json_delta", "partial_json": ""}]
        arguments = json.dumps(block["input"], ensure_ascii=False)
        return [
            {"type": "input_json_delta", "partial_json": piece}
            for piece in ("", arguments[:5], arguments[5:])
        ]
    return []


def anthropic_messages() -> list[Ready]:
    """Answers of the Messages API."""
    kind = "anthropic_messages"
    answers = {
        "text": ([TEXT], "end_turn", {}),
        "two texts": ([TEXT, {"type": "text", "text": " And more."}], "end_turn", {}),
        "two calls": ([USE, CLOCK], "tool_use", {}),
        "words and a call": ([TEXT, USE], "tool_use", {}),
        "thinking and a call": ([THINKING, USE], "tool_use", {}),
        "silent thinking": ([SILENT, TEXT], "end_turn", {}),
        "redacted thinking": ([REDACTED, THINKING, TEXT], "end_turn", {}),
        "cut at the ceiling": ([TEXT], "max_tokens", {}),
        "stopped by a text": ([TEXT], "stop_sequence", {"stop_sequence": "END"}),
        "refusal": ([], "refusal", {}),
        "pause": ([TEXT], "pause_turn", {}),
    }
    bodies = [
        whole(name, kind, message(blocks, why, **more)) for name, (blocks, why, more) in answers.items()
    ]
    streams = [
        sse(f"{name}, streamed", kind, events(blocks, why, **more))
        for name, (blocks, why, more) in answers.items()
    ]
    return bodies + streams


COUNTS = {
    "total_duration": 5_000, "load_duration": 1_000, "prompt_eval_count": 20, "prompt_eval_duration": 2_000,
    "eval_count": 9, "eval_duration": 2_000,
}  # fmt: skip
HEAD = {"model": "qwen3", "created_at": "2026-11-01T10:00:00.5Z"}
OLLAMA_CALLS = [
    {"function": {"name": "get_weather", "arguments": {"city": "Zürich"}}},
    {"function": {"name": "clock", "arguments": {}}},
]


def _said(done: bool = False, why: str = "stop", **said: Any) -> dict[str, Any]:
    end = {"done": True, "done_reason": why, **COUNTS} if done else {"done": False}
    return {**HEAD, "message": {"role": "assistant", "content": "", **said}, **end}


def _made(done: bool = False, why: str = "stop", **said: Any) -> dict[str, Any]:
    end = {"done": True, "done_reason": why, **COUNTS, "context": [1, 2]} if done else {"done": False}
    return {**HEAD, "response": "", **said, **end}


def ollama() -> list[Ready]:
    """Answers of Ollama's own API."""
    kind = "ollama"
    return [
        whole("text", kind, _said(True, content="Grüße, 東京 🙂!")),
        whole("cut at the ceiling", kind, _said(True, "length", content="Once")),
        whole("two calls", kind, _said(True, tool_calls=OLLAMA_CALLS)),
        whole("thinking", kind, _said(True, thinking="Look it up.", content="Sunny.")),
        whole("generated", kind, _made(True, response="Hello"), method="generate"),
        whole(
            "generated with thinking", kind, _made(True, response="Hello", thinking="Hm."), method="generate"
        ),
        lines("text, streamed", [_said(content="Grüße, "), _said(content="東京 🙂!"), _said(True)]),
        lines(
            "thinking, streamed",
            [_said(thinking="Look "), _said(thinking="it up."), _said(content="Sunny."), _said(True)],
        ),
        lines(
            "two calls, streamed",
            [_said(tool_calls=OLLAMA_CALLS[:1]), _said(tool_calls=OLLAMA_CALLS[1:]), _said(True)],
        ),
        lines("words in the last line, streamed", [_said(content="Sun"), _said(True, content="ny.")]),
        lines(
            "generated, streamed",
            [_made(response="Hel"), _made(response="lo"), _made(True)],
            method="generate",
        ),
    ]


ANSWERS = [*openai_chat(), *openai_responses(), *anthropic_messages(), *ollama()]
