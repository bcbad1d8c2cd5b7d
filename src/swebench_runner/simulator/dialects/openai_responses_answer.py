"""A response of the Responses API as it goes out, whole or as numbered events."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

import msgspec

from swebench_runner.simulator.dialects.openai_chat_answer import OBFUSCATION, Json
from swebench_runner.simulator.ids import make_id
from swebench_runner.simulator.reply import json_pieces
from swebench_runner.simulator.signing import seal
from swebench_runner.simulator.wire import EventStream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from swebench_runner.simulator.dialects.openai_responses_types import ResponsesRequest
    from swebench_runner.simulator.prompt import PromptInfo
    from swebench_runner.simulator.reply import Call, Reply, Usage
    from swebench_runner.simulator.wire import Page, Visit

_encode = msgspec.json.encode
INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}


class EventWriter:
    """Events in order, each with the next number."""

    def __init__(self, *, obfuscated: bool) -> None:
        self._number = 0
        self._letters: Sequence[str] = OBFUSCATION if obfuscated else ("",)

    def event(self, kind: str, fields: Json) -> bytes:
        """One event."""
        data = _encode({"type": kind, **fields, "sequence_number": self._number})
        self._number += 1
        return b"event: " + kind.encode() + b"\ndata: " + data + b"\n\n"

    def deltas(self, kind: str, text: str, fields: Json) -> list[bytes]:
        """A text as events, one for each piece."""
        start = b"event: " + kind.encode() + b'\ndata: {"type":"' + kind.encode() + b'","delta":'
        rest = b"," + _encode(fields)[1:-1]
        ends = [rest + letters.encode() + b',"sequence_number":' for letters in self._letters]
        first = self._number
        pieces = json_pieces(text)
        self._number += len(pieces)
        return [
            b"%b%b%b%d}\n\n" % (start, piece, end, number)
            for number, (piece, end) in enumerate(zip(pieces, cycle(ends)), first)
        ]


class ResponsesAsked:
    """A response that may be given."""

    def __init__(self, visit: Visit, request: ResponsesRequest, prompt: PromptInfo) -> None:
        self.prompt = prompt
        self.visit = visit
        self.request = request

    def body(self, reply: Reply) -> bytes:
        """The response."""
        return _encode(self.response(reply))

    def events(self, reply: Reply) -> EventStream:
        """The response as it comes to be: created, its items, and the event that ends it."""
        options = self.request.stream_options
        writer = EventWriter(obfuscated=options is None or options.include_obfuscation is not False)
        started = self.response(None)
        head = writer.event("response.created", {"response": started})
        head += writer.event("response.in_progress", {"response": started})
        pieces: list[bytes] = []
        index = 0
        if reply.reasoning:
            pieces += self._reasoning_events(writer, reply, index)
            index += 1
        if reply.text or not reply.calls:
            pieces += self._message_events(writer, reply, index)
            index += 1
        for number, call in enumerate(reply.calls):
            pieces += self._call_events(writer, call, number, index + number)
        response = self.response(reply)
        end = writer.event(f"response.{response['status']}", {"response": response})
        return EventStream(head, pieces, (end,))

    def failure(self, page: Page) -> bytes:
        """A response that fails after it began, as recorded: the error, then the failed response."""
        error = msgspec.json.decode(page.body)["error"]
        writer = EventWriter(obfuscated=False)
        first = writer.event("error", {"error": error})
        brief = {"code": error["code"] or "server_error", "message": error["message"]}
        failed = {**self.response(None), "status": "failed", "error": brief}
        return first + writer.event("response.failed", {"response": failed})

    def response(self, reply: Reply | None) -> Json:
        """The response object; while it is in progress there is no reply yet."""
        request = self.request
        reason = INCOMPLETE.get(reply.finish) if reply else None
        reasoning = request.reasoning
        status = "in_progress" if reply is None else "incomplete" if reason else "completed"
        return {
            "id": self._id("resp_"),
            "object": "response",
            "created_at": self.visit.created_s,
            "status": status,
            "background": False,
            "completed_at": self.visit.created_s if status == "completed" else None,
            "error": None,
            "incomplete_details": {"reason": reason} if reason else None,
            "instructions": request.instructions,
            "max_output_tokens": request.max_output_tokens,
            "max_tool_calls": None,
            "model": self.prompt.model.name,
            "output": [] if reply is None else self.output(reply),
            "parallel_tool_calls": request.parallel_tool_calls is not False,
            "previous_response_id": None,
            "prompt_cache_key": request.prompt_cache_key,
            "reasoning": {
                "effort": reasoning.effort if reasoning else None,
                "summary": reasoning.summary if reasoning else None,
            },
            "safety_identifier": request.safety_identifier,
            "service_tier": "default" if reply else "auto",
            "store": request.store is not False,
            "temperature": 1.0 if request.temperature is None else request.temperature,
            "text": _echo(request.text) or {"format": {"type": "text"}, "verbosity": "medium"},
            "tool_choice": _echo(request.tool_choice) or "auto",
            "tools": [{**_object(tool), "strict": tool.strict is not False} for tool in request.tools or ()],
            "top_logprobs": 0,
            "top_p": 1.0 if request.top_p is None else request.top_p,
            "truncation": request.truncation or "disabled",
            "usage": _usage(reply.usage) if reply and reply.usage else None,
            "user": request.user,
            "metadata": request.metadata or {},
        }

    def output(self, reply: Reply) -> list[Json]:
        """All items of a response."""
        items = [self._reasoning_item(reply)] if reply.reasoning else []
        if reply.text or not reply.calls:
            items.append(self._message_item(reply))
        return items + [self._call_item(call, number) for number, call in enumerate(reply.calls)]

    def _reasoning_item(self, reply: Reply) -> Json:
        item: Json = {"id": self._id("rs_"), "type": "reasoning", "content": [], "summary": []}
        if self.request.reasoning and self.request.reasoning.summary:
            item["summary"] = [{"type": "summary_text", "text": reply.reasoning}]
        if "reasoning.encrypted_content" in (self.request.include or ()):
            item["encrypted_content"] = seal(reply.reasoning)
        return item

    def _message_item(self, reply: Reply, status: str = "") -> Json:
        status = status or ("incomplete" if reply.finish in INCOMPLETE else "completed")
        content = [] if status == "in_progress" else [_part(reply, reply.text)]
        return {
            "id": self._id("msg_"),
            "type": "message",
            "status": status,
            "content": content,
            "role": "assistant",
        }

    def _call_item(self, call: Call, number: int, status: str = "completed") -> Json:
        return {
            "id": self._id("fc_", str(number)),
            "type": "function_call",
            "status": status,
            "arguments": "" if status == "in_progress" else call.arguments,
            "call_id": make_id("call_", self.visit.serial, 24, salt=str(number)),
            "name": call.name,
        }

    def _reasoning_events(self, writer: EventWriter, reply: Reply, index: int) -> list[bytes]:
        item = self._reasoning_item(reply)
        opening = writer.event(
            "response.output_item.added", {"item": {**item, "summary": []}, "output_index": index}
        )
        where: Json = {"item_id": item["id"], "output_index": index, "summary_index": 0}
        pieces: list[bytes] = []
        closing = b""
        if item["summary"]:
            kind, part = "response.reasoning_summary", {"type": "summary_text", "text": ""}
            opening += writer.event(f"{kind}_part.added", {**where, "part": part})
            pieces = writer.deltas(f"{kind}_text.delta", reply.reasoning, where)
            closing = writer.event(f"{kind}_text.done", {**where, "text": reply.reasoning})
            closing += writer.event(f"{kind}_part.done", {**where, "part": {**part, "text": reply.reasoning}})
        closing += writer.event("response.output_item.done", {"item": item, "output_index": index})
        return _enclosed(opening, pieces, closing)

    def _message_events(self, writer: EventWriter, reply: Reply, index: int) -> list[bytes]:
        item = self._message_item(reply, "in_progress")
        where: Json = {"content_index": 0, "item_id": item["id"], "output_index": index}
        opening = writer.event("response.output_item.added", {"item": item, "output_index": index})
        opening += writer.event("response.content_part.added", {**where, "part": _part(reply, "")})
        refused = reply.finish == "refusal"
        kind, name = ("response.refusal", "refusal") if refused else ("response.output_text", "text")
        more: Json = {} if refused else {"logprobs": []}
        pieces = writer.deltas(f"{kind}.delta", reply.text, {**where, **more})
        closing = writer.event(f"{kind}.done", {**where, **more, name: reply.text})
        closing += writer.event("response.content_part.done", {**where, "part": _part(reply, reply.text)})
        done = {"item": self._message_item(reply), "output_index": index}
        return _enclosed(opening, pieces, closing + writer.event("response.output_item.done", done))

    def _call_events(self, writer: EventWriter, call: Call, number: int, index: int) -> list[bytes]:
        item = self._call_item(call, number, "in_progress")
        where: Json = {"item_id": item["id"], "output_index": index}
        kind = "response.function_call_arguments"
        opening = writer.event("response.output_item.added", {"item": item, "output_index": index})
        pieces = writer.deltas(f"{kind}.delta", call.arguments, where)
        closing = writer.event(f"{kind}.done", {**where, "arguments": call.arguments, "name": call.name})
        done = {"item": self._call_item(call, number), "output_index": index}
        return _enclosed(opening, pieces, closing + writer.event("response.output_item.done", done))

    def _id(self, prefix: str, salt: str = "") -> str:
        return make_id(prefix, self.visit.serial, 50, salt=salt)


def _part(reply: Reply, text: str) -> Json:
    if reply.finish == "refusal":
        return {"type": "refusal", "refusal": text}
    return {"type": "output_text", "annotations": [], "logprobs": [], "text": text}


def _usage(usage: Usage) -> Json:
    return {
        "input_tokens": usage.prompt,
        "input_tokens_details": {"cached_tokens": usage.cache.read, "cache_write_tokens": 0},
        "output_tokens": usage.completion,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.total,
    }


def _enclosed(opening: bytes, pieces: list[bytes], closing: bytes) -> list[bytes]:
    """Pieces with the events that open and close them attached, so that a piece stays the unit of faults."""
    if not pieces:
        return [opening + closing]
    pieces[0] = opening + pieces[0]
    pieces[-1] += closing
    return pieces


def _echo(value: object) -> object:
    return value if value is None or isinstance(value, str) else _object(value)


def _object(value: object) -> Json:
    built = msgspec.to_builtins(value)
    return {name: part for name, part in built.items() if part is not None}
