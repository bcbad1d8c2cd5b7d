"""What an answer in Ollama's own dialect says, read without the code under test."""

from __future__ import annotations

from typing import Any

from recordings.expected import Call, Expected, Usage, arguments_of, failure, number
from recordings.reference_frames import json_lines

MEANING = {"stop": "stop", "length": "length", "load": "load", "unload": "load"}


def streamed(data: bytes) -> Expected:
    """The answer of a stream of JSON lines, up to the line that says it is done."""
    merged: dict[str, Any] = {"text": "", "thinking": "", "tool_calls": []}
    for line in json_lines(data):
        if "error" in line:
            return failure("ProviderError")
        spoken = _spoken(line)
        for key in merged:
            merged[key] += spoken[key]
        if line.get("done"):
            return _answer(line, merged)
    return failure("IncompleteStreamError")


def whole(body: dict[str, Any]) -> Expected:
    """The answer of a whole body."""
    if "error" in body:
        return failure("ProviderError")
    return _answer(body, _spoken(body))


def _spoken(line: dict[str, Any]) -> dict[str, Any]:
    """`/api/chat` answers with a message, `/api/generate` with the text itself."""
    message = line.get("message") or {}
    return {
        "text": message.get("content") or line.get("response") or "",
        "thinking": message.get("thinking") or line.get("thinking") or "",
        "tool_calls": message.get("tool_calls") or [],
    }


def _answer(last: dict[str, Any], spoken: dict[str, Any]) -> Expected:
    functions = [(call.get("id"), call["function"]) for call in spoken["tool_calls"]]
    calls = [Call(call_id, f["name"], arguments_of(f.get("arguments"))) for call_id, f in functions]
    reason = last.get("done_reason")
    meaning = MEANING.get(reason or "stop", "unknown")
    prompt, output = number(last.get("prompt_eval_count")), number(last.get("eval_count"))
    return Expected(
        text=spoken["text"],
        calls=calls,
        reasoning=spoken["thinking"],
        finish=(reason,) if reason else (),
        meaning=("tool_calls" if meaning == "stop" and calls else meaning,),
        usage=Usage(prompt, output, prompt + output),
        model=last.get("model"),
    )
