"""`swebench generate` as somebody meets it first, and as it goes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support_dataset import row, write_dataset

if TYPE_CHECKING:
    from support_cli import SwebenchCommand


def test_with_nothing_configured_it_works_and_says_that_it_is_simulated(
    swebench: SwebenchCommand, workplace: Path
) -> None:
    done = swebench("generate")
    assert done.code == 0
    assert done.err.startswith("SIMULATED: the answers are made up on this machine")
    assert "no provider is named and no key is set" in done.err
    assert "SIMULATED answers" in done.out
    (folder,) = (workplace / "runs").iterdir()
    assert folder.name.startswith("sample-simulator-sim-mixed-")
    rows = [json.loads(line) for line in (folder / "predictions.jsonl").read_text().splitlines()]
    assert len(rows) == 12
    assert {one["model_name_or_path"] for one in rows} == {"simulator/sim-mixed (simulated)"}
    assert all(one["model_patch"].endswith("\n") for one in rows)
    summary = json.loads((folder / "summary.json").read_text())
    assert (summary["simulated"], summary["usable_patches"], summary["exit_code"]) == (True, 12, 0)
    assert "They say nothing about any model." in (folder / "summary.md").read_text()
    assert {one.name for one in folder.iterdir()} == {
        *("predictions.jsonl", "journal.sqlite", "summary.json", "summary.md", "run.lock")
    }


def test_the_same_command_again_asks_nothing(swebench: SwebenchCommand, workplace: Path) -> None:
    swebench("generate")
    (predictions,) = workplace.glob("runs/*/predictions.jsonl")
    before = predictions.read_bytes()
    done = swebench("generate", "--json")
    assert (done.code, done.err) == (0, "")
    assert (done.json["reused"], done.json["asked_now"]) == (12, 0)
    assert predictions.read_bytes() == before
    assert "Nothing left to ask" in swebench("generate").err


def test_a_run_can_be_widened_without_asking_again(swebench: SwebenchCommand) -> None:
    assert swebench("generate", "--count", 5, "--json").json["asked_now"] == 5
    wider = swebench("generate", "--count", 9, "--json").json
    assert (wider["asked_now"], wider["reused"], wider["prediction_count"]) == (4, 5, 9)


def test_no_resume_begins_anew_and_keeps_what_was_paid_for(
    swebench: SwebenchCommand, workplace: Path
) -> None:
    swebench("generate", "--count", 3)
    done = swebench("generate", "--count", 3, "--no-resume")
    assert "the journal that was there is kept as journal-1.sqlite" in done.err
    again = swebench("generate", "--count", 3, "--no-resume", "--json").json
    assert (again["asked_now"], again["reused"]) == (3, 0)
    assert "--no-resume" not in again["resume"]
    (folder,) = (workplace / "runs").iterdir()
    assert {"journal-1.sqlite", "journal-2.sqlite", "journal.sqlite"} <= {
        one.name for one in folder.iterdir()
    }


def test_other_settings_in_the_same_folder_are_refused_unless_forced(swebench: SwebenchCommand) -> None:
    swebench("generate", "-o", "run", "--count", 2)
    done = swebench("generate", "-o", "run", "--count", 2, "--temperature", "0.5")
    assert done.code == 2
    assert "temperature was 0.0, now 0.5" in done.complaint
    assert "--force" in done.err
    assert swebench("generate", "-o", "run", "--count", 2, "--temperature", "0.5", "--force").code == 0


def test_workers_budget_and_selection_may_change_from_one_resume_to_the_next(
    swebench: SwebenchCommand,
) -> None:
    swebench("generate", "-o", "run", "--count", 2)
    done = swebench("generate", "-o", "run", "-c", 4, "--max-workers", 1, "--budget", "1", "--stream")
    assert done.code == 0


@pytest.mark.parametrize(
    ("options", "chosen"),
    [
        (["-i", "sample__lru-1"], ["sample__lru-1"]),
        (["-i", "sample__lru-1,sample__slug-1", "--instances", "sample__mailer-1"],
         ["sample__lru-1", "sample__mailer-1", "sample__slug-1"]),
        (["--subset", "*__l*"], ["sample__ledger-1", "sample__lru-1"]),
        (["--regex", "sample__(m|s).*"], ["sample__mailer-1", "sample__median-1", "sample__settings-1", "sample__slug-1"]),
        (["--count", "2"], ["sample__addressbook-1", "sample__filters-1"]),
        (["--sample-percent", "25", "--seed", "7"], None),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else "",
)  # fmt: skip
def test_selections(swebench: SwebenchCommand, options: list[str], chosen: list[str] | None) -> None:
    done = swebench("generate", "-o", "run", "--json", *options)
    predictions = Path(done.json["predictions"]).read_text().splitlines()
    ids = [json.loads(line)["instance_id"] for line in predictions]
    assert ids == chosen if chosen else len(ids) == 3


def test_exit_code_1_when_some_instances_have_no_usable_patch(swebench: SwebenchCommand) -> None:
    done = swebench("generate", "-o", "run", "--model", "sim-prose", "--count", 3)
    assert done.code == 1
    assert "unparsable" in done.out
    again = swebench("generate", "-o", "run", "--model", "sim-prose", "--count", 3, "--json")
    assert (again.code, again.json["outcomes"], again.json["asked_now"]) == (1, {"unparsable": 3}, 0)


@pytest.mark.parametrize(
    ("model", "outcome"),
    [("sim-empty", "empty"), ("sim-truncated", "truncated"), ("sim-refusal", "refused"), ("sim-context", "over_window"),
     ("sim-wrong", "applies")],
)  # fmt: skip
def test_outcomes_by_what_the_model_does(swebench: SwebenchCommand, model: str, outcome: str) -> None:
    done = swebench("generate", "--model", model, "--count", 2, "--json")
    assert done.json["outcomes"] == {outcome: 2}


def test_a_file_of_instances_with_their_files(swebench: SwebenchCommand, workplace: Path) -> None:
    dataset, oracle = write_dataset(workplace, 30)
    done = swebench(
        "generate", "-d", dataset, "--oracle-files", oracle, "-p", "simulator", "-m", "sim-damaged"
    )
    assert done.code == 0
    assert "not eligible for the leaderboard" in done.err
    assert "applies  30" in done.out
    assert len(done.err.splitlines()) < 45


def test_without_files_patches_are_not_tried_out(swebench: SwebenchCommand, workplace: Path) -> None:
    dataset, _ = write_dataset(workplace, 4)
    done = swebench("generate", "-d", dataset, "-p", "simulator", "-m", "sim-gold")
    assert done.code == 0
    assert "no source files are shown to the model" in done.err
    assert "unchecked" in done.out


def test_instances_without_files_are_counted_before_the_run(
    swebench: SwebenchCommand, workplace: Path
) -> None:
    dataset, oracle = write_dataset(workplace, 4)
    oracle.write_text("".join(oracle.read_text().splitlines(keepends=True)[:3]))
    done = swebench("generate", "-d", dataset, "--oracle-files", oracle, "-p", "simulator", "-m", "sim-gold")
    assert "1 of 4 instances have no files in files.jsonl" in done.err


def test_a_finished_prompt_needs_no_files(swebench: SwebenchCommand, workplace: Path) -> None:
    dataset, _ = write_dataset(
        workplace, 2, text="You are given a problem.\nThe function f returns the wrong number"
    )
    done = swebench("generate", "-d", dataset, "-p", "simulator", "-m", "sim-gold")
    assert "no source files" not in done.err


def test_a_changed_dataset_is_noticed(swebench: SwebenchCommand, workplace: Path) -> None:
    dataset, oracle = write_dataset(workplace, 3)
    command = ("generate", "-d", dataset, "--oracle-files", oracle, "-p", "simulator", "-m", "sim-gold")
    assert swebench(*command).code == 0
    rows = [row(0), row(1, problem_statement="Something else altogether is wrong here."), row(2)]
    dataset.write_text("".join(json.dumps(one) + "\n" for one in rows))
    done = swebench(*command)
    assert done.code == 2
    assert "the data of acme__tool-0001 has changed" in done.complaint
    assert swebench(*command, "--force").code == 0


def test_a_lone_file_of_predictions_is_not_overwritten(swebench: SwebenchCommand, workplace: Path) -> None:
    (workplace / "run").mkdir()
    (workplace / "run" / "predictions.jsonl").write_text("precious\n")
    done = swebench("generate", "-o", "run")
    assert done.code == 2
    assert "no journal says where it comes from" in done.complaint
    assert (workplace / "run" / "predictions.jsonl").read_text() == "precious\n"
