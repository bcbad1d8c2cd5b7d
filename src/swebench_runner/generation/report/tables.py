"""A report as Markdown, for a pull request, and as CSV, for a spreadsheet that must not run what is in it."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from swebench_runner.generation.compare import wording
from swebench_runner.generation.compare.wording import cell
from swebench_runner.generation.report.untrusted import visible
from swebench_runner.generation.run.summary import money

if TYPE_CHECKING:
    from swebench_runner.generation.compare.records import InstanceRecord
    from swebench_runner.generation.report.content import NamedRun, Report, Section

CSV_COLUMNS: Final = (
    "run", "instance_id", "repo", "outcome", "resolved", "cost_usd", "latency_ms", "prompt_tokens",
    "completion_tokens", "attempts", "finish_reason", "patch_lines", "detail",
)  # fmt: skip
# A spreadsheet takes a cell that begins like this for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_LONGEST_DETAIL: Final = 200


def to_markdown(report: Report) -> str:
    """The report to read: the comparison, repositories, and a line for each instance that did not apply."""
    lines = [wording.to_markdown(report.comparison).rstrip(), "", "## Repositories", ""]
    lines += ["| repository | model | instances | applied | solved | cost |", "|---|---|---:|---:|---:|---:|"]
    lines += [
        f"| {_cell(row.repo)} | {_cell(row.run.name)} | {row.instances} | {row.applied} | "
        f"{'-' if row.resolved is None else row.resolved} | {money(row.cost_usd)} |"
        for row in report.repos
    ]
    lines += [
        "",
        "## Instances",
        "",
        "| instance | model | outcome | solved | cost | |",
        "|---|---|---|---|---:|---|",
    ]
    for section in report.sections:
        for run, record in section.entries:
            detail = _cell(record.detail[:_LONGEST_DETAIL])
            lines.append(
                f"| {_cell(section.instance_id)} | {_cell(run.name)} | {_cell(record.outcome)} | "
                f"{_yes_no(record.resolved)} | {money(record.cost_usd)} | {detail} |"
            )
    lines += ["", *(f"- {_cell(note)}" for note in report.notes)]
    return "\n".join(lines).rstrip() + "\n"


def to_csv(report: Report) -> str:
    """A row for each instance in each run; what a spreadsheet would run is made text by a leading quote."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for section in report.sections:
        for run, record in section.entries:
            writer.writerow(harmless(value) for value in _values(section, run, record))
    return target.getvalue()


def harmless(value: object) -> object:
    """The value; a text that a spreadsheet would take for a formula gets a quote in front of it."""
    if not isinstance(value, str):
        return value
    text = visible(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _values(section: Section, run: NamedRun, record: InstanceRecord) -> tuple[object, ...]:
    call = record.answered
    return (
        run.name,
        section.instance_id,
        section.repo,
        record.outcome,
        _yes_no(record.resolved),
        "" if record.cost_usd is None else f"{record.cost_usd:f}",
        None if call is None else call.latency_ms,
        None if call is None else call.prompt_tokens,
        None if call is None else call.completion_tokens,
        len(record.calls),
        "" if call is None else call.finish_reason,
        record.patch.count("\n"),
        record.detail,
    )


def _yes_no(resolved: bool | None) -> str:  # noqa: FBT001 - it is the value that is told
    return "" if resolved is None else "yes" if resolved else "no"


def _cell(text: str) -> str:
    return cell(visible(text))
