"""Small questions to a model, from whose answers one sees what the server can do."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swebench_runner.providers.probing.pages import Door, Page
    from swebench_runner.providers.probing.profile import CapabilityProfile

TRIAL_S: Final = 60.0
"""Ceiling of one trial in seconds: a server may have to load the model first."""
_FIELDS: Final = ("reasoning_content", "reasoning")
_BEGUN: Final = "Number by number, as you wish: 1, 2, 3,"
_WEATHER: Final = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "enum": ["Oslo", "Bergen"]}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}
_YES: Final = {
    "type": "object",
    "properties": {"ok": {"type": "boolean"}},
    "required": ["ok"],
    "additionalProperties": False,
}


async def try_out(door: Door, profile: CapabilityProfile) -> CapabilityProfile:
    """The profile with what the model's answers show; unchanged where nobody is to be asked."""
    if profile.model is None or (profile.kind == "ollama" and not profile.base_url.endswith("/v1")):
        return profile
    if profile.needs_key and not profile.key_accepted:
        return profile
    profile = await _try_stream(door, profile)
    if not profile.tried:
        return profile
    found = await asyncio.gather(
        _try_tools(door, profile), _try_schema(door, profile), _try_prefill(door, profile)
    )
    return replace(profile, **{name: value for part in found for name, value in part.items()})


async def _ask(door: Door, profile: CapabilityProfile, words: str, **more: Any) -> Page:  # noqa: ANN401 - parts of a JSON body
    body = {
        "model": profile.model,
        "messages": [{"role": "user", "content": words}],
        "temperature": 0,
        **more,
    }
    url = f"{profile.base_url}/chat/completions"
    return await door.post(url, body, with_key=bool(profile.needs_key), timeout_s=TRIAL_S)


async def _try_stream(door: Door, profile: CapabilityProfile) -> CapabilityProfile:
    page, asked = await _stream(door, profile)
    if page.refused and not profile.needs_key:
        # Some servers show their list to everybody and guard only what costs.
        profile = replace(profile, needs_key=True)
        if door.key:
            page, asked = await _stream(door, profile)
    notes = profile.notes
    if page.refused:
        note = "it refuses this key" if door.key else "it answers no model without a key"
        return replace(profile, key_accepted=False if door.key else None, notes=(*notes, note))
    events, done = _events(page.body)
    error = next((event["error"] for event in events if event.get("error")), None)
    if not page.ok or error is not None or not (events or done):
        words = error.get("message") if isinstance(error, dict) else error
        why = page.failure or (page.ok and str(words or "")[:200]) or page.complaint()
        return replace(profile, notes=(*notes, f"{profile.model} gave no answer: {why}"))
    choices = [choice for event in events for choice in _dicts(event.get("choices"))]
    seen = _reasoning([choice.get("delta") for choice in choices])
    finished = any(choice.get("finish_reason") for choice in choices)
    return replace(
        profile,
        tried=True,
        needs_key=bool(profile.needs_key),
        key_accepted=True if profile.needs_key else None,
        streamed_usage=asked and any(event.get("usage") for event in events),
        reasoning_field=seen or profile.reasoning_field,
        terminator="strict" if finished else "done_only" if done else "none",
    )


async def _stream(door: Door, profile: CapabilityProfile) -> tuple[Page, bool]:
    """A short stream, and whether it could be asked to count its tokens."""
    words = "Say only: yes"
    options = {"max_tokens": 32, "stream": True}
    page = await _ask(door, profile, words, **options, stream_options={"include_usage": True})
    if page.status not in {400, 422}:
        return page, True
    return await _ask(door, profile, words, **options), False


async def _try_tools(door: Door, profile: CapabilityProfile) -> Mapping[str, Any]:
    """Whether a call comes when one is demanded, and whether two come when two are wanted."""
    words = "What is the weather in Oslo, and what is it in Bergen? Call the tool for both."
    page = await _ask(
        door,
        profile,
        words,
        tools=[_WEATHER],
        tool_choice="required",
        parallel_tool_calls=True,
        max_tokens=256,
    )
    if not page.ok:
        return {"tools": False, "parallel_tools": False} if page.status in {400, 404, 422, 501} else {}
    calls = [
        call
        for message in _messages(page)
        for call in _dicts(message.get("tool_calls"))
        if isinstance(call.get("function"), dict)
    ]
    if not calls:
        # A weak model may fail where the server's own word is that its template can do it.
        return {"tools": False, "parallel_tools": False} if profile.tools is None else {}
    return {"tools": True, "parallel_tools": True if len(calls) > 1 else None}


async def _try_schema(door: Door, profile: CapabilityProfile) -> Mapping[str, Any]:
    """Whether an answer keeps to a schema that the question does not mention."""
    wanted = {"type": "json_schema", "json_schema": {"name": "yes", "strict": True, "schema": _YES}}
    page = await _ask(door, profile, "Are you there?", response_format=wanted, max_tokens=256)
    if not page.ok:
        return {"json_schema": False} if page.status in {400, 404, 422, 501} else {}
    for message in _messages(page):
        try:
            value = json.loads(str(message.get("content") or ""))
        except ValueError:
            continue
        if isinstance(value, dict) and list(value) == ["ok"] and isinstance(value["ok"], bool):
            return {"json_schema": True}
    return {"json_schema": False}


async def _try_prefill(door: Door, profile: CapabilityProfile) -> Mapping[str, Any]:
    """Whether an answer that was begun is carried on; None where the answer does not tell."""
    said = [
        {"role": "user", "content": "Count from 1 to 9. Write only the numbers, with commas between them."},
        {"role": "assistant", "content": _BEGUN},
    ]
    page = await _ask(door, profile, "", messages=said, max_tokens=24)
    if not page.ok:
        return {"prefill": False} if page.status in {400, 422} else {}
    text = "".join(str(message.get("content") or "") for message in _messages(page)).strip()
    # llama.cpp repeats the beginning before it carries on.
    if text.startswith(("4", _BEGUN)):
        return {"prefill": True}
    return {"prefill": False} if text.startswith("1") else {}


def _messages(page: Page) -> list[Mapping[str, Any]]:
    return [
        choice["message"] for choice in page.entries("choices") if isinstance(choice.get("message"), dict)
    ]


def _reasoning(deltas: list[object]) -> str | None:
    """The field in which reasoning came."""
    shown = [delta for delta in deltas if isinstance(delta, dict)]
    return next((name for name in _FIELDS if any(delta.get(name) for delta in shown)), None)


def _events(body: bytes) -> tuple[list[dict[str, Any]], bool]:
    """The objects of a stream of events, and whether it said `[DONE]`; a plain document is one event."""
    events: list[dict[str, Any]] = []
    done = False
    for line in body.decode("utf-8", "replace").splitlines():
        text = line.removeprefix("data:").strip()
        if text == "[DONE]":
            done = True
        elif text.startswith("{"):
            try:
                event = json.loads(text)
            except ValueError:
                continue
            events.append(event)
    return events, done


def _dicts(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
