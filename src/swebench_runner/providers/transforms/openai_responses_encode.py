"""A request in the words of the Responses API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from swebench_runner.providers.core.messages import (
    ImagePart,
    MessageRole,
    OpaquePart,
    RefusalPart,
    TextPart,
    ThinkingPart,
    ToolCall,
)
from swebench_runner.providers.core.request import JsonSchemaFormat, NamedTool
from swebench_runner.providers.transforms.json_body import mapping_of
from swebench_runner.providers.transforms.openai_shared import (
    arguments_text,
    effort_of,
    image_url,
    short_id,
    tool_schema,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from swebench_runner.providers.core.json import JSON
    from swebench_runner.providers.core.messages import ContentPart, Message
    from swebench_runner.providers.core.request import UnifiedRequest
    from swebench_runner.providers.transforms.openai_responses import OpenAIResponses
    from swebench_runner.providers.transforms.openai_shared import Left

Wire = dict[str, "JSON"]
DIALECT: Final = "openai_responses"
ENCRYPTED: Final = "reasoning.encrypted_content"
_ID_CHARS: Final = 64


def encode_body(request: UnifiedRequest, left: Left, responses: OpenAIResponses) -> Wire:
    """The whole body; `left` collects what could not be said."""
    target = left.target
    instructions, items = _conversation(request.to_messages(), left)
    body: Wire = {"model": target.model, "input": items, "stream": target.stream}
    if instructions:
        body["instructions"] = instructions
    if responses.store is not None:
        body["store"] = responses.store
    if left.accepts(request, "max_tokens"):
        body["max_output_tokens"] = request.max_tokens
    for name in ("temperature", "top_p", "user"):
        if left.accepts(request, name):
            body[name] = getattr(request, name)
    for name in ("stop_sequences", "seed"):
        if getattr(request, name) not in (None, (), []):
            left.out(name, "the Responses API has no such thing")
    _add_tools(body, request, left)
    if left.accepts(request, "response_format"):
        body["text"] = {"format": _format(request)}
    _add_reasoning(body, request, left, items)
    body.update(request.extra)
    return body


def _add_tools(body: Wire, request: UnifiedRequest, left: Left) -> None:
    if not left.accepts(request, "tools"):
        if request.tool_choice == "required" or isinstance(request.tool_choice, NamedTool):
            left.out("tool_choice", "there are no tools")
        return
    tools: list[JSON] = []
    for tool in request.tools:
        wire: Wire = {"type": "function", "name": tool.name, "parameters": tool_schema(tool.parameters)}
        if tool.description:
            wire["description"] = tool.description
        wire["strict"] = bool(tool.strict)  # left out, it would mean true here
        tools.append(wire)
    body["tools"] = tools
    if left.accepts(request, "tool_choice"):
        choice = request.tool_choice
        if isinstance(choice, NamedTool):
            body["tool_choice"] = {"type": "function", "name": choice.name}
        else:
            body["tool_choice"] = choice
    if left.accepts(request, "parallel_tool_calls"):
        body["parallel_tool_calls"] = request.parallel_tool_calls


def _format(request: UnifiedRequest) -> Wire:
    wanted = request.response_format
    if not isinstance(wanted, JsonSchemaFormat):
        return {"type": "json_object"}
    wire: Wire = {"type": "json_schema", "name": wanted.name, "schema": wanted.schema}
    if wanted.strict is not None:
        wire["strict"] = wanted.strict
    return wire


def _add_reasoning(body: Wire, request: UnifiedRequest, left: Left, items: list[JSON]) -> None:
    """Ask for reasoning, and for its encrypted form where it may come; other models refuse that wish."""
    facts = left.target.facts
    thinking = request.thinking
    reasoning: Wire = {}
    if thinking is not None:
        effort = effort_of(thinking, left)
        if effort is not None:
            reasoning["effort"] = effort
        if thinking.summary is not None and facts.thinking != "none" and "thinking" not in facts.refuses:
            reasoning["summary"] = thinking.summary
    if reasoning:
        body["reasoning"] = reasoning
    reasons = facts.thinking != "none" if facts.thinking else bool(reasoning)
    history = any(isinstance(item, dict) and item.get("type") == "reasoning" for item in items)
    if body.get("store") is False and (reasons or history):
        body["include"] = [ENCRYPTED]


def _conversation(messages: Sequence[Message], left: Left) -> tuple[str, list[JSON]]:
    """Instructions, which are the system messages at the beginning, and the items of the rest."""
    start = 0
    while start < len(messages) and messages[start].role is MessageRole.SYSTEM:
        start += 1
    if start == len(messages):
        start = 0  # instructions alone are no input
    instructions = "\n\n".join([message.text for message in messages[:start]])
    if instructions and "system" in left.target.facts.refuses:
        left.say(f"{left.target.model} refuses system messages: they were sent as the user's")
        instructions, start = "", 0
    items: list[JSON] = []
    custom: set[str] = set()
    for message in messages[start:]:
        if message.role is MessageRole.ASSISTANT:
            items.extend(_assistant(message, custom))
        elif message.role is MessageRole.TOOL:
            items.append(_tool_result(message, custom))
        else:
            plain = message.role is MessageRole.SYSTEM and "system" not in left.target.facts.refuses
            items.append({"role": "system" if plain else "user", "content": _content(message.parts())})
    return instructions, items


def _assistant(message: Message, custom: set[str]) -> list[Wire]:
    """The items of an earlier turn, in their order; reasoning goes back as it came."""
    items: list[Wire] = []
    phase: JSON = None
    for part in message.parts():
        if isinstance(part, TextPart | RefusalPart):
            if items and items[-1].get("role") == "assistant" and phase is None:
                items[-1]["content"] = f"{items[-1]['content']}{part.text}"
                continue
            # The type may be left out at OpenAI; llama.cpp refuses an assistant's item without it.
            items.append({"type": "message", "role": "assistant", "content": part.text})
            if phase is not None:
                items[-1]["phase"], phase = phase, None
        elif isinstance(part, ToolCall):
            items.append(_call(part, custom))
        elif isinstance(part, ThinkingPart):
            if part.dialect == DIALECT and part.raw is not None:
                items.append(dict(part.raw))
        elif isinstance(part, OpaquePart) and part.dialect == DIALECT:
            if "phase" in part.value and part.value.get("type") == "message":
                phase = part.value["phase"]
            else:
                items.append(dict(part.value))
    return items


def _call(call: ToolCall, custom: set[str]) -> Wire:
    extra = mapping_of((call.extra or {}).get(DIALECT))
    call_id = short_id(call.id, _ID_CHARS)
    if extra.get("type") == "custom":
        custom.add(call_id)
        wire: Wire = {"type": "custom_tool_call", "call_id": call_id, "name": call.name}
        wire["input"] = call.input.get("input", "")
    else:
        wire = {
            "type": "function_call",
            "call_id": call_id,
            "name": call.name,
            "arguments": arguments_text(call),
        }
    wire.update((name, value) for name, value in extra.items() if name != "type")
    return wire


def _tool_result(message: Message, custom: set[str]) -> Wire:
    call_id = short_id(message.tool_call_id or "", _ID_CHARS)
    parts = message.parts()
    if message.is_error and not message.text.lower().startswith("error"):
        parts.insert(0, TextPart("Error: "))
    kind = "custom_tool_call_output" if call_id in custom else "function_call_output"
    output: JSON
    if any(isinstance(part, ImagePart) or _is_own(part) for part in parts):
        output = _content(parts)
    else:
        output = "".join([part.text for part in parts if isinstance(part, TextPart)])
    return {"type": kind, "call_id": call_id, "output": output}


def _content(parts: Sequence[ContentPart]) -> JSON:
    """Plain text where that is all there is, else a list of parts."""
    if len(parts) == 1 and isinstance(parts[0], TextPart):
        return parts[0].text
    wires: list[JSON] = []
    for part in parts:
        if isinstance(part, TextPart):
            wires.append({"type": "input_text", "text": part.text})
        elif isinstance(part, ImagePart):
            wires.append(
                {"type": "input_image", "image_url": image_url(part), "detail": part.detail or "auto"}
            )
        elif isinstance(part, OpaquePart) and _is_own(part):
            wires.append(dict(part.value))
    return wires or ""


def _is_own(part: ContentPart) -> bool:
    return isinstance(part, OpaquePart) and part.dialect == DIALECT
