"""What a dataset is called: short names, the many spellings in use, hub ids, files and folders."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from swebench_runner.generation.errors import DatasetNotFoundError

FILE_SUFFIXES: Final = (".json", ".jsonl", ".parquet")


@dataclass(frozen=True, slots=True)
class KnownDataset:
    """A set that has a short name.

    Attributes:
        name: The short name.
        hub_id: "owner/name" on the hub; None for `sample`, which is part of this package.
        split: The split meant when none is given.
        rows: Instances in that split when this table was written (2026-08); None where it grows.
        other_names: Further spellings; case, `-`, `_` and spaces do not matter.
    """

    name: str
    hub_id: str | None
    split: str = "test"
    rows: int | None = None
    other_names: tuple[str, ...] = ()


# Spellings from the official command line and loader, mini-swe-agent and sb-cli. The text sets exist
# under the old organisation only.
KNOWN: Final = (
    KnownDataset("sample", None),
    KnownDataset("lite", "SWE-bench/SWE-bench_Lite", rows=300, other_names=("swe-bench-lite", "swe-lite")),
    KnownDataset("verified", "SWE-bench/SWE-bench_Verified", rows=500, other_names=("swe-bench-verified",)),
    KnownDataset("full", "SWE-bench/SWE-bench", rows=2294, other_names=("swe-bench", "swe-bench-full")),
    KnownDataset(
        "multilingual", "SWE-bench/SWE-bench_Multilingual", rows=300, other_names=("swe-bench-multilingual",)
    ),
    KnownDataset(
        "multimodal",
        "SWE-bench/SWE-bench_Multimodal",
        other_names=("swe-bench-multimodal", "swe-bench-m", "swe-bench-mm"),
    ),
    KnownDataset("oracle", "princeton-nlp/SWE-bench_oracle", rows=2294, other_names=("swe-bench-oracle",)),
    KnownDataset(
        "lite-oracle", "princeton-nlp/SWE-bench_Lite_oracle", rows=300, other_names=("swe-bench-lite-oracle",)
    ),
    KnownDataset("bm25-13k", "princeton-nlp/SWE-bench_bm25_13K", other_names=("swe-bench-bm25-13k",)),
    KnownDataset("bm25-27k", "princeton-nlp/SWE-bench_bm25_27K", other_names=("swe-bench-bm25-27k",)),
    KnownDataset("bm25-40k", "princeton-nlp/SWE-bench_bm25_40K", other_names=("swe-bench-bm25-40k",)),
    KnownDataset("smith", "SWE-bench/SWE-smith", split="train", other_names=("swe-smith",)),
    KnownDataset("rebench", "nebius/SWE-rebench", other_names=("swe-rebench",)),
    KnownDataset("live", "SWE-bench-Live/SWE-bench-Live", split="verified", other_names=("swe-bench-live",)),
)
_BY_SPELLING: Final = {
    re.sub(r"[-_ ]", "", spelling): dataset
    for dataset in KNOWN
    for spelling in (dataset.name, *dataset.other_names)
}
_HUB_ID: Final = re.compile(r"[A-Za-z0-9][\w.\-]*/[\w.\-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a dataset is.

    Attributes:
        kind: Part of this package, a set on the hub, a file, or a folder with a file for each split.
        name: The short name where it has one, else what was asked for.
        location: The hub id or the path; "" for `sample`.
        split: The split to read when none is given.
    """

    kind: Literal["sample", "hub", "file", "folder"]
    name: str
    location: str
    split: str = "test"


def find_known(name: str) -> KnownDataset | None:
    """The set that goes by this short name or spelling; None for any other text."""
    return _BY_SPELLING.get(re.sub(r"[-_ ]", "", name.strip().casefold()))


def resolve(name_or_path: str | Path) -> Source:
    """Where to read a dataset from. Short names come first ("./lite" is the path), then paths, then hub ids.

    Raises:
        DatasetNotFoundError: It is none of them; with the nearest short names.
    """
    name = str(name_or_path)
    known = find_known(name) if isinstance(name_or_path, str) else None
    if known is not None:
        if known.hub_id is None:
            return Source("sample", known.name, "")
        return Source("hub", known.name, known.hub_id, known.split)
    path = Path(name).expanduser()
    if path.is_dir():
        return Source("folder", name, str(path))
    if path.exists() or path.suffix.lower() in FILE_SUFFIXES:
        return Source("file", name, str(path))
    if isinstance(name_or_path, str) and _HUB_ID.fullmatch(name):
        split = next((dataset.split for dataset in KNOWN if dataset.hub_id == name), "test")
        return Source("hub", name, name, split)
    raise _unknown(name, path)


def _unknown(name: str, path: Path) -> DatasetNotFoundError:
    names = [dataset.name for dataset in KNOWN]
    near = difflib.get_close_matches(name.casefold(), [*names, *_BY_SPELLING], n=1, cutoff=0.6)
    known = _BY_SPELLING.get(near[0]) if near else None
    meant = known.name if known else (near[0] if near else None)
    choices = f"one of {', '.join(names)}; or owner/name on the hub; or a {', '.join(FILE_SUFFIXES)} file"
    return DatasetNotFoundError(
        f"no dataset {name!r}",
        looked_in=("the short names", f"the path {path}"),
        hint=f"did you mean {meant!r}? Else {choices}" if meant else f"give {choices}",
    )
