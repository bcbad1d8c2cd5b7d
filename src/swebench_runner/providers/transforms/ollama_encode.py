"""A request in the words of Ollama's own API, with a context window that it fits into."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from swebench_runner.providers.core.errors import InvalidRequestError
from swebench_runner.providers.core.messages import (
    ImagePart,
    MessageRole,
    RefusalPart,
    TextPart,
    ThinkingPart,
)
from swebench_runner.providers.core.request import JsonSchemaFormat, NamedTool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from swebench_runner.providers.core.messages import Message, ToolCall
    from swebench_runner.providers.core.request import ToolSpec, UnifiedRequest
    from swebench_runner.providers.transforms.openai_shared import Left

DIALECT: Final = "ollama"
DEFAULT_NUM_CTX: Final = 4_096
UNSAID_ANSWER_TOKENS: Final = 2_048
"""Room that is left for an answer when the request names no ceiling."""
BYTES_PER_TOKEN: Final = 3
MOST_BYTES_PER_TOKEN: Final = 8
"""No text that people send has more: the measure of a prompt that has surely been cut."""
PER_MESSAGE: Final = 8
PER_TEMPLATE: Final = 64
PER_IMAGE: Final = 1_024
_LEVELS: Final = {"minimal": "low", "xhigh": "max"}
_DATA_URL = re.compile(r"data:[\w.+/-]+;base64,(.*)", re.DOTALL)


def encode_body(request: UnifiedRequest, left: Left) -> tuple[str, dict[str, Any]]:
    """The path and the body: a bare prompt is generated from, messages and tools are a chat.

    Raises:
        InvalidRequestError: An image is given by its address; Ollama takes its content only.
    """
    body: dict[str, Any] = {"model": left.target.model}
    if request.prompt is not None and not request.tools:
        path = "/api/generate"
        body["prompt"] = request.prompt
        if request.system_message:
            body["system"] = request.system_message
    else:
        path = "/api/chat"
        body["messages"] = _messages(request.to_messages(), left)
        _put_tools(request, body, left)
    body["stream"] = left.target.stream
    _put_format(request, body)
    _put_think(request, body, left)
    options = _options(request, left)
    body["options"] = options
    # Without these the server drops the oldest messages, or shifts the window along, and says nothing.
    body["truncate"] = False
    body["shift"] = False
    for name, value in request.extra.items():
        ours = body.get(name)
        body[name] = {**ours, **value} if isinstance(ours, dict) and isinstance(value, dict) else value
    if "num_ctx" not in body["options"]:
        body["options"] = {**body["options"], "num_ctx": _num_ctx(body, left)}
    return path, body


def _messages(messages: Sequence[Message], left: Left) -> list[dict[str, Any]]:
    tools = {call.id: call.name for message in messages for call in message.calls()}
    return [_message(message, tools, left) for message in messages]


def _message(message: Message, tools: dict[str, str], left: Left) -> dict[str, Any]:
    parts = message.parts()
    said = "".join(part.text for part in parts if isinstance(part, TextPart | RefusalPart))
    wire: dict[str, Any] = {"role": message.role.value, "content": said}
    thinking = "".join(
        part.text for part in parts if isinstance(part, ThinkingPart) and part.dialect in {DIALECT, None}
    )
    if thinking:
        wire["thinking"] = thinking
    images = [_image(part, left) for part in parts if isinstance(part, ImagePart)]
    if images:
        wire["images"] = images
    if calls := message.calls():
        wire["tool_calls"] = [_call(call) for call in calls]
    if message.role is MessageRole.TOOL:
        # The dialect has no mark for a failure, so the words have to carry it.
        if message.is_error and not said.lower().startswith("error"):
            wire["content"] = f"Error: {said}"
        name = message.name or tools.get(message.tool_call_id or "")
        if name:
            wire["tool_name"] = name
        if message.tool_call_id:
            wire["tool_call_id"] = message.tool_call_id
    return wire


def _call(call: ToolCall) -> dict[str, Any]:
    """A call with its arguments as an object: text is answered with a 400."""
    function = {"name": call.name, "arguments": call.input}
    return {"id": call.id, "function": function} if call.id else {"function": function}


def _image(part: ImagePart, left: Left) -> str:
    if part.url is None:
        return part.data or ""
    found = _DATA_URL.fullmatch(part.url)
    if found is None:
        raise InvalidRequestError(
            f"Ollama takes the content of an image, not its address {part.url[:100]}",
            left.target.provider,
            model=left.target.model,
            hint="download the image and give its content as base64: ImagePart(data=…)",
        )
    return found.group(1)


def _put_tools(request: UnifiedRequest, body: dict[str, Any], left: Left) -> None:
    choice = request.tool_choice
    tools = list(request.tools)
    if choice == "required" or isinstance(choice, NamedTool):
        left.say("the demand for a tool call was sent as a wish: Ollama cannot force one")
    if isinstance(choice, NamedTool):
        tools = [tool for tool in tools if tool.name == choice.name]
    if request.parallel_tool_calls is False:
        left.out("parallel_tool_calls", "Ollama has no such switch")
    if tools and choice != "none":
        body["tools"] = [_tool(tool) for tool in tools]


def _tool(tool: ToolSpec) -> dict[str, Any]:
    function: dict[str, Any] = {"name": tool.name}
    if tool.description:
        function["description"] = tool.description
    function["parameters"] = tool.parameters or {"type": "object", "properties": {}}
    return {"type": "function", "function": function}


def _put_format(request: UnifiedRequest, body: dict[str, Any]) -> None:
    wanted = request.response_format
    if isinstance(wanted, JsonSchemaFormat):
        body["format"] = wanted.schema
    elif wanted is not None:
        body["format"] = "json"


def _put_think(request: UnifiedRequest, body: dict[str, Any], left: Left) -> None:
    wanted, style = request.thinking, left.target.facts.thinking
    if wanted is None:
        return
    if style == "none":
        if wanted.enabled or wanted.budget_tokens or wanted.effort not in {None, "none"}:
            left.out("thinking", f"{left.target.model} does not think")
        return
    if wanted.enabled is False or wanted.effort == "none":
        body["think"] = False
    elif wanted.effort is not None and style != "toggle":
        body["think"] = _LEVELS.get(wanted.effort, wanted.effort)
    elif wanted.enabled or wanted.effort or wanted.budget_tokens:
        body["think"] = True
    if wanted.budget_tokens is not None:
        left.out("the thinking budget", "Ollama knows levels only")


def _options(request: UnifiedRequest, left: Left) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for field, name in (("temperature", "temperature"), ("top_p", "top_p"), ("seed", "seed")):
        if left.accepts(request, field):
            options[name] = getattr(request, field)
    if request.max_tokens is not None:
        options["num_predict"] = request.max_tokens
    if request.stop_sequences:
        options["stop"] = list(request.stop_sequences)
    return options


def _num_ctx(body: dict[str, Any], left: Left) -> int:
    """A window for prompt and answer together: 4,096, doubled until they fit or the model has no more.

    Doubled rather than fitted, because Ollama loads the model anew whenever the window changes.
    """
    window = left.target.facts.context_window
    prompt = prompt_tokens(body)
    predict = body["options"].get("num_predict")
    answer = predict if isinstance(predict, int) and predict > 0 else UNSAID_ANSWER_TOKENS
    size = DEFAULT_NUM_CTX
    while size < prompt + answer:
        size *= 2
    if window is None or size <= window:
        return size
    if prompt + answer > window:
        left.say(
            f"a prompt of about {prompt} tokens and an answer of {answer} may not fit into the {window} of"
            f" {left.target.model}; the server is asked to refuse it rather than to cut it"
        )
    return window


def least_prompt_tokens(request: UnifiedRequest) -> int:
    """Tokens that the texts of a request have at the very least."""
    texts = [message.text for message in request.to_messages()]
    return sum(len(text.encode("utf-8", "replace")) for text in texts) // MOST_BYTES_PER_TOKEN


def prompt_tokens(body: dict[str, Any]) -> int:
    """Tokens of the prompt in a body, rather too many than too few.

    Three bytes make a token: English and code have more to a token, other scripts about as many.
    """
    messages = body.get("messages", ())
    images = sum(len(message.get("images", ())) for message in messages)
    text = [body.get("prompt", ""), body.get("system", "")]
    text.extend(message["content"] + message.get("thinking", "") for message in messages)
    rest = [message["tool_calls"] for message in messages if "tool_calls" in message]
    rest.extend(body[name] for name in ("tools", "format") if name in body)
    if rest:
        text.append(json.dumps(rest, ensure_ascii=False, default=str))
    size = sum(len(piece) if piece.isascii() else len(piece.encode("utf-8", "replace")) for piece in text)
    return size // BYTES_PER_TOKEN + PER_TEMPLATE + PER_MESSAGE * len(messages) + PER_IMAGE * images
