"""Anthropic's Messages API: typed blocks, thinking with signatures, exact token counts.

Sources: https://platform.claude.com/docs/en/api/messages (2026-11), the official SDK's types, llama.cpp's
server, and recorded traffic, which wins where they differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from swebench_runner.providers.core.capabilities import ModelInfo
from swebench_runner.providers.core.errors import ResponseFormatError
from swebench_runner.providers.core.protocols import WireRequest
from swebench_runner.providers.streaming.sse import SSESplitter
from swebench_runner.providers.transforms.anthropic_messages_encode import (
    COUNTED,
    VERSION_WITH_SAMPLING,
    encode_body,
)
from swebench_runner.providers.transforms.anthropic_messages_parse import parse_answer
from swebench_runner.providers.transforms.anthropic_messages_stream import MessagesDecoder
from swebench_runner.providers.transforms.anthropic_messages_turns import DIALECT
from swebench_runner.providers.transforms.json_body import count_of, objects_of, optional_text
from swebench_runner.providers.transforms.openai_shared import Left

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from swebench_runner.providers.core.protocols import FrameSplitter, Target
    from swebench_runner.providers.core.request import UnifiedRequest
    from swebench_runner.providers.core.response import UnifiedResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class AnthropicMessages:
    """The Messages dialect.

    Attributes:
        framing: Makes the splitter of a stream.
        version: Sent as `anthropic-version`. 2026-10-21 knows no sampling parameters, even at their
            defaults; 2023-06-01 is served for all models and by all compatible servers.
        path: Appended to the base URL.
    """

    framing: Callable[[], FrameSplitter] = SSESplitter
    version: str = VERSION_WITH_SAMPLING
    path: str = "/v1/messages"

    @property
    def dialect(self) -> str:
        """Its name."""
        return DIALECT

    def encode(self, request: UnifiedRequest, target: Target) -> WireRequest:
        """The request as a call of Messages.

        What the model refuses is left out; `WireRequest.warnings` says what, in sentences.

        Raises:
            InvalidRequestError: There is nothing to answer, or a tool message answers no call.
        """
        left = Left(target)
        body = encode_body(request, left, self.version)
        return WireRequest(self.path, body, self._headers(request), tuple(left.sentences))

    def encode_count(self, request: UnifiedRequest, target: Target) -> WireRequest:
        """The request as a question how many tokens its prompt has.

        Raises:
            InvalidRequestError: As `encode`.
        """
        left = Left(target)
        body = encode_body(request, left, self.version)
        counted = {name: value for name, value in body.items() if name in COUNTED}
        return WireRequest(
            f"{self.path}/count_tokens", counted, self._headers(request), tuple(left.sentences)
        )

    def parse(self, body: Mapping[str, object], target: Target) -> UnifiedResponse:
        """The answer in a whole body.

        Raises:
            ProviderError: The body is an error under a success status.
            ResponseFormatError: The body has no content.
        """
        return parse_answer(body, target)

    def parse_count(self, body: Mapping[str, object]) -> int:
        """The number in the answer to `encode_count`.

        Raises:
            ResponseFormatError: There is none.
        """
        tokens = count_of(body.get("input_tokens"))
        if tokens is None:
            raise ResponseFormatError("the token count has no 'input_tokens'")
        return tokens

    def splitter(self) -> FrameSplitter:
        """Server-sent events."""
        return self.framing()

    def decoder(self, target: Target) -> MessagesDecoder:
        """A decoder for one stream."""
        return MessagesDecoder(target)

    def parse_models(self, body: Mapping[str, object]) -> list[ModelInfo]:
        """The entries of `GET /v1/models`.

        Raises:
            ResponseFormatError: There is no list.
        """
        if not isinstance(body.get("data"), list):
            raise ResponseFormatError("the model list has no 'data'")
        return [
            ModelInfo(
                str(entry["id"]),
                count_of(entry.get("max_input_tokens")),
                count_of(entry.get("max_tokens")),
                owned_by="anthropic",
                details=entry,
            )
            for entry in objects_of(body["data"])
            if optional_text(entry.get("id"))
        ]

    def _headers(self, request: UnifiedRequest) -> dict[str, str]:
        headers = {"anthropic-version": self.version}
        if request.betas:
            headers["anthropic-beta"] = ",".join(dict.fromkeys(request.betas))
        return headers
