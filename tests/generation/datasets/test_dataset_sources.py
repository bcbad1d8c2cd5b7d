"""A dataset is found by any of its names, and a file is read whatever its kind; else one clear line."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from swebench_runner.generation.datasets.loading import iter_dataset, load_dataset, load_swe_bench_instances
from swebench_runner.generation.datasets.names import KNOWN, resolve
from swebench_runner.generation.errors import (
    DatasetError,
    DatasetNotFoundError,
    DatasetValidationError,
    MissingExtraError,
    SelectionError,
)


def row(number: int, **changes: object) -> dict[str, object]:
    return {
        "instance_id": f"acme__tool-{number}",
        "repo": "acme/tool",
        "base_commit": "a" * 40,
        "problem_statement": f"Problem {number} — naïve.",
        **changes,
    }


def write_lines(path: Path, *rows: object, end: str = "\n") -> Path:
    path.write_bytes(end.join(json.dumps(one, ensure_ascii=False) for one in rows).encode() + end.encode())
    return path


def ids(instances: object) -> list[str]:
    return [one.instance_id for one in instances]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("spelling", "hub_id"),
    [
        ("lite", "SWE-bench/SWE-bench_Lite"),
        ("Lite", "SWE-bench/SWE-bench_Lite"),
        ("swe-bench_lite", "SWE-bench/SWE-bench_Lite"),
        ("SWE-bench_Lite", "SWE-bench/SWE-bench_Lite"),
        ("swebench-lite", "SWE-bench/SWE-bench_Lite"),
        ("swe_bench_lite", "SWE-bench/SWE-bench_Lite"),
        ("swebench_lite", "SWE-bench/SWE-bench_Lite"),
        ("verified", "SWE-bench/SWE-bench_Verified"),
        ("swe-bench_verified", "SWE-bench/SWE-bench_Verified"),
        ("full", "SWE-bench/SWE-bench"),
        ("swe-bench", "SWE-bench/SWE-bench"),
        ("swebench", "SWE-bench/SWE-bench"),
        ("swe_bench", "SWE-bench/SWE-bench"),
        ("multilingual", "SWE-bench/SWE-bench_Multilingual"),
        ("multimodal", "SWE-bench/SWE-bench_Multimodal"),
        ("swe-bench-m", "SWE-bench/SWE-bench_Multimodal"),
        ("smith", "SWE-bench/SWE-smith"),
        ("rebench", "nebius/SWE-rebench"),
        ("lite_oracle", "princeton-nlp/SWE-bench_Lite_oracle"),
        ("bm25_13K", "princeton-nlp/SWE-bench_bm25_13K"),
        ("princeton-nlp/SWE-bench_Lite", "princeton-nlp/SWE-bench_Lite"),
        ("somebody/some.set_1", "somebody/some.set_1"),
    ],
)
def test_every_spelling_in_use_is_understood(spelling: str, hub_id: str) -> None:
    source = resolve(spelling)
    assert (source.kind, source.location) == ("hub", hub_id)


def test_a_set_without_a_test_split_has_its_own_usual_one() -> None:
    assert resolve("smith").split == resolve("SWE-bench/SWE-smith").split == "train"
    assert resolve("lite").split == resolve("nobody/knows").split == "test"


def test_short_names_are_unique() -> None:
    names = [name for known in KNOWN for name in (known.name, *known.other_names)]
    assert len(names) == len(set(names))


def test_a_path_wins_over_a_hub_id_but_not_over_a_short_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "acme" / "tool").mkdir(parents=True)
    (tmp_path / "lite").mkdir()
    assert resolve("acme/tool").kind == "folder"
    assert resolve("./lite").kind == "folder"
    assert resolve(Path("lite")).kind == "folder"
    assert resolve("lite").kind == "hub"


def test_the_three_kinds_of_file_and_the_folder_hold_the_same(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [row(1), row(2)]
    lines = write_lines(tmp_path / "a.jsonl", *rows)
    as_list = tmp_path / "b.json"
    as_list.write_text(json.dumps(rows))
    by_id = tmp_path / "c.json"
    by_id.write_text(
        json.dumps({one["instance_id"]: {k: v for k, v in one.items() if k != "instance_id"} for one in rows})
    )
    (tmp_path / "set").mkdir()
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "set" / "test.parquet")
    loaded = [
        load_dataset(path)
        for path in (lines, as_list, by_id, tmp_path / "set" / "test.parquet", tmp_path / "set")
    ]
    assert all(one == loaded[0] for one in loaded)
    assert ids(loaded[0]) == ["acme__tool-1", "acme__tool-2"]


def test_a_json_file_may_hold_a_single_instance(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(json.dumps(row(1)))
    assert ids(load_dataset(tmp_path / "one.json")) == ["acme__tool-1"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n  \n"])
def test_line_ends_blank_lines_and_a_byte_order_mark_do_not_matter(tmp_path: Path, end: str) -> None:
    path = write_lines(tmp_path / "a.jsonl", row(1), row(2), end=end)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert ids(load_dataset(str(path))) == ["acme__tool-1", "acme__tool-2"]


def test_splits_of_a_folder_are_found_in_shards_and_sub_folders(tmp_path: Path) -> None:
    data = tmp_path / "set" / "data"
    data.mkdir(parents=True)
    write_lines(data / "test-00001-of-00002.jsonl", row(2))
    write_lines(data / "test-00000-of-00002.jsonl", row(1))
    write_lines(data / "dev.jsonl", row(3))
    assert ids(load_dataset(tmp_path / "set")) == ["acme__tool-1", "acme__tool-2"]
    assert ids(load_dataset(tmp_path / "set", split="dev")) == ["acme__tool-3"]


def test_of_several_configurations_none_is_guessed(tmp_path: Path) -> None:
    for name in ("java", "go"):
        (tmp_path / name).mkdir()
        write_lines(tmp_path / name / "test.jsonl", row(1))
    with pytest.raises(DatasetNotFoundError, match="no split 'test'"):
        load_dataset(tmp_path)


def test_instances_come_one_by_one_before_a_fault_further_down(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl", row(1), row(2), {"nonsense": True})
    stream = iter_dataset(path)
    assert next(stream).instance_id == "acme__tool-1"
    assert next(stream).instance_id == "acme__tool-2"
    with pytest.raises(DatasetValidationError, match="line 3"):
        next(stream)


# A117
def test_the_plan_example_gives_ten_instances_from_a_local_file(data_dir: Path) -> None:
    path = data_dir / "swebench" / "lite-test.jsonl"
    assert len(load_swe_bench_instances(path, limit=10)) == 10
    assert load_swe_bench_instances("lite", limit=10, path=path) == load_dataset(path)[:10]
    assert len(load_swe_bench_instances("sample")) == 12


def test_a_limit_below_one_is_a_usage_error() -> None:
    with pytest.raises(SelectionError) as caught:
        load_swe_bench_instances("sample", limit=0)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", b"", "no instances in {path}\n  Fix: the file is empty; fetch it again"),
        ("a.json", b"[]", "no instances in {path}\n  Fix: the file is empty; fetch it again"),
        ("a.json", b"{}", "no instances in {path}\n  Fix: the file is empty; fetch it again"),
        (
            "a.jsonl",
            b'{"instance_id": "a-1"',
            (
                "a.jsonl, line 1: not JSON (Expecting ',' delimiter, column 22)\n"
                "  Fix: one JSON object a line; a file with one list in it is called .json"
            ),
        ),
        (
            "a.jsonl",
            b"[\n",
            (
                "a.jsonl, line 1: not JSON (Expecting value, column 1)\n"
                "  Fix: one JSON object a line; a file with one list in it is called .json"
            ),
        ),
        ("a.jsonl", b"3\n", "a.jsonl, line 1: not a JSON object"),
        ("a.jsonl", b"\n\xff\xfe", "a.jsonl, line 2: not UTF-8 text (byte 0)\n  Fix: save the file as UTF-8"),
        ("a.json", b'["\xe9"]', "a.json: not UTF-8 text (byte 2)\n  Fix: save the file as UTF-8"),
        (
            "a.json",
            b'[\n{"a": 1},\n{"a"}]',
            "a.json, line 3: not JSON (Expecting ':' delimiter, column 5)",
        ),
        (
            "a.json",
            b'{"a": 1}\n{"a": 2}\n',
            "a.json, line 2: not JSON (Extra data, column 1)\n  Fix: one object a line is called .jsonl",
        ),
        ("a.json", b"7", "a.json: neither a list nor an object of instances"),
        ("a.json", b"[1]", "a.json, entry 1: not a JSON object"),
        ("a.json", b'{"x": 1}', "a.json, entry 'x': not a JSON object"),
        ("a.json", b"[" * 100_000, "a.json: nested too deep to be a dataset"),
        (
            "a.parquet",
            b"not parquet at all",
            (
                "a.parquet: not a Parquet file (Parquet magic bytes not found in footer. Either the file is corrupted or "
                "this is not a parquet file.)"
            ),
        ),
        (
            "a.txt",
            b"x",
            "a.txt: not a kind of file that holds a dataset\n  Fix: give .json, .jsonl or .parquet",
        ),
    ],
    ids=lambda value: value[:20] if isinstance(value, bytes) else None,
)
def test_a_file_that_is_no_dataset_says_so_in_one_message(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DatasetValidationError) as caught:
        load_dataset(path)
    assert str(caught.value) == message.format(path=path)
    assert caught.value.exit_code == 3


def test_nested_too_deep_in_a_line_is_one_message_too(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"[" * 100_000)
    with pytest.raises(DatasetValidationError, match="line 1: not JSON"):
        load_dataset(tmp_path / "a.jsonl")


def test_duplicate_ids_name_both_places(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl", row(1), row(2), row(1))
    with pytest.raises(DatasetValidationError) as caught:
        load_dataset(path)
    assert str(caught.value) == (
        "instance 'acme__tool-1' appears twice: a.jsonl, line 1 and a.jsonl, line 3\n  Fix: remove one of the two"
    )


def test_an_unsafe_id_names_its_line(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl", row(1), row(2, instance_id="../../x"))
    with pytest.raises(DatasetValidationError) as caught:
        load_dataset(path)
    assert str(caught.value) == (
        "a.jsonl, line 2: unsafe instance id '../../x'\n"
        "  Fix: an id starts with a letter, then letters, digits, '_', '-', '.'; at most 200"
    )


def test_a_missing_file_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(DatasetNotFoundError) as caught:
        load_dataset(tmp_path / "gone.jsonl")
    assert str(caught.value) == (
        f"no dataset file 'gone.jsonl'\n  Looked in: {tmp_path / 'gone.jsonl'}\n  Fix: check the path"
    )
    assert caught.value.exit_code == 3


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_says_why(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl", row(1))
    path.chmod(0)
    with pytest.raises(DatasetNotFoundError, match="Permission denied"):
        load_dataset(path)


def test_a_folder_named_like_a_file_is_looked_into_for_its_splits(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").mkdir()
    with pytest.raises(DatasetNotFoundError, match="it holds no Parquet or JSON files"):
        load_dataset(tmp_path / "a.jsonl")


@pytest.mark.parametrize(
    ("name", "meant"), [("verifed", "'verified'"), ("lit", "'lite'"), ("swe-bench-verifed", "'verified'")]
)
def test_a_misspelt_name_gets_a_suggestion(name: str, meant: str) -> None:
    with pytest.raises(DatasetNotFoundError) as caught:
        load_dataset(name)
    assert caught.value.message == f"no dataset {name!r}"
    assert f"did you mean {meant}?" in str(caught.value)


def test_a_name_like_no_other_gets_the_choices() -> None:
    with pytest.raises(DatasetNotFoundError, match="give one of sample, lite, verified, full") as caught:
        load_dataset("qqqq")
    assert caught.value.exit_code == 3


def test_parquet_without_pyarrow_names_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    with pytest.raises(MissingExtraError) as caught:
        load_dataset(tmp_path / "a.parquet")
    assert str(caught.value) == ("Parquet files need pyarrow\n  Fix: pip install 'swebench-runner[datasets]'")
    assert isinstance(caught.value, DatasetError)
    assert caught.value.exit_code == 3


def test_reading_json_lines_imports_neither_the_hub_nor_arrow(tmp_path: Path) -> None:
    import subprocess

    path = write_lines(tmp_path / "a.jsonl", row(1))
    code = (
        "import sys; from swebench_runner.generation.datasets.loading import load_dataset; "
        f"load_dataset({str(path)!r}); load_dataset('sample'); "
        "print([m for m in ('pyarrow', 'huggingface_hub', 'aiohttp', 'click') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
