"""The tokens of a whole request: text, roles, tools, images.

Rules, on top of the text itself:
    4 for each message and 3 for the beginning of the answer, 2 with OpenAI's reasoning models (OpenAI's
    published rule, true of each of 55 recorded calls, and what Claude's counts show); 1 for a name;
    8 for a tool call;
    a tool: its name, description and schema as JSON, and 8; for Claude 350 more when there are any;
    an image: 85 with detail "low", else 1,600, about what one of 1,000 by 1,200 pixels costs;
    thinking that is sent back: its readable text; encrypted thinking: a quarter of its characters.
"""

from __future__ import annotations

import json
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Final

from swebench_runner.providers.core.messages import ImagePart, OpaquePart, ThinkingPart, ToolCall
from swebench_runner.providers.core.protocols import TokenCount
from swebench_runner.providers.core.usage import TokenUsage
from swebench_runner.providers.tokens.estimate import estimate_tokens

if TYPE_CHECKING:
    from swebench_runner.providers.core.messages import ContentPart, Message
    from swebench_runner.providers.core.protocols import TokenCounter
    from swebench_runner.providers.core.request import UnifiedRequest

PER_MESSAGE: Final = 4
PER_REQUEST: Final = 3
PER_REASONING_REQUEST: Final = 2
PER_NAME: Final = 1
PER_CALL: Final = 8
PER_TOOL: Final = 8
CLAUDE_TOOLS: Final = 350
LOW_DETAIL_IMAGE: Final = 85
IMAGE: Final = 1_600
CHARACTERS_OF_SECRETS: Final = 4
_REASONING: Final = ("o1", "o3", "o4", "gpt-5")
_OWN_PROMPT: Final = ("-search", "o1-mini", "o1-preview")
"""OpenAI's models that add words of their own to the prompt."""


def estimate_request_tokens(
    request: UnifiedRequest, counter: TokenCounter | None = None, model: str = ""
) -> TokenCount:
    """Prompt tokens of a request, worked out on this machine without any call.

    Args:
        request: Whatever is to be asked.
        counter: Counts the text; with None, or one that has to ask somebody, the text is estimated.
        model: For whom, when the request names nobody.

    Returns:
        The number, and whether it is exact: the counter knows the model, and there is nothing but text.
    """
    model = request.model or model
    texts: list[str] = []
    messages = request.to_messages()
    fixed = sum(_read_message(message, texts) for message in messages)
    plain = len(texts) == len(messages) and fixed == PER_MESSAGE * len(messages)
    fixed += _read_tools(request, texts, model) + _per_request(model)
    if schema := getattr(request.response_format, "schema", None):
        texts.append(_dumps(schema))
    if counter is None or iscoroutinefunction(counter.count_tokens):
        return TokenCount(fixed + sum(estimate_tokens(text, model) for text in texts), exact=False)
    tokens = fixed + sum(int(str(counter.count_tokens(text, model))) for text in texts)
    knows = getattr(counter, "is_exact", None)
    plain = plain and len(texts) == len(messages) and not any(name in model for name in _OWN_PROMPT)
    return TokenCount(tokens, exact=plain and knows is not None and bool(knows(model)))


def estimated_usage(request: UnifiedRequest, content: str, model: str = "") -> TokenUsage:
    """What a call probably consumed, for an answer whose provider did not count; marked as an estimate.

    Args:
        request: What was asked.
        content: What was answered, as far as it arrived.
        model: Who answered, when the request names nobody.
    """
    model = request.model or model
    prompt_tokens = estimate_request_tokens(request, None, model).tokens
    return TokenUsage(prompt_tokens, estimate_tokens(content, model), source="estimate")


def _per_request(model: str) -> int:
    reasons = model.rpartition("/")[2].startswith(_REASONING) and "-chat" not in model
    return PER_REASONING_REQUEST if reasons else PER_REQUEST


def _read_message(message: Message, texts: list[str]) -> int:
    """Add the message's text to `texts`; what it costs besides."""
    tokens = PER_MESSAGE + (PER_NAME if message.name else 0)
    if isinstance(message.content, str) and not message.tool_calls:
        texts.append(message.content)
        return tokens
    return tokens + sum(_read_part(part, texts) for part in message.parts())


def _read_part(part: ContentPart, texts: list[str]) -> int:
    if isinstance(part, ImagePart):
        return LOW_DETAIL_IMAGE if part.detail == "low" else IMAGE
    if isinstance(part, ToolCall):
        texts.append(part.name + _dumps(part.input))
        return PER_CALL
    if isinstance(part, OpaquePart):
        texts.append(_dumps(part.value))
        return 0
    texts.append(part.text)
    if isinstance(part, ThinkingPart) and part.redacted:
        return len(part.redacted) // CHARACTERS_OF_SECRETS
    return 0


def _read_tools(request: UnifiedRequest, texts: list[str], model: str) -> int:
    if not request.tools:
        return 0
    texts.extend(f"{tool.name} {tool.description} {_dumps(tool.parameters)}" for tool in request.tools)
    return PER_TOOL * len(request.tools) + (CLAUDE_TOOLS if "claude" in model.lower() else 0)


def _dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
