"""Events of an Anthropic stream as chunks, and at the end the whole answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import msgspec

from swebench_runner.providers.core.messages import OpaquePart
from swebench_runner.providers.core.stream import ProviderChunk
from swebench_runner.providers.transforms.anthropic_messages_parse import (
    add_block,
    add_call,
    finished,
    note_citations,
    note_end,
    note_message,
    note_usage,
    parse_answer,
)
from swebench_runner.providers.transforms.anthropic_messages_turns import DIALECT
from swebench_runner.providers.transforms.building import AnswerBuilder
from swebench_runner.providers.transforms.errors import classify_error, has_error
from swebench_runner.providers.transforms.json_body import (
    count_of,
    decode_object,
    mapping_of,
    objects_of,
    optional_text,
    text_of,
)
from swebench_runner.providers.transforms.tool_calls import parse_arguments

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swebench_runner.providers.core.protocols import Target
    from swebench_runner.providers.core.response import UnifiedResponse
    from swebench_runner.providers.core.stream import Frame
    from swebench_runner.providers.transforms.building import Kind, PendingCall, Segment

CHARACTERS_PER_TOKEN: Final = 4
_DELTA: Final = "content_block_delta"
_DELTA_STARTS: Final = b'{"type":"content_block_delta"'


class _Delta(msgspec.Struct, gc=False):
    type: str
    text: str = ""
    thinking: str = ""
    partial_json: str = ""


class _DeltaEvent(msgspec.Struct, gc=False):
    index: int
    delta: _Delta
    type: str = _DELTA


_decode_delta = msgspec.json.Decoder(_DeltaEvent).decode


class _OpenBlock:
    """A block that only Anthropic understands, while it arrives."""

    __slots__ = ("json", "value")

    def __init__(self, value: dict[str, Any]) -> None:
        self.value = value
        self.json: list[str] = []

    def grow(self, delta: Mapping[str, Any]) -> None:
        """Take in a delta: citations are collected, any other field is the latest."""
        if delta.get("type") == "citations_delta":
            self.value["citations"] = [*(self.value.get("citations") or ()), delta.get("citation")]
            return
        self.value.update(
            {name: value for name, value in delta.items() if name != "type" and value is not None}
        )

    def part(self) -> OpaquePart:
        """The block as it arrived."""
        if self.json:
            self.value["input"] = parse_arguments("".join(self.json)).input
        return OpaquePart(DIALECT, self.value)


class MessagesDecoder:
    """Reads one stream of the Messages API.

    Text, thinking and arguments come block by block, each named by its index. Usage is cumulative: the last
    figure of each kind counts. The answer is complete with `message_stop` and not before.
    """

    __slots__ = (
        "_builder",
        "_calls",
        "_finished",
        "_opaque",
        "_prefilled",
        "_segments",
        "_started",
        "_target",
        "_usage",
        "_whole",
    )

    def __init__(self, target: Target) -> None:
        self._target = target
        self._builder = AnswerBuilder(target, DIALECT)
        self._segments: dict[int, Segment] = {}
        self._calls: dict[int, PendingCall] = {}
        self._opaque: dict[int, _OpenBlock] = {}
        self._prefilled: set[int] = set()
        self._usage: dict[str, Any] = {}
        self._whole: UnifiedResponse | None = None
        self._started = False
        self._finished = False

    @property
    def finished(self) -> bool:
        """Whether `message_stop` was seen."""
        return self._finished

    @property
    def complete(self) -> bool:
        """The same: nothing before `message_stop` ends an answer."""
        return self._finished

    def feed(self, frame: Frame) -> ProviderChunk | None:
        """What an event adds.

        Raises:
            ProviderError: The event is an error, or no JSON object.
        """
        data = frame.data
        self._builder.keep(data)
        if frame.event == _DELTA or data.startswith(_DELTA_STARTS):
            try:
                event = _decode_delta(data)
            except (msgspec.DecodeError, UnicodeDecodeError):
                return self._feed_object(frame)
            if event.type == _DELTA:
                kind = event.delta.type
                if kind == "text_delta":
                    return self._add_text(event.index, event.delta.text)
                if kind == "input_json_delta":
                    self._add_json(event.index, event.delta.partial_json)
                    return None
                if kind == "thinking_delta":
                    return self._add_thinking(event.index, event.delta.thinking)
        return self._feed_object(frame)

    def finish(self) -> UnifiedResponse:
        """The whole answer.

        Raises:
            IncompleteStreamError: `message_stop` never came.
        """
        if self._whole is not None:
            return self._whole
        if not self._finished:
            self._settle()
            self._builder.usage = self.partial().usage
            raise self._builder.incomplete("the stream ended without message_stop")
        return finished(self._builder)

    def partial(self) -> UnifiedResponse:
        """What has arrived so far.

        `message_start` counts the prompt but hardly any output; the output is then estimated from its length.
        """
        response = self._whole or finished(self._builder)
        usage = response.usage
        if self._finished or usage.source == "unknown":
            return response
        calls = sum(len(call.raw) for call in self._builder.calls)
        written = (len(response.content) + len(response.reasoning) + calls) // CHARACTERS_PER_TOKEN
        output = max(usage.completion_tokens, written)
        usage = replace(usage, completion_tokens=output, total_tokens=0, source="estimate")
        return replace(response, usage=usage)

    def _feed_object(self, frame: Frame) -> ProviderChunk | None:
        if frame.data.strip() == b"[DONE]":
            return None
        event = decode_object(frame.data, self._target.provider)
        kind = event.get("type") or frame.event
        if kind == "error" or has_error(event):
            raise classify_error(200, {}, event, self._target)
        if kind == "message":
            return self._read_whole(event)
        if kind == _DELTA:
            return self._add_delta(_index(event), mapping_of(event.get("delta")))
        if kind == "content_block_start":
            return self._start(_index(event), dict(mapping_of(event.get("content_block"))))
        if kind == "content_block_stop":
            self._stop(_index(event))
        else:
            self._feed_message(kind, event)
        return None

    def _feed_message(self, kind: object, event: Mapping[str, Any]) -> None:
        """An event about the message as a whole; a kind that nobody knows yet is passed over."""
        if kind == "message_start":
            message = mapping_of(event.get("message"))
            note_message(self._builder, message)
            self._count(mapping_of(message.get("usage")))
            # Gateways repeat this event, some in the middle of the stream; what arrived before stays.
            if not self._started:
                for block in objects_of(message.get("content")):
                    add_block(self._builder, block)
            self._started = True
        elif kind == "message_delta":
            note_end(self._builder, mapping_of(event.get("delta")))
            note_end(self._builder, {"context_management": event.get("context_management")})
            self._count(mapping_of(event.get("usage")))
        elif kind == "message_stop":
            self._settle()
            self._finished = True

    def _read_whole(self, body: Mapping[str, Any]) -> ProviderChunk:
        """An answer that was not streamed although it should have been."""
        self._whole = parse_answer(body, self._target)
        self._finished = True
        return ProviderChunk(self._whole.content, self._whole.reasoning)

    def _count(self, usage: Mapping[str, Any]) -> None:
        """Cumulative figures: the last of each kind that is not null."""
        self._usage.update({name: value for name, value in usage.items() if value is not None})
        note_usage(self._builder, self._usage)

    def _start(self, index: int, block: dict[str, Any]) -> ProviderChunk | None:
        kind = block.get("type")
        if kind == "text":
            self._open(index, "text")
            note_citations(self._builder, block.get("citations"))
            return self._add_text(index, text_of(block.get("text")))
        if kind == "thinking":
            self._open(index, "thinking").signature = optional_text(block.get("signature"))
            return self._add_thinking(index, text_of(block.get("thinking")))
        if kind == "redacted_thinking":
            self._open(index, "thinking").redacted = text_of(block.get("data"))
        elif kind == "tool_use":
            self._calls[index] = add_call(self._builder, block)
            if block.get("input"):
                self._prefilled.add(index)
        else:
            self._opaque[index] = _OpenBlock(block)
        return None

    def _stop(self, index: int) -> None:
        self._segments.pop(index, None)
        self._calls.pop(index, None)
        block = self._opaque.pop(index, None)
        if block is not None:
            self._builder.add_part(block.part())

    def _settle(self) -> None:
        """Close the blocks that nobody closed."""
        for index in sorted(self._opaque):
            self._stop(index)

    def _open(self, index: int, kind: Kind) -> Segment:
        segment = self._segments[index] = self._builder.open(kind)
        return segment

    def _add_text(self, index: int, text: str) -> ProviderChunk | None:
        if not text:
            return None
        segment = self._segments.get(index)
        if segment is None:
            block = self._opaque.get(index)
            if block is not None:
                block.value["text"] = text_of(block.value.get("text")) + text
                return None
            segment = self._open(index, "text")
        segment.pieces.append(text)
        return ProviderChunk(text)

    def _add_thinking(self, index: int, text: str) -> ProviderChunk | None:
        if not text:
            return None
        segment = self._segments.get(index)
        if segment is None:
            segment = self._open(index, "thinking")
        segment.pieces.append(text)
        return ProviderChunk("", text)

    def _add_json(self, index: int, text: str) -> None:
        call = self._calls.get(index)
        if call is None:
            block = self._opaque.get(index)
            if block is not None:
                block.json.append(text)
        elif text:
            if index in self._prefilled:
                self._prefilled.discard(index)
                call.replace("")
            call.add(text)

    def _add_delta(self, index: int, delta: Mapping[str, Any]) -> ProviderChunk | None:
        """A delta that is rare, or of a kind that nobody knows yet."""
        kind, segment, block = delta.get("type"), self._segments.get(index), self._opaque.get(index)
        if kind == "text_delta":
            return self._add_text(index, text_of(delta.get("text")))
        if kind == "signature_delta":
            if segment is None:
                segment = self._open(index, "thinking")
            segment.signature = (segment.signature or "") + text_of(delta.get("signature"))
        elif kind == "citations_delta" and block is None:
            note_citations(self._builder, [delta.get("citation")])
        elif block is not None:
            block.grow(delta)
        return None


def _index(event: Mapping[str, Any]) -> int:
    return count_of(event.get("index")) or 0
