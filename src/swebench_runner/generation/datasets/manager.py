"""The dataset class of the first plan, method for method, on top of `datasets`."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias, TypedDict

from swebench_runner.generation.datasets.loading import load_dataset
from swebench_runner.generation.datasets.names import find_known, resolve
from swebench_runner.generation.datasets.selection import select

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from swebench_runner.providers.core.json import JSON

InstanceRow: TypeAlias = "dict[str, JSON]"

BATCH_SIZE: Final = 100
# Lite's 300 instances are 4.5 MB of text and 6 MB in memory.
_MB_AN_INSTANCE: Final = 0.02
_MB: Final = 1024 * 1024
_USUAL_INSTANCES: Final = 300
_RAM_SHARE: Final = 0.8


class DatasetInfo(TypedDict):
    """What is known of a dataset without reading it; None where nothing is."""

    name: str
    total_instances: int | None
    download_size_mb: float | None
    dataset_size_mb: float | None
    description: str


class DatasetManager:
    """Datasets as lists of rows in the official column names; downloads kept under `cache_dir`/datasets."""

    def __init__(self, cache_dir: Path) -> None:
        self.cache_dir = Path(cache_dir) / "datasets"

    def get_instances(  # noqa: PLR0917 - the order that callers of old know
        self,
        dataset_name: str,
        count: int | None = None,
        subset_pattern: str | None = None,
        random_seed: int | None = None,
        instances: Sequence[str] | None = None,
        sample_percent: float | None = None,
        use_regex: bool = False,  # noqa: FBT001, FBT002 - the same
        offline: bool = False,  # noqa: FBT001, FBT002 - the same
    ) -> list[InstanceRow]:
        """The chosen rows. `patch` is the reference solution, not an answer: never submit it.

        The arguments and errors are those of `load_dataset` and `select`.
        """
        chosen = select(
            load_dataset(dataset_name, cache_dir=self.cache_dir, offline=offline),
            count=count,
            instance_ids=tuple(instances or ()),
            pattern=None if use_regex else subset_pattern,
            regex=subset_pattern if use_regex else None,
            sample_percent=sample_percent,
            seed=random_seed,
        )
        return [instance.to_row() for instance in chosen]

    def get_instances_streaming(  # noqa: PLR0917 - the order that callers of old know
        self,
        dataset_name: str,
        batch_size: int = BATCH_SIZE,
        count: int | None = None,
        subset_pattern: str | None = None,
        random_seed: int | None = None,
        instances: Sequence[str] | None = None,
        sample_percent: float | None = None,
        use_regex: bool = False,  # noqa: FBT001, FBT002 - the same
        offline: bool = False,  # noqa: FBT001, FBT002 - the same
    ) -> Iterator[list[InstanceRow]]:
        """The same rows in batches; the last one may be smaller."""
        rows = iter(
            self.get_instances(
                dataset_name,
                count,
                subset_pattern,
                random_seed,
                instances,
                sample_percent,
                use_regex,
                offline,
            )
        )
        while batch := list(islice(rows, batch_size)):
            yield batch

    def save_as_jsonl(self, instances: Iterable[Mapping[str, JSON]], output_path: Path) -> None:
        """Write `instance_id` and `patch` of each row, one JSON object a line; all of it or nothing."""
        self.save_streaming_as_jsonl(iter([list(instances)]), output_path)

    def save_streaming_as_jsonl(
        self, instance_stream: Iterable[Iterable[Mapping[str, JSON]]], output_path: Path
    ) -> int:
        """The number of rows written; otherwise as `save_as_jsonl`."""
        output_path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=output_path.parent, prefix=f".{output_path.name}.", suffix=".tmp")
        written = 0
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                for batch in instance_stream:
                    for row in batch:
                        json.dump({"instance_id": row["instance_id"], "patch": row["patch"]}, file)
                        file.write("\n")
                        written += 1
            Path(name).replace(output_path)
        finally:
            Path(name).unlink(missing_ok=True)
        return written

    def cleanup_temp_files(self) -> None:
        """Empty the folder `temp` beside the datasets. Safe from several processes at once."""
        temp = self.cache_dir.parent / "temp"
        temp.mkdir(parents=True, exist_ok=True)
        # A folder that was moved away belongs to whoever moved it.
        doomed = Path(tempfile.mkdtemp(dir=self.cache_dir.parent, prefix=".temp-"))
        try:
            temp.rename(doomed / "temp")
        except FileNotFoundError:
            pass
        finally:
            shutil.rmtree(doomed, ignore_errors=True)
        temp.mkdir(parents=True, exist_ok=True)

    def get_dataset_info(self, dataset_name: str) -> DatasetInfo:
        """Name, size and a sentence; a file is read for its number of instances, the network is not used.

        Raises:
            DatasetError: There is no such dataset, or its file is not one.
        """
        source = resolve(dataset_name)
        known = find_known(dataset_name)
        total = known.rows if known is not None else None
        size_mb = None
        if source.kind in ("file", "sample"):
            total = len(load_dataset(dataset_name))
        if source.kind == "file":
            size_mb = Path(source.location).stat().st_size / _MB
        where = "part of this package" if source.kind == "sample" else source.location
        return DatasetInfo(
            name=source.name,
            total_instances=total,
            download_size_mb=size_mb,
            dataset_size_mb=None if total is None else total * _MB_AN_INSTANCE,
            description=f"split {source.split!r} of {where}" if source.kind == "hub" else where,
        )

    def estimate_memory_usage(self, dataset_name: str, count: int | None = None) -> dict[str, float]:
        """Instances and megabytes: `instances`, `estimated_ram_mb`, `download_size_mb`, `total_mb`."""
        info = self.get_dataset_info(dataset_name)
        instances = count or info["total_instances"] or _USUAL_INSTANCES
        ram_mb = instances * _MB_AN_INSTANCE
        download_mb = info["download_size_mb"] or ram_mb
        return {
            "instances": instances,
            "estimated_ram_mb": ram_mb,
            "download_size_mb": download_mb,
            "total_mb": ram_mb + download_mb,
        }

    def check_memory_requirements(
        self, dataset_name: str, count: int | None = None, *, available_mb: float | None = None
    ) -> tuple[bool, str]:
        """Whether the dataset fits into four fifths of the free memory, and a warning if it does not.

        `available_mb` is what the system says is free if None; where it does not say, everything fits.
        """
        free_mb = _free_ram_mb() if available_mb is None else available_mb
        needed_mb = self.estimate_memory_usage(dataset_name, count)["total_mb"]
        if free_mb is None or needed_mb <= free_mb * _RAM_SHARE:
            return True, ""
        return (
            False,
            f"{dataset_name} needs {needed_mb:.0f} MB, {free_mb:.0f} MB are free: take fewer instances",
        )


def _free_ram_mb() -> float | None:
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / _MB
    except (ValueError, OSError):  # macOS does not tell
        return None
