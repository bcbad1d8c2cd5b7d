"""One whole answer: what is sent, what comes back, and when it is tried again."""

from __future__ import annotations

import json
from copy import deepcopy
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from support_replies import InstantClock, answer, failure, streamed
from swebench_runner.providers import (
    AuthenticationError,
    ContextLengthError,
    MissingApiKeyError,
    OpenAIProvider,
    ProviderConnectionError,
    ProviderError,
    QuotaExhaustedError,
    RateLimitError,
    Reply,
    ResponseFormatError,
    RetryPolicy,
    ServerError,
    UnifiedRequest,
    UnsupportedParameterError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[..., OpenAIProvider]


def sent(provider: OpenAIProvider, index: int = -1) -> dict[str, Any]:
    return json.loads(provider._transport.requests[index].body)  # type: ignore[union-attr]


async def test_an_answer_carries_everything_that_is_known(provider_of: Make) -> None:
    response = await provider_of(answer()).generate("hi")
    assert (response.content, response.provider, response.model) == ("hello", "openai", "gpt-4o-2024-08-06")
    assert (response.usage.prompt_tokens, response.usage.source) == (9, "provider")
    assert (response.request_id, response.response_id) == ("req-1", "chatcmpl-1")
    assert response.answered_by == "openai/gpt-4o-2024-08-06"
    assert response.cost == Decimal("0.0000525")  # 9 x $2.50 + 3 x $10 a million
    assert response.cost_source == "prices"
    (attempt,) = response.attempts
    assert (attempt.outcome, attempt.reason, attempt.usage) == ("ok", "first", response.usage)


async def test_the_request_is_not_changed_by_being_sent(provider_of: Make) -> None:  # A008
    request = UnifiedRequest("hi", stop_sequences=["x"], extra={"logit_bias": {"1": 2}})
    before = deepcopy(request)
    provider = provider_of(answer(), answer())
    await provider.generate(request)
    await provider.generate(request)
    assert request == before
    assert sent(provider, 0) == sent(provider, 1)


async def test_the_config_fills_what_the_request_leaves_open(provider_of: Make) -> None:  # B034
    provider = provider_of(answer(), answer(), max_tokens=50, temperature=0.2, top_k=7)
    await provider.generate("hi")
    await provider.generate("hi", max_tokens=5, temperature=0.9, model="gpt-4o-mini")
    assert (sent(provider, 0)["temperature"], sent(provider, 0)["top_k"]) == (0.2, 7)
    assert 50 in sent(provider, 0).values()
    assert (sent(provider, 1)["temperature"], sent(provider, 1)["model"]) == (0.9, "gpt-4o-mini")


async def test_headers_of_a_request_cannot_replace_the_key(provider_of: Make) -> None:
    provider = provider_of(answer())
    await provider.generate("hi", headers={"authorization": "Bearer other", "X-Trace": "1"})
    headers = provider._transport.requests[0].headers  # type: ignore[union-attr]
    assert headers["Authorization"] == "Bearer sk-test"
    assert headers["X-Trace"] == "1"
    assert "authorization" not in headers


async def test_a_server_error_is_tried_again_and_both_attempts_are_in_the_ledger(
    provider_of: Make, clock: InstantClock
) -> None:
    response = await provider_of(failure(500), answer()).generate("hi")
    assert [a.outcome for a in response.attempts] == ["server_error", "ok"]
    assert response.attempts[1].reason == "retry: server_error"
    assert response.attempts[1].waited_ms == pytest.approx(clock.waits[0] * 1000)
    assert 0 <= clock.waits[0] <= 0.5


async def test_it_waits_at_least_as_long_as_it_is_told(
    provider_of: Make, clock: InstantClock
) -> None:  # A130
    limited = failure(429, headers={"retry-after": "7"}, code="rate_limit_exceeded")
    await provider_of(limited, answer()).generate("hi")
    assert 7.0 <= clock.waits[0] <= 7.7


async def test_a_wait_of_hours_is_not_waited_for(provider_of: Make, clock: InstantClock) -> None:
    limited = failure(429, headers={"retry-after": "7200"}, code="rate_limit_exceeded")
    with pytest.raises(RateLimitError) as caught:
        await provider_of(limited).generate("hi")
    assert caught.value.retry_after_s == 7200
    assert clock.waits == []


async def test_it_gives_up_after_the_attempts_it_has(provider_of: Make) -> None:
    with pytest.raises(ServerError) as caught:
        await provider_of(*[failure(503)] * 3).generate("hi")
    assert len(caught.value.attempts) == 3
    assert (caught.value.provider, caught.value.model) == ("openai", "gpt-4o")


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (failure(401, code="invalid_api_key"), AuthenticationError),
        (failure(400, code="context_length_exceeded"), ContextLengthError),
        (failure(400, code="unsupported_parameter", param="temperature"), UnsupportedParameterError),
        (failure(429, code="insufficient_quota"), QuotaExhaustedError),
        (Reply(307, [], {"location": "http://elsewhere"}), ProviderError),
    ],
    ids=["key", "context", "parameter", "quota", "redirect"],
)
async def test_what_cannot_succeed_is_tried_once(
    provider_of: Make, clock: InstantClock, reply: Reply, error: type[ProviderError]
) -> None:
    with pytest.raises(error) as caught:
        await provider_of(reply).generate("hi")
    assert len(caught.value.attempts) == 1
    assert clock.waits == []


async def test_a_refused_parameter_is_named_with_what_to_do(provider_of: Make) -> None:
    with pytest.raises(UnsupportedParameterError) as caught:
        await provider_of(failure(400, code="unsupported_parameter", param="temperature")).generate("hi")
    assert caught.value.parameter == "temperature"
    assert "leave 'temperature' out: gpt-4o does not take it" in str(caught.value)


async def test_a_wrong_key_says_where_to_get_one(provider_of: Make) -> None:
    with pytest.raises(AuthenticationError, match="OPENAI_API_KEY"):
        await provider_of(failure(401, code="invalid_api_key")).generate("hi")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>hello</html>",
        b'{"id": "c", "cho',
        b"[1, 2]",
        b'{"error": {"message": "upstream failed"}}',
        b"{}",
    ],
    ids=["empty", "web page", "cut", "list", "error under 200", "no choices"],
)
async def test_a_200_is_no_success_until_it_has_the_right_shape(provider_of: Make, body: bytes) -> None:
    provider = provider_of(*[Reply(200, [body], {"content-type": "application/json"})] * 3)
    with pytest.raises(ProviderError) as caught:
        await provider.generate("hi")
    assert caught.value.error_type != "unknown" or caught.value.message


async def test_an_unusable_body_may_be_followed_by_an_answer(provider_of: Make) -> None:
    response = await provider_of(Reply(200, [b"<html>busy</html>"]), answer()).generate("hi")
    assert [a.outcome for a in response.attempts] == ["malformed_response", "ok"]


async def test_an_answer_without_usage_is_estimated_and_says_so(provider_of: Make) -> None:
    response = await provider_of(answer("some words of an answer", usage=None)).generate(
        "a question of some length"
    )
    assert response.usage.source == "estimate"
    assert response.usage.prompt_tokens > 0
    assert response.usage.completion_tokens > 0
    assert response.cost_source == "estimate"


async def test_an_unknown_price_is_none(provider_of: Make) -> None:  # A051
    response = await provider_of(answer(model="brand-new-model")).generate("hi")
    assert response.cost is None
    assert response.cost_source is None


async def test_the_deadline_spans_attempts_and_waits(provider_of: Make, clock: InstantClock) -> None:
    limited = failure(429, headers={"retry-after": "5"}, code="rate_limit_exceeded")
    with pytest.raises(RateLimitError):
        await provider_of(limited, answer()).generate("hi", timeout_s=4)
    assert clock.waits == []


async def test_a_lost_connection_is_tried_again(provider_of: Make) -> None:
    lost = Reply(failure=ProviderConnectionError("lost"), before_headers=True)
    response = await provider_of(lost, answer()).generate("hi")
    assert [a.outcome for a in response.attempts] == ["network", "ok"]


async def test_no_retries_means_one_attempt(provider_of: Make) -> None:
    with pytest.raises(ServerError) as caught:
        await provider_of(failure(500), answer(), max_retries=0).generate("hi")
    assert len(caught.value.attempts) == 1


async def test_a_key_is_asked_for_before_anything_is_sent() -> None:
    provider = OpenAIProvider("gpt-4o")
    with pytest.raises(MissingApiKeyError) as caught:
        await provider.generate("hi")
    assert "OPENAI_API_KEY" in str(caught.value)
    assert "Looked in: argument, OPENAI_API_KEY" in str(caught.value)


async def test_the_model_list_is_read_and_retried(provider_of: Make) -> None:
    listing = Reply(200, [b'{"object": "list", "data": [{"id": "gpt-4o", "owned_by": "openai"}]}'])
    models = await provider_of(failure(503), listing).list_models()
    assert [model.id for model in models] == ["gpt-4o"]


async def test_a_check_reports_instead_of_raising(provider_of: Make) -> None:
    report = await provider_of(failure(401, code="invalid_api_key")).check()
    assert not report.ok
    assert isinstance(report.error, AuthenticationError)
    assert "OPENAI_API_KEY" in report.detail


async def test_a_stream_that_was_asked_for_and_collected_gives_the_same_answer(provider_of: Make) -> None:
    whole = await provider_of(answer("hello")).generate("hi")
    collected = await provider_of(streamed("hel", "lo")).generate("hi", stream=True)
    assert (whole.content, whole.usage, whole.finish_reason, whole.cost) == (
        collected.content, collected.usage, collected.finish_reason, collected.cost,
    )  # fmt: skip


def test_the_synchronous_twin_gives_the_same(provider_of: Make) -> None:
    provider = provider_of(answer("hello"), streamed("a", "b"))
    assert provider.generate_sync("hi").content == "hello"
    assert "".join(chunk.text for chunk in provider.generate_stream_sync("hi")) == "ab"


def test_a_policy_never_waits_when_there_is_no_attempt_left() -> None:
    import random

    policy = RetryPolicy(max_attempts=2)
    assert policy.delay_s(ServerError("x"), 2, rng=random.Random(0)) is None
    assert policy.delay_s(AuthenticationError("x"), 1, rng=random.Random(0)) is None
    delays = [policy.delay_s(ServerError("x"), 1, rng=random.Random(n)) for n in range(200)]
    assert all(delay is not None and 0 <= delay <= 0.5 for delay in delays)
    assert isinstance(ResponseFormatError("x").retryable, bool)
