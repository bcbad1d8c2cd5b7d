"""A run in which everything is settled already: make one, or go on with it.

Usage: resume.py prepare FOLDER INSTANCES | resume.py resume FOLDER
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

STARTED_S = time.perf_counter()

if TYPE_CHECKING:
    from collections.abc import Iterator

    from swebench_runner.generation.datasets.instances import Instance
    from swebench_runner.generation.journal.book import Journal

AT_ONCE = 500
LANE = "simulator/gold"
STATEMENT = "The parser accepts a value that it should refuse, and the traceback points elsewhere. " * 12
PATCH = (
    "--- a/src/parser.py\n+++ b/src/parser.py\n@@ -10,3 +10,3 @@\n context\n-    old = 1\n+    new = 2\n context\n"
    * 4
)


def instances(count: int) -> Iterator[Instance]:
    """So many instances of about a kilobyte, made as they are read."""
    from swebench_runner.generation.datasets.instances import Instance

    for number in range(count):
        yield Instance(f"octo__project-{number:06}", "octo/project", f"{number:040x}", STATEMENT)


def open_journal(folder: Path) -> Journal:
    """The run's journal, with the settings that it was begun with."""
    from swebench_runner.generation.journal.book import Journal
    from swebench_runner.generation.run.settings import RunSettings

    settings = RunSettings(dataset="benchmark", lane=LANE)
    return Journal.open(folder, settings=settings.to_dict(), settings_sha256=settings.sha256)


async def prepare(folder: Path, count: int) -> dict[str, float]:
    """Journal an intent, an answer and a result for each instance, as a batch does."""
    from swebench_runner.generation.journal.rows import Answer, Intent, Result
    from swebench_runner.generation.run.key import call_key, instance_sha256

    source = instances(count)
    with open_journal(folder) as journal:

        async def work() -> None:
            for instance in source:
                name = instance.instance_id
                key = call_key(name, lane=LANE)
                call = await journal.begin(Intent(key=key, request_sha256=key, instance_id=name, lane=LANE))
                usage = {"prompt_tokens": 9_000, "completion_tokens": 700}
                said = Answer(
                    text=PATCH,
                    lane=LANE,
                    model="gold",
                    usage=usage,
                    cost_usd=Decimal("0.0123"),
                    latency_ms=900.0,
                )
                await journal.done(call, said)
                digest = instance_sha256(instance)
                settled = Result(
                    instance_id=name,
                    instance_sha256=digest,
                    outcome="applies",
                    patch=PATCH,
                    call_id=call,
                    lane=LANE,
                )
                await journal.settle(settled)

        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    (folder / "instances").write_text(str(count))
    return {"instances": count}


async def resume(folder: Path) -> dict[str, float]:
    """Run the batch again: nobody is asked, the predictions are written anew."""
    from swebench_runner.generation.batch.loop import run_batch

    count = int((folder / "instances").read_text())
    with open_journal(folder) as journal:
        finished = await run_batch(instances(count), total=count, lanes=(), task=Nothing(), journal=journal)
    if finished.error is not None or finished.asked:
        raise AssertionError(f"not a resume: {finished}")
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "settled": finished.reused,
        "wall_s": time.perf_counter() - STARTED_S,
        "cpu_s": used.ru_utime + used.ru_stime,
        "peak_mb": used.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3),
    }


class Nothing:
    """A task that must never be needed."""

    def question(self, instance: object) -> object:
        raise AssertionError(f"{instance} was asked again")

    judge = question


if __name__ == "__main__":
    work = (
        prepare(Path(sys.argv[2]), int(sys.argv[3]))
        if sys.argv[1] == "prepare"
        else resume(Path(sys.argv[2]))
    )
    print(json.dumps(asyncio.run(work)))
