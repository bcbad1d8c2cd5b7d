"""Answers that nobody recorded: the same answer as a whole body and as a stream, in each dialect."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=30)
SOME_WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=30)
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True)
PLAIN = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | WORDS
ARGUMENTS = st.dictionaries(NAMES, PLAIN | st.lists(PLAIN, max_size=3), max_size=4)
COUNTS = st.integers(0, 10**7)


@dataclass(frozen=True, slots=True)
class Made:
    """One answer.

    Attributes:
        text: Visible text.
        thought: Readable thinking.
        signature: Its proof.
        calls: (name, arguments) of tool calls.
        cut: Where the texts are cut into pieces for the stream.
        counts: Prompt, completion, cached and reasoning tokens.
        done: Whether a chat stream says `[DONE]`.
    """

    text: str
    thought: str
    signature: str
    calls: tuple[tuple[str, dict[str, Any]], ...]
    cut: int
    counts: tuple[int, int, int, int]
    done: bool

    def pieces(self, words: str) -> list[str]:
        """The words cut up."""
        return [words[i : i + self.cut] for i in range(0, len(words), self.cut)]


@st.composite
def answers(draw: st.DrawFn) -> Made:
    """An answer with text, thinking and calls in any mixture."""
    prompt, completion = draw(COUNTS), draw(COUNTS)
    return Made(
        draw(WORDS),
        draw(WORDS),
        draw(st.from_regex(r"[A-Za-z0-9+/]{4,20}={0,2}", fullmatch=True)),
        tuple(draw(st.lists(st.tuples(NAMES, ARGUMENTS), max_size=3))),
        draw(st.integers(1, 9)),
        (prompt, completion, draw(st.integers(0, prompt)), draw(st.integers(0, completion))),
        draw(st.booleans()),
    )


def sse(events: list[dict[str, Any]], *, done: bool = False, ascii_only: bool = False) -> bytes:
    """Events as a server sends them."""
    out = ""
    for event in events:
        name = f"event: {event['type']}\n" if "type" in event else ""
        out += f"{name}data: {json.dumps(event, ensure_ascii=ascii_only)}\n\n"
    return (out + ("data: [DONE]\n\n" if done else "")).encode()


def chat(made: Made) -> tuple[dict[str, Any], bytes]:
    """Chat completions: (whole body, stream)."""
    prompt, completion, cached, reasoning = made.counts
    usage = {
        "prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached}, "completion_tokens_details": {"reasoning_tokens": reasoning},
    }  # fmt: skip
    calls = [
        {"id": f"call_{n}", "type": "function", "function": {"name": name, "arguments": json.dumps(given)}}
        for n, (name, given) in enumerate(made.calls)
    ]
    finish = "tool_calls" if calls else "stop"
    message = {
        "role": "assistant", "content": made.text or None, "reasoning_content": made.thought, "tool_calls": calls or None,
    }  # fmt: skip
    envelope = {"id": "chatcmpl-1", "model": "m", "created": 1}
    body = {
        **envelope,
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": usage,
    }
    chunks = [
        {**envelope, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
        for delta in _chat_deltas(made, calls)
    ]
    chunks.append({**envelope, "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    chunks.append({**envelope, "choices": [], "usage": usage})
    return body, sse(chunks, done=made.done)


def _chat_deltas(made: Made, calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"reasoning_content": piece} for piece in made.pieces(made.thought)]
    deltas += [{"content": piece} for piece in made.pieces(made.text)]
    for index, call in enumerate(calls):
        arguments = call["function"]["arguments"]
        begun = {**call, "index": index, "function": {**call["function"], "arguments": ""}}
        pieces = [{"index": index, "function": {"arguments": piece}} for piece in made.pieces(arguments)]
        deltas += [{"tool_calls": [one]} for one in (begun, *pieces)]
    return deltas


def responses(made: Made) -> tuple[dict[str, Any], bytes]:
    """The Responses API: (whole body, stream)."""
    prompt, completion, cached, reasoning = made.counts
    items: list[dict[str, Any]] = []
    if made.thought:
        summary = [{"type": "summary_text", "text": made.thought}]
        items.append(
            {"type": "reasoning", "id": "rs_1", "summary": summary, "encrypted_content": made.signature}
        )
    if made.text:
        content = [{"type": "output_text", "text": made.text, "annotations": []}]
        items.append(
            {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": content}
        )
    for n, (name, arguments) in enumerate(made.calls):
        call = {"type": "function_call", "id": f"fc_{n}", "call_id": f"call_{n}", "name": name}
        items.append({**call, "arguments": json.dumps(arguments), "status": "completed"})
    body = {
        "id": "resp_1", "object": "response", "model": "m", "status": "completed", "output": items, "error": None,
        "incomplete_details": None,
        "usage": {
            "input_tokens": prompt, "output_tokens": completion, "total_tokens": prompt + completion,
            "input_tokens_details": {"cached_tokens": cached}, "output_tokens_details": {"reasoning_tokens": reasoning},
        },
    }  # fmt: skip
    events: list[dict[str, Any]] = [
        {
            "type": "response.created",
            "response": {**body, "output": [], "status": "in_progress", "usage": None},
        }
    ]
    for index, item in enumerate(items):
        events += _grown(index, item, made)
    events.append({"type": "response.completed", "response": body})
    return body, sse(events)


def _grown(index: int, item: dict[str, Any], made: Made) -> list[dict[str, Any]]:
    at = {"output_index": index, "item_id": item["id"]}
    empty = {"message": {"content": []}, "reasoning": {"summary": []}, "function_call": {"arguments": ""}}[
        item["type"]
    ]
    words, kind = {
        "message": (made.text, "output_text"),
        "reasoning": (made.thought, "reasoning_summary_text"),
        "function_call": (item.get("arguments", ""), "function_call_arguments"),
    }[item["type"]]
    deltas = [
        {"type": f"response.{kind}.delta", **at, "content_index": 0, "summary_index": 0, "delta": p}
        for p in made.pieces(words)
    ]
    added = {"type": "response.output_item.added", **at, "item": {**item, **empty}}
    return [added, *deltas, {"type": "response.output_item.done", **at, "item": item}]


def anthropic(made: Made) -> tuple[dict[str, Any], bytes]:
    """The Messages API: (whole body, stream)."""
    prompt, completion, cached, _ = made.counts
    blocks: list[dict[str, Any]] = []
    if made.thought:
        blocks.append({"type": "thinking", "thinking": made.thought, "signature": made.signature})
    if made.text:
        blocks.append({"type": "text", "text": made.text})
    blocks += [
        {"type": "tool_use", "id": f"toolu_{n}", "name": name, "input": a}
        for n, (name, a) in enumerate(made.calls)
    ]
    usage = {"input_tokens": prompt - cached, "cache_read_input_tokens": cached, "output_tokens": completion}
    reason = "tool_use" if made.calls else "end_turn"
    body = {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": blocks,
        "stop_reason": reason, "stop_sequence": None, "usage": usage,
    }  # fmt: skip
    start = {**body, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
    events: list[dict[str, Any]] = [{"type": "message_start", "message": start}]
    for index, block in enumerate(blocks):
        empty = {
            "thinking": {"thinking": "", "signature": ""},
            "text": {"text": ""},
            "tool_use": {"input": {}},
        }[block["type"]]
        events.append({"type": "content_block_start", "index": index, "content_block": {**block, **empty}})
        events += [
            {"type": "content_block_delta", "index": index, "delta": delta} for delta in _deltas(block, made)
        ]
        events += [{"type": "ping"}, {"type": "content_block_stop", "index": index}]
    delta = {"stop_reason": reason, "stop_sequence": None}
    events += [
        {"type": "message_delta", "delta": delta, "usage": {"output_tokens": completion}},
        {"type": "message_stop"},
    ]
    return body, sse(events)


def _deltas(block: dict[str, Any], made: Made) -> list[dict[str, Any]]:
    if block["type"] == "text":
        return [{"type": "text_delta", "text": piece} for piece in made.pieces(block["text"])]
    if block["type"] == "thinking":
        words = [{"type": "thinking_delta", "thinking": piece} for piece in made.pieces(block["thinking"])]
        return [*words, {"type": "signature_delta", "signature": block["signature"]}]
    if not block["input"]:
        return [{"type": "input_json_delta", "partial_json": ""}] if made.done else []
    return [
        {"type": "input_json_delta", "partial_json": piece}
        for piece in ["", *made.pieces(json.dumps(block["input"]))]
    ]


def ollama(made: Made) -> tuple[dict[str, Any], bytes]:
    """Ollama's chat: (whole body, stream)."""
    prompt, completion, _, _ = made.counts
    calls = [
        {"id": f"call_{n}", "function": {"name": name, "arguments": a}}
        for n, (name, a) in enumerate(made.calls)
    ]
    head = {"model": "m", "created_at": "2026-11-01T10:00:00Z"}
    last = {"done": True, "done_reason": "stop"}
    last |= {
        key: value for key, value in (("prompt_eval_count", prompt), ("eval_count", completion)) if value
    }
    message = {"role": "assistant", "content": made.text, "thinking": made.thought, "tool_calls": calls}
    body = {
        **head,
        "message": {key: value for key, value in message.items() if value or key == "content"},
        **last,
    }
    said: list[dict[str, Any]] = [{"content": "", "thinking": piece} for piece in made.pieces(made.thought)]
    said += [{"content": piece} for piece in made.pieces(made.text)]
    said += [{"content": "", "tool_calls": [call]} for call in calls]
    parts = [{**head, "message": {"role": "assistant", **one}, "done": False} for one in said]
    parts.append({**head, "message": {"role": "assistant", "content": ""}, **last})
    return body, "".join(json.dumps(part, ensure_ascii=False) + "\n" for part in parts).encode()


DIALECTS = {
    "openai_chat": chat,
    "openai_responses": responses,
    "anthropic_messages": anthropic,
    "ollama": ollama,
}
