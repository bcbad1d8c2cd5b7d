"""`swebench extract`: old answers, read again for nothing."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support_cli import SwebenchCommand


def spoil(folder: str, outcome: str = "unparsable") -> None:
    """Make the journal say what a poorer extraction would have said."""
    with sqlite3.connect(Path(folder) / "journal.sqlite") as database:
        database.execute(
            "UPDATE results SET outcome = ?, patch = '' WHERE instance_id LIKE 'sample__l%'", (outcome,)
        )
    database.close()


def calls(folder: str) -> int:
    database = sqlite3.connect(Path(folder) / "journal.sqlite")
    (count,) = database.execute("SELECT count(*) FROM calls").fetchone()
    database.close()
    return int(count)


@pytest.fixture
def run(swebench: SwebenchCommand) -> bytes:
    """A run of the sample in the folder `run`; its predictions."""
    assert swebench("generate", "-o", "run").code == 0
    return Path("run/predictions.jsonl").read_bytes()


def test_what_a_poorer_extraction_lost_is_found_again_without_a_call(
    swebench: SwebenchCommand, run: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = calls("run")
    spoil("run")
    done = swebench("extract", "run", "--json")
    assert done.code == 0
    assert done.json["before"] == {"applies": 10, "unparsable": 2}
    assert done.json["after"] == {"applies": 12}
    assert {one["instance_id"] for one in done.json["changed"]} == {"sample__ledger-1", "sample__lru-1"}
    assert done.json["predictions"] == 12
    assert Path("run/predictions.jsonl").read_bytes() == run
    assert calls("run") == before


def test_a_dry_run_changes_nothing(swebench: SwebenchCommand, run: bytes) -> None:
    spoil("run")
    done = swebench("extract", "run", "--dry-run")
    assert "sample__lru-1: unparsable -> applies" in done.out
    assert "2 of 12 instances are different now" in done.out
    assert "2 of 12 instances are different now" in swebench("extract", "run", "-n").out


def test_the_newest_run_is_meant_when_none_is_named(swebench: SwebenchCommand) -> None:
    swebench("generate")
    done = swebench("extract")
    assert "0 of 12 instances are different now" in done.out


def test_both_answers_of_an_instance_are_read(swebench: SwebenchCommand) -> None:
    swebench("generate", "-o", "run", "-m", "sim-slip", "-c", 2)
    spoil("run")
    done = swebench("extract", "run", "--json")
    assert done.json["after"] == {"applies": 2}
    assert swebench("generate", "-o", "run", "-m", "sim-slip", "-c", 2, "--json").json["asked_now"] == 0


def test_a_folder_without_a_run_is_one_line(swebench: SwebenchCommand, workplace: Path) -> None:
    done = swebench("extract", "nowhere")
    assert done.code == 3
    assert "no run at nowhere" in done.complaint
    assert not (workplace / "nowhere").exists()
    assert "no run in ./runs" in swebench("extract").complaint


def test_files_that_were_at_hand_then_are_asked_for_now(swebench: SwebenchCommand) -> None:
    import json

    row = {"instance_id": "a__b-1", "repo": "a/b", "base_commit": "a" * 40, "problem_statement": "It breaks."}
    Path("one.jsonl").write_text(json.dumps({**row, "patch": ""}) + "\n")
    Path("o.jsonl").write_text(json.dumps({"instance_id": "a__b-1", "oracle_files": {"a.py": "x\n"}}) + "\n")
    common = ["-p", "simulator", "-m", "sim-prose", "-d", "one.jsonl", "-o", "run"]
    swebench("generate", *common, "--oracle-files", "o.jsonl")
    done = swebench("extract", "run")
    assert done.code == 3
    assert "--oracle-files" in done.err
    assert swebench("extract", "run", "--oracle-files", "o.jsonl").code == 0
