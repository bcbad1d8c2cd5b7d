"""One provider made of several: the next one is asked when the first cannot answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from swebench_runner.providers.base import HealthReport, Provider
from swebench_runner.providers.core.clock import SystemClock
from swebench_runner.providers.core.errors import (
    AllProvidersFailedError,
    ConfigurationError,
    ContextLengthError,
    ProviderError,
    ProviderTimeoutError,
)
from swebench_runner.providers.core.request import UnifiedRequest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from swebench_runner.providers.core.clock import Clock
    from swebench_runner.providers.core.response import Attempt, UnifiedResponse
    from swebench_runner.providers.core.stream import ProviderChunk

# Another provider would be shown what the first one's policy refused, or would refuse the same request.
NEVER_ROUTED: Final = frozenset({"content_filter", "invalid_request", "unsupported_parameter", "budget"})


class FallbackProvider(Provider):
    """Asks its providers in order until one answers; the answer says who, and why not the ones before.

    A failure that the next provider would repeat (a refused request) or should not be asked to get round
    (a content policy) is raised as it is. A prompt that is too long goes only to a larger window. A stream
    may change providers until its first chunk was given out, never after.

    Args:
        providers: At least one; each keeps its own model, and a request's own model is the first one's.
        clock: For the deadline that spans all of them.

    Raises:
        ConfigurationError: No provider is given.
    """

    provider_name = "fallback"

    def __init__(self, providers: Sequence[Provider], *, clock: Clock | None = None) -> None:
        if not providers:
            raise ConfigurationError("a fallback needs at least one provider")
        super().__init__(providers[0].model)
        self.providers = tuple(providers)
        self._clock = clock or SystemClock()

    async def generate_unified(self, request: UnifiedRequest) -> UnifiedResponse:
        """The first answer.

        Raises:
            AllProvidersFailedError: Nobody answered.
            ProviderError: A failure that is not routed.
        """
        route = _Route(self.providers, request, self._clock)
        while True:
            provider, asked = route.next()
            try:
                return route.credited(await provider.generate_unified(asked))
            except ProviderError as error:
                route.failed(error)

    async def stream_unified(self, request: UnifiedRequest) -> AsyncIterator[ProviderChunk]:
        """The first answer in pieces.

        Raises:
            AllProvidersFailedError: Nobody began to answer.
            ProviderError: A failure that is not routed, or one after the first chunk.
        """
        route = _Route(self.providers, request, self._clock)
        while True:
            provider, asked = route.next()
            begun = False
            try:
                async for chunk in provider.stream_unified(asked):
                    begun = True
                    if chunk.response is not None:
                        chunk.response = route.credited(chunk.response)
                    yield chunk
            except ProviderError as error:
                if begun:
                    raise
                route.failed(error)
            else:
                return

    async def check(self) -> HealthReport:
        """Whether any of them can be used right now."""
        reports = [await provider.check() for provider in self.providers]
        usable = [report for report in reports if report.ok]
        detail = "; ".join(
            f"{p.name}: {'ok' if r.ok else r.detail.splitlines()[0]}"
            for p, r in zip(self.providers, reports, strict=True)
        )
        return HealthReport(
            ok=bool(usable), latency_ms=min((r.latency_ms for r in usable), default=0.0), detail=detail
        )

    async def aclose(self) -> None:
        """Close them all."""
        for provider in self.providers:
            await provider.aclose()


class _Route:
    """One request on its way along the providers: who is next, what failed, how much time is left."""

    def __init__(self, providers: Sequence[Provider], request: UnifiedRequest, clock: Clock) -> None:
        self._left = list(providers)
        self._first = providers[0]
        self._request = request
        self._clock = clock
        self._deadline_s = None if request.timeout_s is None else clock.now_s() + request.timeout_s
        self._errors: list[ProviderError] = []
        self._attempts: list[Attempt] = []

    def next(self) -> tuple[Provider, UnifiedRequest]:
        """The next provider and what to ask it.

        Raises:
            AllProvidersFailedError: There is none left, or no time.
        """
        if not self._left:
            raise self._all_failed()
        provider = self._left.pop(0)
        changes: dict[str, object] = {"alternatives": True} if self._left else {}
        if provider is self._first and not self._errors:
            return provider, UnifiedRequest.of(self._request, **changes)
        changes["model"] = None
        if self._deadline_s is not None:
            left_s = self._deadline_s - self._clock.now_s()
            if left_s <= 0:
                self._errors.append(ProviderTimeoutError("no time was left for a fallback", provider.name))
                raise self._all_failed()
            changes["timeout_s"] = left_s
        return provider, UnifiedRequest.of(self._request, **changes)

    def failed(self, error: ProviderError) -> None:
        """Note a failure; raise it where no other provider is to be asked."""
        self._attempts.extend(error.attempts)
        error.attempts = tuple(self._attempts)
        self._errors.append(error)
        if error.error_type in NEVER_ROUTED:
            raise error
        if isinstance(error, ContextLengthError):
            self._left = [provider for provider in self._left if _may_hold(provider, error)]
            if not self._left:
                raise error

    def credited(self, response: UnifiedResponse) -> UnifiedResponse:
        """The answer with the whole story of how it came about."""
        if not self._errors:
            return response
        first, *rest = response.attempts or (None,)
        told = () if first is None else (replace(first, reason=f"fallback: {self._errors[-1].error_type}"),)
        return response.amended(attempts=(*self._attempts, *told, *rest))

    def _all_failed(self) -> ProviderError:
        if len(self._errors) == 1:
            return self._errors[0]
        said = "; ".join(f"{error.provider}: {error.message}" for error in self._errors)
        failure = AllProvidersFailedError(
            f"no provider answered: {said}", retryable=any(error.retryable for error in self._errors)
        )
        failure.errors = tuple(self._errors)
        failure.attempts = tuple(self._attempts)
        waits = [error.retry_after_s for error in self._errors if error.retry_after_s is not None]
        failure.retry_after_s = min(waits, default=None)
        return failure


def _may_hold(provider: Provider, error: ContextLengthError) -> bool:
    """Whether a provider's window may be large enough; an unknown window may."""
    facts = getattr(provider, "facts", None)
    window = None if facts is None else facts().context_window
    needed = error.token_count or error.limit
    return window is None or needed is None or window > needed
