"""Oracle files are looked up one instance at a time, and a path never leads out of the repository."""

from __future__ import annotations

import json
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swebench_runner.generation.context import OracleFiles, load_oracle_files
from swebench_runner.generation.errors import DatasetNotFoundError, DatasetValidationError

if TYPE_CHECKING:
    from pathlib import Path

    from _pytest.tmpdir import TempPathFactory


def write(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def entry(instance_id: str, **files: str) -> dict[str, object]:
    return {"instance_id": instance_id, "oracle_files": files}


def test_files_are_found_by_instance(tmp_path: Path) -> None:
    path = write(
        tmp_path / "o.jsonl",
        entry("a-1", **{"x.py": "é\r\n"}),
        entry("b-2", **{"d/y z.py": "", "q": "no newline"}),
    )
    files = load_oracle_files(path)
    assert isinstance(files, OracleFiles)
    assert dict(files) == {"a-1": {"x.py": "é\r\n"}, "b-2": {"d/y z.py": "", "q": "no newline"}}
    assert len(files) == 2
    assert "a-1" in files
    assert "c-3" not in files
    assert files.get("c-3") is None
    with pytest.raises(KeyError):
        files["c-3"]


def test_blank_lines_and_crlf_do_not_shift_the_index(tmp_path: Path) -> None:
    path = tmp_path / "o.jsonl"
    rows = [json.dumps(entry(f"a-{n}", f=str(n) * n)).encode() for n in range(5)]
    path.write_bytes(b"\r\n" + b"\r\n\r\n".join(rows))
    assert {one: files["f"] for one, files in load_oracle_files(path).items()} == {
        f"a-{n}": str(n) * n for n in range(5)
    }


file_texts = st.dictionaries(
    st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8}){0,2}\.py", fullmatch=True), st.text(st.characters(codec="utf-8"))
)


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}-[0-9]{1,3}", fullmatch=True), file_texts, min_size=1))
def test_what_was_written_is_read(
    tmp_path_factory: TempPathFactory, texts: dict[str, dict[str, str]]
) -> None:
    path = tmp_path_factory.mktemp("oracle") / "o.jsonl"
    write(path, *({"instance_id": one, "oracle_files": files} for one, files in texts.items()))
    assert dict(load_oracle_files(path)) == texts


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "o.jsonl"
    with path.open("w") as file:
        file.writelines(json.dumps(entry(f"a-{n}", f="x" * 100_000)) + "\n" for n in range(200))
    tracemalloc.start()
    files = load_oracle_files(path)
    for instance_id in files:
        assert len(files[instance_id]["f"]) == 100_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000 < path.stat().st_size


def test_a_file_that_was_replaced_is_noticed(tmp_path: Path) -> None:
    path = write(tmp_path / "o.jsonl", entry("a-1", f="1"), entry("b-2", f="2"))
    files = load_oracle_files(path)
    write(path, entry("b-2", f="2"), entry("a-1", f="1"))
    with pytest.raises(DatasetValidationError, match="changed since it was read"):
        files["a-1"]


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../x",
        "a/../../x",
        "a//b",
        "./a",
        "a/",
        "C:/x",
        "a\\b",
        ".git/config",
        "a/.GIT/hooks/x",
        "a\nb",
        "",
    ],
)
def test_a_path_out_of_the_repository_is_refused_before_anything_is_asked(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / "o.jsonl", entry("a-1", f="1"), entry("b-2", **{name: "x"}))
    with pytest.raises(DatasetValidationError, match=r"o\.jsonl, line 2: .*path"):
        load_oracle_files(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "o.jsonl: no oracle files in it"),
        (
            b"{",
            "o.jsonl, line 1: not JSON (Expecting property name enclosed in double quotes: line 1 column 2 (char 1))",
        ),
        (
            b"\xff",
            "o.jsonl, line 1: not JSON ('utf-8' codec can't decode byte 0xff in position 0: invalid start byte)",
        ),
        (b"[]", "o.jsonl, line 1: no 'instance_id'"),
        (b'{"instance_id": "a-1"}', "o.jsonl, line 1: no 'oracle_files'"),
        (b'{"instance_id": "a-1", "oracle_files": []}', "o.jsonl, line 1: no 'oracle_files'"),
        (
            b'{"instance_id": "a-1", "oracle_files": {"f": 1}}',
            "o.jsonl, line 1: the content of 'f' is not text",
        ),
        (
            b'{"instance_id": "a-1", "oracle_files": {"f": "\\ud83d"}}',
            "o.jsonl, line 1: the content of 'f' is not text",
        ),
        (
            b'{"instance_id": "a-1", "oracle_files": {}}\n' * 2,
            "o.jsonl: instance 'a-1' appears twice: line 1 and line 2",
        ),
    ],
    ids=lambda value: value[:30] if isinstance(value, bytes) else "",
)
def test_a_faulty_line_is_one_message(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "o.jsonl"
    path.write_bytes(content)
    with pytest.raises(DatasetValidationError) as caught:
        load_oracle_files(path)
    assert caught.value.message == message
    assert caught.value.exit_code == 3


def test_a_missing_file_says_where(tmp_path: Path) -> None:
    with pytest.raises(DatasetNotFoundError) as caught:
        load_oracle_files(tmp_path / "gone.jsonl")
    assert str(caught.value) == (
        f"cannot read the oracle files 'gone.jsonl': No such file or directory\n  Looked in: {tmp_path / 'gone.jsonl'}"
    )
