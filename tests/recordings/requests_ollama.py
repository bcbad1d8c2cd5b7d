"""Recorded requests in Ollama's own dialect: into our words, and to a form that compares by meaning."""

from __future__ import annotations

from typing import Any

from recordings.requests_common import Decoded, json_value, tools_of_functions, without_nulls
from swebench_runner.providers.core.capabilities import ModelFacts
from swebench_runner.providers.core.messages import (
    ImagePart,
    Message,
    MessageRole,
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

DIALECT = "ollama"
OPTIONS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "seed": "seed",
    "num_predict": "max_tokens",
    "stop": "stop_sequences",
}


def decode(body: dict[str, Any]) -> Decoded:
    """The request."""
    body = without_nulls(body)
    fields: dict[str, Any] = {"temperature": None}
    options = dict(body.get("options") or {})
    for wire, ours in OPTIONS.items():
        if wire in options:
            fields[ours] = options.pop(wire)
    extra = {"options": options} if options else {}
    for key, value in body.items():
        if key == "think":
            fields["thinking"] = (
                Thinking(enabled=value) if isinstance(value, bool) else Thinking(effort=value)
            )
        elif key == "format" and value:
            fields["response_format"] = JsonObjectFormat() if value == "json" else JsonSchemaFormat(value)
        elif key == "tools":
            functions = [tool["function"] for tool in value]
            fields["tools"] = tools_of_functions(
                functions, "parameters", frozenset({"name", "description", "parameters"})
            )
        elif key not in {"model", "stream", "prompt", "system", "messages", "options", "format"}:
            extra[key] = value
    if "messages" in body:
        fields["messages"] = [_message(message) for message in body["messages"]]
    else:
        fields.update(prompt=body.get("prompt", ""), system_message=body.get("system"))
    request = UnifiedRequest(model=body["model"], extra=extra, **fields)
    return Decoded(request, ModelFacts(), body.get("stream", True) is True, tuple(sorted(extra)))


def _message(message: dict[str, Any]) -> Message:
    parts: list[Any] = []
    if message.get("thinking"):
        parts.append(ThinkingPart(message["thinking"], dialect=DIALECT))
    if message.get("content"):
        parts.append(TextPart(message["content"]))
    parts += [ImagePart(None, data) for data in message.get("images") or []]
    calls = [
        ToolCall(call.get("id") or f"call_{number}", call["function"]["name"], call["function"]["arguments"])
        for number, call in enumerate(message.get("tool_calls") or [])
    ]
    return Message(
        MessageRole(message["role"]), parts, calls, message.get("tool_call_id"), message.get("tool_name")
    )


def canonical(body: dict[str, Any]) -> dict[str, Any]:
    """The body in a form in which equal meaning is equality."""
    out = {key: value for key, value in without_nulls(body).items() if value not in ("", [], {})}
    out["stream"] = body.get("stream", True)
    options = {key: value for key, value in (out.get("options") or {}).items() if key != "num_ctx"}
    if isinstance(options.get("stop"), str):
        options["stop"] = [options["stop"]]
    out["options"] = options
    for message in out.get("messages", []):
        for call in message.get("tool_calls") or []:
            call["function"]["arguments"] = json_value(call["function"]["arguments"])
    return out
