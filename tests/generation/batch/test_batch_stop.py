"""Ending early: nothing that was paid for is lost."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from support_batch import Told, Watched, batch, predictions, priced, until
from swebench_runner.generation.batch.control import Control
from swebench_runner.generation.batch.events import Stopping
from swebench_runner.generation.journal.errors import StorageError

if TYPE_CHECKING:
    from pathlib import Path

    from support_journal import OpenJournal
    from swebench_runner.providers import UnifiedResponse


async def test_the_first_interrupt_finishes_what_is_in_flight(
    open_journal: OpenJournal, folder: Path
) -> None:
    provider, control, watch = Told([priced()]), Control(), Watched()
    provider.gate = asyncio.Event()
    with open_journal() as journal:
        running = asyncio.create_task(batch(journal, provider, count=50, control=control, watch=watch))
        await until(provider, 5)
        control.interrupt()
        provider.gate.set()
        finished = await running
    assert (finished.stop, finished.outcomes, finished.missing) == ("interrupted", {"applies": 5}, 45)
    assert watch.of(Stopping) == [Stopping("interrupted", 5)]
    assert len(predictions(folder)) == 5


async def test_the_second_interrupt_cuts_them_off_and_says_so(
    open_journal: OpenJournal, folder: Path
) -> None:
    provider, control = Told([priced()]), Control()
    provider.gate = asyncio.Event()
    with open_journal() as journal:
        running = asyncio.create_task(batch(journal, provider, count=50, control=control))
        await until(provider, 5)
        control.interrupt()
        control.interrupt()
        finished = await running
        assert (await journal.totals()).calls == {"unknown": 5}
    assert (finished.stop, finished.missing, finished.outcomes) == ("interrupted", 50, {})
    assert str(finished.unsettled_usd) == "0.50"
    assert predictions(folder) == []
    again = Told([priced()])
    with open_journal() as journal:
        assert (await batch(journal, again, count=50)).outcomes == {"applies": 50}


async def test_trouble_with_the_disk_begins_nothing_new(open_journal: OpenJournal, folder: Path) -> None:
    provider = Told([priced()])
    with open_journal() as journal:
        database = journal._writer._db

        def fill(_request: object) -> UnifiedResponse:
            if len(provider.requests) == 40:
                (pages,) = database.execute("PRAGMA page_count").fetchone()
                database.execute(f"PRAGMA max_page_count = {pages}")
            return priced(text="x" * 3000)

        provider._answers = fill
        finished = await batch(journal, provider, count=10_000)
    assert finished.stop == "storage"
    assert isinstance(finished.error, StorageError)
    assert len(provider.asked) < 500
    kept = finished.outcomes["applies"]
    assert len(predictions(folder)) >= kept >= 35
    with open_journal() as journal:
        assert (await journal.totals()).outcomes == {"applies": len(predictions(folder))}


async def test_predictions_that_cannot_be_written_are_an_error_with_the_answers_kept(
    open_journal: OpenJournal, folder: Path
) -> None:
    with open_journal() as journal:
        (folder / "predictions.jsonl").mkdir()
        (folder / "predictions.jsonl" / "in the way").touch()
        finished = await batch(journal, Told([priced()]), count=3)
    assert finished.stop == "storage"
    assert isinstance(finished.error, StorageError)
    (folder / "predictions.jsonl" / "in the way").unlink()
    (folder / "predictions.jsonl").rmdir()
    again = Told([priced()])
    with open_journal() as journal:
        assert (await batch(journal, again, count=3)).stop is None
    assert again.asked == []
    assert len(predictions(folder)) == 3
