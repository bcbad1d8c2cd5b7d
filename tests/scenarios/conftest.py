"""The scenarios run on virtual time; on the real clock only where that is asked for."""

from __future__ import annotations

import pytest

MARKER = "full_length"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", f"{MARKER}: a scenario on the real clock, up to two minutes long; only with -m {MARKER}"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if MARKER in config.getoption("-m"):
        return
    skipped = pytest.mark.skip(reason=f"takes minutes on the real clock; -m {MARKER} runs it")
    for item in items:
        if item.get_closest_marker(MARKER):
            item.add_marker(skipped)
