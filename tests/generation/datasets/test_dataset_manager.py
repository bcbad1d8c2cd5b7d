"""The dataset class of the first plan keeps its methods. # A150"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from swebench_runner.generation.datasets.manager import DatasetManager
from swebench_runner.generation.errors import DatasetNotFoundError, SelectionError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def manager(tmp_path: Path) -> DatasetManager:
    return DatasetManager(tmp_path / "cache")


@pytest.fixture
def lite(data_dir: Path) -> str:
    return str(data_dir / "swebench" / "lite-test.jsonl")


def test_rows_have_the_official_columns(manager: DatasetManager, lite: str) -> None:
    rows = manager.get_instances(lite, 2)
    assert len(rows) == 2
    assert {
        "instance_id",
        "patch",
        "repo",
        "base_commit",
        "problem_statement",
        "hints_text",
        "test_patch",
        "version",
    } <= set(rows[0])
    assert json.loads(str(rows[0]["FAIL_TO_PASS"]))


def test_the_old_order_of_arguments_still_means_the_same(manager: DatasetManager, lite: str) -> None:
    by_position = manager.get_instances(lite, 3, "django__*", 7, None, None, False)
    by_name = manager.get_instances(lite, count=3, subset_pattern="django__*", random_seed=7)
    assert by_position == by_name
    assert len(by_name) == 3


def test_patterns_are_shell_patterns_unless_asked(manager: DatasetManager, lite: str) -> None:
    rows = manager.get_instances(lite, subset_pattern=r"(flask|pallets).*", use_regex=True)
    assert {str(row["repo"]) for row in rows} == {"pallets/flask"}
    with pytest.raises(SelectionError):
        manager.get_instances(lite, subset_pattern=r"(flask|pallets).*")


def test_a_stream_is_the_same_rows_in_batches_of_a_hundred(manager: DatasetManager, lite: str) -> None:
    batches = list(manager.get_instances_streaming(lite, count=250))
    assert [len(batch) for batch in batches] == [100, 100, 50]
    assert [row for batch in batches for row in batch] == manager.get_instances(lite, count=250)
    assert [len(batch) for batch in manager.get_instances_streaming("sample", 5)] == [5, 5, 2]


def test_saving_writes_id_and_patch_a_line(manager: DatasetManager, tmp_path: Path) -> None:
    target = tmp_path / "new" / "out.jsonl"
    rows = manager.get_instances("sample")
    manager.save_as_jsonl(rows, target)
    saved = [json.loads(line) for line in target.read_text().splitlines()]
    assert saved == [{"instance_id": row["instance_id"], "patch": row["patch"]} for row in rows]
    assert manager.save_streaming_as_jsonl(manager.get_instances_streaming("sample"), target) == 12
    assert [json.loads(line) for line in target.read_text().splitlines()] == saved


def test_a_save_that_fails_leaves_the_old_file_and_nothing_else(
    manager: DatasetManager, tmp_path: Path
) -> None:
    target = tmp_path / "out.jsonl"
    target.write_text("old")
    with pytest.raises(KeyError):
        manager.save_as_jsonl([{"instance_id": "a", "patch": "p"}, {"instance_id": "b"}], target)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_the_folder_for_temporary_files_is_emptied(manager: DatasetManager, tmp_path: Path) -> None:
    left = tmp_path / "cache" / "temp" / "deep" / "file"
    left.parent.mkdir(parents=True)
    left.touch()
    manager.cleanup_temp_files()
    manager.cleanup_temp_files()
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["temp"]
    assert list((tmp_path / "cache" / "temp").iterdir()) == []


def test_what_is_known_of_a_dataset_needs_no_network(manager: DatasetManager, lite: str) -> None:
    assert manager.get_dataset_info("lite") == {
        "name": "lite",
        "total_instances": 300,
        "download_size_mb": None,
        "dataset_size_mb": 6.0,
        "description": "split 'test' of SWE-bench/SWE-bench_Lite",
    }
    assert manager.get_dataset_info("verified")["total_instances"] == 500
    assert manager.get_dataset_info("full")["total_instances"] == 2294
    assert manager.get_dataset_info("sample")["total_instances"] == 12
    info = manager.get_dataset_info(lite)
    assert info["total_instances"] == 300
    assert info["download_size_mb"] == pytest.approx(4.28, abs=0.01)
    with pytest.raises(DatasetNotFoundError):
        manager.get_dataset_info("nothing")


def test_memory_is_estimated_and_compared_with_what_is_free(manager: DatasetManager) -> None:
    assert manager.estimate_memory_usage("full") == {
        "instances": 2294,
        "estimated_ram_mb": pytest.approx(45.88),
        "download_size_mb": pytest.approx(45.88),
        "total_mb": pytest.approx(91.76),
    }
    assert manager.estimate_memory_usage("nobody/knows")["instances"] == 300
    assert manager.check_memory_requirements("full", available_mb=1000) == (True, "")
    fits, warning = manager.check_memory_requirements("full", available_mb=100)
    assert not fits
    assert warning == "full needs 92 MB, 100 MB are free: take fewer instances"
    assert manager.check_memory_requirements("full", 10, available_mb=100) == (True, "")
    assert manager.check_memory_requirements("lite")[0] in (True, False)
