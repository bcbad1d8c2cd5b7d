"""Ctrl-C once, twice, and a polite kill: what was paid for is kept, and the way on is said."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from support_dataset import gold, write_dataset
from swebench_runner.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(gold=gold(60)).start_in_thread() as running:
        yield running


def start(simulator: Simulator, workplace: Path, model: str) -> subprocess.Popen[str]:
    """A run with three calls in flight."""
    dataset, oracle = write_dataset(workplace, 60)
    command = ["generate", "-p", "simulator", "-m", model, "-d", dataset, "--oracle-files", oracle]
    return subprocess.Popen(
        [sys.executable, "-m", "swebench_runner", *map(str, command), "--max-workers", "3", "-o", "run"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=workplace,
        env={**os.environ, **simulator.env()},
    )


def until(condition: str, process: subprocess.Popen[str]) -> str:
    """Read what the process says until a line has this in it."""
    assert process.stderr is not None
    read = []
    for line in process.stderr:
        read.append(line)
        if condition in line:
            return "".join(read)
    raise AssertionError("".join(read))


def settled(workplace: Path) -> int:
    """Rows in the predictions file, every one of which is whole."""
    return len(
        [json.loads(line) for line in (workplace / "run" / "predictions.jsonl").read_text().splitlines()]
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "kill"])
def test_once_finishes_what_is_in_flight(simulator: Simulator, workplace: Path, number: int) -> None:
    process = start(simulator, workplace, "sim-gold@first=0.3")
    until("[ 3/60]", process)
    process.send_signal(number)
    out, err = process.communicate()
    assert process.returncode == 130
    assert "Interrupted: finishing" in err
    assert "Traceback" not in err
    assert "Go on with:  swebench generate -p simulator -m sim-gold@first=0.3" in out
    assert settled(workplace) == simulator.count(status=200) >= 3
    summary = json.loads((workplace / "run" / "summary.json").read_text())
    assert (summary["exit_code"], summary["calls"]) == (130, {"done": settled(workplace)})


def test_twice_cuts_off_and_the_next_run_asks_again(simulator: Simulator, workplace: Path) -> None:
    process = start(simulator, workplace, "sim-silent@n=3")
    while simulator.in_flight < 3:
        assert process.poll() is None
        time.sleep(0.01)  # another process; there is nothing to wait on
    process.send_signal(signal.SIGINT)
    until("Interrupted: finishing 3 calls in flight; press Ctrl-C again to cut them off", process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "not asked  60  the run ended before" in out
    summary = json.loads((workplace / "run" / "summary.json").read_text())
    assert summary["calls"] == {"unknown": 3}
    again = start(simulator, workplace, "sim-silent@n=3")
    out, err = again.communicate()
    assert again.returncode == 0
    assert "applies  60" in out
    assert json.loads((workplace / "run" / "summary.json").read_text())["calls"] == {"done": 60, "unknown": 3}
    assert [simulator.answered(problem) for problem in gold(60)] == [1] * 60
