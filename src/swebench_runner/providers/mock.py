"""A provider without a network, for tests of code that uses one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from swebench_runner.providers.base import Provider
from swebench_runner.providers.core.errors import ProviderError
from swebench_runner.providers.core.response import FinishReason, UnifiedResponse
from swebench_runner.providers.core.stream import ProviderChunk
from swebench_runner.providers.core.usage import TokenUsage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from swebench_runner.providers.core.request import UnifiedRequest

    Scripted = str | UnifiedResponse | ProviderError


class MockProvider(Provider):
    """Answers from a script: texts, whole responses or errors in turn, or a function of the request.

    Example:
        >>> provider = MockProvider(["Hello", "again"])
        >>> provider.generate_sync("Hi").content
        'Hello'

    Attributes:
        requests: What was asked, in order.
    """

    provider_name = "mock"

    def __init__(
        self,
        answers: Iterable[Scripted] | Callable[[UnifiedRequest], Scripted] = ("mock answer",),
        *,
        model: str = "mock-1",
        **settings: object,
    ) -> None:
        super().__init__(model, None, **settings)
        self.requests: list[UnifiedRequest] = []
        self._answers = answers if callable(answers) else _cycling(list(answers))

    async def generate_unified(self, request: UnifiedRequest) -> UnifiedResponse:
        """The next answer of the script.

        Raises:
            ProviderError: The script says so.
        """
        self.requests.append(request)
        answer = self._answers(request)
        if isinstance(answer, ProviderError):
            raise answer
        if isinstance(answer, UnifiedResponse):
            return answer
        usage = TokenUsage(self._estimate(request).tokens, max(1, len(answer) // 4), source="estimate")
        return UnifiedResponse(
            answer,
            request.model or self.model or "",
            usage,
            provider=self.name,
            normalized_finish_reason=FinishReason.STOP,
        )

    async def stream_unified(self, request: UnifiedRequest) -> AsyncIterator[ProviderChunk]:
        """The next answer word by word."""
        response = await self.generate_unified(request)
        for word in response.content.split(" "):
            yield ProviderChunk(word if response.content.startswith(word) else f" {word}")
        yield ProviderChunk(
            tool_calls=response.tool_calls,
            finish_reason=response.finish_reason,
            usage=response.usage,
            response=response,
        )


def _cycling(answers: list[Scripted]) -> Callable[[UnifiedRequest], Scripted]:
    """Each answer once, then the last one for ever."""
    left = iter(answers[:-1])
    return lambda _request: next(left, answers[-1])
