"""An answer as the vendors' SDK types hold it, and as ours do, in the same plain values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from swebench_runner.providers.core.messages import ThinkingPart

if TYPE_CHECKING:
    from swebench_runner.providers.core.response import UnifiedResponse

Plain = dict[str, Any]


def of_ours(answer: UnifiedResponse) -> Plain:
    """Our answer."""
    thoughts = [part for part in answer.parts if isinstance(part, ThinkingPart)]
    usage = answer.usage
    counted = (usage.prompt_tokens, usage.completion_tokens, usage.cache_read_tokens, usage.reasoning_tokens)
    return {
        "text": answer.content,
        "calls": [(call.id, call.name, dict(call.input)) for call in answer.tool_calls],
        "reasoning": answer.reasoning,
        "proofs": [proof for part in thoughts if (proof := _proof(part))],
        "refusal": answer.refusal or "",
        "finish": answer.finish_reason,
        "usage": counted if usage.source == "provider" else None,
    }


def differing(mine: Plain, theirs: Plain) -> list[str]:
    """What differs; ids of calls count only where the wire had any."""
    theirs = dict(theirs)
    if len(mine["calls"]) == len(theirs["calls"]):
        pairs = zip(mine["calls"], theirs["calls"], strict=True)
        theirs["calls"] = [(other[0] or own[0], *other[1:]) for own, other in pairs]
    return [
        f"{key}: ours {mine[key]!r}, the SDK's {theirs[key]!r}" for key in theirs if mine[key] != theirs[key]
    ]


def _proof(part: ThinkingPart) -> str | None:
    raw = part.raw or {}
    found = (
        part.signature
        or part.redacted
        or raw.get("encrypted_content")
        or raw.get("signature")
        or raw.get("data")
    )
    return None if found is None else str(found)


def of_openai_chat(answer: Any) -> Plain:
    """A `ChatCompletion`, or the chunks of one, put together by the SDK itself."""
    if isinstance(answer, list):
        from openai.lib.streaming.chat import ChatCompletionStreamState

        state = ChatCompletionStreamState()
        for chunk in answer:
            state.handle_chunk(chunk)
        answer = state.current_completion_snapshot
    choice = answer.choices[0]
    message, usage = choice.message, answer.usage
    calls = [
        (c.id, c.function.name, json.loads(c.function.arguments or "{}")) for c in message.tool_calls or []
    ]
    if message.function_call:
        calls.append((None, message.function_call.name, json.loads(message.function_call.arguments or "{}")))
    read = getattr(usage, "prompt_tokens_details", None)
    written = getattr(usage, "completion_tokens_details", None)
    return {
        "text": message.content or "",
        "calls": calls,
        "reasoning": "",
        "proofs": [],
        "refusal": message.refusal or "",
        "finish": choice.finish_reason,
        "usage": usage
        and (
            usage.prompt_tokens,
            usage.completion_tokens,
            _count(read, "cached_tokens"),
            _count(written, "reasoning_tokens"),
        ),
    }


def of_openai_responses(answer: Any) -> Plain:
    """A `Response`, or the events of one."""
    items = []
    if isinstance(answer, list):  # the terminal event repeats the items, encrypted anew
        items = [event.item for event in answer if event.type == "response.output_item.done"]
        answer = answer[-1].response
    items = items or answer.output
    thoughts = [item for item in items if item.type == "reasoning"]
    spoken = [part for item in items if item.type == "message" for part in item.content]
    calls = [(i.call_id, i.name, json.loads(i.arguments or "{}")) for i in items if i.type == "function_call"]
    calls += [(i.call_id, i.name, {"input": i.input}) for i in items if i.type == "custom_tool_call"]
    reason = answer.incomplete_details.reason if answer.incomplete_details else None
    usage = answer.usage
    return {
        "text": "".join(part.text for part in spoken if part.type == "output_text"),
        "calls": calls,
        "reasoning": "".join("\n\n".join(p.text for p in item.content or item.summary) for item in thoughts),
        "proofs": [item.encrypted_content for item in thoughts if item.encrypted_content],
        "refusal": "".join(part.refusal for part in spoken if part.type == "refusal"),
        "finish": reason or answer.status,
        "usage": usage
        and (
            usage.input_tokens,
            usage.output_tokens,
            _count(usage.input_tokens_details, "cached_tokens"),
            _count(usage.output_tokens_details, "reasoning_tokens"),
        ),
    }


def of_anthropic(answer: Any) -> Plain:
    """A `Message`, or the events of one, put together by the SDK itself."""
    if isinstance(answer, list):
        from anthropic.lib.streaming._messages import accumulate_event

        snapshot: Any = None
        pieces: dict[int, bytes] = {}
        for event in answer:
            snapshot = accumulate_event(event=event, current_snapshot=snapshot, json_bufs=pieces)
        answer = snapshot
    blocks, usage = answer.content, answer.usage
    cached = usage.cache_read_input_tokens or 0
    prompt = usage.input_tokens + cached + (usage.cache_creation_input_tokens or 0)
    return {
        "text": "".join(b.text for b in blocks if b.type == "text"),
        "calls": [(b.id, b.name, b.input) for b in blocks if b.type == "tool_use"],
        "reasoning": "".join(b.thinking for b in blocks if b.type == "thinking"),
        "proofs": [b.signature if b.type == "thinking" else b.data for b in blocks if "thinking" in b.type],
        "refusal": "",
        "finish": answer.stop_reason,
        "usage": (
            prompt,
            usage.output_tokens,
            cached,
            _count(getattr(usage, "output_tokens_details", None), "thinking_tokens"),
        ),
    }


def of_ollama(answer: Any) -> Plain:
    """A `ChatResponse` or `GenerateResponse`, or the lines of one."""
    parts = answer if isinstance(answer, list) else [answer]
    spoken = [part.message if hasattr(part, "message") else part for part in parts]
    calls = [call for one in spoken for call in getattr(one, "tool_calls", None) or []]
    last = parts[-1]
    return {
        "text": "".join((one.content if hasattr(one, "content") else one.response) or "" for one in spoken),
        "calls": [("", call.function.name, dict(call.function.arguments)) for call in calls],
        "reasoning": "".join(one.thinking or "" for one in spoken),
        "proofs": [],
        "refusal": "",
        "finish": last.done_reason,
        "usage": (last.prompt_eval_count or 0, last.eval_count or 0, 0, 0),
    }


def _count(details: Any, name: str) -> int:
    return getattr(details, name, None) or 0


READERS = {
    "openai_chat": of_openai_chat,
    "openai_responses": of_openai_responses,
    "anthropic_messages": of_anthropic,
    "ollama": of_ollama,
}
