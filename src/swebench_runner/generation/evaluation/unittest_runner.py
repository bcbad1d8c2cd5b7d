"""Runs named tests of a project and writes down how each ended. A script of its own, in a process of its own.

    python -I unittest_runner.py RESULTS PROJECT CPU_SECONDS TEST...

RESULTS becomes a JSON object of test name to "passed", "failed" or "skipped". It is written last, so a
project that takes the process down with it leaves no result, which is not a pass. This file imports
nothing of the package, because `-I` keeps everything but the standard library away.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import unittest
from pathlib import Path

MAX_MEMORY_BYTES = 2 * 1024**3
MAX_FILE_BYTES = 64 * 1024**2
MAX_OPEN_FILES = 256


def limit_resources(cpu_s: int) -> None:
    """Cap processor time, memory, file size and open files of this process and its children.

    A limit that the system does not know, or that is lower already, is left as it is.
    """
    try:
        import resource  # noqa: PLC0415 - there is none on Windows
    except ImportError:
        return
    for name, value in (
        ("RLIMIT_CPU", cpu_s),
        ("RLIMIT_AS", MAX_MEMORY_BYTES),
        ("RLIMIT_FSIZE", MAX_FILE_BYTES),
        ("RLIMIT_NOFILE", MAX_OPEN_FILES),
        ("RLIMIT_CORE", 0),
    ):
        with contextlib.suppress(AttributeError, ValueError, OSError):
            resource.setrlimit(getattr(resource, name), (value, value))


def run_test(name: str) -> str:
    """How a test ended: "passed", "failed" or "skipped". One that cannot be imported has failed."""
    result = unittest.TestResult()
    try:
        unittest.defaultTestLoader.loadTestsFromName(name).run(result)
    except BaseException as exc:  # noqa: BLE001 - the project under test may raise anything, SystemExit too
        sys.stderr.write(f"{name}: {type(exc).__name__}: {exc}\n")
        return "failed"
    for _, trace in (*result.failures, *result.errors):
        sys.stderr.write(f"{name}\n{trace}\n")
    if not result.wasSuccessful() or result.testsRun == 0:
        return "failed"
    return "skipped" if result.skipped else "passed"


def main(arguments: list[str]) -> None:
    """Run the tests and write the results."""
    results, project, cpu_s, *names = arguments
    limit_resources(int(cpu_s))
    sys.path.insert(0, project)
    sys.argv = ["unittest"]
    outcomes = {name: run_test(name) for name in names}
    Path(results).write_text(json.dumps(outcomes), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
    sys.stderr.flush()
    os._exit(0)  # threads that a project left behind must not keep us waiting
