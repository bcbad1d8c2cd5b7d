"""Predictions found by their file or their run's folder, with what is known about them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from swebench_runner.generation.errors import EvaluationError
from swebench_runner.generation.predictions import run_id_for
from swebench_runner.generation.run.settings import PREDICTIONS_FILE, SUMMARY_JSON

if TYPE_CHECKING:
    from pathlib import Path

    from swebench_runner.providers.core.json import JSON

EVALUATION_FILE: Final = "evaluation.json"


@dataclass(frozen=True, slots=True)
class FoundPredictions:
    """A file of predictions.

    Attributes:
        path: The file.
        dataset: What the predictions are for; None when no summary lies beside them.
        split: The same for the split.
        run_id: Changes with the content, so that the harness never shows old results for new patches.
        simulated: Whether a summary says that the answers are made up.
    """

    path: Path
    dataset: str | None
    split: str | None
    run_id: str
    simulated: bool


def find_predictions(path: Path) -> FoundPredictions:
    """The predictions in a file, or in a run's folder.

    Raises:
        EvaluationError: There are none.
    """
    file = path / PREDICTIONS_FILE if path.is_dir() else path
    if not file.is_file():
        raise EvaluationError(
            f"no predictions at {file}",
            looked_in=(str(file.absolute()),),
            hint="give a predictions file or a run's folder; `swebench generate` makes one",
        )
    settings, simulated = _summary_beside(file)
    dataset, split = settings.get("dataset"), settings.get("split")
    return FoundPredictions(
        path=file,
        dataset=dataset if isinstance(dataset, str) else None,
        split=split if isinstance(split, str) and split else None,
        run_id=run_id_for(file),
        simulated=simulated,
    )


def newest_run(runs: Path) -> Path | None:
    """The folder below `runs` whose predictions were written last; None if there is none."""
    found = [file for file in runs.glob(f"*/{PREDICTIONS_FILE}") if file.is_file()]
    newest = max(found, key=lambda file: file.stat().st_mtime_ns, default=None)
    return None if newest is None else newest.parent


def _summary_beside(file: Path) -> tuple[dict[str, JSON], bool]:
    try:
        summary = json.loads((file.parent / SUMMARY_JSON).read_bytes())
    except (OSError, ValueError):
        return {}, False
    if not isinstance(summary, dict) or not isinstance(summary.get("settings"), dict):
        return {}, False
    return summary["settings"], bool(summary.get("simulated"))
