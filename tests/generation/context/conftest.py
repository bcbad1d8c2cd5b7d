"""A repository to read from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support_mirrors import Upstream, make_upstream
from swebench_runner.generation.context.mirrors import Mirrors

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def upstream(tmp_path: Path) -> Upstream:
    return make_upstream(tmp_path / "upstream")


@pytest.fixture
def mirrors(tmp_path: Path, upstream: Upstream) -> Mirrors:
    return Mirrors(tmp_path / "cache", None, upstream.url)
