"""A provider over scripted replies, so that each rule of the pipeline is seen alone."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from support_replies import InstantClock
from swebench_runner.providers import OpenAIProvider, ReplayTransport, Reply, RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def clock() -> InstantClock:
    return InstantClock()


@pytest.fixture
def provider_of(clock: InstantClock) -> Callable[..., OpenAIProvider]:
    def make(*replies: Reply, policy: RetryPolicy | None = None, **settings: Any) -> OpenAIProvider:
        return OpenAIProvider(
            "gpt-4o",
            "sk-test",
            transport=ReplayTransport(replies),
            clock=clock,
            rng=random.Random(1),
            policy=policy,
            **settings,
        )

    return make
