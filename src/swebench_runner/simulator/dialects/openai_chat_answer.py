"""A chat completion as it goes out, whole or in chunks, with the accent of the server that sends it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import cycle
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from swebench_runner.simulator.ids import make_id
from swebench_runner.simulator.reply import Call, Finish, Reply, Usage, json_pieces
from swebench_runner.simulator.wire import EventStream

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from swebench_runner.simulator.dialects.openai_chat_types import ChatRequest
    from swebench_runner.simulator.prompt import PromptInfo
    from swebench_runner.simulator.wire import Page, Visit

Json: TypeAlias = dict[str, object]

DONE = b"data: [DONE]\n\n"
# Random letters that hide the length of tokens; ours go round.
OBFUSCATION = tuple(f',"obfuscation":"{"x7Kq2LmZ9bRtY4w"[:size]}"' for size in range(1, 16))
_GAP = "\0"
_encode = msgspec.json.encode
FINISH: Mapping[Finish, str] = {"stop_sequence": "stop", "refusal": "stop"}


@dataclass(frozen=True, slots=True)
class Accent:
    """How one server's chat completions differ from OpenAI's.

    Attributes:
        name: Name in the log of requests.
        provider: Whose model names are known; "" for any name.
        strict: Refuse what OpenAI refuses; others ignore unknown keys and pair nothing.
        needs_key: A request without a key is refused.
        thinking_field: Where thinking is shown; "" hides it.
        usage: In a stream: "asked" for with `include_usage`, "always" or "never".
        whole_calls: A streamed call comes in one piece.
        id_prefix: Of the completion's id.
        id_length: Letters after it.
        role_alone: The first delta says only the role; else every delta says it.
        extra: Keys of every body and chunk.
        message_extra: Keys of the message of a whole answer.
    """

    name: str = "openai"
    provider: str = "openai"
    strict: bool = True
    needs_key: bool = True
    thinking_field: str = ""
    usage: Literal["asked", "always", "never"] = "asked"
    whole_calls: bool = False
    id_prefix: str = "chatcmpl-"
    id_length: int = 29
    role_alone: bool = True
    extra: Json = field(default_factory=dict)
    message_extra: Json = field(default_factory=dict)


OPENAI = Accent(
    extra={"service_tier": "default", "system_fingerprint": "fp_5131727570"},
    message_extra={"refusal": None, "annotations": []},
)


class ChatAsked:
    """A chat completion that may be answered."""

    def __init__(self, accent: Accent, visit: Visit, request: ChatRequest, prompt: PromptInfo) -> None:
        self.prompt = prompt
        self.accent = accent
        self.visit = visit
        self.request = request
        self.id = self.make_id()

    def make_id(self) -> str:
        """The id of the completion."""
        return make_id(self.accent.id_prefix, self.visit.serial, self.accent.id_length)

    def body(self, reply: Reply) -> bytes:
        """The completion."""
        choices = [self.whole_choice(reply, index) for index in range(self.request.n or 1)]
        body = {**self._base("chat.completion"), "choices": choices, **self.accent.extra}
        if reply.usage is not None:
            body["usage"] = self.usage(reply.usage)
        return _encode(body)

    def events(self, reply: Reply) -> EventStream:
        """The chunks: the role, the answer, the finish, the usage, and `[DONE]`."""
        head, pieces, tail = [], [], []
        for index in range(self.request.n or 1):
            if self.accent.role_alone and (reply.text or not reply.calls):
                head.append(self.chunk({"role": "assistant", "content": "", "refusal": None}, index=index))
            pieces += self._pieces(reply, index)
            tail.append(self.chunk({}, finish=self.finish(reply), index=index))
        if reply.usage is not None and self.sends_usage:
            tail.append(self.chunk(None, usage=reply.usage))
        return EventStream(b"".join(head), pieces, tail, DONE)

    def failure(self, page: Page) -> bytes:
        """A stream that goes wrong: the error as an event, and nothing after it."""
        return b"data: " + msgspec.json.format(page.body, indent=-1).strip() + b"\n\n"

    @property
    def sends_usage(self) -> bool:
        """Whether a stream says what it cost."""
        options = self.request.stream_options
        asked = options is not None and bool(options.include_usage)
        return self.accent.usage == "always" or (self.accent.usage == "asked" and asked)

    def whole_choice(self, reply: Reply, index: int) -> Json:
        """One choice of a whole answer."""
        message, finish = self.message(reply), self.finish(reply)
        return {"index": index, "message": message, "logprobs": None, "finish_reason": finish}

    def message(self, reply: Reply) -> Json:
        """The message of a whole answer."""
        message: Json = {"role": "assistant", "content": reply.text, **self.accent.message_extra}
        if reply.finish == "refusal":
            message |= {"content": None, "refusal": reply.text}
        if reply.calls:
            message |= {"content": reply.text or None, "tool_calls": self.calls(reply)}
        if reply.reasoning and self.accent.thinking_field:
            message[self.accent.thinking_field] = reply.reasoning
        return message

    def calls(self, reply: Reply) -> list[Json]:
        """The calls of an answer, each with an id of its own."""
        return [self.call(call, number) for number, call in enumerate(reply.calls)]

    def call(self, call: Call, number: int, *, arguments: str | None = None) -> Json:
        """One call, by default with all its arguments."""
        told = call.arguments if arguments is None else arguments
        return {
            "id": self.call_id(number),
            "type": "function",
            "function": {"name": call.name, "arguments": told},
        }

    def call_id(self, index: int) -> str:
        """The id of one call."""
        return make_id("call_", self.visit.serial, 24, salt=str(index))

    def finish(self, reply: Reply) -> str:
        """The finish reason on the wire."""
        # Recorded: a named tool_choice ends with "stop" although the call is there.
        if reply.finish == "tool_calls" and self.prompt.tool_choice == "named" and self.accent.strict:
            return "stop"
        return FINISH.get(reply.finish, reply.finish)

    def usage(self, usage: Usage) -> Json:
        """The usage block."""
        completion = usage.completion * (self.request.n or 1)
        return {
            "prompt_tokens": usage.prompt,
            "completion_tokens": completion,
            "total_tokens": usage.prompt + completion,
            "prompt_tokens_details": {"cached_tokens": usage.cache.read, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": usage.reasoning,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        }

    def chunk(
        self, delta: Json | None, *, finish: str | None = None, usage: Usage | None = None, index: int = 0
    ) -> bytes:
        """One event; without a delta it has no choices."""
        choices = [] if delta is None else [self.choice(delta, finish, index)]
        chunk = {**self._base("chat.completion.chunk"), **self.accent.extra, "choices": choices}
        if usage is not None:
            chunk["usage"] = self.usage(usage)
        elif self.sends_usage and self.accent.usage == "asked":
            chunk["usage"] = None
        return b"data: " + _encode(chunk) + b"\n\n"

    def choice(self, delta: Json, finish: str | None, index: int) -> Json:
        """One choice of a chunk."""
        return {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}

    def text_delta(self, name: str) -> Json:
        """A delta with one piece of text; the text itself is a gap to be filled."""
        if self.accent.role_alone:
            return {name: _GAP}
        return {"role": "assistant", "content": "", name: _GAP}

    def text_pieces(self, name: str, text: str, index: int = 0) -> list[bytes]:
        """A text as events, made from one chunk by filling its gap."""
        before, after = self.chunk(self.text_delta(name), index=index).split(_encode(_GAP), 1)
        return [before + piece + end for piece, end in zip(json_pieces(text), cycle(self._ends(after)))]

    def _pieces(self, reply: Reply, index: int) -> list[bytes]:
        pieces: list[bytes] = []
        if reply.reasoning and self.accent.thinking_field:
            pieces += self.text_pieces(self.accent.thinking_field, reply.reasoning, index)
        name = "refusal" if reply.finish == "refusal" else "content"
        pieces += self.text_pieces(name, reply.text, index)
        for number, call in enumerate(reply.calls):
            pieces += self._call_pieces(call, number, index, opens=not number and not reply.text)
        return pieces

    def _call_pieces(self, call: Call, number: int, index: int, *, opens: bool) -> list[bytes]:
        if self.accent.whole_calls:
            # Old Ollama numbers every call 0; a reader has to live with it.
            whole: Json = {
                "role": "assistant",
                "content": "",
                "tool_calls": [{"index": 0, **self.call(call, number)}],
            }
            return [self.chunk(whole, index=index)]
        role: Json = {"role": "assistant", "content": None} if opens or not self.accent.role_alone else {}
        first = {"index": number, **self.call(call, number, arguments="")}
        gap: Json = {"tool_calls": [{"index": number, "function": {"arguments": _GAP}}]}
        if not self.accent.role_alone:
            gap = {**role, **gap}
        before, after = self.chunk(gap, index=index).split(_encode(_GAP), 1)
        rest = [before + piece + after for piece in json_pieces(call.arguments)]
        return [self.chunk({**role, "tool_calls": [first]}, index=index), *rest]

    def _ends(self, after: bytes) -> Sequence[bytes]:
        options = self.request.stream_options
        if not self.accent.strict or (options is not None and options.include_obfuscation is False):
            return (after,)
        tail = after.removesuffix(b"}\n\n")
        return [tail + letters.encode() + b"}\n\n" for letters in OBFUSCATION]

    def _base(self, kind: str) -> Json:
        return {
            "id": self.id,
            "object": kind,
            "created": self.visit.created_s,
            "model": self.prompt.model.name,
        }
