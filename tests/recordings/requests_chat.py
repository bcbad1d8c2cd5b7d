"""Recorded chat-completions requests: into our words, and to a form that compares by meaning."""

from __future__ import annotations

from typing import Any

from recordings.requests_common import (
    Decoded,
    InexpressibleError,
    cache_mark,
    choice_of,
    image_of_url,
    joined,
    json_value,
    text_or_opaque,
    tools_of_functions,
    without_nulls,
)
from swebench_runner.providers.core.capabilities import ModelFacts
from swebench_runner.providers.core.messages import (
    Message,
    MessageRole,
    OpaquePart,
    TextPart,
    ThinkingPart,
    ToolCall,
)
from swebench_runner.providers.core.request import (
    JsonObjectFormat,
    JsonSchemaFormat,
    Thinking,
    UnifiedRequest,
)

DIALECT = "openai_chat"
EFFORTS = {"none", "minimal", "low", "medium", "high", "xhigh", "max"}
PLAIN = {"temperature", "top_p", "seed", "user", "parallel_tool_calls"}
MESSAGE_FIELDS = {
    "role", "content", "name", "tool_calls", "tool_call_id", "reasoning", "reasoning_content", "reasoning_details",
}  # fmt: skip


def decode(body: dict[str, Any]) -> Decoded:
    """The request.

    Raises:
        InexpressibleError: A message says something that we have no word for.
    """
    body = without_nulls(body)
    fields: dict[str, Any] = {"temperature": None}
    extra: dict[str, Any] = {}
    facts: dict[str, Any] = {"thinking": "effort"}
    if not body.get("messages"):
        raise InexpressibleError("no messages at all: a request that the provider refuses")
    for key, value in body.items():
        if key in PLAIN:
            fields[key] = value
        elif key in {"max_tokens", "max_completion_tokens"}:
            fields["max_tokens"], facts["max_tokens_field"] = value, key
        elif key not in {"messages", "model", "stream", "stream_options"} and not _take(key, value, fields):
            extra[key] = value
    if "tools" not in fields and "tool_choice" in fields:  # a choice goes with its tools
        extra["tool_choice"] = body["tool_choice"]
    fields["messages"] = [_message(m) for m in body["messages"]]
    request = UnifiedRequest(model=body["model"], extra=extra, **fields)
    return Decoded(request, ModelFacts(**facts), body.get("stream") is True, tuple(sorted(extra)))


def _take(key: str, value: Any, fields: dict[str, Any]) -> bool:
    """Put a field where we have a place for it; False where we have none."""
    taken: Any = None
    if key == "stop":
        taken, key = [value] if isinstance(value, str) else value, "stop_sequences"
    elif key == "tool_choice":
        taken = choice_of(value, {"auto": "auto", "none": "none", "required": "required"})
    elif key == "tools":
        taken = _tools(value)
    elif key == "response_format":
        taken = _format(value)
    elif key == "reasoning_effort" and value in EFFORTS:
        taken, key = Thinking(effort=value), "thinking"
    if taken is not None:
        fields[key] = taken
    return taken is not None


def _tools(tools: list[dict[str, Any]]) -> Any:
    if any(set(tool) - {"type", "function", "cache_control"} or "function" not in tool for tool in tools):
        return None
    known = frozenset({"name", "description", "parameters", "strict"})
    return tools_of_functions([{**t["function"], **_mark(t)} for t in tools], "parameters", known)


def _mark(tool: dict[str, Any]) -> dict[str, Any]:
    return {"cache_control": tool["cache_control"]} if "cache_control" in tool else {}


def _format(value: dict[str, Any]) -> Any:
    if value == {"type": "json_object"}:
        return JsonObjectFormat()
    schema = value.get("json_schema") or {}
    if value.get("type") == "json_schema" and set(schema) <= {"name", "schema", "strict"}:
        return JsonSchemaFormat(schema["schema"], schema.get("name", "answer"), schema.get("strict"))
    return None


def _message(message: dict[str, Any]) -> Message:
    if message.get("prefix") is False:
        message = {key: value for key, value in message.items() if key != "prefix"}
    if unknown := set(message) - MESSAGE_FIELDS:
        raise InexpressibleError(f"a message with the field {min(unknown)!r}")
    role = "system" if message["role"] == "developer" else message["role"]
    content = message.get("content")
    parts: list[Any] = _thoughts(message)
    if isinstance(content, str):
        parts += [TextPart(content)] if content else []
    else:
        parts += [_part(one) for one in content or []]
    if role == "tool" and any(not isinstance(part, TextPart) for part in parts):
        raise InexpressibleError(
            "an image in a tool result: OpenAI refuses it, ours puts it into the next message"
        )
    calls = [
        ToolCall(
            c["id"],
            c["function"]["name"],
            json_value(c["function"]["arguments"]),
            raw_arguments=c["function"]["arguments"],
        )
        for c in message.get("tool_calls") or []
    ]
    plain = (
        parts[0].text if len(parts) == 1 and parts[0] == TextPart(getattr(parts[0], "text", "")) else parts
    )
    return Message(MessageRole(role), plain or "", calls, message.get("tool_call_id"), message.get("name"))


def _thoughts(message: dict[str, Any]) -> list[Any]:
    if details := message.get("reasoning_details"):
        return [
            ThinkingPart(
                d.get("text") or d.get("summary") or "",
                d.get("signature"),
                d.get("data"),
                dialect=DIALECT,
                raw=d,
            )
            for d in details
        ]
    text = message.get("reasoning_content") or message.get("reasoning")
    return [ThinkingPart(text, dialect=DIALECT)] if text else []


def _part(part: dict[str, Any]) -> Any:
    kind = part.get("type")
    if kind == "text" and part.get("text") is not None:
        return text_or_opaque(part, DIALECT)
    if (
        kind == "image_url"
        and isinstance(part["image_url"], dict)
        and set(part["image_url"]) <= {"url", "detail"}
    ):
        image = part["image_url"]
        return image_of_url(image["url"], detail=image.get("detail"), cache=cache_mark(part))
    if kind == "thinking":
        raise InexpressibleError("thinking between the parts of a content list (Mistral)")
    return OpaquePart(DIALECT, part)


def canonical(body: dict[str, Any]) -> dict[str, Any]:
    """The body in a form in which equal meaning is equality."""
    out = {key: value for key, value in without_nulls(body).items() if key != "stream_options"}
    if out.get("stream") is False:
        del out["stream"]
    if isinstance(out.get("stop"), str):
        out["stop"] = [out["stop"]]
    if out.get("tools") == []:
        del out["tools"]
    if "tools" in out:
        out["tools"] = [_canonical_tool(tool) for tool in out["tools"]]
    out["messages"] = [_canonical_message(message) for message in out["messages"]]
    return out


def _canonical_tool(tool: dict[str, Any]) -> dict[str, Any]:
    if "function" not in tool:
        return tool
    function = {
        key: value for key, value in tool["function"].items() if value not in ("", {}) or key == "name"
    }
    return {**tool, "type": "function", "function": function}


def _canonical_message(message: dict[str, Any]) -> dict[str, Any]:
    content = message.get("content") or []
    parts = [{"text": content}] if isinstance(content, str) else [_canonical_part(part) for part in content]
    out: dict[str, Any] = {
        "role": {"developer": "system"}.get(message["role"], message["role"]),
        "content": joined(parts),
    }
    thought = message.get("reasoning_content") or message.get("reasoning")
    details = message.get("reasoning_details")
    if thought and not details:
        out["reasoning"] = thought
    if details:
        out["reasoning_details"] = details
    for key in ("tool_call_id", *(("name",) if message["role"] != "tool" else ())):
        if message.get(key):
            out[key] = message[key]
    if message.get("tool_calls"):
        out["tool_calls"] = [
            {
                "id": c["id"],
                "name": c["function"]["name"],
                "arguments": json_value(c["function"]["arguments"]),
            }
            for c in message["tool_calls"]
        ]
    return out


def _canonical_part(part: dict[str, Any]) -> dict[str, Any]:
    return {"text": part["text"]} if set(part) == {"type", "text"} and part["type"] == "text" else part
