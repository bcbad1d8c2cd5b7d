"""OpenAI chat completions: the dialect that most servers speak, each in its own way.

Sources: https://platform.openai.com/docs/api-reference/chat (2026-11), OpenRouter's and vLLM's documents,
the sources of llama.cpp and FastChat, and recorded traffic, which wins where they differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from swebench_runner.providers.core.protocols import WireRequest
from swebench_runner.providers.streaming.sse import SSESplitter
from swebench_runner.providers.transforms.openai_chat_encode import encode_body
from swebench_runner.providers.transforms.openai_chat_parse import parse_answer
from swebench_runner.providers.transforms.openai_chat_plain import read_plain
from swebench_runner.providers.transforms.openai_chat_stream import ChatDecoder
from swebench_runner.providers.transforms.openai_shared import Left, parse_model_list

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swebench_runner.providers.core.capabilities import ModelInfo
    from swebench_runner.providers.core.protocols import Target
    from swebench_runner.providers.core.request import UnifiedRequest
    from swebench_runner.providers.core.response import UnifiedResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAIChat:
    """The chat-completions dialect, with what differs from server to server.

    Attributes:
        path: Appended to the base URL.
        max_tokens_field: Name of the ceiling on the wire; None asks the model's facts.
        stream_usage: Ask for token counts at the end of a stream (`stream_options.include_usage`).
        terminator: What makes a stream complete: "strict", a finish reason, or `[DONE]` behind the final
            count of tokens; "done_only", `[DONE]` alone too; "none", the end of input, for servers that
            send none of them.
        reasoning: How reasoning is asked for: "effort" (`reasoning_effort`), "object" (`reasoning`, as
            OpenRouter wants it), "template" (`chat_template_kwargs.enable_thinking`, vLLM and llama.cpp)
            or "none".
        replay: What of earlier reasoning is sent back: "details" (OpenRouter's `reasoning_details`,
            unchanged), "content" (`reasoning_content`) or "none".
        replay_extra: Send vendor fields of tool calls back (Gemini's thought signatures).
        system_role: The role of instructions.
        cache_models: Beginnings of model names that understand `cache_control` (OpenRouter: "anthropic/").
        cost_in_usage: Whether `usage.cost` is what the call cost in US dollars (OpenRouter).
    """

    path: str = "/chat/completions"
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] | None = None
    stream_usage: bool = True
    terminator: Literal["strict", "done_only", "none"] = "strict"
    reasoning: Literal["effort", "object", "template", "none"] = "effort"
    replay: Literal["details", "content", "none"] = "none"
    replay_extra: bool = False
    system_role: Literal["system", "developer"] = "system"
    cache_models: tuple[str, ...] = ()
    cost_in_usage: bool = False

    @property
    def dialect(self) -> str:
        """Its name."""
        return "openai_chat"

    def encode(self, request: UnifiedRequest, target: Target) -> WireRequest:
        """The request as a chat completion.

        What the model refuses is left out; `WireRequest.warnings` says what, in sentences.
        """
        left = Left(target)
        body = encode_body(request, left, self)
        return WireRequest(self.path, body, warnings=tuple(left.sentences))

    def parse(self, body: Mapping[str, object], target: Target) -> UnifiedResponse:
        """The answer in a whole body.

        Raises:
            ProviderError: The body is an error under a success status.
            ResponseFormatError: The body has no choices, or they are not objects.
        """
        return parse_answer(body, target, cost_in_usage=self.cost_in_usage)

    def parse_bytes(self, body: bytes, target: Target) -> UnifiedResponse | None:
        """The answer in a whole body if it is a plain one; None leaves it to `parse`."""
        return read_plain(body, target, cost_in_usage=self.cost_in_usage)

    def splitter(self) -> SSESplitter:
        """Server-sent events."""
        return SSESplitter()

    def decoder(self, target: Target) -> ChatDecoder:
        """A decoder for one stream."""
        return ChatDecoder(target, terminator=self.terminator, cost_in_usage=self.cost_in_usage)

    def parse_models(self, body: Mapping[str, object]) -> list[ModelInfo]:
        """The entries of a model list.

        Raises:
            ResponseFormatError: There is no list.
        """
        return parse_model_list(body)
