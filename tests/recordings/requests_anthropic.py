"""Recorded Anthropic requests: into our words, and to a form that compares by meaning."""

from __future__ import annotations

from typing import Any

from recordings.requests_common import (
    Decoded,
    InexpressibleError,
    cache_mark,
    choice_of,
    joined,
    text_or_opaque,
    tools_of_functions,
    without_nulls,
)
from swebench_runner.providers.core.capabilities import ModelFacts
from swebench_runner.providers.core.messages import (
    CacheMark,
    ImagePart,
    Message,
    MessageRole,
    OpaquePart,
    TextPart,
    ThinkingPart,
    ToolCall,
)
from swebench_runner.providers.core.request import JsonSchemaFormat, Thinking, UnifiedRequest

DIALECT = "anthropic_messages"
PLAIN = {
    "temperature": "temperature",
    "top_p": "top_p",
    "max_tokens": "max_tokens",
    "stop_sequences": "stop_sequences",
}
TOOL_FIELDS = frozenset({"type", "name", "description", "input_schema", "strict"})


def decode(body: dict[str, Any]) -> Decoded:
    """The request.

    Raises:
        InexpressibleError: A message says something that we have no word for.
    """
    body = without_nulls(body)
    fields: dict[str, Any] = {"temperature": None}
    extra: dict[str, Any] = {}
    thinking: dict[str, Any] = {}
    for key, value in body.items():
        if key in PLAIN:
            fields[PLAIN[key]] = value
        elif key not in {"messages", "model", "stream", "system"} and not _take(key, value, fields, thinking):
            extra[key] = value
    style = thinking.pop("style", None)
    if thinking:
        fields["thinking"] = Thinking(**thinking)
    fields["messages"] = [
        *_system(body.get("system")),
        *(m for turn in body["messages"] for m in _messages(turn)),
    ]
    if "tools" not in fields and "tool_choice" in fields:  # a choice goes with its tools
        extra["tool_choice"] = body["tool_choice"]
    request = UnifiedRequest(model=body["model"], extra=extra, **fields)
    return Decoded(request, ModelFacts(thinking=style), body.get("stream") is True, tuple(sorted(extra)))


def _take(key: str, value: Any, fields: dict[str, Any], thinking: dict[str, Any]) -> bool:
    """Put a field where we have a place for it; False where we have none."""
    if key == "tools":
        taken = None
        if all(tool.get("type", "custom") == "custom" for tool in value):
            taken = tools_of_functions(value, "input_schema", TOOL_FIELDS)
        if taken is not None:
            fields["tools"] = taken
        return taken is not None
    if key == "tool_choice":
        return _take_choice(value, fields)
    if key == "thinking":
        return _take_thinking(value, thinking)
    if key == "output_config":
        return _take_output(value, fields, thinking)
    if key == "cache_control":
        fields["cache"] = CacheMark(value.get("ttl", "5m"))
        return True
    if key == "metadata" and set(value) == {"user_id"}:
        fields["user"] = value["user_id"]
        return True
    return False


def _take_choice(value: dict[str, Any], fields: dict[str, Any]) -> bool:
    value = dict(value)
    serial = value.pop("disable_parallel_tool_use", None)
    choice = choice_of(value, {"auto": "auto", "none": "none", "any": "required"})
    if choice is None:
        return False
    fields["tool_choice"] = choice
    if serial is not None:
        fields["parallel_tool_calls"] = not serial
    return True


def _take_thinking(value: dict[str, Any], thinking: dict[str, Any]) -> bool:
    kind = value.get("type")
    if set(value) - {"type", "budget_tokens"}:
        return False
    thinking["enabled"] = kind != "disabled"
    if kind == "enabled":
        thinking.update(budget_tokens=value["budget_tokens"], style="budget")
    else:
        thinking.setdefault("style", "adaptive")
    return True


def _take_output(value: dict[str, Any], fields: dict[str, Any], thinking: dict[str, Any]) -> bool:
    wanted = value.get("format")
    if set(value) - {"effort", "format"} or (wanted and set(wanted) != {"type", "schema"}):
        return False
    if "effort" in value:
        thinking["effort"] = value["effort"]
        thinking.setdefault("style", "adaptive")
    if wanted:
        fields["response_format"] = JsonSchemaFormat(wanted["schema"])
    return True


def _system(system: Any) -> list[Message]:
    if not system:
        return []
    blocks = [{"type": "text", "text": system}] if isinstance(system, str) else system
    return [Message(MessageRole.SYSTEM, [text_or_opaque(block, DIALECT) for block in blocks])]


def _messages(turn: dict[str, Any]) -> list[Message]:
    """One turn; tool results are messages of their own with us."""
    if turn["role"] == "system":
        raise InexpressibleError("instructions in the middle of the conversation (a beta feature)")
    content = turn["content"]
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    messages: list[Message] = []
    parts: list[Any] = []
    for block in blocks:
        if block["type"] == "tool_result":
            if parts:
                raise InexpressibleError("a tool result behind other content of the same turn")
            messages.append(_result(block))
        else:
            parts.append(_part(block))
    if parts:
        messages.append(Message(MessageRole(turn["role"]), parts))
    return messages


def _result(block: dict[str, Any]) -> Message:
    content = block.get("content") or ""
    return Message(
        MessageRole.TOOL,
        content if isinstance(content, str) else [_part(one) for one in content],
        tool_call_id=block["tool_use_id"],
        is_error=block.get("is_error", False),
        cache=cache_mark(block),
    )


def _part(block: dict[str, Any]) -> Any:
    kind = block["type"]
    if kind == "text":
        return TextPart(block["text"], cache=cache_mark(block))
    if kind == "thinking":
        return ThinkingPart(block["thinking"], block.get("signature"), dialect=DIALECT)
    if kind == "redacted_thinking":
        return ThinkingPart(redacted=block["data"], dialect=DIALECT)
    if kind == "tool_use":
        caller = {"caller": block["caller"]} if "caller" in block else None
        return ToolCall(block["id"], block["name"], block["input"], extra=caller)
    if kind == "image":
        source = block["source"]
        if source["type"] == "url":
            return ImagePart(source["url"], cache=cache_mark(block))
        if source["type"] == "base64":
            return ImagePart(None, source["data"], source["media_type"], cache=cache_mark(block))
    return OpaquePart(DIALECT, block)


def canonical(body: dict[str, Any]) -> dict[str, Any]:
    """The body in a form in which equal meaning is equality."""
    out = without_nulls(body)
    if out.get("stream") is False:
        del out["stream"]
    if "tools" in out:
        out["tools"] = [
            {k: v for k, v in t.items() if v != "" and (k, v) != ("type", "custom")} for t in out["tools"]
        ]
    if "system" in out:
        out["system"] = _canonical_blocks(out["system"])
    turns: list[dict[str, Any]] = []
    for turn in out["messages"]:
        blocks = _canonical_blocks(turn["content"])
        if turns and turns[-1]["role"] == turn["role"]:
            turns[-1]["content"] = joined(turns[-1]["content"] + blocks)
        else:
            turns.append({"role": turn["role"], "content": blocks})
    out["messages"] = turns
    return out


def _canonical_blocks(content: Any) -> list[Any]:
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    return joined([_canonical_block(block) for block in blocks])


def _canonical_block(block: dict[str, Any]) -> dict[str, Any]:
    block = {k: v for k, v in block.items() if k != "citations" or block["type"] != "text"}
    if block.get("caller") == {"type": "direct"}:
        del block["caller"]
    if block["type"] == "text" and set(block) == {"type", "text"}:
        return {"text": block["text"]}
    if block["type"] == "tool_result":
        block["content"] = _canonical_blocks(block.get("content") or "")
        if block.get("is_error") is False:
            del block["is_error"]
    return block
