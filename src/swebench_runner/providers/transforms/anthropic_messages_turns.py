"""Messages, tools and system text as Anthropic's content blocks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from swebench_runner.providers.core.errors import InvalidRequestError
from swebench_runner.providers.core.messages import (
    ImagePart,
    MessageRole,
    OpaquePart,
    TextPart,
    ThinkingPart,
    ToolCall,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from swebench_runner.providers.core.messages import CacheMark, ContentPart, Message
    from swebench_runner.providers.core.request import ToolSpec
    from swebench_runner.providers.transforms.openai_shared import Left

Block = dict[str, Any]
DIALECT: Final = "anthropic_messages"
_BAD_ID = re.compile(r"[^a-zA-Z0-9_-]")
_DATA_URL = re.compile(r"data:([\w.+/-]+);base64,(.*)", re.DOTALL)
_THINKING: Final = ("thinking", "redacted_thinking")


def cache_control(mark: CacheMark) -> Block:
    """The mark, with its lifetime said even where it is the default."""
    return {"type": "ephemeral", "ttl": mark.ttl}


def system_of(messages: Sequence[Message], left: Left) -> str | list[Block] | None:
    """All instructions, in order: text, or blocks where marks or several parts have to be kept."""
    system = [message for message in messages if message.role is MessageRole.SYSTEM]
    if not system:
        return None
    first_other = next((i for i, m in enumerate(messages) if m.role is not MessageRole.SYSTEM), len(messages))
    if any(message.role is MessageRole.SYSTEM for message in messages[first_other:]):
        left.say("system messages from the middle of the conversation were moved to its beginning")
    blocks: list[Block] = []
    for message in system:
        blocks.extend(_marked(_blocks(message.parts()), message.cache))
    if not blocks:
        return None
    if any(set(block) != {"type", "text"} for block in blocks) or len(blocks) > len(system):
        return blocks
    return "\n\n".join(str(block["text"]) for block in blocks)


def turns_of(messages: Iterable[Message], left: Left) -> list[Block]:
    """User and assistant turns, alternating: neighbours of one role become one turn.

    Raises:
        InvalidRequestError: A tool message does not say which call it answers.
    """
    turns: list[Block] = []
    for message in messages:
        if message.role is MessageRole.SYSTEM:
            continue
        if message.role is MessageRole.TOOL:
            role, blocks = "user", [_tool_result(message, left)]
        else:
            role = message.role.value
            blocks = _marked(_blocks(message.parts()), message.cache)
        if not blocks:
            continue
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"].extend(blocks)
        else:
            turns.append({"role": role, "content": blocks})
    for turn in turns:
        content = turn["content"]
        if len(content) == 1 and set(content[0]) == {"type", "text"}:
            turn["content"] = content[0]["text"]
    return turns


def is_prefill(turn: Block) -> bool:
    """Whether the last turn is the beginning of an answer, rather than a paused one that is to go on."""
    if turn["role"] != "assistant":
        return False
    content = turn["content"]
    blocks = [{"type": "text"}] if isinstance(content, str) else content
    return all(block["type"] in {"text", *_THINKING} for block in blocks)


def strip_prefill(turn: Block) -> None:
    """Take blanks from the end of a prefilled answer: the API refuses them."""
    if isinstance(turn["content"], str):
        turn["content"] = turn["content"].rstrip()
    elif turn["content"][-1]["type"] == "text":
        turn["content"][-1]["text"] = turn["content"][-1]["text"].rstrip()


def lacks_thinking(turns: Sequence[Block]) -> bool:
    """Whether tool results answer calls that stand without the thinking that led to them.

    With a thinking budget the API then answers "expected thinking, but found tool_use"; it happens when the
    calls were made by another provider or with thinking off.
    """
    if len(turns) < 2 or turns[-1]["role"] != "user" or isinstance(turns[-2]["content"], str):
        return False
    blocks = turns[-2]["content"]
    return any(b["type"] == "tool_use" for b in blocks) and blocks[0]["type"] not in _THINKING


def tool_of(tool: ToolSpec) -> Block:
    """A tool; its schema goes through unchanged."""
    wire: Block = {"name": tool.name}
    if tool.description:
        wire["description"] = tool.description
    wire["input_schema"] = tool.parameters or {"type": "object", "properties": {}}
    if tool.strict is not None:
        wire["strict"] = tool.strict
    if tool.cache is not None:
        wire["cache_control"] = cache_control(tool.cache)
    return wire


def _tool_result(message: Message, left: Left) -> Block:
    if not message.tool_call_id:
        raise InvalidRequestError(
            "a tool message does not say which call it answers",
            left.target.provider,
            model=left.target.model,
            hint="set tool_call_id, or use ToolResult(...).to_message()",
        )
    block: Block = {"type": "tool_result", "tool_use_id": _wire_id(message.tool_call_id)}
    if message.content is None or isinstance(message.content, str):
        block["content"] = message.content or ""
    else:
        block["content"] = _blocks(message.content)
    if message.is_error:
        block["is_error"] = True
    if message.cache is not None:
        block["cache_control"] = cache_control(message.cache)
    return block


def _marked(blocks: list[Block], mark: CacheMark | None) -> list[Block]:
    """The blocks with the mark on the last one that can carry it; thinking cannot."""
    if mark is not None:
        for block in reversed(blocks):
            if block["type"] not in _THINKING:
                block["cache_control"] = cache_control(mark)
                break
    return blocks


def _blocks(parts: Sequence[ContentPart]) -> list[Block]:
    blocks = []
    for part in parts:
        block = _block(part)
        if block is not None:
            cache = getattr(part, "cache", None)
            if cache is not None:
                block["cache_control"] = cache_control(cache)
            blocks.append(block)
    return blocks


def _block(part: ContentPart) -> Block | None:
    """A part as a block; None for what this dialect has no place for."""
    if isinstance(part, TextPart):
        # The API refuses a text block that is empty.
        return {"type": "text", "text": part.text} if part.text else None
    if isinstance(part, ToolCall):
        return _tool_use(part)
    if isinstance(part, ThinkingPart):
        return _thinking(part)
    if isinstance(part, ImagePart):
        return {"type": "image", "source": _image_source(part)}
    if isinstance(part, OpaquePart):
        return dict(part.value) if part.dialect == DIALECT else None
    return {"type": "text", "text": part.text} if part.text else None


def _tool_use(call: ToolCall) -> Block:
    block: Block = {"type": "tool_use", "id": _wire_id(call.id), "name": call.name, "input": call.input}
    if call.extra and "caller" in call.extra:
        block["caller"] = call.extra["caller"]
    return block


def _thinking(part: ThinkingPart) -> Block | None:
    """Thinking byte for byte; without its signature, or from elsewhere, the API would refuse it."""
    if part.dialect not in {DIALECT, None}:
        return None
    if part.redacted is not None:
        return {"type": "redacted_thinking", "data": part.redacted}
    if not part.signature:
        return None
    return {"type": "thinking", "thinking": part.text, "signature": part.signature}


def _image_source(part: ImagePart) -> Block:
    if part.url is None:
        return {"type": "base64", "media_type": part.media_type, "data": part.data}
    found = _DATA_URL.fullmatch(part.url) if part.url.startswith("data:") else None
    if found is not None:
        return {"type": "base64", "media_type": found.group(1), "data": found.group(2)}
    return {"type": "url", "url": part.url}


def _wire_id(call_id: str) -> str:
    """An id in the letters that the API takes; other providers' ids hold more."""
    return _BAD_ID.sub("_", call_id)
