"""Ollama's answers in our words: whole bodies, and streams of JSON lines."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec

from swebench_runner.providers.core.errors import ResponseFormatError
from swebench_runner.providers.core.response import FinishReason
from swebench_runner.providers.core.stream import ProviderChunk
from swebench_runner.providers.core.usage import TokenUsage
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
from swebench_runner.providers.transforms.ollama_encode import DIALECT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swebench_runner.providers.core.json import JSON
    from swebench_runner.providers.core.protocols import Target
    from swebench_runner.providers.core.response import UnifiedResponse
    from swebench_runner.providers.core.stream import Frame

REASONS: Final = {
    "stop": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "load": FinishReason.LOAD,
    "unload": FinishReason.LOAD,
}
NANOSECONDS_PER_MS: Final = 1e6
_DURATIONS: Final = ("total_duration", "load_duration", "prompt_eval_duration", "eval_duration")


class _Message(msgspec.Struct, gc=False):
    content: str = ""
    thinking: str = ""
    tool_calls: msgspec.Raw = msgspec.Raw()


class _Line(msgspec.Struct, gc=False):
    message: _Message | None = None
    response: str = ""
    thinking: str = ""
    done: bool = False
    error: msgspec.Raw = msgspec.Raw()
    tool_calls: msgspec.Raw = msgspec.Raw()


_decode_line = msgspec.json.Decoder(_Line).decode


def parse_answer(body: Mapping[str, object], target: Target) -> UnifiedResponse:
    """The answer in a whole body of `/api/chat` or `/api/generate`.

    Raises:
        ProviderError: The body is an error under a success status.
        ResponseFormatError: The body holds neither a message nor a response.
    """
    if has_error(body):
        raise classify_error(200, {}, body, target)
    if not isinstance(body.get("message"), dict) and not isinstance(body.get("response"), str):
        raise ResponseFormatError(
            f"an answer without 'message' or 'response', only {', '.join(sorted(body)[:8]) or 'nothing'}",
            target.provider,
            model=target.model,
        )
    builder = AnswerBuilder(target, DIALECT)
    add_line(builder, body)
    return finished(builder, body, cast("Mapping[str, JSON]", body))


def add_line(builder: AnswerBuilder, line: Mapping[str, Any]) -> ProviderChunk:
    """Take what a line, or a whole body, says; thinking comes before the words, calls after them."""
    message = mapping_of(line.get("message"))
    thinking = text_of(message.get("thinking")) or text_of(line.get("thinking"))
    text = text_of(message.get("content")) or text_of(line.get("response"))
    if thinking:
        builder.add_reasoning(thinking)
    if text:
        builder.add_text(text)
    for call in objects_of(message.get("tool_calls")) or objects_of(line.get("tool_calls")):
        function = mapping_of(call.get("function"))
        builder.add_call(text_of(call.get("id")), text_of(function.get("name")), function.get("arguments"))
    builder.model = optional_text(line.get("model")) or builder.model
    return ProviderChunk(text, thinking)


def finished(
    builder: AnswerBuilder, last: Mapping[str, object], raw: Mapping[str, JSON] | None = None
) -> UnifiedResponse:
    """The response, with what the last line alone says: counts, durations, why it ended."""
    builder.finish_reason = optional_text(last.get("done_reason"))
    builder.usage = _usage(last)
    # Calls come without ids; the time of the answer makes those that are made for them unlike any other's.
    builder.seed = text_of(last.get("created_at"))
    for name in _DURATIONS:
        nanoseconds = count_of(last.get(name))
        if nanoseconds is not None:
            builder.metadata[f"{name}_ms"] = nanoseconds / NANOSECONDS_PER_MS
    response = builder.build(REASONS, raw)
    took_ms = builder.metadata.get("total_duration_ms")
    return replace(response, latency_ms=took_ms) if isinstance(took_ms, float) else response


def _usage(last: Mapping[str, object]) -> TokenUsage | None:
    """Tokens; the prompt's are missing, and then 0, where the server had it in its cache."""
    prompt, output = count_of(last.get("prompt_eval_count")), count_of(last.get("eval_count"))
    if prompt is None and output is None:
        return None
    raw = {name: last[name] for name in ("prompt_eval_count", "eval_count") if name in last}
    return TokenUsage(prompt or 0, output or 0, raw=cast("Mapping[str, JSON]", raw))


class OllamaDecoder:
    """Reads one stream of JSON lines; the answer is complete with the line that says `done`."""

    __slots__ = ("_builder", "_last", "_target")

    def __init__(self, target: Target) -> None:
        self._target = target
        self._builder = AnswerBuilder(target, DIALECT)
        self._last: Mapping[str, object] | None = None

    @property
    def finished(self) -> bool:
        """Whether the last line was seen."""
        return self._last is not None

    @property
    def complete(self) -> bool:
        """The same: nothing before the last line ends an answer."""
        return self._last is not None

    def feed(self, frame: Frame) -> ProviderChunk | None:
        """What a line adds.

        Raises:
            ProviderError: The line is an error, or no JSON object.
        """
        data = frame.data
        self._builder.keep(data)
        try:
            line = _decode_line(data)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return self._feed_object(data)
        message = line.message
        if line.done or line.error or line.tool_calls or (message is not None and message.tool_calls):
            return self._feed_object(data)
        if message is None:
            text, thinking = line.response, line.thinking
        else:
            text, thinking = message.content, message.thinking
        if thinking:
            self._builder.add_reasoning(thinking)
        if text:
            self._builder.add_text(text)
        return ProviderChunk(text, thinking) if text or thinking else None

    def finish(self) -> UnifiedResponse:
        """The whole answer.

        Raises:
            IncompleteStreamError: No line said that it was done.
        """
        if self._last is None:
            raise self._builder.incomplete("the stream ended before a line that says it is done")
        return finished(self._builder, self._last)

    def partial(self) -> UnifiedResponse:
        """What has arrived so far; only the last line counts tokens."""
        return finished(self._builder, self._last or {})

    def _feed_object(self, data: bytes) -> ProviderChunk | None:
        line = decode_object(data, self._target.provider, "a line of the stream")
        if has_error(line):
            raise classify_error(200, {}, line, self._target)
        chunk = add_line(self._builder, line)
        if line.get("done") is True:
            self._last = line
        return chunk if chunk.text or chunk.reasoning else None
