"""Rows from files: JSON, JSON lines and Parquet, one at a time, with the place of each for errors."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, TypeAlias

from swebench_runner.generation.errors import (
    DatasetNotFoundError,
    DatasetValidationError,
    MissingExtraError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from swebench_runner.generation.datasets.instances import Row

PlacedRow: TypeAlias = "tuple[Row, str]"

BATCH_ROWS: Final = 100
_BOM: Final = b"\xef\xbb\xbf"
_SPLIT_FILE: Final = re.compile(
    r"(?:(?P<folder>.+)/)?(?P<split>\w+?)(?:-\d{5}-of-\d{5})?\.(?P<suffix>parquet|jsonl|json)"
)
_USUAL_FOLDERS: Final = ("data", "", "default")


def read_rows(path: Path) -> Iterator[PlacedRow]:
    """The rows of a `.json`, `.jsonl` or `.parquet` file, each with its place ("file.jsonl, line 3").

    Raises:
        DatasetNotFoundError: There is no such file, or it cannot be opened.
        DatasetValidationError: It is not what its name says, or holds something else than objects.
        MissingExtraError: A Parquet file without pyarrow.
    """
    readers = {".json": _read_json, ".jsonl": _read_json_lines, ".parquet": _read_parquet}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise DatasetValidationError(
            f"{path.name}: not a kind of file that holds a dataset", hint="give .json, .jsonl or .parquet"
        )
    try:
        yield from reader(path)
    except FileNotFoundError as exc:
        raise DatasetNotFoundError(
            f"no dataset file {path.name!r}", looked_in=(str(path.absolute()),), hint="check the path"
        ) from exc
    except OSError as exc:
        raise DatasetNotFoundError(
            f"cannot read {path.name!r}: {exc.strerror or exc}", looked_in=(str(path.absolute()),)
        ) from exc


def choose_split_files(names: Iterable[str], split: str) -> list[str]:
    """Which of these relative paths hold a split, in order; [] where none does.

    `data/test-00000-of-00001.parquet`, `test.parquet`, `test.jsonl` and the like. Parquet is preferred,
    then the usual folders; of several configurations none is chosen.
    """
    found: dict[tuple[int, int, str], list[str]] = {}
    suffixes = ("parquet", "jsonl", "json")
    for name in sorted(names):
        match = _SPLIT_FILE.fullmatch(name)
        if match is None or match["split"] != split:
            continue
        folder = match["folder"] or ""
        rank = _USUAL_FOLDERS.index(folder) if folder in _USUAL_FOLDERS else len(_USUAL_FOLDERS)
        found.setdefault((rank, suffixes.index(match["suffix"]), folder), []).append(name)
    if not found:
        return []
    best = min(found)
    rivals = [key for key in found if key[:2] == best[:2]]
    return found[best] if len(rivals) == 1 else []


def list_splits(names: Iterable[str]) -> list[str]:
    """The splits that files of these names hold, sorted."""
    matches = (_SPLIT_FILE.fullmatch(name) for name in names)
    return sorted({match["split"] for match in matches if match is not None})


def find_split_files(folder: Path, split: str) -> list[Path]:
    """The files of a folder that hold a split.

    Raises:
        DatasetNotFoundError: None does; with the splits that are there.
    """
    paths = [path for pattern in ("*.*", "*/*.*") for path in folder.glob(pattern) if path.is_file()]
    names = [path.relative_to(folder).as_posix() for path in paths]
    chosen = choose_split_files(names, split)
    if not chosen:
        raise no_split(str(folder), split, names)
    return [folder / name for name in chosen]


def no_split(where: str, split: str, names: Iterable[str]) -> DatasetNotFoundError:
    """The error for a dataset that has no such split, naming those it has."""
    splits = list_splits(names)
    return DatasetNotFoundError(
        f"no split {split!r} in {where}",
        looked_in=(f"{split}.parquet", f"data/{split}-*.parquet", f"{split}.jsonl"),
        hint=f"choose the split: {', '.join(splits)}" if splits else "it holds no Parquet or JSON files",
    )


def _read_json_lines(path: Path) -> Iterator[PlacedRow]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            text = line.removeprefix(_BOM) if number == 1 else line
            if text.strip():
                yield _decode_line(text, path.name, number), f"{path.name}, line {number}"


def _decode_line(line: bytes, name: str, number: int) -> Row:
    try:
        row = json.loads(line.decode())
    except UnicodeDecodeError as exc:
        raise _not_utf8(f"{name}, line {number}", exc) from exc
    except (ValueError, RecursionError) as exc:
        is_list = number == 1 and line.lstrip()[:1] in (b"[", b"{")
        hint = "one JSON object a line; a file with one list in it is called .json" if is_list else None
        raise DatasetValidationError(f"{name}, line {number}: not JSON ({_fault(exc)})", hint=hint) from exc
    return _as_row(row, f"{name}, line {number}")


def _fault(exc: Exception) -> str:
    """What is wrong, without the line number that the place already has."""
    return f"{exc.msg}, column {exc.colno}" if isinstance(exc, json.JSONDecodeError) else str(exc)


def _not_utf8(place: str, exc: UnicodeDecodeError) -> DatasetValidationError:
    return DatasetValidationError(
        f"{place}: not UTF-8 text (byte {exc.start})", hint="save the file as UTF-8"
    )


def _read_json(path: Path) -> Iterator[PlacedRow]:
    try:
        content = json.loads(path.read_bytes().removeprefix(_BOM).decode())
    except UnicodeDecodeError as exc:
        raise _not_utf8(path.name, exc) from exc
    except json.JSONDecodeError as exc:
        hint = "one object a line is called .jsonl" if exc.msg == "Extra data" else None
        raise DatasetValidationError(
            f"{path.name}, line {exc.lineno}: not JSON ({_fault(exc)})", hint=hint
        ) from exc
    except RecursionError as exc:
        raise DatasetValidationError(f"{path.name}: nested too deep to be a dataset") from exc
    if isinstance(content, dict):
        yield from _rows_of_object(content, path.name)
        return
    if not isinstance(content, list):
        raise DatasetValidationError(f"{path.name}: neither a list nor an object of instances")
    for number, row in enumerate(content, start=1):
        place = f"{path.name}, entry {number}"
        yield _as_row(row, place), place


def _rows_of_object(content: Mapping[str, object], name: str) -> Iterator[PlacedRow]:
    """One instance, or instances by their id."""
    if isinstance(content.get("instance_id"), str):
        yield _as_row(content, name), name
        return
    for key, value in content.items():
        place = f"{name}, entry {key!r}"
        yield {"instance_id": key, **_as_row(value, place)}, place


def _as_row(value: object, place: str) -> Row:
    if not isinstance(value, dict):
        raise DatasetValidationError(f"{place}: not a JSON object")
    return value


def _read_parquet(path: Path) -> Iterator[PlacedRow]:
    try:
        import pyarrow as pa  # noqa: PLC0415 - 0.15 s and an optional extra; needed for Parquet only
        import pyarrow.parquet as pq  # noqa: PLC0415 - the same
    except ImportError as exc:
        raise missing_extra("Parquet files need pyarrow") from exc
    number = 0
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=BATCH_ROWS):
                for row in batch.to_pylist():
                    number += 1
                    yield row, f"{path.name}, row {number}"
    except pa.ArrowInvalid as exc:
        raise DatasetValidationError(f"{path.name}: not a Parquet file ({str(exc)[:120]})") from exc


def missing_extra(what: str) -> MissingExtraError:
    """The error that names the command which installs the extra `datasets`."""
    return MissingExtraError(what, hint="pip install 'swebench-runner[datasets]'")
