"""Recorded files by the dozen: one test for each would be thousands."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import pytest

from recordings.loaders import ABSENT, index

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from _pytest.mark import ParameterSet

SIZE = 12


def shards(*, streamed: bool = False, providers: Collection[str] = ()) -> list[ParameterSet]:
    """Parameters of a test: lists of files, each named after its folder; a skipped one without a collection.

    Args:
        streamed: Only files that hold a stream.
        providers: Only files of these providers; all when empty.
    """
    files = [
        file
        for file, rows in sorted(index().items())
        if (not streamed or any(row["streaming"] for row in rows))
        and (not providers or any(row["provider"] in providers for row in rows))
    ]
    return list(_shards(files)) or [pytest.param([], marks=pytest.mark.skip(reason=ABSENT))]


def _shards(files: list[str]) -> Iterator[ParameterSet]:
    for folder, group in groupby(files, key=lambda file: file.rpartition("/")[0]):
        members = list(group)
        for start in range(0, len(members), SIZE):
            yield pytest.param(members[start : start + SIZE], id=f"{folder}-{start // SIZE}")
