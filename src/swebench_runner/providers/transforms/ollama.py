"""Ollama's own API: a window that fits the prompt, images, tools, thinking, durations.

Sources: https://docs.ollama.com/api (2026-11), the server's source (server/prompt.go, api/types.go) and
recorded traffic. Its OpenAI-compatible layer ignores the size of the window, so it is not used.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from swebench_runner.providers.core.capabilities import ModelFacts, ModelInfo
from swebench_runner.providers.core.errors import ResponseFormatError
from swebench_runner.providers.core.protocols import WireRequest
from swebench_runner.providers.streaming.json_lines import JSONLinesSplitter
from swebench_runner.providers.transforms.json_body import (
    count_of,
    items_of,
    mapping_of,
    objects_of,
    optional_text,
)
from swebench_runner.providers.transforms.ollama_encode import DIALECT, encode_body, least_prompt_tokens
from swebench_runner.providers.transforms.ollama_parse import OllamaDecoder, parse_answer
from swebench_runner.providers.transforms.openai_shared import Left

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from swebench_runner.providers.core.protocols import FrameSplitter, Target
    from swebench_runner.providers.core.request import UnifiedRequest
    from swebench_runner.providers.core.response import UnifiedResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class Ollama:
    """The native dialect.

    Attributes:
        framing: Makes the splitter of a stream.
    """

    framing: Callable[[], FrameSplitter] = JSONLinesSplitter

    @property
    def dialect(self) -> str:
        """Its name."""
        return DIALECT

    def encode(self, request: UnifiedRequest, target: Target) -> WireRequest:
        """The request: a bare prompt for `/api/generate`, messages and tools for `/api/chat`.

        The window is raised to fit prompt and answer, up to the model's own; `WireRequest.warnings` says
        when they do not fit. What is too long is refused by the server and never cut in silence.

        Raises:
            InvalidRequestError: An image is given by its address.
        """
        left = Left(target)
        path, body = encode_body(request, left)
        return WireRequest(path, body, warnings=tuple(left.sentences))

    def parse(self, body: Mapping[str, object], target: Target) -> UnifiedResponse:
        """The answer in a whole body.

        Raises:
            ProviderError: The body is an error under a success status.
            ResponseFormatError: The body holds neither a message nor a response.
        """
        return parse_answer(body, target)

    def doubts(self, request: UnifiedRequest, response: UnifiedResponse) -> tuple[str, ...]:
        """What speaks against an answer: the server counted far fewer tokens than the prompt must have.

        Servers older than the switch that forbids it drop the oldest messages and say nothing; very old
        ones leave out of their count what they had in a cache.
        """
        counted, least = response.usage.prompt_tokens, least_prompt_tokens(request)
        if not 0 < counted < least:
            return ()
        doubt = f"the server read {counted} tokens of a prompt that has at least {least}: it may have cut it"
        return (f"{doubt}; update Ollama, or raise num_ctx",)

    def splitter(self) -> FrameSplitter:
        """Lines of JSON."""
        return self.framing()

    def decoder(self, target: Target) -> OllamaDecoder:
        """A decoder for one stream."""
        return OllamaDecoder(target)

    def parse_models(self, body: Mapping[str, object]) -> list[ModelInfo]:
        """The entries of `GET /api/tags`, and of `GET /api/ps`, which knows the windows of loaded models.

        Raises:
            ResponseFormatError: There is no list.
        """
        # A server without models says null.
        if "models" not in body or not isinstance(body["models"], list | None):
            raise ResponseFormatError("the model list has no 'models'")
        return [
            ModelInfo(name, count_of(entry.get("context_length")), details=entry)
            for entry in objects_of(body["models"])
            if (name := optional_text(entry.get("name")) or optional_text(entry.get("model")))
        ]

    def parse_show(self, body: Mapping[str, object], known: ModelFacts) -> ModelFacts:
        """The facts with what `POST /api/show` says of this very file: its window and what it understands.

        Args:
            body: The decoded answer.
            known: What the catalogue knows of the family.
        """
        info = mapping_of(body.get("model_info"))
        window = count_of(info.get(f"{info.get('general.architecture')}.context_length"))
        able = items_of(body.get("capabilities"))
        facts = replace(known, context_window=window or known.context_window)
        if not able:
            return facts
        thinks = known.thinking if known.thinking not in {None, "none"} else "toggle"
        return replace(
            facts,
            tools="tools" in able,
            vision="vision" in able,
            thinking=thinks if "thinking" in able else "none",
        )
