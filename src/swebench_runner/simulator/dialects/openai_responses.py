"""The OpenAI Responses API: who may ask, what is asked, what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec

from swebench_runner.simulator.dialects import openai_chat_rules as chat
from swebench_runner.simulator.dialects import openai_responses_rules as rules
from swebench_runner.simulator.dialects.openai_base import CACHED_FROM_TOKENS, OpenAIDialect
from swebench_runner.simulator.dialects.openai_chat_answer import OPENAI
from swebench_runner.simulator.dialects.openai_errors import Refusal, refuse, reject
from swebench_runner.simulator.dialects.openai_responses_answer import ResponsesAsked
from swebench_runner.simulator.dialects.openai_responses_types import (
    CountRequest,
    FlatChoice,
    Item,
    ResponsesRequest,
)
from swebench_runner.simulator.models import ModelCard, model_card
from swebench_runner.simulator.prompt import CacheMark, OfferedTool, PromptInfo
from swebench_runner.simulator.reading import Complaint, Request, json_object, read
from swebench_runner.simulator.tokens import IMAGE_TOKENS, count_tokens
from swebench_runner.simulator.wire import ApiError, Page, Trouble, Visit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from swebench_runner.providers.core.json import JSONObject
    from swebench_runner.simulator.dialects.openai_chat import Choice

Either: TypeAlias = ResponsesRequest | CountRequest

_DECODER = msgspec.json.Decoder(ResponsesRequest)
_COUNT_DECODER = msgspec.json.Decoder(CountRequest)


class ResponsesDialect(OpenAIDialect):
    """POST /v1/responses, and the count of its tokens."""

    def __init__(self) -> None:
        super().__init__(OPENAI)

    @property
    def name(self) -> str:
        """The name in the log."""
        return "openai-responses"

    def read(self, visit: Visit) -> ResponsesAsked:
        """A request that will be answered.

        Raises:
            ApiError: It will not.
        """
        try:
            self.let_in(visit)
            request = _parse(_DECODER, visit)
            model = _model(request)
            rules.check_responses(request, model)
            prompt = self._prompt(request, model)
            if prompt.tokens > model.context_tokens and request.truncation != "auto":
                raise rules.context()
        except Refusal as refusal:
            raise ApiError(self.page(refusal)) from refusal
        return ResponsesAsked(visit, request, prompt)

    def count(self, visit: Visit) -> Page:
        """POST /v1/responses/input_tokens."""
        try:
            self.let_in(visit)
            request = _parse(_COUNT_DECODER, visit)
            _model(request)
            rules.check_tools(request.tools)
            texts = _texts(request)
        except Refusal as refusal:
            return self.page(refusal)
        tokens = count_tokens("\n".join(filter(None, texts))) + _other_tokens(request)
        return Page(msgspec.json.encode({"object": "response.input_tokens", "input_tokens": tokens}))

    def context(self, prompt: PromptInfo) -> Refusal:
        """What a prompt that is too long gets."""
        del prompt
        return rules.context()

    def trouble(self, trouble: Trouble, visit: Visit, prompt: PromptInfo) -> Page:
        """A trouble as this API writes it; a model that is not there is a 400 here."""
        if trouble is Trouble.NOT_FOUND:
            return self.page(rules.unknown_model(prompt.model.name))
        return super().trouble(trouble, visit, prompt)

    def _prompt(self, request: ResponsesRequest, model: ModelCard) -> PromptInfo:
        texts, items = _texts(request), _items(request)
        said = [chat.text_of(item.content) for item in items if item.role == "user"]
        tools, choice = _offered_tools(request)
        return PromptInfo(
            dialect=self.name,
            model=model,
            text="\n".join(filter(None, texts)),
            last_user=said[-1] if said else "",
            stream=bool(request.stream),
            max_tokens=request.max_output_tokens,
            tools=tools,
            tool_choice=choice,
            parallel_calls=request.parallel_tool_calls is not False,
            answers_tool=bool(items) and items[-1].type == "function_call_output",
            thinking=_thinking(request, model),
            schema=_schema(request),
            cache_marks=_cache_marks(request, texts),
            other_tokens=_other_tokens(request),
        )


def _parse(decoder: msgspec.json.Decoder[Request], visit: Visit) -> Request:
    try:
        return read(decoder, visit.body)
    except Complaint as complaint:
        moved = rules.MOVED.get(str(complaint.path[-1])) if complaint.flaw == "unknown" else None
        if moved:
            name = complaint.indexed
            refuse(f"Unsupported parameter: '{name}'. {moved}", param=name, code="unsupported_parameter")
        reject(complaint)


def _model(request: Either) -> ModelCard:
    if request.model is None:
        refuse("Missing required parameter: 'model'.", param="model", code="missing_required_parameter")
    if request.input is None:
        refuse("Missing required parameter: 'input'.", param="input", code="missing_required_parameter")
    card = model_card(request.model, "openai")
    if not card.known:
        raise rules.unknown_model(request.model, card.hint)
    return card


def _items(request: Either) -> Sequence[Item]:
    if isinstance(request.input, str):
        return (Item(role="user", content=request.input),)
    return request.input or ()


def _texts(request: Either) -> list[str]:
    texts = [request.instructions or ""]
    texts += [
        chat.text_of(item.output if item.type == "function_call_output" else item.content)
        for item in _items(request)
    ]
    return texts


def _offered_tools(request: ResponsesRequest) -> tuple[tuple[OfferedTool, ...], Choice]:
    tools = tuple(
        OfferedTool(tool.name, json_object(tool.parameters))
        for tool in request.tools or ()
        if tool.name is not None
    )
    choice = request.tool_choice
    if not isinstance(choice, FlatChoice):
        return tools, choice or "auto"
    named = tuple(tool for tool in tools if tool.name == choice.name)
    if choice.type == "function" and not named:
        refuse(f"Tool choice '{choice.name}' not found in 'tools' parameter.", param="tool_choice")
    return (named, "named") if named else (tools, "auto")


def _thinking(request: ResponsesRequest, model: ModelCard) -> bool | None:
    effort = request.reasoning.effort if request.reasoning else None
    if model.family.reasoning != "never":
        return chat.is_reasoning(model, effort)
    return None if effort is None else effort != "none"


def _schema(request: ResponsesRequest) -> JSONObject | None:
    form = request.text.format if request.text else None
    if form is None or form.type == "text":
        return None
    return json_object(form.schema)


def _cache_marks(request: ResponsesRequest, texts: list[str]) -> tuple[CacheMark, ...]:
    if request.prompt_cache_key is None:
        return ()
    prefix = "\n".join(filter(None, texts[:-1]))
    return (CacheMark(prefix),) if count_tokens(prefix) >= CACHED_FROM_TOKENS else ()


def _other_tokens(request: Either) -> int:
    tokens = count_tokens(msgspec.json.encode(request.tools).decode()) if request.tools else 0
    for item in _items(request):
        tokens += count_tokens((item.name or "") + (item.arguments or ""))
        if item.content is not None and not isinstance(item.content, str):
            tokens += IMAGE_TOKENS * sum(part.type in ("input_image", "input_file") for part in item.content)
    return tokens
