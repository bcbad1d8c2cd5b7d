"""What takes minutes is skipped unless it is asked for; a conftest takes these two hooks."""

from __future__ import annotations

import pytest

MARKER = "full_length"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", f"{MARKER}: on the real clock or in full number; only with -m {MARKER}"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if MARKER in config.getoption("-m"):
        return
    skipped = pytest.mark.skip(reason=f"takes minutes; -m {MARKER} runs it")
    for item in items:
        if item.get_closest_marker(MARKER):
            item.add_marker(skipped)
