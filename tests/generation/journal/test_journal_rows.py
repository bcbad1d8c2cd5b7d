"""What the journal promises while all goes well, and what the next process finds."""

from __future__ import annotations

import asyncio
import sqlite3
from decimal import Decimal

import pytest

from support_journal import OpenJournal, answer, intent, result
from swebench_runner.generation.journal.errors import RequestChangedError, SettingsChangedError
from swebench_runner.generation.journal.rows import Failure


async def test_an_answer_comes_back_as_it_went_in(open_journal: OpenJournal) -> None:
    given = answer("ünïcode \ud800 and\r\nline ends\x00", refusal="no")
    with open_journal() as journal:
        call = await journal.begin(intent())
        await journal.done(call, given)
    with open_journal() as journal:
        assert await journal.find_answer(intent()) == (call, given)


async def test_an_intent_is_on_the_disk_before_the_call(open_journal: OpenJournal) -> None:
    with open_journal() as journal:
        await journal.begin(intent())
        reader = sqlite3.connect(f"file:{journal.folder}/journal.sqlite?mode=ro", uri=True)
        assert reader.execute("SELECT state, reserved_usd FROM calls").fetchall() == [("started", "0.05")]
        reader.close()


async def test_what_a_dead_process_started_is_unknown_and_stays_counted(open_journal: OpenJournal) -> None:
    with open_journal() as journal:
        await journal.begin(intent("a__b-1"))
        await journal.begin(intent("a__b-2", reserved_usd=Decimal("0.07")))
        await journal.done(await journal.begin(intent("a__b-3")), answer())
    with open_journal() as journal:
        totals = await journal.totals()
        assert totals.calls == {"done": 1, "unknown": 2}
        assert totals.unsettled_usd == Decimal("0.12")
        assert totals.spent_usd == Decimal("0.0000000123")
        assert await journal.find_answer(intent("a__b-1")) is None


async def test_known_tells_settled_requeued_answered_and_strangers_apart(open_journal: OpenJournal) -> None:
    with open_journal() as journal:
        await journal.settle(result("settled"))
        await journal.settle(result("requeued", outcome="infrastructure", patch=""))
        await journal.done(await journal.begin(intent("answered")), answer())
        known = await journal.known(["settled", "requeued", "answered", "stranger"])
    assert known.keys() == {"settled", "requeued", "answered"}
    assert [known[name].settled for name in ("settled", "requeued", "answered")] == [True, False, False]
    assert [known[name].answered for name in ("settled", "requeued", "answered")] == [False, False, True]
    assert known["settled"].instance_sha256 == "data"


async def test_a_later_result_replaces_an_earlier_one(open_journal: OpenJournal) -> None:
    with open_journal() as journal:
        await journal.settle(result(outcome="infrastructure", patch=""))
        await journal.settle(result())
        assert (await journal.totals()).outcomes == {"applies": 1}


async def test_results_come_in_order_of_ids_with_the_facts_of_their_call(open_journal: OpenJournal) -> None:
    names = [f"a__b-{n:04}" for n in range(1203)]
    with open_journal() as journal:
        call = await journal.begin(intent())
        await journal.done(call, answer())
        await asyncio.gather(*(journal.settle(result(name, call_id=call)) for name in reversed(names)))
        rows = await asyncio.to_thread(lambda: list(journal.iter_results()))
        assert await asyncio.to_thread(journal.lanes) == ["openai/gpt-4o"]
    assert [row.instance_id for row in rows] == names
    assert {(row.model, row.cost_usd, row.latency_ms, row.finish_reason) for row in rows} == {
        ("gpt-4o-2024-08-06", Decimal("0.0000000123"), 12.5, "stop")
    }


async def test_money_is_summed_exactly(open_journal: OpenJournal) -> None:
    cents = [Decimal("0.1"), Decimal("0.2"), Decimal("0.0000000000000000001")]
    with open_journal() as journal:
        for n, cost_usd in enumerate(cents):
            await journal.done(await journal.begin(intent(f"a__b-{n}")), answer(cost_usd=cost_usd))
        await journal.done(await journal.begin(intent("a__b-9")), answer(cost_usd=None))
        totals = await journal.totals()
    assert totals.spent_usd == Decimal("0.3000000000000000001")
    assert (totals.unpriced, totals.prompt_tokens, totals.completion_tokens) == (1, 40, 12)


async def test_a_failure_costs_what_it_cost(open_journal: OpenJournal) -> None:
    with open_journal() as journal:
        call = await journal.begin(intent())
        await journal.failed(
            call, Failure(error_type="timeout", message="too slow", cost_usd=Decimal("0.01"))
        )
        lost = await journal.begin(intent())
        await journal.lost(lost)
        totals = await journal.totals()
    assert totals.calls == {"failed": 1, "unknown": 1}
    assert (totals.spent_usd, totals.unsettled_usd) == (Decimal("0.01"), Decimal("0.05"))


async def test_the_same_question_in_other_words_is_refused_unless_forced(open_journal: OpenJournal) -> None:
    with open_journal() as journal:
        await journal.done(await journal.begin(intent()), answer())
        changed = intent(request_sha256="another digest")
        with pytest.raises(RequestChangedError, match="a__b-1 was asked something else"):
            await journal.begin(changed)
        with pytest.raises(RequestChangedError, match="--force"):
            await journal.find_answer(changed)
        assert (await journal.totals()).calls == {"done": 1}
    with open_journal(force=True) as journal:
        assert await journal.find_answer(changed) is None
        await journal.begin(changed)


async def test_other_settings_are_refused_and_named_unless_forced(open_journal: OpenJournal) -> None:
    with open_journal(settings={"model": "a/b", "temperature": 0.0}) as journal:
        await journal.settle(result())
    other = {"settings": {"model": "a/b", "temperature": 1.0}, "settings_sha256": "2" * 64}
    with pytest.raises(SettingsChangedError, match=r"temperature was 0\.0, now 1\.0") as caught:
        open_journal(**other)
    assert caught.value.exit_code == 2
    with open_journal(**other, force=True) as journal:
        assert (await journal.known(["a__b-1"]))["a__b-1"].settled
    with open_journal(**other) as journal:  # the forced settings are the run's own from then on
        assert (await journal.totals()).instances == 1


async def test_a_cancelled_worker_does_not_take_back_its_write(open_journal: OpenJournal) -> None:
    with open_journal() as journal:
        call = await journal.begin(intent())
        writing = asyncio.create_task(journal.done(call, answer()))
        await asyncio.sleep(0)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
    with open_journal() as journal:
        assert await journal.find_answer(intent()) == (call, answer())


async def test_fifty_workers_share_commits(open_journal: OpenJournal) -> None:
    with open_journal() as journal:
        before = journal._writer.commits
        calls = await asyncio.gather(*(journal.begin(intent(f"a__b-{n}")) for n in range(500)))
        assert len(set(calls)) == 500
        assert journal._writer.commits - before < 250


async def test_one_refused_write_does_not_hurt_its_neighbours(open_journal: OpenJournal) -> None:
    with open_journal() as journal:
        await journal.begin(intent("a__b-0"))
        asked = [
            intent(f"a__b-{n}", request_sha256="changed" if n == 0 else f"digest of a__b-{n}")
            for n in range(9)
        ]
        outcomes = await asyncio.gather(*(journal.begin(one) for one in asked), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [RequestChangedError, *[int] * 8]
        assert (await journal.totals()).calls == {"started": 9}
