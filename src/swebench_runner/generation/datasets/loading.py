"""SWE-bench instances by name or path: the official sets, the sample, and files of your own."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from swebench_runner.generation.datasets.files import find_split_files, read_rows
from swebench_runner.generation.datasets.instances import Instance, read_instance
from swebench_runner.generation.datasets.names import Source, resolve
from swebench_runner.generation.datasets.selection import check_numbers, select
from swebench_runner.generation.errors import DatasetValidationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Instance", "iter_dataset", "load_dataset", "load_swe_bench_instances", "resolve", "select"]


def load_dataset(
    name_or_path: str | Path,
    *,
    split: str | None = None,
    cache_dir: Path | None = None,
    revision: str = "main",
    offline: bool = False,
) -> list[Instance]:
    """All instances of a dataset.

    Args:
        name_or_path: `lite`, `verified`, `full`, `multilingual`, `multimodal`, `sample` or another spelling;
            "owner/name" on the hub; a `.json`, `.jsonl` or `.parquet` file; a folder with a file a split.
        split: For sets on the hub and folders; the usual one ("test") if None. A file is one split.
        cache_dir: Where the hub's files are kept; the hub library's own cache if None.
        revision: Branch, tag or commit of a hub set.
        offline: Ask the cache alone.

    Returns:
        Instances in the dataset's order, ids unique.

    Raises:
        DatasetError: Missing, empty, malformed, duplicate ids, hub unreachable; each with its exit code.
    """
    return list(
        iter_dataset(name_or_path, split=split, cache_dir=cache_dir, revision=revision, offline=offline)
    )


def iter_dataset(
    name_or_path: str | Path,
    *,
    split: str | None = None,
    cache_dir: Path | None = None,
    revision: str = "main",
    offline: bool = False,
) -> Iterator[Instance]:
    """The instances of a dataset one by one, for sets that should not be in memory whole.

    The arguments and errors are those of `load_dataset`. A fault in row n is raised when row n is read;
    only JSON lines and Parquet are read piecewise.
    """
    source = resolve(name_or_path)
    if source.kind == "sample":
        from swebench_runner.generation import sample  # noqa: PLC0415 - parses twelve files; needed here only

        return iter(sample.load())
    files = _files(source, split or source.split, cache_dir=cache_dir, revision=revision, offline=offline)
    return _read_all(files, source)


def load_swe_bench_instances(
    name: str | Path = "lite", limit: int | None = None, *, split: str | None = None, path: Path | None = None
) -> list[Instance]:
    """The first instances of a dataset, or all.

    Args:
        name: As for `load_dataset`; a file path works without a network.
        limit: At most so many; all if None.
        split: As for `load_dataset`.
        path: A local copy to read instead of what `name` stands for.

    Raises:
        DatasetError: As for `load_dataset`.
    """
    check_numbers(count=limit, sample_percent=None, seed=None)
    return list(islice(iter_dataset(path or name, split=split), limit))


def _files(source: Source, split: str, *, cache_dir: Path | None, revision: str, offline: bool) -> list[Path]:
    if source.kind == "file":
        return [Path(source.location)]
    if source.kind == "folder":
        return find_split_files(Path(source.location), split)
    from swebench_runner.generation.datasets import hub  # noqa: PLC0415 - keeps files free of the hub's code

    return hub.fetch_split(source.location, split, cache_dir=cache_dir, revision=revision, offline=offline)


def _read_all(files: Iterable[Path], source: Source) -> Iterator[Instance]:
    seen: dict[str, str] = {}
    for file in files:
        for row, place in read_rows(file):
            instance = read_instance(row, where=place)
            if instance.instance_id in seen:
                raise DatasetValidationError(
                    f"instance {instance.instance_id!r} appears twice: "
                    f"{seen[instance.instance_id]} and {place}",
                    hint="remove one of the two",
                )
            seen[instance.instance_id] = place
            yield instance
    if not seen:
        where = source.location if source.name == source.location else f"{source.name} ({source.location})"
        raise DatasetValidationError(f"no instances in {where}", hint="the file is empty; fetch it again")
