"""A message of Anthropic's as it goes out, whole or as events."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

import msgspec

from swebench_runner.simulator.ids import make_id
from swebench_runner.simulator.reply import json_pieces
from swebench_runner.simulator.signing import sign
from swebench_runner.simulator.wire import EventStream

if TYPE_CHECKING:
    from swebench_runner.simulator.dialects.anthropic_types import MessagesRequest
    from swebench_runner.simulator.dialects.openai_chat_answer import Json
    from swebench_runner.simulator.prompt import PromptInfo
    from swebench_runner.simulator.reply import Call, Reply, Usage
    from swebench_runner.simulator.wire import Page, Visit

STOP_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
}
PING = b'event: ping\ndata: {"type": "ping"}\n\n'
FIRST_OUTPUT_TOKENS = 1
_encode = msgspec.json.encode


class MessagesAsked:
    """A message that may be answered."""

    def __init__(self, visit: Visit, request: MessagesRequest, prompt: PromptInfo) -> None:
        self.prompt = prompt
        self.visit = visit
        self.request = request

    def body(self, reply: Reply) -> bytes:
        """The message."""
        message = {**self._message(), "content": self._content(reply), **_stop(reply)}
        if reply.usage is not None:
            message["usage"] = _usage(reply.usage, reply.usage.completion)
        return _encode(message)

    def events(self, reply: Reply) -> EventStream:
        """message_start, the blocks, message_delta with the running totals, message_stop."""
        start = self._message()
        if reply.usage is not None:
            start["usage"] = _usage(reply.usage, FIRST_OUTPUT_TOKENS)
        head = event("message_start", {"message": start})
        pieces: list[bytes] = []
        for index, (block, deltas) in enumerate(self._blocks(reply)):
            opening = event("content_block_start", {"index": index, "content_block": block})
            if index == 0:
                opening += PING
            pieces += _block_events(opening, deltas, index)
        delta: Json = {"delta": _stop(reply)}
        if reply.usage is not None:
            delta["usage"] = _delta_usage(reply.usage)
        return EventStream(head, pieces, (event("message_delta", delta), event("message_stop", {})))

    def failure(self, page: Page) -> bytes:
        """An error event, after which the stream ends without message_stop."""
        return b"event: error\ndata: " + page.body + b"\n\n"

    def _message(self) -> Json:
        return {
            "model": self.prompt.model.name,
            "id": make_id("msg_01", self.visit.serial, 22),
            "type": "message",
            "role": "assistant",
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "stop_details": None,
        }

    def _content(self, reply: Reply) -> list[Json]:
        content: list[Json] = []
        if reply.reasoning:
            shown = self._shown(reply)
            content.append({"type": "thinking", "thinking": shown, "signature": sign(reply.reasoning)})
        if reply.text:
            content.append({"type": "text", "text": reply.text})
        for number, call in enumerate(reply.calls):
            content.append({**self._call(number, call), "input": _arguments(call)})
        return content

    def _blocks(self, reply: Reply) -> list[tuple[Json, list[bytes]]]:
        """Each block as it starts, and the deltas that fill it."""
        blocks: list[tuple[Json, list[bytes]]] = []
        if reply.reasoning:
            deltas = _deltas("thinking_delta", "thinking", self._shown(reply))
            deltas.append(_encode({"type": "signature_delta", "signature": sign(reply.reasoning)}))
            blocks.append(({"type": "thinking", "thinking": "", "signature": ""}, deltas))
        if reply.text:
            blocks.append(({"type": "text", "text": ""}, _deltas("text_delta", "text", reply.text)))
        for number, call in enumerate(reply.calls):
            first = _encode({"type": "input_json_delta", "partial_json": ""})
            # A call without arguments may send nothing but the empty first fragment.
            arguments = "" if call.arguments == "{}" else call.arguments
            deltas = [first, *_deltas("input_json_delta", "partial_json", arguments)]
            blocks.append(({**self._call(number, call), "input": {}}, deltas))
        return blocks

    def _shown(self, reply: Reply) -> str:
        thinking = self.request.thinking
        return "" if thinking is not None and thinking.display == "omitted" else reply.reasoning

    def _call(self, number: int, call: Call) -> Json:
        call_id = make_id("toolu_01", self.visit.serial, 22, salt=str(number))
        return {"type": "tool_use", "id": call_id, "name": call.name, "caller": {"type": "direct"}}


def event(kind: str, fields: Json) -> bytes:
    """One event; the blanks before its last brace are recorded, and mean nothing."""
    data = _encode({"type": kind, **fields})
    blanks = b" " * (len(data) * 7 % 16)
    return b"event: " + kind.encode() + b"\ndata: " + data[:-1] + blanks + b"}\n\n"


def _block_events(opening: bytes, deltas: list[bytes], index: int) -> list[bytes]:
    start = b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,"delta":' % index
    ends = [b" " * blanks + b"}\n\n" for blanks in (9, 0, 4, 13, 7, 2, 11)]
    pieces = [start + delta + end for delta, end in zip(deltas, cycle(ends))]
    closing = event("content_block_stop", {"index": index})
    if not pieces:
        return [opening + closing]
    pieces[0] = opening + pieces[0]
    pieces[-1] += closing
    return pieces


def _deltas(kind: str, name: str, text: str) -> list[bytes]:
    before = b'{"type":"' + kind.encode() + b'","' + name.encode() + b'":'
    return [before + piece + b"}" for piece in json_pieces(text)]


def _arguments(call: Call) -> object:
    try:
        return msgspec.json.decode(call.arguments or "{}")
    except msgspec.DecodeError:
        # Arguments cut by max_tokens cannot be an object; the block stays empty.
        return {}


def _stop(reply: Reply) -> Json:
    details = None
    reason = STOP_REASONS.get(reply.finish, reply.finish)
    if reason == "refusal":
        details = {"type": "refusal", "category": None, "explanation": "This request was declined."}
    return {"stop_reason": reason, "stop_sequence": reply.stopped_by or None, "stop_details": details}


def _usage(usage: Usage, output_tokens: int) -> Json:
    cache = usage.cache
    return {
        "input_tokens": usage.fresh,
        "cache_creation_input_tokens": cache.write_5m + cache.write_1h,
        "cache_read_input_tokens": cache.read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": cache.write_5m,
            "ephemeral_1h_input_tokens": cache.write_1h,
        },
        "output_tokens": output_tokens,
        "service_tier": "standard",
        "inference_geo": "not_available",
    }


def _delta_usage(usage: Usage) -> Json:
    cache = usage.cache
    return {
        "input_tokens": usage.fresh,
        "cache_creation_input_tokens": cache.write_5m + cache.write_1h,
        "cache_read_input_tokens": cache.read,
        "output_tokens": usage.completion,
    }
