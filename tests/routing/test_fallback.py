"""Who is asked next, who is not, and what the answer tells of it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from swebench_runner.providers import (
    AllProvidersFailedError,
    AuthenticationError,
    ConfigurationError,
    ContentFilterError,
    ContextLengthError,
    FallbackProvider,
    ManualClock,
    MockProvider,
    ModelFacts,
    Provider,
    ProviderChunk,
    ProviderCoordinator,
    ProviderError,
    QuotaExhaustedError,
    RateLimitError,
    ServerError,
    UnifiedRequest,
    UnifiedResponse,
    UnsupportedParameterError,
    collect,
)
from swebench_runner.providers.core.response import Attempt


class Lane(MockProvider):
    """A mock with a name, a window and a ledger."""

    def __init__(self, name: str, *answers: object, window: int | None = None) -> None:
        super().__init__(answers or (f"from {name}",), model=f"{name}-model")  # type: ignore[arg-type]
        self.lane, self.window = name, window

    @property
    def name(self) -> str:
        return getattr(self, "lane", "mock")

    def facts(self) -> ModelFacts:
        return ModelFacts(context_window=self.window)

    async def generate_unified(self, request: UnifiedRequest) -> UnifiedResponse:
        try:
            response = await super().generate_unified(request)
        except ProviderError as error:
            error.provider = self.name
            error.attempts = (Attempt(self.name, "m", error.error_type, 1.0),)
            raise
        told = Attempt(self.name, "m", "ok", 1.0)
        return response.amended(answered_by=f"{self.name}/m", attempts=(told,), cost=lambda: Decimal(1))


async def test_the_second_answers_when_the_first_fails_and_says_why() -> None:  # A115, A131
    route = FallbackProvider([Lane("a", RateLimitError("slow down")), Lane("b")])
    response = await route.generate("hi")
    assert (response.content, response.answered_by) == ("from b", "b/m")
    assert [(t.provider, t.outcome, t.reason) for t in response.attempts] == [
        ("a", "rate_limit", "first"),
        ("b", "ok", "fallback: rate_limit"),
    ]
    assert response.cost == 1


@pytest.mark.parametrize("error", [ServerError("x"), AuthenticationError("x"), QuotaExhaustedError("x")])
async def test_another_may_have_what_this_one_lacks(error: ProviderError) -> None:
    assert (await FallbackProvider([Lane("a", error), Lane("b")]).generate("hi")).content == "from b"


@pytest.mark.parametrize("error", [ContentFilterError("no"), UnsupportedParameterError("no")])
async def test_what_was_refused_is_not_asked_elsewhere(error: ProviderError) -> None:
    second = Lane("b")
    with pytest.raises(type(error)):
        await FallbackProvider([Lane("a", error), second]).generate("hi")
    assert second.requests == []


async def test_a_long_prompt_goes_only_to_a_larger_window() -> None:
    too_long = ContextLengthError("too long")
    too_long.token_count, too_long.limit = 9_000, 8_192
    small, large = Lane("small", window=8_192), Lane("large", window=200_000)
    response = await FallbackProvider([Lane("a", too_long), small, large]).generate("hi")
    assert response.content == "from large"
    assert small.requests == []
    with pytest.raises(ContextLengthError):
        await FallbackProvider([Lane("a", too_long), small]).generate("hi")


async def test_when_nobody_answers_every_failure_is_told() -> None:
    route = FallbackProvider(
        [Lane("a", ServerError("down")), Lane("b", RateLimitError("busy", retry_after_s=3.0))]
    )
    with pytest.raises(AllProvidersFailedError, match="a: down; b: busy") as caught:
        await route.generate("hi")
    assert [type(error) for error in caught.value.errors] == [ServerError, RateLimitError]
    assert (caught.value.retryable, caught.value.retry_after_s) == (True, 3.0)
    assert [t.provider for t in caught.value.attempts] == ["a", "b"]


async def test_a_single_provider_raises_its_own_error() -> None:
    with pytest.raises(ServerError):
        await FallbackProvider([Lane("a", ServerError("down"))]).generate("hi")
    with pytest.raises(ConfigurationError):
        FallbackProvider([])


async def test_a_requests_model_is_the_first_ones() -> None:
    first, second = Lane("a", ServerError("x")), Lane("b")
    await FallbackProvider([first, second]).generate("hi", model="special")
    assert [first.requests[0].model, second.requests[0].model] == ["special", None]


async def test_the_deadline_spans_all_of_them() -> None:
    clock = ManualClock()

    class Slow(Lane):
        async def generate_unified(self, request: UnifiedRequest) -> UnifiedResponse:
            clock.now += 6
            return await super().generate_unified(request)

    second, third = Slow("b", ServerError("x")), Slow("c")
    with pytest.raises(AllProvidersFailedError, match="no time was left"):
        await FallbackProvider([Slow("a", ServerError("x")), second, third], clock=clock).generate(
            "hi", timeout_s=10
        )
    assert second.requests[0].timeout_s == 4
    assert third.requests == []


async def test_a_stream_changes_providers_only_before_it_begins() -> None:
    chunks = [
        c async for c in FallbackProvider([Lane("a", ServerError("x")), Lane("b")]).generate_stream("hi")
    ]
    assert "".join(chunk.text for chunk in chunks) == "from b"
    assert chunks[-1].response is not None
    assert [t.outcome for t in chunks[-1].response.attempts] == ["server_error", "ok"]

    class Breaking(Lane):
        async def stream_unified(self, request: UnifiedRequest):  # type: ignore[override]  # noqa: ANN202
            yield ProviderChunk("begun")
            raise ServerError("broke")

    with pytest.raises(ServerError):
        await collect(FallbackProvider([Breaking("a"), Lane("b")]).generate_stream("hi"))


async def test_it_is_healthy_when_one_of_them_is() -> None:
    route = FallbackProvider([Lane("a"), Lane("b")])
    assert (await route.check()).ok
    await route.aclose()


# -- the coordinator --------------------------------------------------------------------------


async def test_a_coordinator_takes_names_references_and_objects() -> None:  # A114, K14
    made: list[str] = []

    def resolve(reference: str) -> Provider:
        made.append(reference)
        return Lane(reference)

    coordinator = ProviderCoordinator(["openai", "anthropic/sonnet", Lane("own")], resolve=resolve)
    assert made == ["openai", "anthropic/sonnet"]
    assert [provider.name for provider in coordinator.providers] == ["openai", "anthropic/sonnet", "own"]
    for asked in ("hi", UnifiedRequest("hi"), {"instance_id": "x", "problem_statement": "hi"}):
        assert (await coordinator.generate_with_fallback(asked)).content == "from openai"
    await coordinator.aclose()


def test_names_are_looked_up_in_the_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    one, two = ProviderCoordinator(["openai/gpt-4o", "ollama"]).providers
    assert (one.name, one.model, two.name) == ("openai", "gpt-4o", "ollama")


async def test_a_batch_has_a_result_for_every_instance_in_order() -> None:  # A116
    answers = iter(["one", ServerError("down"), "three"])
    coordinator = ProviderCoordinator([MockProvider(lambda _: next(answers))], max_concurrency=1)
    instances = [{"instance_id": f"i{n}", "problem_statement": "fix"} for n in range(3)]
    results = await coordinator.process_batch(instances)
    assert [(r.instance_id, r.success) for r in results] == [("i0", True), ("i1", False), ("i2", True)]
    assert results[0].response is not None
    assert isinstance(results[1].error, ServerError)
    with pytest.raises(TypeError, match="problem_statement"):
        await coordinator.generate_with_fallback({"instance_id": "x"})
