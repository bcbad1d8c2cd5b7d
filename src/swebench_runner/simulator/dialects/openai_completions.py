"""OpenAI's legacy completions: a prompt instead of a conversation."""

from __future__ import annotations

from collections.abc import Sequence  # noqa: TC003 - msgspec reads the annotations
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from swebench_runner.simulator.dialects.openai_chat import ChatDialect
from swebench_runner.simulator.dialects.openai_chat_answer import DONE, OPENAI, Accent, ChatAsked, Json
from swebench_runner.simulator.dialects.openai_chat_types import (
    Anything,
    AtLeastOne,
    ChatRequest,
    Message,
    Penalty,
    StreamOptions,
)
from swebench_runner.simulator.dialects.openai_errors import refuse, reject
from swebench_runner.simulator.ids import make_id
from swebench_runner.simulator.reading import Complaint, read
from swebench_runner.simulator.reply import Reply, json_pieces
from swebench_runner.simulator.wire import EventStream, Visit

if TYPE_CHECKING:
    from swebench_runner.simulator.prompt import PromptInfo

_GAP = "\0"
DEFAULT_MAX_TOKENS = 16


class CompletionRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The whole body."""

    model: str
    prompt: str | Sequence[str] | None = None
    best_of: int | None = None
    echo: bool | None = None
    frequency_penalty: Penalty | None = None
    logit_bias: Anything = None
    logprobs: Annotated[int, Meta(ge=0, le=5)] | None = None
    max_tokens: AtLeastOne | None = None
    n: Annotated[int, Meta(ge=1, le=128)] | None = None
    presence_penalty: Penalty | None = None
    seed: int | None = None
    stop: str | Annotated[Sequence[str], Meta(max_length=4)] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    suffix: str | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    user: str | None = None


class LooseCompletionRequest(CompletionRequest, forbid_unknown_fields=False, kw_only=True):
    """The body where unknown keys are ignored."""


_STRICT = msgspec.json.Decoder(CompletionRequest)
_LOOSE: msgspec.json.Decoder[CompletionRequest] = msgspec.json.Decoder(LooseCompletionRequest)


class CompletionAsked(ChatAsked):
    """A completion that may be answered."""

    def body(self, reply: Reply) -> bytes:
        """The completion."""
        choice = {"text": reply.text, "index": 0, "logprobs": None, "finish_reason": self.finish(reply)}
        body = {**self._completion(), "choices": [choice]}
        if reply.usage is not None:
            body["usage"] = self.usage(reply.usage)
        return msgspec.json.encode(body)

    def events(self, reply: Reply) -> EventStream:
        """One event a piece, the finish, the usage, `[DONE]`."""
        before, after = self._event(_GAP, None).split(b'"\\u0000"', 1)
        pieces = [before + piece + after for piece in json_pieces(reply.text)]
        tail = [self._event("", self.finish(reply))]
        if reply.usage is not None and self.sends_usage:
            tail.append(_framed({**self._completion(), "choices": [], "usage": self.usage(reply.usage)}))
        return EventStream(b"", pieces, tail, DONE)

    def _event(self, text: str, finish: str | None) -> bytes:
        choice = {"text": text, "index": 0, "logprobs": None, "finish_reason": finish}
        return _framed({**self._completion(), "choices": [choice]})

    def _completion(self) -> Json:
        return {
            "id": make_id("cmpl-", self.visit.serial, 29),
            "object": "text_completion",
            "created": self.visit.created_s,
            "model": self.prompt.model.name,
        }


class CompletionDialect(ChatDialect):
    """Legacy completions, read as a conversation of one message."""

    def __init__(self, accent: Accent = OPENAI) -> None:
        super().__init__(accent)

    def parse(self, visit: Visit) -> ChatRequest:
        """The body, as the chat request that asks the same.

        Raises:
            Refusal: It has the wrong shape, or asks for what only the real server can do.
        """
        try:
            request = read(_STRICT if self.accent.strict else _LOOSE, visit.body)
        except Complaint as complaint:
            reject(complaint)
        prompt = request.prompt or ""
        if not isinstance(prompt, str) and len(prompt) != 1:
            refuse("Several prompts at once are not simulated.", param="prompt", code="invalid_value")
        text = prompt if isinstance(prompt, str) else prompt[0]
        return ChatRequest(
            model=request.model,
            messages=[Message(role="user", content=text)],
            max_tokens=request.max_tokens or DEFAULT_MAX_TOKENS,
            stop=request.stop,
            stream=request.stream,
            stream_options=request.stream_options,
            temperature=request.temperature,
            top_p=request.top_p,
        )

    def asked(self, visit: Visit, request: ChatRequest, prompt: PromptInfo) -> CompletionAsked:
        """The request in a form that can be answered."""
        return CompletionAsked(self.accent, visit, request, prompt)


def _framed(body: Json) -> bytes:
    return b"data: " + msgspec.json.encode(body) + b"\n\n"
