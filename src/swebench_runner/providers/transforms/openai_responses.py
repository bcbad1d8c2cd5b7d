"""OpenAI Responses: items in, items out, no state kept at the provider.

Sources: https://platform.openai.com/docs/api-reference/responses (2026-11) and recorded traffic, which
wins where they differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from swebench_runner.providers.core.protocols import WireRequest
from swebench_runner.providers.streaming.sse import SSESplitter
from swebench_runner.providers.transforms.openai_responses_encode import encode_body
from swebench_runner.providers.transforms.openai_responses_parse import parse_answer
from swebench_runner.providers.transforms.openai_responses_stream import ResponsesDecoder
from swebench_runner.providers.transforms.openai_shared import Left, parse_model_list

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swebench_runner.providers.core.capabilities import ModelInfo
    from swebench_runner.providers.core.protocols import Target
    from swebench_runner.providers.core.request import UnifiedRequest
    from swebench_runner.providers.core.response import UnifiedResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAIResponses:
    """The Responses dialect.

    Attributes:
        path: Appended to the base URL.
        store: Whether the provider keeps the answer; None leaves it to the provider. Without it,
            reasoning is asked for in encrypted form and sent back with the history.
        cost_in_usage: Whether `usage.cost` is what the call cost in US dollars (OpenRouter).
    """

    path: str = "/responses"
    store: bool | None = False
    cost_in_usage: bool = False

    @property
    def dialect(self) -> str:
        """Its name."""
        return "openai_responses"

    def encode(self, request: UnifiedRequest, target: Target) -> WireRequest:
        """The request as input items.

        What the model or the dialect cannot take is left out; `WireRequest.warnings` says what, in sentences.
        """
        left = Left(target)
        body = encode_body(request, left, self)
        return WireRequest(self.path, body, warnings=tuple(left.sentences))

    def parse(self, body: Mapping[str, object], target: Target) -> UnifiedResponse:
        """The answer in a whole body.

        Raises:
            ProviderError: The answer failed.
            ResponseFormatError: The body has no output.
        """
        return parse_answer(body, target, cost_in_usage=self.cost_in_usage)

    def splitter(self) -> SSESplitter:
        """Server-sent events."""
        return SSESplitter()

    def decoder(self, target: Target) -> ResponsesDecoder:
        """A decoder for one stream."""
        return ResponsesDecoder(target, cost_in_usage=self.cost_in_usage)

    def parse_models(self, body: Mapping[str, object]) -> list[ModelInfo]:
        """The entries of a model list.

        Raises:
            ResponseFormatError: There is no list.
        """
        return parse_model_list(body)
