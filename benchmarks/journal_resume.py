"""How long it takes to find out that 100,000 settled instances need nothing, and how much memory."""

from __future__ import annotations

import hashlib
import sys
from typing import TYPE_CHECKING

from environments import REPOSITORY, cache_folder
from measure import MeasurementError, run_client

if TYPE_CHECKING:
    from pathlib import Path

INSTANCES, FEWER = 100_000, 10_000
QUICK_INSTANCES, QUICK_FEWER = 400, 100


def measure(python: Path, *, quick: bool) -> dict[str, float]:
    """Figures of one resume: wall and CPU seconds, peak memory, and how much more that is than for a tenth.

    The journal is prepared once for each state of its source and then kept.

    Raises:
        MeasurementError: This version cannot do it.
    """
    many, few = (QUICK_INSTANCES, QUICK_FEWER) if quick else (INSTANCES, FEWER)
    smaller = run_client(python, "resume.py", "resume", str(prepared(python, few)))
    figures = run_client(python, "resume.py", "resume", str(prepared(python, many)))
    if figures["settled"] != many:
        raise MeasurementError(f"{figures['settled']} of {many} instances were found settled")
    return {**figures, "growth_mb": figures["peak_mb"] - smaller["peak_mb"]}


def prepared(python: Path, instances: int) -> Path:
    """The folder of a finished run of that many instances."""
    sources = sorted((REPOSITORY / "src" / "swebench_runner" / "generation").rglob("*.py"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:12]
    folder = cache_folder() / "journals" / f"{instances}-{digest}"
    if not (folder / "complete").exists():
        print(f"  writing a journal of {instances:,} instances", file=sys.stderr, flush=True)
        run_client(python, "resume.py", "prepare", str(folder), str(instances))
        (folder / "complete").touch()
    return folder
