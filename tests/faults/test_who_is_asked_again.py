"""Here again, elsewhere, or not at all: what the policy decides for a failure, and what a route tells it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from support_fault_calls import provider_of
from support_fault_scripts import LOST, after, before, page, plain
from support_fault_wires import NEVER, MemoryTransport, Script, Wire
from support_virtual_time import LoopClock, in_virtual_time
from swebench_runner.providers import (
    FallbackProvider,
    IncompleteStreamError,
    ProviderConnectionError,
    ProviderError,
    ProviderTimeoutError,
    ResponseFormatError,
    RetryPolicy,
    UnifiedResponse,
)

if TYPE_CHECKING:
    from collections.abc import Callable

SILENT = ProviderTimeoutError("nothing")
CUT = IncompleteStreamError("cut", original_error=ProviderConnectionError("lost"))
STALLED = IncompleteStreamError("stalled", original_error=SILENT)


@pytest.mark.parametrize(
    ("error", "alike", "alternatives", "again"),
    [
        (SILENT, 1, False, True),
        (SILENT, 2, False, True),
        (SILENT, 1, True, False),
        (STALLED, 1, False, True),
        (STALLED, 1, True, False),
        (CUT, 1, True, True),
        (CUT, 2, False, False),
        (ResponseFormatError("html"), 1, True, True),
        (ResponseFormatError("html"), 2, True, False),
        (ProviderConnectionError("refused"), 2, True, True),
    ],
)
def test_here_again(error: ProviderError, alike: int, alternatives: bool, again: bool) -> None:
    delay_s = RetryPolicy().delay_s(
        error, alike, rng=random.Random(1), alike=alike, alternatives=alternatives
    )
    assert (delay_s is not None) == again


def route_of(*scripts: Script) -> tuple[FallbackProvider, list[MemoryTransport]]:
    """A lane for each script."""
    networks = [MemoryTransport(lambda _number, script=script: script) for script in scripts]
    clock = LoopClock()
    lanes = [
        provider_of("openai", f"lane-{number}", "http://far.test", clock, transport=network)
        for number, network in enumerate(networks)
    ]
    return FallbackProvider(lanes, clock=clock), networks


def healthy(wire: Wire) -> Script:
    """An answer."""
    return wire.script(wire.body)


STREAM = Wire("openai", stream=True)


@pytest.mark.parametrize(
    ("script", "asked"),
    [
        (before(NEVER), 1),
        (after(9, NEVER), 1),
        (after(9), 2),
        (before(LOST), 3),
        (page("sim-503"), 3),
        (page("sim-401"), 1),
        (page("sim-quota"), 1),
        (page("sim-context"), 1),
    ],
    ids=["silent", "silent in the middle", "cut", "closed", "503", "401", "quota", "too long"],
)
def test_then_elsewhere(script: Callable[[Wire], Script], asked: int) -> None:
    async def story() -> None:
        route, (first, second) = route_of(script(STREAM), healthy(STREAM))
        response: UnifiedResponse = await route.generate("hello", stream=True)
        assert response.attempts[-1].reason.startswith("fallback: ")
        assert (len(first.requests), len(second.requests)) == (asked, 1)

    in_virtual_time(story)


def test_the_last_one_is_asked_again_since_there_is_nobody_else() -> None:
    async def story() -> None:
        route, (first, second) = route_of(before(NEVER)(STREAM), before(NEVER)(STREAM))
        with pytest.raises(ProviderError, match="no provider answered"):
            await route.generate("hello", stream=True)
        assert (len(first.requests), len(second.requests)) == (1, 3)

    in_virtual_time(story)


@pytest.mark.parametrize("script", [page("sim-policy"), plain(400), plain(422)], ids=["policy", "400", "422"])
def test_not_at_all(script: Callable[[Wire], Script]) -> None:
    async def story() -> None:
        route, (first, second) = route_of(script(STREAM), healthy(STREAM))
        with pytest.raises(ProviderError) as caught:
            await route.generate("hello", stream=True)
        assert caught.value.error_type in {"content_filter", "invalid_request"}
        assert (len(first.requests), len(second.requests)) == (1, 0)

    in_virtual_time(story)


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_wall_clock_that_is_wrong_changes_nothing(hours: int) -> None:
    async def story() -> None:
        network = MemoryTransport(lambda number: plain(503)(STREAM) if number < 3 else healthy(STREAM))
        clock = LoopClock(wall_offset_s=hours * 3600.0)
        asked = provider_of("openai", "test-model", "http://far.test", clock, transport=network)
        response = await asked.generate("hello", stream=True, timeout_s=60)
        assert len(response.attempts) == 3
        assert sum(clock.waits) < 10

    in_virtual_time(story)
