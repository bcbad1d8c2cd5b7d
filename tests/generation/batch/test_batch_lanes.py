"""Fallbacks, and when to stop asking somebody."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from support_batch import Told, Watched, batch, predictions, priced
from swebench_runner.generation.batch.events import FellBack, LaneDown, Settled
from swebench_runner.providers import (
    AuthenticationError,
    ContentFilterError,
    ContextLengthError,
    InvalidRequestError,
    ModelNotFoundError,
    ProviderConnectionError,
    ProviderError,
    QuotaExhaustedError,
    RateLimitError,
    UnifiedRequest,
)

if TYPE_CHECKING:
    from pathlib import Path

    from support_journal import OpenJournal


@pytest.mark.parametrize(
    "error",
    [
        RateLimitError("later"),
        AuthenticationError("key"),
        ContextLengthError("long"),
        QuotaExhaustedError("out"),
    ],
    ids=lambda error: error.error_type,
)
async def test_the_next_lane_answers_and_that_is_recorded(
    open_journal: OpenJournal, folder: Path, error: ProviderError
) -> None:
    second, watch = Told([priced()], name="second"), Watched()
    with open_journal() as journal:
        finished = await batch(journal, Told([error], name="first"), second, count=1, watch=watch)
    assert finished.outcomes == {"applies": 1}
    assert watch.of(FellBack) == [FellBack("a__b-0000", "first/m", "second/m", error.error_type)]
    assert [event.lane for event in watch.of(Settled) if isinstance(event, Settled)] == ["second/m"]
    assert json.loads(predictions(folder)[0])["model_name_or_path"] == "second/m"
    with open_journal() as journal:
        assert (await journal.totals()).calls == {"done": 1, "failed": 1}


async def test_everyone_who_answered_is_named(open_journal: OpenJournal, folder: Path) -> None:
    def every_other(request: UnifiedRequest) -> object:
        return priced() if int((request.prompt or "")[-1]) % 2 else RateLimitError("later")

    with open_journal() as journal:
        await batch(journal, Told(every_other, name="one"), Told([priced()], name="two"), count=6)
    assert {json.loads(line)["model_name_or_path"] for line in predictions(folder)} == {"one/m+two/m"}


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (ContentFilterError("no"), "refused"),
        (ContextLengthError("too long"), "over_window"),
        (InvalidRequestError("what?"), "infrastructure"),
    ],
    ids=str,
)
async def test_some_failures_are_answers_of_a_kind(
    open_journal: OpenJournal, error: ProviderError, outcome: str
) -> None:
    second = Told([error], name="second")
    with open_journal() as journal:
        finished = await batch(journal, Told([error], name="first"), second, count=3)
    assert finished.outcomes == {outcome: 3}
    assert finished.stop == ("providers" if outcome == "infrastructure" else None)
    assert bool(second.asked) == isinstance(error, ContextLengthError)


@pytest.mark.parametrize(
    ("error", "most_calls"),
    [
        (AuthenticationError("wrong key"), 5),
        (ModelNotFoundError("no such model"), 5),
        (QuotaExhaustedError("no credit"), 5),
        (ProviderConnectionError("refused"), 7),
    ],
    ids=str,
)
async def test_a_hopeless_lane_ends_the_batch_soon(
    open_journal: OpenJournal, error: ProviderError, most_calls: int
) -> None:
    provider, watch = Told([error]), Watched()
    with open_journal() as journal:
        finished = await batch(journal, provider, count=100, watch=watch)
    assert finished.stop == "providers"
    assert finished.error is error
    assert len(provider.asked) <= most_calls
    assert watch.of(LaneDown) == [LaneDown("told/m", error.message)]
    assert finished.missing >= 93


async def test_a_hopeless_lane_is_not_asked_again_while_another_answers(open_journal: OpenJournal) -> None:
    first, second = Told([AuthenticationError("wrong key")], name="first"), Told([priced()], name="second")
    with open_journal() as journal:
        finished = await batch(journal, first, second, count=50)
    assert finished.outcomes == {"applies": 50}
    assert len(first.asked) <= 5


async def test_an_outage_after_good_answers_is_given_ten_tries(open_journal: OpenJournal) -> None:
    def dying(request: UnifiedRequest) -> object:
        return priced() if (request.prompt or "") < "problem 0005" else ProviderConnectionError("refused")

    provider = Told(dying)
    with open_journal() as journal:
        finished = await batch(journal, provider, count=100, max_workers=1)
    assert finished.stop == "providers"
    assert finished.outcomes == {"applies": 5, "infrastructure": 10}


async def test_single_failures_among_answers_never_take_a_lane_out(open_journal: OpenJournal) -> None:
    def bumpy(request: UnifiedRequest) -> object:
        return priced() if int((request.prompt or "")[-1]) % 2 else ProviderConnectionError("reset")

    with open_journal() as journal:
        finished = await batch(journal, Told(bumpy), count=60, max_workers=1)
    assert (finished.stop, finished.outcomes) == (None, {"applies": 30, "infrastructure": 30})
