"""A request in the words of chat completions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from swebench_runner.providers.core.messages import (
    CacheMark,
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
    from collections.abc import Mapping, Sequence

    from swebench_runner.providers.core.json import JSON
    from swebench_runner.providers.core.messages import ContentPart, Message
    from swebench_runner.providers.core.request import ToolSpec, UnifiedRequest
    from swebench_runner.providers.transforms.openai_chat import OpenAIChat
    from swebench_runner.providers.transforms.openai_shared import Left

Wire = dict[str, "JSON"]
DIALECT: Final = "openai_chat"
_ID_CHARS: Final = 40
_IMAGES_FOLLOW: Final = "The images of this result are in the next message."


def encode_body(request: UnifiedRequest, left: Left, chat: OpenAIChat) -> Wire:
    """The whole body; `left` collects what could not be said."""
    target = left.target
    caches = bool(chat.cache_models) and target.model.startswith(chat.cache_models)
    messages = _messages(request, left, chat, caches=caches)
    body: Wire = {"model": target.model, "messages": messages, "stream": target.stream}
    if target.stream and chat.stream_usage:
        body["stream_options"] = {"include_usage": True}
    if request.max_tokens is not None and left.accepts(request, "max_tokens"):
        body[chat.max_tokens_field or target.facts.max_tokens_field] = request.max_tokens
    for name in ("temperature", "top_p", "seed", "user"):
        value = getattr(request, name)
        if value is not None and left.accepts(request, name):
            body[name] = value
    if request.stop_sequences and left.accepts(request, "stop_sequences"):
        body["stop"] = list(request.stop_sequences)
    if request.tools and left.accepts(request, "tools"):
        _add_tools(body, request, left, caches=caches)
    elif request.tool_choice == "required" or isinstance(request.tool_choice, NamedTool):
        left.out("tool_choice", "there are no tools")
    if request.response_format is not None and left.accepts(request, "response_format"):
        body["response_format"] = _response_format(request)
    if request.thinking is not None:
        _add_reasoning(body, request, left, chat)
    body.update(request.extra)
    return body


def _add_tools(body: Wire, request: UnifiedRequest, left: Left, *, caches: bool) -> None:
    body["tools"] = [_tool(tool, caches=caches) for tool in request.tools]
    if left.accepts(request, "tool_choice"):
        choice = request.tool_choice
        if isinstance(choice, NamedTool):
            body["tool_choice"] = {"type": "function", "function": {"name": choice.name}}
        else:
            body["tool_choice"] = choice
    if left.accepts(request, "parallel_tool_calls"):
        body["parallel_tool_calls"] = request.parallel_tool_calls


def _tool(tool: ToolSpec, *, caches: bool) -> Wire:
    function: Wire = {"name": tool.name}
    if tool.description:
        function["description"] = tool.description
    function["parameters"] = tool_schema(tool.parameters)
    if tool.strict is not None:
        function["strict"] = tool.strict
    wire: Wire = {"type": "function", "function": function}
    if caches and tool.cache is not None:
        wire["cache_control"] = _mark_of(tool.cache)
    return wire


def _response_format(request: UnifiedRequest) -> Wire:
    wanted = request.response_format
    if not isinstance(wanted, JsonSchemaFormat):
        return {"type": "json_object"}
    schema: Wire = {"name": wanted.name, "schema": wanted.schema}
    if wanted.strict is not None:
        schema["strict"] = wanted.strict
    return {"type": "json_schema", "json_schema": schema}


def _add_reasoning(body: Wire, request: UnifiedRequest, left: Left, chat: OpenAIChat) -> None:
    thinking = request.thinking
    if thinking is None:
        return
    if chat.reasoning == "none":
        left.out("thinking", f"{left.target.provider} does not take it")
        return
    if chat.reasoning == "object" and thinking.budget_tokens is not None and not thinking.effort:
        if left.accepts(request, "thinking"):
            body["reasoning"] = {"max_tokens": thinking.budget_tokens}
        return
    effort = effort_of(thinking, left)
    if thinking.summary is not None and chat.reasoning != "object":
        left.out("thinking.summary", "chat completions give no summaries")
    if effort is None:
        return
    if chat.reasoning == "template":
        body["chat_template_kwargs"] = {"enable_thinking": effort != "none"}
    elif chat.reasoning == "effort":
        body["reasoning_effort"] = effort
    else:
        levels: Wire = {"effort": effort} if thinking.effort or effort == "none" else {"enabled": True}
        if thinking.summary is not None:
            levels["summary"] = thinking.summary
        body["reasoning"] = levels


def _question(request: UnifiedRequest, chat: OpenAIChat) -> list[JSON]:
    """A single question, with its instructions before it."""
    asked: list[JSON] = [{"role": "user", "content": request.prompt}]
    if request.system_message:
        asked.insert(0, {"role": chat.system_role, "content": request.system_message})
    return asked


def _messages(request: UnifiedRequest, left: Left, chat: OpenAIChat, *, caches: bool) -> list[JSON]:
    if request.prompt is not None and request.cache is None and "system" not in left.target.facts.refuses:
        return _question(request, chat)
    conversation = request.to_messages()
    if "prefill" in left.target.facts.refuses and conversation[-1].role is MessageRole.ASSISTANT:
        conversation.pop()
        left.out("the last message, a beginning of the answer,")
    out: list[Wire] = []
    images: list[Wire] = []
    for message in conversation:
        if images and message.role is not MessageRole.TOOL:
            out.append({"role": "user", "content": [*images]})
            images = []
        if message.role is MessageRole.ASSISTANT:
            out.append(_assistant(message, chat, caches=caches))
        elif message.role is MessageRole.TOOL:
            out.append(_tool_result(message, images))
            if caches and message.cache is not None:
                _mark(out[-1], message.cache)
        else:
            out.append(_said(message, left, chat, caches=caches))
    if images:
        out.append({"role": "user", "content": [*images]})
    if caches and request.cache is not None and out:
        _mark(out[-1], request.cache)
    return [*out]


def _said(message: Message, left: Left, chat: OpenAIChat, *, caches: bool) -> Wire:
    """A message of the user or the system."""
    role = "user"
    if message.role is MessageRole.SYSTEM:
        role = chat.system_role
        if "system" in left.target.facts.refuses:
            role = "user"
            left.say(f"{left.target.model} refuses system messages: it was sent as the user's")
    wire: Wire = {"role": role, "content": _content(message.parts(), caches=caches)}
    if message.name:
        wire["name"] = message.name
    if caches and message.cache is not None:
        _mark(wire, message.cache)
    return wire


def _assistant(message: Message, chat: OpenAIChat, *, caches: bool) -> Wire:
    parts = message.parts()
    calls = [part for part in parts if isinstance(part, ToolCall)]
    said = [part for part in parts if isinstance(part, TextPart)]
    marked = caches and any(part.cache for part in said)
    text = _content(said, caches=True) if marked else "".join([part.text for part in said])
    wire: Wire = {"role": "assistant", "content": text or (None if calls else "")}
    refusal = "".join([part.text for part in parts if isinstance(part, RefusalPart)])
    if refusal:
        wire["refusal"] = refusal
        wire["content"] = text or None
    if calls:
        wire["tool_calls"] = [_call(call, chat) for call in calls]
    if message.name:
        wire["name"] = message.name
    _add_replay(wire, parts, chat)
    if caches and message.cache is not None and text:
        _mark(wire, message.cache)
    return wire


def _add_replay(wire: Wire, parts: Sequence[ContentPart], chat: OpenAIChat) -> None:
    thoughts = [part for part in parts if isinstance(part, ThinkingPart) and part.dialect == DIALECT]
    if chat.replay == "details" and (details := [part.raw for part in thoughts if part.raw is not None]):
        wire["reasoning_details"] = details
    elif chat.replay == "content" and (text := "".join([part.text for part in thoughts])):
        wire["reasoning_content"] = text


def _call(call: ToolCall, chat: OpenAIChat) -> Wire:
    extra = mapping_of((call.extra or {}).get(DIALECT))
    wire: Wire = {"id": short_id(call.id, _ID_CHARS)}
    if extra.get("type") == "custom":
        wire |= {"type": "custom", "custom": {"name": call.name, "input": call.input.get("input", "")}}
    else:
        function: Wire = {"name": call.name, "arguments": arguments_text(call)}
        wire |= {"type": "function", "function": function}
    if chat.replay_extra:
        wire |= {name: value for name, value in extra.items() if name != "type"}
    return wire


def _tool_result(message: Message, images: list[Wire]) -> Wire:
    """A tool's answer, which is text only on this wire; its images go into a user message behind it."""
    parts = message.parts()
    text = message.text
    pictures = [p for p in parts if isinstance(p, ImagePart | OpaquePart) and not _foreign(p)]
    if pictures:
        text = f"{text}\n{_IMAGES_FOLLOW}" if text else _IMAGES_FOLLOW
        images.append({"type": "text", "text": f"Images from {message.name or 'the tool'}:"})
        images.extend(_part(picture, caches=False) for picture in pictures)
    if message.is_error and not text.lower().startswith("error"):
        text = f"Error: {text}"
    return {"role": "tool", "tool_call_id": short_id(message.tool_call_id or "", _ID_CHARS), "content": text}


def _content(parts: Sequence[ContentPart], *, caches: bool) -> JSON:
    """Plain text where that is all there is, else a list of parts."""
    shown = [part for part in parts if isinstance(part, TextPart | ImagePart | OpaquePart)]
    if all(isinstance(part, TextPart) and not (caches and part.cache) for part in shown):
        texts = [part.text for part in shown if isinstance(part, TextPart)]
        if len(texts) <= 1:
            return "".join(texts)
    wires = [_part(part, caches=caches) for part in shown if not _foreign(part)]
    return [*wires]


def _foreign(part: ContentPart) -> bool:
    return isinstance(part, OpaquePart) and part.dialect != DIALECT


def _part(part: TextPart | ImagePart | OpaquePart, *, caches: bool) -> Wire:
    if isinstance(part, OpaquePart):
        return dict(part.value)
    if isinstance(part, TextPart):
        wire: Wire = {"type": "text", "text": part.text}
    else:
        address: Wire = {"url": image_url(part)}
        if part.detail is not None:
            address["detail"] = part.detail
        wire = {"type": "image_url", "image_url": address}
    if caches and part.cache is not None:
        wire["cache_control"] = _mark_of(part.cache)
    return wire


def _mark(message: Wire, mark: CacheMark) -> None:
    """Set a cache mark on the last part of a message."""
    content = message.get("content")
    if isinstance(content, str):
        message["content"] = [{"type": "text", "text": content, "cache_control": _mark_of(mark)}]
    elif isinstance(content, list) and content and isinstance(content[-1], dict):
        content[-1].setdefault("cache_control", _mark_of(mark))


def _mark_of(mark: CacheMark) -> Mapping[str, JSON]:
    return {"type": "ephemeral"} if mark.ttl == "5m" else {"type": "ephemeral", "ttl": mark.ttl}
