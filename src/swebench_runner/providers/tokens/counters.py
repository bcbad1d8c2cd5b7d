"""Counting the tokens of text: the contract, and every way of counting but OpenAI's own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Mapping
from inspect import isawaitable
from typing import TYPE_CHECKING

from swebench_runner.providers.core.errors import ResponseFormatError
from swebench_runner.providers.tokens.estimate import estimate_tokens

if TYPE_CHECKING:
    from collections.abc import Callable


class TokenCounter(ABC):
    """Counts tokens. `count_tokens` may be a coroutine function; `acount_tokens` is one everywhere."""

    @abstractmethod
    def count_tokens(self, text: str, model: str) -> int | Awaitable[int]:
        """Tokens of `text` for `model`, or an awaitable of them where that takes a call."""

    async def acount_tokens(self, text: str, model: str) -> int:
        """Tokens of `text` for `model`."""
        counted = self.count_tokens(text, model)
        return await counted if isawaitable(counted) else counted

    def is_exact(self, model: str) -> bool:  # noqa: ARG002 - some counters know some models
        """Whether this counts as the provider does, rather than estimates."""
        return False


class EstimateCounter(TokenCounter):
    """A calibrated estimate; see `tokens.estimate` for how far off it may be."""

    def count_tokens(self, text: str, model: str) -> int:
        """Tokens that the text probably has."""
        return estimate_tokens(text, model)


class APITokenCounter(TokenCounter):
    """Asks the provider's counting endpoint.

    Args:
        fetch: Coroutine function of (text, model); gives the number, or the endpoint's answer with it in
            `input_tokens`.
    """

    def __init__(self, fetch: Callable[[str, str], Awaitable[int | Mapping[str, object]]]) -> None:
        self._fetch = fetch

    async def count_tokens(self, text: str, model: str) -> int:
        """Tokens as the provider counts them.

        Raises:
            ResponseFormatError: The answer holds no number.
            ProviderError: Whatever `fetch` raises.
        """
        answer = await self._fetch(text, model)
        tokens = answer.get("input_tokens") if isinstance(answer, Mapping) else answer
        if not isinstance(tokens, int) or isinstance(tokens, bool) or tokens < 0:
            raise ResponseFormatError(f"a token count that is no number: {str(answer)[:200]}", model=model)
        return tokens

    def is_exact(self, model: str) -> bool:  # noqa: ARG002 - holds for every model
        """Always."""
        return True


class MetadataTokenCounter(TokenCounter):
    """What the last answer of Ollama said its prompt had.

    Attributes:
        last_response_metadata: The last body, or its last line when it was streamed.
    """

    def __init__(self, last_response_metadata: Mapping[str, object] | None = None) -> None:
        self.last_response_metadata: Mapping[str, object] = last_response_metadata or {}

    def count_tokens(self, text: str, model: str) -> int:  # noqa: ARG002 - the answer knows, the text does not
        """`prompt_eval_count` of the last answer; 0 when it had none, as with a cached prompt."""
        count = self.last_response_metadata.get("prompt_eval_count")
        return count if isinstance(count, int) and not isinstance(count, bool) and count > 0 else 0

    def is_exact(self, model: str) -> bool:  # noqa: ARG002 - depends on the answer alone
        """Whether the last answer said it."""
        return self.count_tokens("", "") > 0
