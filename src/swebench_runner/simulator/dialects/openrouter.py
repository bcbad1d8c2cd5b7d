"""OpenRouter: chat completions with comments, two finishes, a cost, and errors of its own shape.

Source: 17 recorded streams (2025-2026) and https://openrouter.ai/docs (2026-11).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from swebench_runner.simulator.dialects import openai_chat_rules as rules
from swebench_runner.simulator.dialects.openai_chat import ChatDialect
from swebench_runner.simulator.dialects.openai_chat_answer import DONE, Accent, ChatAsked, Json
from swebench_runner.simulator.dialects.openai_chat_types import LooseChatRequest, LooseMessage
from swebench_runner.simulator.dialects.openai_errors import Refusal
from swebench_runner.simulator.ids import make_id
from swebench_runner.simulator.models import ModelCard, model_card
from swebench_runner.simulator.prompt import CacheMark, PromptInfo
from swebench_runner.simulator.reply import json_pieces
from swebench_runner.simulator.signing import is_signed, sign
from swebench_runner.simulator.tokens import HOUR_S
from swebench_runner.simulator.wire import EventStream, Page, Trouble, Visit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swebench_runner.simulator.dialects.openai_chat_types import ChatRequest
    from swebench_runner.simulator.reply import Reply, Usage

COMMENT = b": OPENROUTER PROCESSING\n\n"
# US dollars a million tokens, the same for every model.
PRICES = {"prompt": 1.0, "completion": 5.0, "cache_read": 0.1, "cache_write": 1.25}
MILLION = 1_000_000
NATIVE = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"}
ACCENT = Accent(
    name="openrouter",
    provider="",
    strict=False,
    thinking_field="reasoning",
    usage="always",
    id_prefix="gen-",
    id_length=20,
    role_alone=False,
    extra={"provider": "Simulator"},
    message_extra={"refusal": None, "reasoning": None},
)
_ERROR_TYPES: Mapping[Trouble, str] = {
    Trouble.CONTEXT: "context_length_exceeded",
    Trouble.POLICY: "content_policy_violation",
    Trouble.RATE_LIMIT: "rate_limit_exceeded",
    Trouble.OVERLOADED: "provider_overloaded",
    Trouble.UNAVAILABLE: "provider_unavailable",
    Trouble.BAD_GATEWAY: "provider_unavailable",
}
# status and message where they are not OpenAI's; "Provider returned error" hides the reason in metadata.raw.
_MESSAGES: Mapping[Trouble, tuple[int, str]] = {
    Trouble.AUTH: (401, "User not found."),
    Trouble.BILLING: (402, "Insufficient credits. Add more using https://openrouter.ai/settings/credits"),
    Trouble.QUOTA: (402, "Insufficient credits. Add more using https://openrouter.ai/settings/credits"),
    Trouble.FORBIDDEN: (403, "This key is not allowed to use this model."),
    Trouble.POLICY: (403, "Your chosen model requires moderation and your input was flagged"),
    Trouble.NOT_FOUND: (404, "No endpoints found for this model."),
    Trouble.RATE_LIMIT: (429, "Provider returned error"),
    Trouble.SERVER: (500, "Internal Server Error"),
    Trouble.BAD_GATEWAY: (502, "Provider returned error"),
    Trouble.UNAVAILABLE: (503, "No instances available"),
    Trouble.OVERLOADED: (529, "Provider returned error"),
}


class OpenRouterAsked(ChatAsked):
    """A completion through OpenRouter."""

    def body(self, reply: Reply) -> bytes:
        """The completion, after the blank lines that keep a waiting connection open."""
        self._remember(reply)
        return b"\n         \n" + super().body(reply)

    def events(self, reply: Reply) -> EventStream:
        """Comments, the answer, the finish twice, the second time with the usage."""
        self._remember(reply)
        stream = super().events(reply)
        finish = self.finish(reply)
        last: Json = {**self._base("chat.completion.chunk"), **self.accent.extra, "service_tier": None}
        last["choices"] = [self.choice({"role": "assistant", "content": ""}, finish, 0)]
        if reply.usage is not None:
            last["usage"] = self.usage(reply.usage)
        first = self.chunk({"role": "assistant", "content": ""}, finish=finish)
        return EventStream(COMMENT * 2, stream.pieces, (first, _framed(last)), DONE)

    def failure(self, page: Page) -> bytes:
        """A chunk with an error beside its choices, then `[DONE]`, as recorded."""
        error = msgspec.json.decode(page.body)["error"]
        chunk = {**self._base("chat.completion.chunk"), **self.accent.extra, "error": error}
        chunk["choices"] = [self.choice({"role": "assistant", "content": ""}, "error", 0)]
        return _framed(chunk) + DONE

    def whole_choice(self, reply: Reply, index: int) -> Json:
        """One choice of a whole answer."""
        return {
            **super().whole_choice(reply, index),
            "native_finish_reason": NATIVE.get(reply.finish, "end_turn"),
        }

    def message(self, reply: Reply) -> Json:
        """The message of a whole answer, with its thinking in two forms."""
        message = super().message(reply)
        if self._hides_thinking:
            message["reasoning"] = None
        elif reply.reasoning:
            message["reasoning_details"] = [_detail(text=reply.reasoning, signature=sign(reply.reasoning))]
        return message

    def choice(self, delta: Json, finish: str | None, index: int) -> Json:
        """One choice of a chunk, with the finish reason of the provider behind."""
        native = NATIVE.get(finish, finish) if finish else None
        return {"index": index, "delta": delta, "finish_reason": finish, "native_finish_reason": native}

    def text_pieces(self, name: str, text: str, index: int = 0) -> list[bytes]:
        """A text as events; thinking comes in two forms, and its signature at the end."""
        if name != "reasoning":
            return super().text_pieces(name, text, index)
        if self._hides_thinking:
            return []
        before, middle, after = self.chunk(_thought("\0", _detail(text="\0"))).split(b'"\\u0000"')
        pieces = [before + piece + middle + piece + after for piece in json_pieces(text)]
        return [*pieces, self.chunk(_thought(None, _detail(signature=sign(text))))]

    def usage(self, usage: Usage) -> Json:
        """The usage block, with what it cost."""
        cache = usage.cache
        prompt_cost = usage.fresh * PRICES["prompt"] + cache.read * PRICES["cache_read"]
        prompt_cost += (cache.write_5m + cache.write_1h) * PRICES["cache_write"]
        completion_cost = usage.completion * PRICES["completion"]
        free = 0 if self.prompt.model.name.endswith(":free") else 1
        costs = [
            round(free * part / MILLION, 9)
            for part in (prompt_cost + completion_cost, prompt_cost, completion_cost)
        ]
        return {
            "prompt_tokens": usage.prompt,
            "completion_tokens": usage.completion,
            "total_tokens": usage.total,
            "cost": costs[0],
            "is_byok": False,
            "prompt_tokens_details": {
                "cached_tokens": cache.read,
                "cache_write_tokens": cache.write_5m + cache.write_1h,
                "audio_tokens": 0,
                "video_tokens": 0,
            },
            "cost_details": {
                "upstream_inference_cost": costs[0],
                "upstream_inference_prompt_cost": costs[1],
                "upstream_inference_completions_cost": costs[2],
            },
            "completion_tokens_details": {
                "reasoning_tokens": usage.reasoning,
                "image_tokens": 0,
                "audio_tokens": 0,
            },
        }

    @property
    def _hides_thinking(self) -> bool:
        request = self.request
        return isinstance(request, LooseChatRequest) and bool(request.reasoning and request.reasoning.exclude)

    def _remember(self, reply: Reply) -> None:
        usage = reply.usage
        told = {
            "id": self.id,
            "model": self.prompt.model.name,
            "provider_name": "Simulator",
            "streamed": self.prompt.stream,
            "finish_reason": self.finish(reply),
            "tokens_prompt": usage.prompt if usage else None,
            "tokens_completion": usage.completion if usage else None,
            "total_cost": self.usage(usage)["cost"] if usage else None,
        }
        self.visit.state.remember_generation(self.id, told)


class OpenRouterDialect(ChatDialect):
    """Chat completions at OpenRouter."""

    def __init__(self) -> None:
        super().__init__(ACCENT)

    @property
    def keepalive(self) -> bytes:
        """The comment that every stream begins with."""
        return COMMENT

    def let_in(self, visit: Visit) -> None:
        """Check the key.

        Raises:
            Refusal: 401.
        """
        if not visit.bearer:
            raise Refusal(401, "No auth credentials found")
        if not visit.state.accepts_key(visit.bearer):
            raise Refusal(401, "User not found.")

    def model(self, request: ChatRequest) -> ModelCard:
        """The first model that exists; real ones have their vendor's name before a slash.

        Raises:
            Refusal: 400, not 404, and without a code.
        """
        others = request.models if isinstance(request, LooseChatRequest) else None
        cards = [model_card(name, self.accent.provider) for name in (request.model, *(others or ()))]
        for card in cards:
            if card.known and ("/" in card.name or card.name.startswith(("sim-", "scn-"))):
                return card
        hint = f" ({cards[0].hint})" if cards[0].hint else ""
        raise Refusal(400, f"{request.model} is not a valid model ID{hint}")

    def context(self, prompt: PromptInfo) -> Refusal:
        """What a prompt that is too long gets."""
        window, tokens = prompt.overflow
        message = (
            f"This endpoint's maximum context length is {window} tokens. However, you requested about"
            f" {tokens} tokens ({tokens} of text input). Please reduce the length of either one, or use the"
            " context-compression plugin to compress your prompt automatically."
        )
        return Refusal(400, message, trouble=Trouble.CONTEXT, prompt=prompt)

    def asked(self, visit: Visit, request: ChatRequest, prompt: PromptInfo) -> ChatAsked:
        """The request in a form that can be answered.

        Raises:
            Refusal: Thinking came back changed.
        """
        for message in request.messages:
            for detail in (message.reasoning_details if isinstance(message, LooseMessage) else None) or ():
                if detail.signature and not is_signed(detail.text or "", detail.signature):
                    raise Refusal(
                        400, "Provider returned error", code="Invalid `signature` in `thinking` block"
                    )
        return OpenRouterAsked(self.accent, visit, request, prompt)

    def page(self, refusal: Refusal) -> Page:
        """A refusal as this server writes it: the status again as a number, the reason in metadata."""
        trouble = refusal.trouble
        status, message = refusal.status, refusal.message
        if trouble is not None and refusal.prompt is not None:
            status, message = _MESSAGES.get(trouble, (status, message))
        error: Json = {"message": message, "code": status}
        metadata: Json = {}
        if message == "Provider returned error":
            metadata = {"provider_name": "Simulator", "raw": refusal.code or refusal.message}
        if trouble is Trouble.POLICY:
            metadata = {"reasons": ["violence"], "flagged_input": "…", "provider_name": "Simulator"}
        if trouble is not None and trouble in _ERROR_TYPES:
            metadata["error_type"] = _ERROR_TYPES[trouble]
        if metadata:
            error["metadata"] = metadata
        return Page(msgspec.json.encode({"error": error, "user_id": "user_simulator"}), status)

    def headers(self, visit: Visit) -> Mapping[str, str]:
        """The id of the generation."""
        generation_id = make_id(ACCENT.id_prefix, visit.serial, ACCENT.id_length)
        return {"X-Generation-Id": generation_id, "Access-Control-Allow-Origin": "*"}

    def thinking(self, request: ChatRequest, model: ModelCard) -> bool | None:
        """Whether the model is to think, by either of the two switches."""
        reasoning = request.reasoning if isinstance(request, LooseChatRequest) else None
        if reasoning is not None:
            return reasoning.enabled is not False and reasoning.effort != "none"
        if request.reasoning_effort is not None:
            return request.reasoning_effort != "none"
        return super().thinking(request, model)

    def cache_marks(self, request: ChatRequest, texts: list[str]) -> tuple[CacheMark, ...]:
        """The marks on the parts of messages."""
        marks: list[CacheMark] = []
        for index, message in enumerate(request.messages):
            if message.content is None or isinstance(message.content, str):
                continue
            for number, part in enumerate(message.content):
                if part.cache_control is not None:
                    before = [*texts[:index], rules.text_of(message.content[: number + 1])]
                    ttl_s = HOUR_S if part.cache_control.get("ttl") == "1h" else 300
                    marks.append(CacheMark("\n".join(filter(None, before)), ttl_s))
        return tuple(marks)


def _framed(chunk: Json) -> bytes:
    return b"data: " + msgspec.json.encode(chunk) + b"\n\n"


def _detail(**fields: str) -> Json:
    return {"type": "reasoning.text", **fields, "format": "anthropic-claude-v1", "index": 0}


def _thought(text: str | None, detail: Json) -> Json:
    return {"content": "", "role": "assistant", "reasoning": text, "reasoning_details": [detail]}
