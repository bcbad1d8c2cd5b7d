"""OpenAI chat completions: who may ask, what is asked, what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from swebench_runner.simulator.dialects import openai_chat_rules as rules
from swebench_runner.simulator.dialects.openai_base import CACHED_FROM_TOKENS, OpenAIDialect
from swebench_runner.simulator.dialects.openai_chat_answer import OPENAI, Accent, ChatAsked
from swebench_runner.simulator.dialects.openai_chat_types import ChatRequest, ChosenTool, LooseChatRequest
from swebench_runner.simulator.dialects.openai_errors import Refusal, refuse, reject, unknown_model
from swebench_runner.simulator.models import ModelCard, model_card
from swebench_runner.simulator.prompt import CacheMark, OfferedTool, PromptInfo
from swebench_runner.simulator.reading import Complaint, json_object, read
from swebench_runner.simulator.tokens import IMAGE_TOKENS, count_tokens
from swebench_runner.simulator.wire import ApiError, Visit

if TYPE_CHECKING:
    from swebench_runner.providers.core.json import JSONObject
    from swebench_runner.simulator.dialects.openai_chat_types import Message

Choice: TypeAlias = Literal["auto", "none", "required", "named"]

_STRICT = msgspec.json.Decoder(ChatRequest)
_LOOSE: msgspec.json.Decoder[ChatRequest] = msgspec.json.Decoder(LooseChatRequest)


class ChatDialect(OpenAIDialect):
    """Chat completions with the accent of one server."""

    def __init__(self, accent: Accent = OPENAI) -> None:
        super().__init__(accent)

    def read(self, visit: Visit) -> ChatAsked:
        """A request that will be answered.

        Raises:
            ApiError: It will not.
        """
        try:
            self.let_in(visit)
            request = self.parse(visit)
            model = self.model(request)
            if self.accent.strict:
                rules.check_chat(request, model)
            prompt = self.prompt(request, model)
            if prompt.tokens > model.context_tokens:
                raise self.context(prompt)
            return self.asked(visit, request, prompt)
        except Refusal as refusal:
            raise ApiError(self.page(refusal)) from refusal

    def parse(self, visit: Visit) -> ChatRequest:
        """The body.

        Raises:
            Refusal: It has the wrong shape.
        """
        try:
            return read(_STRICT if self.accent.strict else _LOOSE, visit.body)
        except Complaint as complaint:
            reject(complaint)

    def model(self, request: ChatRequest) -> ModelCard:
        """The model asked.

        Raises:
            Refusal: There is none of that name.
        """
        card = model_card(request.model, self.accent.provider)
        if not card.known:
            raise unknown_model(request.model, card.hint)
        return card

    def asked(self, visit: Visit, request: ChatRequest, prompt: PromptInfo) -> ChatAsked:
        """The request in a form that can be answered."""
        return ChatAsked(self.accent, visit, request, prompt)

    def thinking(self, request: ChatRequest, model: ModelCard) -> bool | None:
        """Whether the model is to think; None leaves it to the model."""
        if model.family.reasoning != "never":
            return rules.is_reasoning(model, request.reasoning_effort)
        return False if request.reasoning_effort == "none" else None

    def cache_marks(self, request: ChatRequest, texts: list[str]) -> tuple[CacheMark, ...]:
        """Points up to which the prompt is cached."""
        if request.prompt_cache_key is None:
            return ()
        prefix = "\n".join(filter(None, texts[:-1]))
        return (CacheMark(prefix),) if count_tokens(prefix) >= CACHED_FROM_TOKENS else ()

    def prompt(self, request: ChatRequest, model: ModelCard) -> PromptInfo:
        """What is asked.

        Raises:
            Refusal: The chosen tool is not on offer.
        """
        texts = [rules.text_of(message.content) for message in request.messages]
        asked = [
            text for message, text in zip(request.messages, texts, strict=True) if message.role == "user"
        ]
        tools, choice = offered_tools(request)
        stop = request.stop
        return PromptInfo(
            dialect=self.name,
            model=model,
            text="\n".join(filter(None, texts)),
            last_user=asked[-1] if asked else "",
            stream=bool(request.stream),
            max_tokens=request.max_completion_tokens or request.max_tokens,
            stop=(stop,) if isinstance(stop, str) else tuple(stop or ()),
            tools=tools,
            tool_choice=choice,
            parallel_calls=request.parallel_tool_calls is not False,
            answers_tool=request.messages[-1].role == "tool",
            thinking=self.thinking(request, model),
            schema=_schema(request),
            cache_marks=self.cache_marks(request, texts),
            other_tokens=_other_tokens(request),
        )


def offered_tools(request: ChatRequest) -> tuple[tuple[OfferedTool, ...], Choice]:
    """The tools that may be called, and how free the choice is.

    Raises:
        Refusal: The chosen tool is not on offer.
    """
    functions = [tool.function for tool in request.tools or () if tool.function is not None]
    tools = tuple(OfferedTool(function.name, json_object(function.parameters)) for function in functions)
    choice = request.tool_choice
    if not isinstance(choice, ChosenTool):
        return tools, choice or "auto"
    if choice.function is None:
        return tools, "auto"
    named = tuple(tool for tool in tools if tool.name == choice.function.name)
    if not named:
        refuse(f"Tool choice '{choice.function.name}' not found in 'tools' parameter.", param="tool_choice")
    return named, "named"


def _schema(request: ChatRequest) -> JSONObject | None:
    form = request.response_format
    if form is None or form.type == "text":
        return None
    return json_object(form.json_schema.schema) if form.json_schema else {}


def _other_tokens(request: ChatRequest) -> int:
    tokens = count_tokens(msgspec.json.encode(request.tools).decode()) if request.tools else 0
    return tokens + sum(_part_tokens(message) for message in request.messages)


def _part_tokens(message: Message) -> int:
    calls = [call.function for call in message.tool_calls or () if call.function]
    tokens = sum(count_tokens(call.name + call.arguments) for call in calls)
    if message.content is None or isinstance(message.content, str):
        return tokens
    return tokens + IMAGE_TOKENS * sum(part.type != "text" for part in message.content)
