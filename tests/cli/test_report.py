"""`swebench report` from the outside."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from support_runs import write_run

if TYPE_CHECKING:
    from pathlib import Path

    from support_cli import SwebenchCommand

OUTCOMES = {"sample__lru-1": "applies", "sample__slug-1": "empty"}


@pytest.fixture
def run(workplace: Path) -> Path:
    return write_run(workplace / "runs" / "one", OUTCOMES)


def test_a_page_is_written_beside_the_run_and_its_name_is_printed(
    swebench: SwebenchCommand, run: Path
) -> None:
    done = swebench("report", run)
    assert (done.code, done.out, done.err) == (0, f"{run / 'report.html'}\n", "")
    assert (run / "report.html").read_text().startswith("<!doctype html>")


def test_json_says_what_was_written(swebench: SwebenchCommand, run: Path, workplace: Path) -> None:
    told = swebench("report", run, "-o", workplace / "new" / "page.html", "--json").json
    assert told["runs"] == ["openai/gpt-4o"]
    assert told["bytes"] == (workplace / "new" / "page.html").stat().st_size


@pytest.mark.parametrize(
    ("name", "begins"), [("a.md", "# Comparison"), ("a.csv", "run,"), ("a.html", "<!doc")]
)
def test_the_name_decides_the_format(
    swebench: SwebenchCommand, run: Path, workplace: Path, name: str, begins: str
) -> None:
    assert swebench("report", run, "-o", name).code == 0
    assert (workplace / name).read_text().startswith(begins)


def test_standard_output_is_a_file_too(swebench: SwebenchCommand, run: Path) -> None:
    done = swebench("report", run, "--format", "csv", "-o", "-")
    assert (done.code, done.err) == (0, "")
    assert len(list(csv.reader(io.StringIO(done.out)))) == 3
    assert swebench("report", run, "-o", "-", "--json").code == 2


def test_a_comparison_is_a_report_on_all_of_its_runs(swebench: SwebenchCommand, workplace: Path) -> None:
    models = "simulator/sim-gold,simulator/sim-wrong"
    assert swebench("compare", "--providers", models, "-c", "2", "-o", "out", "--json").code == 0
    assert swebench("report", "out", "--json").json["runs"] == models.split(",")
    assert 'id="comparison"' in (workplace / "out/report.html").read_text()


def test_without_a_name_the_newest_run_is_meant(swebench: SwebenchCommand, run: Path) -> None:
    (run / "predictions.jsonl").touch()
    assert swebench("report").out == "runs/one/report.html\n"


def test_what_is_no_run_is_refused_and_the_official_report_is_named(
    swebench: SwebenchCommand, workplace: Path
) -> None:
    done = swebench("report", "SWE-bench/SWE-bench_Lite")
    assert done.code == 2
    assert done.complaint.startswith("Error: no run at")
    assert "swebench harness report" in done.err
    assert swebench("report").code == 2


def test_help_has_an_example(swebench: SwebenchCommand) -> None:
    assert "Example: swebench report" in swebench("report", "--help").out
