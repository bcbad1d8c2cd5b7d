"""The official harness: the exact line for each version, run through its own metadata, its report read."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from swebench_runner.generation.errors import DatasetNotFoundError, EvaluationError, HarnessNotInstalledError
from swebench_runner.generation.evaluation.harness import find_report
from swebench_runner.generation.evaluation.local import (
    forward_command,
    harness_command,
    installed_harness,
    run_harness,
)

Install = Callable[..., None]

PREDS = Path("runs/a/predictions.jsonl")

# What stands in for the harness writes down how it was called, and a report where that version puts it.
COMMAND = """
import json, pathlib, sys
def app():
    run_id = sys.argv[sys.argv.index("--run-id") + 1]
    report = pathlib.Path({report!r}.format(run_id=run_id))
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(json.dumps({{"resolved_instances": 1, "argv": sys.argv}}))
    return {code}
"""
MODULE = """
import json, pathlib, sys
run_id = sys.argv[sys.argv.index("--run_id") + 1]
pathlib.Path(f"m.{run_id}.json").write_text(json.dumps({"argv": sys.argv[1:]}))
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    def put(version: str, files: dict[str, str], entry_points: str = "") -> None:
        site = tmp_path / "site"
        info = site / f"swebench-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: swebench\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(entry_points)
        for name, text in files.items():
            (site / name).parent.mkdir(parents=True, exist_ok=True)
            (site / name).write_text(text)
        monkeypatch.syspath_prepend(str(site))
        monkeypatch.setenv("PYTHONPATH", str(site))

    return put


def install_5(install: Install, report: str, code: int = 0) -> None:
    install(
        "5.0.2",
        {"swebench/__init__.py": "", "swebench/cli.py": COMMAND.format(report=report, code=code)},
        "[console_scripts]\nswebench = swebench.cli:app\n",
    )


@pytest.mark.parametrize("version", [None, "5.0.2", "6.1", "dev"])
def test_the_line_of_the_command(version: str | None) -> None:
    assert harness_command("lite", PREDS, "my-run", version) == [
        "swebench", "eval", "SWE-bench/SWE-bench_Lite", "-p", "runs/a/predictions.jsonl", "--run-id", "my-run",
    ]  # fmt: skip


def test_the_line_of_the_command_with_everything() -> None:
    line = harness_command("lite", PREDS, "r", "5.0.2", split="dev", instance_ids=["a-1", "b-2"], workers=8)
    assert " ".join(line) == (
        "swebench eval SWE-bench/SWE-bench_Lite -p runs/a/predictions.jsonl --run-id r -s dev -i a-1 -i b-2 -j 8"
    )


def test_the_line_of_the_module_before_version_5() -> None:
    line = harness_command("verified", PREDS, "r", "4.1.0", instance_ids=["a-1", "b-2"], workers=8)
    assert " ".join(line) == (
        "python -m swebench.harness.run_evaluation --dataset_name SWE-bench/SWE-bench_Verified --split test "
        "--predictions_path runs/a/predictions.jsonl --run_id r --instance_ids a-1 b-2 --max_workers 8"
    )


def test_files_are_given_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").touch()
    assert harness_command(str(tmp_path / "a.jsonl"), PREDS, "r")[2] == str(tmp_path / "a.jsonl")


def test_a_set_with_another_usual_split_names_it() -> None:
    assert harness_command("live", PREDS, "r")[-2:] == ["-s", "verified"]


def test_the_sample_is_not_for_the_harness() -> None:
    with pytest.raises(EvaluationError, match="does not know the sample"):
        harness_command("sample", PREDS, "r")
    with pytest.raises(DatasetNotFoundError):
        harness_command("lit", PREDS, "r")


@pytest.mark.parametrize("run_id", ["", "../x", "-x", "a b", "a/b", "a" * 201])
def test_a_run_id_is_a_file_name(run_id: str) -> None:
    with pytest.raises(EvaluationError, match="cannot be a run id"):
        harness_command("lite", PREDS, run_id)


def test_without_the_harness_the_commands_that_help_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [path for path in sys.path if "site-packages" not in path])
    assert installed_harness() is None
    with pytest.raises(HarnessNotInstalledError) as caught:
        run_harness("lite", Path("/p.jsonl"), "r")
    assert str(caught.value) == (
        "the official evaluation: the official harness is not installed\n"
        "  Fix: pip install 'swebench>=5', then: swebench eval SWE-bench/SWE-bench_Lite -p /p.jsonl --run-id r"
    )
    with pytest.raises(
        HarnessNotInstalledError, match="swebench images: the official harness is not installed"
    ):
        forward_command(["images", "check"])


@pytest.mark.parametrize("report", ["logs/evaluation/{run_id}/results.json", "model.{run_id}.json"])
@pytest.mark.parametrize("code", [0, 3])
def test_version_5_is_run_through_its_own_command(
    install: Install,
    tmp_path: Path,
    report: str,
    code: int,
) -> None:
    install_5(install, report, code)
    assert installed_harness() == "5.0.2"
    run = run_harness("lite", tmp_path / "p.jsonl", "r1", directory=tmp_path, workers=2)
    assert run.exit_code == code
    assert run.report_path == tmp_path / report.format(run_id="r1")
    assert run.report is not None
    assert run.report["argv"] == list(run.command)
    assert run.command[:3] == ("swebench", "eval", "SWE-bench/SWE-bench_Lite")
    assert run.command[4] == str(tmp_path / "p.jsonl")


def test_version_4_is_run_as_a_module(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {f"swebench/{name}": "" for name in ("__init__.py", "harness/__init__.py")}
    install("4.1.0", {**files, "swebench/harness/run_evaluation.py": MODULE})
    monkeypatch.chdir(tmp_path)
    run = run_harness("lite", Path("p.jsonl"), "r1", split="dev")
    assert run.exit_code == 0
    assert run.report == {"argv": list(run.command[3:])}
    assert str(tmp_path / "p.jsonl") in run.command
    with pytest.raises(HarnessNotInstalledError, match=r"4\.1\.0 has no such command"):
        forward_command(["images"])


def test_a_run_that_writes_no_report_has_none(install: Install, tmp_path: Path) -> None:
    install(
        "4.0",
        {
            "swebench/__init__.py": "",
            "swebench/harness/__init__.py": "",
            "swebench/harness/run_evaluation.py": "",
        },
    )
    run = run_harness("lite", tmp_path / "p.jsonl", "r1", directory=tmp_path)
    assert (run.exit_code, run.report_path, run.report) == (0, None, None)


def test_the_newest_report_of_the_run_is_found(tmp_path: Path) -> None:
    import os

    assert find_report("r", tmp_path) is None
    old, new = tmp_path / "a.r.json", tmp_path / "b.r.json"
    for age, path in enumerate((new, old)):
        path.write_text(json.dumps({}))
        os.utime(path, ns=(10**18 - age, 10**18 - age))
    (tmp_path / "c.other.json").write_text("{}")
    assert find_report("r", tmp_path) == new


def test_a_report_that_is_no_json_is_named(install: Install, tmp_path: Path) -> None:
    install_5(install, "m.{run_id}.json")
    (tmp_path / "site" / "swebench" / "cli.py").write_text(
        "def app():\n    open('m.r.json', 'w').write('{')\n"
    )
    with pytest.raises(EvaluationError, match=r"not JSON: .*m\.r\.json"):
        run_harness("lite", tmp_path / "p.jsonl", "r", directory=tmp_path)
