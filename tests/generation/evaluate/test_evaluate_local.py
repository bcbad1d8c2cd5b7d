"""A verdict says whether the tests pass, and nothing a patch does reaches beyond its own folder."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from swebench_runner.generation import sample
from swebench_runner.generation.errors import EvaluationError
from swebench_runner.generation.evaluation.local import (
    EvaluationReport,
    InstanceVerdict,
    Verdict,
    evaluate_local,
)

if TYPE_CHECKING:
    from pathlib import Path

INSTANCES = {one.instance_id: one for one in sample.load()}
MEDIAN = "sample__median-1"
NEW_FILE = "diff --git a/note.txt b/note.txt\nnew file mode 100644\n--- /dev/null\n+++ b/note.txt\n@@ -0,0 +1 @@\n+note\n"


def prediction(instance_id: str, patch: str | None) -> dict[str, object]:
    return {"instance_id": instance_id, "model_patch": patch, "model_name_or_path": "m"}


def judge(patch: str | None, instance_id: str = MEDIAN, **options: object) -> InstanceVerdict:
    report = evaluate_local([prediction(instance_id, patch)], **options)  # type: ignore[list-item, arg-type]
    return report.verdicts[0]


def insert(lines: str, path: str = "statkit/__init__.py") -> str:
    """A patch that puts lines at the top of a file of the median project."""
    old = sample.files(MEDIAN)[path].splitlines()[0]
    added = "".join(f"+{line}\n" for line in lines.splitlines())
    count = len(lines.splitlines()) + 1
    return f"--- a/{path}\n+++ b/{path}\n@@ -1,1 +1,{count} @@\n{added} {old}\n"


def test_every_solution_resolves_its_instance() -> None:
    report = evaluate_local([prediction(one.instance_id, one.patch) for one in INSTANCES.values()])  # type: ignore[list-item]
    assert {one.instance_id: (one.verdict, one.reason) for one in report.verdicts} == dict.fromkeys(
        INSTANCES, (Verdict.RESOLVED, "")
    )
    for one in report.verdicts:
        assert set(one.tests) == {
            *INSTANCES[one.instance_id].fail_to_pass,
            *INSTANCES[one.instance_id].pass_to_pass,
        }


@pytest.mark.parametrize("instance_id", INSTANCES)
def test_a_patch_that_changes_nothing_that_matters_does_not_resolve(instance_id: str) -> None:
    verdict = judge(NEW_FILE, instance_id)
    assert verdict.verdict is Verdict.UNRESOLVED
    one = INSTANCES[instance_id]
    assert {name for name, outcome in verdict.tests.items() if outcome != "passed"} == set(one.fail_to_pass)
    assert verdict.reason.startswith(f"{len(one.fail_to_pass)} of {len(verdict.tests)} tests: failed: tests.")
    assert "Traceback" in verdict.log


@pytest.mark.parametrize("patch", ["", None, " \n"])
def test_an_empty_patch_is_not_run(patch: str | None) -> None:
    assert judge(patch).verdict is Verdict.EMPTY_PATCH


@pytest.mark.parametrize(
    "patch",
    [
        "just prose",
        "--- a/statkit/core.py\n+++ b/statkit/core.py\n@@ -1,2 +1,2 @@\n not there\n-nor this\n+x\n",
        "--- a/gone.py\n+++ b/gone.py\n@@ -1 +1 @@\n-a\n+b\n",
        "half \ud83d a character",
    ],
)
def test_a_patch_that_does_not_apply_is_an_error_with_gits_words(patch: str) -> None:
    verdict = judge(patch)
    assert verdict.verdict is Verdict.ERROR
    assert verdict.reason.startswith("the patch does not apply: ")
    assert verdict.tests == {}


def test_half_a_fix_is_not_a_fix() -> None:
    one = INSTANCES["sample__ledger-1"]
    half = "diff --git" + one.patch.split("diff --git")[1]
    verdict = judge(half, one.instance_id)
    assert verdict.verdict is Verdict.UNRESOLVED
    assert sorted(name for name, outcome in verdict.tests.items() if outcome != "passed") == [
        "tests.test_report.ReportTest.test_a_few_cents_below_zero",
        "tests.test_report.ReportTest.test_below_zero",
    ]


def test_a_fix_that_breaks_something_else_does_not_resolve() -> None:
    verdict = judge(insert("import statkit.core\nstatkit.core.max = min") + INSTANCES[MEDIAN].patch)
    assert verdict.verdict is Verdict.UNRESOLVED
    assert verdict.reason == "1 of 6 tests: failed: tests.test_core.CoreTest.test_spread"


@pytest.mark.parametrize(
    "lines",
    ["raise SystemExit(0)", "def broken(:", "import nothing_of_this_name", "raise KeyboardInterrupt"],
)
def test_a_project_that_cannot_be_imported_fails_every_test(lines: str) -> None:
    verdict = judge(insert(lines))
    assert verdict.verdict is Verdict.UNRESOLVED
    assert set(verdict.tests.values()) == {"failed"}


@pytest.mark.parametrize("exit_code", [0, 3])
def test_a_project_that_ends_the_process_leaves_no_result_which_is_no_pass(exit_code: int) -> None:
    verdict = judge(insert(f"import os\nos._exit({exit_code})"))
    assert verdict.verdict is Verdict.UNRESOLVED
    assert verdict.reason == f"the tests ended without a result (exit code {exit_code})"
    assert set(verdict.tests.values()) == {"missing"}


def test_a_patch_cannot_pass_by_rewriting_the_tests() -> None:
    deleted = "--- a/tests/test_core.py\n+++ /dev/null\n@@ -1,{0} +0,0 @@\n{1}"
    lines = sample.files(MEDIAN)["tests/test_core.py"].splitlines()
    patch = deleted.format(len(lines), "".join(f"-{line}\n" for line in lines))
    verdict = judge(patch)
    assert verdict.verdict is Verdict.UNRESOLVED
    assert "failed" in verdict.tests.values()
    emptied = judge(insert("import unittest\nunittest.TestCase.assertEqual = print", "tests/test_core.py"))
    assert emptied.verdict is Verdict.UNRESOLVED


def test_a_file_where_the_tests_belong_does_not_hide_them() -> None:
    one = "sample__timespan-1"
    patch = NEW_FILE.replace("note.txt", "tests/test_overlap.py")
    assert judge(INSTANCES[one].patch + patch, one).verdict is Verdict.RESOLVED
    in_the_way = NEW_FILE.replace("note.txt", "tests/test_overlap.py/x")
    verdict = judge(INSTANCES[one].patch + in_the_way, one)
    assert (verdict.verdict, verdict.reason) == (
        Verdict.ERROR,
        "the patch is in the way of the tests: Is a directory",
    )


def test_modules_of_the_project_do_not_stand_in_for_the_judge() -> None:
    patch = NEW_FILE.replace("note.txt", "unittest.py").replace("+note", "+class TestCase: pass")
    assert judge(INSTANCES[MEDIAN].patch + patch).verdict is Verdict.RESOLVED
    assert judge(patch).verdict is Verdict.UNRESOLVED


@pytest.mark.parametrize(
    "patch",
    [
        NEW_FILE.replace("note.txt", "../escaped.txt"),
        NEW_FILE.replace("b/note.txt", "/tmp/escaped.txt"),
        NEW_FILE.replace("note.txt", ".git/hooks/post-checkout"),
        NEW_FILE.replace("note.txt", "link").replace("100644", "120000").replace("+note", "+/etc/passwd"),
        NEW_FILE.replace("note.txt", "link")
        .replace("100644", "120000")
        .replace("+note\n", "+..\n\\ No newline at end of file\n")
        + NEW_FILE.replace("note.txt", "link/escaped.txt"),
        "diff --git a/m b/m\nnew file mode 160000\n--- /dev/null\n+++ b/m\n@@ -0,0 +1 @@\n+Subproject commit "
        + "a" * 40
        + "\n",
    ],
    ids=["parent", "absolute", "git folder", "link", "through a link", "submodule"],
)
def test_a_hostile_patch_is_refused(patch: str) -> None:
    verdict = judge(patch)
    assert verdict.verdict is Verdict.ERROR
    assert verdict.reason.startswith("hostile patch: ")
    assert verdict.tests == {}


def test_the_tests_see_no_key_and_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-live-secret")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    verdict = judge(
        insert(
            "import os, sys\nsys.stderr.write(repr(sorted(os.environ.items())))\nsys.stderr.flush()\nos._exit(0)"
        )
    )
    assert verdict.verdict is Verdict.UNRESOLVED
    assert "sk-live-secret" not in verdict.log
    names = {pair.split("'")[1] for pair in verdict.log.split("(")[1:]}
    assert names <= {
        "HOME",
        "PATH",
        "TMPDIR",
        "LC_ALL",
        "LC_CTYPE",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONHASHSEED",
    }
    assert os.environ["HOME"] not in verdict.log


def test_tests_that_do_not_end_are_ended_with_all_they_started(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    child = f"file = open({str(pipe)!r}, 'w'); file.write('up'); file.flush(); import time; time.sleep(600)"
    lines = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {child!r}])"
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        for timeout_s in (1, 4, 16):  # a busy machine may need longer to start the child
            verdict = judge(insert(lines), timeout_s=timeout_s)
            assert (verdict.verdict, verdict.reason) == (
                Verdict.ERROR,
                f"the tests did not end within {timeout_s} s",
            )
            if os.read(reader, 9) == b"up":
                break
        os.set_blocking(reader, True)
        assert os.read(reader, 9) == b"", "the child holds the pipe open for as long as it lives"
    finally:
        os.close(reader)


def test_memory_and_file_size_are_limited() -> None:
    verdict = judge(
        insert(
            "import resource, sys\nsys.stderr.write(repr([resource.getrlimit(getattr(resource, 'RLIMIT_' + n))[0] for n in ('AS', 'FSIZE', 'NOFILE', 'CORE')]))\nsys.stderr.flush()\nimport os\nos._exit(0)"
        )
    )
    assert verdict.log == "[2147483648, 67108864, 256, 0]"


def test_a_chatty_project_keeps_the_end_of_its_log() -> None:
    verdict = judge(
        insert(
            "import sys\nsys.stdout.write('é' * 100_000 + 'the end')\nsys.stdout.flush()\nimport os\nos._exit(1)"
        )
    )
    assert verdict.log.endswith("the end")
    assert len(verdict.log) == 4_000


def test_a_folder_inside_a_repository_does_not_change_the_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import subprocess
    import tempfile

    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert judge(INSTANCES[MEDIAN].patch).verdict is Verdict.RESOLVED
    assert [path.name for path in tmp_path.iterdir()] == [".git"]


def test_a_machine_that_fails_is_not_held_against_the_patch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    verdict = judge(INSTANCES[MEDIAN].patch)
    assert verdict.verdict is Verdict.INFRA_FAILURE
    assert verdict.reason.startswith("this machine failed, not the patch: ")


def test_verdicts_come_in_the_order_of_the_dataset_and_are_told_as_they_come() -> None:
    told: list[tuple[str, int]] = []
    rows = [prediction(one, "") for one in reversed(INSTANCES)]
    report = evaluate_local(
        rows, on_verdict=lambda one: told.append((one.instance_id, threading.get_ident()))
    )  # type: ignore[arg-type]
    assert [name for name, _ in told] == list(INSTANCES) == [one.instance_id for one in report.verdicts]
    assert {thread for _, thread in told} == {threading.get_ident()}


def test_the_report_has_the_official_shape(data_dir: Path) -> None:
    names = list(INSTANCES)
    rows = [
        prediction(names[0], INSTANCES[names[0]].patch),
        prediction(names[1], NEW_FILE),
        prediction(names[2], ""),
        prediction(names[3], "prose"),
    ]
    report = evaluate_local(rows).to_json()  # type: ignore[arg-type]
    official = json.loads((data_dir / "swebench" / "official-report.json").read_text())
    assert set(official) <= set(report)
    assert all(type(report[key]) is type(value) for key, value in official.items())
    assert report["schema_version"] == 2
    assert {key: value for key, value in report.items() if key.endswith("_instances")} == {
        "total_instances": 12,
        "submitted_instances": 4,
        "completed_instances": 2,
        "resolved_instances": 1,
        "unresolved_instances": 1,
        "infra_failure_instances": 0,
        "ambiguous_failure_instances": 0,
        "empty_patch_instances": 1,
        "error_instances": 1,
    }
    assert report["submitted_ids"] == sorted(names[:4])
    assert report["incomplete_ids"] == sorted(names[4:])
    assert report["error_ids"] == [names[3]]
    assert set(report["failure_reasons"]) == {names[3]}  # type: ignore[arg-type]
    assert json.loads(json.dumps(report)) == report
    assert report["instances"][names[0]]["resolved"] is True  # type: ignore[index, call-overload]


def test_nothing_to_evaluate_is_a_report_too() -> None:
    report = evaluate_local([])
    assert report == EvaluationReport((), tuple(INSTANCES))
    assert report.to_json()["incomplete_ids"] == sorted(INSTANCES)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([prediction("django__django-1", "x")], "prediction 1: 'django__django-1' is not in the dataset"),
        ([prediction(MEDIAN, "x")] * 2, f"two predictions for '{MEDIAN}'"),
        ([{"model_patch": "x"}], "prediction 1: needs an 'instance_id' and a 'model_patch', both text"),
        (
            [{"instance_id": MEDIAN, "model_patch": 3}],
            "prediction 1: needs an 'instance_id' and a 'model_patch', both text",
        ),
    ],
)
def test_predictions_that_cannot_be_judged_stop_before_anything_runs(
    rows: list[dict[str, object]], message: str
) -> None:
    with pytest.raises(EvaluationError) as caught:
        evaluate_local(rows)  # type: ignore[arg-type]
    assert caught.value.message == message
    assert caught.value.exit_code == 3


def test_a_project_that_is_not_at_hand_is_for_the_harness() -> None:
    stranger = replace(INSTANCES[MEDIAN], instance_id="acme__tool-1")
    with pytest.raises(EvaluationError, match="the project of 'acme__tool-1' is not at hand"):
        evaluate_local([prediction("acme__tool-1", "x")], [stranger])  # type: ignore[list-item]


def test_a_dataset_whose_own_tests_do_not_apply_is_an_error_of_the_dataset() -> None:
    broken = replace(INSTANCES[MEDIAN], test_patch=INSTANCES["sample__slug-1"].test_patch)
    with pytest.raises(EvaluationError, match="its own test patch does not apply"):
        evaluate_local([prediction(MEDIAN, INSTANCES[MEDIAN].patch)], [broken])  # type: ignore[list-item]
