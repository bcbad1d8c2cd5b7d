"""Text out of a stream whose dialect nobody named: the shapes that the common dialects share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from swebench_runner.providers.core.errors import ProviderError, ResponseFormatError
from swebench_runner.providers.core.stream import Frame, ProviderChunk
from swebench_runner.providers.core.usage import TokenUsage
from swebench_runner.providers.streaming.bounds import DONE

if TYPE_CHECKING:
    from collections.abc import Mapping

_FINISH_FIELDS = ("finish_reason", "stop_reason", "done_reason")
_PROMPT_FIELDS = ("prompt_tokens", "input_tokens", "prompt_eval_count")
_COMPLETION_FIELDS = ("completion_tokens", "output_tokens", "eval_count")


class ShapeDecoder:
    """Reads text, reasoning, finish reason and token counts wherever the common dialects keep them."""

    __slots__ = ("_finish_reason", "_tokens", "finished")

    def __init__(self) -> None:
        self.finished = False
        self._finish_reason: str | None = None
        self._tokens: dict[str, int] = {}

    def feed(self, frame: Frame) -> ProviderChunk | None:
        """What this frame adds; None when nothing.

        Raises:
            ProviderError: The frame is an error.
            ResponseFormatError: The frame is not a JSON object.
        """
        if frame.data == DONE:
            self.finished = True
            return None
        try:
            event = msgspec.json.decode(frame.data)
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:
            raise ResponseFormatError("an event of the stream is not JSON", original_error=exc) from exc
        if not isinstance(event, dict):
            raise ResponseFormatError("an event of the stream is not a JSON object")
        _raise_error(frame.event, event)
        self._note(event)
        self.finished = event.get("type") == "message_stop" or event.get("done") is True
        text, reasoning = _pieces(event)
        return ProviderChunk(text, reasoning) if text or reasoning else None

    def last(self) -> ProviderChunk:
        """The closing chunk: why the answer ended, and what it consumed where the stream said so."""
        usage = None
        if self._tokens:
            usage = TokenUsage(self._tokens.get("prompt", 0), self._tokens.get("completion", 0))
        return ProviderChunk(finish_reason=self._finish_reason or "stop", usage=usage)

    def _note(self, event: Mapping[str, object]) -> None:
        choice = _first(event.get("choices"))
        nested = [_mapping(event.get(name)) for name in ("delta", "message", "response")]
        for source in (choice, event, *nested):
            for name in _FINISH_FIELDS:
                if isinstance(value := source.get(name), str) and value:
                    self._finish_reason = value
            for block in (source, _mapping(source.get("usage"))):
                self._count("prompt", block, _PROMPT_FIELDS)
                self._count("completion", block, _COMPLETION_FIELDS)

    def _count(self, what: str, block: Mapping[str, object], names: tuple[str, ...]) -> None:
        for name in names:
            if isinstance(value := block.get(name), int):
                self._tokens[what] = value


def _raise_error(event_name: str, event: Mapping[str, object]) -> None:
    error = event.get("error")
    failed = event.get("type") == "error" or event_name == "error"
    if not error and not failed:
        return
    detail = _mapping(error) or event
    message = error if isinstance(error, str) else detail.get("message")
    code = detail.get("code") or detail.get("type")
    raise ProviderError(
        str(message or "the stream carries an error")[:500],
        error_type="stream_error",
        code=None if code is None else str(code),
    )


def _pieces(event: Mapping[str, object]) -> tuple[str, str]:
    """Visible text and reasoning of one event."""
    delta = event.get("delta")
    if isinstance(delta, str):  # Responses: the type says what the delta is
        kind = str(event.get("type"))
        if kind == "response.output_text.delta":
            return delta, ""
        return "", delta if "reasoning" in kind else ""
    choice = _first(event.get("choices"))
    block = _mapping(event.get("content_block"))
    source = _mapping(choice.get("delta")) or _mapping(delta) or _mapping(event.get("message"))
    text = [
        part
        for part in (block.get("text"), source.get("text"), source.get("content"))
        if isinstance(part, str)
    ]
    if isinstance(legacy := choice.get("text", event.get("response")), str):
        text.append(legacy)
    names = ("reasoning_content", "reasoning", "thinking")
    reasoning = next((value for name in names if isinstance(value := source.get(name), str)), "")
    return "".join(text), reasoning


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _first(value: object) -> Mapping[str, object]:
    return _mapping(value[0]) if isinstance(value, list) and value else {}
