"""A test for every dozen of recorded files."""

from __future__ import annotations

import pytest

from recordings.loaders import ABSENT, index
from recordings.shards import shards


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Fill in `recorded_files`, and `streamed_files` with those that hold a stream."""
    if "recorded_files" in metafunc.fixturenames:
        metafunc.parametrize("recorded_files", shards())
    if "streamed_files" in metafunc.fixturenames:
        metafunc.parametrize("streamed_files", shards(streamed=True))


@pytest.fixture
def collection() -> None:
    """Skips where there is no collection."""
    if not index():
        pytest.skip(ABSENT)
