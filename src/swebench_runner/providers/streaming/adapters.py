"""Streams of bytes to text or chunks, for callers who hold a response of their own.

The providers of this package decode with the dialects of `transforms`; these adapters do the same when
they are given a decoder, and know enough of the common shapes to get by without one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterable, Callable, Iterable
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from swebench_runner.providers.core.stream import Frame, ProviderChunk
from swebench_runner.providers.streaming.json_lines import JSONLinesSplitter
from swebench_runner.providers.streaming.shapes import ShapeDecoder
from swebench_runner.providers.streaming.sse import SSESplitter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from swebench_runner.providers.core.protocols import FrameSplitter, StreamDecoder

Pieces: TypeAlias = AsyncIterable[bytes | str] | Iterable[bytes | str]


class StreamingAdapter(ABC):
    """Turns the body of a streamed answer into text."""

    @abstractmethod
    def stream_response(self, stream: Pieces) -> AsyncIterator[str]:
        """The visible text of `stream`, piece by piece."""


class FrameAdapter(StreamingAdapter):
    """An adapter for one way of framing.

    Args:
        decoder: Makes the decoder of one stream, for example `lambda: OpenAIChat().decoder(target)`. It
            demands the terminator of its protocol. Without one, text, reasoning, finish reason and usage
            are taken from whatever common shape arrives, and the end of input is the end of the answer.
    """

    splitter: ClassVar[Callable[[], FrameSplitter]]

    def __init__(self, decoder: Callable[[], StreamDecoder] | None = None) -> None:
        self._decoder = decoder

    async def stream_response(self, stream: Pieces) -> AsyncIterator[str]:
        """The visible text, piece by piece.

        Raises:
            ProviderError: The stream carries an error, or something that is not JSON.
            IncompleteStreamError: A decoder was given and its terminator never came.
        """
        async for chunk in self.stream_chunks(stream):
            if chunk.text:
                yield chunk.text

    async def stream_chunks(self, stream: Pieces) -> AsyncIterator[ProviderChunk]:
        """What each event adds; the last chunk has finish reason and usage.

        Raises:
            ProviderError: As `stream_response`.
        """
        decoder = ShapeDecoder() if self._decoder is None else self._decoder()
        async for frame in self._frames(stream):
            chunk = decoder.feed(frame)
            if chunk is not None:
                yield chunk
            if decoder.finished:
                break
        if isinstance(decoder, ShapeDecoder):
            yield decoder.last()
            return
        response = decoder.finish()
        yield ProviderChunk(
            tool_calls=response.tool_calls,
            finish_reason=response.finish_reason,
            usage=response.usage,
            response=response,
        )

    async def _frames(self, stream: Pieces) -> AsyncIterator[Frame]:
        splitter = type(self).splitter()
        async for piece in _each(stream):
            for frame in splitter.feed(piece.encode() if isinstance(piece, str) else piece):
                yield frame
        for frame in splitter.flush():
            yield frame


class SSEAdapter(FrameAdapter):
    """Text from server-sent events (OpenAI chat and Responses, Anthropic, OpenRouter, compatible servers)."""

    splitter = SSESplitter


class JSONLinesAdapter(FrameAdapter):
    """Text from JSON lines (Ollama)."""

    splitter = JSONLinesSplitter


async def _each(stream: Pieces) -> AsyncIterator[bytes | str]:
    if isinstance(stream, AsyncIterable):
        async for piece in stream:
            yield piece
    else:
        for piece in stream:
            yield piece
