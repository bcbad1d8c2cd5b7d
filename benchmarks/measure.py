"""Start processes, pinned and one at a time, and read off what they used."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
CLIENTS = HERE / "clients"
PROCESS_TIMEOUT_S = 300


@dataclass(slots=True)
class Figures:
    """Every sample of every figure, by (contender, scenario, figure)."""

    samples: dict[tuple[str, str, str], list[float]] = field(default_factory=dict)
    failures: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, contender: str, scenario: str, figures: dict[str, float]) -> None:
        """Keep one round's figures."""
        for figure, value in figures.items():
            self.samples.setdefault((contender, scenario, figure), []).append(value)

    def get(self, contender: str, scenario: str, figure: str) -> float | None:
        """The median over the rounds; None when it was not measured."""
        values = self.samples.get((contender, scenario, figure))
        return median(values) if values else None


class MeasurementError(Exception):
    """A measured process failed; the message ends with its last words."""


def cores() -> tuple[set[int], int | None]:
    """(cores for the clients, core for the far end): one each where the machine has two, and says which."""
    if not hasattr(os, "sched_getaffinity"):
        return set(), None
    usable = sorted(os.sched_getaffinity(0))
    return ({usable[0]}, usable[-1]) if len(usable) > 1 else (set(usable), None)


@contextlib.contextmanager
def far_end() -> Iterator[str]:
    """A running far end on its own core; gives its address. This process and its children move to the other core."""
    client_cores, server_core = cores()
    arguments = [] if server_core is None else [str(server_core)]
    command = [sys.executable, str(HERE / "far_end.py"), *arguments]
    before = os.sched_getaffinity(0) if client_cores else set()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        if client_cores:
            os.sched_setaffinity(0, client_cores)
        try:
            yield url
        finally:
            if before:
                os.sched_setaffinity(0, before)
            process.communicate()  # closing its input ends it


def environment() -> dict[str, str]:
    """No proxy, no keys of the person who measures, no telemetry, no download of price lists."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "XDG_CACHE_HOME")
    base = {name: os.environ[name] for name in kept if name in os.environ}
    return {
        **base,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "NO_PROXY": "127.0.0.1",
        "OPENAI_API_KEY": "sk-bench",
    }


def run_client(python: Path, script: str, *arguments: str) -> dict[str, float]:
    """The figures that a client script prints.

    Raises:
        MeasurementError: It failed.
    """
    command = [str(python), str(CLIENTS / script), *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment(), timeout=PROCESS_TIMEOUT_S, check=False
    )
    if done.returncode:
        raise MeasurementError((done.stderr.strip() or "no message").splitlines()[-1])
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def whole_process(*command: str | Path) -> dict[str, float]:
    """CPU and wall seconds of a process from start to end, its interpreter included.

    Raises:
        MeasurementError: It failed.
    """
    start = time.perf_counter()
    with subprocess.Popen(
        [str(part) for part in command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        env=environment(),
    ) as process:
        assert process.stderr is not None
        words = process.stderr.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise MeasurementError((words.decode(errors="replace").strip() or "no message").splitlines()[-1])
    return {"cpu_s": used.ru_utime + used.ru_stime, "wall_s": time.perf_counter() - start}
