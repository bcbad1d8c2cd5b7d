"""Fixtures for tests that need a provider: `simulator`."""

# Loaded in every pytest run where this package is installed, so nothing else is imported up here.
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from swebench_runner.simulator import Simulator


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A running simulator; `simulator.env()` points every provider at it."""
    from swebench_runner.simulator import Simulator  # noqa: PLC0415 - only a test that asks pays for it

    with Simulator().start_in_thread() as running:
        yield running
