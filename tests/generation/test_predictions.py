"""Predictions: what the harness takes, whole or not at all, and what an interrupted writer leaves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from swebench_runner.generation.predictions import (
    PredictionsError,
    read_predictions,
    run_id_for,
    write_predictions,
)

if TYPE_CHECKING:
    from pathlib import Path


def row(instance_id: str = "a__b-1", patch: str | None = "diff\n", model: str = "acme/m-1") -> dict[str, Any]:
    return {"instance_id": instance_id, "model_name_or_path": model, "model_patch": patch}


@pytest.mark.parametrize("name", ["preds.jsonl", "preds.json"])
def test_what_is_written_is_read_back_with_further_keys(tmp_path: Path, name: str) -> None:
    rows = [row("a__b-1") | {"cost_usd": 0.5}, row("a__b-2", "é ☃ \udce9\n")]
    assert write_predictions(tmp_path / name, rows) == 2
    found = read_predictions(tmp_path / name)
    assert list(found) == rows
    assert (found.duplicates, found.torn_line, len(found)) == ((), None, 2)
    assert (tmp_path / name).read_bytes().isascii()


def test_jsonl_is_a_row_a_line_and_json_is_one_list(tmp_path: Path) -> None:
    write_predictions(tmp_path / "p.jsonl", [row("x__y-1"), row("x__y-2")])
    write_predictions(tmp_path / "p.json", [row("x__y-1"), row("x__y-2")])
    lines = (tmp_path / "p.jsonl").read_text().splitlines()
    assert [json.loads(line)["instance_id"] for line in lines] == ["x__y-1", "x__y-2"]
    assert json.loads((tmp_path / "p.json").read_text()) == [json.loads(line) for line in lines]
    write_predictions(tmp_path / "none.json", [])
    assert read_predictions(tmp_path / "none.json").rows == ()


def test_a_patch_ends_with_a_newline_and_an_empty_one_stays_empty(tmp_path: Path) -> None:
    write_predictions(
        tmp_path / "p.jsonl", [row("a-1", "x"), row("a-2", "x\n"), row("a-3", ""), row("a-4", None)]
    )
    patches = [found["model_patch"] for found in read_predictions(tmp_path / "p.jsonl")]
    assert patches == ["x\n", "x\n", "", ""]


def test_the_object_shape_of_agents_is_read(tmp_path: Path) -> None:
    path = tmp_path / "preds.json"
    short = {"model_name_or_path": "m", "model_patch": "x"}
    path.write_text(json.dumps({"a__b-1": row("a__b-1"), "a__b-2": short}))
    found = read_predictions(path)
    assert [one["instance_id"] for one in found] == ["a__b-1", "a__b-2"]


@pytest.mark.parametrize("lost", range(1, 40, 3))
def test_only_a_torn_last_line_is_tolerated_and_it_is_reported(tmp_path: Path, lost: int) -> None:
    path = tmp_path / "p.jsonl"
    write_predictions(path, [row("a-1"), row("a-2", "é")])
    path.write_bytes(path.read_bytes()[: -1 - lost])
    found = read_predictions(path)
    assert [one["instance_id"] for one in found] == ["a-1"]
    assert found.torn_line == 2


def test_a_last_line_that_only_lacks_its_newline_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text(json.dumps(row("a-1")) + "\n\n" + json.dumps(row("a-2")))
    found = read_predictions(path)
    assert (len(found), found.torn_line) == (2, None)


def test_a_broken_line_in_the_middle_is_an_error_with_its_number(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text(json.dumps(row("a-1")) + '\n{"instance_id": "a-\n' + json.dumps(row("a-3")) + "\n")
    with pytest.raises(PredictionsError, match="line 2 is not JSON"):
        read_predictions(path)


def test_duplicates_are_reported_and_the_last_one_counts(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    rows = [row("a-1", "one\n"), row("a-2"), row("a-1", "two\n")]
    path.write_text("".join(json.dumps(one) + "\n" for one in rows))
    found = read_predictions(path)
    assert found.duplicates == ("a-1",)
    assert {one["instance_id"]: one["model_patch"] for one in found} == {"a-1": "two\n", "a-2": "diff\n"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[1]", "prediction 1 of .* is not an object"),
        ("3", "neither a list nor an object"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('[{"instance_id": "a"}]', "no text 'model_patch'|no text 'model_name_or_path'"),
        ('[{"model_name_or_path": "m", "model_patch": ""}]', "no text 'instance_id'"),
        ('[{"instance_id": "a", "model_name_or_path": "m", "model_patch": 3}]', "no text 'model_patch'"),
        ('[{"instance_id": "", "model_name_or_path": "m", "model_patch": ""}]', "empty instance id"),
        ('{"a": 3}', "is not an object"),
    ],
)
def test_a_file_that_the_harness_would_choke_on_is_an_error(
    tmp_path: Path, content: str, message: str
) -> None:
    path = tmp_path / "p.json"
    path.write_text(content)
    with pytest.raises(PredictionsError, match=message):
        read_predictions(path)


def test_other_endings_and_missing_files_are_errors(tmp_path: Path) -> None:
    with pytest.raises(PredictionsError, match=r"not 'p\.txt'"):
        read_predictions(tmp_path / "p.txt")
    with pytest.raises(PredictionsError, match="No such file"):
        read_predictions(tmp_path / "p.jsonl")


def test_a_failed_write_leaves_the_file_before_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    write_predictions(path, [row("a-1")])
    before = path.read_bytes()
    with pytest.raises(PredictionsError, match="two predictions for 'a-2'"):
        write_predictions(path, [row("a-2"), row("a-2")])
    with pytest.raises(PredictionsError, match="prediction 2 has no text"):
        write_predictions(path, [row("a-2"), {"instance_id": "a-3"}])
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_the_run_id_follows_the_content_and_nothing_else(tmp_path: Path) -> None:
    one, two = row("a-1"), row("a-2")
    run_id = run_id_for([one, two])
    assert run_id == run_id_for([two, one]) == run_id_for([one | {"cost_usd": 1}, two])
    assert run_id.isalnum()
    write_predictions(tmp_path / "p.jsonl", [one, two])
    assert run_id_for(tmp_path / "p.jsonl") == run_id_for(str(tmp_path / "p.jsonl")) == run_id
    others = [[one], [one, row("a-2", "other\n")], [one, row("a-3")], [one, row("a-2", model="else")]]
    assert len({run_id, *map(run_id_for, others)}) == 5
