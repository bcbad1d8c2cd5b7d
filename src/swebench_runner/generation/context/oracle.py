"""The source files that a model is shown: a file of them beside the dataset, read one instance at a time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from swebench_runner.generation.errors import DatasetNotFoundError, DatasetValidationError
from swebench_runner.generation.patches import HostilePatchError
from swebench_runner.generation.patches.paths import screen_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class OracleFiles(Mapping[str, "dict[str, str]"]):
    """Files by instance id, each a mapping of path to text. Only one instance's texts are in memory.

    The file is opened anew at each look-up, so that threads need no lock and a replaced file is noticed.
    """

    def __init__(self, path: Path, offsets: Mapping[str, int]) -> None:
        self.path = path
        self._offsets = dict(offsets)

    def __getitem__(self, instance_id: str) -> dict[str, str]:
        """The files of an instance.

        Raises:
            KeyError: The file says nothing about it.
            DatasetValidationError: The file has changed since it was indexed.
        """
        offset = self._offsets[instance_id]
        with self.path.open("rb") as file:
            file.seek(offset)
            line = file.readline()
        found, texts = _read_line(line, f"{self.path.name}, byte {offset}")
        if found != instance_id:
            raise DatasetValidationError(
                f"{self.path.name} has changed since it was read", hint="leave it alone during a run"
            )
        return texts

    def __iter__(self) -> Iterator[str]:
        return iter(self._offsets)

    def __len__(self) -> int:
        return len(self._offsets)

    def __contains__(self, instance_id: object) -> bool:
        return instance_id in self._offsets


def load_oracle_files(path: Path) -> OracleFiles:
    """An index of a JSON lines file of {"instance_id": …, "oracle_files": {path: text}}.

    Every line is checked once, so that a fault is known before anything is paid for.

    Raises:
        DatasetNotFoundError: There is no such file, or it cannot be opened.
        DatasetValidationError: A line is not of this form, an instance appears twice, or a path leads
            out of the repository.
    """
    offsets: dict[str, int] = {}
    places: dict[str, int] = {}
    try:
        with path.open("rb") as file:
            offset = 0
            for number, line in enumerate(file, start=1):
                if line.strip():
                    instance_id, _ = _read_line(line, f"{path.name}, line {number}")
                    if instance_id in offsets:
                        raise DatasetValidationError(
                            f"{path.name}: instance {instance_id!r} appears twice: "
                            f"line {places[instance_id]} and line {number}"
                        )
                    offsets[instance_id], places[instance_id] = offset, number
                offset += len(line)
    except OSError as exc:
        raise DatasetNotFoundError(
            f"cannot read the oracle files {path.name!r}: {exc.strerror}", looked_in=(str(path.absolute()),)
        ) from exc
    if not offsets:
        raise DatasetValidationError(f"{path.name}: no oracle files in it")
    return OracleFiles(path, offsets)


def _read_line(line: bytes, place: str) -> tuple[str, dict[str, str]]:
    try:
        row = json.loads(line.decode())
    except (ValueError, RecursionError) as exc:
        raise DatasetValidationError(
            f"{place}: not JSON ({exc})", hint="one object a line: instance_id and oracle_files"
        ) from exc
    instance_id = row.get("instance_id") if isinstance(row, dict) else None
    texts = row.get("oracle_files") if isinstance(row, dict) else None
    if not isinstance(instance_id, str) or not isinstance(texts, dict):
        missing = "oracle_files" if isinstance(instance_id, str) else "instance_id"
        raise DatasetValidationError(
            f"{place}: no {missing!r}", hint='write {"instance_id": "…", "oracle_files": {"path": "text"}}'
        )
    for name, text in texts.items():
        try:
            screen_path(name)
        except HostilePatchError as exc:
            raise DatasetValidationError(f"{place}: {exc.reason}") from exc
        if not isinstance(text, str) or not _is_encodable(text):
            raise DatasetValidationError(f"{place}: the content of {name!r} is not text")
    return instance_id, texts


def _is_encodable(text: str) -> bool:
    """JSON can hold half a character (a lone surrogate), which no request can carry."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
