"""Recorded Responses requests: into our words, and to a form that compares by meaning."""

from __future__ import annotations

from typing import Any

from recordings.requests_chat import EFFORTS
from recordings.requests_common import (
    Decoded,
    InexpressibleError,
    choice_of,
    image_of_url,
    joined,
    json_value,
    tools_of_functions,
    without_nulls,
)
from swebench_runner.providers.core.capabilities import ModelFacts
from swebench_runner.providers.core.messages import (
    Message,
    MessageRole,
    OpaquePart,
    RefusalPart,
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

DIALECT = "openai_responses"
PLAIN = {
    "temperature": "temperature", "top_p": "top_p", "max_output_tokens": "max_tokens", "user": "user",
    "parallel_tool_calls": "parallel_tool_calls", "instructions": "system_message",
}  # fmt: skip
TOOL_FIELDS = frozenset({"type", "name", "description", "parameters", "strict"})
SERVER_MARKS = {"id", "status", "phase", "annotations", "logprobs"}


def decode(body: dict[str, Any]) -> Decoded:
    """The request.

    Raises:
        InexpressibleError: It has no input of its own, or an item that we have no word for.
    """
    body = without_nulls(body)
    fields: dict[str, Any] = {"temperature": None}
    extra: dict[str, Any] = {}
    for key, value in body.items():
        if key in PLAIN:
            fields[PLAIN[key]] = value
        elif key not in {"input", "model", "stream"} and not _take(key, value, fields):
            extra[key] = value
    if not body.get("input"):
        raise InexpressibleError("no input of its own, only a stored history or instructions")
    fields.update(_input(body["input"]))
    if "tools" not in fields and "tool_choice" in fields:  # a choice goes with its tools
        extra["tool_choice"] = body["tool_choice"]
    request = UnifiedRequest(model=body["model"], extra=extra, **fields)
    return Decoded(request, ModelFacts(thinking="effort"), body.get("stream") is True, tuple(sorted(extra)))


def _take(key: str, value: Any, fields: dict[str, Any]) -> bool:
    taken: Any = None
    if key == "tools" and all(tool["type"] == "function" for tool in value):
        taken = tools_of_functions(value, "parameters", TOOL_FIELDS)
    elif key == "tool_choice":
        taken = choice_of(value, {"auto": "auto", "none": "none", "required": "required"})
    elif (
        key == "reasoning"
        and not set(value) - {"effort", "summary"}
        and value.get("effort", "low") in EFFORTS
    ):
        taken, key = Thinking(effort=value.get("effort"), summary=value.get("summary")), "thinking"
    elif key == "text":
        taken, key = _format(value), "response_format"
    if taken is not None:
        fields[key] = taken
    return taken is not None


def _format(value: dict[str, Any]) -> Any:
    wanted = value.get("format") or {}
    if set(value) != {"format"}:
        return None
    if wanted == {"type": "json_object"}:
        return JsonObjectFormat()
    if wanted.get("type") == "json_schema" and set(wanted) <= {"type", "name", "schema", "strict"}:
        return JsonSchemaFormat(wanted["schema"], wanted.get("name", "answer"), wanted.get("strict"))
    return None


def _input(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        return {"prompt": value}
    return {"messages": _turns([_item(item) for item in value])}


def _turns(messages: list[Message]) -> list[Message]:
    """Items of one turn of the assistant as one message, as our own history would have them."""
    turns: list[Message] = []
    for message in messages:
        if turns and turns[-1].role == message.role == MessageRole.ASSISTANT:
            turns[-1] = Message(MessageRole.ASSISTANT, [*turns[-1].parts(), *message.parts()])
        else:
            turns.append(message)
    return turns


def _item(item: dict[str, Any]) -> Message:
    kind = item.get("type", "message")
    if kind == "message":
        role = {"developer": "system"}.get(item["role"], item["role"])
        return Message(MessageRole(role), _content(item.get("content") or []))
    if kind == "function_call" and not set(item) - {"type", "id", "call_id", "name", "arguments", "status"}:
        call = ToolCall(
            item["call_id"],
            item["name"],
            json_value(item["arguments"]),
            wire_id=item.get("id"),
            raw_arguments=item["arguments"],
        )
        return Message(MessageRole.ASSISTANT, [call])
    if kind == "function_call_output":
        return Message(MessageRole.TOOL, _content(item["output"]), tool_call_id=item["call_id"])
    if kind == "reasoning":
        text = "".join(part["text"] for part in item.get("content") or item.get("summary") or [])
        return Message(MessageRole.ASSISTANT, [ThinkingPart(text, dialect=DIALECT, raw=item)])
    # An item of the vendor's own stands between the messages, whoever made it.
    return Message(MessageRole.ASSISTANT, [OpaquePart(DIALECT, item)])


def _content(content: Any) -> Any:
    if isinstance(content, str):
        return content
    return [_part(part) for part in content]


def _part(part: dict[str, Any]) -> Any:
    kind = part["type"]
    if kind in {"input_text", "output_text"} and not set(part) - {"type", "text"} - SERVER_MARKS:
        return TextPart(part["text"])
    if kind == "refusal":
        return RefusalPart(part["refusal"])
    if kind == "input_image" and "image_url" in part:
        return image_of_url(part["image_url"], detail=part.get("detail"))
    return OpaquePart(DIALECT, part)


def canonical(body: dict[str, Any]) -> dict[str, Any]:
    """The body in a form in which equal meaning is equality."""
    out = without_nulls(body)
    if out.get("stream") is False:
        del out["stream"]
    items = out.pop("input")
    if isinstance(items, str):
        items = [{"role": "user", "content": items}]
    if "tools" in out:
        out["tools"] = [
            {
                k: v
                for k, v in tool.items()
                if k == "name" or (v not in ("", {}) and (k, v) != ("strict", False))
            }
            for tool in out["tools"]
        ]
    flat = [_canonical_item(item) for item in items]
    system = [{"text": out.pop("instructions", "")}]
    while flat and flat[0].get("role") == "system":
        system += flat.pop(0)["content"]
    out["system"] = joined(system)
    out["input"] = _merged(flat)
    return out


def _merged(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Neighbouring messages of the assistant as one: one turn may be written as several items."""
    out: list[dict[str, Any]] = []
    for item in items:
        if item.get("role") == "assistant" and not item["content"]:
            continue
        if out and item.get("role") == "assistant" == out[-1].get("role"):
            out[-1] = {**item, "content": joined(out[-1]["content"] + item["content"])}
        else:
            out.append(item)
    return out


def _canonical_item(item: dict[str, Any]) -> dict[str, Any]:
    kind = item.get("type", "message")
    if kind == "message":
        role = {"developer": "system"}.get(item["role"], item["role"])
        return {"role": role, "content": _canonical_content(item.get("content") or [])}
    if kind == "function_call":
        marks = {key: value for key, value in item.items() if key not in {"id", "status"}}
        return {**marks, "arguments": json_value(item["arguments"])}
    if kind == "function_call_output":
        return {**item, "output": _canonical_content(item["output"])}
    return item


def _canonical_content(content: Any) -> list[Any]:
    if isinstance(content, str):
        return joined([{"text": content}])
    return joined([_canonical_part(part) for part in content])


def _canonical_part(part: dict[str, Any]) -> dict[str, Any]:
    if part["type"] in {"input_text", "output_text"} and not set(part) - {"type", "text"} - SERVER_MARKS:
        return {"text": part["text"]}
    return {key: value for key, value in part.items() if (key, value) != ("detail", "auto")}
