"""What a report says, in each of its formats, without a browser."""

from __future__ import annotations

import csv
import html
import io
import re
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_runs import PATCH, write_run
from swebench_runner.generation.compare.reading import NoRunError
from swebench_runner.generation.errors import MissingExtraError
from swebench_runner.generation.report.charts import _step
from swebench_runner.generation.report.html import to_html
from swebench_runner.generation.report.tables import CSV_COLUMNS, harmless
from swebench_runner.generation.report.untrusted import diff_parts, shorten, visible
from swebench_runner.generation.report.writing import render, report_on

if TYPE_CHECKING:
    from pathlib import Path

    from swebench_runner.generation.report.content import Report

OUTCOMES = {
    "sample__lru-1": "applies",
    "sample__slug-1": "does_not_apply",
    "sample__median-1": "infrastructure",
    "sample__ledger-1": "empty",
}


def made(tmp_path: Path, **options: object) -> Report:
    return report_on([write_run(tmp_path / "run", OUTCOMES, **options)])  # type: ignore[arg-type]


def test_the_page_has_every_part(tmp_path: Path) -> None:
    page = to_html(made(tmp_path, resolved=["sample__lru-1"], answer="I changed <b>one</b> line."))
    for part in ('id="outcomes"', 'id="cost"', 'id="latency"', 'id="repositories"', 'id="instances"'):
        assert part in page
    for name in OUTCOMES:
        assert f'<details id="{name}"' in page
    assert "I changed &lt;b&gt;one&lt;/b&gt; line." in page
    assert '<span class="add">+new = 2' in page
    assert '<span class="badge yes">solved</span>' in page
    assert "&lt;b&gt;busy&lt;/b&gt;" in page
    assert "prompt 100 tokens" in page
    assert "prefers-color-scheme: dark" in page
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page


def test_the_page_fetches_nothing_and_runs_nothing(tmp_path: Path) -> None:
    page = to_html(made(tmp_path))
    assert "<script" not in page
    assert re.findall(r"(?:src|href)=\"(?!#|data:)[^\"]*\"", page) == []
    assert re.findall(r"url\(|@import", page) == []
    links = set(re.findall(r"https?://[^\s\"'<]+", page))
    assert links <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_the_same_runs_make_the_same_page(tmp_path: Path) -> None:
    made(tmp_path)
    assert to_html(report_on([tmp_path / "run"])) == to_html(report_on([tmp_path / "run"]))


def test_three_hundred_instances_with_long_answers_stay_below_15_megabytes(tmp_path: Path) -> None:
    names = {f"a__b-{number}": "applies" for number in range(300)}
    long = "<&>" * 100_000
    folder = write_run(tmp_path / "run", names, answer=long, patch=f"+{long}\n" * 2)
    page = to_html(report_on([folder]))
    assert len(page.encode()) < 15_000_000
    assert page.count("more characters") == 600


def test_problems_come_from_the_dataset_and_are_missed_politely(tmp_path: Path) -> None:
    assert "Problem</summary>" in to_html(made(tmp_path))
    gone = report_on([write_run(tmp_path / "gone", OUTCOMES, dataset=str(tmp_path / "gone.jsonl"))])
    page = to_html(gone)
    assert "Problem</summary>" not in page
    assert "is not at hand" in page
    assert gone.sections[0].repo == "sample/ledger"


def test_several_runs_are_compared(tmp_path: Path) -> None:
    folders = [
        write_run(tmp_path / name, OUTCOMES, lane=f"openai/{name}", resolved=["sample__lru-1"][:place])
        for place, name in enumerate(("weak", "strong"))
    ]
    report = report_on([*folders, folders[0]])
    assert [run.name for run in report.runs] == ["openai/weak", "openai/strong"]
    page = to_html(report)
    assert 'id="comparison"' in page
    assert "not significant" in page
    assert '<a href="#sample__lru-1">' in page


def test_markdown_holds_every_instance(tmp_path: Path) -> None:
    text = render(made(tmp_path, detail="a | b\n<script>"), "md")
    assert text.count("| sample") >= len(OUTCOMES)
    assert "a \\| b \\<script\\>" in text


def test_csv_is_a_row_an_instance_that_no_spreadsheet_runs(tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(render(made(tmp_path, detail="=HYPERLINK(1)"), "csv"))))
    assert tuple(rows[0]) == CSV_COLUMNS
    assert [row["instance_id"] for row in rows] == sorted(OUTCOMES)
    assert {row["detail"] for row in rows} == {"'=HYPERLINK(1)"}
    assert rows[0]["cost_usd"] == "0.01"


@given(st.text(max_size=40))
def test_no_cell_begins_like_a_formula(text: str) -> None:
    assert not str(harmless(text)).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@pytest.mark.parametrize("missing", ["jinja2", "pygal"])
def test_without_the_extra_the_page_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    report = made(tmp_path)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(MissingExtraError, match=missing) as told:
        to_html(report)
    assert "swebench-runner[report]" in str(told.value)
    assert render(report, "csv")
    assert render(report, "md")


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoRunError, match="swebench harness report"):
        report_on([tmp_path])


def test_hidden_characters_are_shown() -> None:
    assert visible("a\u202eb\x1b[31m\r\nc\x00") == "a\\u202eb\\u001b[31m\nc\\u0000"
    assert visible("naïve ✓\tü") == "naïve ✓\tü"


@given(st.text(alphabet="<&>a\n\u202e", max_size=300), st.integers(10, 200))
def test_a_shortened_text_fits_and_says_so(text: str, limit: int) -> None:
    short = shorten(text, limit)
    assert len(html.escape(short)) <= limit + 40
    assert short == visible(text) or "more characters" in short


def test_a_diff_is_told_apart_line_by_line() -> None:
    assert diff_parts(PATCH) == [
        ("file", "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n"),
        ("hunk", "@@ -1 +1 @@\n"),
        ("del", "-old = 1\n"),
        ("add", "+new = 2\n"),
    ]
    assert diff_parts("") == []


@pytest.mark.parametrize(
    ("top", "step"), [(7.0, 1.0), (7.1, 2.0), (0.0, 0.0001), (350.0, 50.0), (100.0, 20.0)]
)
def test_bins_are_round(top: float, step: float) -> None:
    assert _step(top) == pytest.approx(step, rel=9)
    assert _step(top) * 7 >= top
