"""Ready answers of the four dialects: what the loopback server says to us and to the SDKs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from oracles.capture import Answer


@dataclass(frozen=True, slots=True)
class Ready:
    """One answer, whole or streamed."""

    name: str
    dialect: str
    answer: Answer
    streamed: bool = False
    method: str = "chat"


def whole(name: str, dialect: str, body: dict[str, Any], *, method: str = "chat") -> Ready:
    """An answer in one body."""
    return Ready(name, dialect, Answer(json.dumps(body, ensure_ascii=False).encode()), method=method)


def sse(name: str, dialect: str, events: list[dict[str, Any]], *, done: bool = False) -> Ready:
    """An answer as server-sent events, named after their types where they have any."""
    lines = ""
    for event in events:
        name_line = f"event: {event['type']}\n" if "type" in event else ""
        lines += f"{name_line}data: {json.dumps(event, ensure_ascii=False)}\n\n"
    if done:
        lines += "data: [DONE]\n\n"
    return Ready(name, dialect, Answer(lines.encode(), "text/event-stream; charset=utf-8"), streamed=True)


def lines(name: str, events: list[dict[str, Any]], *, method: str = "chat") -> Ready:
    """An answer as JSON lines."""
    data = "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events).encode()
    return Ready(name, "ollama", Answer(data, "application/x-ndjson"), streamed=True, method=method)


# --- OpenAI chat completions ---------------------------------------------------------------------

CHAT_USAGE = {
    "prompt_tokens": 20,
    "completion_tokens": 9,
    "total_tokens": 29,
    "prompt_tokens_details": {"cached_tokens": 8, "audio_tokens": 0},
    "completion_tokens_details": {
        "reasoning_tokens": 4,
        "audio_tokens": 0,
        "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 0,
    },
}
TOOL_CALLS = [
    {
        "id": "call_a",
        "type": "function",
        "function": {"name": "get_weather", "arguments": '{"city": "Zürich"}'},
    },
    {"id": "call_b", "type": "function", "function": {"name": "clock", "arguments": "{}"}},
]


def chat_body(message: dict[str, Any], finish: str, **more: Any) -> dict[str, Any]:
    """A `chat.completion`."""
    choice = {
        "index": 0,
        "message": {"role": "assistant", "refusal": None, **message},
        "logprobs": None,
        "finish_reason": finish,
    }
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4o-2024-08-06",
        "choices": [choice],
        "usage": CHAT_USAGE,
        **more,
    }


def chat_chunks(deltas: list[dict[str, Any]], finish: str, *, usage: bool = True) -> list[dict[str, Any]]:
    """The chunks of a stream, the one with the usage last."""
    base = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o-2024-08-06"}

    def chunk(delta: dict[str, Any], reason: str | None) -> dict[str, Any]:
        return {**base, "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}]}

    chunks = [
        chunk({"role": "assistant", "content": ""}, None),
        *(chunk(d, None) for d in deltas),
        chunk({}, finish),
    ]
    return [*chunks, {**base, "choices": [], "usage": CHAT_USAGE}] if usage else chunks


def _fragment(index: int, **more: Any) -> dict[str, Any]:
    return {"tool_calls": [{"index": index, **more}]}


def openai_chat() -> list[Ready]:
    """Answers of chat completions."""
    kind = "openai_chat"
    fragments = [
        _fragment(0, id="call_a", type="function", function={"name": "get_weather", "arguments": ""}),
        _fragment(0, function={"arguments": '{"city": '}),
        _fragment(0, function={"arguments": '"Zürich"}'}),
        _fragment(1, id="call_b", type="function", function={"name": "clock", "arguments": ""}),
        _fragment(1, function={"arguments": "{}"}),
    ]
    words = [{"content": "Grüße, "}, {"content": "東京 🙂"}, {"content": ""}, {"content": "!"}]
    return [
        whole("text", kind, chat_body({"content": "Grüße, 東京 🙂!"}, "stop")),
        whole("cut at the ceiling", kind, chat_body({"content": "Once upon"}, "length")),
        whole("two calls", kind, chat_body({"content": None, "tool_calls": TOOL_CALLS}, "tool_calls")),
        whole(
            "words and a call",
            kind,
            chat_body({"content": "Let me see.", "tool_calls": TOOL_CALLS[:1]}, "tool_calls"),
        ),
        whole(
            "a call that says stop", kind, chat_body({"content": None, "tool_calls": TOOL_CALLS[:1]}, "stop")
        ),
        whole("refusal", kind, chat_body({"content": None, "refusal": "I cannot."}, "stop")),
        whole("filtered", kind, chat_body({"content": ""}, "content_filter")),
        sse("text, streamed", kind, chat_chunks(words, "stop"), done=True),
        sse("without usage, streamed", kind, chat_chunks(words, "stop", usage=False), done=True),
        sse("two calls, streamed", kind, chat_chunks(fragments, "tool_calls"), done=True),
        sse(
            "refusal, streamed",
            kind,
            chat_chunks([{"refusal": "I "}, {"refusal": "cannot."}], "stop"),
            done=True,
        ),
        sse("cut, streamed", kind, chat_chunks([{"content": "Once"}], "length"), done=True),
    ]


# --- OpenAI Responses ----------------------------------------------------------------------------

RESPONSES_USAGE = {
    "input_tokens": 20,
    "input_tokens_details": {"cached_tokens": 8, "cache_write_tokens": 2},
    "output_tokens": 9,
    "output_tokens_details": {"reasoning_tokens": 4},
    "total_tokens": 29,
}
MESSAGE = {
    "type": "message", "id": "msg_1", "status": "completed", "role": "assistant",
    "content": [{"type": "output_text", "text": "Grüße, 東京 🙂!", "annotations": [], "logprobs": []}],
}  # fmt: skip
CALL_ITEM = {
    "type": "function_call",
    "id": "fc_1",
    "call_id": "call_a",
    "name": "get_weather",
    "arguments": '{"city": "Zürich"}',
    "status": "completed",
}
CLOCK_ITEM = {
    "type": "function_call",
    "id": "fc_2",
    "call_id": "call_b",
    "name": "clock",
    "arguments": "{}",
    "status": "completed",
}
REASONING_ITEM = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": "Look it up."}],
    "encrypted_content": "gAAAA=",
}
REFUSAL_ITEM = {**MESSAGE, "content": [{"type": "refusal", "refusal": "I cannot."}]}


def responses_body(items: list[dict[str, Any]], status: str = "completed", **more: Any) -> dict[str, Any]:
    """A `response`."""
    return {
        "id": "resp_1", "object": "response", "created_at": 1, "status": status, "error": None,
        "incomplete_details": None, "instructions": None, "max_output_tokens": None, "model": "gpt-4o-2024-08-06",
        "output": items, "parallel_tool_calls": True, "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None}, "store": False, "temperature": 1.0,
        "text": {"format": {"type": "text"}}, "tool_choice": "auto", "tools": [], "top_p": 1.0,
        "truncation": "disabled", "usage": RESPONSES_USAGE, "user": None, "metadata": {}, **more,
    }  # fmt: skip


def responses_events(
    items: list[dict[str, Any]], terminal: str = "completed", **more: Any
) -> list[dict[str, Any]]:
    """The events of a stream."""
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": responses_body([], "in_progress", usage=None)}
    ]
    for index, item in enumerate(items):
        events.append({"type": "response.output_item.added", "output_index": index, "item": _begun(item)})
        events += _growth(index, item)
        events.append({"type": "response.output_item.done", "output_index": index, "item": item})
    events.append({"type": f"response.{terminal}", "response": responses_body(items, terminal, **more)})
    return [{**event, "sequence_number": number} for number, event in enumerate(events)]


def _begun(item: dict[str, Any]) -> dict[str, Any]:
    empty = {
        "message": {"content": [], "status": "in_progress"},
        "function_call": {"arguments": "", "status": "in_progress"},
        "reasoning": {"summary": []},
    }
    return {**item, **empty[item["type"]]}


def _growth(index: int, item: dict[str, Any]) -> list[dict[str, Any]]:
    at = {"item_id": item["id"], "output_index": index}
    if item["type"] == "function_call":
        words = item["arguments"]
        deltas = [
            {"type": "response.function_call_arguments.delta", **at, "delta": words[i : i + 4]}
            for i in range(0, len(words), 4)
        ]
        return [
            *deltas,
            {"type": "response.function_call_arguments.done", **at, "arguments": words, "name": item["name"]},
        ]
    if item["type"] == "reasoning":
        return [
            {
                "type": "response.reasoning_summary_text.delta",
                **at,
                "summary_index": 0,
                "delta": item["summary"][0]["text"],
            }
        ]
    part = item["content"][0]
    kind, words = ("output_text", part["text"]) if "text" in part else ("refusal", part["refusal"])
    more = {"logprobs": []} if kind == "output_text" else {}
    return [
        {"type": f"response.{kind}.delta", **at, "content_index": 0, "delta": words[i : i + 3], **more}
        for i in range(0, len(words), 3)
    ]


def openai_responses() -> list[Ready]:
    """Answers of the Responses API."""
    kind = "openai_responses"
    cut = {"incomplete_details": {"reason": "max_output_tokens"}}
    return [
        whole("text", kind, responses_body([MESSAGE])),
        whole("two calls", kind, responses_body([CALL_ITEM, CLOCK_ITEM])),
        whole("reasoning and a call", kind, responses_body([REASONING_ITEM, CALL_ITEM])),
        whole("words and a call", kind, responses_body([MESSAGE, CALL_ITEM])),
        whole("refusal", kind, responses_body([REFUSAL_ITEM])),
        whole("cut at the ceiling", kind, responses_body([MESSAGE], "incomplete", **cut)),
        sse("text, streamed", kind, responses_events([MESSAGE])),
        sse("two calls, streamed", kind, responses_events([CALL_ITEM, CLOCK_ITEM])),
        sse("reasoning and a call, streamed", kind, responses_events([REASONING_ITEM, CALL_ITEM])),
        sse("refusal, streamed", kind, responses_events([REFUSAL_ITEM])),
        sse("cut, streamed", kind, responses_events([MESSAGE], "incomplete", **cut)),
    ]
