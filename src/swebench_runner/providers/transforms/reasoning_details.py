"""OpenRouter's `reasoning_details`: kept so that they can be sent back unchanged.

Source: https://openrouter.ai/docs/use-cases/reasoning-tokens (2026-11) and recorded streams.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from swebench_runner.providers.core.messages import ThinkingPart
from swebench_runner.providers.transforms.building import Segment
from swebench_runner.providers.transforms.json_body import text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swebench_runner.providers.core.json import JSON
    from swebench_runner.providers.transforms.building import AnswerBuilder

_TEXT_FIELDS: Final = {
    "reasoning.text": "text",
    "reasoning.summary": "summary",
    "reasoning.encrypted": "data",
}


class DetailSegment(Segment):
    """One entry; its text may still be arriving."""

    __slots__ = ("field", "readable")

    def __init__(self, detail: Mapping[str, JSON]) -> None:
        super().__init__("thinking")
        self.raw = detail
        self.field = _TEXT_FIELDS.get(text_of(detail.get("type")), "")
        self.readable = self.field in {"text", "summary"}
        self.pieces.append(text_of(detail.get(self.field)))

    def goes_on(self, detail: Mapping[str, JSON]) -> bool:
        """Whether `detail` is a further piece of this entry."""
        raw = self.raw or {}
        if not self.field or detail.get("type") != raw.get("type") or detail.get("index") != raw.get("index"):
            return False
        return None in (detail.get("id"), raw.get("id")) or detail.get("id") == raw.get("id")

    def extend(self, detail: Mapping[str, JSON]) -> None:
        """Append a piece; its other fields (a signature comes last) are taken over."""
        self.pieces.append(text_of(detail.get(self.field)))
        kept = {name: value for name, value in detail.items() if value is not None and name != self.field}
        self.raw = {**(self.raw or {}), **kept}

    def part(self, dialect: str) -> ThinkingPart:
        """The entry, with its text whole."""
        raw = self.raw or {}
        text = self.text
        if self.field and (text or self.field in raw):
            raw = {**raw, self.field: text if raw.get(self.field) is not None or text else None}
        return ThinkingPart(text if self.readable else "", dialect=dialect, raw=raw)


class DetailCollector:
    """Entries of one answer, whole or in pieces.

    Args:
        builder: Where they go.
        pieces: Whether an entry may come in several.
    """

    __slots__ = ("_builder", "_pieces", "_segments")

    def __init__(self, builder: AnswerBuilder, *, pieces: bool) -> None:
        self._builder = builder
        self._pieces = pieces
        self._segments: list[DetailSegment] = []

    def add(self, details: list[Mapping[str, JSON]]) -> str:
        """Take entries; what of them is readable is returned."""
        readable = []
        for detail in details:
            segment = self._open(detail)
            if segment is None:
                segment = DetailSegment(detail)
                self._segments.append(segment)
                self._builder.add_segment(segment)
            else:
                segment.extend(detail)
            if segment.readable:
                readable.append(segment.pieces[-1])
        return "".join(readable)

    def _open(self, detail: Mapping[str, JSON]) -> DetailSegment | None:
        if not self._pieces:
            return None
        return next((s for s in reversed(self._segments) if s.goes_on(detail)), None)
