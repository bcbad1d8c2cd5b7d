"""An answer of Ollama's as it goes out: one JSON object, or one a line."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from swebench_runner.simulator.dialects.ollama_types import ChatRequest, GenerateRequest
from swebench_runner.simulator.ids import make_id
from swebench_runner.simulator.reply import json_pieces
from swebench_runner.simulator.wire import EventStream

if TYPE_CHECKING:
    from swebench_runner.simulator.dialects.openai_chat_answer import Json
    from swebench_runner.simulator.prompt import PromptInfo
    from swebench_runner.simulator.reply import Call, Reply, Usage
    from swebench_runner.simulator.wire import Page, Visit

Either: TypeAlias = ChatRequest | GenerateRequest

LOAD_NS = 52_719_542
PROMPT_TOKEN_NS = 1_000_000
TOKEN_NS = 7_500_000
_GAP = "\0"
_encode = msgspec.json.encode


class OllamaAsked:
    """A chat or a generation that may be answered.

    Args:
        visit: The HTTP request.
        request: Its body.
        prompt: What is asked.
        idle: "load" or "unload" where nothing is asked at all; "" otherwise.
    """

    def __init__(self, visit: Visit, request: Either, prompt: PromptInfo, *, idle: str = "") -> None:
        self.prompt = prompt
        self.visit = visit
        self.request = request
        self.idle = idle

    def body(self, reply: Reply) -> bytes:
        """The answer as one object."""
        return _encode(self._last(reply, whole=True))

    def events(self, reply: Reply) -> EventStream:
        """The answer as lines; the last one says how it went."""
        last = _encode(self._last(reply, whole=False)) + b"\n"
        if self.idle:
            return EventStream(b"", (), (last,))
        pieces = self._text_lines("thinking", reply.reasoning)
        pieces += self._text_lines("content", reply.text)
        for number, call in enumerate(reply.calls):
            message = {"role": "assistant", "content": "", "tool_calls": [self._call(number, call)]}
            pieces.append(_encode({**self._start(), "message": message, "done": False}) + b"\n")
        return EventStream(b"", pieces, (last,))

    def failure(self, page: Page) -> bytes:
        """An error line, after which nothing comes."""
        return page.body + b"\n"

    def _start(self) -> Json:
        at = datetime.fromtimestamp(self.visit.state.clock.wall_s(), UTC)
        return {"model": self.prompt.model.name, "created_at": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")}

    def _said(self, text: str, thinking: str) -> Json:
        """The part of a line that speaks, in either of the two ways."""
        thought = {"thinking": thinking} if thinking else {}
        if isinstance(self.request, GenerateRequest):
            return {"response": text, **thought}
        return {"message": {"role": "assistant", "content": text, **thought}}

    def _text_lines(self, name: str, text: str) -> list[bytes]:
        said = self._said("", _GAP) if name == "thinking" else self._said(_GAP, "")
        line = _encode({**self._start(), **said, "done": False}) + b"\n"
        before, after = line.split(_encode(_GAP), 1)
        return [before + piece + after for piece in json_pieces(text)]

    def _last(self, reply: Reply, *, whole: bool) -> Json:
        if self.idle:
            return {**self._start(), **self._said("", ""), "done": True, "done_reason": self.idle}
        said = self._said(reply.text, reply.reasoning) if whole else self._said("", "")
        message = said.get("message")
        if whole and isinstance(message, dict) and reply.calls:
            message["tool_calls"] = [self._call(number, call) for number, call in enumerate(reply.calls)]
        line: Json = {
            **self._start(),
            **said,
            "done": True,
            "done_reason": "length" if reply.finish == "length" else "stop",
        }
        if isinstance(self.request, GenerateRequest):
            line["context"] = [105, 2364, 107, 106]
        return line if reply.usage is None else {**line, **_figures(reply.usage)}

    def _call(self, number: int, call: Call) -> Json:
        try:
            arguments = msgspec.json.decode(call.arguments or "{}")
        except msgspec.DecodeError:
            # Half an object cannot be sent as one.
            arguments = {}
        return {
            "id": make_id("call_", self.visit.serial, 8, salt=str(number)).lower(),
            "function": {"index": number, "name": call.name, "arguments": arguments},
        }


def _figures(usage: Usage) -> Json:
    """Counts and durations; what is zero is left out, as Go's omitempty does."""
    figures: Json = {
        "total_duration": LOAD_NS + usage.prompt * PROMPT_TOKEN_NS + usage.completion * TOKEN_NS,
        "load_duration": LOAD_NS,
        "prompt_eval_count": usage.prompt,
        "prompt_eval_duration": usage.prompt * PROMPT_TOKEN_NS,
        "eval_count": usage.completion,
        "eval_duration": usage.completion * TOKEN_NS,
    }
    return {name: figure for name, figure in figures.items() if figure}
