"""The predictions file: a function of the journal, replaced whole, never half written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from swebench_runner.generation.journal_errors import StorageError
from swebench_runner.generation.journal_rows import REQUEUED
from swebench_runner.generation.predictions import write_predictions
from swebench_runner.generation.run import PREDICTIONS_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from swebench_runner.generation.journal import Journal
    from swebench_runner.providers.core.json import JSON


def model_name(journal: Journal) -> str:
    """`model_name_or_path` of a run: everyone who answered, and whether the answers are made up. Blocks."""
    names = (f"{lane} (simulated)" if lane.startswith("simulator/") else lane for lane in journal.lanes())
    return "+".join(names) or "nobody"


def export_predictions(journal: Journal) -> tuple[Path, int]:
    """The file of predictions and how many are in it. Blocks: for a thread.

    Every instance with a patch is in it, in order of ids, whether or not the patch was found to apply:
    that is a forecast, and the evaluation has the last word. An answer without a patch is left out, so
    that it counts as missing, not as a wrong solution.

    Raises:
        StorageError: The file cannot be written; the one before it is untouched.
    """
    name = model_name(journal)
    path = journal.folder / PREDICTIONS_FILE
    try:
        return path, write_predictions(path, _rows(journal, name))
    except OSError as exc:
        raise StorageError(
            f"cannot write {path}: {exc.strerror or exc}",
            hint="free some space or mend the folder; the journal has every answer, "
            "and the same command writes the file again",
        ) from exc


def _rows(journal: Journal, name: str) -> Iterator[dict[str, JSON]]:
    for row in journal.iter_results():
        if row.patch and row.outcome != REQUEUED:
            yield {"instance_id": row.instance_id, "model_name_or_path": name, "model_patch": row.patch}
