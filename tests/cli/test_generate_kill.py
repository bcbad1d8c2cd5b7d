"""Fifty kills at random moments: nothing is lost, and nothing is paid for twice but what was in flight."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import time
from typing import TYPE_CHECKING

from support_dataset import gold, write_dataset
from support_zygote import Zygote
from swebench_runner.generation.predictions import read_predictions
from swebench_runner.simulator import Simulator

if TYPE_CHECKING:
    from pathlib import Path

INSTANCES = 200
KILLS = 50
WORKERS = 4


def wait_for(simulator: Simulator, answers: int, process: int) -> None:
    """Return once the simulator has given so many answers, or the process has ended."""
    while simulator.count(status=200) < answers:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return
        time.sleep(0.001)  # another process; there is nothing to wait on


def parsed(folder: Path) -> set[str]:
    """Ids in the predictions file, which is whole."""
    path = folder / "predictions.jsonl"
    if not path.exists():
        return set()
    predictions = read_predictions(path)
    assert predictions.torn_line is None
    assert not predictions.duplicates
    return {str(row["instance_id"]) for row in predictions}


def test_fifty_kills_lose_nothing_and_pay_nothing_twice(workplace: Path) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    dataset, oracle = write_dataset(workplace, INSTANCES)
    problems = gold(INSTANCES)
    command = [
        "generate",
        "-p",
        "simulator",
        "-m",
        "sim-gold@first=0.02",
        "-d",
        dataset,
        "--oracle-files",
        oracle,
    ]
    command += ["-o", "run", "--max-workers", WORKERS]
    seen: set[str] = set()
    with Simulator(gold=problems).start_in_thread() as simulator:
        zygote = Zygote(workplace, simulator.env())
        killed = 0
        for _ in range(KILLS):
            process = zygote.start(*command)
            wait_for(simulator, simulator.count(status=200) + rng.randrange(4), process)
            time.sleep(rng.uniform(0, 0.01))  # the moment of the kill
            os.kill(process, signal.SIGKILL)
            killed += zygote.wait() == -signal.SIGKILL
            now = parsed(workplace / "run")
            assert seen <= now, "a prediction has gone"
            seen = now
        zygote.start(*command)
        assert zygote.wait() == 0, (workplace / "output.txt").read_text()
        zygote.close()
        answered = {problem: simulator.answered(problem) for problem in problems}
    assert killed == KILLS
    assert len(parsed(workplace / "run")) == INSTANCES
    journal = sqlite3.connect(workplace / "run" / "journal.sqlite")
    assert journal.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    unknown = dict(
        journal.execute(
            "SELECT instance_id, count(*) FROM calls WHERE state = 'unknown' GROUP BY instance_id"
        )
    )
    done = dict(
        journal.execute("SELECT instance_id, count(*) FROM calls WHERE state = 'done' GROUP BY instance_id")
    )
    journal.close()
    assert set(done.values()) == {1}
    assert len(done) == INSTANCES
    assert sum(unknown.values()) <= KILLS * WORKERS
    for number, problem in enumerate(problems):
        assert 1 <= answered[problem] <= 1 + unknown.get(f"acme__tool-{number:04}", 0), problem
