"""What broke other libraries and is in no recording here: answers written after documents and bug reports."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from recordings.expected import Call, Expected, Usage, failure


@dataclass(frozen=True, slots=True)
class Trap:
    """An answer and what it has to be read as.

    Attributes:
        name: What it is about.
        provider: Who sends such.
        dialect: How it is read.
        data: The bytes.
        expected: What it says.
        whole: Whether it is one body.
    """

    name: str
    provider: str
    dialect: str
    data: bytes
    expected: Expected
    whole: bool = False


def sse(*events: Any, named: bool = False) -> bytes:
    """Events; text goes out as it is."""
    out = ""
    for event in events:
        payload = event if isinstance(event, str) else json.dumps(event)
        name = f"event: {event['type']}\n" if named else ""
        out += f"{name}data: {payload}\n\n"
    return out.encode()


def chunk(finish: str | None = None, usage: Any = None, /, **delta: Any) -> dict[str, Any]:
    """One chunk of a chat completion."""
    return {
        "id": "c1",
        "model": "m",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        "usage": usage,
    }


def piece(
    index: int | None, arguments: Any, call_id: str | None = None, name: str | None = None
) -> dict[str, Any]:
    """A delta with a fragment of a tool call."""
    one: dict[str, Any] = {"function": {"arguments": arguments} | ({"name": name} if name else {})}
    one |= {"index": index} if index is not None else {}
    return {"tool_calls": [one | ({"id": call_id, "type": "function"} if call_id else {})]}


def _chat(name: str, expected: Expected, *events: Any, provider: str = "openai-compatible") -> Trap:
    expected.response_id, expected.model = "c1", "m"
    return Trap(name, provider, "openai_chat", sse(*events), expected)


def _said(
    text: str = "",
    calls: list[Call] | None = None,
    finish: str = "stop",
    meaning: str | None = None,
    **more: Any,
) -> Expected:
    meaning = meaning or ("tool_calls" if calls else finish)
    return Expected(text=text, calls=calls or [], finish=(finish,), meaning=(meaning,), **more)


def _usage(total: int) -> dict[str, int]:
    return {"prompt_tokens": 3, "completion_tokens": total - 3, "total_tokens": total}


A, B = Call("a", "f", {"x": 1}), Call("b", "g", {"y": 2})
DONE = "[DONE]"
OVERLOADED = {"type": "overloaded_error", "message": "Overloaded", "details": None}


def chat_streams() -> list[Trap]:
    """Streams of chat completions."""
    full_a, full_b = piece(0, '{"x":1}', "a", "f"), piece(0, '{"y":2}', "b", "g")
    return [
        _chat("finish reason '' in every chunk", _said("hi"), chunk("", content="h"), chunk("", content="i"), chunk("stop"), DONE),
        _chat("usage in every chunk", _said("hi", usage=Usage(3, 2, 5)), chunk(None, _usage(4), content="h"), chunk("stop", _usage(5), content="i"), DONE),
        _chat("words in the finish chunk", _said("hi"), chunk(content="h"), chunk("stop", content="i"), DONE),
        _chat("two finish chunks with the call in both", _said("", [A], "tool_calls"), chunk("tool_calls", **full_a), chunk("tool_calls", **full_a), DONE),
        _chat("no [DONE]", _said("hi"), chunk(content="hi"), chunk("stop")),
        _chat("no finish reason and no [DONE]", failure("IncompleteStreamError"), chunk(content="hi")),
        _chat("nothing at all", failure("IncompleteStreamError", "ResponseFormatError")),
        _chat("parallel calls that share index 0", _said("", [A, B], "tool_calls"), chunk(**full_a), chunk(**full_b), chunk("tool_calls"), DONE),
        _chat("calls without an index", _said("", [A, B], "tool_calls"), chunk(**piece(None, '{"x":1}', "a", "f")), chunk(**piece(None, '{"y":2}', "b", "g")), chunk("tool_calls"), DONE),
        _chat("index from 1", _said("", [A], "tool_calls"), chunk(**piece(1, "", "a", "f")), chunk(**piece(1, '{"x":1}')), chunk("tool_calls"), DONE),
        _chat(
            "fragments that alternate", _said("", [A, B], "tool_calls"),
            chunk(**piece(0, "", "a", "f")), chunk(**piece(1, "", "b", "g")), chunk(**piece(0, '{"x"')), chunk(**piece(1, '{"y"')), chunk(**piece(0, ":1}")), chunk(**piece(1, ":2}")), chunk("tool_calls"), DONE,
        ),
        _chat("the name in every fragment", _said("", [A], "tool_calls"), chunk(**piece(0, "", "a", "f")), chunk(**piece(0, '{"x":', "a", "f")), chunk(**piece(0, "1}", "a", "f")), chunk("tool_calls"), DONE),
        _chat("arguments ''", _said("", [Call("a", "f", {})], "tool_calls"), chunk(**piece(0, "", "a", "f")), chunk("tool_calls"), DONE),
        _chat("arguments null", _said("", [Call("a", "f", {})], "tool_calls"), chunk(**piece(0, None, "a", "f")), chunk("tool_calls"), DONE),
        _chat("arguments that are an object", _said("", [A], "tool_calls"), chunk(**piece(0, {"x": 1}, "a", "f")), chunk("tool_calls"), DONE),
        _chat("arguments that were encoded twice", _said("", [A], "tool_calls"), chunk(**piece(0, json.dumps('{"x":1}'), "a", "f")), chunk("tool_calls"), DONE),
        _chat("arguments cut at the ceiling", _said("", [Call("a", "f", None)], "length", "length"), chunk(**piece(0, '{"x": "lon', "a", "f")), chunk("length"), DONE),
        _chat("calls that say stop", _said("", [A], "stop"), chunk(**full_a), chunk("stop"), DONE),
        _chat("two calls with one id", _said("", [Call(None, "f", {"x": 1}), Call(None, "g", {"y": 2})], "tool_calls"), chunk(**piece(0, '{"x":1}', "a", "f")), chunk(**piece(1, '{"y":2}', "a", "g")), chunk("tool_calls"), DONE),
        _chat("an error of vLLM or llama.cpp in the stream", failure("ServerError"), chunk(content="h"), {"error": {"message": "engine died", "type": "InternalServerError", "code": 500}}, DONE),
        _chat("an error of FastChat in the stream", failure("ServerError"), {"text": "**NETWORK ERROR DUE TO HIGH TRAFFIC.", "error_code": 50001}, DONE),
        _chat("a rate limit in the stream", failure("RateLimitError"), {"error": {"message": "slow down", "code": 429}}),
        _chat("an error as text in the stream", failure("ProviderError"), {"error": "something broke"}),
        _chat("a page in place of the stream", failure("ResponseFormatError"), "<html>bad gateway</html>"),
        _chat("delta missing", _said("hi"), {"id": "c1", "model": "m", "choices": [{"index": 0, "finish_reason": None}]}, chunk(content="hi"), chunk("stop"), DONE),
        _chat("choices missing", _said("hi"), {"id": "c1", "model": "m"}, chunk(content="hi"), chunk("stop"), DONE),
    ]  # fmt: skip


def bodies() -> list[Trap]:
    """Whole bodies with a success status."""

    def chat(name: str, expected: Expected, body: Any) -> Trap:
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        return Trap(name, "openai-compatible", "openai_chat", data, expected, whole=True)

    def choice(**message: Any) -> dict[str, Any]:
        return {
            "choices": [{"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}]
        }

    parts = [{"type": "text", "text": "h"}, {"type": "text", "text": "i"}]
    return [
        chat("an error with status 200", failure("ProviderError"), {"error": {"message": "Provider returned error", "code": 502}}),
        chat("an error of Z.ai with status 200", failure("ProviderError"), {"code": 500, "msg": "internal", "success": False}),
        chat("an error of FastChat with status 200", failure("ProviderError"), {"object": "error", "message": "x", "code": 50001}),
        chat("no choices", failure("ProviderError"), {"id": "x", "choices": []}),
        chat("an empty object", failure("ProviderError"), {}),
        chat("a page", failure("ResponseFormatError"), "<html></html>"),
        chat("content in parts", _said("hi"), choice(content=parts)),
        chat("no content", _said(""), choice()),
        chat("a call with an object", _said("", [A]), choice(content=None, tool_calls=[{"id": "a", "function": {"name": "f", "arguments": {"x": 1}}}])),
        chat("a call without arguments", _said("", [Call("a", "f", {})]), choice(content=None, tool_calls=[{"id": "a", "function": {"name": "f"}}])),
    ]  # fmt: skip


START = {
    "type": "message_start",
    "message": {"id": "c1", "model": "m", "content": [], "usage": {"input_tokens": 3, "output_tokens": 1}},
}
BLOCK = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
DELTA = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hi"}}
STOP = {"type": "content_block_stop", "index": 0}
TOOL_USE = {"type": "tool_use", "id": "a", "name": "f", "input": {}}
USE = {"type": "content_block_start", "index": 0, "content_block": TOOL_USE}
FULL_USE = {**USE, "content_block": {**TOOL_USE, "input": {"x": 1}}}
UNKNOWN = {**USE, "content_block": {"type": "news", "id": "n", "value": {"deep": [1]}}}
LATE_END = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}}
LAST = {"type": "message_stop"}


def _end(reason: str) -> dict[str, Any]:
    usage = {"input_tokens": 3, "output_tokens": 2}
    return {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage}


def anthropic_streams() -> list[Trap]:
    """Streams of the Messages API."""
    found: dict[str, Any] = {"usage": Usage(3, 2, 5), "response_id": "c1", "model": "m"}
    answer = _said("hi", finish="end_turn", meaning="stop", **found)
    called = _said("", [Call("a", "f", {})], "tool_use", "tool_calls", **found)
    twice = _said("hihi", finish="end_turn", meaning="stop", **found)
    full = _said("", [A], "tool_use", "tool_calls", **found)
    opaque = _said("", finish="end_turn", meaning="stop", opaque=[UNKNOWN["content_block"]], **found)
    overloaded = {"type": "error", "error": OVERLOADED}
    failed = {"type": "error", "error": {"type": "api_error", "message": "x"}}

    def trap(name: str, expected: Expected, *events: Any) -> Trap:
        return Trap(name, "anthropic", "anthropic_messages", sse(*events, named=True), expected)

    return [
        trap(
            "usage is the latest figure, not a sum", answer, START, BLOCK, DELTA, STOP, _end("end_turn"), LAST
        ),
        trap("message_start twice", answer, START, START, BLOCK, DELTA, STOP, _end("end_turn"), LAST),
        trap(
            "message_start in the middle",
            twice,
            START,
            BLOCK,
            DELTA,
            START,
            DELTA,
            STOP,
            _end("end_turn"),
            LAST,
        ),
        trap("arguments that are whole at the start", full, START, FULL_USE, STOP, _end("tool_use"), LAST),
        trap("no figures but the output's at the end", answer, START, BLOCK, DELTA, STOP, LATE_END, LAST),
        trap("a block of a kind that nobody knows", opaque, START, UNKNOWN, STOP, _end("end_turn"), LAST),
        trap(
            "events behind the end",
            answer,
            START,
            BLOCK,
            DELTA,
            STOP,
            _end("end_turn"),
            LAST,
            START,
            BLOCK,
            DELTA,
        ),
        trap("a tool without arguments sends none", called, START, USE, STOP, _end("tool_use"), LAST),
        trap("overloaded before anything", failure("OverloadedError"), overloaded),
        trap("overloaded in the middle", failure("OverloadedError"), START, BLOCK, DELTA, overloaded),
        trap("an api error in the middle", failure("ServerError"), START, BLOCK, failed),
        trap(
            "no message_stop", failure("IncompleteStreamError"), START, BLOCK, DELTA, STOP, _end("end_turn")
        ),
    ]


def responses_streams() -> list[Trap]:
    """Streams of the Responses API."""
    created = {
        "type": "response.created",
        "response": {"id": "c1", "model": "m", "status": "in_progress", "output": []},
    }
    quota = {"code": "insufficient_quota", "message": "You exceeded your current quota", "param": None}

    def failed(code: str) -> dict[str, Any]:
        response = {
            "id": "c1",
            "model": "m",
            "status": "failed",
            "error": {"code": code, "message": "x"},
            "output": [],
        }
        return {"type": "response.failed", "response": response}

    def trap(name: str, expected: Expected, *events: Any) -> Trap:
        return Trap(name, "openai", "openai_responses", sse(*events, named=True), expected)

    return [
        trap(
            "a quota error, nested",
            failure("QuotaExhaustedError"),
            created,
            {"type": "error", "error": {**quota, "type": "insufficient_quota"}},
        ),
        trap("a quota error, flat", failure("QuotaExhaustedError"), created, {"type": "error", **quota}),
        trap(
            "credit that is used up",
            failure("QuotaExhaustedError"),
            created,
            {"type": "error", **quota, "code": "credit_balance_exhausted"},
        ),
        trap("a failure of the server", failure("ServerError"), created, failed("server_error")),
        trap("a rate limit", failure("RateLimitError"), created, failed("rate_limit_exceeded")),
        trap("cut", failure("IncompleteStreamError"), created),
    ]


def ollama_streams() -> list[Trap]:
    """Streams and bodies of Ollama."""
    call = {"function": {"name": "f", "arguments": {"x": 1}}}

    def line(**more: Any) -> dict[str, Any]:
        return {
            "model": "m",
            "created_at": "2026-11-01T10:00:00Z",
            "message": {"role": "assistant", "content": more.pop("content", ""), **more},
            "done": False,
        }

    def end(**more: Any) -> dict[str, Any]:
        return {**line(), "done": True, "done_reason": "stop", "eval_count": 2, **more}

    def trap(name: str, expected: Expected, *lines: Any) -> Trap:
        expected.model = "m"
        return Trap(
            name, "ollama", "ollama", "".join(json.dumps(one) + "\n" for one in lines).encode(), expected
        )

    used = Usage(0, 2, 2)
    return [
        trap("a prompt that was cached has no count", _said("hi", usage=used), line(content="hi"), end()),
        trap("calls say stop", _said("", [Call(None, "f", {"x": 1})], "stop", "tool_calls", usage=used), line(tool_calls=[call]), end()),
        trap("arguments as text", _said("", [Call(None, "f", {"x": 1})], "stop", "tool_calls", usage=used), line(tool_calls=[{"function": {"name": "f", "arguments": '{"x":1}'}}]), end()),
        trap("two calls without ids", _said("", [Call(None, "f", {"x": 1}), Call(None, "f", {"x": 1})], "stop", "tool_calls", usage=used), line(tool_calls=[call, call]), end()),
        trap("a model that was only loaded", _said("", finish="load", meaning="load", usage=Usage(0, 0, 0)), {**end(done_reason="load"), "eval_count": 0}),
        trap("an error line in the middle", failure("ProviderError"), line(content="h"), {"error": "an error was encountered while running the model"}),
        trap("cut", failure("IncompleteStreamError"), line(content="hi")),
    ]  # fmt: skip


TRAPS = [*chat_streams(), *bodies(), *anthropic_streams(), *responses_streams(), *ollama_streams()]
