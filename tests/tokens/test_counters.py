from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from swebench_runner.providers.core.errors import ResponseFormatError
from swebench_runner.providers.tokens.counters import (
    APITokenCounter,
    EstimateCounter,
    MetadataTokenCounter,
    TokenCounter,
)
from swebench_runner.providers.tokens.tiktoken import TiktokenCounter

if TYPE_CHECKING:
    from collections.abc import Mapping


async def seven(text: str, model: str) -> int:
    return 7


COUNTERS = [
    EstimateCounter(),
    TiktokenCounter(),
    APITokenCounter(seven),
    MetadataTokenCounter({"prompt_eval_count": 7}),
]


def test_the_base_class_cannot_be_made() -> None:  # A027
    with pytest.raises(TypeError, match="abstract"):
        TokenCounter()  # type: ignore[abstract]


@pytest.mark.parametrize("counter", COUNTERS, ids=lambda counter: type(counter).__name__)
async def test_every_counter_can_be_awaited(counter: TokenCounter) -> None:  # K01
    tokens = await counter.acount_tokens("Hello world, how are you?", "gpt-4")
    assert isinstance(tokens, int)
    assert tokens == pytest.approx(7, abs=1)
    assert isinstance(counter.is_exact("gpt-4"), bool)


@pytest.mark.parametrize("counter", [EstimateCounter(), TiktokenCounter()], ids=["estimate", "tiktoken"])
def test_local_counters_count_without_await(counter: TokenCounter) -> None:  # A028
    count = counter.count_tokens("Hello world", "gpt-4")
    assert isinstance(count, int)
    assert count > 0
    assert counter.count_tokens("", "gpt-4") == 0


def test_the_endpoints_counter_is_a_coroutine() -> None:  # A029
    assert asyncio.iscoroutinefunction(APITokenCounter(seven).count_tokens)


@pytest.mark.parametrize("answer", [23, {"input_tokens": 23}])
async def test_the_endpoints_number_is_taken_as_it_is(answer: int | Mapping[str, object]) -> None:
    asked = []

    async def fetch(text: str, model: str) -> int | Mapping[str, object]:
        asked.append((text, model))
        return answer

    counter = APITokenCounter(fetch)
    assert await counter.count_tokens("Hi", "claude-sonnet-5-5") == 23
    assert asked == [("Hi", "claude-sonnet-5-5")]
    assert counter.is_exact("claude-sonnet-5-5")


@pytest.mark.parametrize(
    "answer", [{}, {"input_tokens": "23"}, {"input_tokens": True}, -1, None, {"error": "x"}]
)
async def test_an_answer_without_a_number_is_an_error_and_not_nought(answer: object) -> None:
    async def fetch(text: str, model: str) -> int:
        return answer  # type: ignore[return-value]

    with pytest.raises(ResponseFormatError, match="no number"):
        await APITokenCounter(fetch).acount_tokens("Hi", "m")


@pytest.mark.parametrize(
    ("metadata", "tokens", "exact"),
    [
        ({"prompt_eval_count": 26, "eval_count": 298}, 26, True),
        ({"eval_count": 298}, 0, False),
        ({"prompt_eval_count": None}, 0, False),
        ({"prompt_eval_count": True}, 0, False),
        (None, 0, False),
    ],
)
def test_ollamas_last_answer_says_what_its_prompt_had(
    metadata: dict[str, object] | None, tokens: int, exact: bool
) -> None:  # A030
    counter = MetadataTokenCounter(metadata)
    assert counter.count_tokens("anything", "llama3") == tokens
    assert counter.is_exact("llama3") is exact


def test_the_metadata_can_be_replaced_by_the_next_answers() -> None:
    counter = MetadataTokenCounter()
    counter.last_response_metadata = {"prompt_eval_count": 5}
    assert counter.count_tokens("", "llama3") == 5
