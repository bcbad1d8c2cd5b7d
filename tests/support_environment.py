"""Environments for child processes."""

from __future__ import annotations

import os


def unmeasured() -> dict[str, str]:
    """This environment without the coverage of child processes, which loads modules of its own."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE", "COV_"))}
