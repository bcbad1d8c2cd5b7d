"""Reports as files, replaced whole."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, Literal

from swebench_runner.generation.compare.reading import find_runs, read_run
from swebench_runner.generation.journal.errors import StorageError
from swebench_runner.generation.report.content import Report, make_report
from swebench_runner.generation.report.html import to_html
from swebench_runner.generation.report.tables import to_csv, to_markdown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Format = Literal["html", "md", "csv"]
FORMATS: Final[tuple[Format, ...]] = ("html", "md", "csv")


def report_on(folders: Sequence[Path]) -> Report:
    """A report on the runs in these folders; a comparison's folder stands for all of its runs.

    Raises:
        NoRunError: One of them holds no run.
    """
    runs = dict.fromkeys(run.absolute() for folder in folders for run in find_runs(folder))
    return make_report([read_run(run) for run in runs])


def render(report: Report, form: Format) -> str:
    """The report in a format.

    Raises:
        MissingExtraError: A page is asked for, and what draws it is not installed.
    """
    if form == "html":
        return to_html(report)
    return to_markdown(report) if form == "md" else to_csv(report)


def write_report(path: Path, text: str) -> None:
    """Write it; what was there before stays until it is complete.

    Raises:
        StorageError: It cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8", errors="replace")
        temporary.replace(path)
    except OSError as exc:
        temporary.unlink(missing_ok=True)
        raise StorageError(f"cannot write {path}: {exc.strerror or exc}") from exc
