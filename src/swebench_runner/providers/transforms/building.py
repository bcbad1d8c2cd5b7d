"""An answer put together piece by piece, the same way whether it was streamed or not."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from swebench_runner.providers.core.errors import IncompleteStreamError
from swebench_runner.providers.core.messages import RefusalPart, TextPart, ThinkingPart, ToolCall
from swebench_runner.providers.core.response import FinishReason, UnifiedResponse
from swebench_runner.providers.core.usage import UNKNOWN_USAGE
from swebench_runner.providers.transforms.tool_calls import (
    CUT_OFF,
    Arguments,
    CallCollector,
    PendingCall,
    finished_calls,
    parse_arguments,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swebench_runner.providers.core.json import JSON
    from swebench_runner.providers.core.messages import ContentPart
    from swebench_runner.providers.core.protocols import Target
    from swebench_runner.providers.core.usage import TokenUsage

__all__ = ["AnswerBuilder", "Arguments", "PendingCall", "Segment", "normalize_finish", "parse_arguments"]

Kind = Literal["text", "thinking", "refusal"]
KEPT_EVENTS: Final = 4
INCOMPLETE: Final = "incomplete"


class Segment:
    """A run of text, thinking or refusal that may still be arriving; append to `pieces`.

    Attributes:
        kind: What it will be.
        pieces: Its text so far.
        signature: Of thinking, byte for byte.
        redacted: Of encrypted thinking.
        raw: The wire item of thinking, where it is to be sent back whole.
    """

    __slots__ = ("kind", "pieces", "raw", "redacted", "signature")

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.pieces: list[str] = []
        self.signature: str | None = None
        self.redacted: str | None = None
        self.raw: Mapping[str, JSON] | None = None

    @property
    def text(self) -> str:
        """Its text so far."""
        return "".join(self.pieces)

    def part(self, dialect: str) -> ContentPart | None:
        """What it becomes; None when there is nothing in it."""
        text = self.text
        if self.kind == "thinking":
            if text or self.signature is not None or self.redacted is not None or self.raw is not None:
                return ThinkingPart(text, self.signature, self.redacted, dialect=dialect, raw=self.raw)
            return None
        if not text:
            return None
        return TextPart(text) if self.kind == "text" else RefusalPart(text)


class AnswerBuilder:
    """Collects what an answer consists of, in order, and makes the response of it.

    Decoders append while events arrive; parsers of whole bodies do the same in one go, so that an answer
    is equal however it came. Facts that are set rather than collected are plain attributes.

    Attributes:
        model: As the provider names it; the model that was asked for where it does not.
        response_id: The provider's id of the answer.
        finish_reason: The provider's own word; None while none came.
        stop_sequence: Which stop text ended the answer.
        usage: Tokens; None while unknown.
        refusal: Words for declining that stand outside the parts.
        seed: What makes this answer unlike any other, for ids of calls that came without one; the
            response id is used beside it.
        metadata: Further facts.
    """

    __slots__ = (
        "_calls",
        "_dialect",
        "_events",
        "_pieces",
        "_segment",
        "_segments",
        "finish_reason",
        "metadata",
        "model",
        "provider",
        "refusal",
        "response_id",
        "seed",
        "stop_sequence",
        "usage",
    )

    def __init__(self, target: Target, dialect: str) -> None:
        self.provider = target.provider
        self.model = target.model
        self.response_id: str | None = None
        self.finish_reason: str | None = None
        self.stop_sequence: str | None = None
        self.usage: TokenUsage | None = None
        self.refusal: str | None = None
        self.seed = ""
        self.metadata: dict[str, JSON] = {}
        self._dialect = dialect
        self._segments: list[Segment | PendingCall | ContentPart] = []
        self._segment: Kind | None = None
        self._pieces: list[str] = []
        self._calls = CallCollector()
        self._events: deque[bytes] = deque(maxlen=KEPT_EVENTS)

    def add_text(self, text: str) -> None:
        """Visible text; goes on with the text before it, if nothing came between."""
        if self._segment != "text":
            self.open("text")
        self._pieces.append(text)

    def add_reasoning(self, text: str) -> None:
        """Readable thinking; goes on with the thinking before it, if nothing came between."""
        if self._segment != "thinking":
            self.open("thinking")
        self._pieces.append(text)

    def add_refusal(self, text: str) -> None:
        """Words for declining."""
        if self._segment != "refusal":
            self.open("refusal")
        self._pieces.append(text)

    def open(self, kind: Kind) -> Segment:
        """A new run, for dialects that say where one begins; what `add_…` gets of its kind goes to it."""
        segment = Segment(kind)
        self._segments.append(segment)
        self._segment = kind
        self._pieces = segment.pieces
        return segment

    def add_segment(self, segment: Segment) -> None:
        """A run that its maker goes on filling; nothing else is added to it."""
        self._segments.append(segment)
        self._segment = None

    def close(self) -> None:
        """End the current run, so that what comes next begins another one."""
        self._segment = None

    def add_part(self, part: ContentPart) -> None:
        """A part that is whole."""
        self._segments.append(part)
        self._segment = None

    def add_call(
        self, call_id: str, name: str, arguments: object = None, *, wire_id: str | None = None
    ) -> PendingCall:
        """A new call; fragments of its arguments may follow through `PendingCall.add`."""
        call = PendingCall(call_id, name, wire_id=wire_id)
        call.add(arguments)
        self._calls.calls.append(call)
        self._place(call)
        return call

    def add_call_fragment(
        self, index: int | None, call_id: str, name: str, arguments: object
    ) -> PendingCall | None:
        """A piece of a call; see `CallCollector` for which call it belongs to. The call when it is new."""
        call = self._calls.add(index, call_id, name, arguments)
        if call is not None:
            self._place(call)
        return call

    def keep(self, event: bytes) -> None:
        """Remember an event of the stream; the last few become the raw response."""
        self._events.append(event)

    @property
    def calls(self) -> list[PendingCall]:
        """The calls so far."""
        return self._calls.calls

    @property
    def text(self) -> str:
        """The visible text so far."""
        return "".join(
            [
                s.text
                for s in self._segments
                if isinstance(s, TextPart) or (isinstance(s, Segment) and s.kind == "text")
            ]
        )

    def build(
        self,
        reasons: Mapping[str, FinishReason],
        raw: Mapping[str, JSON] | None = None,
        *,
        complete: bool = True,
    ) -> UnifiedResponse:
        """The response.

        Args:
            reasons: The dialect's words for why the model stopped, in lower case.
            raw: The decoded body; the kept events when None.
            complete: False for what has arrived so far of an answer that may go on.
        """
        calls = finished_calls(self.calls, f"{self.response_id}\0{self.seed}")
        parts = self._parts(calls)
        refusal = "".join([part.text for part in parts if isinstance(part, RefusalPart)]) or self.refusal
        finish_reason, reason = self.finish_reason or INCOMPLETE, FinishReason.UNKNOWN
        if complete:
            finish_reason = self.finish_reason or "stop"
            reason = normalize_finish(self.finish_reason, reasons, calls, refused=bool(refusal))
        return UnifiedResponse(
            content="".join([part.text for part in parts if isinstance(part, TextPart)]),
            model=self.model,
            usage=self.usage or UNKNOWN_USAGE,
            finish_reason=finish_reason,
            provider=self.provider,
            raw_response=self._kept() if raw is None else raw,
            tool_calls=tuple(calls),
            parts=parts,
            refusal=refusal,
            normalized_finish_reason=reason,
            stop_sequence=self.stop_sequence,
            response_id=self.response_id,
            metadata=self.metadata,
        )

    def incomplete(self, message: str, hint: str | None = None) -> IncompleteStreamError:
        """The error for a stream that ended too early, with what had arrived."""
        error = IncompleteStreamError(message, self.provider, model=self.model, hint=hint)
        error.partial_text = self.text
        error.usage = self.usage
        return error

    def _place(self, call: PendingCall) -> None:
        self._segments.append(call)
        self._segment = None

    def _parts(self, calls: list[ToolCall]) -> tuple[ContentPart, ...]:
        finished = iter(calls)
        parts: list[ContentPart] = []
        for segment in self._segments:
            if isinstance(segment, Segment):
                part = segment.part(self._dialect)
                if part is not None:
                    parts.append(part)
            elif isinstance(segment, PendingCall):
                parts.append(next(finished))
            else:
                parts.append(segment)
        return tuple(parts)

    def _kept(self) -> dict[str, JSON]:
        events: list[JSON] = []
        for event in self._events:
            try:
                events.append(msgspec.json.decode(event))
            except (msgspec.DecodeError, UnicodeDecodeError):
                events.append(event.decode("utf-8", "replace"))
        return {"events": events}


def normalize_finish(
    raw: str | None, reasons: Mapping[str, FinishReason], calls: list[ToolCall], *, refused: bool
) -> FinishReason:
    """One vocabulary for why the model stopped.

    Calls decide what is tool use: servers say "stop" with calls and "tool_calls" without. A call whose
    arguments break off was cut by the ceiling, whatever the server says.
    """
    reason = FinishReason.STOP if not raw else reasons.get(raw.lower(), FinishReason.UNKNOWN)
    if reason in {FinishReason.STOP, FinishReason.TOOL_CALLS, FinishReason.UNKNOWN}:
        if any(call.error == CUT_OFF for call in calls):
            return FinishReason.LENGTH
        if calls:
            return FinishReason.TOOL_CALLS
        if refused:
            return FinishReason.REFUSAL
        if reason is FinishReason.TOOL_CALLS:
            return FinishReason.STOP
    return reason
