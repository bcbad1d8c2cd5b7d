"""An answer is the same whether it came whole or streamed, for answers that nobody recorded."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recordings import generated
from recordings.product import frames_of, transform
from swebench_runner.providers.core.protocols import Target

if TYPE_CHECKING:
    from swebench_runner.providers.core.response import UnifiedResponse

PROVIDERS = {
    "openai_chat": "openai-compatible",
    "openai_responses": "openai",
    "anthropic_messages": "anthropic",
    "ollama": "ollama",
}
NEVER = datetime(2026, 1, 1, tzinfo=UTC)


def plain(answer: UnifiedResponse) -> UnifiedResponse:
    """The answer without what has to differ: raw events, and facts of the transport."""
    return replace(answer, raw_response={}, metadata={}, timestamp=NEVER)


@pytest.mark.parametrize("dialect", sorted(generated.DIALECTS))
@settings(max_examples=150, deadline=None)
@given(made=generated.answers(), seed=st.integers(0, 2**32))
def test_streamed_and_whole_are_the_same_answer(dialect: str, made: generated.Made, seed: int) -> None:
    body, stream = generated.DIALECTS[dialect](made)
    tested = transform(PROVIDERS[dialect], dialect)
    target = Target(PROVIDERS[dialect], "m")
    rng = random.Random(seed)
    places = sorted({rng.randrange(len(stream)) for _ in range(rng.randrange(8))})
    pieces = [stream[a:b] for a, b in zip([0, *places], [*places, len(stream)], strict=True)]
    decoder = tested.decoder(replace(target, stream=True))
    chunks = [
        chunk for frame in frames_of(tested.splitter(), pieces) if (chunk := decoder.feed(frame)) is not None
    ]
    streamed, whole = decoder.finish(), tested.parse(body, target)
    assert plain(streamed) == plain(whole)
    assert "".join(chunk.text for chunk in chunks) == whole.content == made.text
    assert "".join(chunk.reasoning for chunk in chunks) == whole.reasoning == made.thought
    assert [(call.name, dict(call.input)) for call in whole.tool_calls] == list(made.calls)
