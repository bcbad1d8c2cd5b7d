"""An instance means the same whichever variant of the schema it was written in."""

from __future__ import annotations

import json
import pickle
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swebench_runner.generation.datasets.instances import is_safe_id, read_instance
from swebench_runner.generation.datasets.loading import Instance, load_dataset
from swebench_runner.generation.errors import DatasetValidationError

if TYPE_CHECKING:
    from pathlib import Path

ROW = {
    "instance_id": "acme__tool-1",
    "repo": "acme/tool",
    "base_commit": "a" * 40,
    "problem_statement": "It breaks.",
    "patch": "--- a/x\n+++ b/x\n",
    "test_patch": "--- a/t\n+++ b/t\n",
    "hints_text": "Try x.",
    "created_at": "2026-01-01T00:00:00Z",
    "version": "1.0",
    "FAIL_TO_PASS": '["t::a"]',
    "PASS_TO_PASS": '["t::b", "t::c"]',
}


def without(*columns: str) -> dict[str, object]:
    return {name: value for name, value in ROW.items() if name not in columns}


@pytest.mark.parametrize(
    ("file", "rows"),
    [
        ("lite-test.jsonl", 300),
        ("lite-dev.jsonl", 23),
        ("lite-dev.parquet", 23),
        ("verified-5.jsonl", 5),
        ("multilingual-5.jsonl", 5),
        ("multimodal-5.jsonl", 5),
    ],
)
def test_every_official_schema_loads_whole(data_dir: Path, file: str, rows: int) -> None:
    instances = load_dataset(data_dir / "swebench" / file)
    assert len(instances) == rows
    for one in instances:
        assert one.problem_statement.strip()
        assert one.patch.startswith("diff --git ")
        assert one.test_patch.startswith("diff --git ")
        assert len(one.base_commit) == 40
        assert one.fail_to_pass
        assert all(isinstance(name, str) for name in (*one.fail_to_pass, *one.pass_to_pass))
        assert one.version
        assert one.text is None
        assert {"image", "eval_script", "log_parser", "eval_type"} <= set(one.raw)


def test_parquet_and_json_lines_of_one_set_are_equal(data_dir: Path) -> None:
    lines = load_dataset(data_dir / "swebench" / "lite-dev.jsonl")
    assert lines == load_dataset(data_dir / "swebench" / "lite-dev.parquet")


def test_columns_that_only_some_sets_have_are_kept(data_dir: Path) -> None:
    verified = load_dataset(data_dir / "swebench" / "verified-5.jsonl")
    assert {one.raw["difficulty"] for one in verified} <= {
        "<15 min fix",
        "15 min - 1 hour",
        "1-4 hours",
        ">4 hours",
    }
    multimodal = load_dataset(data_dir / "swebench" / "multimodal-5.jsonl")
    assert all(
        url.startswith("https://") for one in multimodal for urls in one.image_assets.values() for url in urls
    )
    assert {place for one in multimodal for place in one.image_assets} == {"problem_statement", "test_patch"}


@pytest.mark.parametrize(
    "file", ["lite-dev.jsonl", "verified-5.jsonl", "multilingual-5.jsonl", "multimodal-5.jsonl"]
)
def test_a_row_written_again_reads_as_the_same_instance(data_dir: Path, file: str) -> None:
    for one in load_dataset(data_dir / "swebench" / file):
        again = read_instance(json.loads(json.dumps(one.to_row())), where="again")
        assert again == one
        assert hash(again) == hash(one)


def test_an_instance_goes_through_pickle() -> None:
    one = read_instance({**ROW, "difficulty": "hard"}, where="row")
    assert pickle.loads(pickle.dumps(one)) == one


def test_test_names_come_as_json_text_or_as_a_list() -> None:
    as_text = read_instance(ROW, where="row")
    as_list = read_instance({**ROW, "FAIL_TO_PASS": ["t::a"], "PASS_TO_PASS": ["t::b", "t::c"]}, where="row")
    assert as_text.fail_to_pass == ("t::a",)
    assert as_text == as_list


def test_an_old_copy_without_the_optional_columns_is_an_instance() -> None:
    one = read_instance(
        {name: ROW[name] for name in ("instance_id", "repo", "base_commit", "problem_statement")}, where="row"
    )
    assert (one.patch, one.version, one.fail_to_pass, one.text, one.raw) == ("", "", (), None, {})


def test_null_in_an_optional_column_is_the_same_as_no_column() -> None:
    nulls = dict.fromkeys(("patch", "hints_text", "FAIL_TO_PASS", "text"))
    assert read_instance({**ROW, **nulls}, where="r") == read_instance(
        without("patch", "hints_text", "FAIL_TO_PASS"), where="r"
    )


def test_a_version_that_was_stored_as_a_number_is_text() -> None:
    assert read_instance({**ROW, "version": 3.1}, where="row").version == "3.1"


@pytest.mark.parametrize("wrapped", ["<patch>\n{}</patch>", "<patch>{}</patch>\n", "<patch>\n{}\n</patch>"])
def test_the_tags_that_text_datasets_put_around_the_patch_are_taken_off(wrapped: str) -> None:
    patch = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"
    one = read_instance({**ROW, "patch": wrapped.format(patch), "text": "You are…\nFix."}, where="row")
    assert one.patch.rstrip("\n") == patch.rstrip("\n")
    assert one.patch.endswith("+b\n")
    assert one.text == "You are…\nFix."


def test_tags_inside_a_patch_stay() -> None:
    patch = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+<patch></patch>\n"
    assert read_instance({**ROW, "patch": patch}, where="row").patch == patch


def test_the_solution_is_not_in_the_repr() -> None:
    shown = repr(read_instance(ROW, where="row"))
    for column in ("patch", "test_patch", "hints_text"):
        assert str(ROW[column]).strip() not in shown


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            without("instance_id"),
            "f.jsonl, line 3: no 'instance_id'\n  Fix: every instance needs instance_id, repo, base_commit, problem_statement",
        ),
        (
            without("base_commit"),
            (
                "f.jsonl, line 3 (instance 'acme__tool-1'): no 'base_commit'\n"
                "  Fix: every instance needs instance_id, repo, base_commit, problem_statement"
            ),
        ),
        (
            {"instance_id": "acme__tool-1", "model_patch": "", "model_name_or_path": "m"},
            (
                "f.jsonl, line 3 (instance 'acme__tool-1'): no 'repo'\n"
                "  Fix: this looks like a predictions file; give the dataset that the predictions are for"
            ),
        ),
        ({**ROW, "repo": 7}, "f.jsonl, line 3: 'repo' is a number, not text"),
        ({**ROW, "repo": ""}, "f.jsonl, line 3: 'repo' is empty"),
        ({**ROW, "patch": ["x"]}, "f.jsonl, line 3: 'patch' is a list, not text"),
        ({**ROW, "FAIL_TO_PASS": "[oops"}, "f.jsonl, line 3: 'FAIL_TO_PASS' is neither a list nor JSON text"),
        (
            {**ROW, "FAIL_TO_PASS": '{"a": 1}'},
            "f.jsonl, line 3: 'FAIL_TO_PASS' is an object, not a list of test names",
        ),
        ({**ROW, "FAIL_TO_PASS": [1]}, "f.jsonl, line 3: 'FAIL_TO_PASS' is a list, not a list of test names"),
        ({**ROW, "image_assets": "[]"}, "f.jsonl, line 3: 'image_assets' is a list, not an object of lists"),
        (
            {**ROW, "image_assets": {"patch": [7]}},
            "f.jsonl, line 3: 'image_assets' holds something else than lists of addresses",
        ),
        (
            {**ROW, "problem_statement": "half \ud83d"},
            (
                "f.jsonl, line 3: 'problem_statement' has half a character (a lone surrogate) at position 5\n"
                "  Fix: write the file as UTF-8 again"
            ),
        ),
    ],
)
def test_a_row_that_is_no_instance_says_which_column_of_which_row(
    row: dict[str, object], message: str
) -> None:
    with pytest.raises(DatasetValidationError) as caught:
        read_instance(row, where="f.jsonl, line 3")  # type: ignore[arg-type]
    assert str(caught.value) == message
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    "instance_id",
    [
        "../etc/passwd",
        "a/b",
        "a b",
        "-rf",
        "1abc",
        ".hidden",
        "a\n",
        "a" * 201,
        "caf\u00e9",
        "a\x00",
        "$(rm)",
        "",
    ],
)
def test_an_id_that_is_no_file_name_is_refused(instance_id: str) -> None:
    assert not is_safe_id(instance_id)
    with pytest.raises(DatasetValidationError, match="instance"):
        read_instance({**ROW, "instance_id": instance_id}, where="row 1")


@pytest.mark.parametrize(
    "instance_id", ["django__django-11099", "a", "scikit-learn__scikit-learn-1.2_x", "a" * 200]
)
def test_ids_of_the_official_shapes_are_taken(instance_id: str) -> None:
    assert read_instance({**ROW, "instance_id": instance_id}, where="row").instance_id == instance_id


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*ROW, "text", "image_assets", "extra"]), json_values))
def test_any_row_is_an_instance_or_one_clear_error(changes: dict[str, object]) -> None:
    try:
        one = read_instance({**ROW, **changes}, where="row 1")  # type: ignore[arg-type]
    except DatasetValidationError as error:
        assert error.message.startswith("row 1")  # noqa: PT017 - either way is right
    else:
        assert isinstance(one, Instance)
        assert is_safe_id(one.instance_id)
        one.problem_statement.encode()
