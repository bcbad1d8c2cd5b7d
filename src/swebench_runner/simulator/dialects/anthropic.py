"""Anthropic's Messages API: who may ask, what is asked, what is refused; counting and the list of models."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from swebench_runner.simulator.behaviours import BEHAVIOURS
from swebench_runner.simulator.dialects import anthropic_rules as rules
from swebench_runner.simulator.dialects.anthropic_answer import PING, MessagesAsked
from swebench_runner.simulator.dialects.anthropic_errors import (
    Refusal,
    context,
    error_page,
    refuse,
    reject,
    trouble_refusal,
    unknown_model,
)
from swebench_runner.simulator.dialects.anthropic_types import CountRequest, MessagesRequest
from swebench_runner.simulator.ids import make_id
from swebench_runner.simulator.models import ModelCard, model_card
from swebench_runner.simulator.prompt import CacheMark, OfferedTool, PromptInfo
from swebench_runner.simulator.reading import Complaint, Request, json_object, read
from swebench_runner.simulator.tokens import HOUR_S, IMAGE_TOKENS, count_tokens
from swebench_runner.simulator.wire import SSE_TYPE, ApiError, Page, Trouble, Visit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from swebench_runner.simulator.dialects.anthropic_types import Block, CacheControl
    from swebench_runner.simulator.dialects.openai_chat import Choice

# Documented is 2023-06-01; the SDK 2.11 of 2026-11 sends the last one. Other dates are refused.
VERSIONS = ("2023-01-01", "2023-06-01", "2026-10-21")
_BETA = re.compile(r"[a-z0-9-]+-20\d\d-\d\d-\d\d")
DEFAULT_TTL_S = 300
MAX_BODY_BYTES = 32 << 20
REAL_MODELS = ("claude-opus-4-8", "claude-sonnet-4-6", "claude-haiku-4-5")
_DECODER = msgspec.json.Decoder(MessagesRequest)
_COUNT_DECODER = msgspec.json.Decoder(CountRequest)
_LIMITS = {
    f"anthropic-ratelimit-{what}-{figure}": value
    for what, limit in (("requests", "10000"), ("input-tokens", "10000000"), ("output-tokens", "2000000"))
    for figure, value in (("limit", limit), ("remaining", limit))
}


class MessagesDialect:
    """POST /v1/messages, and what stands beside it."""

    name = "anthropic"
    stream_type = f"{SSE_TYPE}; charset=utf-8"
    keepalive = PING

    def key(self, visit: Visit) -> str:
        """The key, from the header for keys or the one for tokens."""
        return visit.headers.get("x-api-key", "") or visit.bearer

    def read(self, visit: Visit) -> MessagesAsked:
        """A request that will be answered.

        Raises:
            ApiError: It will not.
        """
        try:
            self.let_in(visit)
            request = _parse(_DECODER, visit)
            model = _model(request.model)
            rules.check_messages(request, model)
            prompt = self._prompt(request, model)
            if prompt.tokens > model.context_tokens:
                raise context(prompt)
        except Refusal as refusal:
            raise ApiError(error_page(refusal, _request_id(visit))) from refusal
        return MessagesAsked(visit, request, prompt)

    def let_in(self, visit: Visit) -> None:
        """Check the key, the version, and the names of beta features (by their form).

        Raises:
            Refusal: 401, or 400 for a header that is missing or unknown.
        """
        key = self.key(visit)
        if not key:
            raise Refusal("x-api-key header is required", status=401, kind="authentication_error")
        if not visit.state.accepts_key(key):
            message = "invalid x-api-key" if "x-api-key" in visit.headers else "Invalid bearer token"
            raise Refusal(message, status=401, kind="authentication_error")
        _check_headers(visit)

    def trouble(self, trouble: Trouble, visit: Visit, prompt: PromptInfo) -> Page:
        """A trouble as this provider writes it."""
        return error_page(trouble_refusal(trouble, prompt), _request_id(visit))

    def event(self, data: bytes) -> bytes:
        """An event in the place of a delta."""
        return b"event: content_block_delta\ndata: " + data + b"\n\n"

    def headers(self, visit: Visit) -> Mapping[str, str]:
        """Request id, organisation, and limits that are far away."""
        return {
            "request-id": _request_id(visit),
            "anthropic-organization-id": "5157ba7e-0000-4000-8000-000000000000",
            **_LIMITS,
        }

    def count(self, visit: Visit) -> Page:
        """POST /v1/messages/count_tokens."""
        try:
            self.let_in(visit)
            request = _parse(_COUNT_DECODER, visit)
            _model(request.model)
            rules.check_counted(request)
        except Refusal as refusal:
            return error_page(refusal, _request_id(visit))
        tokens = count_tokens(_text(request)) + _other_tokens(request)
        return Page(msgspec.json.encode({"input_tokens": tokens}), headers={"request-id": _request_id(visit)})

    def models(self, visit: Visit) -> Page:
        """GET /v1/models, a page at a time."""
        try:
            self.let_in(visit)
        except Refusal as refusal:
            return error_page(refusal, _request_id(visit))
        names = [*REAL_MODELS, *BEHAVIOURS]
        limit = visit.query.get("limit", "20")
        after = visit.query.get("after_id", "")
        start = names.index(after) + 1 if after in names else 0
        end = start + (int(limit) if limit.isdigit() else 20)
        data = [_entry(name) for name in names[start:end]]
        page = {
            "data": data,
            "has_more": end < len(names),
            "first_id": data[0]["id"] if data else None,
            "last_id": data[-1]["id"] if data else None,
        }
        return Page(msgspec.json.encode(page))

    def model(self, visit: Visit) -> Page:
        """GET /v1/models/{model}."""
        name = visit.path.removeprefix("/v1/models/")
        try:
            self.let_in(visit)
            _model(name)
        except Refusal as refusal:
            return error_page(refusal, _request_id(visit))
        return Page(msgspec.json.encode(_entry(name)))

    def stranger(self, visit: Visit) -> Page:
        """A path or a method that does not exist."""
        if visit.method != "POST" and visit.path in ("/v1/messages", "/v1/messages/count_tokens"):
            refusal = Refusal("Method Not Allowed", status=405)
        else:
            refusal = Refusal("Not Found", status=404, kind="not_found_error")
        return error_page(refusal, _request_id(visit))

    def _prompt(self, request: MessagesRequest, model: ModelCard) -> PromptInfo:
        said = [_turn_text(turn.content) for turn in request.messages if turn.role == "user"]
        tools, choice = _offered_tools(request)
        last = rules.blocks_of(request.messages[-1].content)
        thinking, output, tool_choice = request.thinking, request.output_config, request.tool_choice
        return PromptInfo(
            dialect=self.name,
            model=model,
            text=_text(request),
            last_user=said[-1] if said else "",
            stream=bool(request.stream),
            max_tokens=request.max_tokens,
            stop=tuple(request.stop_sequences or ()),
            tools=tools,
            tool_choice=choice,
            parallel_calls=tool_choice is None or not tool_choice.disable_parallel_tool_use,
            answers_tool=any(block.type == "tool_result" for block in last),
            thinking=thinking is not None and thinking.type != "disabled",
            schema=json_object(output.format.schema)
            if output is not None and output.format is not None
            else None,
            cache_marks=tuple(_cache_marks(request)),
            other_tokens=_other_tokens(request),
        )


def _check_headers(visit: Visit) -> None:
    version = visit.headers.get("anthropic-version")
    if not version:
        refuse("anthropic-version: header is required")
    if version not in VERSIONS:
        refuse(f'anthropic-version: "{version}" is not a valid version')
    betas = [name.strip() for name in visit.headers.get("anthropic-beta", "").split(",") if name.strip()]
    wrong = [f"`{name}`" for name in betas if not _BETA.fullmatch(name)]
    if wrong:
        refuse(
            f"Unexpected value(s) {', '.join(wrong)} for the `anthropic-beta` header. Please consult our"
            " documentation at docs.claude.com or try again without the header."
        )


def _parse(decoder: msgspec.json.Decoder[Request], visit: Visit) -> Request:
    if len(visit.body) > MAX_BODY_BYTES:
        raise Refusal("Request exceeds the maximum size", status=413, kind="request_too_large")
    try:
        return read(decoder, visit.body)
    except Complaint as complaint:
        reject(complaint)


def _model(name: str) -> ModelCard:
    card = model_card(name, "anthropic")
    if not card.known:
        raise unknown_model(name, card.hint)
    return card


def _request_id(visit: Visit) -> str:
    return make_id("req_011C", visit.serial, 20)


def _entry(name: str) -> dict[str, object]:
    return {
        "type": "model",
        "id": name,
        "display_name": name.replace("-", " ").title(),
        "created_at": "2026-02-19T00:00:00Z",
        "lifecycle": "active",
        "max_input_tokens": model_card(name).context_tokens,
        "max_tokens": 64_000,
    }


def _block_text(block: Block) -> str:
    if block.type == "tool_result":
        content = block.content
        if isinstance(content, str):
            return content
        parts = content if isinstance(content, list) else []
        return "\n".join(str(part.get("text") or "") for part in parts if isinstance(part, dict))
    return block.text or ""


def _turn_text(content: str | Sequence[Block] | None) -> str:
    return "\n".join(filter(None, (_block_text(block) for block in rules.blocks_of(content))))


def _text(request: CountRequest) -> str:
    parts = [_turn_text(request.system), *(_turn_text(turn.content) for turn in request.messages)]
    return "\n".join(filter(None, parts))


def _offered_tools(request: CountRequest) -> tuple[tuple[OfferedTool, ...], Choice]:
    tools = tuple(
        OfferedTool(tool.name, json_object(tool.input_schema))
        for tool in request.tools or ()
        if tool.type in (None, "custom")
    )
    choice = request.tool_choice
    if choice is None or choice.type in ("auto", "none"):
        return tools, "none" if choice is not None and choice.type == "none" else "auto"
    if choice.type == "any":
        return tools, "required"
    return tuple(tool for tool in tools if tool.name == choice.name), "named"


def _cache_marks(request: CountRequest) -> list[CacheMark]:
    """The marks in the order of the prompt: tools, system, messages."""
    marks: list[CacheMark] = []
    tools = msgspec.json.encode(request.tools).decode() if request.tools else ""
    marks += [
        CacheMark(tools, _ttl_s(tool.cache_control)) for tool in request.tools or () if tool.cache_control
    ]
    texts: list[str] = []
    for content in (request.system, *(turn.content for turn in request.messages)):
        for block in rules.blocks_of(content):
            texts.append(_block_text(block))
            if block.cache_control is not None:
                prefix = tools + "\n".join(filter(None, texts))
                marks.append(CacheMark(prefix, _ttl_s(block.cache_control)))
    if request.cache_control is not None:
        prefix = tools + "\n".join(filter(None, texts))
        marks.append(CacheMark(prefix, _ttl_s(request.cache_control)))
    return marks


def _ttl_s(mark: CacheControl) -> int:
    return HOUR_S if mark.ttl == "1h" else DEFAULT_TTL_S


def _other_tokens(request: CountRequest) -> int:
    tokens = count_tokens(msgspec.json.encode(request.tools).decode()) if request.tools else 0
    for turn in request.messages:
        for block in rules.blocks_of(turn.content):
            if block.type in ("image", "document"):
                tokens += IMAGE_TOKENS
            elif block.type == "tool_use":
                tokens += count_tokens((block.name or "") + msgspec.json.encode(block.input).decode())
    return tokens
