"""Budgets hold however many calls are in flight, and unknown is not nothing."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support_batch import Told, Watched, batch, priced, until
from swebench_runner.generation.batch.budget import Budget
from swebench_runner.generation.batch.events import BudgetWarning
from swebench_runner.providers import (
    Attempt,
    BudgetExceededError,
    ServerError,
    UnifiedRequest,
    UnifiedResponse,
)

if TYPE_CHECKING:
    from support_journal import OpenJournal


async def test_a_run_ends_before_its_budget_does(open_journal: OpenJournal) -> None:
    provider, watch = Told([priced("0.10")]), Watched()
    with open_journal() as journal:
        finished = await batch(
            journal, provider, count=50, watch=watch, budget_usd=Decimal("1.00"), max_workers=8
        )
    assert finished.stop == "budget"
    assert isinstance(finished.error, BudgetExceededError)
    assert finished.run_spent_usd == Decimal("1.00")
    assert (len(provider.asked), finished.missing) == (10, 40)
    assert len(watch.of(BudgetWarning)) == 1


async def test_a_resumed_run_counts_what_it_spent_before(open_journal: OpenJournal) -> None:
    with open_journal() as journal:
        await batch(journal, Told([priced("0.10")]), count=6)
    provider = Told([priced("0.10")])
    with open_journal() as journal:
        finished = await batch(journal, provider, count=50, budget_usd=Decimal("1.00"))
    assert (len(provider.asked), finished.run_spent_usd) == (4, Decimal("1.00"))


async def test_estimates_that_are_too_high_do_not_end_a_run_early(open_journal: OpenJournal) -> None:
    provider = Told([priced("0.01")], estimate="0.40")
    provider.gate = asyncio.Event()
    with open_journal() as journal:
        running = asyncio.create_task(
            batch(journal, provider, count=20, budget_usd=Decimal("1.00"), max_workers=8)
        )
        await until(provider, 2)
        provider.gate.set()
        finished = await running
    assert (finished.stop, finished.run_spent_usd) == (None, Decimal("0.20"))
    assert provider.most == 2


async def test_a_budget_is_worth_nothing_without_a_price(open_journal: OpenJournal) -> None:
    provider = Told([priced(None)], estimate=None)
    with open_journal() as journal:
        finished = await batch(journal, provider, count=5, budget_usd=Decimal(1))
    assert provider.asked == []
    assert finished.stop == "budget"
    assert "unknown" in str(finished.error)


async def test_an_unknown_cost_is_counted_as_unknown_and_reserved_in_full(open_journal: OpenJournal) -> None:
    provider = Told([priced(None)], estimate="0.30")
    with open_journal() as journal:
        finished = await batch(journal, provider, count=5, budget_usd=Decimal(1), max_workers=1)
    assert (len(provider.asked), finished.unpriced, finished.spent_usd) == (3, 3, 0)


async def test_failed_tries_before_an_answer_are_paid_for(open_journal: OpenJournal) -> None:
    tries = (
        Attempt("told", "m", "incomplete_stream", 1.0, cost_usd=Decimal("0.02")),
        Attempt("told", "m", "server_error", 1.0),
        Attempt("told", "m", "ok", 1.0, cost_usd=Decimal("0.01")),
    )
    answer = UnifiedResponse("patch", "m", cost=Decimal("0.01"), attempts=tries)
    with open_journal() as journal:
        finished = await batch(journal, Told([answer]), count=1)
    assert finished.run_spent_usd == Decimal("0.03")


async def test_a_call_that_failed_costs_what_its_tries_say(open_journal: OpenJournal) -> None:
    error = ServerError("gone", "told")
    error.attempts = (Attempt("told", "m", "server_error", 1.0, cost_usd=Decimal("0.05")),)
    with open_journal() as journal:
        finished = await batch(journal, Told([error]), count=1)
    assert (finished.run_spent_usd, finished.spent_usd) == (Decimal("0.05"), Decimal(0))


@settings(max_examples=60, deadline=None)
@given(
    calls=st.lists(st.tuples(st.integers(1, 50), st.integers(0, 50)), max_size=40),
    limit=st.integers(1, 200),
    workers=st.integers(1, 8),
)
def test_what_is_spent_and_reserved_never_passes_the_limit(
    calls: list[tuple[int, int]], limit: int, workers: int
) -> None:
    async def scenario() -> None:
        budget = Budget(Decimal(limit))
        todo = iter(calls)

        async def work() -> None:
            for reserved, share in todo:
                if not await budget.reserve(Decimal(reserved)):
                    return
                assert budget.spent_usd + budget.reserved_usd <= limit
                await asyncio.sleep(0)
                await budget.settle(Decimal(reserved), Decimal(min(share, reserved)))

        await asyncio.gather(*(work() for _ in range(workers)))
        assert budget.reserved_usd == 0
        assert budget.spent_usd <= limit

    asyncio.run(scenario())


@pytest.mark.parametrize("amount", [None, Decimal(10**9)])
async def test_without_a_limit_everything_passes(amount: Decimal | None) -> None:
    budget = Budget(None)
    assert await budget.reserve(amount)
    await budget.settle(amount, None)
    assert not budget.warning_due()


async def test_the_prompt_is_what_is_estimated(open_journal: OpenJournal) -> None:
    seen: list[UnifiedRequest] = []

    class Estimating(Told):
        def estimate_cost(self, asked: object, *, max_tokens: int | None = None) -> Decimal | None:
            assert isinstance(asked, UnifiedRequest)
            seen.append(asked)
            return Decimal(0)

    with open_journal() as journal:
        await batch(journal, Estimating([priced()]), count=1)
    assert [(request.prompt, request.max_tokens, request.temperature) for request in seen] == [
        ("problem 0000", 8192, 0.0)
    ]
