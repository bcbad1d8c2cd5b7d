"""The dialects under the names that the first plan gave them: a transformer and a parser each.

They are thin: a transformer encodes for a model of which nothing is known, a parser adds the request's
model and a measured latency. The providers of this package use the dialects themselves.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from swebench_runner.providers.core.protocols import Target
from swebench_runner.providers.transforms.anthropic_messages import AnthropicMessages
from swebench_runner.providers.transforms.json_body import count_of
from swebench_runner.providers.transforms.ollama import Ollama
from swebench_runner.providers.transforms.openai_chat import OpenAIChat

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from swebench_runner.providers.core.protocols import Transform
    from swebench_runner.providers.core.request import UnifiedRequest
    from swebench_runner.providers.core.response import UnifiedResponse
    from swebench_runner.providers.streaming.adapters import Pieces, StreamingAdapter


class RequestTransformer(ABC):
    """Turns a request into the body of one provider."""

    @abstractmethod
    def transform(self, request: UnifiedRequest) -> dict[str, object]:
        """The body for `request`, ready to be encoded as JSON."""


class ResponseParser(ABC):
    """Turns the body of one provider into a response."""

    @abstractmethod
    def parse(
        self,
        raw: Mapping[str, object],
        request: UnifiedRequest | None = None,
        latency_ms: float | None = None,
    ) -> UnifiedResponse:
        """The answer in `raw`.

        Args:
            raw: The decoded body.
            request: What was asked; its model is used where the body names none.
            latency_ms: Measured time in milliseconds; None keeps what the body says, else 0.

        Raises:
            ProviderError: The body is an error.
            ResponseFormatError: The body is not an answer.
        """


class TransformPipeline:
    """A transformer and the parser that fits it, and an adapter where answers are streamed."""

    def __init__(
        self,
        transformer: RequestTransformer,
        parser: ResponseParser,
        adapter: StreamingAdapter | None = None,
    ) -> None:
        self.transformer = transformer
        self.parser = parser
        self.adapter = adapter

    def process_request(self, request: UnifiedRequest) -> dict[str, object]:
        """What the transformer makes of `request`."""
        return self.transformer.transform(request)

    def process_response(
        self,
        raw: Mapping[str, object],
        request: UnifiedRequest | None = None,
        latency_ms: float | None = None,
    ) -> UnifiedResponse:
        """What the parser makes of `raw`.

        Raises:
            ProviderError: As `ResponseParser.parse`.
        """
        return self.parser.parse(raw, request, latency_ms)

    def process_stream(self, stream: Pieces) -> AsyncIterator[str]:
        """The text of a streamed answer.

        Raises:
            ValueError: This pipeline was made without an adapter.
        """
        if self.adapter is None:
            raise ValueError("a pipeline needs an adapter as its third argument to read streams")
        return self.adapter.stream_response(stream)


class _DialectTransformer(RequestTransformer):
    """A transformer over a dialect.

    Args:
        model: Model for requests that name none.
    """

    dialect: ClassVar[Transform]
    provider: ClassVar[str]
    default_model: ClassVar[str]

    def __init__(self, model: str | None = None) -> None:
        self.model = model or self.default_model

    def transform(self, request: UnifiedRequest) -> dict[str, object]:
        """The body for `request`.

        Raises:
            InvalidRequestError: The request asks for something the dialect cannot say.
        """
        target = Target(self.provider, request.model or self.model, stream=request.stream)
        return dict(self.dialect.encode(request, target).body)


class _DialectParser(ResponseParser):
    """A parser over a dialect."""

    dialect: ClassVar[Transform]
    provider: ClassVar[str]

    def parse(
        self,
        raw: Mapping[str, object],
        request: UnifiedRequest | None = None,
        latency_ms: float | None = None,
    ) -> UnifiedResponse:
        """The answer in `raw`; see `ResponseParser.parse`.

        Raises:
            ProviderError: The body is an error.
            ResponseFormatError: The body is not an answer.
        """
        model = (request.model if request is not None else None) or ""
        response = self.dialect.parse(raw, Target(self.provider, model))
        return response if latency_ms is None else replace(response, latency_ms=latency_ms)


class OpenAIRequestTransformer(_DialectTransformer):
    """Bodies of OpenAI chat completions."""

    dialect, provider, default_model = OpenAIChat(), "openai", "gpt-4"


class OpenAIResponseParser(_DialectParser):
    """Answers of OpenAI chat completions."""

    dialect, provider = OpenAIChat(), "openai"


class AnthropicRequestTransformer(_DialectTransformer):
    """Bodies of Anthropic Messages; a ceiling is required there, so 4,000 tokens stand in for none."""

    dialect, provider, default_model = AnthropicMessages(), "anthropic", "claude-3-5-sonnet-latest"


class AnthropicResponseParser(_DialectParser):
    """Answers of Anthropic Messages."""

    dialect, provider = AnthropicMessages(), "anthropic"


class OllamaRequestTransformer(_DialectTransformer):
    """Bodies of Ollama's own API; the window is 4,096 tokens, or more where prompt and answer need more."""

    dialect, provider, default_model = Ollama(), "ollama", "llama3.2"


class OllamaResponseParser(_DialectParser):
    """Answers of Ollama's own API; their `total_duration` is the latency where none was measured."""

    dialect, provider = Ollama(), "ollama"

    def parse(
        self,
        raw: Mapping[str, object],
        request: UnifiedRequest | None = None,
        latency_ms: float | None = None,
    ) -> UnifiedResponse:
        """The answer in `raw`; see `ResponseParser.parse`.

        Raises:
            ProviderError: The body is an error.
            ResponseFormatError: The body is not an answer.
        """
        duration_ns = count_of(raw.get("total_duration"))
        if latency_ms is None and duration_ns is not None:
            latency_ms = duration_ns / 1e6
        return super().parse(raw, request, latency_ms)
