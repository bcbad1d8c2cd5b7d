"""Ollama's native API: who may ask, what is asked, what is refused, and what is silently cut."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from swebench_runner.simulator.dialects.ollama_answer import OllamaAsked
from swebench_runner.simulator.dialects.ollama_errors import CONTEXT_MESSAGE, refuse, reject, trouble_page
from swebench_runner.simulator.dialects.ollama_types import (
    ChatRequest,
    CommonRequest,
    GenerateRequest,
    Message,
)
from swebench_runner.simulator.models import OLLAMA_CONTEXT_TOKENS, ModelCard, model_card
from swebench_runner.simulator.prompt import OfferedTool, PromptInfo
from swebench_runner.simulator.reading import Complaint, Request, json_object, read
from swebench_runner.simulator.tokens import BYTES_A_TOKEN, IMAGE_TOKENS, count_tokens
from swebench_runner.simulator.wire import NDJSON_TYPE, Page, Trouble, Visit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swebench_runner.providers.core.json import JSONObject

THINKS = re.compile(r"sim-|scn-|qwen3|qwq|deepseek-(r1|v3\.1)|gpt-oss|magistral")
NO_TOOLS = re.compile(r"gemma[23:]|gemma$|llama2|codellama|starcoder|phi|tinyllama|yi")
ROLES = ("system", "user", "assistant", "tool")
_CHAT = msgspec.json.Decoder(ChatRequest)
_GENERATE = msgspec.json.Decoder(GenerateRequest)


class OllamaDialect:
    """POST /api/chat."""

    name = "ollama"
    stream_type = NDJSON_TYPE
    keepalive = b"\n"

    def key(self, visit: Visit) -> str:
        """The bearer token, which only ollama.com wants."""
        return visit.bearer

    def read(self, visit: Visit) -> OllamaAsked:
        """A request that will be answered.

        Raises:
            ApiError: It will not.
        """
        let_in(visit)
        request = _parse(_CHAT, visit, "ChatRequest")
        model = installed_model(visit, request.model)
        messages = request.messages or ()
        for message in messages:
            if message.role not in ROLES:
                refuse(
                    f'invalid role: {message.role}, must be one of ["system", "user", "assistant", "tool"]'
                )
        if request.tools and NO_TOOLS.match(model.name):
            refuse(f"registry.ollama.ai/library/{model.name} does not support tools")
        tools = tuple(
            OfferedTool(tool.function.name, json_object(tool.function.parameters))
            for tool in request.tools or ()
        )
        other = count_tokens(msgspec.json.encode(request.tools).decode()) if request.tools else 0
        return _asked(visit, request, model, [*messages], tools=tools, other_tokens=other)

    def trouble(self, trouble: Trouble, visit: Visit, prompt: PromptInfo) -> Page:
        """A trouble as this server writes it."""
        del visit
        return trouble_page(trouble, prompt)

    def event(self, data: bytes) -> bytes:
        """A line."""
        return data + b"\n"

    def headers(self, visit: Visit) -> Mapping[str, str]:
        """Nothing of note."""
        del visit
        return {}


class GenerateDialect(OllamaDialect):
    """POST /api/generate."""

    def read(self, visit: Visit) -> OllamaAsked:
        """A request that will be answered.

        Raises:
            ApiError: It will not.
        """
        let_in(visit)
        request = _parse(_GENERATE, visit, "GenerateRequest")
        model = installed_model(visit, request.model)
        messages = [Message(role="system", content=request.system)] if request.system else []
        if request.prompt:
            messages.append(Message(role="user", content=request.prompt, images=request.images))
        return _asked(visit, request, model, messages)


def let_in(visit: Visit) -> None:
    """Check the key, if there is one to check.

    Raises:
        ApiError: 401.
    """
    wanted = visit.state.has_keys or visit.bearer
    if wanted and not visit.state.accepts_key(visit.bearer):
        refuse("unauthorized", 401)


def installed_model(visit: Visit, name: str) -> ModelCard:
    """The model of that name, if it is there.

    Raises:
        ApiError: 404, or 400 for no name at all.
    """
    if not name:
        refuse("model is required")
    card = model_card(name, "ollama")
    if not card.known or name.removesuffix(":latest") in visit.state.removed:
        refuse(f"model '{name}' not found" + (f" ({card.hint})" if card.hint else ""), 404)
    return card


def _parse(decoder: msgspec.json.Decoder[Request], visit: Visit, struct: str) -> Request:
    if not visit.body:
        refuse("missing request body")
    try:
        return read(decoder, visit.body)
    except Complaint as complaint:
        reject(complaint, struct)


def _asked(
    visit: Visit,
    request: ChatRequest | GenerateRequest,
    model: ModelCard,
    messages: list[Message],
    *,
    tools: tuple[OfferedTool, ...] = (),
    other_tokens: int = 0,
) -> OllamaAsked:
    if request.think and not THINKS.match(model.name):
        refuse(f'"{model.name}" does not support thinking')
    window = _number(request, "num_ctx") or int(model.number("ctx")) or OLLAMA_CONTEXT_TOKENS
    kept = _fitting(messages, window - other_tokens, truncate=request.truncate is not False)
    visit.state.load(model.name, window)
    predicted = _number(request, "num_predict")
    said = [message.content for message in kept if message.role == "user"]
    prompt = PromptInfo(
        dialect="ollama",
        model=model,
        text="\n".join(message.content for message in kept if message.content),
        last_user=said[-1] if said else "",
        stream=request.stream is not False,
        max_tokens=predicted if predicted and predicted > 0 else None,
        stop=_stops(request),
        tools=tools,
        answers_tool=bool(kept) and kept[-1].role == "tool",
        thinking=None if request.think is None else bool(request.think),
        schema=_schema(request),
        other_tokens=other_tokens + IMAGE_TOKENS * sum(len(message.images or ()) for message in kept),
    )
    idle = "" if messages else "unload" if request.keep_alive in (0, "0", "0s") else "load"
    return OllamaAsked(visit, request, prompt, idle=idle)


def _fitting(messages: list[Message], window: int, *, truncate: bool) -> list[Message]:
    """The messages that fit, without a word about the others: the oldest go first, instructions stay."""
    kept = [*messages]
    while _size(kept) > window:
        if not truncate:
            refuse(CONTEXT_MESSAGE)
        oldest = next((at for at, message in enumerate(kept[:-1]) if message.role != "system"), None)
        if oldest is None:
            return _shortened(kept, window)
        del kept[oldest]
    return kept


def _shortened(messages: list[Message], window: int) -> list[Message]:
    *before, last = messages
    # One byte is for the line break between messages.
    room = max(0, (window - _size(before)) * BYTES_A_TOKEN - 1)
    content = last.content.encode()[-room:].decode("utf-8", "ignore") if room else ""
    return [*before, Message(role=last.role, content=content)]


def _size(messages: list[Message]) -> int:
    return count_tokens("\n".join(message.content for message in messages if message.content))


def _number(request: CommonRequest, name: str) -> int | None:
    value = (request.options or {}).get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        refuse(f'option "{name}" must be of type integer')
    return int(value)


def _stops(request: CommonRequest) -> tuple[str, ...]:
    value = (request.options or {}).get("stop")
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(stop, str) for stop in value):
        refuse('option "stop" must be of type array')
    return tuple(value)


def _schema(request: CommonRequest) -> JSONObject | None:
    form = request.format
    if form in (None, ""):
        return None
    if form == "json":
        return {}
    if not isinstance(form, dict):
        refuse(
            f'invalid format: {msgspec.json.encode(form).decode()}; expected "json" or a valid JSON Schema'
            " object"
        )
    return json_object(form)
