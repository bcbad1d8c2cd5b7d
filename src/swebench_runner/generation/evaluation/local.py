"""Whether predictions solve their instances: judged here for the sample, by the official harness else."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from swebench_runner.generation import sample
from swebench_runner.generation.errors import EvaluationError
from swebench_runner.generation.evaluation.harness import (
    HarnessRun,
    forward_command,
    harness_command,
    installed_harness,
    run_harness,
)
from swebench_runner.generation.evaluation.trial import TEST_TIMEOUT_S, InstanceVerdict, Verdict, try_patch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from swebench_runner.generation.datasets.instances import Instance
    from swebench_runner.providers.core.json import JSON

__all__ = [
    "EvaluationReport",
    "HarnessRun",
    "InstanceVerdict",
    "Verdict",
    "evaluate_local",
    "forward_command",
    "harness_command",
    "installed_harness",
    "run_harness",
]

MAX_WORKERS: Final = 4


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """Verdicts on a file of predictions.

    Attributes:
        verdicts: One a prediction, in the dataset's order.
        total_ids: Every instance that was evaluated against, predicted or not.
    """

    verdicts: tuple[InstanceVerdict, ...]
    total_ids: tuple[str, ...]

    def ids(self, *verdicts: Verdict) -> list[str]:
        """The instances with one of these verdicts, sorted."""
        return sorted(one.instance_id for one in self.verdicts if one.verdict in verdicts)

    @property
    def resolved_ids(self) -> list[str]:
        """The instances that are solved."""
        return self.ids(Verdict.RESOLVED)

    @property
    def submitted_ids(self) -> list[str]:
        """The instances that there was a prediction for."""
        return self.ids(*Verdict)

    @property
    def incomplete_ids(self) -> list[str]:
        """The instances without a prediction."""
        return sorted(set(self.total_ids) - set(self.submitted_ids))

    def to_json(self) -> dict[str, JSON]:
        """The report as the official harness writes it, with a further key "instances" for the details.

        Source: swebench 5.0.2, report `schema_version` 2 (2026-08).
        """
        groups = {
            "completed": self.ids(Verdict.RESOLVED, Verdict.UNRESOLVED),
            "resolved": self.resolved_ids,
            "unresolved": self.ids(Verdict.UNRESOLVED),
            "infra_failure": self.ids(Verdict.INFRA_FAILURE),
            "ambiguous_failure": [],
            "empty_patch": self.ids(Verdict.EMPTY_PATCH),
            "error": self.ids(Verdict.ERROR),
        }
        failed = (Verdict.ERROR, Verdict.INFRA_FAILURE)
        return {
            "total_instances": len(self.total_ids),
            "submitted_instances": len(self.verdicts),
            **{f"{name}_instances": len(ids) for name, ids in groups.items()},
            "submitted_ids": self.submitted_ids,
            "incomplete_ids": self.incomplete_ids,
            **{f"{name}_ids": ids for name, ids in groups.items()},
            "failure_reasons": {
                one.instance_id: one.reason for one in self.verdicts if one.verdict in failed
            },
            "schema_version": 2,
            "instances": {one.instance_id: _detail(one) for one in self.verdicts},
        }


def evaluate_local(
    predictions: Iterable[Mapping[str, JSON]],
    instances: Iterable[Instance] | None = None,
    *,
    files: Mapping[str, Mapping[str, str]] | None = None,
    max_workers: int | None = None,
    timeout_s: float = TEST_TIMEOUT_S,
    on_verdict: Callable[[InstanceVerdict], None] | None = None,
) -> EvaluationReport:
    """The verdicts on predictions for instances whose projects and `unittest` tests are at hand.

    Runs code that a model wrote, with your rights: see `trial.try_patch`.

    Args:
        predictions: Rows with `instance_id` and `model_patch`, as in `predictions.jsonl`.
        instances: The dataset; the sample if None.
        files: Each project before the patch, by instance id; the sample's if None.
        max_workers: Projects at once; the number of processors, at most 4, if None.
        timeout_s: Seconds for the tests of one project.
        on_verdict: Called with each verdict as it comes, from the thread that calls this function.

    Raises:
        EvaluationError: A prediction for an unknown instance, or two for the same.
        GitError: Git is not installed.
    """
    dataset = {one.instance_id: one for one in (sample.load() if instances is None else instances)}
    projects = sample.oracle_files() if files is None else files
    patches = _patches_by_id(predictions, dataset)
    ordered = [instance_id for instance_id in dataset if instance_id in patches]
    strange = [instance_id for instance_id in ordered if instance_id not in projects]
    if strange:
        raise EvaluationError(
            f"the project of {strange[0]!r} is not at hand",
            hint="only the sample is evaluated without the harness",
        )
    verdicts = []
    with ThreadPoolExecutor(max_workers or min(MAX_WORKERS, os.cpu_count() or 1)) as pool:
        futures = [
            pool.submit(try_patch, dataset[one], projects[one], patches[one], timeout_s=timeout_s)
            for one in ordered
        ]
        try:
            for future in futures:
                verdicts.append(future.result())
                if on_verdict is not None:
                    on_verdict(verdicts[-1])
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    return EvaluationReport(tuple(verdicts), tuple(dataset))


def _patches_by_id(
    predictions: Iterable[Mapping[str, JSON]], dataset: Mapping[str, Instance]
) -> dict[str, str]:
    patches: dict[str, str] = {}
    for number, row in enumerate(predictions, start=1):
        instance_id, patch = row.get("instance_id"), row.get("model_patch")
        if not isinstance(instance_id, str) or not isinstance(patch, (str, type(None))):
            raise EvaluationError(
                f"prediction {number}: needs an 'instance_id' and a 'model_patch', both text"
            )
        if instance_id not in dataset:
            raise EvaluationError(
                f"prediction {number}: {instance_id!r} is not in the dataset",
                hint="evaluate against the dataset that the predictions were made for",
            )
        if instance_id in patches:
            raise EvaluationError(f"two predictions for {instance_id!r}", hint="keep one of them")
        patches[instance_id] = patch or ""
    return patches


def _detail(verdict: InstanceVerdict) -> dict[str, JSON]:
    return {
        "verdict": verdict.verdict.value,
        "resolved": verdict.verdict is Verdict.RESOLVED,
        "reason": verdict.reason,
        "tests": dict(verdict.tests),
        "duration_s": round(verdict.duration_s, 3),
        "log": verdict.log,
    }
