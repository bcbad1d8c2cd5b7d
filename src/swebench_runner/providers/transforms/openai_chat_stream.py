"""The events of a streamed chat completion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from swebench_runner.providers.core.errors import ResponseFormatError
from swebench_runner.providers.core.stream import ProviderChunk
from swebench_runner.providers.transforms.building import AnswerBuilder
from swebench_runner.providers.transforms.errors import classify_error, has_error
from swebench_runner.providers.transforms.json_body import decode_object, mapping_of, objects_of
from swebench_runner.providers.transforms.openai_chat_parse import (
    DIALECT,
    REASONS,
    add_message,
    add_reasoning,
    note_choice,
    note_facts,
    refuse_failed,
)
from swebench_runner.providers.transforms.openai_usage import read_usage
from swebench_runner.providers.transforms.reasoning_details import DetailCollector

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swebench_runner.providers.core.json import JSON
    from swebench_runner.providers.core.protocols import Target
    from swebench_runner.providers.core.response import UnifiedResponse
    from swebench_runner.providers.core.stream import Frame

_DONE: Final = b"[DONE]"

# The few fields of an ordinary event. What is `Any` here makes an event a rare one when it is set: such
# events are decoded again, whole.


class _Function(msgspec.Struct, gc=False):
    name: str | None = None
    arguments: str | None = None


class _Fragment(msgspec.Struct, gc=False):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None
    custom: Any = None


class _Delta(msgspec.Struct, gc=False):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[_Fragment] | None = None
    reasoning_details: Any = None
    refusal: Any = None
    function_call: Any = None
    annotations: Any = None
    audio: Any = None
    images: Any = None
    executed_tools: Any = None


class _Choice(msgspec.Struct, gc=False):
    index: int = 0
    delta: _Delta | None = None
    finish_reason: str | None = None
    usage: Any = None
    error: Any = None


class _Event(msgspec.Struct, gc=False):
    choices: list[_Choice] = []
    usage: Any = None
    error: Any = None
    x_groq: Any = None


_decode = msgspec.json.Decoder(_Event).decode


class ChatDecoder:
    """One stream of chat-completion chunks.

    Args:
        target: Who was asked.
        terminator: What makes the stream complete; see `OpenAIChat`.
        cost_in_usage: Whether `usage.cost` is the charge in US dollars.
    """

    __slots__ = (
        "_begun",
        "_builder",
        "_cost_in_usage",
        "_counted",
        "_details",
        "_done",
        "_target",
        "_terminator",
        "finished",
    )

    def __init__(
        self, target: Target, *, terminator: Literal["strict", "done_only", "none"], cost_in_usage: bool
    ) -> None:
        self.finished = False
        self._target = target
        self._terminator = terminator
        self._cost_in_usage = cost_in_usage
        self._builder = AnswerBuilder(target, DIALECT)
        self._details = DetailCollector(self._builder, pieces=True)
        self._begun = False
        self._counted = False
        self._done = False

    @property
    def complete(self) -> bool:
        """Whether the answer may end here, though counts may still come."""
        ended = self._done and (self._counted or self._terminator != "strict")
        return ended or self._builder.finish_reason is not None

    def feed(self, frame: Frame) -> ProviderChunk | None:
        """What this event adds; None when nothing.

        Raises:
            ProviderError: The event is an error.
            ResponseFormatError: It is not a JSON object.
        """
        if not self._begun:
            return self._feed_rare(frame)
        try:
            event = _decode(frame.data)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return self._feed_rare(frame)
        choices = event.choices
        if len(choices) != 1 or event.usage or event.error or event.x_groq:
            return self._feed_rare(frame)
        choice = choices[0]
        delta = choice.delta
        if delta is None or choice.finish_reason or choice.index or _is_rare(choice, delta):
            return self._feed_rare(frame)
        if delta.tool_calls and not self._add_fragments(delta.tool_calls):
            return self._feed_rare(frame)
        reasoning = delta.reasoning_content or delta.reasoning or ""
        if reasoning or delta.reasoning_details:
            reasoning = add_reasoning(self._builder, reasoning, delta.reasoning_details, self._details)
        text = delta.content
        if text:
            self._builder.add_text(text)
            return ProviderChunk(text, reasoning)
        return ProviderChunk("", reasoning) if reasoning else None

    def finish(self) -> UnifiedResponse:
        """The whole answer.

        Raises:
            IncompleteStreamError: Neither a finish reason nor what else this server ends with was seen.
            ServerError: The finish reason is an error.
        """
        builder = self._builder
        refuse_failed(builder, self._target)
        if not self.complete and self._terminator != "none":
            if self._done:
                raise builder.incomplete(
                    "the stream ended without a finish reason",
                    "where this server never sends one, set its terminator to 'done_only'",
                )
            raise builder.incomplete("the stream broke off before the answer was complete")
        return builder.build(REASONS)

    def partial(self) -> UnifiedResponse:
        """What has arrived so far."""
        return self._builder.build(REASONS, complete=False)

    def _add_fragments(self, fragments: list[_Fragment]) -> bool:
        """Add pieces of arguments; False where one begins a call, which is a rare event."""
        for fragment in fragments:
            function = fragment.function
            if fragment.id or function is None or function.name or fragment.custom:
                return False
        for fragment in fragments:
            if fragment.function is not None:
                self._builder.add_call_fragment(fragment.index, "", "", fragment.function.arguments)
        return True

    def _feed_rare(self, frame: Frame) -> ProviderChunk | None:
        data = frame.data.strip()
        if not data:
            return None
        if data == _DONE:
            self._done = self.finished = True
            return None
        event = decode_object(data, self._target.provider)
        if has_error(event) or frame.event == "error":
            raise classify_error(200, {}, event, self._target)
        self._begun = True
        note_facts(self._builder, event)
        choices = [choice for choice in self._choices(event) if not choice.get("index")]
        if event.get("usage") or not choices or choices[0].get("finish_reason"):
            self._builder.keep(data)
        text, reasoning = self._add_choice(choices[0]) if choices else ("", "")
        self._note_usage(event, choices, idle=not text and not reasoning)
        return ProviderChunk(text, reasoning) if text or reasoning else None

    def _choices(self, event: Mapping[str, JSON]) -> list[Mapping[str, JSON]]:
        """The choices of an event, which may have none, but no others than objects.

        Raises:
            ResponseFormatError: It has.
        """
        wire = event.get("choices") or []
        choices = objects_of(wire)
        if not isinstance(wire, list) or len(choices) != len(wire):
            raise ResponseFormatError("the choices of an event are not objects", self._target.provider)
        return choices

    def _add_choice(self, choice: Mapping[str, JSON]) -> tuple[str, str]:
        if has_error(choice):
            raise classify_error(200, {}, choice, self._target)
        note_choice(self._builder, choice)
        delta = choice.get("delta", choice.get("message"))
        if isinstance(delta, dict):
            return add_message(self._builder, delta, self._details)
        text = choice.get("text")
        if isinstance(text, str) and text:
            self._builder.add_text(text)
            return text, ""
        return "", ""

    def _note_usage(
        self, event: Mapping[str, JSON], choices: list[Mapping[str, JSON]], *, idle: bool
    ) -> None:
        """Take the last count; counts behind a finish reason are the end, as nothing can follow them."""
        blocks = [event.get("usage"), mapping_of(event.get("x_groq")).get("usage")]
        blocks += [choice.get("usage") for choice in choices[:1]]
        for block in blocks:
            usage = read_usage(block, cost_in_usage=self._cost_in_usage)
            if usage is not None:
                self._builder.usage = usage
                self._counted = self._counted or not choices
                self.finished = self.finished or (idle and self._builder.finish_reason is not None)
                return


def _is_rare(choice: _Choice, delta: _Delta) -> bool:
    """Whether a delta holds more than text, readable reasoning and pieces of calls."""
    return bool(
        delta.refusal
        or delta.function_call
        or choice.usage
        or choice.error
        or delta.annotations
        or delta.audio
        or delta.images
        or delta.executed_tools
    )
