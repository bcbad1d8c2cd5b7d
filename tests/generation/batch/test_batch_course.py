"""The usual course of a batch, and what the next one finds."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from support_batch import EchoTask, Told, Watched, batch, instances, predictions, priced, until
from swebench_runner.generation.batch.events import Exported, Finished, Reused, Settled, Started
from swebench_runner.generation.journal.errors import RequestChangedError
from swebench_runner.generation.journal.rows import Answer, Intent
from swebench_runner.generation.run.key import call_key, request_sha256
from swebench_runner.providers import ManualClock, ServerError, UnifiedRequest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

    from support_journal import OpenJournal
    from swebench_runner.generation.datasets.instances import Instance


async def test_every_instance_is_asked_once_and_predicted_in_order(
    open_journal: OpenJournal, folder: Path
) -> None:
    provider, watch = Told([priced()]), Watched()
    with open_journal() as journal:
        finished = await batch(journal, provider, count=20, watch=watch)
    assert finished.outcomes == {"applies": 20}
    assert (finished.asked, finished.reused, finished.missing, finished.stop) == (20, 0, 0, None)
    assert sorted(provider.asked) == [f"problem {n:04}" for n in range(20)]
    rows = [json.loads(line) for line in predictions(folder)]
    assert [row["instance_id"] for row in rows] == [f"a__b-{n:04}" for n in range(20)]
    assert {(row["model_name_or_path"], row["model_patch"]) for row in rows} == {("told/m", "patch\n")}
    assert len(watch.of(Started)) == len(watch.of(Settled)) == 20
    assert [type(event) for event in watch.events[-2:]] == [Exported, Finished]


async def test_workers_are_bounded_and_used(open_journal: OpenJournal) -> None:
    provider = Told([priced()])
    provider.gate = asyncio.Event()
    with open_journal() as journal:
        running = asyncio.create_task(batch(journal, provider, count=50, max_workers=7))
        await until(provider, 7)
        provider.gate.set()
        await running
    assert provider.most == 7


async def test_instances_are_read_as_workers_come_free(open_journal: OpenJournal) -> None:
    read = 0

    def counted() -> Iterator[Instance]:
        nonlocal read
        for instance in instances(2000):
            read += 1
            assert read - len(provider.requests) <= 256 + 5
            yield instance

    provider = Told([priced()])
    with open_journal() as journal:
        finished = await batch(journal, provider, given=counted(), count=2000)
    assert finished.outcomes == {"applies": 2000}


async def test_nothing_is_asked_twice(open_journal: OpenJournal, folder: Path) -> None:
    first, second, watch = Told([priced()]), Told([priced()]), Watched()
    with open_journal() as journal:
        await batch(journal, first, count=30)
    before = predictions(folder)
    with open_journal() as journal:
        finished = await batch(journal, second, count=40, watch=watch)
    assert sorted(second.asked) == [f"problem {n:04}" for n in range(30, 40)]
    assert (finished.asked, finished.reused, finished.outcomes) == (10, 30, {"applies": 40})
    assert watch.of(Reused) == [Reused({"applies": 30})]
    assert predictions(folder)[:30] == before
    assert str(finished.spent_usd) == "0.10"
    assert str(finished.run_spent_usd) == "0.40"


async def test_an_answer_without_a_patch_is_no_prediction_and_is_not_asked_again(
    open_journal: OpenJournal, folder: Path
) -> None:
    with open_journal() as journal:
        await batch(journal, Told([priced(text="")]), count=3)
    assert predictions(folder) == []
    again = Told([priced()])
    with open_journal() as journal:
        finished = await batch(journal, again, count=3)
    assert again.asked == []
    assert finished.outcomes == {"empty": 3}


async def test_a_patch_that_does_not_apply_is_predicted_all_the_same(
    open_journal: OpenJournal, folder: Path
) -> None:
    with open_journal() as journal:
        finished = await batch(journal, Told([priced(text="bad")]), count=3)
    assert finished.outcomes == {"does_not_apply": 3}
    assert len(predictions(folder)) == 3


async def test_only_what_nobody_answered_is_asked_again(open_journal: OpenJournal, folder: Path) -> None:
    def sometimes(request: UnifiedRequest) -> object:
        return ServerError("busy", "told") if "3" in (request.prompt or "") else priced()

    with open_journal() as journal:
        finished = await batch(journal, Told(sometimes), count=10)
    assert finished.outcomes == {"applies": 9, "infrastructure": 1}
    assert len(predictions(folder)) == 9
    again = Told([priced()])
    with open_journal() as journal:
        finished = await batch(journal, again, count=10)
    assert again.asked == ["problem 0003"]
    assert finished.outcomes == {"applies": 10}


async def test_an_answer_that_was_paid_for_but_not_judged_is_judged(open_journal: OpenJournal) -> None:
    request = UnifiedRequest("problem 0000", None, 8192, 0.0, model="m")
    intent = Intent(
        key=call_key("a__b-0000", lane="told/m"),
        request_sha256=request_sha256(request, lane="told/m"),
        instance_id="a__b-0000",
        lane="told/m",
    )
    with open_journal() as journal:
        await journal.done(await journal.begin(intent), Answer(text="paid for", lane="told/m"))
    provider, watch = Told([priced()]), Watched()
    with open_journal() as journal:
        finished = await batch(journal, provider, count=1, watch=watch)
    assert provider.asked == []
    assert finished.outcomes == {"applies": 1}
    assert finished.spent_usd == 0
    (settled,) = watch.of(Settled)
    assert isinstance(settled, Settled)
    assert settled.paid_before


async def test_a_bug_in_judging_costs_nothing_the_next_time(
    open_journal: OpenJournal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crashing(request: UnifiedRequest) -> object:
        return priced(text="crash" if request.prompt == "problem 0002" else "patch")

    with open_journal() as journal:
        finished = await batch(journal, Told(crashing), count=4)
    assert finished.outcomes == {"applies": 3, "infrastructure": 1}
    monkeypatch.setattr(EchoTask, "judge", lambda _self, _i, _q, answer: EchoTask_judge(answer))
    mended = Told([priced()])
    with open_journal() as journal:
        finished = await batch(journal, mended, count=4)
    assert mended.asked == []
    assert finished.outcomes == {"applies": 4}
    assert len(predictions(folder)) == 4


def EchoTask_judge(answer: Answer) -> object:  # noqa: N802 - stands for the mended method
    from swebench_runner.generation.batch.task import Judgement

    return Judgement("applies", answer.text + "\n")


async def test_changed_data_is_noticed_before_anything_is_asked(open_journal: OpenJournal) -> None:
    with open_journal() as journal:
        await batch(journal, Told([priced()]), count=3)
    provider = Told([priced()])
    with open_journal() as journal:
        finished = await batch(journal, provider, given=instances(5, text=" edited"), count=5)
    assert finished.stop == "conflict"
    assert isinstance(finished.error, RequestChangedError)
    assert provider.asked == []
    with open_journal(force=True) as journal:
        finished = await batch(journal, provider, given=instances(5, text=" edited"), count=5)
    assert (finished.reused, finished.asked, finished.stop) == (3, 2, None)


async def test_a_fault_in_the_data_ends_the_batch_in_order(open_journal: OpenJournal, folder: Path) -> None:
    def broken() -> Iterator[Instance]:
        yield from instances(300)
        raise ValueError("line 301 is not JSON")

    with open_journal() as journal:
        finished = await batch(journal, Told([priced()]), given=broken(), count=400)
    assert finished.stop == "error"
    assert str(finished.error) == "line 301 is not JSON"
    assert len(predictions(folder)) == finished.outcomes["applies"] == 256


async def test_predictions_are_written_now_and_then(open_journal: OpenJournal) -> None:
    clock, watch = ManualClock(), Watched()

    def slowly(_request: UnifiedRequest) -> object:
        clock.now += 3.0
        return priced()

    with open_journal() as journal:
        await batch(journal, Told(slowly), count=30, watch=watch, clock=clock, max_workers=1)
    exported = [event.predictions for event in watch.of(Exported) if isinstance(event, Exported)]
    assert 5 < len(exported) <= 11  # thirty answers in ninety seconds, at most one file in ten, and the last
    assert exported == sorted(exported)
    assert exported[-1] == 30
