"""The events of a streamed response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from swebench_runner.providers.core.stream import ProviderChunk
from swebench_runner.providers.transforms.building import AnswerBuilder
from swebench_runner.providers.transforms.errors import classify_error
from swebench_runner.providers.transforms.json_body import (
    count_of,
    decode_object,
    mapping_of,
    objects_of,
    text_of,
)
from swebench_runner.providers.transforms.openai_responses_parse import (
    DIALECT,
    REASONS,
    add_item,
    message_text,
    note_facts,
    reasoning_text,
    refuse_failed,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swebench_runner.providers.core.json import JSON
    from swebench_runner.providers.core.protocols import Target
    from swebench_runner.providers.core.response import UnifiedResponse
    from swebench_runner.providers.core.stream import Frame

_TEXT: Final = "response.output_text.delta"
_ARGUMENTS: Final = {
    "response.function_call_arguments.delta": "function_call",
    "response.custom_tool_call_input.delta": "custom_tool_call",
}
_REASONING: Final = {"response.reasoning_summary_text.delta", "response.reasoning_text.delta"}
_REFUSAL: Final = "response.refusal.delta"
_TERMINAL: Final = {
    "response.completed": "completed",
    "response.done": "completed",
    "response.incomplete": "incomplete",
    "response.failed": "failed",
}
_BEGINNINGS: Final = {"response.created", "response.in_progress", "response.queued"}
_ITEMS: Final = {"response.output_item.added", "response.output_item.done"}


class _Event(msgspec.Struct, gc=False):
    """The few fields of an ordinary event."""

    type: str = ""
    delta: str | None = None
    output_index: int | None = None
    summary_index: int | None = None
    content_index: int | None = None
    error: Any = None


_decode = msgspec.json.Decoder(_Event).decode


class _Item:
    """One item of the output while it arrives: what its events added, and at the end the item itself."""

    __slots__ = ("done", "head", "paragraph", "pieces", "refusal")

    def __init__(self, head: dict[str, JSON]) -> None:
        self.head = head
        self.done = False
        self.pieces: list[str] = []
        self.refusal: list[str] = []
        self.paragraph: tuple[str, int | None] | None = None

    def item(self) -> Mapping[str, JSON]:
        """The item as far as it is known."""
        if self.done:
            return self.head
        text = "".join(self.pieces)
        kind = text_of(self.head.get("type"))
        if kind == "message":
            content: list[JSON] = [{"type": "output_text", "text": text}] if text else []
            if self.refusal:
                content.append({"type": "refusal", "refusal": "".join(self.refusal)})
            return {**self.head, "content": content}
        if kind == "reasoning":
            return {**self.head, "summary": [{"type": "summary_text", "text": text}]}
        if kind in {"function_call", "custom_tool_call"}:
            return {**self.head, ("arguments" if kind == "function_call" else "input"): text}
        return self.head


class ResponsesDecoder:
    """One stream of response events.

    Items are told apart by their place in the output: some gateways change an item's id from event to
    event. The finished item of its `done` event wins over what its deltas added up to.

    Args:
        target: Who was asked.
        cost_in_usage: Whether `usage.cost` is the charge in US dollars.
    """

    __slots__ = ("_begun", "_cost_in_usage", "_items", "_last", "_response", "_target", "finished")

    def __init__(self, target: Target, *, cost_in_usage: bool = False) -> None:
        self.finished = False
        self._target = target
        self._cost_in_usage = cost_in_usage
        self._items: dict[int, _Item] = {}
        self._last = 0
        self._begun: Mapping[str, JSON] = {}
        self._response: Mapping[str, JSON] | None = None

    @property
    def complete(self) -> bool:
        """The same as `finished`: nothing before the last event ends an answer."""
        return self.finished

    def feed(self, frame: Frame) -> ProviderChunk | None:
        """What this event adds; None when nothing. Unknown events are left aside.

        Raises:
            ProviderError: The event is an error, or the response failed.
            ResponseFormatError: It is not a JSON object.
        """
        try:
            event = _decode(frame.data)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return self._feed_rare(frame)
        kind = event.type
        delta = event.delta
        if kind == _TEXT and delta is not None and not event.error:
            self._open(event.output_index, "message").pieces.append(delta)
            return ProviderChunk(delta) if delta else None
        if delta is None or event.error:
            return self._feed_rare(frame)
        return self._add_delta(event, kind, delta)

    def finish(self) -> UnifiedResponse:
        """The whole answer.

        Raises:
            IncompleteStreamError: No terminal event was seen.
        """
        builder = self._fill()
        if self._response is None:
            raise builder.incomplete("the stream broke off before the response was complete")
        return builder.build(REASONS, self._response)

    def partial(self) -> UnifiedResponse:
        """What has arrived so far."""
        return self._fill().build(REASONS, complete=False)

    def _add_delta(self, event: _Event, kind: str, delta: str) -> ProviderChunk | None:
        if kind in _REASONING:
            item = self._open(event.output_index, "reasoning")
            paragraph = (kind, event.summary_index if event.content_index is None else event.content_index)
            if item.paragraph not in {None, paragraph} and delta:
                delta = f"\n\n{delta}"
            if delta:
                item.paragraph = paragraph
                item.pieces.append(delta)
                return ProviderChunk("", delta)
        elif kind in _ARGUMENTS:
            self._open(event.output_index, _ARGUMENTS[kind]).pieces.append(delta)
        elif kind == _REFUSAL:
            self._open(event.output_index, "message").refusal.append(delta)
        return None

    def _open(self, index: int | None, kind: str) -> _Item:
        if index is None:
            index = self._last
        item = self._items.get(index)
        if item is None:
            item = self._items[index] = _Item({"type": kind})
        self._last = index
        return item

    def _feed_rare(self, frame: Frame) -> ProviderChunk | None:
        data = frame.data.strip()
        if not data or data == b"[DONE]":
            return None
        event = decode_object(data, self._target.provider)
        kind = text_of(event.get("type")) or frame.event
        if kind == "error" or (event.get("error") and "output" not in event):
            raise classify_error(200, {}, event, self._target)
        if kind in _ITEMS:
            return self._note_item(event, done=kind == "response.output_item.done")
        if kind in _BEGINNINGS:
            self._begun = mapping_of(event.get("response"))
        elif kind in _TERMINAL:
            return self._end(mapping_of(event.get("response")), _TERMINAL[kind])
        elif "output" in event and event.get("object") == "response":  # a server that does not stream
            return self._end(event, "completed")
        return None

    def _note_item(self, event: Mapping[str, JSON], *, done: bool) -> ProviderChunk | None:
        wire = event.get("item")
        index = count_of(event.get("output_index"))
        if not isinstance(wire, dict):
            return None
        if index is None:
            index = self._last if done or not self._items else self._last + 1
        item = self._items.get(index)
        if item is None:
            item = self._items[index] = _Item(wire)
        item.head, item.done = wire, done
        self._last = index
        return _unsaid(item) if done else None

    def _end(self, response: Mapping[str, JSON], status: str) -> ProviderChunk | None:
        """Take the whole response; the chunk is what of it was never streamed."""
        response = response if response.get("status") else {**response, "status": status}
        refuse_failed(response, self._target)
        self._response = response
        self.finished = True
        text, reasoning = [], []
        for index, wire in enumerate(objects_of(response.get("output"))):
            item = self._items.setdefault(index, _Item(dict(wire)))
            if not item.done:
                item.head, item.done = dict(wire), True
                if chunk := _unsaid(item):
                    text.append(chunk.text)
                    reasoning.append(chunk.reasoning)
        return ProviderChunk("".join(text), "".join(reasoning)) if text else None

    def _fill(self) -> AnswerBuilder:
        """A builder with what is known now."""
        builder = AnswerBuilder(self._target, DIALECT)
        for facts in (self._begun, self._response or {}):
            note_facts(builder, facts, cost_in_usage=self._cost_in_usage)
        for index in sorted(self._items):
            add_item(builder, self._items[index].item())
        return builder


def _unsaid(item: _Item) -> ProviderChunk | None:
    """The text of a finished item that no delta has given out."""
    said = "".join(item.pieces)
    kind = text_of(item.head.get("type"))
    if kind not in {"message", "reasoning"}:
        return None
    text = message_text(item.head) if kind == "message" else reasoning_text(item.head)
    if len(text) <= len(said) or not text.startswith(said):
        return None
    rest = text[len(said) :]
    return ProviderChunk(rest) if kind == "message" else ProviderChunk("", rest)
