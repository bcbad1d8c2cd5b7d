"""The predictions file is what the journal says, and is not written again for nothing."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from support_journal import OpenJournal, answer, intent, result
from swebench_runner.generation.journal.errors import StorageError
from swebench_runner.generation.predictions import run_id_for
from swebench_runner.generation.run.export import export_predictions

if TYPE_CHECKING:
    from pathlib import Path

    from swebench_runner.generation.journal.book import Journal
    from swebench_runner.generation.journal.rows import ExportRecord


async def export(journal: Journal, *, final: bool = True) -> ExportRecord:
    return await asyncio.to_thread(export_predictions, journal, final=final)


async def test_a_file_that_is_right_is_left_alone(open_journal: OpenJournal, folder: Path) -> None:
    file = folder / "predictions.jsonl"
    with open_journal() as journal:
        for n in range(3):
            await journal.settle(result(f"a__b-{n}"))
        record = await export(journal)
        inode = file.stat().st_ino
        assert await export(journal) == record
        assert file.stat().st_ino == inode
    assert (record.predictions, record.run_id) == (3, run_id_for(file))
    with open_journal() as journal:
        assert await export(journal) == record
        await journal.settle(result("a__b-1", patch="another patch\n"))
        again = await export(journal)
    assert again.predictions == 3
    assert again.run_id == run_id_for(file) != record.run_id


@pytest.mark.parametrize("damage", ["", "cut", "gone"])
async def test_a_file_that_somebody_changed_is_written_again(
    open_journal: OpenJournal, folder: Path, damage: str
) -> None:
    file = folder / "predictions.jsonl"
    with open_journal() as journal:
        await journal.settle(result())
        await export(journal)
        before = file.read_bytes()
        file.unlink() if damage == "gone" else file.write_text(damage)
        await export(journal)
    assert file.read_bytes() == before


async def test_the_newest_result_counts_even_if_it_replaces_the_only_one(
    open_journal: OpenJournal, folder: Path
) -> None:
    with open_journal() as journal:
        for n in range(3):
            await journal.settle(result(patch=f"patch {n}\n"))
            await export(journal)
            (line,) = (folder / "predictions.jsonl").read_text().splitlines()
            assert json.loads(line)["model_patch"] == f"patch {n}\n"


async def test_an_export_in_between_is_not_remembered(open_journal: OpenJournal) -> None:
    with open_journal() as journal:
        await journal.settle(result())
        assert (await export(journal, final=False)).run_id == ""
        assert (await export(journal)).run_id != ""


async def test_simulated_answers_are_named_so(open_journal: OpenJournal, folder: Path) -> None:
    with open_journal() as journal:
        await journal.settle(result("a__b-1", lane="simulator/sim-gold"))
        await journal.settle(result("a__b-2", lane="openai/gpt-4o"))
        await export(journal)
    names = {
        json.loads(line)["model_name_or_path"]
        for line in (folder / "predictions.jsonl").read_text().splitlines()
    }
    assert names == {"openai/gpt-4o+simulator/sim-gold (simulated)"}


async def test_a_patch_without_a_final_newline_gets_one(open_journal: OpenJournal, folder: Path) -> None:
    with open_journal() as journal:
        call = await journal.begin(intent())
        await journal.done(call, answer())
        await journal.settle(result(patch="no newline", call_id=call))
        await export(journal)
    assert json.loads((folder / "predictions.jsonl").read_text())["model_patch"] == "no newline\n"


async def test_a_folder_in_the_way_is_a_storage_error(open_journal: OpenJournal, folder: Path) -> None:
    with open_journal() as journal:
        await journal.settle(result())
        (folder / "predictions.jsonl").mkdir()
        (folder / "predictions.jsonl" / "x").touch()
        with pytest.raises(StorageError, match=r"cannot write .*predictions\.jsonl"):
            await export(journal)
