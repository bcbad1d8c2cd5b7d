"""What a report says, as values: the runs, what they came to, and a section for each instance."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from swebench_runner.generation.compare.comparison import Comparison, compare_runs, name_runs
from swebench_runner.generation.datasets.loading import iter_dataset
from swebench_runner.generation.errors import GenerationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from swebench_runner.generation.compare.comparison import Contender
    from swebench_runner.generation.compare.records import InstanceRecord, RunRecord
    from swebench_runner.generation.datasets.instances import Instance

_NUMBER: Final = re.compile(r"-[^-]*$")


@dataclass(frozen=True, slots=True)
class NamedRun:
    """A run and what it is called in this report.

    Attributes:
        name: Unique here.
        place: From 1, in the order in which they were given; decides the colour.
        record: The run.
        contender: Its counts.
    """

    name: str
    place: int
    record: RunRecord
    contender: Contender


@dataclass(frozen=True, slots=True)
class Section:
    """One instance in every run that has it.

    Attributes:
        instance_id: Which.
        repo: "owner/repo".
        problem: The issue; "" when the dataset is not at hand.
        entries: What became of it, by run.
    """

    instance_id: str
    repo: str
    problem: str
    entries: tuple[tuple[NamedRun, InstanceRecord], ...]


@dataclass(frozen=True, slots=True)
class RepoRow:
    """One repository in one run: instances, those that apply, those solved, and what they cost."""

    repo: str
    run: NamedRun
    instances: int
    applied: int
    resolved: int | None
    cost_usd: Decimal


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is shown.

    Attributes:
        runs: In the order in which they were given.
        comparison: Between them.
        sections: By id.
        repos: By repository, then by run.
        notes: What the reader should know.
        newest: When the last call was begun, in ISO 8601; "" without calls.
    """

    runs: tuple[NamedRun, ...]
    comparison: Comparison
    sections: tuple[Section, ...]
    repos: tuple[RepoRow, ...]
    notes: tuple[str, ...]
    newest: str


def make_report(records: Sequence[RunRecord]) -> Report:
    """A report on these runs. Problems are read from their datasets as far as these are on this machine."""
    comparison = compare_runs(records)
    by_name = {one.name: one for one in comparison.contenders}
    runs = tuple(
        NamedRun(name, place, record, by_name[name])
        for place, (name, record) in enumerate(zip(name_runs(records), records, strict=True), start=1)
    )
    instances, notes = _instances(records)
    sections = tuple(_section(name, runs, instances.get(name)) for name in _ids(records))
    calls = [call for run in records for one in run.instances.values() for call in one.calls]
    return Report(
        runs=runs,
        comparison=comparison,
        sections=sections,
        repos=tuple(_repos(sections)),
        notes=(*notes, *(note for run in records for note in run.notes)),
        newest=max((call.started_at for call in calls), default=""),
    )


def _ids(records: Sequence[RunRecord]) -> list[str]:
    return sorted({name for run in records for name in run.instances})


def _instances(records: Sequence[RunRecord]) -> tuple[dict[str, Instance], list[str]]:
    """The instances of the runs' datasets, from this machine alone, and which datasets are missing."""
    wanted = set(_ids(records))
    found: dict[str, Instance] = {}
    notes = []
    for dataset, split in sorted({(run.dataset, str(run.settings.get("split") or "")) for run in records}):
        try:
            rows = iter_dataset(dataset, split=split or None, offline=True)
            found.update({one.instance_id: one for one in rows if one.instance_id in wanted})
        except GenerationError as exc:
            notes.append(f"problems are not shown, {dataset or 'the dataset'} is not at hand: {exc.message}")
    return found, notes


def _section(name: str, runs: Sequence[NamedRun], instance: Instance | None) -> Section:
    entries = tuple((run, run.record.instances[name]) for run in runs if name in run.record.instances)
    repo = instance.repo if instance else _NUMBER.sub("", name).replace("__", "/", 1)
    return Section(name, repo, instance.problem_statement if instance else "", entries)


def _repos(sections: Sequence[Section]) -> list[RepoRow]:
    groups: Mapping[tuple[str, int], list[tuple[NamedRun, InstanceRecord]]] = defaultdict(list)
    for section in sections:
        for run, record in section.entries:
            groups[section.repo, run.place].append((run, record))
    rows = []
    for (repo, _place), entries in sorted(groups.items()):
        records = [record for _, record in entries]
        run = entries[0][0]
        solved = sum(bool(one.resolved) for one in records) if run.record.evaluated else None
        cost = sum((one.cost_usd or Decimal(0) for one in records), Decimal(0))
        rows.append(RepoRow(repo, run, len(records), sum(one.applied for one in records), solved, cost))
    return rows
