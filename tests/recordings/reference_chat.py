"""What an answer in the chat-completions dialect says, read without the code under test."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from recordings.expected import Call, Expected, Usage, arguments_of, failure, number
from recordings.reference_frames import events_of, said_done

MEANING = {
    "stop": "stop", "eos": "stop", "": "stop", "length": "length", "tool_calls": "tool_calls",
    "function_call": "tool_calls", "content_filter": "content_filter", "error": "error",
}  # fmt: skip


def whole(body: dict[str, Any]) -> Expected:
    """The answer of a whole body."""
    if body.get("error"):
        return failure("ProviderError")
    choice = body["choices"][0]
    message = choice.get("message") or {}
    calls = [_call(call) for call in message.get("tool_calls") or []]
    legacy = message.get("function_call") or {}
    if legacy.get("name"):
        calls.append(Call(None, legacy["name"], arguments_of(legacy.get("arguments"))))
    text, thought = _content(message.get("content"))
    details = message.get("reasoning_details") or []
    thought += message.get("reasoning_content") or message.get("reasoning") or ""
    said = Expected(text=text, calls=calls, reasoning=thought, refusal=message.get("refusal") or None)
    return _answer(body, said, details, choice.get("finish_reason"))


def streamed(data: bytes) -> Expected:
    """The answer of a stream; only the first of several choices counts."""
    events = events_of(data)
    if any(event.get("error") for event in events):
        return failure("ProviderError")
    deltas = []
    finish = None
    for event in events:
        for choice in event.get("choices") or []:
            if choice.get("index", 0) == 0:
                deltas.append(choice.get("delta") or {})
                finish = choice.get("finish_reason") or finish
    if finish is None and not said_done(data):
        return failure("IncompleteStreamError")
    return _from_deltas(_envelope(events), deltas, finish)


def _envelope(events: list[dict[str, Any]]) -> dict[str, Any]:
    envelope: dict[str, Any] = {}
    for event in events:
        usage = event.get("usage") or (event.get("x_groq") or {}).get("usage")
        envelope["usage"] = usage or envelope.get("usage")
        envelope["id"] = envelope.get("id") or event.get("id")
        envelope["model"] = envelope.get("model") or event.get("model")
    return envelope


def _from_deltas(envelope: dict[str, Any], deltas: list[dict[str, Any]], finish: str | None) -> Expected:
    text = thought = refusal = ""
    details: list[dict[str, Any]] = []
    fragments: list[dict[str, Any]] = []
    legacy = {"name": "", "arguments": ""}
    for delta in deltas:
        seen, wondered = _content(delta.get("content"))
        text += seen
        thought += wondered + (delta.get("reasoning_content") or delta.get("reasoning") or "")
        refusal += delta.get("refusal") or ""
        details += delta.get("reasoning_details") or []
        fragments += delta.get("tool_calls") or []
        for key in legacy:
            legacy[key] += (delta.get("function_call") or {}).get(key) or ""
    calls = _assembled(fragments)
    if legacy["name"]:
        calls.append(Call(None, legacy["name"], arguments_of(legacy["arguments"])))
    said = Expected(text=text, calls=calls, reasoning=thought, refusal=refusal or None)
    return _answer(envelope, said, details, finish)


def _assembled(fragments: list[dict[str, Any]]) -> list[Call]:
    """A call begins with a new index, or with another non-empty id on an index that is known."""
    calls: list[dict[str, Any]] = []
    for fragment in fragments:
        function = fragment.get("function") or {}
        index, call_id = fragment.get("index"), fragment.get("id")
        known = [c for c in calls if c["index"] == index]
        if not known or (call_id and known[-1]["id"] and call_id != known[-1]["id"]):
            calls.append({"index": index, "id": call_id or None, "name": "", "arguments": ""})
            known = calls[-1:]
        call = known[-1]
        call["id"] = call["id"] or call_id or None
        call["name"] = call["name"] or function.get("name") or ""
        call["arguments"] += function.get("arguments") or ""
    return [Call(c["id"], c["name"], arguments_of(c["arguments"])) for c in calls]


def _call(call: dict[str, Any]) -> Call:
    function = call.get("function") or {}
    return Call(call.get("id") or None, function["name"], arguments_of(function.get("arguments")))


def _content(content: object) -> tuple[str, str]:
    """Text and thinking; some servers answer in parts (Mistral's reasoning models)."""
    if not isinstance(content, list):
        return (content if isinstance(content, str) else ""), ""
    text = thought = ""
    for part in content:
        if part.get("type") == "thinking":
            inner = part.get("thinking") or []
            thought += inner if isinstance(inner, str) else "".join(one.get("text", "") for one in inner)
        else:
            text += part.get("text") or ""
    return text, thought


def _answer(
    body: dict[str, Any], said: Expected, details: list[dict[str, Any]], finish: str | None
) -> Expected:
    """What was said, with what the envelope adds to it."""
    meaning = MEANING.get(finish or "", "unknown")
    if meaning == "stop" and said.calls:
        meaning = "tool_calls"
    elif meaning == "stop" and said.refusal:
        meaning = "refusal"
    return replace(
        said,
        reasoning=said.reasoning or "".join(d.get("text") or d.get("summary") or "" for d in details),
        proofs=[proof for d in details if (proof := d.get("signature") or d.get("data"))],
        finish=(finish,) if finish else ("", "stop"),
        meaning=(meaning,),
        usage=usage(body.get("usage")),
        response_id=body.get("id") or None,
        model=body.get("model"),
    )


def usage(block: dict[str, Any] | None) -> Usage | None:
    """Figures of a usage block.

    xAI counts reasoning beside the completion where OpenAI counts it inside: the total tells them apart.
    """
    if not block:
        return None
    read = block.get("prompt_tokens_details") or {}
    written = block.get("completion_tokens_details") or {}
    prompt, completion = number(block.get("prompt_tokens")), number(block.get("completion_tokens"))
    total, reasoning = number(block.get("total_tokens")), number(written.get("reasoning_tokens"))
    if reasoning and total == prompt + completion + reasoning:
        completion += reasoning
    cached = [
        read.get("cached_tokens"),
        *map(block.get, ("prompt_cache_hit_tokens", "cached_tokens", "num_cached_tokens")),
    ]
    cost = block.get("cost")
    if isinstance(cost, dict):  # Perplexity
        cost = cost.get("total_cost")
    return Usage(
        prompt,
        completion,
        total or prompt + completion,
        cache_read=next((number(value) for value in cached if value is not None), 0),
        cache_write=number(read.get("cache_write_tokens")),
        reasoning=reasoning,
        cost_usd=None if cost is None else str(cost),
    )
