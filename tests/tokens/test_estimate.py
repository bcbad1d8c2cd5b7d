from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swebench_runner.providers.tokens.estimate import ERROR_BAND, estimate_tokens, tokenizer_factor
from swebench_runner.providers.tokens.tiktoken import TiktokenCounter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SAMPLES = {
    # Text -> tokens of o200k_base, counted with OpenAI's vocabulary (2026-11).
    "prose": (
        (
            "The quick brown fox jumps over the lazy dog. It was the best of times, it was the worst of times; "
            "everybody who was there said so afterwards, and nobody believed them."
        ),
        37,
    ),
    "code": ("def add(a: int, b: int) -> int:\n    return a + b\n\n\nprint(add(1, 2))\n", 27),
    "chinese": ("今天天气很好，我们一起去公园散步吧。他说他明天会来，可是我不太相信他的话。", 28),
    "russian": ("Сегодня хорошая погода, и мы пойдём гулять в парк, если ты не против.", 21),
}


@pytest.mark.parametrize("kind", SAMPLES)
def test_short_samples_of_each_script_are_near(kind: str) -> None:  # B021
    text, tokens = SAMPLES[kind]
    assert estimate_tokens(text) == pytest.approx(tokens, rel=0.35)


def test_nothing_is_no_token_and_something_is_at_least_one() -> None:
    assert estimate_tokens("") == 0
    assert estimate_tokens(" ") == 1
    assert estimate_tokens("a") == 1


@given(st.text(max_size=300), st.text(max_size=300))
def test_more_text_is_never_fewer_tokens(first: str, second: str) -> None:
    whole = estimate_tokens(first + second)
    assert whole >= estimate_tokens(first) - 1
    assert whole <= estimate_tokens(first) + estimate_tokens(second) + 1


def test_lone_surrogates_are_counted_and_not_an_error() -> None:
    assert estimate_tokens("a\ud800b") >= 1


def test_fifty_thousand_characters_are_near_and_one_pass() -> None:  # A032
    assert estimate_tokens("word " * 10_000) == pytest.approx(10_001, rel=0.03)


@pytest.mark.parametrize(
    ("model", "factor"),
    [
        ("gpt-4o", 1.0),
        ("", 1.0),
        ("claude-3-5-sonnet-20240620", 1.15),
        ("anthropic/claude-sonnet-4.5", 1.15),
        ("claude-opus-4-6", 1.15),
        ("claude-opus-4-7", 1.5),
        ("claude-sonnet-5-5", 1.5),
        ("mistral:7b", 1.2),
        ("llama3.3", 1.0),
    ],
)
def test_tokenizers_differ(model: str, factor: float) -> None:
    assert tokenizer_factor(model) == factor
    assert estimate_tokens("word " * 1_000, model) == pytest.approx(1_016 * factor, rel=0.02)


def o200k_base() -> Callable[[str], int]:
    """OpenAI's own count, where its vocabulary is at hand."""
    counter = TiktokenCounter()
    if not counter.is_exact("gpt-4o"):
        pytest.skip("no vocabulary: install bpe-openai")
    return lambda text: counter.count_tokens(text, "gpt-4o")


def ratios(texts: list[str]) -> list[float]:
    count = o200k_base()
    return sorted(estimate_tokens(text) / count(text) for text in texts if len(text) > 1_000)


@pytest.mark.parametrize(
    ("file", "field"),
    [
        ("lite-test.jsonl", "problem_statement"),
        ("lite-test.jsonl", "patch"),
        ("real-completions.jsonl", "full_output"),
    ],
)
def test_nine_in_ten_real_texts_are_inside_the_stated_band(
    data_dir: Path, file: str, field: str
) -> None:  # B021
    lines = (data_dir / "swebench" / file).read_text().splitlines()
    found = ratios([json.loads(line)[field] for line in lines])
    assert len(found) > 50
    low, high = found[len(found) // 20], found[-len(found) // 20]
    assert low > 1 - ERROR_BAND
    assert high < 1 + ERROR_BAND
    assert sum(found) / len(found) == pytest.approx(1.0, abs=0.06)


@pytest.mark.parametrize(("text", "tokens"), [(text, tokens) for text, tokens in SAMPLES.values()])
def test_the_samples_true_counts_are_true(text: str, tokens: int) -> None:
    assert o200k_base()(text) == tokens
